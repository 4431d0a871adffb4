"""Quotations that run over more than one sentence, and those of which nobody says whose they are."""

import re
from collections.abc import Sequence

_ANY_QUOTE = re.compile(r"[\"“”„«»「」『』＂]")
_LEAST = 4  # characters
_CLOSING = {'"': '"', "“": "”", "„": "“", "«": "»", "「": "」", "『": "』", "”": "”"}


def is_bare_quotation(text: str) -> bool:
    """Whether the whole sentence is someone's words, and nothing says whose."""
    stripped = text.strip()
    closing = _CLOSING.get(stripped[:1])
    if closing is None or len(stripped) < _LEAST:
        return False
    inside = stripped[1:].rstrip(".。!?… ")
    return inside.endswith(closing) and closing not in inside[:-1]


def halves(sentences: Sequence[tuple[int, str]]) -> list[bool]:
    """For each sentence whether a quotation that it holds began before it or ends after it."""
    halves: list[bool] = []
    inside, paragraph = False, -1
    for number, text in sentences:
        inside = inside and number == paragraph
        paragraph = number
        began_inside = inside
        inside, turned = _quotation_after(text, inside)
        halves.append(inside or turned or (began_inside and not _opens(text)))
    return halves


def _opens(text: str) -> bool:
    return text[:1] in '"“„«「『'


def _quotation_after(text: str, inside: bool) -> tuple[bool, bool]:
    """Whether a quotation is open after `text`, and whether one was closed that had not opened in it.

    Agency style opens a quotation anew in each paragraph and closes only its last, so what a straight mark does is
    told from the characters beside it.
    """
    stray = False
    opened_here = False
    for match in _ANY_QUOTE.finditer(text):
        opens = _is_opening(text, match.start(), inside)
        stray = stray or not (opens or opened_here)
        inside = opened_here = opens
    return inside, stray


def _is_opening(text: str, at: int, inside: bool) -> bool:
    mark = text[at]
    if mark in "“„«「『":
        return not (mark in "“«" and inside and (at + 1 == len(text) or not text[at + 1].isalnum()))
    if mark in "”」』»":
        return mark == "»" and not inside
    spaced_before = at == 0 or not (text[at - 1].isalnum() or text[at - 1] in ".,!?…'’")
    spaced_after = at + 1 == len(text) or not text[at + 1].isalnum()
    if spaced_before == spaced_after:
        return not inside
    return spaced_before
