"""Tagging: the countries of Reuters-21578 by rules, beside bare names; articles a second on one core (its own time).

    python -m benchmarks.topics [--data FOLDER]
    tidings bench topics [--json]

`places` of the rules against Reuters' own: micro F1 over all countries that it names. The rules are written, not
trained, but for the list of American towns, which was read off the datelines of these very articles: hence also
the figure without any word that counts in American datelines alone.
"""

import argparse
import gzip
import json
import re
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.table import Table

from ingest.geography import countries
from ingest.topics import Matcher, load_specs
from storage.records import Topic, TopicRule

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


def bare_names() -> Matcher:
    """The plain way: each country's English name, wherever it stands."""
    named = [
        Topic(number, code, country.name, (), TopicRule(strong=(country.name,)), None)
        for number, (code, country) in enumerate(countries().items(), start=1)
    ]
    return Matcher(named)


def without_american_towns() -> Matcher:
    """No word that counts in American datelines alone: no town read off Reuters' articles, no "Calif"."""
    known = countries()
    us = replace(known["us"], rule=replace(known["us"].rule, dateline=()))
    return Matcher((), places=[*(country for country in known.values() if country.code != "us"), us])


def run(articles: int | None = None, data: Path = DATA) -> dict[str, Any]:
    """Figures; `articles`: the first so many only."""
    wires = read_reuters(data)[:articles]
    matcher = Matcher(_defaults(), places=countries().values())
    started = time.process_time()
    found = [matcher.weigh(wire.headline, wire.paragraphs, wire.dateline).places for wire in wires]
    seconds = time.process_time() - started
    codes = list(countries())
    bare = without_american_towns()
    unlisted = [bare.weigh(wire.headline, wire.paragraphs, wire.dateline).places for wire in wires]
    plain = bare_names()
    named = [_codes(plain.match(wire.headline, wire.paragraphs), codes) for wire in wires]
    gold = [wire.places for wire in wires]
    return {
        "benchmark": "topics",
        "articles": len(wires),
        "countries_f1": round(micro_f1(zip(found, gold, strict=True)), 4),
        "without_american_datelines_f1": round(micro_f1(zip(unlisted, gold, strict=True)), 4),
        "bare_names_f1": round(micro_f1(zip(named, gold, strict=True)), 4),
        "articles_per_s": round(len(wires) / seconds),
    }


def _codes(matched: Iterable[int], codes: Sequence[str]) -> list[str]:
    return [codes[number - 1] for number in matched]


def _defaults() -> list[Topic]:
    """The topics that a new newsroom has: their rules take time too."""
    return [
        Topic(number, spec.slug, spec.name, spec.aliases, spec.rule, None)
        for number, spec in enumerate(load_specs(), start=1)
    ]


def table(result: dict[str, Any]) -> list[Table]:
    shown = Table("measured", "value", box=None)
    for key, value in result.items():
        shown.add_row(key.replace("_", " "), str(value))
    return [shown]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    print(json.dumps(run(data=parser.parse_args().data), indent=1))
