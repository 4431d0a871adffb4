"""How well articles find their stories: B-cubed on ECB+, and the precision of pairs that are easily taken for one.

    python -m benchmarks.stories [--data FOLDER] [--orders N]

`cross_validated`: worths are learnt on four fifths of the kinds of events, forms and series and tried on the fifth,
with one threshold for all, and the curve over thresholds; articles come in the corpus's order and in shuffled ones, in
one window. `shipped`: by the shipped worths, learnt from these very articles. Beside them a plain baseline in the same
run: the cosine of the same words by average link.
"""

import argparse
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from zlib import crc32

from benchmarks.near_misses import DATA, Pair, Report, apart, ecb, near_misses
from benchmarks.train_stories import Case, apart_cases, cases, learn, nearest, read
from ingest.evidence import MEMBERS, Told, together
from ingest.stories import MEASURE, Measure, are_one, choose, rivals
from ingest.traits import Traits, Weights, traits

FOLDS = 5
CURVE = (1.5, 2.0, 2.5, 3.0)
ORDERS = 3
PLAIN = 0.2
AIM_F1, AIM_PRECISION = 0.85, 0.95


def run(data: Path = DATA, most: int | None = None, orders: int = ORDERS) -> dict[str, Any]:
    """`most` reports of ECB+; None: all, and the other near misses."""
    reports, pairs = near_misses(data)
    if most is not None:
        reports, pairs = ecb(data)[:most], []
    begun = time.process_time()
    for report in reports:
        traits(report.headline, report.paragraphs, "en")
    reading = time.process_time() - begun
    known = read(reports)
    told = [report for report in reports if report.event]
    begun = time.process_time()
    groups = cluster([report.key for report in reports], known, MEASURE)
    grouping = time.process_time() - begun
    plain = _plain([report.key for report in told], known)
    return {
        "benchmark": "stories",
        "articles": len(reports),
        "traits_ms": round(1000 * reading / len(reports), 2),
        "choosing_ms": round(1000 * grouping / len(reports), 2),
        "aims": {"f1": AIM_F1, "pair_precision": AIM_PRECISION},
        "threshold": MEASURE.threshold,
        "cross_validated": cross_validated(reports, pairs, known, orders) if most is None else None,
        "shipped": bcubed(told, groups) | (precision(pairs, groups) if pairs else {}),
        "plain_cosine": bcubed(told, plain) | (precision([pair for pair in pairs if pair.one in plain], plain)),
    }


@dataclass(slots=True)
class Filed:
    """Articles in their stories, as the desk and storage.stories keep them; `of`: in the order in which they came."""

    known: dict[str, Traits]
    measure: Measure
    holders: defaultdict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    groups: list[list[str]] = field(default_factory=list)
    put: list[Told] = field(default_factory=list)
    of: dict[str, int] = field(default_factory=dict)

    def add(self, key: str) -> None:
        new = Told.of(self.known[key])
        found = nearest(new.keys, self.holders, self.of)
        scores = [self.measure.of(new, self.put[at]) for at in found]
        place = choose(scores, self.measure.threshold)
        self.of[key] = self._begin(key, new) if place is None else self._join(key, found[place])
        for term in new.keys:
            self.holders[term].append(key)
        for at in rivals(scores, place, self.measure.threshold) if place is not None else ():
            self._unite(self.of[key], found[at])

    def _begin(self, key: str, new: Told) -> int:
        self.groups.append([key])
        self.put.append(new)
        return len(self.groups) - 1

    def _join(self, key: str, group: int) -> int:
        self.groups[group].append(key)
        self.put[group] = self._together(group)
        return group

    def _together(self, group: int) -> Told:
        return together([self.known[key] for key in self.groups[group][-MEMBERS:]])

    def _unite(self, one: int, other: int) -> None:
        mine, theirs = ([Told.of(self.known[key]) for key in reversed(self.groups[at])] for at in (one, other))
        if are_one(mine, theirs, (self.put[one], self.put[other]), self.measure):
            self.of |= dict.fromkeys(self.groups[other], one)
            order = {key: number for number, key in enumerate(self.of)}
            self.groups[one] = sorted(self.groups[one] + self.groups[other], key=order.__getitem__)
            self.put[one] = self._together(one)


def cluster(keys: Sequence[str], known: dict[str, Traits], measure: Measure) -> dict[str, int]:
    """Online, as the desk does: few stories are looked at, found by their articles' weightiest terms."""
    filed = Filed(known, measure)
    for key in keys:
        filed.add(key)
    return filed.of


def _plain(keys: Sequence[str], known: dict[str, Traits]) -> dict[str, int]:
    """Against every story, by the mean cosine of all words with its last articles."""
    groups: list[list[str]] = []
    for key in keys:
        told = known[key].terms
        likest, at = max(((_likeness(told, group, known), at) for at, group in enumerate(groups)), default=(0.0, 0))
        if likest < PLAIN:
            groups.append([key])
        else:
            groups[at].append(key)
    return {key: at for at, group in enumerate(groups) for key in group}


def _likeness(told: Weights, group: Sequence[str], known: dict[str, Traits]) -> float:
    others = [known[key].terms for key in group[-MEMBERS:]]
    return sum(weight * other.get(term, 0.0) for other in others for term, weight in told.items()) / len(others)


def bcubed(reports: Sequence[Report], of: dict[str, int]) -> dict[str, float]:
    """Mean over articles of how much of its group is of its event, and of its event in its group."""
    groups, events = Counter(of[item.key] for item in reports), Counter(item.event for item in reports)
    both = Counter((of[item.key], item.event) for item in reports)
    right = [both[of[item.key], item.event] for item in reports]
    precise = sum(n / groups[of[item.key]] for n, item in zip(right, reports, strict=True)) / len(reports)
    recall = sum(n / events[item.event] for n, item in zip(right, reports, strict=True)) / len(reports)
    return {"f1": round(_f1(precise, recall), 3), "precision": round(precise, 3), "recall": round(recall, 3)}


def _f1(precise: float, recall: float) -> float:
    return 2 * precise * recall / (precise + recall) if precise + recall else 0.0


def precision(pairs: Sequence[Pair], of: dict[str, int]) -> dict[str, Any]:
    """Of the pairs that were joined, those that are one event; and how many were wrong, by kind."""
    joined = [pair for pair in pairs if of[pair.one] == of[pair.other]]
    wrong = Counter(pair.kind for pair in joined if not pair.same)
    right = sum(pair.same for pair in joined)
    return {"pair_precision": round(right / max(1, len(joined)), 3), "right": right, "wrong": dict(wrong)}


def cross_validated(
    reports: Sequence[Report], pairs: Sequence[Pair], known: dict[str, Traits], orders: int = ORDERS
) -> dict[str, Any]:
    """Each fifth of the kinds of events by what was learnt from the others: at the threshold, and the curve."""
    told = [item for item in reports if item.event]
    first = apart(pairs)
    kind_of = {item.key: item.topic or first.get(item.key, item.key) for item in reports}
    fold = _folds(set(kind_of.values()))
    measures = _learnt(cases(told, known) + apart_cases(pairs, known), fold)
    curve = []
    for threshold in sorted({*CURVE, MEASURE.threshold}):
        rows = []
        for order in range(orders):
            of: dict[str, int] = {}
            for number, measure in enumerate(measures):
                mine = [item.key for item in _ordered(reports, order) if fold[kind_of[item.key]] == number]
                found = cluster(mine, known, replace(measure, threshold=threshold))
                of |= {key: group + number * 10_000 for key, group in found.items()}
            rows.append(bcubed(told, of) | precision(pairs, of))
        mean = {name: round(sum(row[name] for row in rows) / orders, 3) for name in ("f1", "pair_precision")}
        each = [f"{row['f1']}/{row['pair_precision']}" for row in rows]
        curve.append({"threshold": threshold, "mean": mean, "corpus_order": rows[0], "orders": each})
    return {"curve": curve}


def _folds(kinds: set[str]) -> dict[str, int]:
    """By luck that depends on names alone."""
    return {kind: number % FOLDS for number, kind in enumerate(sorted(kinds, key=lambda kind: crc32(kind.encode())))}


def _ordered(told: Sequence[Report], order: int) -> list[Report]:
    """The corpus's own order is 0."""
    shuffled = list(told)
    if order:
        random.Random(order).shuffle(shuffled)
    return shuffled


def _learnt(every: Sequence[Case], fold: dict[str, int]) -> list[Measure]:
    return [
        Measure.made(
            *learn([case for case in every if all(fold[kind] != number for kind in case.topics)]), MEASURE.threshold
        )
        for number in range(FOLDS)
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--orders", type=int, default=ORDERS)
    arguments = parser.parse_args()
    print(json.dumps(run(arguments.data, orders=arguments.orders)))
