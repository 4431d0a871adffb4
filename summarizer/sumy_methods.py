"""sumy's algorithms on our own sentences and words.

Imported late, by `summarizer.methods`: numpy, NLTK's stemmers and sumy take a second to read in.
"""

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from sumy.models.dom import ObjectDocumentModel, Paragraph
from sumy.models.dom import Sentence as SumySentence
from sumy.summarizers.lex_rank import LexRankSummarizer
from sumy.summarizers.lsa import LsaSummarizer
from sumy.summarizers.luhn import LuhnSummarizer
from sumy.summarizers.sum_basic import SumBasicSummarizer
from sumy.summarizers.text_rank import TextRankSummarizer

from summarizer.stopwords import stop_words
from summarizer.words import stemmer

_ALGORITHMS = {
    "lexrank": LexRankSummarizer,
    "textrank": TextRankSummarizer,
    "lsa": LsaSummarizer,
    "luhn": LuhnSummarizer,
    "sumbasic": SumBasicSummarizer,
}


class _Words:
    """A sumy tokenizer that knows the words of each sentence already; a sentence's text is its number."""

    def __init__(self, found: Sequence[Sequence[str]]) -> None:
        self._found = found

    def to_words(self, number: str) -> tuple[str, ...]:
        return tuple(self._found[int(number)])


class _Info(Protocol):
    """What is used of sumy's SentenceInfo."""

    order: int
    rating: float


def ranking(name: str, found: Sequence[Sequence[str]], language: str) -> list[int]:
    """Numbers of the sentences, best first by the method of that name; ties by place.

    `found` are the words of each sentence, in lower case. LSA needs as many stems as sentences; with fewer, and
    where a method has nothing to say, the order is that of the text.
    """
    stem, unwanted = stemmer(language), stop_words(language)
    if name == "lsa" and len({stem(word) for words in found for word in words if word not in unwanted}) < len(found):
        return list(range(len(found)))
    rated: list[tuple[float, int]] = []

    def keep(infos: Sequence[_Info]) -> Sequence[_Info]:
        rated.extend((_cost(info.rating), info.order) for info in infos)
        return infos

    algorithm = _ALGORITHMS[name](stem)
    algorithm.stop_words = unwanted
    tokenizer = _Words(found)
    paragraph = Paragraph([SumySentence(str(number), tokenizer) for number in range(len(found))])
    with np.errstate(all="ignore"):
        algorithm(ObjectDocumentModel([paragraph]), keep)
    return [number for _, number in sorted(rated)] or list(range(len(found)))


def _cost(rating: float) -> float:
    """Rounded, since LSA's last digits change with the order of a set, and so with the process."""
    return -round(float(rating), 7) if math.isfinite(rating) else 0.0
