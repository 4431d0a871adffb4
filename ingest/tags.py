"""Tags that no parser should be given: libxml2 takes the square of a tag's attributes, minutes for 200,000. Pure."""

import re

MAX_ATTRIBUTES = 1_000  # of one tag; real ones have under a hundred
_LONG = 2 * MAX_ATTRIBUTES  # shorter tags can't hold so many
_VALUE = r"""=\s*+(?:"[^"]*+"|'[^']*+')"""
# Possessive, so that no input makes it try twice. A ">" in a quoted value ends no tag.
_TAG = re.compile(rf"<[a-zA-Z](?:[^>=]++|{_VALUE}|=)*+")
_QUOTED = re.compile(_VALUE)
_NAME = re.compile(r"""[^\s/="'<>]++""")


def overloaded(markup: str) -> bool:
    """Whether a tag has more attributes than any real one, with values or without."""
    if len(markup) < _LONG:
        return False
    long = (tag[0] for tag in _TAG.finditer(markup) if len(tag[0]) > _LONG)
    return any(len(_NAME.findall(_QUOTED.sub(" ", tag))) > MAX_ATTRIBUTES for tag in long)


def refuse_overloaded(markup: str) -> None:
    """Raises ValueError, as parsers do for what they can't read."""
    if overloaded(markup):
        raise ValueError("a tag has too many attributes")
