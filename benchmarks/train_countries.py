"""Learn ingest/learnt_countries.npz, the optional tagger of countries; report micro F1 on articles not learnt from.

    python -m benchmarks.train_countries [--data FOLDER] [--out ingest/learnt_countries.npz] [--folds 5]

From `places` of Reuters-21578: the words of an article, those of its dateline, and what the rules weigh for each
country. Countries with few articles are left to the rules, in what is reported too.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.linear import Features, Size, Target, train
from benchmarks.reuters import DATA, Wire, micro_f1, read_reuters
from ingest.geography import countries
from ingest.learnt import COUNTRIES, country_features
from ingest.linear import LinearModel, save
from ingest.topics import Matcher

SIZE = Size(words=5_000, smallest=8)
SEED = 0
LEAST_ARTICLES = 5


@dataclass(frozen=True, slots=True)
class Example:
    """`ruled`: the countries by rules."""

    found: Features
    places: frozenset[str]
    ruled: frozenset[str]


def examples(wires: Iterable[Wire]) -> list[Example]:
    rules = Matcher((), places=countries().values())
    return [_example(wire, rules) for wire in wires]


def _example(wire: Wire, rules: Matcher) -> Example:
    text = wire.headline, wire.paragraphs, wire.dateline
    return Example(country_features(*text), wire.places, frozenset(rules.weigh(*text).places))


def learn(given: Sequence[Example]) -> LinearModel:
    often = Counter(place for one in given for place in one.places)
    labels = sorted(place for place, times in often.items() if times >= LEAST_ARTICLES and place in countries())
    counts = np.ones(len(given), dtype=np.float32)
    targets = [Target(label, np.array([label in one.places for one in given]), counts) for label in labels]
    return train([one.found for one in given], targets, SIZE)


def places_of(model: LinearModel, one: Example) -> frozenset[str]:
    return frozenset(model.scores(model.vector(one.found))) | (one.ruled - set(model.labels))


def crossed(given: Sequence[Example], folds: int) -> Iterator[tuple[Example, frozenset[str]]]:
    """Each article with what a model says that has not seen it."""
    fold = np.random.default_rng(SEED).integers(0, folds, len(given))
    for number in range(folds):
        model = learn([one for one, of in zip(given, fold, strict=True) if of != number])
        yield from ((one, places_of(model, one)) for one, of in zip(given, fold, strict=True) if of == number)


def main(data: Path, out: Path, folds: int) -> None:
    given = examples(read_reuters(data))
    model = learn(given)
    save(model, out)
    print(json.dumps({"labels": len(model.labels), "bytes": out.stat().st_size}))
    if folds > 1:
        pairs = [(found, one.places) for one, found in crossed(given, folds)]
        print(json.dumps({"folds": folds, "f1": round(micro_f1(pairs), 4)}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--out", type=Path, default=COUNTRIES)
    parser.add_argument("--folds", type=int, default=5)
    given = parser.parse_args()
    main(given.data, given.out, given.folds)
