"""Quiet hours: an alert to many chats of which two thirds sleep, beside the same alert where nobody has quiet hours.

Then their night ends: what was held comes as one message each. Chats live in eight zones and keep four kinds of hours.
"""

import argparse
import asyncio
import json
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import func, select, update

from benchmarks.world import BOT, TEXT, people
from delivery.fanout import fan_out
from delivery.quiet import run_quiet
from storage import articles, editions, migrate, sources
from storage.audiences import Audience
from storage.database import Connection, Database
from storage.records import (
    Article,
    ArticleDraft,
    ArticleStatus,
    EditionKind,
    EditionPart,
    Lane,
    Mode,
    NewArticle,
    SourceKind,
)
from storage.schema import chat, delivery, destination

WARNING = 30
CHATS = 100_000
NOW = datetime(2026, 3, 27, 1, 0, tzinfo=UTC)
NIGHT_AFTER = timedelta(hours=24)
ZONES = (
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "Asia/Seoul",
    "Asia/Kolkata",
    "Europe/Paris",
    "Europe/Kyiv",
    "Australia/Sydney",
)


def run(chats: int = CHATS) -> dict[str, Any]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(WARNING))
    with tempfile.TemporaryDirectory(prefix="tidings-bench-") as folder:
        awake = asyncio.run(_alerts(f"sqlite:///{Path(folder) / 'awake.db'}", chats, quiet=False))
        asleep = asyncio.run(_alerts(f"sqlite:///{Path(folder) / 'asleep.db'}", chats, quiet=True))
    per_alert = {"awake_s": awake["alert_s"], "asleep_s": asleep["alert_s"]}
    per_alert |= {"awake_loop_held_ms": awake["loop_held_ms"]}
    ratio = round(asleep["alert_s"] / awake["alert_s"], 2)
    return {"benchmark": "nights", "chats": chats, **per_alert, "ratio": ratio, **_released(asleep)}


def _released(figures: dict[str, Any]) -> dict[str, Any]:
    names = ("held", "loop_held_ms", "released", "release_s", "release_ms_a_chat")
    return {name: figures[name] for name in names if name in figures}


def table(result: dict[str, Any]) -> list[str]:
    return [
        f"an alert to {result['chats']:,} chats is queued in {result['awake_s']} s where nobody has quiet hours,",
        f"in {result['asleep_s']} s ({result['ratio']} times) where {result['held']:,} chats of two alerts' sleep",
        f"the loop was held {result['loop_held_ms']} ms at most, {result['awake_loop_held_ms']} with none asleep",
        f"{result['released']:,} nights end in {result['release_s']} s: {result['release_ms_a_chat']} ms a chat",
    ]


async def _alerts(url: str, chats: int, *, quiet: bool) -> dict[str, Any]:
    db = Database(url)
    await migrate.upgrade(db)
    await people(db, list(range(1, chats + 1)))
    if quiet:
        await _sleepers(db)
    begun = time.perf_counter()
    async with _Loop() as loop:
        for number in range(2):
            await fan_out(db, await _alert(db, number), NOW)
    figures: dict[str, Any] = {"alert_s": round((time.perf_counter() - begun) / 2, 2), "loop_held_ms": loop.held_ms}
    if quiet:
        figures |= await _morning(db)
    await db.dispose()
    return figures


async def _sleepers(db: Database) -> None:
    async with db.begin() as tx:
        for number, zone in enumerate(ZONES):
            await tx.execute(update(chat).where(chat.c.chat_id % len(ZONES) == number).values(zone=zone))
        hours = {"quiet_from": (1320 + 30 * (destination.c.id % 4)) % 1440, "quiet_until": 420}
        await tx.execute(update(destination).values(hours))


async def _alert(db: Database, number: int) -> int:
    async with db.begin() as tx:
        article = await _article(tx, f"Envoys meet for the talks, part {number}")
        edition_id, _ = await editions.make(
            tx,
            bot_id=BOT,
            kind=EditionKind.ALERT,
            signature=f"alert {number}",
            parts=(EditionPart(0, TEXT, article_ids=(article.id,)),),
            now=NOW,
            audience=Audience((), (Mode.INSTANT,)),
        )
    return edition_id


async def _article(tx: Connection, headline: str) -> Article:
    source = await sources.get_or_add(tx, "Bench", kind=SourceKind.SITE, trusted=True, now=NOW)
    draft = ArticleDraft(headline, ("They spoke of trade.",), published_at=NOW)
    new = NewArticle(
        draft=draft,
        source_id=source.id,
        language="en",
        content_hash=articles.content_hash(headline, draft.paragraphs),
        status=ArticleStatus.USABLE,
        summary=draft.paragraphs,
        topics={},
        published_at=NOW,
        released_at=NOW,
    )
    return await articles.add(tx, new, NOW)


async def _morning(db: Database) -> dict[str, Any]:
    async with db.read() as tx:
        held = int(await tx.scalar(select(func.count()).where(delivery.c.lane == Lane.HELD)) or 0)
    begun, released = time.perf_counter(), 0
    while done := await run_quiet(db, bot_id=BOT, now=NOW + NIGHT_AFTER):
        released += done
    seconds = time.perf_counter() - begun
    each = round(1000 * seconds / max(1, released), 3)
    return {"held": held, "released": released, "release_s": round(seconds, 2), "release_ms_a_chat": each}


class _Loop:
    """How long the event loop is held at most while something runs."""

    def __init__(self) -> None:
        self.held_ms = 0

    async def __aenter__(self) -> "_Loop":
        self._watching = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._watching.cancel()

    async def _watch(self) -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            self.held_ms = max(self.held_ms, round(1000 * (time.perf_counter() - before)) - 1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chats", type=int, default=CHATS)
    parser.add_argument("--json", action="store_true", help="one line; it is JSON all the same without")
    given = parser.parse_args()
    print(json.dumps(run(given.chats), indent=None if given.json else 2))
