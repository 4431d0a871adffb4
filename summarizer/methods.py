"""The methods by name: from judged sentences to their ranking, best first.

The bounds below keep every method's time bounded whatever comes in; sumy's compare each sentence with each other one.
"""

import importlib
from collections.abc import Sequence

from summarizer import ranking
from summarizer.guards import Judged
from summarizer.model import METHODS, Reason, UnknownMethodError
from summarizer.words import stems, tokens

MAX_COMPARED = 250  # sentences that sumy's methods see
MAX_WORDS = 6_000  # words that they see in all, and
MAX_SENTENCE_WORDS = 80  # of one sentence
MAX_COMPARED_BY = {"kl": 80}  # sentences, where a method's time grows with their cube


def named(method: str) -> str:
    """The one of METHODS that is meant; sumy writes some of them `lex-rank`. Raises UnknownMethodError."""
    name = method.lower().replace("-", "")
    if name not in METHODS:
        raise UnknownMethodError(method)
    return name


def rank(
    method: str, judged: Sequence[Judged], found: Sequence[Sequence[str]], language: str, title: str | None
) -> list[int]:
    """Indexes of the sentences, best first; `found` are their stems."""
    if method == "auto":
        scores = ranking.rate(judged, found, stems(title or "", language), language)
        return [judged[at].sentence.index for at in sorted(range(len(judged)), key=lambda at: (-scores[at], at))]
    if method == "lead":
        return [one.sentence.index for one in judged]
    return _sumy_rank(method, judged, language, title)


def explain(
    method: str, judged: Sequence[Judged], found: Sequence[Sequence[str]], language: str, title: str | None
) -> dict[int, tuple[Reason, ...]]:
    """For each sentence's index what its score is made of; nothing where a method gives no reasons."""
    if method != "auto":
        return {}
    reasons = ranking.explain(judged, found, stems(title or "", language), language)
    return {one.sentence.index: why for one, why in zip(judged, reasons, strict=True)}


def _sumy_rank(method: str, judged: Sequence[Judged], language: str, title: str | None) -> list[int]:
    prose = [one for one in judged if one.fault.is_prose] or judged
    words: list[list[str]] = []
    seen = 0
    for one in prose[: MAX_COMPARED_BY.get(method, MAX_COMPARED)]:
        words.append(tokens(one.sentence.text, language)[:MAX_SENTENCE_WORDS])
        seen += len(words[-1])
        if seen > MAX_WORDS:
            break
    sumy_methods = importlib.import_module("summarizer.sumy_methods")
    paragraphs = [one.sentence.paragraph for one in prose]
    order = sumy_methods.ranking(method, words, paragraphs, tokens(title or "", language), language)
    best = [prose[number].sentence.index for number in order]
    ranked = frozenset(best)
    return best + [one.sentence.index for one in judged if one.sentence.index not in ranked]
