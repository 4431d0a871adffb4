"""Figures in a sentence, and what they count: how a later report is told to have overtaken an earlier one."""

import re
from collections.abc import Mapping

_SPELLED = {
    word: str(number)
    for number, word in enumerate(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    )
}
_FIGURE = re.compile(r"\d+(?:[.,]\d+)*|\b(?:" + "|".join(_SPELLED) + r")\b", re.IGNORECASE)
_NEAR = 40  # characters between a figure and what it counts
_COUNTED = {
    "dead": r"dead deaths? dies? died killed kills bodies fatalit\w+ muert\w+ fallecid\w+ morts? tote[ns]? mort[oe]s"
    r" ölü\w* öldü\w* погиб\w+ tewas chết 사망 숨진 숨졌 목숨 死亡 遇难 遇難 死者 丧生 喪生 قتلى مقتل",
    "injured": r"injur\w+ wounded hurt herid\w+ blessé\w* verletzt\w* ferid\w+ yaral\w+ ранен\w* пострада\w+"
    r" terluka luka-luka 부상 다쳤 다친 受伤 受傷 負傷 けが جرح\w* إصابة",
    "missing": r"missing unaccounted desaparecid\w+ disparus? vermisst\w* kayıp hilang пропал\w+ 실종"
    r" 失踪 失蹤 失联 失聯 行方不明 مفقود\w*",
}
# No letter of an alphabet before it: in Chinese, Japanese and Korean there is always one.
_TOLLS = {
    kind: re.compile(rf"(?<![a-zA-Z\u00c0-\u052f])(?:{'|'.join(words.split())})", re.IGNORECASE)
    for kind, words in _COUNTED.items()
}


def figures(text: str) -> frozenset[str]:
    """The numbers of a sentence, also those spelled out in English up to twelve."""
    return frozenset(_value(found) for found in _FIGURE.findall(text))


def tolls(text: str) -> dict[str, str]:
    """How many are said to be dead, injured or missing: the figure that stands nearest to each of these words."""
    places = [(match.start(), match.end(), _value(match[0])) for match in _FIGURE.finditer(text)]
    found: dict[str, str] = {}
    for kind, words in _TOLLS.items():
        near = [(_distance(match, start, end), value) for match in words.finditer(text) for start, end, value in places]
        if near and min(near)[0] <= _NEAR:
            found[kind] = min(near)[1]
    return found


def overtaken(earlier: Mapping[str, str], later: Mapping[str, str]) -> bool:
    """Whether a later report counts the same otherwise."""
    return any(kind in later and later[kind] != value for kind, value in earlier.items())


def _value(figure: str) -> str:
    return _SPELLED.get(figure.lower(), figure.replace(",", ""))


def _distance(match: re.Match[str], start: int, end: int) -> int:
    return max(match.start() - end, start - match.end(), 0)
