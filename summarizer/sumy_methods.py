"""sumy's algorithms on our own sentences and words.

Imported late, by `summarizer.methods`: numpy, NLTK's stemmers and sumy take a second to read in.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any, Protocol

import numpy as np
from sumy.models.dom import ObjectDocumentModel, Paragraph
from sumy.models.dom import Sentence as SumySentence
from sumy.summarizers.edmundson import EdmundsonSummarizer
from sumy.summarizers.kl import KLSummarizer
from sumy.summarizers.lex_rank import LexRankSummarizer
from sumy.summarizers.lsa import LsaSummarizer
from sumy.summarizers.luhn import LuhnSummarizer
from sumy.summarizers.reduction import ReductionSummarizer
from sumy.summarizers.sum_basic import SumBasicSummarizer
from sumy.summarizers.text_rank import TextRankSummarizer

from summarizer.stopwords import stop_words
from summarizer.words import stemmer


def _edmundson(stem: Callable[[str], str]) -> EdmundsonSummarizer:
    """By the headline and the place alone: sumy's cue words are Czech."""
    return EdmundsonSummarizer(stem, cue_weight=0.0)


_ALGORITHMS: Mapping[str, Callable[[Callable[[str], str]], Any]] = {
    "lexrank": LexRankSummarizer,
    "textrank": TextRankSummarizer,
    "lsa": LsaSummarizer,
    "luhn": LuhnSummarizer,
    "sumbasic": SumBasicSummarizer,
    "kl": KLSummarizer,
    "reduction": ReductionSummarizer,
    "edmundson": _edmundson,
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


def ranking(
    name: str, found: Sequence[Sequence[str]], paragraphs: Sequence[int], headline: Sequence[str], language: str
) -> list[int]:
    """Numbers of the sentences, best first by the method of that name; ties by place.

    `found` are the words of each sentence, in lower case, `paragraphs` the numbers of their paragraphs, `headline`
    the words of the title. LSA needs as many stems as sentences; with fewer, and where a method has nothing to say,
    the order is that of the text.
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
    algorithm.null_words = unwanted or {""}  # Edmundson's name for them, of which it wants one at least
    with np.errstate(all="ignore"):
        algorithm(_document(found, paragraphs, headline), keep)
    return [number for _, number in sorted(rated)] or list(range(len(found)))


def _document(
    found: Sequence[Sequence[str]], paragraphs: Sequence[int], headline: Sequence[str]
) -> ObjectDocumentModel:
    tokenizer = _Words([*found, headline])
    heading = SumySentence(str(len(found)), tokenizer, is_heading=True)
    parts = [[*numbers] for _, numbers in groupby(range(len(found)), key=lambda number: paragraphs[number])]
    body = [Paragraph([SumySentence(str(number), tokenizer) for number in part]) for part in parts]
    return ObjectDocumentModel([Paragraph([heading]), *body] if headline else body)


def _cost(rating: float) -> float:
    """Rounded, since LSA's last digits change with the order of a set, and so with the process."""
    return -round(float(rating), 7) if math.isfinite(rating) else 0.0
