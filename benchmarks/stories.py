"""How well articles find their stories: B-cubed on ECB+, and the precision of pairs that are easily taken for one.

    python -m benchmarks.stories [--data FOLDER]

`cross_validated`: weights and threshold are learnt on four fifths of ECB+'s topics and tried on the fifth; `shipped`:
those in ingest/stories.py, learnt from all of it. Articles come in the corpus's order, in one window. Beside them a
plain baseline in the same run: the cosine of the same words alone, by average link.
"""

import argparse
import json
import math
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.near_misses import DATA, Pair, Report, ecb, near_misses
from ingest import stories
from ingest.stories import Compared, evidence, pack, together, traits, unpack

FOLDS = 5
THRESHOLDS = (0.4, 0.5, 0.6, 0.7, 0.8)
NEAREST = 6
HARD, EASY = 2.0, 0.03  # weights of pairs of one topic, and of two
Score = Callable[[Compared, Sequence[Compared]], float]


def run(data: Path = DATA, most: int | None = None) -> dict[str, Any]:
    """`most` reports of ECB+; None: all, and the other near misses."""
    reports, pairs = near_misses(data)
    if most is not None:
        reports, pairs = ecb(data)[:most], []
    begun = time.perf_counter()
    compared = {report.key: _compared(report) for report in reports}
    reading = time.perf_counter() - begun
    begun = time.perf_counter()
    groups = cluster([report.key for report in reports], compared, shipped, stories.THRESHOLD)
    grouping = time.perf_counter() - begun
    told = [report for report in reports if report.event]
    plain = cluster([report.key for report in told], compared, cosine, 0.2)
    return {
        "benchmark": "stories",
        "articles": len(reports),
        "traits_ms": round(1000 * reading / len(reports), 2),
        "choosing_ms": round(1000 * grouping / len(reports), 2),
        "shipped": bcubed(told, groups) | (precision(pairs, groups) if pairs else {}),
        "cross_validated": cross_validated(told, compared) if most is None else None,
        "plain_cosine": bcubed(told, plain),
    }


def _compared(report: Report) -> Compared:
    return Compared.of(unpack(pack(traits(report.headline, report.paragraphs, "en"))))


def shipped(new: Compared, members: Sequence[Compared]) -> float:
    return stories.sameness(new, together(members))


def cosine(new: Compared, members: Sequence[Compared]) -> float:
    return sum(evidence(new, member)[0] for member in members) / len(members)


def cluster(keys: Sequence[str], compared: dict[str, Compared], score: Score, threshold: float) -> dict[str, int]:
    """Online, as the desk does: few stories are looked at, found by their articles' weightiest terms."""
    holders: defaultdict[int, list[str]] = defaultdict(list)
    groups: list[list[str]] = []
    of: dict[str, int] = {}
    for key in keys:
        terms = compared[key].traits.keys
        shared = Counter(holder for term in terms for holder in holders[term][-40:])
        near = sorted(shared, key=lambda holder: -shared[holder])
        found = list(dict.fromkeys(of[holder] for holder in near))[:NEAREST]
        scores = {at: score(compared[key], [compared[one] for one in groups[at][-20:]]) for at in found}
        best = max(found, key=scores.__getitem__, default=None)
        if best is None or scores[best] < threshold:
            best = len(groups)
            groups.append([])
        groups[best].append(key)
        of[key] = best
        for term in terms:
            holders[term].append(key)
    return of


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


def cross_validated(reports: Sequence[Report], compared: dict[str, Compared]) -> dict[str, Any]:
    """Each fifth of the topics by what was learnt from the others."""
    topics = sorted({item.topic or "" for item in reports}, key=lambda topic: (int(topic) * 7919) % 104729)
    fold = {topic: number % FOLDS for number, topic in enumerate(topics)}
    values, same, folds = _pairs(reports, compared, fold)
    of: dict[str, int] = {}
    chosen = []
    for number in range(FOLDS):
        weights, bias = learn(*(array[(folds != number).all(axis=1)] for array in (values, same[:, 0], same[:, 1])))
        score = _scored(weights, bias)
        others = [item for item in reports if fold[item.topic or ""] != number]
        mine = [item.key for item in reports if fold[item.topic or ""] == number]
        threshold = max(THRESHOLDS, key=lambda at, others=others, score=score: _worth(others, compared, score, at))  # type: ignore[misc]
        chosen.append(threshold)
        of |= {key: group + number * 10_000 for key, group in cluster(mine, compared, score, threshold).items()}
    pairs = [
        Pair(one.key, other.key, one.event == other.event, "event" if one.event == other.event else "kind")
        for at, one in enumerate(reports)
        for other in reports[:at]
        if one.topic == other.topic
    ]
    return bcubed(reports, of) | precision(pairs, of) | {"thresholds": chosen}


def _worth(reports: Sequence[Report], compared: dict[str, Compared], score: Score, threshold: float) -> float:
    of = cluster([item.key for item in reports], compared, score, threshold)
    return bcubed(reports, of)["f1"]


def _scored(weights: Any, bias: float) -> Score:
    def score(new: Compared, members: Sequence[Compared]) -> float:
        return float(1 / (1 + math.exp(-bias - float(np.dot(weights, evidence(new, together(members)))))))

    return score


def _pairs(reports: Sequence[Report], compared: dict[str, Compared], fold: dict[str, int]) -> tuple[Any, Any, Any]:
    """Evidence of all pairs; whether they are one event, with the pair's weight; both articles' folds."""
    values, same, folds = [], [], []
    for at, one in enumerate(reports):
        for other in reports[:at]:
            values.append(evidence(compared[one.key], compared[other.key]))
            alike = one.event == other.event
            same.append((float(alike), 1.0 if alike else (HARD if one.topic == other.topic else EASY)))
            folds.append((fold[one.topic or ""], fold[other.topic or ""]))
    return np.array(values), np.array(same), np.array(folds)


def learn(values: Any, same: Any, weight: Any, *, ridge: float = 3.0) -> tuple[Any, float]:
    """Logistic regression by Newton's steps."""
    mean = np.average(values, axis=0, weights=weight)
    spread = np.sqrt(np.average((values - mean) ** 2, axis=0, weights=weight)) + 1e-9
    scaled = np.c_[(values - mean) / spread, np.ones(len(values))]
    found = np.zeros(scaled.shape[1])
    penalty = ridge * np.eye(len(found))
    penalty[-1, -1] = 0
    for _ in range(20):
        likely = 1 / (1 + np.exp(-np.clip(scaled @ found, -30, 30)))
        slope = scaled.T @ (weight * (same - likely)) - penalty @ found
        curve = (scaled * (weight * likely * (1 - likely))[:, None]).T @ scaled + penalty
        found = found + np.linalg.solve(curve, slope)
    weights = found[:-1] / spread
    return weights, float(found[-1] - weights @ mean)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    print(json.dumps(run(parser.parse_args().data)))
