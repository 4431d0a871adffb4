"""Blocks of running text: the lines of a text, and hard-wrapped lines put together again.

Wire copy and e-mail break their lines at 60-80 characters. There a line break is a space; everywhere else it ends
a paragraph, a heading or a caption.
"""

from collections.abc import Iterator
from itertools import pairwise

Span = tuple[int, int]

_BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
_MIN_WRAPPED = 40
_MAX_WRAPPED = 120
_ENDS = ".!?…:;\"”'’)"


def blocks(text: str) -> list[Span]:
    """Start and end of each block of `text` in order: a line, or the lines of one hard-wrapped paragraph."""
    joined: list[Span] = []
    for group in _groups(text):
        joined.extend(_unwrapped(text, group))
    return joined


def _lines(text: str) -> Iterator[Span]:
    start = 0
    for line in text.splitlines(keepends=True):
        yield start, start + len(line.rstrip(_BREAKS))
        start += len(line)


def _groups(text: str) -> Iterator[list[Span]]:
    """Runs of lines with no empty line between them."""
    group: list[Span] = []
    for start, stop in _lines(text):
        if text[start:stop].strip():
            group.append((start, stop))
        elif group:
            yield group
            group = []
    if group:
        yield group


def _unwrapped(text: str, group: list[Span]) -> Iterator[Span]:
    if len(group) == 1 or not _is_wrapped(text, group):
        yield from group
        return
    width = max(stop - start for start, stop in group)
    start, stop = group[0]
    for line, following in pairwise(group):
        if not _goes_on(text, line, following, width):
            yield start, stop
            start = following[0]
        stop = following[1]
    yield start, stop


def _is_wrapped(text: str, group: list[Span]) -> bool:
    """Whether lines as wide as one another break inside sentences: at least every fifth goes on in small letters."""
    if max(stop - start for start, stop in group) > _MAX_WRAPPED:
        return False
    broken = sum(_breaks_inside(text, *pair) for pair in pairwise(group))
    return broken > 0 and broken * 5 >= len(group) - 1


def _breaks_inside(text: str, line: Span, following: Span) -> bool:
    long = line[1] - line[0] >= _MIN_WRAPPED
    return long and text[line[0] : line[1]].rstrip()[-1] not in _ENDS and text[following[0]].islower()


def _goes_on(text: str, line: Span, following: Span, width: int) -> bool:
    if text[following[0]].isspace() and not text[line[0]].isspace():
        return False  # an indented line begins a paragraph
    if text[following[0]].islower():
        return True
    return line[1] - line[0] >= max(_MIN_WRAPPED, width * 0.7)
