"""A linear model over words, small enough to ship: its file, its scores, and the words that tell. Pure.

An article's words are counted, damped (1 + log), weighted by how rare they are, and scaled to length 1. A word of the
headline counts a second time as "^word", one of the dateline as "@word". Signals ("=…") come with a value of their own
and are not scaled. A label's score is a weighted sum; above 0 the article has it. Trained by benchmarks/linear.py.
"""

import hashlib
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

# What an article is about is said early; this much of the body also bounds the time.
BODY_CHARACTERS = 3_000
SIGNAL = "="
TELLING = 12
_WORD = re.compile(r"[a-z][a-z'&.-]*[a-z]|[a-z]")

Floats = NDArray[np.float32]


def features(headline: str, paragraphs: Sequence[str], dateline: str | None = None) -> Counter[str]:
    """How often each word stands, in lower case: Latin letters only, so that other scripts give nothing."""
    titled = _WORD.findall(headline.lower())
    found = Counter(titled)
    found.update(_WORD.findall(" ".join(paragraphs)[:BODY_CHARACTERS].lower()))
    found.update("^" + word for word in titled)
    if dateline:
        found.update("@" + word for word in _WORD.findall(dateline.lower()))
    return found


@dataclass(frozen=True, slots=True)
class LinearModel:
    """`rarity` (words), `weights` (words x labels), `scale`, `bias` (labels). A weight is its int8 times the scale."""

    labels: tuple[str, ...]
    words: dict[str, int]
    rarity: Floats
    weights: NDArray[np.int8]
    scale: Floats
    bias: Floats

    def vector(self, found: Mapping[str, float]) -> "Vector":
        """What the model knows of the features."""
        known = self.words
        pairs = [(name, row, count) for name, count in found.items() if (row := known.get(name)) is not None]
        rows = np.array([row for _, row, _ in pairs], dtype=np.intp)
        counts = np.array([count for _, _, count in pairs], dtype=np.float32)
        rarity = self.rarity[rows]
        # Signals have rarity 0.
        damped = (1 + np.log(np.where(rarity, counts, 1))) * rarity
        length = math.sqrt(float(damped @ damped)) or 1.0
        values = np.where(rarity, damped / length, counts)
        return Vector([name for name, _, _ in pairs], rows, values.astype(np.float32))

    def scores(self, vector: "Vector") -> dict[str, float]:
        """The labels whose score is above 0; none where nothing is known of the article."""
        if not vector.names:
            return {}
        # Not by BLAS: it would wake threads for this little, and they wait for each other on a busy machine.
        margins = np.einsum("i,ij->j", vector.values, self.weights[vector.rows].astype(np.float32)) * self.scale
        margins += self.bias
        return {self.labels[number]: float(margins[number]) for number in np.flatnonzero(margins > 0)}

    def telling(self, vector: "Vector", label: str) -> list[tuple[str, float]]:
        """The words that spoke for the label and how much, most telling first; at most a dozen."""
        column = self.labels.index(label)
        given = vector.values * self.weights[vector.rows, column] * self.scale[column]
        summed: defaultdict[str, float] = defaultdict(float)
        for number in np.argsort(-given, kind="stable")[:TELLING].tolist():
            summed[vector.names[number].lstrip("^@").rstrip("%!")] += float(given[number])
        ranked = sorted(summed.items(), key=lambda pair: -pair[1])
        return [(word, weight) for word, weight in ranked if weight > 0]


@dataclass(frozen=True, slots=True)
class Vector:
    """An article as a model sees it: its words and signals, their rows in the model, their values."""

    names: list[str]
    rows: NDArray[np.intp]
    values: Floats


def load(path: Path) -> LinearModel:
    """Raises OSError or ValueError where the file isn't one of ours."""
    with np.load(path, allow_pickle=False) as held:
        return LinearModel(
            labels=tuple(_text(held["labels"])),
            words={word: number for number, word in enumerate(_text(held["words"]))},
            rarity=held["rarity"].astype(np.float32),
            weights=held["weights"],
            scale=held["scale"],
            bias=held["bias"],
        )


def file_version(*paths: Path) -> str:
    """Changes with any byte of them."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()[:8]


def save(model: LinearModel, path: Path) -> None:
    np.savez_compressed(
        path,
        allow_pickle=False,
        labels=_bytes(model.labels),
        words=_bytes(model.words),
        rarity=model.rarity.astype(np.float16),
        weights=model.weights,
        scale=model.scale,
        bias=model.bias,
    )


def _text(held: NDArray[np.uint8]) -> list[str]:
    return held.tobytes().decode().split("\n")


def _bytes(lines: Iterable[str]) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join(lines).encode(), dtype=np.uint8)
