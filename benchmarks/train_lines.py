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

from ingest import body
from ingest.body import Vector
from ingest.lines import TOKEN, Line, read_lines

FOLDS = 5
STEPS = 400
RATE = 0.05
RIDGE = 1e-4


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
    return Page(fold, row["body"], lines, body.features(lines, body.prose_run(lines)), y, weight)


def _labels(lines: Sequence[Line], gold: str) -> tuple[Vector, Vector]:
    """Whether over half of a line's trigrams are in the body; long lines weigh more, each page the same."""
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
    return np.array(y), np.array(weight) / total * 100 + 0.02


def train(pages: Sequence[Page]) -> Vector:
    """Logistic regression by Adam."""
    x, y = np.vstack([page.x for page in pages]), np.concatenate([page.y for page in pages])
    weight = np.concatenate([page.weight for page in pages])
    mean, spread = x.mean(0), x.std(0) + 1e-6
    mean[0], spread[0] = 0.0, 1.0
    z, weight = (x - mean) / spread, weight / weight.mean()
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
    print('"""Learnt by benchmarks/train_lines.py; the order is that of ingest.body.features."""\n\nWEIGHTS = (')
    for number in train(pages):
        print(f"    {number:.4f},")
    print(")")


if __name__ == "__main__":
    main()
