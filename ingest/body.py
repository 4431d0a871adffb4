"""Which lines of a page saved as text are the article's body. Pure.

Two opinions, joined: the run of lines with the most prose in it (its prose is always body), and a line model with
Viterbi (ingest.linefeatures says what it sees). The model finds the first paragraph that stands alone between share
links and captions, and the crossheads. Weights: benchmarks/train_lines.py, from pages rendered by inscriptis, w3m and
lynx. Token F1 there, by cross-validation over sites: the whole text .69, lines of 12 words that end .84, the prose run
.87, both .91.
"""

from collections.abc import Sequence

import numpy as np

from ingest.line_weights import WEIGHTS
from ingest.linefeatures import Run, Vector, features
from ingest.lines import Kind, Line

# What a line that isn't prose takes from a run; what a sentence of 4-9 words adds.
_VALUES = {
    Kind.SHORT: -3.0,
    Kind.ITEM: -4.0,
    Kind.CHROME: -5.0,
    Kind.STOP: -25.0,
    Kind.REPLY: -25.0,
    Kind.CAPTION: -1.0,
    Kind.MEDIUM: 1.5,
}
_NEVER = (Kind.CHROME, Kind.STOP)
_ALONE = 0.2  # prose with no prose beside it is mostly a teaser
_REPEATED = -3.0
_SWITCH = 2.0  # cost of going from chrome to body or back


def body_lines(lines: Sequence[Line], weights: Sequence[float] | Vector = WEIGHTS) -> list[int]:
    """Indexes of the lines that are the body, in order."""
    if not lines:
        return []
    run = prose_run(lines)
    scores = features(lines, run) @ np.asarray(weights)
    chosen = _viterbi(scores * (np.log1p([line.words for line in lines]) + 0.3))
    return [
        index
        for index, line in enumerate(lines)
        if (chosen[index] and line.kind not in _NEVER) or (run.holds(index) and line.kind is Kind.PROSE)
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
