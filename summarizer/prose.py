"""Telling sentences from what only looks like them: headings, bylines, dates, links, items of lists."""

import re
import string
from collections.abc import Sequence
from dataclasses import dataclass

from summarizer import chrome
from summarizer.fault import Fault

_LONG_WORDS = 75
_LONG_UNSPACED = 180
_LEAST_WORDS = 4
_LEAST_UNSPACED = 8
_TELLING = 40
_TELLING_UNSPACED = 15
_UNMARKED_LANGUAGES = frozenset({"th", "lo", "km", "my", "bo"})
_ENDING = re.compile(r"[.!?…。！？｡．؟۔।॥։።។][\"'”’“‘»«›)\]}」』）】》〉］*_\s\d\[]*\Z")
_KOREAN_ENDING = re.compile(r"[다요까죠][\"'”’)\]」』》]*\Z")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3041-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff]")
_LONG_WORD = re.compile(r"[^\W\d_]{5,}|[가-힣]{2,}")
_UNSPACED_PAIR = re.compile(r"[\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff]{2}")
_WORD = re.compile(r"[^\W\d_]{2,}")
# Letters of India carry their vowels as marks, which are no letters.
_MARKED_WORD = re.compile(r"[^\W\d_][\u0900-\u0963\u0971-\u0dff]*(?:[^\W\d_]|[\u0900-\u0963\u0971-\u0dff])+")
_INDIC = re.compile(r"[\u0900-\u0dff]")
_TRAILING_OFF = re.compile(r"(?:\.\.\.|…|\[\.\.\.\]|\[…\])[\"'”’»)\]]*\Z")
_ITEM = re.compile(r"[-–—•·*▪●○□◇※☞>]\s")
_QUESTION = re.compile(r"[?？؟][\"'”’»)\]」』]*\Z")

_BYLINE = re.compile(
    r"\A\W*(?:[Bb][Yy]\b\W{0,3}[A-Z][\w.'’-]+(?:\s+(?:and\s+)?[A-Z][\w.'’-]+){0,6}\W*\Z"
    r"|(?i:published|updated|last updated|posted|created|first published)\b\W{0,4}(?:\d|at\b|on\b|\Z|[A-Z])"
    r"|\d{1,2}:\d{2}\b.{0,40}\Z)"
)
_CAPITALS = string.ascii_uppercase.encode()
_LETTERS = string.ascii_letters.encode()
_SMALL_BEGINNING = re.compile(r"[a-z]{1,2}[A-Z]|al-|de |van |von ")


@dataclass(frozen=True)
class Page:
    """What is true of the whole text: which rules may match, whether it writes full stops, and capitals alone."""

    rules: chrome.Rules
    marked: bool
    capitals: bool

    @classmethod
    def of(cls, sentences: Sequence[str], language: str) -> "Page":
        whole = "\n".join(sentences)
        return cls(chrome.rules_for(whole), _writes_marks(sentences, language), is_mostly_capitals(whole))


def matter_words(text: str) -> list[str]:
    """The words that carry the matter, in small letters: the longer ones, and pairs of unspaced characters."""
    return [word.lower() for word in _LONG_WORD.findall(text)] + _UNSPACED_PAIR.findall(text)


def count_words(text: str) -> int:
    """Words, or half the characters of scripts that write none apart."""
    return _written_words(text) + _unspaced(text) // 2


def _written_words(text: str) -> int:
    return len((_WORD if text.isascii() or not _INDIC.search(text) else _MARKED_WORD).findall(text))


def _unspaced(text: str) -> int:
    return 0 if text.isascii() else len(_UNSPACED.findall(text))


def own_fault(text: str, page: Page) -> Fault:
    """The fault that a sentence has by itself; `text` has no white space around it."""
    words = _written_words(text)
    if not words and not _UNSPACED.search(text) and not any(map(str.isalpha, text)):
        return Fault.EMPTY
    if chrome.is_chrome(text, page.rules):
        return Fault.CHROME
    if _is_fragment(text, words, page):
        return Fault.FRAGMENT
    unspaced = _unspaced(text) if words < _LONG_WORDS else 0
    if words > _LONG_WORDS or unspaced > _LONG_UNSPACED or _is_apart(text):
        return Fault.AWKWARD
    return Fault.NONE


def _is_fragment(text: str, words: int, page: Page) -> bool:
    if words < _LEAST_WORDS and _unspaced(text) < _LEAST_UNSPACED and not _is_hangul(text, words):
        return True
    if page.marked and not _has_ended(text):
        return True
    if text.rstrip()[-1] in ":：|" or _BYLINE.match(text):
        return True
    if text[0].islower() and not _SMALL_BEGINNING.match(text):
        return not text.islower()
    return not page.capitals and is_mostly_capitals(text)


def _is_apart(text: str) -> bool:
    """A question, a teaser that trails off, or an item of a list."""
    return bool(_QUESTION.search(text) or _TRAILING_OFF.search(text) or _ITEM.match(text))


def _is_hangul(text: str, words: int) -> bool:
    return words >= _LEAST_WORDS - 1 and any("가" <= letter <= "힣" for letter in text)


def is_mostly_capitals(text: str) -> bool:
    beginning = text[:2_000]
    if beginning.isascii():
        plain = beginning.encode()
        capital_count = len(plain) - len(plain.translate(None, _CAPITALS))
        return capital_count * 10 > (len(plain) - len(plain.translate(None, _LETTERS))) * 6
    capitals, small = sum(map(str.isupper, beginning)), sum(map(str.islower, beginning))
    if capitals * 10 <= (capitals + small) * 6:
        return False
    return (capitals + small) * 2 > sum(map(str.isalpha, beginning))


def _has_ended(text: str) -> bool:
    """With a mark, or as Korean sentences end, which do without one in some sources."""
    return bool(_ENDING.search(text) or _KOREAN_ENDING.search(text))


def _writes_marks(sentences: Sequence[str], language: str) -> bool:
    """Whether this text ends its sentences with marks at all; some sources leave them out."""
    if language in _UNMARKED_LANGUAGES:
        return False
    long = [text for text in sentences[:400] if _is_long_enough_to_tell(text)]
    return sum(map(_has_ended, long)) * 6 > len(long)


def _is_long_enough_to_tell(text: str) -> bool:
    return len(text) > _TELLING or _unspaced(text) > _TELLING_UNSPACED
