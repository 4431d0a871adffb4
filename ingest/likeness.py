"""Whether two texts are one article that two sources print: cut, retitled, some words changed. Pure.

Found by a sample of hashed five-word shingles (the smallest ones, as in bottom-k sketches: Broder 1997), then judged on
the whole texts. Reports in a series (exchange rates, results, fixtures) share most of their words and are different
news: so names and figures must agree, each by itself, and what each is about must occur in the other.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")

SHINGLE, SAMPLE = 5, 32
# Of the shorter text, found in the longer: runs of three words, then names and figures together, then figures alone.
RUNS, FACTS, FIGURES = 0.45, 0.65, 0.5
RUN = 3
FEWEST_WORDS, FEWEST_FIGURES = 25, 4
MOST_WORDS = 3_000

# Chinese and Japanese by the character; what else stands between spaces or marks is a word.
_CHARACTER = "\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_CHARACTER}]|[^\W{_CHARACTER}]+")


@dataclass(frozen=True, slots=True)
class Likeness:
    """What of a text is compared. `subject`: the headline's words that the text has too; `words`: all of both."""

    runs: Counter[tuple[str, ...]]
    facts: Counter[str]
    figures: Counter[str]
    subject: frozenset[str]
    words: frozenset[str]


def words_of(paragraphs: Sequence[str]) -> list[str]:
    """As they are written, MOST_WORDS of them."""
    return _WORD.findall(unicodedata.normalize("NFKC", "\n".join(paragraphs)))[:MOST_WORDS]


def sample(words: Sequence[str]) -> tuple[int, ...]:
    """Signed 64-bit hashes, the smallest SAMPLE of the shingles; none where there are too few words to tell."""
    if len(words) < FEWEST_WORDS:
        return ()
    folded = [word.casefold() for word in words]
    shingles = {" ".join(folded[at : at + SHINGLE]) for at in range(len(folded) - SHINGLE + 1)}
    return tuple(sorted(_hash(shingle) for shingle in shingles)[:SAMPLE])


def likeness(headline: str, words: Sequence[str]) -> Likeness:
    """`words`: of the text, without the headline."""
    folded = [word.casefold() for word in words]
    figures = [word for word in folded if word[0].isdigit()]
    names = [low for word, low in zip(words, folded, strict=True) if word[0].isupper()]
    runs = Counter(tuple(folded[at : at + RUN]) for at in range(len(folded) - RUN + 1))
    titled = {word.casefold() for word in words_of([headline])}
    body = frozenset(folded)
    return Likeness(runs, Counter([*figures, *names]), Counter(figures), body & titled, body | titled)


def are_one(one: Likeness, other: Likeness) -> bool:
    if _shared(one.runs, other.runs) < RUNS or _shared(one.facts, other.facts) < FACTS:
        return False
    if one.subject - other.words and other.subject - one.words:
        return False
    few = min(one.figures.total(), other.figures.total()) < FEWEST_FIGURES
    return few or _shared(one.figures, other.figures) >= FIGURES


def _shared(one: Counter[T], other: Counter[T]) -> float:
    """How much of the smaller is in the larger; 1 where it is empty."""
    smaller = min(one.total(), other.total())
    return (one & other).total() / smaller if smaller else 1.0


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big", signed=True)
