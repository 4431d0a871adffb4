"""Prometheus's view of deliveries, and who may have it; `tidings deliveries`."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import update

from bot import web
from delivery.metrics import exposition
from storage import editions
from storage.database import Database
from storage.records import EditionKind, EditionPart, Lane
from storage.schema import delivery
from tests.bot.cli_rig import CommandLine
from tests.delivery.news import BOT
from tests.delivery.worlds import destination

TOKEN = "a token for figures"
BLOCKED = 'the reader "blocked" the bot (Forbidden: bot was blocked by the user)'


async def fill(db: Database, now: datetime) -> int:
    """One delivery each: sent, failed, dropped, waiting for two minutes."""
    async with db.begin() as tx:
        to = [await destination(tx, chat_id) for chat_id in (1, 2, 3, 4)]
        edition_id, _ = await editions.make(
            tx, bot_id=BOT, kind=EditionKind.DIGEST, signature="x", parts=(EditionPart(0, "text"),), now=now
        )
        await editions.add_deliveries(
            tx, edition_id, bot_id=BOT, lane=Lane.DIGEST, destination_ids=to, now=now - timedelta(minutes=2)
        )
        for place, state, reason in zip(
            to, ("sent", "failed", "dropped"), (None, "too long (x)", BLOCKED), strict=False
        ):
            mine = update(delivery).where(delivery.c.destination_id == place)
            await tx.execute(mine.values(state=state, reason=reason, done_at=now - timedelta(seconds=1)))
    return edition_id


async def test_the_figures(db: Database) -> None:
    now = datetime.now(UTC)
    await fill(db, now)
    text = await exposition(db, bot_id=BOT, now=now)
    for line in (
        'tidings_deliveries_waiting{lane="digest"} 1',
        'tidings_deliveries_waiting{lane="alert"} 0',
        'tidings_delivery_lag_seconds{lane="digest"} 120',
        "tidings_deliveries_in_flight 0",
        'tidings_delivered_per_second{lane="digest"} 0.0166667',
        'tidings_deliveries_ended_last_hour{lane="digest",state="failed"} 1',
        'tidings_delivery_errors_last_hour{reason="too long"} 1',
        'tidings_delivery_errors_last_hour{reason="the reader \\"blocked\\" the bot"} 1',
        "# TYPE tidings_deliveries_waiting gauge",
    ):
        assert line in text.splitlines()
    assert text.endswith("\n")


@pytest.fixture
async def http(desk_db: Database) -> AsyncIterator[TestClient]:  # type: ignore[type-arg]
    app = web.create_app(desk_db, None, web.metrics_handler(desk_db, BOT, TOKEN))
    async with TestClient(TestServer(app)) as client:
        yield client


@pytest.mark.parametrize(("shown", "status"), [(None, 401), ("Bearer other", 401), (f"Bearer {TOKEN}", 200)])
async def test_figures_are_for_who_shows_the_token(http: TestClient, shown: str | None, status: int) -> None:  # type: ignore[type-arg]
    async with http.get("/metrics", headers={"Authorization": shown} if shown else {}) as answer:
        assert answer.status == status
        assert ("tidings_deliveries_waiting" in await answer.text()) is (status == 200)


async def test_without_a_token_there_are_no_figures(desk_db: Database) -> None:
    async with TestClient(TestServer(web.create_app(desk_db, None))) as client, client.get("/metrics") as answer:
        assert answer.status == 404


async def test_deliveries_are_listed_and_the_failed_sent_again(cli: CommandLine, tmp_path: Path) -> None:
    assert "No editions" in cli("deliveries").out
    db = Database(f"sqlite:///{tmp_path / 'data' / 'tidings.db'}")
    edition_id = await fill(db, datetime.now(UTC))
    await db.dispose()
    [row] = [json.loads(line) for line in cli("deliveries", "--json").out.splitlines()]
    assert (row["edition"], row["sent"], row["waiting"], row["failed"]) == (edition_id, 1, 1, {"too long (x)": 1})
    assert "1 failed: too long (x)" in cli("deliveries", str(edition_id)).out
    assert "1 that failed are queued again" in cli("deliveries", str(edition_id), "--resend").err
    [row] = [json.loads(line) for line in cli("deliveries", "--json").out.splitlines()]
    assert (row["waiting"], row["failed"], row["dropped"]) == (2, {}, {BLOCKED: 1})
    assert cli("deliveries", "99").status == 1
    assert cli("deliveries", "--resend").status == 2
