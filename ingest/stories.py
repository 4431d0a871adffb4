"""Which articles tell of one event. Pure.

What an article's evidence (ingest.evidence) is worth is learnt from pairs (benchmarks/train_stories.py) by small trees
of two questions each, and added up; there is one threshold for all.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import NamedTuple

from ingest.evidence import Told, dot, evidence, summed

VOICES = 8  # articles of each story that are heard on whether two stories are one
SLACK = 1.5  # what the larger of two stories may be less sure of that, in log odds


class Ask(NamedTuple):
    """Is it under the edge? `bare`: what is answered where the evidence tells nothing."""

    name: str
    edge: float
    bare: bool


class Tree(NamedTuple):
    """A question, the next where it is under and where it is not, and what the four answers are worth."""

    first: Ask
    under: Ask
    over: Ask
    worth: tuple[float, float, float, float]


# A tree, flat: what it asks (place and edge, three times), and what the four answers are worth.
Row = tuple[int, float, int, float, int, float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class Measure:
    """What evidence is worth, and how likely is likely enough: in natural logarithms of the odds.

    `rows` have the places of `names`; beyond their number those of a question that nothing told answers with over.
    """

    names: tuple[str, ...]
    rows: tuple[Row, ...]
    bias: float
    threshold: float

    @classmethod
    def made(cls, trees: Sequence[Tree], bias: float, threshold: float) -> "Measure":
        names = tuple(sorted({ask.name for tree in trees for ask in tree[:3]}))
        place = {name: at for at, name in enumerate(names)}

        def flat(ask: Ask) -> tuple[int, float]:
            return place[ask.name] + (0 if ask.bare else len(names)), ask.edge

        rows = ((*flat(tree.first), *flat(tree.under), *flat(tree.over), *tree.worth) for tree in trees)
        return cls(names, tuple(rows), bias, threshold)

    def of(self, new: Told, story: Told) -> float:
        """How likely the article is of the story."""
        return self.worth(evidence(new, story))

    def worth(self, found: Mapping[str, float]) -> float:
        told = [found.get(name, bare) for bare in (-math.inf, math.inf) for name in self.names]
        return self.bias + math.fsum([
            (a if told[under] < one else b) if told[first] < edge else (c if told[over] < other else d)
            for first, edge, under, one, over, other, a, b, c, d in self.rows
        ])  # fmt: skip

    def of_all(self, voices: Sequence[Told], story: Told) -> float:
        """How likely they are of it, on the mean."""
        return math.fsum(self.of(voice, story) for voice in voices) / len(voices)


def _learnt() -> Measure:
    """By benchmarks/train_stories.py: a line for each tree, what it asks | what the answers are worth."""
    text = files("ingest").joinpath("story_weights.txt").read_text(encoding="utf-8")
    threshold, bias, *lines = text.splitlines()
    return Measure.made(list(map(_tree, lines)), float(bias.split()[-1]), float(threshold.split()[-1]))


def _tree(line: str) -> Tree:
    asks, worth = line.split(" | ")
    first, under, over = map(_ask, asks.split("; "))
    a, b, c, d = map(float, worth.split())
    return Tree(first, under, over, (a, b, c, d))


def _ask(words: str) -> Ask:
    """As in "lead like < 0.3" or, where nothing told counts as under, "lead like <? 0.3"."""
    name, sign, edge = words.rsplit(" ", 2)
    return Ask(name, float(edge), sign == "<?")


MEASURE = _learnt()


# An article and stories


def choose(scores: Sequence[float], threshold: float = MEASURE.threshold) -> int | None:
    """The place of the likest story, if it is like enough; of equals the first."""
    best = max(range(len(scores)), key=lambda at: (scores[at], -at), default=None)
    return best if best is not None and scores[best] >= threshold else None


def rivals(scores: Sequence[float], chosen: int, threshold: float = MEASURE.threshold) -> list[int]:
    """The places of other stories that the article might be of as well: perhaps these and the chosen one are one."""
    likely = [at for at, number in enumerate(scores) if at != chosen and number >= threshold - SLACK]
    return sorted(likely, key=lambda at: (-scores[at], at))


def are_one(one: Sequence[Told], other: Sequence[Told], whole: tuple[Told, Told], measure: Measure = MEASURE) -> bool:
    """Whether two stories are one: the smaller's articles are, on the mean, like enough to the larger put together.

    The larger's must not be much less so: an article alone is no measure of many, but two events share some articles.
    """
    small, large = (one, whole[0]), (other, whole[1])
    if len(one) > len(other):
        small, large = large, small
    return (
        measure.of_all(small[0][:VOICES], large[1]) >= measure.threshold
        and measure.of_all(large[0][:VOICES], small[1]) >= measure.threshold - SLACK
    )


def central(told: Sequence[Told]) -> int:
    """The place of the one that is most like all; of equals the first."""
    every = summed([one.sums[0] for one in told])
    return max(range(len(told)), key=lambda at: (round(dot(told[at].sums[0], every), 6), -at))
