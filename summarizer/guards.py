"""Which sentences must not stand in a summary, seen in their context: repeats, captions, fragments, leaning ones."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from summarizer.body import CAPTION_LOSS, HEADING_LOSS, MOST, body_lines
from summarizer.fault import Fault
from summarizer.openers import leans
from summarizer.prose import Page, count_words, matter_words, own_fault
from summarizer.quotations import halves, is_bare_quotation

__all__ = ["Fault", "Judged", "Sentence", "fold", "judge"]

_CUT_OFF = 12  # lines that may stand between a first paragraph and the rest of its article
_LEAST_MATTER = 8  # longer words that a paragraph needs to be told by them,
# and the share of them that the rest has too: the more words it has, the more it shares with any text
_SHARED_LEAST, _SHARED_MOST, _SHARED_BY_WORD = 0.2, 0.65, 0.0018
_NO_LETTERS = re.compile(r"[\W_]+")
_PLAIN = bytes(ord(chr(code).lower()) if chr(code).isascii() and chr(code).isalnum() else 32 for code in range(256))


@dataclass(frozen=True)
class Sentence:
    """One sentence of what is summarized: its place, and the number of the paragraph that it stands in.

    `part` and `start` say where it stands in what was given, as `Chosen` does.
    """

    index: int
    text: str
    paragraph: int
    part: int = 0
    start: int = 0


@dataclass(frozen=True)
class Judged:
    """A sentence with its fault. `leans_on` is the index of the sentence that must be chosen with it, if it leans."""

    sentence: Sentence
    fault: Fault
    leans_on: int | None = None


def judge(
    sentences: Sequence[Sentence], language: str, title: str | None = None, *, whole_page: bool = False
) -> list[Judged]:
    """Each sentence with its fault, in order.

    `whole_page`: there may be a page around the article, so what stands outside its run of prose is an aside.
    """
    page = Page.of([one.text for one in sentences], language)
    judged = _without_repeats([Judged(one, own_fault(one.text.strip(), page)) for one in sentences], fold(title or ""))
    if whole_page:
        judged = _with_asides(judged)
    return _in_context(judged, language)


def fold(text: str) -> str:
    """The text's letters and figures alone, to tell repeats from one another."""
    if text.isascii():
        return b" ".join(text.encode().translate(_PLAIN).split()).decode()
    return _NO_LETTERS.sub(" ", text.casefold()).strip()


def _without_repeats(judged: Sequence[Judged], heading: str) -> list[Judged]:
    """Repeats marked, each with the index of the first; the headline counts as a fragment wherever it comes."""
    known: dict[str, int] = {}
    marked: list[Judged] = []
    for one in judged:
        folded = fold(one.sentence.text) or one.sentence.text
        first = known.setdefault(folded, one.sentence.index)
        if first != one.sentence.index:
            marked.append(Judged(one.sentence, Fault.REPEAT, first))
        elif folded == heading:
            marked.append(replace(one, fault=max(one.fault, Fault.FRAGMENT)))
        else:
            marked.append(one)
    return marked


def _with_asides(judged: Sequence[Judged]) -> list[Judged]:
    """What is prose, but outside the run of lines that is the article's body, marked as an aside."""
    lines: dict[int, list[Judged]] = {}
    for one in judged:
        lines.setdefault(one.sentence.paragraph, []).append(one)
    body = body_lines((number, _gain(line)) for number, line in lines.items())
    if body is None:
        return list(judged)
    inside = {number for number in lines if body[0] <= number <= body[1]} | _opening_lines(lines, body[0], body[1])
    return [
        replace(one, fault=Fault.ASIDE) if one.fault.is_prose and one.sentence.paragraph not in inside else one
        for one in judged
    ]


def _opening_lines(lines: Mapping[int, Sequence[Judged]], first: int, last: int) -> set[int]:
    """Lines a little before the body that speak of the same: a first paragraph that share links cut off."""
    before = [number for number in range(max(0, first - _CUT_OFF), first) if number in lines]
    if not before:
        return set()
    body = " ".join(one.sentence.text for number, line in lines.items() if first <= number <= last for one in line)
    matter = frozenset(matter_words(body))
    return {number for number in before if _is_of(" ".join(one.sentence.text for one in lines[number]), matter)}


def _is_of(text: str, matter: frozenset[str]) -> bool:
    words = frozenset(matter_words(text))
    share = min(_SHARED_MOST, _SHARED_LEAST + _SHARED_BY_WORD * len(matter))
    return len(words) >= _LEAST_MATTER and len(words & matter) >= share * len(words)


def _gain(line: Sequence[Judged]) -> int:
    words = 0
    for one in line:
        words += count_words(one.sentence.text) if one.fault.is_prose else 0
        if words >= MOST:
            return MOST
    if words:
        return words
    beside = any(one.fault in (Fault.CHROME, Fault.REPEAT) for one in line)
    return -CAPTION_LOSS if beside else -HEADING_LOSS


def _in_context(judged: Sequence[Judged], language: str) -> list[Judged]:
    """The faults that come from what stands around a sentence: it leans on the one before, or quotes by halves."""
    seen: list[Judged] = []
    before: int | None = None
    prose: set[int] = set()
    quoted = halves([(one.sentence.paragraph, one.sentence.text) for one in judged])
    for one, half in zip(judged, quoted, strict=True):
        seen.append(_leaning(one, half, before, language) if one.fault.is_prose else one)
        if one.fault.is_prose:
            before = one.sentence.index
            prose.add(before)
        elif one.fault is Fault.REPEAT and one.leans_on in prose:
            before = one.leans_on
    return [replace(one, leans_on=None) if one.fault is Fault.REPEAT else one for one in seen]


def _leaning(one: Judged, half: bool, before: int | None, language: str) -> Judged:
    text = one.sentence.text
    if leans(text, language, first=before is None) or is_bare_quotation(text):
        return Judged(one.sentence, Fault.LEANING, before)
    return replace(one, fault=max(one.fault, Fault.AWKWARD)) if half else one
