"""Worker processes: what they find comes back whole, and what keeps them busy is ended."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from ingest.errors import ExtractError
from ingest.extract import extract
from ingest.workers import Workers, environment
from tests.patience import PATIENCE_S

PAGE = (
    "<html><head><title>Storm closes harbour</title><meta property='article:published_time' content='2026-11-20'>"
    "</head><body><article><h1>Storm closes harbour</h1>"
    + "".join(f"<p>The storm of day {number} closed the harbour again, and nobody was hurt.</p>" for number in range(9))
    + "</article></body></html>"
).encode()


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    async with Workers(1, deadline_s=PATIENCE_S) as found:
        yield found


async def test_a_worker_finds_what_the_reader_finds_and_waits_for_the_next(workers: Workers) -> None:
    assert workers.running == 0
    found = await workers.extract(PAGE, url="https://example.org/2026/11/20/a")
    assert found == extract(PAGE, url="https://example.org/2026/11/20/a")
    with pytest.raises(ExtractError, match="no article text"):
        await workers.extract(b"<html><body><p>Too short</p></body></html>")
    again = await asyncio.gather(*(workers.extract(PAGE) for _ in range(3)))
    assert all(item == extract(PAGE) for item in again)
    assert workers.running == 1


async def test_what_takes_too_long_is_ended_and_the_next_page_is_read() -> None:
    async with Workers(1, deadline_s=0.03) as workers:
        endless = b"<html><body>" + b"<div><p>word word word word</p>" * 60_000  # for a quarter of a second
        with pytest.raises(ExtractError, match="too long"):
            await workers.extract(endless)
        assert workers.running == 0
    async with Workers(1, deadline_s=PATIENCE_S) as workers:
        assert await workers.extract(PAGE)


async def test_what_takes_too_much_memory_is_ended() -> None:
    async with Workers(1, deadline_s=PATIENCE_S, memory_mb=24) as workers:
        with pytest.raises(ExtractError, match="memory"):
            await workers.extract(b"<html><body>" + b"<p>word <b>word</b></p>" * 120_000)
        assert workers.running == 0


async def test_a_wait_that_is_given_up_ends_the_work(workers: Workers) -> None:
    await workers.extract(PAGE)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.03):
            await workers.extract(b"<html><body>" + b"<div><p>word word</p>" * 90_000)
    assert workers.running == 0


async def test_a_worker_with_nothing_to_do_ends() -> None:
    async with Workers(1, idle_s=0) as workers:
        await workers.extract(PAGE)
        async with asyncio.timeout(PATIENCE_S):
            while workers.running:  # noqa: ASYNC110 - a process tells its end to nobody but the loop
                await asyncio.sleep(0.01)
        assert await workers.extract(PAGE)


async def test_short_texts_and_rows_need_no_process(workers: Workers) -> None:
    found = await workers.extract(b'{"title": "H", "text": "One", "published_at": "2026-11-20"}', name="x.jsonl")
    assert [item.published_at for item in found] == [datetime(2026, 11, 20, tzinfo=UTC)]  # type: ignore[union-attr]
    await workers.extract(b"Storm closes the harbour\n\nThe storm closed the harbour, officials said.", name="x.txt")
    assert workers.running == 0


def test_a_worker_gets_no_token() -> None:
    own = {"TELEGRAM_BOT_TOKEN": "1:secret", "DATABASE_URL": "postgresql://u:p@h/d", "PATH": os.environ["PATH"]}
    assert set(environment(own)) == {"PATH", "PYTHONPATH", "OPENBLAS_NUM_THREADS", "MALLOC_ARENA_MAX"}
