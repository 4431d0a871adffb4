"""What must not stand in a summary, and how bad it would be.

Faults are ordered by what they cost the reader. A sentence with a greater fault is taken only when nothing with a
smaller one is left, and those from `FRAGMENT` on only rather than to give nothing at all.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from summarizer import chrome
from summarizer.openers import leans


class Fault(IntEnum):
    NONE = 0
    AWKWARD = 1  # a question alone, half a quotation, too long to take in
    LEANING = 2  # opens with a reference to a sentence before it
    FRAGMENT = 3  # a heading, byline, date or link: no sentence
    CHROME = 4  # a caption, credit line or the page's own words
    EMPTY = 5  # no letter in it
    REPEAT = 6  # the same as one before it


@dataclass(frozen=True)
class Sentence:
    """One sentence of what is summarized: its place, and the number of the paragraph that it stands in."""

    index: int
    text: str
    paragraph: int


@dataclass(frozen=True)
class Judged:
    """A sentence with its fault. `leans_on` is the index of the sentence that must be chosen with it, if it leans."""

    sentence: Sentence
    fault: Fault
    leans_on: int | None = None


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
_NO_LETTERS = re.compile(r"[\W_]+")
_WORD = re.compile(r"[^\W\d_]{2,}")
_TRAILING_OFF = re.compile(r"(?:\.\.\.|…|\[\.\.\.\]|\[…\])[\"'”’»)\]]*\Z")
_ITEM = re.compile(r"[-–—•·*▪●○□◇※☞>]\s")
_QUESTION = re.compile(r"[?？؟][\"'”’»)\]」』]*\Z")
_ANY_QUOTE = re.compile(r"[\"“”„«»「」『』＂]")

_BYLINE = re.compile(
    r"\A\W*(?:[Bb][Yy]\b\W{0,3}[A-Z][\w.'’-]+(?:\s+(?:and\s+)?[A-Z][\w.'’-]+){0,6}\W*\Z"
    r"|(?i:published|updated|last updated|posted|created|first published)\b\W{0,4}(?:\d|at\b|on\b|\Z|[A-Z])"
    r"|\d{1,2}:\d{2}\b.{0,40}\Z)"
)
_SMALL_BEGINNING = re.compile(r"[a-z]{1,2}[A-Z]|al-|de |van |von ")


def judge(sentences: Sequence[Sentence], language: str, title: str | None = None) -> list[Judged]:
    """Each sentence with its fault, in order."""
    marked = _writes_marks(sentences, language)
    quoted = _halves_of_quotations(sentences)
    heading = fold(title or "")
    whole = "\n".join(sentence.text for sentence in sentences)
    page = _Page(chrome.rules_for(whole), marked, is_mostly_capitals(whole))
    judged: list[Judged] = []
    known: dict[str, int] = {}
    before: int | None = None
    for sentence, half in zip(sentences, quoted, strict=True):
        folded = fold(sentence.text) or sentence.text
        first = known.setdefault(folded, sentence.index)
        fault = _own_fault(sentence.text, page)
        if fault < Fault.FRAGMENT and folded == heading:
            fault = Fault.FRAGMENT
        judged.append(_in_context(sentence, fault, half, before, language, repeated=first != sentence.index))
        if fault < Fault.FRAGMENT:
            before = first
    return judged


def _in_context(
    sentence: Sentence, fault: Fault, half: bool, before: int | None, language: str, *, repeated: bool
) -> Judged:
    """The sentence with the faults that come from what stands around it; `before` is the one before it."""
    if repeated:
        return Judged(sentence, Fault.REPEAT)
    if fault >= Fault.FRAGMENT:
        return Judged(sentence, fault)
    if leans(sentence.text, language, first=before is None) or is_bare_quotation(sentence.text):
        return Judged(sentence, Fault.LEANING, before)
    return Judged(sentence, Fault.AWKWARD if half else fault)


def fold(text: str) -> str:
    """The text's letters and figures alone, to tell repeats from one another."""
    return _NO_LETTERS.sub(" ", text.casefold()).strip()


@dataclass(frozen=True)
class _Page:
    """What is true of the whole text: which rules may match, whether it writes full stops, and capitals alone."""

    rules: chrome.Rules
    marked: bool
    capitals: bool


def _own_fault(text: str, page: _Page) -> Fault:
    words = len(_WORD.findall(text))
    if not words and not _UNSPACED.search(text) and not any(map(str.isalpha, text)):
        return Fault.EMPTY
    if chrome.is_chrome(text, page.rules):
        return Fault.CHROME
    if _is_fragment(text, words, page):
        return Fault.FRAGMENT
    unspaced = len(_UNSPACED.findall(text)) if words < _LONG_WORDS else 0
    if words > _LONG_WORDS or unspaced > _LONG_UNSPACED or _is_apart(text):
        return Fault.AWKWARD
    return Fault.NONE


def _is_fragment(text: str, words: int, page: _Page) -> bool:
    if words < _LEAST_WORDS and len(_UNSPACED.findall(text)) < _LEAST_UNSPACED and not _is_hangul(text, words):
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
    capitals, small = sum(map(str.isupper, beginning)), sum(map(str.islower, beginning))
    if capitals * 10 <= (capitals + small) * 6:
        return False
    return (capitals + small) * 2 > sum(map(str.isalpha, beginning))


def _has_ended(text: str) -> bool:
    """With a mark, or as Korean sentences end, which do without one in some sources."""
    return bool(_ENDING.search(text) or _KOREAN_ENDING.search(text))


def _writes_marks(sentences: Sequence[Sentence], language: str) -> bool:
    """Whether this text ends its sentences with marks at all; some sources leave them out."""
    if language in _UNMARKED_LANGUAGES:
        return False
    long = [one.text for one in sentences[:400] if _is_long_enough_to_tell(one.text)]
    return sum(map(_has_ended, long)) * 6 > len(long)


def _is_long_enough_to_tell(text: str) -> bool:
    return len(text) > _TELLING or len(_UNSPACED.findall(text)) > _TELLING_UNSPACED


def is_bare_quotation(text: str) -> bool:
    """Whether the whole sentence is someone's words, and nothing says whose."""
    stripped = text.strip()
    pairs = {'"': '"', "“": "”", "„": "“", "«": "»", "「": "」", "『": "』", "”": "”"}
    closing = pairs.get(stripped[:1])
    if closing is None or len(stripped) < _LEAST_WORDS:
        return False
    inside = stripped[1:].rstrip(".。!?… ")
    return inside.endswith(closing) and closing not in inside[:-1]


def _halves_of_quotations(sentences: Sequence[Sentence]) -> list[bool]:
    """For each sentence whether a quotation that it holds began before it or ends after it."""
    halves: list[bool] = []
    inside, paragraph = False, -1
    for sentence in sentences:
        inside = inside and sentence.paragraph == paragraph
        paragraph = sentence.paragraph
        began_inside = inside
        inside, turned = _quotation_after(sentence.text, inside)
        halves.append(inside or turned or (began_inside and not _opens(sentence.text)))
    return halves


def _opens(text: str) -> bool:
    return text[:1] in '"“„«「『'


def _quotation_after(text: str, inside: bool) -> tuple[bool, bool]:
    """Whether a quotation is open after `text`, and whether one was closed that had not opened in it.

    Agency style opens a quotation anew in each paragraph and closes only its last, so what a straight mark does is
    told from the characters beside it.
    """
    stray = False
    opened_here = False
    for match in _ANY_QUOTE.finditer(text):
        opens = _is_opening(text, match.start(), inside)
        stray = stray or not (opens or opened_here)
        inside = opened_here = opens
    return inside, stray


def _is_opening(text: str, at: int, inside: bool) -> bool:
    mark = text[at]
    if mark in "“„«「『":
        return not (mark in "“«" and inside and (at + 1 == len(text) or not text[at + 1].isalnum()))
    if mark in "”」』»":
        return mark == "»" and not inside
    spaced_before = at == 0 or not (text[at - 1].isalnum() or text[at - 1] in ".,!?…'’")
    spaced_after = at + 1 == len(text) or not text[at + 1].isalnum()
    if spaced_before == spaced_after:
        return not inside
    return spaced_before
