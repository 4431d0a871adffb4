"""What storing one more article costs, however many there are: known or new, near copies, topics, index, story.

For each size an archive of so many articles (benchmarks/kept.py), of which those of the last 14 days can be found by
their shingles and terms, as in a service that runs; then new ones come in groups of 16, the same at each size. By
article, in milliseconds: `cpu`, of this process and of PostgreSQL's, and `wall`; medians of the groups, and the mean,
in which the index's occasional merging is. `studying` is what reads the text, which no archive is asked for.

    python -m benchmarks.growth --sizes 1000 10000 100000 1000000 --keep FOLDER --postgres postgresql://...
"""

import argparse
import asyncio
import itertools
import json
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from statistics import fmean, median
from typing import Any
from zlib import crc32

import numpy as np
from sqlalchemy import delete, func, select

from benchmarks import archive, kept
from benchmarks.archive import Texts
from benchmarks.clocks import Clock, Spent
from ingest.desk import Arrival, Desk, Prepared, Taken
from ingest.run import TOGETHER
from ingest.traits import NOTHING, pack
from storage.database import Database
from storage.records import ArticleDraft, SourceKind
from storage.schema import shingle, story_term, story_traits

SIZES = (1_000, 10_000)
LARGE = {"sizes": (1_000, 10_000, 100_000, 1_000_000)}
WARM, GROUPS = 3, 20
RECENT = timedelta(days=14)
SHINGLES, TERMS = 32, 12


def run(
    sizes: Sequence[int] = SIZES, groups: int = GROUPS, keep: Path | None = None, postgres: str | None = None
) -> dict[str, Any]:
    with kept.shelf(keep, postgres) as shelf:
        found = [asyncio.run(_measured(shelf, kind, size, groups)) for kind in shelf.kinds for size in sizes]
    return {
        "benchmark": "growth",
        "databases": found,
        "dearest_to_cheapest": {kind: _ratio(found, kind) for kind in shelf.kinds},
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1_000,
    }


def _ratio(rows: Sequence[dict[str, Any]], kind: str) -> dict[str, float]:
    """Of storing alone, and of all that one more article costs, from clean text."""
    mine = [row for row in rows if row["database"] == kind]
    studying = median(row["studying_cpu_ms"] for row in mine)
    costs = [float(row["cpu_ms"]) for row in mine]
    whole = [cost + studying for cost in costs]
    return {"storing": round(max(costs) / min(costs), 2), "whole": round(max(whole) / min(whole), 2)}


async def _measured(shelf: kept.Shelf, kind: str, size: int, groups: int) -> dict[str, Any]:
    async with shelf.archive(kind, size) as database:
        texts = Texts()
        await _remember(database, texts, size)
        desk = Desk(database)
        new = list(itertools.islice(drafts(texts, size), (groups + WARM) * TOGETHER))
        groups_of = [new[at : at + TOGETHER] for at in range(0, len(new), TOGETHER)]
        prepared = [await _prepared(desk, group) for group in groups_of[:WARM]]  # the models load once
        begun = time.process_time()
        prepared += [await _prepared(desk, group) for group in groups_of[WARM:]]
        studying = (time.process_time() - begun) * 1000 / (groups * TOGETHER)
        clock = await Clock.of(database)
        costs = [await _stored(clock, desk, group) for group in prepared][WARM:]
        return {
            "database": kind,
            "articles": size,
            "cpu_ms": round(median(cost.cpu for cost in costs), 2),
            "cpu_mean_ms": round(fmean(cost.cpu for cost in costs), 2),
            "wall_ms": round(median(cost.wall for cost in costs), 2),
            "slowest_wall_ms": round(max(cost.wall for cost in costs), 2),
            "studying_cpu_ms": round(studying, 2),
        }


async def _prepared(desk: Desk, drafts: Sequence[ArticleDraft]) -> list[Prepared | Taken]:
    now = drafts[0].published_at or archive.BEGINNING
    found = await desk.prepare_all([(draft, Arrival(SourceKind.FEED, True, now)) for draft in drafts])
    return [item for item in found if not isinstance(item, BaseException)]


async def _stored(clock: Clock, desk: Desk, group: Sequence[Prepared | Taken]) -> Spent:
    with clock.timed() as spent:
        taken = await desk.store_all(group)
    if any(item.duplicate_of is not None for item in taken) or len(taken) != TOGETHER:
        raise RuntimeError("not all were new")
    return Spent(spent.cpu / TOGETHER, spent.wall / TOGETHER)


def drafts(texts: Texts, size: int) -> Iterator[ArticleDraft]:
    """The same articles for each size, after its last one."""
    random = Random(17)
    for number, (headline, body) in enumerate(texts.articles(10_000)):
        words = body.split()
        lengths = [random.randrange(9, 20) for _ in words]
        places = [0, *itertools.accumulate(lengths)]
        sentences = [" ".join(words[a:b]).capitalize() + "." for a, b in itertools.pairwise(places) if a < len(words)]
        paragraphs = [" ".join(sentences[at : at + 2]) for at in range(0, len(sentences), 2)]
        yield ArticleDraft(
            headline=f"New {number} {headline}",
            paragraphs=tuple(paragraphs),
            language="en",
            source=f"wire {number % 10}",
            guid=f"new-{number}",
            url=f"https://wire.example/{size}/{number}",
            published_at=archive.published(size + number),
        )


# What a running service remembers of its last articles


async def _remember(database: Database, texts: Texts, size: int) -> None:
    """As texts of these words would have; an archive that was kept knows it already."""
    async with database.begin() as tx:
        if await tx.scalar(select(func.max(story_traits.c.article_id))):
            return
        for loaded in (shingle, story_term):  # as far as a run that was interrupted came
            await tx.execute(delete(loaded))
    first = max(0, size - int(RECENT / archive.APART))
    ids = np.arange(first, size) + 1
    random = np.random.default_rng(23)
    hashes = random.integers(-(2**63), 2**63, size=(len(ids), SHINGLES), dtype=np.int64)
    archive.load(
        database,
        [
            ("shingle", ("hash", "article_id"), _sorted(hashes, ids)),
            ("story_term", ("term", "at", "article_id"), _terms(texts, ids)),
            ("story_traits", ("article_id", "traits", "kept_at"), _traits(texts, ids)),
        ],
    )


def _sorted(hashes: Any, ids: Any) -> Iterator[tuple[int, int]]:
    order = np.argsort(hashes, axis=None)
    yield from zip(hashes.ravel()[order].tolist(), np.repeat(ids, SHINGLES)[order].tolist(), strict=True)


def _chosen(texts: Texts, ids: Any) -> Iterator[tuple[int, list[int]]]:
    """(article id, terms): the rarest of its words."""
    known = np.array([crc32(word.encode()) for word in texts.words])
    for article_id, ranks in zip(ids.tolist(), texts.ranks(len(ids)), strict=True):
        yield article_id, known[np.unique(ranks)[-TERMS:]].tolist()


def _terms(texts: Texts, ids: Any) -> Iterator[tuple[int, str, int]]:
    rows = [(term, article_id) for article_id, terms in _chosen(texts, ids) for term in terms]
    for term, article_id in sorted(rows):
        yield term, archive.stamp(archive.published(article_id - 1)), article_id


def _traits(texts: Texts, ids: Any) -> Iterator[tuple[int, bytes, str]]:
    weight = TERMS**-0.5
    for article_id, terms in _chosen(texts, ids):
        told = pack(replace(NOTHING, terms=dict.fromkeys(terms, weight)))
        yield article_id, told, archive.stamp(archive.published(article_id - 1))


def table(result: dict[str, Any]) -> list[str]:
    """Lines for the terminal."""
    lines = [f"{'':12}{'articles':>10}{'cpu ms':>9}{'mean':>9}{'wall ms':>9}{'slowest':>9}{'studying':>10}"]
    lines += [
        f"{row['database']:12}{row['articles']:>10,}{row['cpu_ms']:>9}{row['cpu_mean_ms']:>9}{row['wall_ms']:>9}"
        f"{row['slowest_wall_ms']:>9}{row['studying_cpu_ms']:>10}"
        for row in result["databases"]
    ]
    ratios = ", ".join(
        f"{kind} {ratio['storing']}, with studying {ratio['whole']}"
        for kind, ratio in result["dearest_to_cheapest"].items()
    )
    return [*lines, f"dearest size to cheapest: {ratios}; memory {result['peak_memory_mb']} MB"]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--groups", type=int, default=GROUPS)
    kept.options(parser)
    asked = parser.parse_args()
    measured = run(asked.sizes, asked.groups, asked.keep, asked.postgres)
    print("\n".join(table(measured)), file=sys.stderr)
    print(json.dumps(measured))
