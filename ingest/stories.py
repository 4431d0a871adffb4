"""Which articles tell of one event. Pure.

An article is compared by its traits: its weightiest words, those of them that are names or figures, and those that
stand in its headline and first lines; rare words weigh more. It joins the story whose last MEMBERS articles, put
together, it is most like, where it is like enough: one threshold for all. Two events of a kind (two crashes,
two elections) share words but not names, and what is central to one is missing from the
other: that counts against joining.
"""

import math
import operator
import re
import struct
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from zlib import crc32

from summarizer.words import stems

MEMBERS = 20
KEYS = 12  # the weightiest terms, by which like articles are found
TERMS, NAMES, LEAD = 90, 40, 30
MOST_CHARACTERS, LEAD_CHARACTERS = 5_000, 350
CENTRAL = 8  # names, or words of the lead, that an article is about
_YEARS = range(1900, 2100)
_FIGURE = 0.5  # what a figure weighs beside a name
_HEADLINE = 2

_WORD = re.compile(r"[^\W_]+(?:[.,]\d+)*")
_NEW_SENTENCE = frozenset('.!?:"“”„«»`\n')

Weights = Mapping[int, float]

# Of `evidence`, in its order; learnt from all pairs of ECB+'s development half, as benchmarks/stories.py learns folds.
WEIGHTS = (6.582, 1.428, 5.225, -1.362, -1.966, 0.449, -0.061, 0.079, 1.388, -0.877)
BIAS = -3.811
THRESHOLD = 0.6


@dataclass(frozen=True, slots=True)
class Traits:
    """What of an article is compared: weights by term (a 32-bit number), each of length 1, and the years it names."""

    terms: Weights
    names: Weights
    lead: Weights
    years: frozenset[int]

    @property
    def keys(self) -> tuple[int, ...]:
        """The terms by which articles like it are found, weightiest first; names count double."""
        strength = {term: weight + self.names.get(term, 0.0) for term, weight in self.terms.items()}
        return tuple(sorted(strength, key=lambda term: (-strength[term], term))[:KEYS])


def traits(headline: str, paragraphs: Sequence[str], language: str) -> Traits:
    """Some tenths of a millisecond. `language`: ISO 639-1."""
    body = "\n".join(paragraphs)[:MOST_CHARACTERS]
    rarity = _rarity(language)
    head = stems(headline, language)
    counts = Counter(stems(body, language))
    counts.update(head * _HEADLINE)
    lead = Counter([*head, *stems(body[:LEAD_CHARACTERS], language)])
    named = _names(body, language)
    return Traits(
        terms=_unit({stem: (1 + math.log(count)) * rarity(stem) for stem, count in counts.items()}, TERMS),
        names=_unit({stem: (1 + math.log(count)) * _name_weight(stem, rarity) for stem, count in named.items()}, NAMES),
        lead=_unit({stem: (1 + math.log(count)) * rarity(stem) for stem, count in lead.items()}, LEAD),
        years=frozenset(int(word) for word in named if len(word) == 4 and word.isdecimal() and int(word) in _YEARS),  # noqa: PLR2004
    )


def _name_weight(stem: str, rarity: "_Rarity") -> float:
    return rarity(stem) * (_FIGURE if stem[0].isdigit() else 1.0)


def _names(text: str, language: str) -> Counter[str]:
    """Stems of what is written with a capital inside a sentence, and figures."""
    found: list[str] = []
    end, gap = 0, "\n"
    for match in _WORD.finditer(text):
        gap = text[end : match.start()] if end else "\n"
        end, word = match.end(), match[0]
        if word[0].isdigit() or (len(word) > 1 and word[0].isupper() and _NEW_SENTENCE.isdisjoint(gap)):
            found.append(word)
    return Counter(stems(" ".join(found), language))


def _unit(weights: Mapping[str, float], most: int) -> dict[int, float]:
    """The weightiest, together of length 1."""
    kept = sorted(weights.items(), key=lambda item: (-item[1], item[0]))[:most]
    norm = math.sqrt(math.fsum(weight * weight for _, weight in kept)) or 1.0
    return {_term(stem): weight / norm for stem, weight in kept if weight > 0}


@lru_cache(maxsize=100_000)
def _term(stem: str) -> int:
    return crc32(stem.encode("utf-8", "surrogatepass"))


class _Rarity:
    """How much a stem tells: rare ones more. Where a language was not counted all tell the same."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        self._weights = weights
        self._other = weights.get("*", 1.0)

    def __call__(self, stem: str) -> float:
        return self._weights.get(stem, self._other)


@lru_cache
def _rarity(language: str) -> _Rarity:
    return _Rarity(_counted().get(language, {}))


@lru_cache(maxsize=1)
def _counted() -> dict[str, dict[str, float]]:
    """By benchmarks/train_words.py."""
    found: dict[str, dict[str, float]] = {}
    for line in files("ingest").joinpath("word_counts.txt").read_text(encoding="utf-8").splitlines():
        language, weight, *known = line.split(" ")
        found.setdefault(language, {}).update(dict.fromkeys(known, float(weight)))
    return found


# Two articles


@dataclass(frozen=True, slots=True)
class Compared:
    """Traits with what is central to them: (term, weight) of the weightiest names, and of the lead."""

    traits: Traits
    names: tuple[tuple[int, float], ...]
    lead: tuple[tuple[int, float], ...]
    terms: tuple[tuple[int, float], ...]
    known: frozenset[int]

    @classmethod
    def of(cls, given: Traits) -> "Compared":
        known = frozenset(given.terms) | frozenset(given.names) | frozenset(given.lead)
        named, lead = _core(given.names or given.terms, CENTRAL), _core(given.lead, CENTRAL)
        return cls(given, named, lead, _core(given.terms, KEYS), known)


def _core(weights: Weights, most: int) -> tuple[tuple[int, float], ...]:
    return tuple(sorted(weights.items(), key=lambda item: (-item[1], item[0]))[:most])


def evidence(one: Compared, other: Compared) -> tuple[float, ...]:
    """What speaks for and against their telling of one event, in the order of WEIGHTS."""
    mine, theirs = one.traits, other.traits
    terms = _dot(mine.terms, theirs.terms)
    names = _dot(mine.names, theirs.names) if mine.names and theirs.names else terms
    return (terms, names, _dot(mine.lead, theirs.lead), *_missing(one, other), _years_apart(mine, theirs))


def sameness(one: Compared, other: Compared) -> float:
    """How likely two articles tell of one event, 0 to 1, by weights learnt from pairs (benchmarks/stories.py)."""
    return 1 / (1 + math.exp(-BIAS - math.fsum(map(operator.mul, WEIGHTS, evidence(one, other)))))


def _missing(one: Compared, other: Compared) -> tuple[float, ...]:
    """Of what is central to either the share that the other has not: the larger and the smaller, of each kind."""
    found: list[float] = []
    for mine, theirs in ((one.names, other.names), (one.lead, other.lead), (one.terms, other.terms)):
        shares = (_lacking(mine, other.known), _lacking(theirs, one.known))
        found += [max(shares), min(shares)]
    return tuple(found)


def _lacking(core: Sequence[tuple[int, float]], known: frozenset[int]) -> float:
    whole = lacking = 0.0
    for term, weight in core:
        whole += weight
        if term not in known:
            lacking += weight
    return lacking / whole if whole else 0.0


def _years_apart(one: Traits, other: Traits) -> float:
    return float(bool(one.years and other.years and not one.years & other.years))


def _dot(one: Weights, other: Weights) -> float:
    if len(other) < len(one):
        one, other = other, one
    return sum([weight * other[term] for term, weight in one.items() if term in other])


# An article and stories


def choose(new: Compared, stories: Sequence[Sequence[Compared]]) -> int | None:
    """Which of the stories (their last articles, at most MEMBERS) the article is of: the likest, if like enough."""
    scores = [sameness(new, together(members)) for members in stories]
    best = max(range(len(scores)), key=lambda at: (scores[at], -at), default=None)
    return best if best is not None and scores[best] >= THRESHOLD else None


def together(members: Sequence[Compared]) -> Compared:
    """Several articles as one: what most of them share weighs most in it."""
    if len(members) == 1:
        return members[0]
    told = [item.traits for item in members]
    summed = Traits(
        terms=_mean([item.terms for item in told]),
        names=_mean([item.names for item in told]),
        lead=_mean([item.lead for item in told]),
        years=frozenset().union(*(item.years for item in told)),
    )
    return Compared.of(summed)


def _mean(several: Sequence[Weights]) -> dict[int, float]:
    total: dict[int, float] = {}
    for weights in several:
        for term, weight in weights.items():
            total[term] = total.get(term, 0.0) + weight
    norm = math.sqrt(math.fsum(weight * weight for weight in total.values())) or 1.0
    return {term: weight / norm for term, weight in total.items()}


def central(told: Sequence[Compared]) -> int:
    """The place of the one that is most like all the others; of equals the first."""
    sums = [math.fsum(sameness(one, other) for other in told) for one in told]
    return max(range(len(told)), key=lambda at: (round(sums[at], 6), -at))


# In a row of the database

_HEAD = struct.Struct("<BB")
_YEAR, _ENTRY = struct.Struct("<H"), struct.Struct("<IBBB")
_STEPS = 255


def pack(given: Traits) -> bytes:
    """Some hundreds of bytes; weights lose what is under a 255th."""
    years = sorted(given.years)[:_STEPS]
    terms = sorted(given.terms.keys() | given.names.keys() | given.lead.keys())[:_STEPS]
    rows = (_ENTRY.pack(term, *(_step(kind.get(term, 0.0)) for kind in _kinds(given))) for term in terms)
    return b"".join([_HEAD.pack(len(years), len(terms)), *map(_YEAR.pack, years), *rows])


def _step(weight: float) -> int:
    return math.ceil(weight * _STEPS) if weight > 0 else 0


def _kinds(given: Traits) -> tuple[Weights, Weights, Weights]:
    return given.terms, given.names, given.lead


def unpack(data: bytes) -> Traits:
    years, _ = _HEAD.unpack_from(data)
    begin = _HEAD.size + years * _YEAR.size
    rows = list(_ENTRY.iter_unpack(data[begin:]))
    terms, names, lead = ({row[0]: row[kind] / _STEPS for row in rows if row[kind]} for kind in (1, 2, 3))
    named = frozenset(_YEAR.unpack_from(data, _HEAD.size + at * _YEAR.size)[0] for at in range(years))
    return Traits(terms, names, lead, named)
