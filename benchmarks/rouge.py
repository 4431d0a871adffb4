"""ROUGE of many sets of sentences of one text against one reference, fast enough to train on.

Gives what the package rouge-score gives for the chosen sentences, one on a line: the mean of ROUGE-1, 2 and Lsum F1
with its tokenizer and Porter's stemmer, in hundredths. The longest common subsequences are found once for each pair of
sentences and kept.
"""

import importlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TypeVar

Item = TypeVar("Item")


class Rouge:
    def __init__(self, reference: str, sentences: Sequence[str]) -> None:
        tokenize = importlib.import_module("rouge_score.tokenizers").DefaultTokenizer(use_stemmer=True).tokenize
        self._lines: list[list[str]] = [tokenize(line) for line in reference.split("\n") if line.strip()]
        self._sentences: list[list[str]] = [tokenize(sentence) for sentence in sentences]
        words = [word for line in self._lines for word in line]
        self._words, self._pairs = Counter(words), Counter(pairwise(words))
        self._common: dict[tuple[int, int], list[int]] = {}

    def score(self, chosen: Sequence[int]) -> float:
        """`chosen` are indexes of sentences in reading order."""
        words = [word for index in chosen for word in self._sentences[index]]
        if not words or not self._words:
            return 0.0
        counted = Counter(words)
        pairs = Counter(pairwise(words))
        total = counted.total() + self._words.total()
        return (
            100
            * (
                2 * _shared(counted, self._words) / total
                + 2 * _shared(pairs, self._pairs) / (pairs.total() + self._pairs.total() or 1)
                + 2 * self._in_union(chosen, counted) / total
            )
            / 3
        )

    def _in_union(self, chosen: Sequence[int], counted: Mapping[str, int]) -> int:
        """Words of the reference in the union of the longest common subsequences, each as often as on both sides."""
        wanted, left, hits = dict(self._words), dict(counted), 0
        for number, line in enumerate(self._lines):
            for place in sorted({place for index in chosen for place in self._subsequence(number, index)}):
                word = line[place]
                if wanted[word] > 0 and left.get(word, 0) > 0:
                    hits += 1
                    wanted[word] -= 1
                    left[word] -= 1
        return hits

    def _subsequence(self, line: int, index: int) -> list[int]:
        known = self._common.get((line, index))
        if known is None:
            known = self._common[line, index] = _common_subsequence(self._lines[line], self._sentences[index])
        return known


def _shared(one: Mapping[Item, int], other: Mapping[Item, int]) -> int:
    return sum(min(count, other[item]) for item, count in one.items() if item in other)


def _common_subsequence(reference: Sequence[str], candidate: Sequence[str]) -> list[int]:
    """Places in `reference` of its longest common subsequence with `candidate`, the last ones of equals, reversed."""
    table = list(_table(reference, candidate))
    row, column, places = len(reference), len(candidate), list[int]()
    while row and column:
        if reference[row - 1] == candidate[column - 1]:
            row, column = row - 1, column - 1
            places.append(row)
        elif table[row][column - 1] > table[row - 1][column]:
            column -= 1
        else:
            row -= 1
    return places


def _table(reference: Sequence[str], candidate: Sequence[str]) -> Iterable[list[int]]:
    above = [0] * (len(candidate) + 1)
    yield above
    for word in reference:
        row = [0]
        for column, other in enumerate(candidate):
            row.append(above[column] + 1 if word == other else max(above[column + 1], row[column]))
        yield row
        above = row
