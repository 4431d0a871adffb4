"""Learn ingest/story_weights.txt from ECB+ and Reuters: what evidence is worth for one event, and against it.

    python -m benchmarks.train_stories [--data FOLDER] > ingest/story_weights.txt

An article of the corpus, in a shuffled order, is held against the stories told so far that it might be of, its own and
the other of its kind among them, each cut to some of its articles; and pairs of Reuters reports in a form or series
are no event. Worths are steps over each kind of evidence, found
by boosting (logistic loss; Friedman 2001) one cut of one kind at a time, and never against what the evidence means:
more likeness never speaks against. Fixed luck: the same bytes every time. About two minutes.
"""

import argparse
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.near_misses import DATA, Pair, Report, apart, near_misses
from ingest.stories import KINDS, Steps, Told, evidence, together
from ingest.traits import Traits, pack, traits, unpack

SHUFFLES = 8
HOLDERS, NEAREST = 40, 6  # as storage.stories looks for candidates
UNLIKE = 0.3  # what a story of another kind of event weighs beside the other of the same kind
UNLIKE_FORM = 0.5  # what two reports in a form weigh
CUT = 0.6  # how many stories are cut
ROUNDS, RATE, RIDGE, LEAST = 700, 0.05, 5.0, 60.0
BINS, ROWS, COLUMNS = 48, 0.7, 0.4  # of each kind of evidence; shares of rows and kinds that a round looks at
THRESHOLD = 1.0
# Which way each kind speaks: 1: the more, the likelier one event; -1: the more, the less; 0: either.
MEANING: dict[str, int] = {
    **{f"{kind} like": 1 for kind in KINDS},
    **{f"{kind} {what}": -1 for kind in KINDS for what in ("new", "missing", "both", "apart")},
    "covered": 1,
    "told": 1,
    "articles": 0,
    "words": 0,
    "other figures": -1,
    "form": -1,
    "opening form": -1,
    "other years": -1,
    "other days": -1,
}


@dataclass(frozen=True, slots=True)
class Case:
    """An article held against a story. `topics`: of both, as near_misses names kinds of events."""

    found: dict[str, float]
    same: bool
    weight: float
    topics: tuple[str, str]


def read(reports: Sequence[Report]) -> dict[str, Traits]:
    """As they are compared: packed and unpacked."""
    return {item.key: unpack(pack(traits(item.headline, item.paragraphs, "en"))) for item in reports}


def cases(reports: Sequence[Report], known: dict[str, Traits], shuffles: int = SHUFFLES) -> list[Case]:
    return [case for seed in range(shuffles) for case in _cases(reports, known, random.Random(seed))]


def apart_cases(pairs: Sequence[Pair], known: dict[str, Traits]) -> list[Case]:
    """Of reports in a form or series, which are of no event together; their topic is their form's first report."""
    first = apart(pairs)
    told = [(pair.one, pair.other) for pair in pairs if pair.other in first and not pair.same]
    return [
        Case(
            evidence(Told.of(known[one]), Told.of(known[other])),
            same=False,
            weight=UNLIKE_FORM,
            topics=(first[one],) * 2,
        )
        for two in told
        for one, other in (two, two[::-1])
    ]


def _cases(reports: Sequence[Report], known: dict[str, Traits], luck: random.Random) -> Iterator[Case]:
    order = list(reports)
    luck.shuffle(order)
    told: dict[str, list[Report]] = {}
    holders: defaultdict[int, list[str]] = defaultdict(list)
    of = {item.key: item.event or item.key for item in reports}
    for new in order:
        keys = known[new.key].keys
        near = nearest(keys, holders, of)
        kin = [event for event, members in told.items() if members[0].topic == new.topic and event not in near]
        for event in [*near, *kin]:
            members = told[event][-20:]
            if len(members) > 1 and luck.random() < CUT:
                members = luck.sample(members, luck.randint(1, len(members)))
            alike = members[0].topic == new.topic
            found = evidence(Told.of(known[new.key]), together([known[item.key] for item in members]))
            topics = (new.topic or "", members[0].topic or "")
            yield Case(found, event == of[new.key], 1.0 if alike else UNLIKE, topics)
        told.setdefault(of[new.key], []).append(new)
        for term in keys:
            holders[term].append(new.key)


def nearest(keys: Sequence[int], holders: dict[int, list[str]], of: dict[str, Any]) -> list[Any]:
    """The groups of those that share most of the weightiest terms."""
    shared = Counter(holder for term in keys for holder in holders.get(term, [])[-HOLDERS:])
    near = sorted(shared, key=lambda holder: -shared[holder])
    return list(dict.fromkeys(of[holder] for holder in near))[:NEAREST]


class _Column:
    """One kind of evidence in all cases: each one's bin, -1 where it tells nothing."""

    def __init__(self, cases: Sequence[Case], name: str) -> None:
        values = np.array([case.found.get(name, np.nan) for case in cases])
        present = values[~np.isnan(values)]
        self.edges = (
            np.unique(np.quantile(present, np.linspace(0, 1, BINS + 1)[1:-1])) if len(present) else np.array([])
        )
        self.bins = np.where(np.isnan(values), -1, np.searchsorted(self.edges, values, side="right"))
        self.worth = np.zeros(len(self.edges) + 1)
        self.meaning = MEANING[name]

    def best(self, slope: Any, curve: Any, rows: Any) -> tuple[float, int, float, float]:
        """(gain, edge, worth under it, worth over it) of the best cut that goes the way the evidence means."""
        bins = self.bins[rows]
        here = bins >= 0
        size = len(self.worth)
        steep = np.cumsum(np.bincount(bins[here], slope[rows][here], size))
        bent = np.cumsum(np.bincount(bins[here], curve[rows][here], size))
        count = np.cumsum(np.bincount(bins[here], minlength=size))
        under, over = steep[:-1] / (bent[:-1] + RIDGE), (steep[-1] - steep[:-1]) / (bent[-1] - bent[:-1] + RIDGE)
        gain = steep[:-1] * under + (steep[-1] - steep[:-1]) * over
        wrong = (over - under) * self.meaning < 0
        gain[wrong | (count[:-1] < LEAST) | (count[-1] - count[:-1] < LEAST)] = -1.0
        at = int(gain.argmax()) if len(gain) else -1
        return (float(gain[at]), at, float(under[at]), float(over[at])) if at >= 0 else (-1.0, 0, 0.0, 0.0)


def learn(given: Sequence[Case]) -> tuple[dict[str, Steps], float]:
    """Steps by kind of evidence, and what they begin from."""
    same, weight = np.array([float(case.same) for case in given]), np.array([case.weight for case in given])
    columns = {name: _Column(given, name) for name in MEANING}
    names = list(columns)
    luck = np.random.default_rng(0)
    mean = float(np.average(same, weights=weight))
    bias = float(np.log(mean / (1 - mean)))
    odds = np.full(len(given), bias)
    for _ in range(ROUNDS):
        likely = 1 / (1 + np.exp(-odds))
        slope, curve = weight * (same - likely), weight * likely * (1 - likely)
        rows = luck.random(len(given)) < ROWS
        tried = luck.permutation(len(names))[: round(COLUMNS * len(names))]
        name, cut = max(
            ((names[at], columns[names[at]].best(slope, curve, rows)) for at in tried), key=lambda it: it[1]
        )
        if cut[0] <= 0:
            continue
        column, (_, at, under, over) = columns[name], cut
        added = np.where(np.arange(len(column.worth)) <= at, RATE * under, RATE * over)
        column.worth += added
        odds += np.where(column.bins >= 0, added[column.bins], 0.0)
    return {name: _steps(column) for name, column in columns.items() if column.worth.any()}, bias


def _steps(column: _Column) -> Steps:
    """Without edges at which nothing changes."""
    kept = [at for at in range(len(column.edges)) if abs(column.worth[at + 1] - column.worth[at]) > 1e-9]
    worth = [column.worth[0], *(column.worth[at + 1] for at in kept)]
    return tuple(round(float(column.edges[at]), 4) for at in kept), tuple(round(float(number), 3) for number in worth)


def lines(steps: dict[str, Steps], bias: float) -> Iterator[str]:
    """As ingest.stories reads them: edges | worths."""
    yield f"threshold: {THRESHOLD}"
    yield f"bias: {bias:.3f}"
    for name, numbers in steps.items():
        yield f"{name}: " + " | ".join(" ".join(f"{number:g}" for number in part) for part in numbers)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    reports, pairs = near_misses(parser.parse_args().data)
    known = read(reports)
    every = cases([item for item in reports if item.event], known) + apart_cases(pairs, known)
    print("\n".join(lines(*learn(every))))
