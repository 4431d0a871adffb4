"""What the summarizer gives back, and the errors it raises.

ValueError
└── UnknownMethodError     no such method; the message names those there are
"""

from dataclasses import dataclass

METHODS = ("auto", "lead", "lexrank", "textrank", "lsa", "luhn", "sumbasic")


@dataclass(frozen=True)
class Summary:
    """Sentences taken unchanged, in reading order.

    `sentences` are exact substrings of what was summarized, `indexes` their places among its sentences (as
    `split_sentences` gives them, of one paragraph after the other). `language` is ISO 639-1, or "und".
    """

    sentences: tuple[str, ...]
    indexes: tuple[int, ...]
    method: str
    language: str

    def __str__(self) -> str:
        return "\n".join(self.sentences)


class UnknownMethodError(ValueError):
    def __init__(self, method: str) -> None:
        super().__init__(f"There is no summary method {method!r}; choose one of: {', '.join(METHODS)}.")
        self.method = method
