"""The HTTP side: health, and a webhook that takes only what Telegram sends, once it is stored."""

import io
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from sqlalchemy.exc import OperationalError

from bot import web
from bot.web import SECRET_HEADER, WEBHOOK_PATH
from storage.database import Database
from tests.bot.service_rig import TOKEN

SECRET = web.webhook_secret(TOKEN)
UPDATE = {"update_id": 7, "message": {"message_id": 1, "text": "/start"}}


class Inbox:
    """Keeps updates; `away` stands for a database that can't be reached."""

    def __init__(self, *, away: bool = False) -> None:
        self.kept: list[Mapping[str, Any]] = []
        self._away = away

    async def accept(self, update: Mapping[str, Any]) -> None:
        if self._away:
            raise OperationalError("INSERT", {}, OSError("away"))
        self.kept.append(update)


@asynccontextmanager
async def served(db: Database, inbox: Inbox | None) -> AsyncIterator[aiohttp.ClientSession]:
    app = web.create_app(db, None if inbox is None else web.webhook_handler(inbox.accept, SECRET))
    async with web.listening(app, "127.0.0.1", 0) as port, aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:
        yield http


async def post(http: aiohttp.ClientSession, body: bytes, secret: str | None = SECRET) -> aiohttp.ClientResponse:
    headers = {"Content-Type": "application/json"} | ({SECRET_HEADER: secret} if secret is not None else {})
    async with http.post(WEBHOOK_PATH, data=io.BytesIO(body), headers=headers) as answer:
        await answer.read()
        return answer


async def test_health_says_that_the_database_answers(desk_db: Database) -> None:
    async with served(desk_db, None) as http, http.get("/healthz") as answer:
        assert (answer.status, await answer.json()) == (200, {"status": "ok", "database": "ok"})


async def test_health_fails_while_the_database_is_away() -> None:
    database = Database("postgresql://nobody@127.0.0.1:9/nowhere?connect_timeout=1")
    async with served(database, None) as http, http.get("/healthz") as answer:
        assert (answer.status, (await answer.json())["database"]) == (503, "unreachable")
    await database.dispose()


async def test_an_update_with_the_secret_is_kept(desk_db: Database) -> None:
    inbox = Inbox()
    async with served(desk_db, inbox) as http:
        assert (await post(http, json.dumps(UPDATE).encode())).status == 200
    assert inbox.kept == [UPDATE]


@pytest.mark.parametrize("secret", [None, "", "guess", SECRET[:-1], SECRET + "0"])
async def test_without_the_secret_nothing_is_kept(desk_db: Database, secret: str | None) -> None:
    inbox = Inbox()
    async with served(desk_db, inbox) as http:
        assert (await post(http, json.dumps(UPDATE).encode(), secret)).status == 403
    assert not inbox.kept


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"", 400, id="nothing"),
        pytest.param(b"{", 400, id="not JSON"),
        pytest.param(b"\xff\xfe\xfd", 400, id="not text"),
        pytest.param(b"[" * 100_000, 400, id="deep"),
        pytest.param(b"[]", 400, id="a list"),
        pytest.param(b'{"update_id": "7"}', 400, id="a number as text"),
        pytest.param(b'{"update_id": true}', 400, id="true is no number"),
        pytest.param(b'{"update_id": 7, "x": "' + b"x" * web.MAX_UPDATE_BYTES + b'"}', 413, id="too big"),
    ],
)
async def test_what_is_no_update_is_refused(desk_db: Database, body: bytes, status: int) -> None:
    inbox = Inbox()
    async with served(desk_db, inbox) as http:
        assert (await post(http, body)).status == status
    assert not inbox.kept


async def test_an_update_that_cant_be_stored_is_asked_for_again(desk_db: Database) -> None:
    async with served(desk_db, Inbox(away=True)) as http:
        answer = await post(http, json.dumps(UPDATE).encode())
    assert (answer.status, "Retry-After" in answer.headers) == (503, True)


async def test_without_a_webhook_there_is_no_such_page(desk_db: Database) -> None:
    async with served(desk_db, None) as http:
        assert (await post(http, json.dumps(UPDATE).encode())).status == 404


def test_the_derived_secret_is_stable_and_tells_nothing_of_the_token() -> None:
    assert web.webhook_secret(TOKEN) == SECRET
    assert web.webhook_secret(TOKEN + "x") != SECRET
    assert TOKEN.partition(":")[2] not in SECRET
    assert len(SECRET) <= 256
