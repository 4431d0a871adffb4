"""Boosted trees of two questions each, as ingest.stories adds them up.

Logistic loss (Friedman 2001); a tree asks one kind of evidence, and then another on either side. What is not told goes
to the side where it does more good. An answer never speaks against what the evidence means. Fixed luck.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ingest.stories import Ask, Tree

ROUNDS, RATE, RIDGE, LEAST = 400, 0.09, 5.0, 60
BINS, ROWS, COLUMNS = 48, 0.7, 0.4  # of each kind of evidence; shares of rows and kinds that a round looks at
_NO_BOUNDS = -np.inf, np.inf


@dataclass(frozen=True, slots=True)
class _Split:
    """`at`: the last bin that lies under; `bare_under`: where what tells nothing goes."""

    gain: float
    column: int
    at: int
    bare_under: bool
    under: float
    over: float


class _Table:
    """Cases by kinds of evidence: each one's bin, the last where it tells nothing."""

    def __init__(self, found: Sequence[Mapping[str, float]], names: Sequence[str]) -> None:
        self.names = names
        self.edges = [_edges([case[name] for case in found if name in case]) for name in names]
        self.bins = np.stack([self._column(found, at) for at in range(len(names))])

    def _column(self, found: Sequence[Mapping[str, float]], at: int) -> Any:
        values = np.array([case.get(self.names[at], np.inf) for case in found])
        bins = np.searchsorted(self.edges[at], values, side="right")
        return np.where(np.isinf(values), len(self.edges[at]) + 1, bins)

    def ask(self, split: _Split) -> Ask:
        return Ask(self.names[split.column], float(self.edges[split.column][split.at]), split.bare_under)

    def is_under(self, split: _Split, rows: Any) -> Any:
        bins = self.bins[split.column][rows]
        bare = bins == len(self.edges[split.column]) + 1
        return (bins <= split.at) & ~bare | bare & split.bare_under


def _edges(values: Sequence[float]) -> Any:
    """Rounded, as they are kept."""
    if not values:
        return np.array([])
    return np.unique(np.quantile(values, np.linspace(0, 1, BINS + 1)[1:-1]).round(4))


@dataclass(frozen=True, slots=True)
class _Round:
    """Of each case, how it should move; `tried`: kinds of evidence that are looked at."""

    table: _Table
    meaning: Sequence[int]
    slope: Any
    curve: Any
    tried: Any

    def best(self, rows: Any, bounds: tuple[float, float] = _NO_BOUNDS) -> _Split | None:
        found = [split for column in self.tried for split in self._splits(column, rows, bounds)]
        return max(found, key=lambda split: split.gain, default=None)

    def _splits(self, column: int, rows: Any, bounds: tuple[float, float]) -> list[_Split]:
        bins, size = self.table.bins[column][rows], len(self.table.edges[column]) + 2
        sums = [np.bincount(bins, values, size) for values in (self.slope[rows], self.curve[rows], None)]
        return [
            split
            for bare_under in ((True, False) if sums[2][-1] else (False,))
            if (split := self._best_edge(column, sums, bounds, bare_under=bare_under)) is not None
        ]

    def _best_edge(
        self, column: int, sums: Sequence[Any], bounds: tuple[float, float], *, bare_under: bool
    ) -> _Split | None:
        under = [np.cumsum(each[:-1])[:-1] + (each[-1] if bare_under else 0) for each in sums]
        if not len(under[0]):
            return None
        over = [each.sum() - mine for each, mine in zip(sums, under, strict=True)]
        worth = [np.clip(side[0] / (side[1] + RIDGE), *bounds) for side in (under, over)]
        gain = sum(
            2 * side[0] * mine - (side[1] + RIDGE) * mine**2 for side, mine in zip((under, over), worth, strict=True)
        )
        wrong = (worth[1] - worth[0]) * self.meaning[column] < 0
        gain = np.where(wrong | (under[2] < LEAST) | (over[2] < LEAST), -np.inf, gain)
        at = int(gain.argmax())
        if not gain[at] > 0:
            return None
        return _Split(float(gain[at]), column, at, bare_under, float(worth[0][at]), float(worth[1][at]))

    def tree(self, rows: Any) -> tuple[list[_Split], list[float]] | None:
        """The first split, that of each side (the first again where there is none), and what each end is worth."""
        first = self.best(rows)
        if first is None:
            return None
        under = self.table.is_under(first, rows)
        splits, ends = [first], list[float]()
        for worth, mine, bounds in zip((first.under, first.over), (rows[under], rows[~under]), self._bounds(first),
                                       strict=True):  # fmt: skip
            split = self.best(mine, bounds)
            splits.append(split or first)
            ends += [split.under, split.over] if split else [worth, worth]
        return splits, ends

    def _bounds(self, first: _Split) -> tuple[tuple[float, float], tuple[float, float]]:
        """Of the ends on either side, so that none speaks against what the first question means."""
        middle, (least, most) = (first.under + first.over) / 2, _NO_BOUNDS
        if not self.meaning[first.column]:
            return _NO_BOUNDS, _NO_BOUNDS
        if self.meaning[first.column] > 0:
            return (least, middle), (middle, most)
        return (middle, most), (least, middle)


def grow(
    found: Sequence[Mapping[str, float]], same: Any, weight: Any, meaning: Mapping[str, int]
) -> tuple[list[Tree], float]:
    """Trees, and what they begin from. `same`: 1 or 0; `meaning`: 1: the more, the likelier; -1: the less; 0: both."""
    table = _Table(found, list(meaning))
    luck = np.random.default_rng(0)
    mean = float(np.average(same, weights=weight))
    bias = float(np.log(mean / (1 - mean)))
    odds, trees, every = np.full(len(same), bias), list[Tree](), np.arange(len(same))
    for _ in range(ROUNDS):
        likely = 1 / (1 + np.exp(-odds))
        tried = luck.permutation(len(meaning))[: round(COLUMNS * len(meaning))]
        given = _Round(table, list(meaning.values()), weight * (same - likely), weight * likely * (1 - likely), tried)
        grown = given.tree(every[luck.random(len(same)) < ROWS])
        if grown is None:
            continue
        splits, ends = grown[0], [round(RATE * end, 4) for end in grown[1]]
        first, under, over = (table.is_under(split, every) for split in splits)
        odds += np.where(first, np.where(under, ends[0], ends[1]), np.where(over, ends[2], ends[3]))
        one, two, three = (table.ask(split) for split in splits)
        trees.append(Tree(one, two, three, (ends[0], ends[1], ends[2], ends[3])))
    return trees, bias
