"""Learn ingest/story_weights.txt from ECB+ and Reuters: what evidence is worth for one event, and against it.

    python -m benchmarks.train_stories [--data FOLDER] > ingest/story_weights.txt

An article of the corpus, in a shuffled order, is held against the stories told so far that it might be of, its own and
the other of its kind among them, each cut to some of its articles; and pairs of Reuters reports in a form or series
are no event. Trees are grown by benchmarks/story_trees.py. The same bytes every time. About two minutes.
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
from benchmarks.story_trees import grow
from ingest.evidence import KINDS, Told, evidence, together
from ingest.stories import Tree
from ingest.traits import Traits, pack, traits, unpack

SHUFFLES = 8
HOLDERS, NEAREST = 40, 6  # as storage.stories looks for candidates
UNLIKE = 0.3  # what a story of another kind of event weighs beside the other of the same kind
UNLIKE_FORM = 0.5  # what two reports in a form weigh
CUT = 0.6  # how many stories are cut
THRESHOLD = 2.5
# Which way each kind speaks: 1: the more, the likelier one event; -1: the more, the less; 0: either.
MEANING: dict[str, int] = {
    **{f"{kind} like": 1 for kind in KINDS},
    **{f"{kind} {what}": -1 for kind in KINDS for what in ("new", "missing", "both", "apart")},
    **{f"{kind} {what}": 1 for kind in ("terms", "lead") for what in ("least", "nearest")},
    **dict.fromkeys(("terms farthest", "covered", "told", "weekdays told"), 1),
    **{f"other {what}": -1 for what in ("figures", "opening figures", "years", "days", "weekdays", "months")},
    **dict.fromkeys(("opening figures new", "opening figures missing"), -1),
    **dict.fromkeys(("form", "opening form", "nearest form", "headline form"), -1),
    **dict.fromkeys(("articles", "words", "headline"), 0),
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


def learn(given: Sequence[Case]) -> tuple[tuple[Tree, ...], float]:
    """Trees, and what they begin from."""
    same, weight = np.array([float(case.same) for case in given]), np.array([case.weight for case in given])
    trees, bias = grow([case.found for case in given], same, weight, MEANING)
    return tuple(trees), bias


def lines(trees: Sequence[Tree], bias: float) -> Iterator[str]:
    """As ingest.stories reads them: what is asked | what the answers are worth."""
    yield f"threshold {THRESHOLD}"
    yield f"bias {bias:.3f}"
    for tree in trees:
        asks = "; ".join(f"{name} {'<?' if bare else '<'} {edge:g}" for name, edge, bare in tree[:3])
        yield f"{asks} | " + " ".join(f"{number:g}" for number in tree.worth)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    reports, pairs = near_misses(parser.parse_args().data)
    known = read(reports)
    every = cases([item for item in reports if item.event], known) + apart_cases(pairs, known)
    print("\n".join(lines(*learn(every))))
