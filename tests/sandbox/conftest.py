from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from sandbox.server import Sandbox, serve
from tests.sandbox.page_driver import ChatPages, chromium

TOKEN = "777:TEST-token_for_the_sandbox"
USER = 1001
OWNER = 1002
GROUP = -2001
SUPERGROUP = -1000000002003
CHANNEL = -1000000002002


class Clock:
    """Time that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Server:
    """A running sandbox with one bot, two people and a chat of each kind."""

    sandbox: Sandbox
    url: str
    http: aiohttp.ClientSession
    clock: Clock

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """The answer to a call with a JSON body."""
        async with self.http.post(f"{self.url}/bot{TOKEN}/{method}", json=params) as answer:
            body: dict[str, Any] = await answer.json()
            assert body["ok"] == (answer.status == 200)
            return body

    async def ok(self, method: str, **params: Any) -> Any:
        """The result of a call that must be taken."""
        body = await self.call(method, **params)
        assert body["ok"], body
        return body["result"]

    async def refused(self, method: str, **params: Any) -> str:
        """The description of a call that must be refused."""
        body = await self.call(method, **params)
        assert not body["ok"], body
        return str(body["description"])

    async def control(self, path: str, body: Any = None) -> dict[str, Any]:
        """A control request (POST where there is a body) that must succeed."""
        method = "GET" if body is None else "POST"
        async with self.http.request(method, f"{self.url}/sandbox/{path}", json=body) as answer:
            assert answer.status == 200, await answer.text()
            view: dict[str, Any] = await answer.json()
            return view


def fill(sandbox: Sandbox) -> None:
    """The small world that the tests play in."""
    world = sandbox.world
    bot = world.add_bot(TOKEN, username="tidings_bot")
    for user_id, name in ((USER, "You"), (OWNER, "Owner")):
        world.add_user(name, user_id=user_id)
        world.add_private_chat(user_id)
    people = {OWNER: "creator", USER: "member", bot.id: "member"}
    world.add_chat("group", "Friends", dict(people), chat_id=GROUP)
    world.add_chat("supergroup", "Desk", dict(people), chat_id=SUPERGROUP, is_forum=True)
    channel = {OWNER: "creator", USER: "member", bot.id: "administrator"}
    world.add_chat("channel", "Wire", channel, chat_id=CHANNEL, username="tidings_wire")


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    clock = Clock()
    sandbox = await Sandbox.open(None, clock=clock)
    fill(sandbox)
    async with serve(sandbox) as url, aiohttp.ClientSession() as http:
        yield Server(sandbox, url, http, clock)
    await sandbox.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chat_page() -> AsyncIterator[ChatPages]:
    """Opens the chat page in a browser that the module's tests share."""
    async with chromium() as browser:
        yield ChatPages(browser)
