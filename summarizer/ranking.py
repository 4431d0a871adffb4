"""`auto`: how much each sentence says of its article.

News puts first what matters, so place counts most; then how much of the article's recurring matter a sentence holds, how
much of the headline, and whether it reports (names, figures) or quotes. The weights are set by hand; time grows with
the number of words.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from summarizer.guards import Fault, Judged
from summarizer.words import stems, stop_words


@dataclass(frozen=True)
class Weights:
    """What each feature, all of them between 0 and 1, is worth."""

    place: float = 1.0
    opening: float = 0.35
    centrality: float = 0.9
    headline: float = 0.8
    figures: float = 0.1
    names: float = 0.15
    quotation: float = -0.25
    shortness: float = -0.5
    length: float = -0.3


DEFAULT = Weights()
_FAR = 30
_QUOTED = re.compile(r"[\"“„«「『][^\"”“»」』]*[\"”“»」』]?")
_NAME = re.compile(r"(?<=[\w,] )[A-ZÀ-ÞА-Я][\w.'’-]*")
_FIGURE = re.compile(r"\d[\d.,]*")
_IDEAL_WORDS = 12
_MANY_WORDS = 28


def stems_of(judged: Sequence[Judged], language: str) -> list[list[str]]:
    """The stems of every sentence; where no stop words are known, those in half of the sentences are left out."""
    found = [stems(one.sentence.text, language) for one in judged]
    if stop_words(language) or len(found) < _IDEAL_WORDS:
        return found
    spread = Counter(stem for one in found for stem in set(one))
    return [[stem for stem in one if spread[stem] * 2 < len(found)] for one in found]


def rate(
    judged: Sequence[Judged],
    found: Sequence[Sequence[str]],
    headline: Sequence[str] = (),
    weights: Weights = DEFAULT,
) -> list[float]:
    """A score for each sentence; `found` are its stems, `headline` those of the title."""
    central = _centrality(judged, found)
    wanted = frozenset(headline)
    scores: list[float] = []
    place = 0
    for one, stemmed, centrality in zip(judged, found, central, strict=True):
        text = one.sentence.text
        share = len(wanted.intersection(stemmed)) / len(wanted) if wanted else 0.0
        scores.append(
            weights.place * max(0.0, 1 - math.log1p(place) / math.log1p(_FAR))
            + weights.opening * (place == 0)
            + weights.centrality * centrality
            + weights.headline * share
            + weights.figures * min(1.0, len(_FIGURE.findall(text)) / 3)
            + weights.names * min(1.0, len(_NAME.findall(text)) / 4)
            + weights.quotation * _quoted_share(text)
            + weights.shortness * max(0.0, 1 - len(stemmed) / _IDEAL_WORDS * 2)
            + weights.length * min(1.0, max(0.0, len(stemmed) / _MANY_WORDS * 2 - 1))
        )
        place += one.fault < Fault.FRAGMENT
    return scores


def _centrality(judged: Sequence[Judged], found: Sequence[Sequence[str]]) -> list[float]:
    """How much of what recurs in the article a sentence holds, from 0 to 1."""
    spread = Counter(
        stem for one, stemmed in zip(judged, found, strict=True) if one.fault < Fault.FRAGMENT for stem in set(stemmed)
    )
    sums = [
        sum(math.log(spread[stem]) for stem in set(stemmed) if spread[stem] > 1) / math.sqrt(len(set(stemmed)) + 4)
        for stemmed in found
    ]
    top = max((total for total, one in zip(sums, judged, strict=True) if one.fault < Fault.FRAGMENT), default=0.0)
    return [min(1.0, total / top) if top > 0 else 0.0 for total in sums]


def _quoted_share(text: str) -> float:
    return sum(len(piece) for piece in _QUOTED.findall(text)) / len(text)
