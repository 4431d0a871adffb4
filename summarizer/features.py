"""What `auto` sees of a sentence, most of it relative to its article.

Everything is counted in one pass over the article's stems, so time grows with the number of words (but for a ranking
and a median, which sort the sentences). Sums go over stems in reading order, never over sets: their order changes
from process to process, and with it the last digit.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from summarizer.guards import Fault, Judged

GROUPS: Mapping[str, tuple[str, ...]] = {
    "place": ("place", "first", "depth", "ending"),
    "length": ("words", "words_squared", "over_25_words", "over_35_words", "under_8_words", "relative_length"),
    "centrality": ("recurring", "recurring_relative", "density_relative", "density_rank"),
    "directed centrality": ("ahead", "ahead_relative", "ahead_less_behind", "behind_relative"),
    "headline": ("headline",),
    "lead": ("lead_words",),
    "entities": ("recurring_names", "names"),
    "figures": ("has_figure", "figures"),
    "quotation": ("quoted", "opens_quoting", "all_quoted"),
    "voice": ("first_person", "colon", "awkward", "leaning"),
    "words": ("word_length", "content_words"),
    "neighbours": ("followed", "central_before"),
}
FEATURES = tuple(name for names in GROUPS.values() for name in names)
Vector = tuple[float, ...]

UNSPACED_LANGUAGES = frozenset({"zh", "ja", "th", "lo", "km", "my"})
_FAR = 30  # sentences after which place no longer matters
_LEAD = 3
_ENDING = 3
_DAMPING = 4  # added to a sentence's stems, so that short ones aren't all density
_ALL_QUOTED = 0.7
_MOST_FIGURES = 3
_SHORT, _LONG, _VERY_LONG = 8, 25, 35  # words
_CHARACTERS_A_WORD = 2  # of unspaced scripts
# What the most telling sentence has in nine articles of ten. In a few lines nothing recurs often enough to tell, and
# place should.
_LEAST_RECURRING, _LEAST_DENSITY, _LEAST_AHEAD, _LEAST_BEHIND = 1.6, 0.7, 1.5, 1.3
_ENOUGH = 10  # sentences whose rank tells
_QUOTED = re.compile(r"[\"“„«「『][^\"”“»」』]*[\"”“»」』]?")
_QUOTES = frozenset("\"“„«「『'‘")
_FIGURE = re.compile(r"\d[\d.,]*")
_CAPITALIZED = re.compile(r"(?<=[^.!?\"“”] )[A-Z][^\W\d_]*")
# The class of first letters before the look behind lets the search skip all others.
_FIRST_PERSON = re.compile(
    r"[IWwYyMmOou](?<!\w.)(?:(?<=I)|(?<=[Ww])e|(?<=[Yy])our?|(?<=[Mm])y|(?<=[Oo])ur|(?<=m)e|(?<=u)s)\b"
)


@dataclass(frozen=True)
class _Seen:
    """Of one sentence what is counted before it can be held against the others."""

    place: int
    words: int
    stems: int
    recurring: float
    density: float
    ahead: float
    behind: float
    names: tuple[str, ...]


def features(
    judged: Sequence[Judged], found: Sequence[Sequence[str]], headline: Sequence[str] = (), language: str = "en"
) -> list[Vector]:
    """The values of FEATURES for each sentence; `found` are the sentences' stems, `headline` those of the title."""
    distinct = [tuple(dict.fromkeys(stemmed)) for stemmed in found]
    sets = [frozenset(stems) for stems in distinct]
    seen = _seen(judged, distinct, language)
    relative = _Relative.of(judged, sets, seen)
    wanted = frozenset(headline)
    rows: list[Vector] = []
    for number, (one, stems) in enumerate(zip(judged, sets, strict=True)):
        rows.append(
            (
                *relative.of_sentence(number, seen),
                _headline(stems, wanted),
                len(stems & relative.lead) / (len(relative.lead) or 1),
                *relative.names_of(seen[number]),
                *_manner(one, found[number], seen[number].words),
                float(number + 1 < len(judged) and judged[number + 1].fault is Fault.LEANING),
                relative.recurring(seen[number - 1]) if number else 0.0,
            )
        )
    return rows


def _seen(judged: Sequence[Judged], distinct: Sequence[tuple[str, ...]], language: str) -> list[_Seen]:
    prose = [one.fault.is_prose for one in judged]
    spread = Counter([stem for stems, counts in zip(distinct, prose, strict=True) if counts for stem in stems])
    logs = [0.0, 0.0, *map(math.log, range(2, max(spread.values(), default=0) + 2))]
    behind: dict[str, int] = {}
    seen: list[_Seen] = []
    place = 0
    for one, stems, counts in zip(judged, distinct, prose, strict=True):
        damped = math.sqrt(len(stems) + _DAMPING)
        after = [spread.get(stem, 0) for stem in stems]
        recurring = sum([logs[many] for many in after])
        before = [behind.get(stem, 0) for stem in stems]
        # log(1 + n) of the sentences that have it further on, and further back
        ahead = sum([logs[all_of_it - many - counts + 1] for all_of_it, many in zip(after, before, strict=True)])
        seen.append(
            _Seen(
                place,
                _count_words(one.sentence.text, language),
                len(stems),
                recurring / damped,
                recurring / (len(stems) or 1),
                ahead / damped,
                sum([logs[many + 1] for many in before]) / damped,
                tuple(_CAPITALIZED.findall(one.sentence.text)),
            )
        )
        if counts:
            place += 1
            behind.update((stem, many + 1) for stem, many in zip(stems, before, strict=True))
    return seen


def _count_words(text: str, language: str) -> int:
    return len(text) // _CHARACTERS_A_WORD if language in UNSPACED_LANGUAGES else len(text.split())


@dataclass(frozen=True)
class _Relative:
    """What the article's sentences are measured by: its greatest values, its median length, its lead."""

    sentences: int
    recurring_most: float
    density_most: float
    ahead_most: float
    behind_most: float
    names_most: float
    median: int
    names: Counter[str]
    lead: frozenset[str]
    density_rank: Sequence[float]

    @classmethod
    def of(cls, judged: Sequence[Judged], sets: Sequence[frozenset[str]], seen: Sequence[_Seen]) -> "_Relative":
        told = [number for number, one in enumerate(judged) if one.fault.is_prose]
        prose = [seen[number] for number in told]
        names = Counter(name for one in seen for name in set(one.names))
        lengths = sorted(one.words for one in prose) or [1]
        return cls(
            len(prose) or 1,
            max([_LEAST_RECURRING, *(one.recurring for one in prose)]),
            max([_LEAST_DENSITY, *(one.density for one in prose)]),
            max([_LEAST_AHEAD, *(one.ahead for one in prose)]),
            max([_LEAST_BEHIND, *(one.behind for one in prose)]),
            max((_recurring_names(one, names) for one in prose), default=0.0) or 1.0,
            lengths[len(lengths) // 2] or 1,
            names,
            frozenset().union(*(sets[number] for number in told[:_LEAD])),
            _ranks([one.density for one in seen]),
        )

    def recurring(self, one: _Seen) -> float:
        return min(1.0, one.recurring / self.recurring_most)

    def names_of(self, one: _Seen) -> Vector:
        return min(1.0, _recurring_names(one, self.names) / self.names_most), len(one.names) / (one.words or 1)

    def of_sentence(self, number: int, seen: Sequence[_Seen]) -> Vector:
        """The features of place, length and centrality."""
        one = seen[number]
        place = max(0.0, 1 - math.log1p(one.place) / math.log1p(_FAR))
        return (
            place,
            float(one.place == 0),
            one.place / self.sentences,
            float(one.place >= self.sentences - _ENDING),
            one.words / 10,
            (one.words / 30) ** 2,
            max(0.0, (one.words - _LONG) / 10),
            max(0.0, (one.words - _VERY_LONG) / 10),
            float(one.words < _SHORT),
            one.words / self.median,
            one.recurring,
            self.recurring(one),
            min(1.0, one.density / self.density_most),
            self.density_rank[number],
            one.ahead,
            min(1.0, one.ahead / self.ahead_most),
            one.ahead - one.behind,
            min(1.0, one.behind / self.behind_most),
        )


def _recurring_names(one: _Seen, names: Counter[str]) -> float:
    return sum([math.log(names[name]) for name in dict.fromkeys(one.names)])


def _ranks(values: Sequence[float]) -> list[float]:
    """1 for the greatest, 0 for the least, even steps between; ties by place. Of few sentences all have less."""
    order = sorted(range(len(values)), key=lambda number: -values[number])
    ranks = [0.0] * len(values)
    greatest = min(1.0, len(values) / _ENOUGH)
    for rank, number in enumerate(order):
        ranks[number] = greatest * (1 - rank / max(1, len(values) - 1))
    return ranks


def _headline(stems: frozenset[str], wanted: frozenset[str]) -> float:
    return len(stems & wanted) / len(wanted) if wanted else 0.0


def _manner(one: Judged, stemmed: Sequence[str], words: int) -> Vector:
    """How the sentence is written, whatever the others say."""
    text = one.sentence.text
    figures = len(_FIGURE.findall(text))
    quoted = sum(map(len, _QUOTED.findall(text))) / len(text)
    return (
        float(figures > 0),
        min(_MOST_FIGURES, figures),
        quoted,
        float(text[:1] in _QUOTES),
        float(quoted > _ALL_QUOTED),
        float(_FIRST_PERSON.search(text) is not None),
        float(":" in text),
        float(one.fault is Fault.AWKWARD),
        float(one.fault is Fault.LEANING),
        sum(map(len, stemmed)) / (len(stemmed) or 1),
        len(stemmed) / (words or 1),
    )
