"""What of an article is compared with others to tell whether they are of one event, and how a row keeps it. Pure.

Four kinds of weighted words: all of them (`terms`), names and figures (`names`), those of the headline and first lines
(`lead`), and the names among these (`actors`); beside them the figures, years and days that the text tells, and the
words of the headline. Rare words weigh more, by counts of benchmarks/train_words.py; a script without capitals has no
names: its words stand for them.
"""

import math
import re
import struct
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import chain
from zlib import crc32

from summarizer.words import stems

KEYS = 12  # the weightiest terms, by which like articles are found
TERMS, NAMES, LEAD, ACTORS = 100, 50, 40, 12
FIGURES, MOMENTS, HEADLINE = 40, 60, 30
MOST_CHARACTERS, LEAD_CHARACTERS = 5_000, 350
_YEARS = range(1900, 2100)
_HEADLINE = 2
_FIGURE = 0.5  # what a figure weighs beside a name

_WORD = re.compile(r"[^\W_]+(?:[.,]\d+)*")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")  # without what is written to it: particles, ordinals
_NEW_SENTENCE = frozenset('.!?:"“”„«»`\n•')
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = rf"({'|'.join(_MONTHS)})[a-z]*"
_OF_MONTH = r"(\d{1,2})(?:st|nd|rd|th)?"
_DAY = re.compile(rf"\b{_MONTH}\s*\.?\s+{_OF_MONTH}\b|\b{_OF_MONTH}\s+{_MONTH}\b", re.IGNORECASE)
_FIGURES_OF_DAY = re.compile(
    r"\b\d{1,2}\s*/\s*\d{1,2}\s*/\s*((?:19|20)?\d\d)\b|\b((?:19|20)\d\d)\s*-\s*\d{1,2}\s*-\s*\d{1,2}\b"
)
_CENTURY = 2000
# Named by most articles, whatever they are about.
_WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"
_NAMES_OF_MONTHS = (
    "January February March April May June July August September October November December"
    " Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec"
)
_CALENDAR = f"{_WEEKDAYS} {_NAMES_OF_MONTHS} GMT PM AM ET Updated Posted Published Last"

Weights = Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Traits:
    """Weights by term (a 32-bit number), of length 1 in each kind.

    `days`: month x 32 + day of the month. `figures`: terms of all that are no years. `headline`: terms of its words,
    without figures. `length`: content words.
    """

    terms: Weights
    names: Weights
    lead: Weights
    actors: Weights
    figures: frozenset[int]
    years: frozenset[int]
    days: frozenset[int]
    headline: frozenset[int]
    length: int

    @property
    def keys(self) -> tuple[int, ...]:
        """The terms by which articles like it are found, weightiest first; names count double."""
        strength = {term: weight + self.names.get(term, 0.0) for term, weight in self.terms.items()}
        return tuple(sorted(strength, key=lambda term: (-strength[term], term))[:KEYS])


NOTHING = Traits({}, {}, {}, {}, frozenset(), frozenset(), frozenset(), frozenset(), 0)


def traits(headline: str, paragraphs: Sequence[str], language: str) -> Traits:
    """Some tenths of a millisecond. `language`: ISO 639-1."""
    body = "\n".join(paragraphs)[:MOST_CHARACTERS]
    rarity = _rarity(language)
    head, text = stems(headline, language), stems(body, language)
    opening = [*head, *stems(body[:LEAD_CHARACTERS], language)]
    named, figures = _names_and_figures(f"{headline}\n{body}", language)
    names = {stem: weight * (_FIGURE if stem[0].isdigit() else 1) for stem, weight in _weighed(named, rarity).items()}
    terms = _weighed([*text, *head * _HEADLINE], rarity)
    lead = _weighed(opening, rarity)
    if not named:
        names = terms
    begun = frozenset(opening) - _calendar()
    years = {int(figure) for figure in figures if _is_year(figure)}
    return Traits(
        terms=_unit(terms, TERMS),
        names=_unit(names, NAMES),
        lead=_unit(lead, LEAD),
        actors=_unit({stem: weight for stem, weight in names.items() if stem in begun}, ACTORS),
        figures=frozenset(_term(figure) for figure in figures if not _is_year(figure)),
        years=frozenset(years | _years_of_dates(body)),
        days=frozenset(_days(f"{headline}\n{body}")),
        headline=frozenset(_term(stem) for stem in head if not stem[0].isdigit()),
        length=len(text) + _HEADLINE * len(head),
    )


def _names_and_figures(text: str, language: str) -> tuple[list[str], list[str]]:
    """Stems of what is written with a capital, though the language doesn't begin all sentences with it; figures."""
    rarity = _rarity(language)
    matches = list(_WORD.finditer(text))
    small = {match[0] for match in matches if match[0].islower()}
    names, figures, end = list[str](), list[str](), 0
    for match in matches:
        word, gap, end = match[0], text[end : match.start()] if end else "\n", match.end()
        if number := _NUMBER.match(word):
            figures.append(number[0])
        elif len(word) > 1 and word[0].isupper() and (rarity.knows_names or _NEW_SENTENCE.isdisjoint(gap)):
            names.append(word)
    capital = " ".join(name for name in names if name.lower() not in small)
    return [stem for stem in stems(capital, language) if rarity.may_name(stem)], figures


def _is_year(figure: str) -> bool:
    return len(figure) == 4 and figure.isdecimal() and int(figure) in _YEARS  # noqa: PLR2004


def _years_of_dates(text: str) -> set[int]:
    found = {int(match[1] or match[2]) for match in _FIGURES_OF_DAY.finditer(text)}
    return {year if year in _YEARS else _CENTURY + year for year in found}


def _days(text: str) -> set[int]:
    found = ((match[1] or match[4], match[2] or match[3]) for match in _DAY.finditer(text))
    return {(_MONTHS.index(month.lower()) + 1) * 32 + int(day) % 32 for month, day in found}


def _weighed(found: Iterable[str], rarity: "_Rarity") -> dict[str, float]:
    return {stem: (1 + math.log(count)) * rarity(stem) for stem, count in Counter(found).items()}


def _unit(weights: Mapping[str, float], most: int) -> dict[int, float]:
    """The weightiest, together of length 1."""
    kept = sorted(weights.items(), key=lambda item: (-item[1], item[0]))[:most]
    norm = math.sqrt(math.fsum(weight * weight for _, weight in kept)) or 1.0
    return {_term(stem): weight / norm for stem, weight in kept if weight > 0}


@lru_cache(maxsize=100_000)
def _term(stem: str) -> int:
    return crc32(stem.encode("utf-8", "surrogatepass"))


@lru_cache(maxsize=1)
def _calendar() -> frozenset[str]:
    return frozenset(stems(_CALENDAR, "en"))


@lru_cache(maxsize=1)
def calendar_terms() -> tuple[frozenset[int], frozenset[int]]:
    """Of the weekdays and of the months; English ones."""
    weekdays, months = (frozenset(map(_term, stems(names, "en"))) for names in (_WEEKDAYS, _NAMES_OF_MONTHS))
    return weekdays, months


class _Rarity:
    """How much a stem tells: rare ones more. Where a language was not counted all tell the same."""

    def __init__(self, weights: Mapping[str, float], small: frozenset[str]) -> None:
        self._weights, self._small = weights, small
        self._other = weights.get("*", 1.0)
        self.knows_names = bool(small)

    def __call__(self, stem: str) -> float:
        return self._weights.get(stem, self._other)

    def may_name(self, stem: str) -> bool:
        """Whether the stem isn't mostly written small: a headline writes many words with a capital."""
        return stem not in self._small


@lru_cache
def _rarity(language: str) -> _Rarity:
    weights, small = _counted().get(language, ({}, set()))
    return _Rarity(weights, frozenset(small))


@lru_cache(maxsize=1)
def _counted() -> dict[str, tuple[dict[str, float], set[str]]]:
    """By benchmarks/train_words.py."""
    found: dict[str, tuple[dict[str, float], set[str]]] = {}
    for line in files("ingest").joinpath("word_counts.txt").read_text(encoding="utf-8").splitlines():
        language, weight, *known = line.split(" ")
        weights, small = found.setdefault(language, ({}, set()))
        if weight == SMALL:
            small.update(known)
        else:
            weights.update(dict.fromkeys(known, float(weight)))
    return found


SMALL = "small"  # in place of a weight: words that are no names, though a headline writes them with a capital

# In a row of the database

_FORM = 0xF3  # what begins otherwise was packed by an earlier release
_HEAD, _ENTRY = struct.Struct("<BHBBBB"), struct.Struct("<IBBBB")
_STEPS = 255


def pack(given: Traits) -> bytes:
    """About a kilobyte; weights lose what is under a 255th."""
    moments = sorted(given.years | given.days)[:MOMENTS]
    figures, headline = sorted(given.figures)[:FIGURES], sorted(given.headline)[:HEADLINE]
    kinds = (given.terms, given.names, given.lead, given.actors)
    terms = sorted(set(chain.from_iterable(kinds)))[:_STEPS]
    rows = (_ENTRY.pack(term, *(_step(kind.get(term, 0.0)) for kind in kinds)) for term in terms)
    head = _HEAD.pack(_FORM, min(given.length, 0xFFFF), len(moments), len(figures), len(headline), len(terms))
    listed = [*figures, *headline]
    return b"".join([head, struct.pack(f"<{len(moments)}H{len(listed)}I", *moments, *listed), *rows])


def _step(weight: float) -> int:
    return math.ceil(weight * _STEPS) if weight > 0 else 0


def unpack(data: bytes) -> Traits:
    """NOTHING of what an earlier release has packed: it is like no article."""
    if data[:1] != bytes([_FORM]):
        return NOTHING
    _, length, many, figures, headline, _ = _HEAD.unpack_from(data)
    listed = figures + headline
    numbers = struct.unpack_from(f"<{many}H{listed}I", data, _HEAD.size)
    rows = list(_ENTRY.iter_unpack(data[_HEAD.size + 2 * many + 4 * listed :]))
    terms, names, lead, actors = ({row[0]: row[kind] / _STEPS for row in rows if row[kind]} for kind in range(1, 5))
    years, days = (frozenset(n for n in numbers[:many] if (n in _YEARS) is wanted) for wanted in (True, False))
    told, titled = frozenset(numbers[many : many + figures]), frozenset(numbers[many + figures :])
    return Traits(terms, names, lead, actors, told, years, days, titled, length)
