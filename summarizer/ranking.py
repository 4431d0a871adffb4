"""`auto`: how much each sentence says of its article, by weights learnt from articles that people summarized.

The score is a plain sum of features and weights, so that every choice can be explained. benchmarks/train_summaries.py
learns the weights; docs/summaries.md tells how, and what they are worth.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import mul

from summarizer import weights
from summarizer.features import FEATURES, features
from summarizer.guards import Judged
from summarizer.model import Reason
from summarizer.stopwords import stop_words
from summarizer.words import stems

# Their words carry what English says in several, so length and density mean something else.
AGGLUTINATIVE_LANGUAGES = frozenset({"ko", "tr", "fi", "hu", "et", "az", "kk", "uz", "ky"})

_FOR_STATISTICS = 12  # sentences needed to tell which words are the function words


def stems_of(judged: Sequence[Judged], language: str) -> list[list[str]]:
    """The stems of every sentence; where no stop words are known, those in half of the sentences are left out."""
    found = [stems(one.sentence.text, language) for one in judged]
    if stop_words(language) or len(found) < _FOR_STATISTICS:
        return found
    spread = Counter(stem for one in found for stem in set(one))
    return [[stem for stem in one if spread[stem] * 2 < len(found)] for one in found]


def weights_for(language: str) -> Mapping[str, float]:
    """What one unit of each feature is worth in this language; a feature that isn't named is worth nothing."""
    if language == "en":
        return weights.ENGLISH
    return weights.AGGLUTINATIVE if language in AGGLUTINATIVE_LANGUAGES else weights.NEUTRAL


def rate(
    judged: Sequence[Judged], found: Sequence[Sequence[str]], headline: Sequence[str] = (), language: str = "en"
) -> list[float]:
    """A score for each sentence; `found` are its stems, `headline` those of the title."""
    worth = _worth(language)
    return [sum(map(mul, worth, values)) for values in features(judged, found, headline, language)]


def explain(
    judged: Sequence[Judged], found: Sequence[Sequence[str]], headline: Sequence[str] = (), language: str = "en"
) -> list[tuple[Reason, ...]]:
    """What the score of each sentence is made of; the arguments are those of `rate`."""
    worth = _worth(language)
    return [
        tuple(Reason(*reason) for reason in zip(FEATURES, values, worth, strict=True) if reason[2])
        for values in features(judged, found, headline, language)
    ]


@lru_cache(maxsize=64)
def _worth(language: str) -> tuple[float, ...]:
    known = weights_for(language)
    return tuple(known.get(name, 0.0) for name in FEATURES)
