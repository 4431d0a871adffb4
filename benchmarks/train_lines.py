"""Learn ingest/line_weights.py from pages rendered to text whose body is known; report cross-validated token F1.

    python -m benchmarks.train_lines ../shared/data/plaintext/dev.jsonl.gz > ingest/line_weights.py

Rows of JSON: `domain`, `body`, and `text` with one rendering per tool. Needs no package beyond the project's own.
"""

import gzip
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest import body
from ingest.linefeatures import Vector, features, near
from ingest.lines import TOKEN, Line, read_lines

FOLDS = 5
STEPS = 250
RATE = 0.05
RIDGE = 3e-3
LIGHT = 0.15  # of the mean weight: lines of a word or two teach nothing
STRONG = 10  # words; what is as long and in the body is no menu
NEAR, APART = 6, 60  # lines


@dataclass(frozen=True, slots=True)
class Page:
    fold: int
    gold: str
    lines: list[Line]
    x: Vector
    y: Vector
    weight: Vector


def tokens(text: str) -> list[str]:
    return TOKEN.findall(text.lower())


def token_f1(found: str, gold: str) -> float:
    one, other = Counter(tokens(found)), Counter(tokens(gold))
    common = sum((one & other).values())
    return 2 * common / (one.total() + other.total()) if common else 0.0


def read_pages(path: Path) -> list[Page]:
    with gzip.open(path, "rt", encoding="utf-8") as rows:
        return [_page(row, text) for row in map(json.loads, rows) for text in row["text"].values()]


def _page(row: dict[str, Any], text: str) -> Page:
    fold = int(hashlib.md5(row["domain"].encode()).hexdigest(), 16) % FOLDS
    lines = read_lines(text)
    y, weight = _labels(lines, row["body"])
    return Page(fold, row["body"], lines, features(lines, body.prose_run(lines)), y, weight)


def _labels(lines: Sequence[Line], gold: str) -> tuple[Vector, Vector]:
    """Whether over half of a line's trigrams are in the body; long lines weigh more, each page the same.

    A short line may be in the body and in a menu too: it counts beside long ones alone.
    """
    words = tokens(gold)
    known, flat = set(zip(words, words[1:], words[2:], strict=False)), f" {' '.join(words)} "
    y, weight = [], []
    for line in lines:
        own = tokens(line.text)
        trigrams = list(zip(own, own[1:], own[2:], strict=False))
        inside = f" {' '.join(own)} " in flat if not trigrams else sum(t in known for t in trigrams) > len(trigrams) / 2
        y.append(float(bool(own) and inside))
        weight.append(min(len(own), 60) * (1.0 if trigrams else 0.5) + 0.1)
    total = max(1.0, sum(weight))
    lengths = np.array([len(tokens(line.text)) for line in lines])
    return _beside_long(np.array(y), lengths), np.array(weight) / total * 100 + 0.02


def _beside_long(y: Vector, lengths: npt.NDArray[np.int64]) -> Vector:
    strong = np.flatnonzero((y > 0) & (lengths >= STRONG))
    if not len(strong):
        return y
    kept = np.zeros(len(y), dtype=bool)
    for cluster in np.split(strong, np.flatnonzero(np.diff(strong) > APART) + 1):
        if lengths[cluster].sum() >= lengths[strong].sum() / 10:
            kept[max(0, cluster[0] - NEAR) : cluster[-1] + NEAR + 1] = True
    return y * (kept | (lengths >= STRONG))


def train(pages: Sequence[Page]) -> Vector:
    """The mean of a model that sees all and one that sees what is near: alone .910 and .905, together .911."""
    every, few = _fit(pages, pages[0].x.shape[1]), near(pages[0].lines, body.prose_run(pages[0].lines)).shape[1]
    mean = every / 2
    mean[:few] += _fit(pages, few) / 2
    return mean


def _fit(pages: Sequence[Page], columns: int) -> Vector:
    """Logistic regression by Adam on the first columns."""
    x, y = np.vstack([page.x[:, :columns] for page in pages]), np.concatenate([page.y for page in pages])
    weight = np.concatenate([page.weight for page in pages])
    mean, spread = x.mean(0), x.std(0) + 1e-6
    mean[0], spread[0] = 0.0, 1.0
    heavy = weight > LIGHT * weight.mean()
    z, y, weight = (x[heavy] - mean) / spread, y[heavy], weight[heavy] / weight[heavy].mean()
    theta, first, second = np.zeros(z.shape[1]), np.zeros(z.shape[1]), np.zeros(z.shape[1])
    for step in range(1, STEPS + 1):
        error = (1 / (1 + np.exp(-np.clip(z @ theta, -30, 30))) - y) * weight
        slope = z.T @ error / len(y) + RIDGE * theta
        first, second = 0.9 * first + 0.1 * slope, 0.999 * second + 0.001 * slope * slope
        theta = theta - RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    scaled: Vector = theta / spread
    scaled[0] -= float((theta * mean / spread).sum())
    return scaled


def evaluate(pages: Sequence[Page], weights: Vector) -> list[float]:
    return [
        token_f1("\n".join(page.lines[index].text for index in body.body_lines(page.lines, weights)), page.gold)
        for page in pages
    ]


def main() -> None:
    pages = [page for page in read_pages(Path(sys.argv[1])) if page.lines]
    scores: list[float] = []
    for fold in range(FOLDS):
        weights = train([page for page in pages if page.fold != fold])
        scores += evaluate([page for page in pages if page.fold == fold], weights)
    print(f"token F1 by {FOLDS}-fold cross-validation: {np.mean(scores):.4f}", file=sys.stderr)
    print(
        '"""Learnt by benchmarks/train_lines.py; the order is that of ingest.linefeatures.features."""\n\nWEIGHTS = ('
    )
    for number in train(pages):
        print(f"    {number:.4f},")
    print(")")


if __name__ == "__main__":
    main()
