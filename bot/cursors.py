"""A place in a list, written into a button: what comes before it stays where it is however many articles arrive."""

import re
from datetime import UTC, datetime

from storage.records import Article, Cursor

_FORM = re.compile(r"([0-9a-f]{1,10})\.([0-9a-f]{1,14})")


def after(article: Article) -> str:
    """Where the list goes on below the article; lists are by (published_at, id)."""
    return f"{int(article.published_at.timestamp()):x}.{article.id:x}"


def read(text: str) -> Cursor | None:
    """None for the list's beginning, and for what is no cursor: anybody can send any callback data."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    try:
        return Cursor(datetime.fromtimestamp(int(found[1], 16), UTC), int(found[2], 16))
    except (ValueError, OverflowError, OSError):
        return None
