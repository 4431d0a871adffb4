"""Updates in: polled or accepted, kept, handled once, in order."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.ask import utc_now
from bot.commands.build import build
from bot.receive import LONGEST_PAUSE, Handle, Receiver, backoff, line_of
from storage import inbox
from storage.database import Database
from tests.bot.desk_rig import OWNER, READER, Newsroom, newsroom
from tests.patience import PATIENCE_S


@pytest.fixture
async def room(db: Database) -> AsyncIterator[Newsroom]:
    async with newsroom(db, build()) as made:
        yield made


class Handled:
    """A handler that remembers; `wait` returns when so many updates were handled."""

    def __init__(self, handle: Handle | None = None) -> None:
        self.texts: list[str] = []
        self._handle = handle
        self._changed = asyncio.Condition()

    async def __call__(self, payload: Mapping[str, Any]) -> None:
        try:
            if self._handle is not None:
                await self._handle(payload)
        finally:
            async with self._changed:
                self.texts.append(payload["message"]["text"])
                self._changed.notify_all()

    async def wait(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE_S), self._changed:
            await self._changed.wait_for(lambda: len(self.texts) >= count)


@asynccontextmanager
async def _running(receiver: Receiver, *, poll: bool = True) -> AsyncIterator[None]:
    stop = asyncio.Event()
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        group.create_task(receiver.work(stop))
        if poll:
            group.create_task(receiver.poll(stop))
        try:
            yield
        finally:
            stop.set()


def _update(number: int, chat: int, text: str) -> dict[str, Any]:
    place = {"id": chat, "type": "private", "first_name": "Rita"}
    sender = {"id": chat, "is_bot": False, "first_name": "Rita"}
    message = {"message_id": number, "date": 1, "chat": place, "from": sender, "text": text}
    return {"update_id": number, "message": message}


async def _open(room: Newsroom) -> list[int]:
    async with room.db.read() as tx:
        return [received.update_id for received in await inbox.waiting(tx, room.bot.id, limit=100)]


async def _write(room: Newsroom, text: str, user: int = READER) -> None:
    await room.post(f"chats/{user}/messages", {"from": user, "text": text})


async def test_a_command_is_polled_answered_and_done_with(room: Newsroom) -> None:
    handled = Handled(room.router.handle)
    async with _running(Receiver(room.db, room.bot, handled)):
        await _write(room, "/help")
        await handled.wait(1)
        await _write(room, "/latest")
        await handled.wait(2)
    answers = await room.said(READER)
    assert ["What I can do" in answers[0].text, "no news yet" in answers[1].text] == [True, True]
    assert await _open(room) == []
    assert await room.bot.get_updates(timeout=0) == ()


async def test_what_a_dead_process_left_is_handled_at_the_next_start(room: Newsroom) -> None:
    async with room.db.begin() as tx:
        await inbox.store(tx, room.bot.id, [_update(1, READER, "a"), _update(2, READER, "b")], utc_now())
    handled = Handled()
    async with _running(Receiver(room.db, room.bot, handled), poll=False):
        await handled.wait(2)
    assert handled.texts == ["a", "b"]
    assert await _open(room) == []


async def test_an_update_that_comes_twice_is_handled_once(room: Newsroom) -> None:
    handled = Handled()
    receiver = Receiver(room.db, room.bot, handled)
    async with _running(receiver, poll=False):
        await receiver.accept(_update(1, READER, "a"))
        await handled.wait(1)
        await receiver.accept(_update(1, READER, "a"))
        await receiver.accept(_update(2, READER, "b"))
        await handled.wait(2)
    assert handled.texts == ["a", "b"]


async def test_a_chat_is_served_in_order_and_holds_up_no_other(room: Newsroom) -> None:
    other_done = asyncio.Event()

    async def handle(payload: Mapping[str, Any]) -> None:
        if payload["message"]["text"] == "first":
            await other_done.wait()
        if payload["message"]["text"] == "other":
            other_done.set()

    handled = Handled(handle)
    receiver = Receiver(room.db, room.bot, handled, workers=2)
    async with _running(receiver, poll=False):
        for number, (chat, text) in enumerate([(READER, "first"), (READER, "second"), (OWNER, "other")], start=1):
            await receiver.accept(_update(number, chat, text))
        await handled.wait(3)
    assert handled.texts == ["other", "first", "second"]


async def test_more_than_fits_in_hand_is_handled_to_the_end(room: Newsroom) -> None:
    updates = [_update(number, number % 7 + 1, str(number)) for number in range(1, 451)]
    async with room.db.begin() as tx:
        await inbox.store(tx, room.bot.id, updates, utc_now())
    handled = Handled()
    async with _running(Receiver(room.db, room.bot, handled), poll=False):
        await handled.wait(450)
    assert sorted(map(int, handled.texts)) == list(range(1, 451))
    for chat in range(7):
        mine = [int(text) for text in handled.texts if int(text) % 7 == chat]
        assert mine == sorted(mine)


async def test_of_two_processes_one_handles_until_it_stops(postgres_url: str) -> None:
    database = Database(postgres_url)
    async with newsroom(database, build()) as room:
        first, second = Handled(), Handled()
        receivers = [Receiver(database, room.bot, handled, check_every=0.02) for handled in (first, second)]
        async with _running(receivers[1], poll=False):
            async with _running(receivers[0], poll=False):
                for number in range(20):
                    await receivers[number % 2].accept(_update(number, READER, "a"))
                await asyncio.wait_for(_either_has(first, second, 20), PATIENCE_S)
                assert 20 in (len(first.texts), len(second.texts))
                assert 0 in (len(first.texts), len(second.texts))
            await receivers[0].accept(_update(99, READER, "b"))
            if first.texts:
                await second.wait(1)
    await database.dispose()


async def _either_has(first: Handled, second: Handled, count: int) -> None:
    waits = [asyncio.ensure_future(handled.wait(count)) for handled in (first, second)]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
    await asyncio.gather(*waits, return_exceptions=True)


async def test_a_poisonous_update_is_logged_excused_and_left_behind(room: Newsroom) -> None:
    async def handle(payload: Mapping[str, Any]) -> None:
        if payload["message"]["text"] == "poison":
            raise ZeroDivisionError

    await _write(room, "/start")
    handled = Handled(handle)
    receiver = Receiver(room.db, room.bot, handled, apologize=room.router.apologize)
    with capture_logs() as logs:
        async with _running(receiver, poll=False):
            await receiver.accept(_update(901, READER, "poison"))
            await receiver.accept(_update(902, READER, "fine"))
            await handled.wait(2)
    assert [(entry["event"], entry["update_id"]) for entry in logs if entry["log_level"] == "error"] == [
        ("update_failed", 901)
    ]
    assert "Sorry" in (await room.said(READER))[0].text
    assert await _open(room) == []


@pytest.mark.parametrize(
    "payload",
    [
        {"update_id": 5},
        {"update_id": 6, "message": {"chat": 1}},
        {"update_id": 7, "message": "text"},
        {"update_id": 8, "callback_query": {"id": "1"}},
        {"update_id": 9, "something_new": {"chat": {"id": 1}}},
    ],
)
async def test_a_strange_update_stops_nothing(sqlite_url: str, payload: dict[str, Any]) -> None:
    database = Database(sqlite_url)
    async with newsroom(database, build()) as room:
        handled = Handled(room.router.handle)

        async def handle(found: Mapping[str, Any]) -> None:
            await (handled(found) if found["update_id"] == 99 else room.router.handle(found))

        receiver = Receiver(database, room.bot, handle, apologize=room.router.apologize)
        async with _running(receiver, poll=False):
            await receiver.accept(payload)
            await receiver.accept(_update(99, READER, "/help"))
            await handled.wait(1)
        assert await _open(room) in ([], [payload["update_id"]])
    await database.dispose()


@pytest.mark.parametrize("kind", ["server_error", "html", "drop_before", "drop_after"])
async def test_polling_outlives_the_server_s_troubles(sqlite_url: str, kind: str) -> None:
    database = Database(sqlite_url)
    async with newsroom(database, build()) as room:
        await room.post("faults", [{"method": "getUpdates", "kind": kind}])
        handled = Handled(room.router.handle)
        async with _running(Receiver(database, room.bot, handled)):
            await _write(room, "/help")
            await handled.wait(1)
        assert len(await room.said(READER)) == 1
    await database.dispose()


async def test_a_forgotten_webhook_is_removed(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    async with newsroom(database, build()) as room:
        await room.bot.set_webhook("https://localhost/telegram")
        handled = Handled(room.router.handle)
        async with _running(Receiver(database, room.bot, handled)):
            await _write(room, "/help")
            await handled.wait(1)
        assert len(await room.said(READER)) == 1
    await database.dispose()


async def test_beside_another_poller_it_stands_by_and_says_so(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    async with newsroom(database, build()) as room:
        receiver = Receiver(database, room.bot, Handled())
        said = asyncio.Event()

        async def poll() -> None:
            stop = asyncio.Event()
            with capture_logs() as logs:
                polling = asyncio.create_task(receiver.poll(stop))
                while not any(entry["event"] == "polling_standby" for entry in logs):
                    await room.bot.get_updates(timeout=0)
                said.set()
                stop.set()
                await polling

        async with asyncio.timeout(PATIENCE_S):
            await poll()
        assert said.is_set()
    await database.dispose()


@pytest.mark.slow
async def test_of_processes_with_one_database_one_polls_until_it_is_gone(postgres_url: str) -> None:
    database = Database(postgres_url)
    async with newsroom(database, build()) as room:
        first, second = (Receiver(database, room.bot, Handled()) for _ in range(2))
        async with asyncio.timeout(PATIENCE_S):
            with capture_logs() as logs:
                stop, other_stop = asyncio.Event(), asyncio.Event()
                polling = asyncio.create_task(first.poll(stop))
                while not (polls := room.sandbox.ledger.read(method="getUpdates")):  # noqa: ASYNC110 - no event
                    await asyncio.sleep(0.02)
                standing_by = asyncio.create_task(second.poll(other_stop))
                await asyncio.sleep(1.2)
                assert len(room.sandbox.ledger.read(method="getUpdates")) == len(polls) == 1
                polling.cancel()  # as a kill: its turn is not given back
                await asyncio.gather(polling, return_exceptions=True)
                while len(room.sandbox.ledger.read(method="getUpdates")) < 2:  # noqa: ASYNC110 - no event
                    await asyncio.sleep(0.05)
                other_stop.set()
                await standing_by
        assert not [entry for entry in logs if entry["event"] == "polling_standby"]
    await database.dispose()


@pytest.mark.parametrize(
    ("payload", "line"),
    [
        (_update(1, 42, "x"), 42),
        ({"update_id": 1, "channel_post": {"chat": {"id": -100}}}, -100),
        ({"update_id": 1, "callback_query": {"from": {"id": 5}, "message": {"chat": {"id": -7}}}}, -7),
        ({"update_id": 1, "callback_query": {"from": {"id": 5}}}, 5),
        ({"update_id": 1, "my_chat_member": {"from": {"id": 5}, "chat": {"id": -9}}}, -9),
        ({"update_id": 1}, 0),
    ],
)
def test_an_update_belongs_to_its_chat_s_line(payload: dict[str, Any], line: int) -> None:
    assert line_of(payload) == line


def test_pauses_grow_to_a_limit() -> None:
    assert all(0 < backoff(failures) <= LONGEST_PAUSE for failures in (1, 5, 50, 5000))
    assert backoff(50) >= LONGEST_PAUSE / 2
