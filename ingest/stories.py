"""Which articles tell of one event. Pure.

An article is held against the story's last MEMBERS articles, put together: how like it is to them, and whether it is as
like as they are among themselves; how much of what is central to either the other lacks; whether their figures, years
and days agree. Two events of a kind (two crashes, two elections) share words but not the names of whom they are about.
What each of these says is learnt from pairs (benchmarks/train_stories.py) and added up; there is one threshold for all.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from ingest.traits import Traits, Weights

MEMBERS = 20
VOICES = 8  # articles of each story that are heard on whether two stories are one
KINDS = ("terms", "names", "lead", "actors")
CORES = (12, 8, 8, 5)  # of each kind the weightiest, which an article is about

Steps = tuple[tuple[float, ...], tuple[float, ...]]  # edges, and what is worth what lies under, between and over them
Core = tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class Told:
    """One article, or several put together: `sums` of weights by kind, `cohesion`: how like they are by kind."""

    count: int
    sums: tuple[Weights, ...]
    cores: tuple[Core, ...]
    cohesion: tuple[float, ...]
    known: frozenset[int]
    figures: frozenset[int]
    years: frozenset[int]
    days: frozenset[int]
    length: int
    keys: tuple[int, ...]

    @classmethod
    def of(cls, given: Traits) -> "Told":
        return together([given])


def together(members: Sequence[Traits]) -> Told:
    sums = tuple(_sum([getattr(item, kind) for item in members]) for kind in KINDS)
    return Told(
        count=len(members),
        sums=sums,
        cores=tuple(_core(total, most) for total, most in zip(sums, CORES, strict=True)),
        cohesion=tuple(
            _cohesion(total, sum(bool(getattr(item, kind)) for item in members), len(members))
            for total, kind in zip(sums, KINDS, strict=True)
        ),
        known=frozenset().union(*sums),
        figures=frozenset().union(*(item.figures for item in members)),
        years=frozenset().union(*(item.years for item in members)),
        days=frozenset().union(*(item.days for item in members)),
        length=members[0].length,
        keys=members[0].keys,
    )


def _sum(several: Sequence[Weights]) -> Weights:
    if len(several) == 1:
        return several[0]
    total: dict[int, float] = {}
    for weights in several:
        for term, weight in weights.items():
            total[term] = total.get(term, 0.0) + weight
    return total


def _cohesion(total: Weights, whole: int, count: int) -> float:
    """The mean likeness of two different members, by the length of their sum; `whole`: how many have this kind."""
    if count == 1:
        return 0.0
    return (math.fsum(weight * weight for weight in total.values()) - whole) / (count * (count - 1))


def _core(weights: Weights, most: int) -> Core:
    return tuple(sorted(weights.items(), key=lambda item: (-item[1], item[0]))[:most])


def evidence(new: Told, story: Told) -> dict[str, float]:
    """What speaks for and against the article's being of the story, what tells nothing is left out."""
    found: dict[str, float] = {}
    for place, kind in enumerate(KINDS):
        like = _dot(new.sums[place], story.sums[place]) / story.count
        lacks = _lacking(new.cores[place], story.known), _lacking(story.cores[place], new.known)
        found |= {
            f"{kind} like": like,
            f"{kind} new": lacks[0],
            f"{kind} missing": lacks[1],
            f"{kind} both": min(lacks),
        }
        if story.count > 1:
            found[f"{kind} apart"] = story.cohesion[place] - like
    found["covered"] = _covered(new.sums[0], story.known)
    found["told"] = _covered(story.sums[0], new.known)
    found["articles"], found["words"] = math.log(story.count), math.log(new.length + 1)
    return found | _agreeing(new, story, (found["terms like"], found["lead like"]))


def _agreeing(new: Told, story: Told, likes: tuple[float, float]) -> dict[str, float]:
    """`form`: reports in a form have their words in common, and none of their figures."""
    found: dict[str, float] = {}
    if new.figures and story.figures:
        found["other figures"] = 1 - len(new.figures & story.figures) / len(new.figures)
        others = 1 - len(new.figures & story.figures) / min(len(new.figures), len(story.figures))
        found["form"], found["opening form"] = likes[0] * others, likes[1] * others
    if new.years and story.years:
        found["other years"] = float(new.years.isdisjoint(story.years))
    if new.days and story.days:
        found["other days"] = float(new.days.isdisjoint(story.days))
    return found


def _dot(one: Weights, other: Weights) -> float:
    if len(other) < len(one):
        one, other = other, one
    return sum([weight * other[term] for term, weight in one.items() if term in other])


def _lacking(core: Core, known: frozenset[int]) -> float:
    whole = sum([weight for _, weight in core])
    return sum([weight for term, weight in core if term not in known]) / whole if whole else 0.0


def _covered(weights: Weights, known: frozenset[int]) -> float:
    whole = sum(weights.values())
    return sum([weight for term, weight in weights.items() if term in known]) / whole if whole else 0.0


@dataclass(frozen=True, slots=True)
class Measure:
    """What evidence is worth, and how likely is likely enough: in natural logarithms of the odds."""

    steps: dict[str, Steps]
    bias: float
    threshold: float

    def of(self, new: Told, story: Told) -> float:
        """How likely the article is of the story."""
        found = evidence(new, story).items()
        return self.bias + math.fsum(_worth(self.steps[name], value) for name, value in found if name in self.steps)


def _learnt() -> Measure:
    """By benchmarks/train_stories.py: a line for each kind of evidence, edges | what lies between them is worth."""
    text = files("ingest").joinpath("story_weights.txt").read_text(encoding="utf-8")
    found = dict(line.split(": ") for line in text.splitlines())
    threshold, bias = float(found.pop("threshold")), float(found.pop("bias"))
    return Measure({name: _steps(numbers) for name, numbers in found.items()}, bias, threshold)


def _steps(numbers: str) -> Steps:
    edges, worth = (tuple(map(float, part.split())) for part in numbers.split("|"))
    return edges, worth


MEASURE = _learnt()


def _worth(steps: Steps, value: float) -> float:
    edges, worth = steps
    return worth[bisect_right(edges, value)]


# An article and stories


def choose(scores: Sequence[float], threshold: float = MEASURE.threshold) -> int | None:
    """The place of the likest story, if it is like enough; of equals the first."""
    best = max(range(len(scores)), key=lambda at: (scores[at], -at), default=None)
    return best if best is not None and scores[best] >= threshold else None


def rivals(scores: Sequence[float], chosen: int, threshold: float = MEASURE.threshold) -> list[int]:
    """The places of other stories that the article might be of as well: perhaps these and the chosen one are one."""
    likely = [at for at, number in enumerate(scores) if at != chosen and number >= threshold]
    return sorted(likely, key=lambda at: (-scores[at], at))


def are_one(one: Sequence[Told], other: Sequence[Told], whole: tuple[Told, Told], measure: Measure = MEASURE) -> bool:
    """Whether two stories are one: the articles of each are, on the mean, like enough to the other put together."""
    return all(
        math.fsum(measure.of(item, story) for item in voices) >= measure.threshold * len(voices)
        for voices, story in ((one[:VOICES], whole[1]), (other[:VOICES], whole[0]))
    )


def central(told: Sequence[Told]) -> int:
    """The place of the one that is most like all the others; of equals the first."""
    sums = [math.fsum(_dot(one.sums[0], other.sums[0]) for other in told) for one in told]
    return max(range(len(told)), key=lambda at: (round(sums[at], 6), -at))
