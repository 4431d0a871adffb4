"""Which lines of a page saved as text are the article's body. Pure.

Two opinions, joined: the run of lines with the most prose in it (its prose is always body), and a line model with
Viterbi, whose features are a line's kind, its neighbours', where it lies from that run and whether it speaks of the
same things. The model finds the first paragraph that stands alone between share links and captions, and the
crossheads. Weights: benchmarks/train_lines.py, from pages rendered by inscriptis, w3m and lynx. Token F1 there, by
cross-validation: the whole text .69, lines of 12 words that end .84, the prose run .85, both .89.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest.line_weights import WEIGHTS
from ingest.lines import TEXT, Kind, Line

Vector = npt.NDArray[np.float64]

KINDS = tuple(Kind)
# What a line that isn't prose takes from a run; what a sentence of 4-9 words adds.
_VALUES = {
    Kind.SHORT: -3.0,
    Kind.ITEM: -4.0,
    Kind.CHROME: -5.0,
    Kind.STOP: -25.0,
    Kind.CAPTION: -1.0,
    Kind.MEDIUM: 1.5,
}
_ALONE = 0.2  # prose with no prose beside it is mostly a teaser
_REPEATED = -3.0
_SWITCH = 2.0  # cost of going from chrome to body or back
_WORD = re.compile(r"[^\W\d_]{4,}|[\u3040-\u30ff\u3400-\u9fff]{2}|[\uac00-\ud7a3]{2}")


@dataclass(frozen=True, slots=True)
class Run:
    """Lines first … last, both in it; empty where last < first."""

    first: int
    last: int

    def holds(self, index: int) -> bool:
        return self.first <= index <= self.last


def body_lines(lines: Sequence[Line], weights: Sequence[float] | Vector = WEIGHTS) -> list[int]:
    """Indexes of the lines that are the body, in order."""
    if not lines:
        return []
    run = prose_run(lines)
    scores = features(lines, run) @ np.asarray(weights)
    chosen = _viterbi(scores * (np.log1p([line.words for line in lines]) + 0.3))
    return [
        index for index, line in enumerate(lines) if chosen[index] or (run.holds(index) and line.kind is Kind.PROSE)
    ]


def prose_run(lines: Sequence[Line]) -> Run:
    """The run of lines with the greatest sum of values."""
    best, run, total, first = 0.0, Run(0, -1), 0.0, 0
    for index in range(len(lines)):
        if total <= 0:
            total, first = 0.0, index
        total += _value(lines, index)
        if total > best:
            best, run = total, Run(first, index)
    return run


def _value(lines: Sequence[Line], index: int) -> float:
    line = lines[index]
    if line.kind not in (Kind.PROSE, Kind.LONG_ITEM):
        repeated = line.repeats > 1 and line.kind in (Kind.SHORT, Kind.ITEM)
        return _VALUES[line.kind] + (_REPEATED if repeated else 0)
    beside = (lines[near].kind for near in (index - 1, index + 1) if 0 <= near < len(lines))
    value = min(line.words, 80) * (1 if {Kind.PROSE, Kind.MEDIUM} & set(beside) else _ALONE)
    return value * (0.5 if line.kind is Kind.LONG_ITEM else 1) * (0.5 if line.repeats > 1 else 1)


def features(lines: Sequence[Line], run: Run) -> Vector:
    """A row for each line; the columns' order is that of WEIGHTS."""
    vocabulary = {word for index in range(run.first, run.last + 1) for word in _words(lines[index])}
    around, stops = _Around(lines), _stops_after(lines, run)
    return np.array(
        [
            [
                1.0,
                *_kinds_near(lines, index),
                *_looks(line),
                *_place(index, run),
                *_alike(line, vocabulary, run.holds(index)),
                *around.at(index),
                float(stops[index]),
                float(stops[index] and index > run.last),
                *(float(run.holds(index) and line.kind is kind) for kind in KINDS),
            ]
            for index, line in enumerate(lines)
        ]
    )


def _words(line: Line) -> list[str]:
    return _WORD.findall(line.text.lower()) if line.kind in TEXT else []


def _kinds_near(lines: Sequence[Line], index: int) -> list[float]:
    found: list[float] = []
    for step in (0, -1, 1, -2, 2):
        near = lines[index + step].kind if 0 <= index + step < len(lines) else None
        found.extend(float(near is kind) for kind in KINDS)
        found.extend([float(near is None)] if step else [])
    return found


def _looks(line: Line) -> list[float]:
    words = line.text.split()
    return [
        float(np.log1p(line.words)),
        min(line.words, 40) / 40,
        float(line.ends),
        min(line.text.count(",") + line.text.count("，"), 4) / 4,
        float(line.text[:1].islower()),
        float(any(character.isdigit() for character in line.text)),
        sum(word[:1].isupper() for word in words) / len(words),
        float(line.after_blank),
        float(line.repeats > 1),
        float(line.repeats > 2),  # noqa: PLR2004
    ]


def _place(index: int, run: Run) -> list[float]:
    before, after = max(0, run.first - index), max(0, index - run.last)
    return [
        float(run.holds(index)),
        float(index < run.first),
        float(index > run.last),
        float(np.log1p(before)),
        float(np.log1p(after)),
    ]


def _alike(line: Line, vocabulary: set[str], inside: bool) -> list[float]:
    words = _WORD.findall(line.text.lower())
    share = sum(word in vocabulary for word in words) / len(words) if words else 0.0
    return [share, share if not inside and line.words >= 10 else 0.0]  # noqa: PLR2004


class _Around:
    """How much prose lies within 2, 5 and 10 lines of a line."""

    def __init__(self, lines: Sequence[Line]) -> None:
        prose = [line.words if line.kind in (Kind.PROSE, Kind.LONG_ITEM) else 0.0 for line in lines]
        self._own = prose
        self._prose = np.concatenate([[0.0], np.cumsum(prose)])
        self._all = np.concatenate([[0.0], np.cumsum([line.words for line in lines])])

    def at(self, index: int) -> list[float]:
        found = []
        for reach in (2, 5, 10):
            low, high = max(0, index - reach), min(len(self._own), index + reach + 1)
            prose = self._prose[high] - self._prose[low]
            found.append(float(prose / max(1.0, self._all[high] - self._all[low])))
            found.append(float(np.log1p(max(0.0, prose - self._own[index])) / 6))
        return found


def _stops_after(lines: Sequence[Line], run: Run) -> list[bool]:
    """For each line, whether a heading that ends articles stands between the run's beginning and it."""
    seen, found = False, []
    for index, line in enumerate(lines):
        seen = seen or (line.kind is Kind.STOP and index > run.first)
        found.append(seen)
    return found


def _viterbi(gains: Vector) -> list[bool]:
    """The cheapest way through body and chrome; `gains` is what it earns to call each line body."""
    out, into = 0.0, float(gains[0])
    came: list[tuple[bool, bool]] = [(False, True)]
    for gain in gains[1:]:
        came.append((into - _SWITCH > out, into >= out - _SWITCH))
        out, into = max(out, into - _SWITCH), max(into, out - _SWITCH) + float(gain)
    state, chosen = into > out, []
    for back in reversed(came):
        chosen.append(state)
        state = back[state]
    return chosen[::-1]
