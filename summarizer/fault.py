"""What can be wrong with a sentence in a summary, ordered by what it costs the reader."""

from enum import IntEnum


class Fault(IntEnum):
    NONE = 0
    AWKWARD = 1  # a question alone, half a quotation, an item of a list, too long to take in
    LEANING = 2  # opens with a reference to a sentence before it
    ASIDE = 3  # prose, but outside the article: a teaser, a comment, a notice
    FRAGMENT = 4  # a heading, byline, date or link: no sentence
    CHROME = 5  # a caption, credit line or the page's own words
    EMPTY = 6  # no letter in it
    REPEAT = 7  # the same as one before it

    @property
    def is_prose(self) -> bool:
        """Whether it belongs to the article's running text."""
        return self < Fault.ASIDE
