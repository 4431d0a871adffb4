"""Where in a saved page the article stands: the run of lines with the most prose in it.

Each line gains by its words where it is prose and loses where it is none; the run with the greatest sum is the body
(Kadane's algorithm). Captions stand inside articles, so they cost little: a first paragraph that stands alone between
share links and captions stays in as long as it outweighs them.
"""

from collections.abc import Iterable

HEADING_LOSS = 12
CAPTION_LOSS = 3
MOST = 60  # words that one line can gain


def body_lines(lines: Iterable[tuple[int, int]]) -> tuple[int, int] | None:
    """First and last number of the lines of the body; None where no line is prose.

    `lines` are (number, gain): the words of prose in the line, or a loss below zero.
    """
    best, best_sum = None, 0
    first, running = 0, 0
    for number, gain in lines:
        if running <= 0:
            first, running = number, 0
        running += min(gain, MOST)
        if running > best_sum:
            best, best_sum = (first, number), running
    return best
