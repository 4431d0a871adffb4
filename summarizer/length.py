"""How long a summary may be: in sentences, words or characters, or the headline alone.

All limits that are given hold together. Nothing is ever cut inside a sentence, so a limit is kept by leaving
sentences out:

- an article that is shorter than its limit comes whole, without what its page prints around it;
- where no sentence is short enough for a limit of *words*, the shortest good one comes all the same;
- a limit of *characters* is the room on a screen and never exceeded: where nothing fits, there is no sentence, and
  the headline stands alone.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

SENTENCES = 3

# Scripts without spaces: two of their characters make about a word.
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3041-\u3096\u30a1-\u30fe\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
)


@dataclass(frozen=True)
class Length:
    """None is no limit. Characters are code points, with one between two sentences."""

    sentences: int | None = SENTENCES
    words: int | None = None
    characters: int | None = None

    @classmethod
    def of(cls, sentences: int | None, words: int | None, characters: int | None, *, headline_only: bool) -> "Length":
        """As `summarize` takes it: three sentences where nothing is said; a limit below zero is one of zero."""
        if headline_only:
            return cls(0)
        if sentences is None and words is None and characters is None:
            return cls()
        return cls(*(None if limit is None else max(0, limit) for limit in (sentences, words, characters)))

    def holds(self, sentences: int, words: int, characters: int) -> bool:
        return (
            (self.sentences is None or sentences <= self.sentences)
            and (self.words is None or words <= self.words)
            and (self.characters is None or characters <= self.characters)
        )

    def without_a_third(self) -> "Length":
        """Each limit less a third of it."""
        limits = (self.sentences, self.words, self.characters)
        return Length(*(None if limit is None else limit - limit // 3 for limit in limits))

    @property
    def is_nothing(self) -> bool:
        return 0 in (self.sentences, self.words, self.characters)


class Room:
    """What is left of a length while sentences are taken."""

    def __init__(self, length: Length) -> None:
        self.length = length
        self._taken = (0, 0, 0)

    @property
    def is_full(self) -> bool:
        """Whether not even a sentence without a word would fit."""
        sentences, words, characters = self._taken
        return not self.length.holds(sentences + 1, words, characters + (sentences > 0))

    def has_room(self, texts: Iterable[str]) -> bool:
        return self.length.holds(*self._with(texts))

    def take(self, texts: Iterable[str]) -> bool:
        """Takes all of `texts` if they fit; False, and nothing taken, if not."""
        after = self._with(texts)
        if not self.length.holds(*after):
            return False
        self._taken = after
        return True

    def _with(self, texts: Iterable[str]) -> tuple[int, int, int]:
        sentences, words, characters = self._taken
        for text in texts:
            characters += len(text) + (sentences > 0)
            sentences += 1
            words += count_words(text) if self.length.words is not None else 0
        return sentences, words, characters


def count_words(text: str) -> int:
    """Words as they stand between spaces; of scripts that write no spaces, every two characters count as one."""
    if text.isascii():
        return len(text.split())
    return sum(max(1, (len(_UNSPACED.findall(piece)) + 1) // 2) for piece in text.split())
