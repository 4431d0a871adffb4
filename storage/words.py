"""Folded words for full text: one builder for both databases, for articles and for what people ask.

Both engines get plain folded words separated by spaces, so that neither's own idea of a word matters. Runs of
Chinese, Japanese and Korean become overlapping pairs of characters (半导体出口 → 半导 导体 体出 出口 口), searched as
phrases: neither tokenizer finds a word inside such a run by itself. The run's last character stands alone too, so that
one character is found as a prefix.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence

# PostgreSQL refuses a tsvector over 1 MB, and a lexeme over 2 KB.
MAX_TEXT = 200_000
MAX_TOKEN = 64
MAX_WORDS = 12

_CJK = (
    "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
)
_RUN = re.compile(rf"(?P<cjk>[{_CJK}]+)|[^\s{_CJK}]+")
_HAS_CJK = re.compile(f"[{_CJK}]")
_POSSESSIVE = re.compile(r"['’]s\b")
_ACRONYM = re.compile(r"\b(?:[^\W\d_]\.){2,}")
_FIRST_MARK, _LAST_MARK = 0x300, 0x36F  # accents; the marks of Indic and Thai scripts are letters to their readers


class _Kept(dict[int, int | None]):
    """For str.translate: letters, digits and marks stay, accents go, everything else separates."""

    def __missing__(self, code: int) -> int | None:
        kept: int | None = code if unicodedata.category(chr(code))[0] in "LNM" else 0x20
        if _FIRST_MARK <= code <= _LAST_MARK:
            kept = None
        self[code] = kept
        return kept


_KEPT = _Kept()


def search_text(headline: str, paragraphs: Iterable[str], caption: str | None = None) -> str:
    """What is indexed of an article."""
    whole = "\n".join([headline, *paragraphs, caption or ""])[:MAX_TEXT]
    return " ".join(_tokens(whole))[:MAX_TEXT]


def phrases(words: str) -> list[list[str]]:
    """What a person typed, as phrases that must all occur: usually one token each, several for CJK or `covid-19`."""
    found = [phrase(word) for word in words[: MAX_TOKEN * MAX_WORDS].split()]
    return [tokens for tokens in found if tokens][:MAX_WORDS]


def phrase(words: str) -> list[str]:
    """Words that must follow one another, as the index holds them; the last may go on, where it is CJK."""
    return _tokens(words[: MAX_TOKEN * MAX_WORDS], open_end=True)


def _tokens(value: str, *, open_end: bool = False) -> list[str]:
    folded = unicodedata.normalize("NFKC", value).casefold()
    folded = _ACRONYM.sub(lambda found: found[0].replace(".", "") + " ", _POSSESSIVE.sub("", folded))
    plain = unicodedata.normalize("NFC", unicodedata.normalize("NFD", folded).translate(_KEPT))
    if not _HAS_CJK.search(plain):
        return [word[:MAX_TOKEN] for word in plain.split()]
    runs = list(_RUN.finditer(plain))
    found: list[str] = []
    for number, run in enumerate(runs, start=1):
        tail = not open_end or number < len(runs)
        found.extend(_pairs(run[0], tail) if run["cjk"] else [run[0][:MAX_TOKEN]])
    return found


def _pairs(run: str, tail: bool) -> list[str]:
    pairs = [run[start : start + 2] for start in range(len(run) - 1)]
    return [*pairs, run[-1]] if tail or not pairs else pairs


def is_single_cjk(phrase: Sequence[str]) -> bool:
    """One character: pairs that begin with it hold it too, so it is searched as a prefix."""
    return len(phrase) == 1 and len(phrase[0]) == 1 and bool(re.match(f"[{_CJK}]", phrase[0]))
