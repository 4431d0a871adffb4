"""What the summarizer takes and gives back, and the errors it raises.

ValueError
└── UnknownMethodError     no such method; the message names those there are
"""

from dataclasses import dataclass

METHODS = ("auto", "lead", "lexrank", "textrank", "lsa", "luhn", "sumbasic", "kl", "reduction", "edmundson")


@dataclass(frozen=True)
class Reason:
    """One feature of a sentence: what it measures, how much of it there is, and what one unit adds to the score."""

    feature: str
    value: float
    weight: float

    @property
    def worth(self) -> float:
        return self.value * self.weight


@dataclass(frozen=True)
class Chosen:
    """A sentence of a summary and where it stands.

    `part` numbers what was given: 0 for one text, else the paragraph or the sentence. `start` and `end` count code
    points inside it, so that `parts[part][start:end] == text`. `reasons` say what its score is made of; a method
    that gives no reasons leaves them empty.
    """

    text: str
    index: int
    part: int
    start: int
    end: int
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class Summary:
    """Sentences taken unchanged, in reading order.

    `sentences` are exact substrings of what was summarized, `indexes` their places among its sentences (as
    `split_sentences` gives them, of one paragraph after the other). `language` is ISO 639-1, or "und". `headline` is
    the title that was given, or else the first line where it looks like one. `chosen` holds a place and the reasons
    for each of `sentences`.
    """

    sentences: tuple[str, ...]
    indexes: tuple[int, ...]
    method: str
    language: str
    headline: str | None = None
    chosen: tuple[Chosen, ...] = ()

    @property
    def offsets(self) -> tuple[tuple[int, int], ...]:
        """Start and end of each sentence inside the text, or inside its paragraph where paragraphs were given."""
        return tuple((one.start, one.end) for one in self.chosen)

    def __str__(self) -> str:
        return "\n".join(self.sentences)


class UnknownMethodError(ValueError):
    def __init__(self, method: str) -> None:
        super().__init__(f"There is no summary method {method!r}; choose one of: {', '.join(METHODS)}.")
        self.method = method
