"""What speaks for and against an article's being of the same event as others. Pure.

The article is held against a story's last MEMBERS articles, put together: how like it is to them, to the nearest and
the farthest of them, and whether it is as like as they are among themselves; how much of what is central to either the
other lacks; whether their figures, years, days, weekdays and months agree, those of the first lines above all. Two
events of a kind (two crashes, two elections) share words but not the names of whom they are about; reports in a form or
a series share headline and words, but no figures.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from ingest.traits import Traits, Weights, calendar_terms

MEMBERS = 20
KINDS = ("terms", "names", "lead", "actors")
CORES = (12, 8, 8, 5)  # of each kind the weightiest, which an article is about
RANKED = {"terms": 0, "lead": 2}  # places of kinds of which each article's likeness to the others is looked at
FEWEST_RANKED = 3  # articles

Core = tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class Told:
    """One article, or several put together.

    `sums` of weights by kind, `cohesion`: how like they are by kind; `least`: likeness to the others of the one that is
    least like them, by kinds RANKED, empty for fewer than FEWEST_RANKED. `known`: all their terms. `openings`: figures
    of their first lines, `weekdays` there, `months` anywhere: by how many tell them.
    """

    members: tuple[Traits, ...]
    sums: tuple[Weights, ...]
    cores: tuple[Core, ...]
    cohesion: tuple[float, ...]
    least: Mapping[str, float]
    known: frozenset[int]
    figures: frozenset[int]
    years: frozenset[int]
    days: frozenset[int]
    openings: Counter[int]
    weekdays: Counter[int]
    months: Counter[int]

    @classmethod
    def of(cls, given: Traits) -> "Told":
        return together([given])

    @property
    def count(self) -> int:
        return len(self.members)

    @property
    def keys(self) -> tuple[int, ...]:
        return self.members[0].keys


def together(members: Sequence[Traits]) -> Told:
    sums = tuple(summed([getattr(item, kind) for item in members]) for kind in KINDS)
    weekdays, months = calendar_terms()
    return Told(
        members=tuple(members),
        sums=sums,
        cores=tuple(_core(total, most) for total, most in zip(sums, CORES, strict=True)),
        cohesion=tuple(
            _cohesion(total, sum(bool(getattr(item, kind)) for item in members), len(members))
            for total, kind in zip(sums, KINDS, strict=True)
        ),
        least={kind: _least([getattr(item, kind) for item in members], sums[at]) for kind, at in RANKED.items()}
        if len(members) >= FEWEST_RANKED
        else {},
        known=frozenset().union(*sums),
        figures=_all(item.figures for item in members),
        years=_all(item.years for item in members),
        days=_all(item.days for item in members),
        openings=_tellers(item.figures & item.lead.keys() for item in members),
        weekdays=_tellers(weekdays & item.lead.keys() for item in members),
        months=_tellers(months & item.terms.keys() for item in members),
    )


def summed(several: Sequence[Weights]) -> Weights:
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


def _least(several: Sequence[Weights], total: Weights) -> float:
    return min((dot(one, total) - 1) / (len(several) - 1) for one in several)


def _all(several: Iterable[frozenset[int]]) -> frozenset[int]:
    return frozenset().union(*several)


def _tellers(several: Iterable[Set[int]]) -> Counter[int]:
    return Counter(item for each in several for item in each)


def dot(one: Weights, other: Weights) -> float:
    if len(other) < len(one):
        one, other = other, one
    return sum([weight * other[term] for term, weight in one.items() if term in other])


# Of an article and a story


def evidence(new: Told, story: Told) -> dict[str, float]:
    """By kind of evidence; what tells nothing is left out. `new` is one article."""
    found: dict[str, float] = {}
    likes = [dot(mine, theirs) / story.count for mine, theirs in zip(new.sums, story.sums, strict=True)]
    for place, kind in enumerate(KINDS):
        lacks = _lacking(new.cores[place], story.known), _lacking(story.cores[place], new.known)
        found |= {
            f"{kind} like": likes[place],
            f"{kind} new": lacks[0],
            f"{kind} missing": lacks[1],
            f"{kind} both": min(lacks),
        }
        if story.count > 1:
            found[f"{kind} apart"] = story.cohesion[place] - likes[place]
    for kind, least in story.least.items():
        found[f"{kind} least"] = likes[RANKED[kind]] - least
    found["covered"] = _covered(new.sums[0], story.known)
    found["told"] = _covered(story.sums[0], new.known)
    found["articles"], found["words"] = math.log(story.count), math.log(new.members[0].length + 1)
    found |= _nearest(new, story, likes)
    likest = likes[0], likes[2], found["terms nearest"]
    return found | _dated(new, story) | _figures(new, story) | _forms(new, story, likest)


def _lacking(core: Core, known: frozenset[int]) -> float:
    whole = sum([weight for _, weight in core])
    return sum([weight for term, weight in core if term not in known]) / whole if whole else 0.0


def _covered(weights: Weights, known: frozenset[int]) -> float:
    whole = sum(weights.values())
    return sum([weight for term, weight in weights.items() if term in known]) / whole if whole else 0.0


def _nearest(new: Told, story: Told, likes: Sequence[float]) -> dict[str, float]:
    if story.count == 1:
        return {"terms nearest": likes[0], "terms farthest": likes[0], "lead nearest": likes[2]}
    terms = [dot(new.sums[0], item.terms) for item in story.members]
    lead = [dot(new.sums[2], item.lead) for item in story.members]
    return {"terms nearest": max(terms), "terms farthest": min(terms), "lead nearest": max(lead)}


def _dated(new: Told, story: Told) -> dict[str, float]:
    pairs: dict[str, tuple[Set[int], Set[int]]] = {
        "other years": (new.years, story.years),
        "other days": (new.days, story.days),
        "other weekdays": (new.weekdays.keys(), story.weekdays.keys()),
        "other months": (new.months.keys(), story.months.keys()),
    }
    found = {name: float(one.isdisjoint(other)) for name, (one, other) in pairs.items() if one and other}
    if new.weekdays and story.weekdays:
        found["weekdays told"] = _told(story.weekdays, new.weekdays.keys())
    return found


def _told(tellers: Counter[int], by: Set[int]) -> float:
    return sum(count for item, count in tellers.items() if item in by) / tellers.total()


def _figures(new: Told, story: Told) -> dict[str, float]:
    found: dict[str, float] = {}
    if new.figures and story.figures:
        found["other figures"] = 1 - len(new.figures & story.figures) / len(new.figures)
    if new.openings and story.figures:
        found["opening figures new"] = 1 - _told(new.openings, story.figures)
    if story.openings and new.figures:
        found["opening figures missing"] = 1 - _told(story.openings, new.figures)
    if new.openings and story.openings:
        found["other opening figures"] = float(new.openings.keys().isdisjoint(story.openings))
    return found


def _forms(new: Told, story: Told, likes: tuple[float, float, float]) -> dict[str, float]:
    """Reports in a form have their words or their headline in common, and none of their figures."""
    mine = new.members[0].headline
    found = {"headline": max(_overlap(mine, item.headline) for item in story.members)} if mine else {}
    if not (new.figures and story.figures):
        return found
    others = 1 - len(new.figures & story.figures) / min(len(new.figures), len(story.figures))
    found |= {f"{name}form": like * others for name, like in zip(("", "opening ", "nearest "), likes, strict=True)}
    if mine:
        found["headline form"] = found["headline"] * others
    return found


def _overlap(one: frozenset[int], other: frozenset[int]) -> float:
    return len(one & other) / max(1, len(one | other))
