"""What `tidings ingest` is pointed at: files, folders, addresses, standard input."""

import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import ExtractError
from ingest.extract import MAX_ROWS_BYTES

STDIN = "-"


@dataclass(frozen=True, slots=True)
class Subject:
    """`name` is what people typed, or a file found in a folder they typed. `problem`: why it can't be read."""

    name: str
    problem: str | None = None

    @property
    def is_url(self) -> bool:
        return self.name.lower().startswith(("http://", "https://"))


def expand(names: Iterable[str]) -> Iterator[Subject]:
    """Folders become their files, sorted, all the way down; hidden files and folders are passed over."""
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
        files = sorted(_files(path))
    except OSError as error:
        yield Subject(str(path), f"it can't be listed: {error.strerror}")
        return
    if not files:
        yield Subject(str(path), "the folder holds no files")
    yield from (Subject(str(file)) for file in files)


def _files(path: Path) -> Iterator[Path]:
    for entry in path.iterdir():
        if entry.name.startswith("."):
            continue
        if entry.is_dir() and not entry.is_symlink():  # a link may lead back up
            yield from _files(entry)
        elif entry.is_file():
            yield entry


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
