"""What `tidings ingest` is pointed at: files, folders, addresses, standard input.

A file that is named is tried, whatever it is. Of a folder only those are that may hold articles: by their ending, or by
how they begin where they have none (pages saved by their address).
"""

import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import ExtractError
from ingest.extract import MAX_ROWS_BYTES, Form, form_of

STDIN = "-"
ENDINGS = (
    *(".txt", ".text", ".md", ".markdown", ".html", ".htm", ".xhtml", ".shtml", ".eml", ".docx", ".pdf"),
    *(".xml", ".rss", ".atom", ".rdf", ".opml", ".json", ".jsonl", ".ndjson"),
)
HIDDEN, HIDDEN_FOLDER, NO_ENDING = "hidden file", "hidden folder", "no ending"
_ENDING = re.compile(r"\.(?=[^.]*[a-z])[a-z0-9_~-]{1,10}$")  # .jpg, .mp3; no part of a title or an address
_SNIFFED = 20_000
_UNTELLING = (Form.TEXT, Form.JSON)


@dataclass(frozen=True, slots=True)
class Subject:
    """`name` is what people typed, or a file found in a folder they typed. `problem`: why it can't be read.

    `skipped`: the kind of a folder's file that is no article's (".py", HIDDEN); it is not read.
    """

    name: str
    problem: str | None = None
    skipped: str | None = None

    @property
    def is_url(self) -> bool:
        return self.name.lower().startswith(("http://", "https://"))


def expand(names: Iterable[str]) -> Iterator[Subject]:
    """Folders become their files, sorted, all the way down; hidden folders are not looked into."""
    for name in names:
        subject = Subject(name)
        if name == STDIN or subject.is_url or not _is_folder(name):
            yield subject
        else:
            yield from _folder(Path(name))


def _is_folder(name: str) -> bool:
    try:
        return Path(name).is_dir()
    except OSError:  # a name that is too long
        return False


def _folder(path: Path) -> Iterator[Subject]:
    try:
        entries = sorted(_entries(path))
    except OSError as error:
        yield Subject(str(path), f"it can't be listed: {error.strerror}")
        return
    if not entries:
        yield Subject(str(path), "the folder holds no files")
    yield from (Subject(str(entry), skipped=_skipped(entry)) for entry in entries)


def _entries(path: Path) -> Iterator[Path]:
    """Files, and the hidden folders."""
    for entry in path.iterdir():
        if entry.is_dir() and not entry.is_symlink() and not _is_hidden(entry):  # a link may lead back up
            yield from _entries(entry)
        elif entry.is_file() or (_is_hidden(entry) and entry.is_dir()):
            yield entry


def _is_hidden(path: Path) -> bool:
    return path.name.startswith((".", "~$"))  # the latter: what Word keeps beside an open document


def _skipped(path: Path) -> str | None:
    """The kind, where it is none that is read."""
    if _is_hidden(path):
        return HIDDEN_FOLDER if path.is_dir() else HIDDEN
    found = _ENDING.search(path.name.lower())
    if found:
        return None if found[0] in ENDINGS else found[0]
    return None if _begins_as_article(path) else NO_ENDING


def _begins_as_article(path: Path) -> bool:
    """As a page, a feed, a mail or a document does. Plain text may be anything."""
    try:
        with path.open("rb") as file:
            return form_of(file.read(_SNIFFED)) not in _UNTELLING
    except OSError:
        return True  # reading it says what is wrong


def read_file(name: str) -> bytes:
    """Raises ExtractError with the reason."""
    path = Path(name)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ExtractError("it is not a regular file")
        if status.st_size > MAX_ROWS_BYTES:
            raise ExtractError(f"it is over {MAX_ROWS_BYTES // 1_000_000} MB")
        return path.read_bytes()
    except FileNotFoundError:
        raise ExtractError("there is no such file") from None
    except (OSError, ValueError) as error:
        raise ExtractError(f"it can't be read: {getattr(error, 'strerror', None) or error}") from None
