"""The subjects that the shipped model knows: codes of IPTC Media Topics, in `mediatopics.txt`. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("mediatopics.txt")


@dataclass(frozen=True, slots=True)
class Subject:
    """`code` is IPTC's, such as 15000000; after a slash what is finer than theirs: 20000212/wheat."""

    code: str
    name: str
    wider: str | None


@cache
def subjects() -> dict[str, Subject]:
    """All that are known, by code."""
    lines = _FILE.read_text(encoding="utf-8").splitlines()
    rows = (line.split("|") for line in lines if line and not line.startswith("#"))
    return {code: Subject(code, name, wider or None) for code, name, wider in rows}


def with_wider(code: str) -> Iterator[str]:
    """The code, and all that are wider, up to the widest."""
    current: str | None = code
    while current is not None:
        yield current
        current = subjects()[current].wider
