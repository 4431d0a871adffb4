"""The service in one process: with no settings at all, with a token by long polling, and where it can't start."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy import update

from bot import app as service
from bot.app import Endpoint, Process, Service, StartError
from config.settings import Settings, load
from storage import articles, editors
from storage.database import Database
from storage.errors import DatabaseBusyError
from storage.schema import schedule
from tests.bot.service_rig import (
    ARTICLE,
    HEADLINE,
    LOOK_EVERY_S,
    OWNER,
    READER,
    TOKEN,
    Wire,
    environment,
    eventually,
    far_from_now,
    finished,
    tidings,
    wire,
)
from tests.patience import PATIENCE_S
from tests.ports import free_port

YOU = 1001
SECRET = TOKEN.partition(":")[2]
Before = Callable[[Service], Awaitable[None]]


@pytest.fixture
def port() -> int:
    return free_port()


# With no settings at all


async def texts(page: aiohttp.ClientSession, chat: int = YOU) -> list[str]:
    async with page.get(f"/sandbox/chats/{chat}/messages") as answer:
        assert answer.status == 200
        return [message.get("text", "") for message in (await answer.json())["messages"]]


async def answered(page: aiohttp.ClientSession, text: str, *words: str) -> None:
    """Write as the first person of the chat page, and wait for the answer."""
    before = len(await texts(page))
    async with page.post(f"/sandbox/chats/{YOU}/messages", json={"from": YOU, "text": text}) as answer:
        assert answer.status == 200
    async with asyncio.timeout(PATIENCE_S):
        while True:
            after = (await texts(page))[before + 1 :]
            if any(all(word in said for word in words) for said in after):
                return
            await asyncio.sleep(LOOK_EVERY_S)


def first_digest(output: str) -> str:
    return output.partition("The first digest")[2].partition("Chat page")[0]


async def test_with_no_settings_it_shows_news_and_a_chat_page_and_goes_on_where_it_was(
    tmp_path: Path, port: int
) -> None:
    root = f"http://127.0.0.1:{port}"
    async with tidings("run", cwd=tmp_path, env=environment(PORT=str(port))) as program:
        await program.printed("is ready", root, "started")
        assert HEADLINE in first_digest(program.output)
        async with aiohttp.ClientSession(root) as page:
            async with page.get("/") as answer:
                assert (answer.status, answer.content_type) == (200, "text/html")
            await answered(page, "/start", "Hello")
            await answered(page, "/topic korea", HEADLINE)
            await answered(page, "/subscribe china", "China", "08:00")
            kept = await texts(page)
        assert await program.terminate() == 0
        assert "Traceback" not in program.output
    async with tidings("run", cwd=tmp_path, env=environment(PORT=str(port))) as program:
        await program.printed("is ready", "Found", "started")
        assert "sample articles" not in program.output
        async with aiohttp.ClientSession(root) as page:
            assert await texts(page) == kept
            await answered(page, "/subscriptions", "China")
        assert await program.terminate() == 0


# With a token


async def test_the_token_is_in_no_line_however_much_is_logged(tmp_path: Path) -> None:
    async with wire() as where:
        env = environment(TELEGRAM_API_URL=where.root, LOG_LEVEL="DEBUG", LOG_FORMAT="json")
        known = env | {"TELEGRAM_BOT_TOKEN": TOKEN, "PORT": str(free_port())}
        wrong = env | {"TELEGRAM_BOT_TOKEN": TOKEN + "x", "DATABASE_URL": "sqlite:///wrong.db"}
        async with tidings("run", cwd=tmp_path, env=known) as program:
            refused = asyncio.create_task(finished("run", cwd=tmp_path, env=wrong | {"PORT": str(free_port())}))
            await program.printed("is ready")
            await where.asks(READER, "/start", "Hello", said=lambda: program.output)
            await where.fails(
                [{"method": "getUpdates", "kind": "server_error"}, {"method": "sendMessage", "kind": "html"}]
            )
            await where.asks(READER, "/latest", said=lambda: program.output)
            assert await program.terminate() == 0
            assert SECRET not in program.output
            assert "Traceback" not in program.output
        status, said = await refused
        assert status == 1
        assert "Telegram refuses TELEGRAM_BOT_TOKEN" in said
        assert SECRET not in said
        assert "Traceback" not in said


# In this process


class Terminal:
    """What was said to whoever started it."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, *lines: str) -> None:
        self.lines += lines

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def settings(where: Wire, database: str, **values: str) -> Settings:
    given = {"TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_API_URL": where.root, "DATABASE_URL": database}
    return load({"PORT": str(free_port()), **given, **values}, None)


async def run(
    found: Settings, process: Process, stop: asyncio.Event, terminal: Terminal, before: Before | None = None
) -> None:
    endpoint = Endpoint(found.token or "", found.telegram_api_url)
    await service.run(found, process, endpoint, stop=stop, say=terminal.say, before=before)


@asynccontextmanager
async def running(found: Settings, before: Before | None = None) -> AsyncIterator[Terminal]:
    stop, terminal = asyncio.Event(), Terminal()
    task = asyncio.create_task(run(found, Process.ALL, stop, terminal, before))
    try:
        await eventually(lambda: "is ready" in terminal.text or task.done())
        yield terminal
    finally:
        stop.set()
        async with asyncio.timeout(service.STOP_DEADLINE_S):
            await task


@pytest.fixture
async def where() -> AsyncIterator[Wire]:
    async with wire() as made:
        yield made


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'news' / 'tidings.db'}"


async def test_a_token_is_all_it_needs(where: Wire, url: str) -> None:
    found = settings(where, url, OWNER_IDS=str(OWNER))
    async with running(found) as terminal:
        await where.asks(READER, "/help", "/latest")
        await where.asks(OWNER, "/help", "/push")
        async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{found.port}/healthz") as answer:
            assert answer.status == 200
    assert "claim" not in terminal.text
    assert not where.calls("setWebhook")


async def test_a_digest_comes_at_its_time(where: Wire, url: str) -> None:
    async def take_in(built: Service) -> None:
        async for result in built.ingest.run([str(ARTICLE)]):
            assert result.article is not None

    database, digest_time = Database(url), far_from_now()
    async with running(settings(where, url, DIGEST_TIME=digest_time), take_in):
        await where.asks(READER, "/subscribe korea", "Korea", digest_time)
        async with database.begin() as tx:
            moved = await tx.execute(update(schedule).values(next_at=datetime.now(UTC)))
        assert moved.rowcount == 1
        await where.hears(READER, "Your digest", HEADLINE)
    await database.dispose()
    assert sum("Your digest" in text for text in where.heard(READER)) == 1


async def test_a_webhook_that_was_left_is_taken_away_for_polling(where: Wire, url: str) -> None:
    async with where.http.post(
        f"/bot{TOKEN}/setWebhook", json={"url": f"http://127.0.0.1:{free_port()}/elsewhere"}
    ) as answer:
        assert answer.status == 200
    async with running(settings(where, url)):
        await where.asks(READER, "/start", "Hello")
    assert where.calls("deleteWebhook")


async def test_who_opens_the_link_first_owns_the_bot(where: Wire, url: str) -> None:
    async with running(settings(where, url)) as first:
        pass
    async with running(settings(where, url)) as second:
        links = [terminal.text.partition("?start=")[2].split()[0] for terminal in (first, second)]
        assert links[0] != links[1]
        await where.asks(READER, f"/start {links[0]}", "used already")  # a restart prints a new link, for the old one
        await where.asks(OWNER, f"/start {links[1]}", "desk")
        await where.asks(READER, f"/start {links[1]}", "used already")
    database = Database(url)
    async with database.read() as tx:
        assert [editor.user_id for editor in await editors.all_editors(tx, where.bot.id)] == [OWNER]
    await database.dispose()
    async with running(settings(where, url)) as third:
        assert "?start=" not in third.text


async def test_updates_that_came_while_it_was_off_are_answered_once(where: Wire, url: str) -> None:
    found = settings(where, url)
    async with running(found):
        await where.asks(READER, "/start", "Hello")
    await where.say(READER, "/help")
    for _ in range(2):
        async with running(found):
            await where.hears(READER, "/latest")
            await eventually(lambda: not where.bot.outbox.queue)
    assert sum("/latest" in text for text in where.heard(READER)) == 1


@pytest.mark.parametrize("process", [Process.WEB, Process.WORKER, Process.SENDER])
async def test_one_of_several_processes_needs_postgresql(where: Wire, url: str, process: Process) -> None:
    with pytest.raises(StartError, match="DATABASE_URL"):
        await run(settings(where, url), process, asyncio.Event(), Terminal())


async def test_a_second_one_on_the_same_file_is_refused(where: Wire, url: str) -> None:
    async with running(settings(where, url)):
        with pytest.raises(DatabaseBusyError, match="Another Tidings already runs"):
            await run(settings(where, url), Process.ALL, asyncio.Event(), Terminal())


@pytest.fixture
def taken_port() -> Iterator[int]:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        yield taken.getsockname()[1]


async def test_a_port_in_use_is_named_with_the_way_out(where: Wire, url: str, taken_port: int) -> None:
    with pytest.raises(StartError, match=rf"Port {taken_port} is in use.*PORT={taken_port + 1}"):
        await run(settings(where, url, PORT=str(taken_port)), Process.ALL, asyncio.Event(), Terminal())


@pytest.mark.parametrize(
    ("token", "said"),
    [(TOKEN + "x", "refuses TELEGRAM_BOT_TOKEN"), ("123:unheard-of", "refuses TELEGRAM_BOT_TOKEN")],
)
async def test_a_wrong_token_is_said_without_showing_it(where: Wire, url: str, token: str, said: str) -> None:
    with pytest.raises(StartError, match=said) as caught:
        await run(settings(where, url, TELEGRAM_BOT_TOKEN=token), Process.ALL, asyncio.Event(), Terminal())
    assert token.partition(":")[2] not in str(caught.value)


async def test_a_server_that_is_away_is_said(where: Wire, url: str) -> None:
    found = settings(where, url, TELEGRAM_API_URL=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(StartError, match="can't be reached"):
        await run(found, Process.ALL, asyncio.Event(), Terminal())


async def test_what_is_to_be_done_first_finds_everything_built(where: Wire, url: str) -> None:
    found, stop, counts = settings(where, url), asyncio.Event(), list[int]()

    async def before(built: Service) -> None:
        async with built.database.read() as tx:
            counts.append(await articles.count(tx))
        stop.set()

    endpoint = Endpoint(TOKEN, where.root)
    await service.run(found, Process.ALL, endpoint, stop=stop, say=Terminal().say, before=before)
    assert counts == [0]


async def test_a_task_that_dies_ends_the_process() -> None:
    async def dies() -> None:
        await asyncio.sleep(0)

    with pytest.raises(ExceptionGroup) as caught:
        await service.supervise({"polling": dies()}, asyncio.Event())
    assert "polling" in str(caught.value.exceptions[0])
