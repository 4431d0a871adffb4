"""Lanes: a digest to 100,000 chats runs at the free pace; people are answered, an alert and a kill notice overtake it.

The server (benchmarks.api_server) refuses what goes beyond Telegram's limits. Four answers a
second; the alert leaves while the digest runs, the kill notice (its lane is a correction's, below the alert's) with it.
"""

import argparse
import asyncio
import json
import tempfile
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zlib import crc32

import structlog
from sqlalchemy import func, select

from benchmarks import api_server
from benchmarks.senders import FIRST_ASKING, FIRST_CHAT, Askers
from benchmarks.world import BOT, TEXT, TOKEN, edition, people
from bot.connect import connect
from delivery.limiter import Limiter
from delivery.pace import Pacer
from delivery.send import Sender
from storage import editions, migrate
from storage.database import Database
from storage.records import EditionKind, EditionPart
from storage.schema import delivery, destination

WARNING = 30
BEFORE_SECONDS, BETWEEN_SECONDS, AFTER_SECONDS = 5.0, 1.0, 5.0


@dataclass(frozen=True, slots=True)
class Asked:
    """How many chats get each."""

    digest: int = 100_000
    alert: int = 1_000
    notice: int = 100


def run(asked: Asked | None = None) -> dict[str, Any]:
    """With all of them some 50 s, since the alert alone takes 35."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(WARNING))
    asked = asked or Asked()
    with (
        tempfile.TemporaryDirectory(prefix="tidings-bench-") as folder,
        api_server.running(limits=True, latency=0.05) as root,
    ):
        askers = Askers()
        asyncio.run(_send(f"sqlite:///{Path(folder) / 'lanes.db'}", root, asked, askers))
        calls = _calls(root)
    return {"benchmark": "lanes", "digest_chats": asked.digest, **_figures(calls), **askers.figures()}


def table(result: dict[str, Any]) -> list[str]:
    return [
        f"a digest to {result['digest_chats']:,} chats, at {result['per_second']} messages a second in all",
        f"replies meanwhile: p50 {result['reply_p50_ms']} ms, p99 {result['reply_p99_ms']} ms",
        f"digests sent while {result['alert_messages']:,} alerts went out: {result['digests_among_alerts']}",
        f"digests sent while {result['notice_messages']:,} kill notices went out: {result['digests_among_notices']}",
        f"digests sent afterwards: {result['digests_after']}; refused (429): {result['refused_429']}",
    ]


async def _send(url: str, root: str, asked: Asked, askers: Askers) -> None:
    db, pacer, stop = Database(url), Pacer(), asyncio.Event()
    await migrate.upgrade(db)
    await people(db, list(range(FIRST_CHAT, FIRST_CHAT + asked.digest)))
    await edition(db, EditionKind.DIGEST)
    async with connect(TOKEN, root, Limiter(pacer)) as bot, askers.asking(lambda chat: bot.send_message(chat, TEXT)):
        sender = Sender(db, bot, pacer)
        sending = asyncio.create_task(sender.run(stop))
        await asyncio.sleep(BEFORE_SECONDS)
        alert = await _queue(db, EditionKind.ALERT, "alert", asked.alert)
        sender.wake()
        await asyncio.sleep(BETWEEN_SECONDS)
        notice = await _queue(db, EditionKind.CORRECTION, "notice", asked.notice)
        sender.wake()
        while await _open(db, (alert, notice)):  # noqa: ASYNC110 - rows have no event
            await asyncio.sleep(0.2)
        await asyncio.sleep(AFTER_SECONDS)
        stop.set()
        await sending
    await db.dispose()


async def _queue(db: Database, kind: EditionKind, text: str, count: int) -> int:
    now = datetime.now(UTC)
    async with db.begin() as tx:
        to = list(await tx.scalars(select(destination.c.id).order_by(destination.c.id.desc()).limit(count)))
        parts = (EditionPart(0, text),)
        made, _ = await editions.make(tx, bot_id=BOT, kind=kind, signature=text, parts=parts, now=now)
        lane = editions.LANES[kind]
        await editions.add_deliveries(tx, made, bot_id=BOT, lane=lane, destination_ids=to, now=now)
    return made


async def _open(db: Database, made: tuple[int, ...]) -> int:
    query = select(func.count()).where(delivery.c.edition_id.in_(made), delivery.c.state.in_(("queued", "sending")))
    async with db.read() as tx:
        return int(await tx.scalar(query) or 0)


def _calls(root: str) -> list[list[Any]]:
    with urllib.request.urlopen(f"{root}/calls") as answer:
        return list(json.load(answer)["calls"])


def _figures(calls: list[list[Any]]) -> dict[str, Any]:
    pushes = [call for call in calls if call[3] < FIRST_ASKING]
    kinds = {crc32(b"alert"): "alert", crc32(b"notice"): "notice"}
    named = [kinds.get(call[4], "digest") for call in pushes]
    alerts = [place for place, kind in enumerate(named) if kind == "alert"]
    notices = [place for place, kind in enumerate(named) if kind == "notice"]
    times = [call[0] for call in calls if call[5] == 200]
    return {
        "alert_messages": len(alerts),
        "notice_messages": len(notices),
        "digests_among_alerts": named[alerts[0] : alerts[-1]].count("digest"),
        "digests_among_notices": named[notices[0] : notices[-1]].count("digest"),
        "digests_after": named[max(alerts[-1], notices[-1]) :].count("digest"),
        "per_second": round((len(times) - 1) / (times[-1] - times[0]), 2),
        "most_in_a_second": api_server.most_in_a_second(times),
        "refused_429": sum(call[5] == 429 for call in calls),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name, count in (("digest", 100_000), ("alert", 1_000), ("notice", 100)):
        parser.add_argument(f"--{name}", type=int, default=count)
    parser.add_argument("--json", action="store_true", help="one line; it is JSON all the same without")
    given = parser.parse_args()
    result = run(Asked(given.digest, given.alert, given.notice))
    print(json.dumps(result, indent=None if given.json else 2))
