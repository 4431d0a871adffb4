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
# Of the shorter text, found in the longer: runs of three words, stretches of twenty that share some of these (a later
# report repeats the background, but begins with news), names and figures together.
RUNS, STRETCHES, FACTS = 0.45, 0.9, 0.65
RUN, STRETCH, SHARED_RUNS = 3, 20, 5
NEW_RUNS = 1  # a stretch that shares no more is written anew: changed words alone leave more of it
OPENING, OPENED = 50, 0.35  # words that a text begins with, and how many of their runs the longer text must have
FEWEST_WORDS = 25
OTHER_FIGURES = 0.22  # of the fewer, or one: changed words alone change fewer, another day's report more
MOST_WORDS = 3_000

# Chinese and Japanese by the character; what else stands between spaces or marks is a word.
_CHARACTER = "\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_CHARACTER}]|[^\W{_CHARACTER}]+")


@dataclass(frozen=True, slots=True)
class Likeness:
    """What of a text is compared.

    `in_order`: its runs. `subject`: the headline's words that the text has too; `words`: all of both; `numbers`: the
    headline's figures.
    """

    in_order: tuple[tuple[str, ...], ...]
    runs: Counter[tuple[str, ...]]
    facts: Counter[str]
    figures: Counter[str]
    subject: frozenset[str]
    words: frozenset[str]
    numbers: frozenset[str]


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
    runs = tuple(tuple(folded[at : at + RUN]) for at in range(len(folded) - RUN + 1))
    titled = {word.casefold() for word in words_of([headline])}
    body = frozenset(folded)
    numbers = frozenset(word for word in titled if word[0].isdigit())
    facts = Counter([*figures, *names])
    return Likeness(runs, Counter(runs), facts, Counter(figures), body & titled, body | titled, numbers)


def are_one(one: Likeness, other: Likeness) -> bool:
    shorter, longer = sorted((one, other), key=lambda item: len(item.in_order))
    return (
        _shared(one.runs, other.runs) >= RUNS
        and _shared(one.facts, other.facts) >= FACTS
        and _opens_alike(shorter, longer)
        and _stretches_agree(shorter, longer)
        and not (one.subject - other.words and other.subject - one.words)
        and not (one.numbers - other.numbers and other.numbers - one.numbers)
        and _figures_agree(one.figures, other.figures)
    )


def _opens_alike(shorter: Likeness, longer: Likeness) -> bool:
    """A later report, too, has phrases of the earlier one's background in its first lines; a copy has most of these."""
    opening = shorter.in_order[:OPENING]
    return sum(run in longer.runs for run in opening) >= OPENED * len(opening)


def _stretches_agree(shorter: Likeness, longer: Likeness) -> bool:
    """Most of the shorter's stretches share SHARED_RUNS with the longer text, and none but the last, where agencies
    add their notes, is written anew: that is a later report, on the same background.
    """
    starts = range(0, max(1, len(shorter.in_order) - STRETCH // 2), STRETCH)
    shared = [sum(run in longer.runs for run in shorter.in_order[at : at + STRETCH]) for at in starts]
    agree = sum(number >= SHARED_RUNS for number in shared) >= STRETCHES * len(shared)
    return agree and all(number > NEW_RUNS for number in shared[:-1])


def _figures_agree(one: Counter[str], other: Counter[str]) -> bool:
    fewer = min(one.total(), other.total())
    return fewer - (one & other).total() <= max(1, OTHER_FIGURES * fewer)


def _shared(one: Counter[T], other: Counter[T]) -> float:
    """How much of the smaller is in the larger; 1 where it is empty."""
    smaller = min(one.total(), other.total())
    return (one & other).total() / smaller if smaller else 1.0


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big", signed=True)
