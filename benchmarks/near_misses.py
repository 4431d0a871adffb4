"""Pairs of articles that are easily taken for one event, and pairs that are one: what grouping is held against.

Must not be joined, though they share most of what kind of news is made of:

- `kind`: ECB+ has two events to each of its topics (two crashes, two elections, two stars in rehab); an article of
  each.
- `form`: Reuters reports of one day in the same form about two companies (results, dividends).
- `series`: Reuters reports of one headline but for its figures, two days apart or more (a forecast, a fixing).

Left out are pairs of which one repeats the other: the agency printed ten reports again after a weekend or with a
correction, nearly word for word, and these are one article, not two events.

Must be joined: `event`, two articles of one event of ECB+. Nothing here is chosen by how alike texts are.

    python -m benchmarks.near_misses [--data FOLDER]     how many of each there are
"""

import argparse
import gzip
import itertools
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
ECB, REUTERS = "stories/ecbplus_dev.jsonl", "topics/reuters_dev.jsonl.gz"
APART_DAYS = 2
RUN, REPEATED = 3, 0.95  # of the shorter's runs of three words, found in the other
MOST_OF_A_FORM = 10
_COMPANY = re.compile(r"<[A-Z0-9.,&]+>")
_FIGURES = re.compile(r"\d[\d.,/]*")
_SHORTEST_BODY = 200


@dataclass(frozen=True, slots=True)
class Report:
    """An article. `event`: which it tells of, None where nobody said; `topic`: what kind of event that is."""

    key: str
    headline: str
    paragraphs: tuple[str, ...]
    event: str | None = None
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two reports' keys. `kind` as the module's text names them."""

    one: str
    other: str
    same: bool
    kind: str


def ecb(data: Path = DATA) -> list[Report]:
    """In the corpus's order; the first line stands for a headline, which it mostly is."""
    return [_ecb(json.loads(line)) for line in (data / ECB).read_text(encoding="utf-8").splitlines()]


def _ecb(row: dict[str, Any]) -> Report:
    first, *rest = row["text"].split("\n")
    return Report(f"ecb {row['id']}", first, tuple(rest) or (first,), row["story"], str(row["topic"]))


def reuters(data: Path = DATA) -> tuple[list[Report], list[Pair]]:
    """Reports in a form or a series, and their pairs; none of them is one event with its partner."""
    with gzip.open(data / REUTERS, "rt", encoding="utf-8") as lines:
        rows = [row for row in map(json.loads, lines) if len(row["body"] or "") >= _SHORTEST_BODY and row["title"]]
    forms = [row for row in rows if len(_companies(row)) == 1]
    found = [
        *_apart(_grouped(forms, lambda row: (_day(row), _form(row))), "form", _other_company),
        *_apart(_grouped(rows, _bare_title), "series", _days_apart),
    ]
    named = {key for pair in found for key in (pair.one, pair.other)}
    return [_reuters(row) for row in rows if _key(row) in named], found


def _apart(
    groups: Iterable[Sequence[dict[str, Any]]], kind: str, differ: Callable[[dict[str, Any], dict[str, Any]], bool]
) -> Iterator[Pair]:
    for rows in groups:
        for one, other in itertools.pairwise(rows[:MOST_OF_A_FORM]):
            if differ(one, other) and not _repeats(one, other):
                yield Pair(_key(one), _key(other), same=False, kind=kind)


def _repeats(one: dict[str, Any], other: dict[str, Any]) -> bool:
    runs = [Counter(zip(*(words[at:] for at in range(RUN)), strict=False)) for words in map(_words, (one, other))]
    return (runs[0] & runs[1]).total() >= REPEATED * max(1, min(item.total() for item in runs))


def _words(row: dict[str, Any]) -> list[str]:
    return str(row["body"]).lower().split()


def _grouped(rows: Iterable[dict[str, Any]], by: Callable[[dict[str, Any]], Hashable]) -> list[list[dict[str, Any]]]:
    groups: defaultdict[Hashable, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[by(row)].append(row)
    return [group for group in groups.values() if len(group) > 1]


def _companies(row: dict[str, Any]) -> set[str]:
    return set(_COMPANY.findall(row["title"]))


def _form(row: dict[str, Any]) -> str:
    return str(_FIGURES.sub("#", _COMPANY.split(row["title"])[-1]))


def _bare_title(row: dict[str, Any]) -> str:
    return _FIGURES.sub("#", row["title"])


def _other_company(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return not _companies(one) & _companies(other)


def _days_apart(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return abs((_day(one) - _day(other)).days) >= APART_DAYS


def _day(row: dict[str, Any]) -> datetime:
    return datetime.strptime(row["date"].strip().split()[0], "%d-%b-%Y")  # noqa: DTZ007 - days are counted only


def _key(row: dict[str, Any]) -> str:
    return f"reuters {row['id']}"


def _reuters(row: dict[str, Any]) -> Report:
    paragraphs = (" ".join(part.split()) for part in re.split(r"\n {4}", row["body"]))
    return Report(_key(row), row["title"], tuple(part for part in paragraphs if part))


def pairs_of(reports: Sequence[Report]) -> list[Pair]:
    """All pairs of one topic: of one event, or of two of a kind."""
    topics: defaultdict[str, list[Report]] = defaultdict(list)
    for report in reports:
        if report.topic is not None:
            topics[report.topic].append(report)
    return [
        Pair(one.key, other.key, same, "event" if same else "kind")
        for members in topics.values()
        for one, other in itertools.combinations(members, 2)
        for same in [one.event == other.event]
    ]


def apart(pairs: Sequence[Pair]) -> dict[str, str]:
    """Report → the first of the form or series that it is in, by pairs that follow one another."""
    first: dict[str, str] = {}
    for pair in pairs:
        if not pair.same and pair.kind != "kind":
            first[pair.other] = first.setdefault(pair.one, pair.one)
    return first


def near_misses(data: Path = DATA) -> tuple[list[Report], list[Pair]]:
    """All reports, in the order in which they are to be fed, and all pairs."""
    told = ecb(data)
    formal, apart = reuters(data)
    return [*told, *formal], [*pairs_of(told), *apart]


def run(data: Path = DATA) -> dict[str, Any]:
    """How many reports and pairs of each kind."""
    reports, pairs = near_misses(data)
    return {"benchmark": "near_misses", "reports": len(reports), "pairs": dict(Counter(pair.kind for pair in pairs))}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    print(json.dumps(run(parser.parse_args().data)))
