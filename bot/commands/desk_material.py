"""What somebody wants to add: a web address, a text or a file, out of what they sent. Pure."""

import re
from dataclasses import dataclass

from telegram import Document

# As much as Telegram gives a bot (getFile).
LARGEST_FILE = 20_000_000
# Clients cut a pasted text at 4096 characters, or a word before.
CUT_FROM = 4_000
# A share button sends a page's title and its address; a text of an article is longer than a title.
LONGEST_TITLE = 300
# Bytes. From here on a message without any command may be meant as an article.
SHORTEST_ARTICLE = 280
# Bytes: two in Korean say as much as six in English. One line below this is a headline alone, or a slip of the thumb.
SHORTEST_LINE = 120

_OTHER_SCHEME = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://|(?:about|blob|data|file|ftp|javascript|mailto|sms|tel|vbscript|view-source):)\S.*",
    re.IGNORECASE,
)
_CREDENTIALS = re.compile(r"//[^/?#]*@")
_ONLY_WEB = "I can read only web addresses, which begin with https:// or http://. Or send the article's text."
_NO_PASSWORDS = (
    "The address carries a user name or a password. Leave them out: pages behind a login can't be read. "
    "You can send the article's text instead."
)
_URL = re.compile(r"https?://[^\s<>\"“”]+", re.IGNORECASE)
_BARE = re.compile(r"(?:www\.)?(?:[\w-]+\.)+[a-z]{2,24}(?:[/?#][^\s<>\"]*)?", re.IGNORECASE)
_AFTER = ".,;:!?)]}»'…"


@dataclass(frozen=True, slots=True)
class Address:
    url: str


@dataclass(frozen=True, slots=True)
class Words:
    """`cut`: as long as Telegram's clients make the first piece of a longer text."""

    text: str
    cut: bool

    @property
    def too_short(self) -> bool:
        return "\n" not in self.text and len(self.text.encode()) < SHORTEST_LINE


@dataclass(frozen=True, slots=True)
class File:
    """`size` in bytes, None where Telegram doesn't say."""

    file_id: str
    name: str
    size: int | None
    mime: str | None = None

    @property
    def too_large(self) -> bool:
        return self.size is not None and self.size > LARGEST_FILE


@dataclass(frozen=True, slots=True)
class Refused:
    """An address that is not read; `reason` says what to do and repeats nothing of it."""

    reason: str


Material = Address | Words | File | Refused


def of_text(text: str) -> Address | Words | Refused | None:
    """An address alone or under a title is the page's; everything else is the article's own text."""
    stripped = text.strip()
    if not stripped:
        return None
    url = _only_url(stripped)
    if url:
        return Refused(_NO_PASSWORDS) if _CREDENTIALS.search(url) else Address(url)
    if _OTHER_SCHEME.fullmatch(stripped) and not _URL.match(stripped):
        return Refused(_ONLY_WEB)
    return Words(stripped, cut=len(stripped) >= CUT_FROM)


def _only_url(text: str) -> str | None:
    """An address alone, or beside one line of a title: more is somebody's text."""
    found = [match.group().rstrip(_AFTER) for match in _URL.finditer(text)]
    if len(set(found)) == 1:
        parts = (part.strip(_AFTER) for part in text.split(found[0]))
        title = [line for part in parts for line in part.splitlines() if line.strip()]
        return found[0] if len(title) <= 1 and len("".join(title)) <= LONGEST_TITLE else None
    return f"https://{text}" if not found and _BARE.fullmatch(text) else None


def of_document(document: Document) -> File:
    return File(document.file_id, document.file_name or "file", document.file_size, document.mime_type)


def may_be_article(text: str, *, forwarded: bool) -> bool:
    """Whether to ask if a message without a command is meant to be added."""
    address = isinstance(of_text(text), Address | Refused)
    return address or len(text.encode()) >= SHORTEST_ARTICLE or (forwarded and bool(text.strip()))
