"""What the line model of ingest.body sees of each line of a page: one row of numbers a line. Pure.

A line's own look, the kinds beside it, what lies within 3 and 25 lines before and after, how far the next line of each
kind is, where it lies from the run of prose, and whether it speaks of the same things.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

from ingest.lines import TEXT, Kind, Line, is_item
from summarizer.stopwords import stop_words

Vector = npt.NDArray[np.float64]

KINDS = tuple(Kind)
_LOOKING = (3, 25)  # lines before and after
_FAR = 200  # lines; farther is the same
_LANGUAGES = ("en", "de", "fr", "es", "pt", "it", "nl", "ru", "tr", "pl", "id")
_BRIEF = 15  # words; what stands between comments and teasers is shorter
_TEASER = 12
_WORD = re.compile(r"[^\W\d_]{4,}|[\u3040-\u30ff\u3400-\u9fff]{2}|[\uac00-\ud7a3]{2}")
_CODE = re.compile(r"[<>{}=\\|~^]|&amp;|https?:|//|__|\[\w+[-_.]")
_DIGIT, _SYMBOL = re.compile(r"\d"), re.compile(r"[^\w\s]|_")
_SENTENCE_ENDS = re.compile(r"[.!?](?:\s|$|[\"”’])|[。！？]")
_DATED = re.compile(
    r"""(?ix)\b(?:19|20)\d\d\b|\b\d{1,2}:\d\d\b|\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b
    |\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?\s\d{1,2}\b
    |\b(?:hour|min|minute|day|week|month|year)s?\sago\b"""
)
# What is said about comments and who wrote them; what a page asks of its visitors; what people say of themselves.
_COMMENT = re.compile(
    r"""(?ix)@\w|\b(?:reply|votes?|likes?|comments?|permalink|report|flag|joined|posts?|rating|submitted|member
    |up\s?vote|quote|antworten|répondre|responder|ответить)\b|\b(?:says|wrote):"""
)
_APPEAL = re.compile(
    r"""(?ix)\b(?:yours?|you|please|click|free|sign|newsletter|e-?mail|subscrib\w+|cookies?|privacy|contact|terms
    |website|site|browser|advert\w*|offers?|deals?|download|app|account|password|rights|reserved|copyright|policy
    |member\w*|donat\w+|support)\b"""
)
_FIRST_PERSON = re.compile(r"(?i)\b(?:i|i['’]m|my|me|imo|lol|u)\b")


@dataclass(frozen=True, slots=True)
class Run:
    """Lines first … last, both in it; empty where last < first."""

    first: int
    last: int

    def holds(self, index: int) -> bool:
        return self.first <= index <= self.last


def features(lines: Sequence[Line], run: Run) -> Vector:
    """A row for each line; the columns' order is that of WEIGHTS: those of `near`, then what lies farther off."""
    traits = np.array([_trait(line, _signs_in(line.text)) for line in lines])
    far = [*(_beside(traits, reach) for reach in _LOOKING), _before_and_after(traits), _distances(traits)]
    return np.hstack([near(lines, run), *far])


def near(lines: Sequence[Line], run: Run) -> Vector:
    """The line itself, those next to it, and its relation to the run of prose."""
    kinds = _kinds_near(lines)
    inside = np.array([[float(run.holds(index))] for index in range(len(lines))])
    columns = [
        np.ones((len(lines), 1)),
        kinds,
        np.array([_look(line) for line in lines]),
        _places(len(lines), run),
        _alike(lines, run),
        _prose_around(lines),
        _stops_after(lines, run),
        inside * kinds[:, : len(KINDS)],
    ]
    return np.hstack(columns)


def _kinds_near(lines: Sequence[Line]) -> Vector:
    """The kind of the line itself, then of those before and after it; past the text's ends all is 0 but the last."""
    own = np.array([[line.kind is kind for kind in KINDS] + [False] for line in lines], dtype=float)
    edge = np.zeros((2, own.shape[1]))
    edge[:, -1] = 1.0
    padded = np.vstack([edge, own, edge])
    shifted = [padded[2 + step : 2 + step + len(lines)] for step in (-1, 1, -2, 2)]
    return np.hstack([own[:, :-1], *shifted])


def _look(line: Line) -> list[float]:
    text, words = line.text, line.text.split()
    return [
        float(np.log1p(line.words)),
        min(line.words, 40) / 40,
        float(line.ends),
        float(text[:1].islower()),
        float(text[:1].isupper()),
        float(text[:1] in "[(<"),
        float(is_item(text)),
        float(line.after_blank),
        float(line.repeats > 1),
        float(line.repeats),
        *(float(text.endswith(ends)) for ends in (("…", "..."), ("?", "？"), (":", "："))),
        *_words_used(words),
        *_signs_used(text),
    ]


def _words_used(words: Sequence[str]) -> list[float]:
    function_words = _function_words()
    return [
        sum(word[:1].isupper() for word in words) / len(words),
        sum(word.isupper() and len(word) > 1 for word in words) / len(words),
        sum(word.strip(".,;:!?\"“”'’").lower() in function_words for word in words) / len(words),
        float(max(map(len, words))),
        sum(map(len, words)) / len(words),
    ]


@cache
def _function_words() -> frozenset[str]:
    """Those of the languages that most pages in Latin and Cyrillic letters are written in."""
    return frozenset().union(*map(stop_words, _LANGUAGES))


def _signs_used(text: str) -> list[float]:
    digits, commas, signs = len(_DIGIT.findall(text)), sum(map(text.count, ",，、")), _signs_in(text)
    return [
        float(digits > 0),
        digits / len(text),
        len(_SYMBOL.findall(text)) / len(text),
        float(sum(map(text.count, '"“”«」'))),
        min(commas, 4) / 4,
        float(commas),
        float(sum(map(text.count, "·|»›"))),
        float(len(_SENTENCE_ENDS.findall(text))),
        signs.code,
        signs.dated,
        signs.comment,
        signs.appeal,
        signs.first_person,
    ]


@dataclass(frozen=True, slots=True)
class _Signs:
    """Shares are of the line's words."""

    code: float
    dated: float
    comment: float
    appeal: float
    first_person: float


@lru_cache(maxsize=1024)  # asked for twice while a page is read
def _signs_in(text: str) -> _Signs:
    words = len(text.split())
    return _Signs(
        code=len(_CODE.findall(text)) / words,
        dated=float(bool(_DATED.search(text))),
        comment=float(min(3, len(_COMMENT.findall(text)))),
        appeal=float(min(5, len(_APPEAL.findall(text)))),
        first_person=len(_FIRST_PERSON.findall(text)) / words,
    )


def _places(count: int, run: Run) -> Vector:
    index = np.arange(count)
    before, after = run.first - index, index - run.last
    inside = (before <= 0) & (after <= 0)
    far = (np.log1p(np.maximum(0, before)), np.log1p(np.maximum(0, after)))
    return np.column_stack([inside, before > 0, after > 0, *far]).astype(float)


def _alike(lines: Sequence[Line], run: Run) -> Vector:
    """The share of a line's words that the run's prose uses too."""
    vocabulary = {word for index in range(run.first, run.last + 1) for word in _words(lines[index])}
    rows = []
    for index, line in enumerate(lines):
        words = _WORD.findall(line.text.lower())
        share = sum(word in vocabulary for word in words) / len(words) if words else 0.0
        rows.append([share, share if not run.holds(index) and line.words >= _TEASER else 0.0])
    return np.array(rows)


def _words(line: Line) -> list[str]:
    return _WORD.findall(line.text.lower()) if line.kind in TEXT else []


def _prose_around(lines: Sequence[Line]) -> Vector:
    """How much prose lies within 2, 5 and 10 lines of a line."""
    prose = np.array([line.words if line.kind in (Kind.PROSE, Kind.LONG_ITEM) else 0.0 for line in lines])
    sums = _sums(np.column_stack([prose, [line.words for line in lines]]))
    index, columns = np.arange(len(lines)), []
    for reach in (2, 5, 10):
        within = sums[np.minimum(len(lines), index + reach + 1)] - sums[np.maximum(0, index - reach)]
        columns += [within[:, 0] / np.maximum(1, within[:, 1]), np.log1p(np.maximum(0, within[:, 0] - prose)) / 6]
    return np.column_stack(columns)


def _stops_after(lines: Sequence[Line], run: Run) -> Vector:
    """Whether a heading that ends articles stands between the run's beginning and the line; whether the run too."""
    stops = np.cumsum([line.kind is Kind.STOP and index > run.first for index, line in enumerate(lines)]) > 0
    return np.column_stack([stops, stops & (np.arange(len(lines)) > run.last)]).astype(float)


def _sums(values: Vector) -> Vector:
    """Row i is the sum of the rows before i."""
    return np.vstack([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])


def _trait(line: Line, signs: _Signs) -> list[float]:
    """Words, words of prose, then what is counted in lines."""
    brief = line.words < _BRIEF
    prose = line.kind in (Kind.PROSE, Kind.LONG_ITEM)
    return [
        line.words,
        line.words if prose else 0.0,
        float(prose),
        float(line.kind is Kind.STOP),
        float(line.kind is Kind.CHROME),
        float(line.kind in (Kind.SHORT, Kind.ITEM)),
        float(line.kind is Kind.REPLY),
        float(line.repeats > 1 and line.words < _TEASER),
        signs.comment if brief else 0.0,
        signs.dated if brief else 0.0,
        signs.appeal,
        signs.first_person,
        signs.code,
    ]


_PROSE, _STOP, _REPEATED, _COMMENTS = 2, 3, 7, 8  # columns of traits
_FLAGS = slice(_PROSE, _COMMENTS + 1)


def _beside(traits: Vector, reach: int) -> Vector:
    """Before, then after a line: words, words of prose, their share, and the rest for each line that is there."""
    count, sums, index = len(traits), _sums(traits), np.arange(len(traits))
    low, high = np.maximum(0, index - reach), np.minimum(count, index + reach + 1)
    sides = ((sums[index] - sums[low], index - low), (sums[high] - sums[index + 1], high - index - 1))
    return np.hstack([_amounts(amount, size) for amount, size in sides])


def _amounts(amount: Vector, size: npt.NDArray[np.int64]) -> Vector:
    words, prose = amount[:, 0], amount[:, 1]
    share = prose / np.maximum(1, words)
    each = amount[:, _STOP:] / np.maximum(1, size)[:, None]
    return np.column_stack([np.log1p(words), np.log1p(prose), share, each])


def _before_and_after(traits: Vector) -> Vector:
    """Of the whole text: shares of words and of prose, headings that end articles, talk of comments."""
    sums, index = _sums(traits), np.arange(len(traits))
    total = np.maximum(1, sums[-1])
    before, after = sums[index], sums[-1] - sums[index + 1]
    return np.column_stack(
        [
            index / len(traits),
            before[:, 0] / total[0],
            before[:, 1] / total[1],
            after[:, 1] / total[1],
            *(side[:, column] for column in (_STOP, _COMMENTS) for side in (before, after)),
        ]
    )


def _distances(traits: Vector) -> Vector:
    """Lines back to the last, and on to the next, of each trait that a line has or hasn't; logarithms."""
    flags = traits[:, _FLAGS] > 0
    back, on = _since(flags), _since(flags[::-1])[::-1]
    return np.log1p(np.hstack([back, on]))


def _since(flags: npt.NDArray[np.bool_]) -> Vector:
    """Lines between a line and the last flagged one before it."""
    index = np.arange(len(flags))[:, None]
    last = np.maximum.accumulate(np.where(flags, index, -_FAR - 1), axis=0)
    before = np.vstack([np.full((1, flags.shape[1]), -_FAR - 1), last[:-1]])
    apart: Vector = np.minimum(_FAR, index - before - 1).astype(float)
    return apart
