"""How surely another source's print of an article is known for it, and how seldom two articles are taken for one.

    python -m benchmarks.copies [--data FOLDER]

`recall`: of copies that were cut by a third, or of which every twentieth word was changed, or both, each under another
headline. `false_merges`: of distinct articles, fed one after the other, those that were taken for an earlier one.
Real copies among the articles (pairs that share nine runs of three words in ten) are counted apart. Of `events`,
`wire` and `short` most of what is counted as wrong is one agency's report in two lengths: `news` alone holds distinct
articles. Of `short` a third less leaves mostly too few words to tell.
"""

import argparse
import gzip
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from ingest.likeness import FEWEST_WORDS, Likeness, are_one, likeness, sample, words_of
from storage.near import CANDIDATES, CROWD, FEWEST_SHARED

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
CNN, ECB, REUTERS = "summaries/cnndm_val.dev.jsonl", "stories/ecbplus_dev.jsonl", "topics/reuters_dev.jsonl.gz"
TRAIN, PAGES, CHANNELS = "summaries/cnndm_train100.dev.jsonl", "pages/index.jsonl", "topics/tgcat_dev.jsonl"
AGENCIES = "topics/agnews_dev.jsonl"
MOST_REUTERS = 4_000
LEAST_WORDS = 80
CHANGED, CUT = 20, 3  # every so many words; by one part of so many
SAME_TEXT = 0.9


@dataclass(frozen=True, slots=True)
class Text:
    key: str
    headline: str
    paragraphs: tuple[str, ...]


def texts(data: Path = DATA) -> dict[str, list[Text]]:
    """By corpus: highlights are no headline, so the first sentence stands for one."""
    return {
        "news": [
            *(_plain(f"cnn {number}", row["text"]) for number, row in enumerate(_rows(data / CNN))),
            *(_plain(f"train {number}", row["text"]) for number, row in enumerate(_rows(data / TRAIN))),
            *(_plain(f"page {row['id'][:8]}", row["body"]) for row in _rows(data / PAGES) if row.get("body")),
            *(
                Text(f"channel {number}", row["title"] or "", tuple(row["text"].split("\n")))
                for number, row in enumerate(_rows(data / CHANNELS))
            ),
        ],
        "events": [_plain(f"ecb {row['id']}", row["text"]) for row in _rows(data / ECB)],
        "wire": [
            Text(f"reuters {row['id']}", row["title"], (" ".join(row["body"].split()),))
            for row in islice(_rows(data / REUTERS), MOST_REUTERS)
            if row["title"] and row["body"]
        ],
        "short": [
            Text(f"agencies {number}", row["title"], (row["text"],))
            for number, row in enumerate(_rows(data / AGENCIES))
        ],
    }


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    """None where the file isn't at hand."""
    if not path.exists():
        return
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _plain(key: str, text: str) -> Text:
    first, *rest = text.split("\n")
    return Text(key, " ".join(first.split()[:14]), (first, *rest))


@dataclass(slots=True)
class Known:
    """As storage.near and the desk do, in memory."""

    holders: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    kept: list[Likeness] = field(default_factory=list)

    def add(self, one: Likeness, sampled: Sequence[int]) -> None:
        for value in sampled:
            if len(self.holders[value]) < CROWD:
                self.holders[value].append(len(self.kept))
        self.kept.append(one)

    def find(self, one: Likeness, sampled: Sequence[int]) -> int | None:
        shared = Counter(at for value in sampled for at in self.holders.get(value, ()))
        best = sorted(shared.items(), key=lambda item: (-item[1], -item[0]))[:CANDIDATES]
        return next((at for at, n in best if n >= FEWEST_SHARED and are_one(one, self.kept[at])), None)


def read(text: Text) -> tuple[Likeness, tuple[int, ...]]:
    words = words_of(text.paragraphs)
    return likeness(text.headline, words), sample(words)


def copy(text: Text, kind: str, luck: random.Random) -> Text:
    """`kind`: cut, changed or both. The headline loses a word and gains one."""
    words = " ".join(text.paragraphs).split()
    kept = words[: len(words) - len(words) // CUT] if kind in ("cut", "both") else list(words)
    if kind in ("changed", "both"):
        for at in luck.sample(range(len(kept)), len(kept) // CHANGED):
            kept[at] = luck.choice(words)
    head = text.headline.split()
    return Text(text.key, " ".join([*head[:-1], "reported"]), (" ".join(kept),))


def run(data: Path = DATA, most: int | None = None) -> dict[str, Any]:
    """`most` of each corpus; None: all."""
    result: dict[str, Any] = {"benchmark": "copies"}
    for name, every in texts(data).items():
        least = FEWEST_WORDS if name == "short" else LEAST_WORDS
        result[name] = measure([text for text in every if len(words_of(text.paragraphs)) >= least][:most])
    return result


def measure(given: Sequence[Text]) -> dict[str, Any]:
    known, wrong, real = Known(), [], 0
    places: dict[int, int] = {}
    begun = time.perf_counter()
    for number, text in enumerate(given):
        one, sampled = read(text)
        found = known.find(one, sampled)
        if found is not None:
            if same_text(one, known.kept[found]):
                real += 1
            else:
                wrong.append((given[places[found]].key, text.key))
            continue
        places[len(known.kept)] = number
        known.add(one, sampled)
    spent = time.perf_counter() - begun
    return {
        "articles": len(given),
        "real_copies": real,
        "false_merges": len(wrong),
        "false_merges_per_1000": round(1000 * len(wrong) / max(1, len(given)), 2),
        "recall": recall(given, known, places),
        "ms_each": round(1000 * spent / max(1, len(given)), 2),
        "wrong": wrong[:20],
    }


def same_text(one: Likeness, other: Likeness) -> bool:
    smaller = min(one.runs.total(), other.runs.total())
    return (one.runs & other.runs).total() >= SAME_TEXT * max(1, smaller)


def recall(given: Sequence[Text], known: Known, places: dict[int, int]) -> dict[str, float]:
    """By kind of copy, of those articles that are kept."""
    luck, found = random.Random(44), {}
    for kind in ("cut", "changed", "both"):
        hits = sum(known.find(*read(copy(given[number], kind, luck))) == at for at, number in places.items())
        found[kind] = round(hits / max(1, len(places)), 4)
    return found


def table(result: dict[str, Any]) -> Iterator[str]:
    yield f"{'':8}{'articles':>9}{'copies':>8}{'wrong':>7}{'per 1000':>10}{'cut':>8}{'changed':>9}{'both':>8}"
    for name in ("news", "events", "wire", "short"):
        row = result[name]
        yield (
            f"{name:8}{row['articles']:>9}{row['real_copies']:>8}{row['false_merges']:>7}"
            f"{row['false_merges_per_1000']:>10}{row['recall']['cut']:>8}{row['recall']['changed']:>9}"
            f"{row['recall']['both']:>8}"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    print(json.dumps(run(parser.parse_args().data)))
