"""Countries as rules: what news calls them, their peoples and cities, in `countries.txt` and `country_names.txt`. Pure.

The files are read once. A country is matched as a topic is (ingest.topics), and is one only where editors made a topic
of it: a rule's `countries` take over all that is known of them.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from storage.records import TopicRule

COUNTRIES = Path(__file__).with_name("countries.txt")
NAMES = Path(__file__).with_name("country_names.txt")
# Terms that are words as well: in a headline all in capitals nobody can tell them.
WORDS_IN_CAPITALS = frozenset({"US"})


@dataclass(frozen=True, slots=True)
class Country:
    """`code` is ISO 3166-1 alpha-2 in lower case; `name` in English."""

    code: str
    name: str
    rule: TopicRule


@cache
def countries() -> dict[str, Country]:
    """All that are known, by code."""
    others = {code: tuple(names) for code, *names in _rows(NAMES, "\t")}
    return {code: _country(code, parts, others.get(code, ())) for code, *parts in _rows(COUNTRIES, "|")}


@cache
def vocabulary_version() -> str:
    """Changes with any word of the two files."""
    return hashlib.sha256(COUNTRIES.read_bytes() + NAMES.read_bytes()).hexdigest()[:8]


def _rows(file: Path, separator: str) -> Iterator[list[str]]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return (line.split(separator) for line in lines if line and not line.startswith("#"))


def _country(code: str, parts: list[str], others: tuple[str, ...]) -> Country:
    names, peoples, cities, never = ([term.strip() for term in part.split(",") if term.strip()] for part in parts)
    terms = (*names, *peoples, *cities)
    rule = TopicRule(
        strong=(*(term for term in terms if term[0] not in "~@"), *others),
        weak=tuple(term[1:] for term in terms if term[0] == "~"),
        never=tuple(never),
        dateline=tuple(term[1:] for term in terms if term[0] == "@"),
    )
    return Country(code, names[0].lstrip("~"), rule)


def name_of(code: str) -> str:
    """In English; the code itself where it is none of ours."""
    found = countries().get(code)
    return found.name if found else code.upper()
