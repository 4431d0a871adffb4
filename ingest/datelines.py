"""Datelines: "SEOUL, Nov. 23 (Yonhap) --" at the head of a report says where from, when and by which agency. Pure.

Agencies open each report so and say nothing of the news by it: topics weigh its place, and summaries go without it.
"""

import re
from dataclasses import dataclass

LONGEST = 100
LEAST_AFTER = 20  # characters: what is left has to be a sentence

_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
    r"|Nov(?:ember)?|Dec(?:ember)?)\.?"
)
_DATE = rf"(?:{_MONTH}\s+\d{{1,2}}|\d{{1,2}}\s+{_MONTH})(?:,?\s+(?:19|20)\d\d)?"
_DASH = r"\s*(?:--|—|–|‒|―|-(?=\s))\s*"
_CAPITALS = r"[A-ZÀ-Þ][A-ZÀ-Þ.'’-]{2,}(?:\s[A-ZÀ-Þ][A-ZÀ-Þ.'’-]+){0,3}"
_WORDS = r"[A-ZÀ-Þ][\w.'’-]*(?:\s\w[\w.'’-]*){0,3}"
_AGENCY = r"\(\s*(?P<agency>[A-ZÀ-Þ][\w.&/ -]{1,30}?|dpa)\s*\)"

_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        # Paris, Nov 3 (AFP) —, BEIJING, May 19 (Xinhua) --, LONDON (Reuters) -
        rf"(?P<place>{_WORDS}(?:[,/]\s?{_WORDS}){{0,2}}?)(?:,?\s+{_DATE})?,?\s*{_AGENCY}{_DASH}",
        rf"(?P<place>{_CAPITALS}(?:[,/]\s?{_WORDS}){{0,2}}?),?\s+{_DATE}{_DASH}",
        rf"(?P<place>{_CAPITALS}(?:[,/]\s?{_WORDS}){{0,2}}?){_DASH}",
        rf"(?P<place>{_CAPITALS}):\s+(?=[A-ZÀ-Þ])",
        rf"{_AGENCY}{_DASH}",
        r"(?P<agency>AFP|AP|Reuters|UPI|Xinhua|Yonhap|dpa|TASS|Canadian Press|Associated Press)\s+(?:-|--|–|—)\s+",
        r"\((?P<agency>CNN|AP|AFP|Reuters|BBC|UPI|Xinhua|dpa)\)\s*",
        r"[（(\[【](?P<place>[가-힣·]{2,12})\s?=\s?(?P<agency>[가-힣0-9]{2,8})[)）\]】]"
        r"(?:\s*[가-힣·, ]{2,24}(?:기자|특파원)\s*=)?\s*",
        r"[（(【]?(?P<agency>新华社|新華社|中新社|中新网|中央社)(?P<place>[\u4e00-\u9fff]{2,8}?)"
        r"\d{1,2}月\d{1,2}日[电電讯訊][）)】]?(?:[（(][^（）()]{0,40}[)）])?\s*",
        r"【(?P<place>[\u4e00-\u9fff\u30a0-\u30ff]{1,10})(?P<agency>共同|時事|ロイター|AFP時事)】\s*",
    )
)
# What stands in capitals there and is no place.
_NO_PLACE = frozenset(
    (
        "BREAKING",
        "EXCLUSIVE",
        "UPDATE",
        "ANALYSIS",
        "OPINION",
        "WATCH",
        "VIDEO",
        "LIVE",
        "URGENT",
        "NATO",
        "NASA",
        "OPEC",
    )
)
_AGENCIES = frozenset(("AFP", "AP", "UPI", "CNN", "BBC", "TASS", "EFE", "ANSA", "PTI", "ANI", "IANS"))
_MOST = 2  # an agency's name, or the place said twice, before the dateline itself


@dataclass(frozen=True, slots=True)
class Dateline:
    """`length`: characters from the paragraph's beginning to its first sentence."""

    place: str | None
    agency: str | None
    length: int


def read_dateline(paragraph: str) -> Dateline | None:
    """The dateline at the head of a report's first paragraph; None where there is none."""
    place, agency, length = None, None, 0
    for _ in range(_MOST):
        found = _one(paragraph[length:])
        if found is None:
            break
        place, agency, length = found.place or place, found.agency or agency, length + found.length
    return Dateline(place, agency, length) if length else None


def _one(text: str) -> Dateline | None:
    for pattern in _PATTERNS:
        found = pattern.match(text[: LONGEST + LEAST_AFTER])
        if found and _stands_before_a_sentence(text, found.end()):
            return _told(found.groupdict(), found.end())
    return None


def _told(groups: dict[str, str | None], length: int) -> Dateline | None:
    place, agency = groups.get("place"), groups.get("agency")
    if place in _NO_PLACE:
        return None
    return Dateline(None, agency or place, length) if place in _AGENCIES else Dateline(place, agency, length)


def without_dateline(paragraph: str) -> str:
    """The paragraph's sentences; the rest of the very string that was given."""
    found = read_dateline(paragraph)
    return paragraph[found.length :] if found else paragraph


def _stands_before_a_sentence(paragraph: str, end: int) -> bool:
    rest = paragraph[end:]
    return end <= LONGEST and len(rest) >= LEAST_AFTER and not rest[0].islower()
