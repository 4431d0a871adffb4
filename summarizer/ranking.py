"""`auto`: how much each sentence says of its article.

News puts first what matters, so place counts most; then how much of the article's recurring matter a sentence holds,
how much of the headline, whether it gives figures, and whether it reports rather than quotes. The weights are set by
hand; time grows with the number of words.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import mul

from summarizer.guards import Fault, Judged
from summarizer.model import Reason
from summarizer.stopwords import stop_words
from summarizer.words import stems


@dataclass(frozen=True)
class Weights:
    """What each feature, all of them between 0 and 1, is worth; and which sentences count as short and long."""

    place: float = 1.2
    opening: float = 0.2
    centrality: float = 0.75
    headline: float = 0.8
    figures: float = 0.2
    quotation: float = -0.5
    shortness: float = -0.6
    length: float = -0.4
    clauses: float = -0.1
    fullness: float = 0.0
    leaning: float = -0.2
    few_stems: int = 6
    many_stems: int = 14


FEATURES = (
    "place", "opening", "centrality", "headline", "fullness", "leaning",
    "figures", "quotation", "shortness", "length", "clauses",
)  # fmt: skip

DEFAULT = Weights()
# Sentences of languages that say in one word what English says in three are short; there the fuller ones tell more.
AGGLUTINATIVE = Weights(length=0.0, fullness=0.6)
AGGLUTINATIVE_LANGUAGES = frozenset({"ko", "tr", "fi", "hu", "et", "az", "kk", "uz", "ky"})
# Pairs of characters are twice as many as words.
UNSPACED = Weights(few_stems=12, many_stems=40)
UNSPACED_LANGUAGES = frozenset({"zh", "ja", "th", "lo", "km", "my"})

_FAR = 30  # sentences after which place no longer matters
_FIGURES = 3
_COMMAS = 4
_FOR_STATISTICS = 12  # sentences needed to tell which words are the function words
_QUOTED = re.compile(r"[\"“„«「『][^\"”“»」』]*[\"”“»」』]?")
_FIGURE = re.compile(r"\d[\d.,]*")
_COMMA = re.compile(r"[,，、،]")


def stems_of(judged: Sequence[Judged], language: str) -> list[list[str]]:
    """The stems of every sentence; where no stop words are known, those in half of the sentences are left out."""
    found = [stems(one.sentence.text, language) for one in judged]
    if stop_words(language) or len(found) < _FOR_STATISTICS:
        return found
    spread = Counter(stem for one in found for stem in set(one))
    return [[stem for stem in one if spread[stem] * 2 < len(found)] for one in found]


def weights_for(language: str) -> Weights:
    if language in UNSPACED_LANGUAGES:
        return UNSPACED
    return AGGLUTINATIVE if language in AGGLUTINATIVE_LANGUAGES else DEFAULT


def rate(
    judged: Sequence[Judged],
    found: Sequence[Sequence[str]],
    headline: Sequence[str] = (),
    weights: Weights = DEFAULT,
) -> list[float]:
    """A score for each sentence; `found` are its stems, `headline` those of the title."""
    worth = [getattr(weights, name) for name in FEATURES]
    return [sum(map(mul, worth, values)) for values in _features(judged, found, headline, weights)]


def explain(
    judged: Sequence[Judged],
    found: Sequence[Sequence[str]],
    headline: Sequence[str] = (),
    weights: Weights = DEFAULT,
) -> list[tuple[Reason, ...]]:
    """What the score of each sentence is made of; the arguments are those of `rate`."""
    worth = [getattr(weights, name) for name in FEATURES]
    return [tuple(map(Reason, FEATURES, values, worth)) for values in _features(judged, found, headline, weights)]


def _features(
    judged: Sequence[Judged], found: Sequence[Sequence[str]], headline: Sequence[str], weights: Weights
) -> Iterator[tuple[float, ...]]:
    """The values of FEATURES for each sentence."""
    wanted = frozenset(headline)
    fullest = max((len(stemmed) for stemmed in found), default=0) or 1
    place = 0
    for one, stemmed, central in zip(judged, found, _centrality(judged, found), strict=True):
        yield (
            max(0.0, 1 - math.log1p(place) / math.log1p(_FAR)),
            float(place == 0),
            central,
            len(wanted.intersection(stemmed)) / len(wanted) if wanted else 0.0,
            len(stemmed) / fullest,
            float(one.fault is Fault.LEANING),
            *_manner(one.sentence.text, len(stemmed), weights),
        )
        place += one.fault.is_prose


def _manner(text: str, stems_count: int, weights: Weights) -> tuple[float, ...]:
    """The features of how the sentence is written, whatever the others say."""
    return (
        min(1.0, len(_FIGURE.findall(text)) / _FIGURES),
        sum(map(len, _QUOTED.findall(text))) / len(text),
        max(0.0, 1 - stems_count / weights.few_stems),
        min(1.0, max(0.0, stems_count / weights.many_stems - 1)),
        min(1.0, len(_COMMA.findall(text)) / _COMMAS),
    )


def _centrality(judged: Sequence[Judged], found: Sequence[Sequence[str]]) -> list[float]:
    """How much of what recurs in the article a sentence holds, from 0 to 1."""
    spread = Counter(
        stem for one, stemmed in zip(judged, found, strict=True) if one.fault.is_prose for stem in set(stemmed)
    )
    sums = [
        sum(math.log(spread[stem]) for stem in set(stemmed) if spread[stem] > 1) / math.sqrt(len(set(stemmed)) + 4)
        for stemmed in found
    ]
    top = max((total for total, one in zip(sums, judged, strict=True) if one.fault.is_prose), default=0.0)
    return [min(1.0, total / top) if top > 0 else 0.0 for total in sums]
