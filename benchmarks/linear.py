"""Training the linear models of ingest.linear: one support vector machine a label, then few words and small weights.

First the words are chosen that tell most of any label. Weights too small to matter become 0, the others int8. The same
data give the same model.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.svm import LinearSVC

from ingest.linear import SIGNAL, Floats, LinearModel

LEAST_ARTICLES = 3
Features = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Target:
    """What is known of one label: `has` for each article, and how much that counts (0: it isn't known).

    `shift` is added to the bias: above 0 it finds more, below it is surer.
    """

    label: str
    has: NDArray[np.bool_]
    counts: Floats
    shift: float = 0.0


@dataclass(frozen=True, slots=True)
class Size:
    words: int
    smallest: int  # of an int8 weight
    softness: float = 1.0


def train(articles: Sequence[Features], targets: Sequence[Target], size: Size) -> LinearModel:
    words = _common(articles)
    names = sorted(_telling(words, _matrix(articles, words), targets, size.words))
    words = {name: words[name] for name in names}
    weights, bias = _fit(_matrix(articles, words), targets, size.softness)
    scale = np.maximum(np.abs(weights).max(axis=0), 1e-6) / 127
    small = np.round(weights / scale).astype(np.int8)
    small[np.abs(small) < size.smallest] = 0
    shifts = np.array([target.shift for target in targets])
    return LinearModel(
        labels=tuple(target.label for target in targets),
        words={name: number for number, name in enumerate(names)},
        rarity=np.array(list(words.values()), dtype=np.float16).astype(np.float32),
        weights=small,
        scale=scale.astype(np.float32),
        bias=(bias + shifts).astype(np.float32),
    )


def _common(articles: Iterable[Features]) -> dict[str, float]:
    """Word → rarity."""
    number, seen = 0, Counter[str]()
    for article in articles:
        number += 1
        seen.update(article.keys())
    return {
        word: 0.0 if word.startswith(SIGNAL) else math.log((1 + number) / (1 + count)) + 1
        for word, count in seen.items()
        if count >= LEAST_ARTICLES
    }


def _matrix(articles: Sequence[Features], words: Mapping[str, float]) -> csr_matrix:
    """The values of ingest.linear, articles x words."""
    model = LinearModel(
        (),
        {name: number for number, name in enumerate(words)},
        np.array(list(words.values()), dtype=np.float32),
        np.zeros((0, 0), dtype=np.int8),
        np.zeros(0, dtype=np.float32),
        np.zeros(0, dtype=np.float32),
    )
    vectors = [model.vector(article) for article in articles]
    ends = np.cumsum([0, *(len(vector.names) for vector in vectors)])
    columns = np.concatenate([vector.rows for vector in vectors])
    values = np.concatenate([vector.values for vector in vectors])
    return csr_matrix((values.astype(np.float64), columns, ends), shape=(len(articles), len(words)))


def _fit(
    matrix: csr_matrix, targets: Sequence[Target], softness: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(weights, words x labels; bias)."""
    weights, bias = np.zeros((matrix.shape[1], len(targets))), np.zeros(len(targets))
    for number, target in enumerate(targets):
        known = target.counts > 0
        machine = LinearSVC(C=softness, random_state=0)
        machine.fit(matrix[known], target.has[known], sample_weight=target.counts[known])
        weights[:, number], bias[number] = machine.coef_[0], machine.intercept_[0]
    return weights, bias


def _telling(words: Mapping[str, float], matrix: csr_matrix, targets: Sequence[Target], most: int) -> set[str]:
    """Words that stand in some label's articles much more than chance would have it (as chi-squared tells)."""
    names, sums = list(words), np.asarray(matrix.sum(axis=0)).ravel()
    has = np.array([target.has & (target.counts > 0) for target in targets], dtype=np.float64)
    expected = has.mean(axis=1)[:, None] * sums[None, :]
    surprise = (np.asarray(has @ matrix) - expected) / np.sqrt(expected + 1)
    order = np.argsort(-surprise.max(axis=0), kind="stable")[:most]
    return {names[number] for number in order} | {name for name in names if name.startswith(SIGNAL)}
