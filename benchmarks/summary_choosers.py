"""Ways to choose a summary's sentences that ours are held against: the lead, simple rules, and sumy as it comes."""

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import summarizer
from summarizer.words import stems, tokens

COUNT = 3
SUMY = tuple(method for method in summarizer.METHODS if method not in ("auto", "lead"))


@dataclass(frozen=True)
class Row:
    """One article: its sentences, its headline, and what people made of it (`extracts`: the indexes they chose)."""

    sentences: tuple[str, ...]
    title: str | None
    language: str
    summary: str
    extracts: tuple[tuple[int, ...], ...]


Chooser = Callable[[Row], Sequence[int]]


def choosers(rows: Sequence[Row]) -> dict[str, Chooser]:
    """By name. `lead-3` is the first three as they come, `sumy …` its methods without our guards."""
    found: dict[str, Chooser] = {"lead-3": lambda row: range(min(COUNT, len(row.sentences)))}
    found |= {method: ours(method) for method in summarizer.METHODS}
    found |= {f"sumy {method}": _sumy(method) for method in SUMY}
    found["longest"] = lambda row: _best([len(sentence) for sentence in row.sentences])
    if any(row.title for row in rows):
        found["headline overlap"] = _by_headline
    return found


def ours(method: str) -> Chooser:
    def choose(row: Row) -> Sequence[int]:
        return summarizer.summarize_sentences(
            row.sentences, title=row.title, language=row.language, count=COUNT, method=method
        ).indexes

    return choose


def _sumy(method: str) -> Chooser:
    """The best three by sumy alone, on our words."""

    def choose(row: Row) -> Sequence[int]:
        ranking = importlib.import_module("summarizer.sumy_methods").ranking
        words = [tokens(sentence, row.language) for sentence in row.sentences]
        title = tokens(row.title or "", row.language)
        return sorted(ranking(method, words, [0] * len(words), title, row.language)[:COUNT])

    return choose


def _by_headline(row: Row) -> Sequence[int]:
    wanted = frozenset(stems(row.title or "", row.language))
    return _best([len(wanted.intersection(stems(sentence, row.language))) for sentence in row.sentences])


def _best(values: Sequence[float]) -> list[int]:
    """The places of the three greatest values, in order; ties by place."""
    return sorted(sorted(range(len(values)), key=lambda place: -values[place])[:COUNT])
