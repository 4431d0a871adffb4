"""Reuters-21578: articles of 1987 with the countries and topics that people gave them; and how finds are counted."""

import gzip
import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ingest.geography import countries

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
REUTERS = "topics/reuters_dev.jsonl.gz"

# Reuters' names of 1987, where they aren't ours.
THEIR_NAMES = {
    "usa": "us",
    "uk": "gb",
    "ussr": "su",
    "west-germany": "de",
    "east-germany": "dd",
    "uae": "ae",
    "kampuchea": "kh",
    "burma": "mm",
    "zaire": "cd",
    "yemen-arab-republic": "ye",
    "yemen-demo-republic": "yd",
    "trinidad-tobago": "tt",
    "us-virgin-islands": "vi",
    "ivory-coast": "ci",
}


@dataclass(frozen=True, slots=True)
class Wire:
    """An article of Reuters with its labels: country codes, and topics by Reuters' names."""

    headline: str
    paragraphs: tuple[str, ...]
    dateline: str | None
    places: frozenset[str]
    topics: frozenset[str]


def read_reuters(data: Path = DATA) -> list[Wire]:
    """All articles; raises FileNotFoundError where there is no such data."""
    with gzip.open(data / REUTERS, "rt", encoding="utf-8") as lines:
        return [_wire(json.loads(line)) for line in lines]


def _wire(row: dict[str, object]) -> Wire:
    body = str(row.get("body") or "")
    paragraphs = tuple(" ".join(part.split()) for part in re.split(r"\n\s{3,}", body) if part.strip())
    places, topics = row.get("places") or (), row.get("topics") or ()
    assert isinstance(places, Collection)
    assert isinstance(topics, Collection)
    dateline = str(row.get("dateline") or "").strip() or None
    title = str(row.get("title") or "")
    return Wire(title, paragraphs or ("",), dateline, frozenset(map(code_of, places)), frozenset(topics))


def code_of(place: str) -> str:
    """The country code of Reuters' name; the name itself where there is none."""
    return THEIR_NAMES.get(place) or _by_name().get(place, place)


@cache
def _by_name() -> dict[str, str]:
    return {country.name.lower().replace(" ", "-"): code for code, country in countries().items()}


def micro_f1(pairs: Iterable[tuple[Collection[str], Collection[str]]]) -> float:
    """Of (found, gold) pairs, over all labels together."""
    hits = found = wanted = 0
    for got, gold in pairs:
        hits += len(set(got) & set(gold))
        found += len(set(got))
        wanted += len(set(gold))
    return 2 * hits / (found + wanted) if found + wanted else 0.0
