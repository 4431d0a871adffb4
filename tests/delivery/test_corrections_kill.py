"""kill -9 while a correction is carried out: the next start goes on, and every copy is reached."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from delivery.corrections import confirm
from delivery.push import push
from delivery.send import CALL_SLOTS
from storage import corrections
from storage.database import Database
from storage.records import CorrectionKind, Mode
from tests.delivery.news import BOT, publish, reader, seed
from tests.delivery.worlds import TOKEN, World
from tests.patience import PATIENCE_S

CHATS, RATE, KILLS = 120, 100, (20, 70)
ROOT = Path(__file__).parents[2]


@pytest.mark.slow
async def test_killed_processes_leave_no_copy_uncorrected(wire: World, database_url: str) -> None:
    kind = CorrectionKind.KILL if wire.db.dialect == "sqlite" else CorrectionKind.CORRECTION
    ids = await _pushed(wire)
    await _confirm(wire.db, kind)
    await wire.db.dispose()
    before = len(wire.sandbox.ledger.rows)
    left = [await _until_killed(wire, database_url, before, target) for target in KILLS]
    assert max(left) <= CALL_SLOTS
    child = await _start(wire, database_url)
    assert await asyncio.wait_for(child.wait(), PATIENCE_S) == 0
    told = "CORRECTION: It was 12." if kind is CorrectionKind.CORRECTION else "KILLED: It was 12."
    for chat_id in ids:
        [message] = wire.sandbox.world.chats[chat_id].messages.values()
        assert told in message.payload["text"]
    edits = [row for row in wire.sandbox.ledger.rows if row.method == "editMessageText"]
    assert len(ids) <= len(edits) <= len(ids) + sum(left)  # those in flight at a kill, again: it does no harm


async def _pushed(wire: World) -> list[int]:
    """Chats that have a push of two articles, the first of which is wrong."""
    ids, now = wire.sandbox.world.bulk_chats(CHATS), datetime.now(UTC)
    async with wire.db.begin() as tx:
        topic = (await seed(tx))["korea"]
        for chat_id in ids:
            await reader(tx, chat_id, {"korea": Mode.DIGEST}, since=now)
        await publish(tx, "Ferry sinks with 21", "korea", now - timedelta(minutes=1))
        await publish(tx, "Another story", "korea", now - timedelta(minutes=2))
    await push(wire.db, bot_id=BOT, topic=topic, requested_by=1, now=now)
    await wire.send()
    return ids


async def _confirm(db: Database, kind: CorrectionKind) -> None:
    now = datetime.now(UTC)
    async with db.begin() as tx:
        draft_id = await corrections.draft(tx, bot_id=BOT, article_id=1, kind=kind, note="It was 12.", by=1, now=now)
    await confirm(db, draft_id=draft_id, article_id=1, now=now)


async def _start(wire: World, url: str) -> asyncio.subprocess.Process:
    options = [url, wire.url, TOKEN, "--rate", str(RATE)]
    return await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.delivery.corrector", *options, cwd=ROOT)


async def _until_killed(wire: World, url: str, before: int, target: int) -> int:
    """Gives how many calls the process had marked and not recorded."""
    child = await _start(wire, url)
    while child.returncode is None and len(wire.sandbox.ledger.rows) - before < target:  # noqa: ASYNC110
        await asyncio.sleep(0.002)
    assert child.returncode is None
    child.kill()
    await child.wait()
    try:
        return [state for state, _ in await wire.states()].count("sending")
    finally:
        await wire.db.dispose()
