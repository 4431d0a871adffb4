"""Opens the chat page in Chromium on a real sandbox, with somebody to play the bot."""

from __future__ import annotations

import asyncio
import shutil
import struct
import zlib
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import aiohttp
import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, async_playwright, expect

from sandbox.server import Sandbox, serve
from tests.patience import PATIENCE_S
from tests.ports import free_port

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# What every module of browser tests is marked with: one browser serves all its tests.
BROWSER_TESTS = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (Debian: apt install chromium)"),
    pytest.mark.asyncio(loop_scope="module"),
]

_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
expect.set_options(timeout=PATIENCE_S * 1000)
_SIZES = {"desktop": (1280, 800), "phone": (390, 844)}

YOU, OWNER, GROUP, CHANNEL = 1001, 1002, -2001, -1_000_000_002_002


def picture(width: int, height: int) -> bytes:
    """A grey PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = (b"\0" + b"\x99" * width) * height
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@dataclass
class BotPlayer:
    """Speaks to the sandbox as a bot does, over HTTP."""

    http: aiohttp.ClientSession
    root: str
    offset: int = 0

    async def call(self, method: str, **params: Any) -> Any:
        """One Bot API call; its result."""
        async with self.http.post(f"{self.root}/{method}", json=params) as answer:
            body = await answer.json()
        assert body["ok"], body
        return body["result"]

    async def send(self, chat_id: int, text: str, **params: Any) -> int:
        """Send a text; its message id."""
        message_id: int = (await self.call("sendMessage", chat_id=chat_id, text=text, **params))["message_id"]
        return message_id

    async def send_document(self, chat_id: int, name: str, data: bytes) -> None:
        """Send a file."""
        form = aiohttp.FormData({"chat_id": str(chat_id)})
        form.add_field("document", data, filename=name)
        async with self.http.post(f"{self.root}/sendDocument", data=form) as answer:
            assert answer.status == 200, await answer.text()

    async def send_photo(self, chat_id: int, data: bytes, caption: str) -> None:
        """Send a picture."""
        form = aiohttp.FormData({"chat_id": str(chat_id), "caption": caption})
        form.add_field("photo", data, filename="photo.png")
        async with self.http.post(f"{self.root}/sendPhoto", data=form) as answer:
            assert answer.status == 200, await answer.text()

    async def next(self, kind: str) -> dict[str, Any]:
        """The next update of that kind; those of other kinds before it are taken and left."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for update in await self.call("getUpdates", offset=self.offset, timeout=10, limit=1):
                    self.offset = update["update_id"] + 1
                    if kind in update:
                        found: dict[str, Any] = update[kind]
                        return found


@dataclass
class Server:
    """The sandbox on one port, which can be stopped and started again."""

    sandbox: Sandbox
    port: int = field(default_factory=free_port)
    _running: AbstractAsyncContextManager[str] | None = None

    async def start(self) -> str:
        """Listen; the root URL."""
        self._running = serve(self.sandbox, port=self.port)
        return await self._running.__aenter__()

    async def stop(self) -> None:
        """Close every connection."""
        if self._running:
            await self._running.__aexit__(None, None, None)
        self._running = None


@dataclass
class Driven:
    """An open chat page: `hosts` are those it asked, `complaints` what its console and its errors said."""

    page: Page
    bot: BotPlayer
    server: Server
    url: str
    hosts: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)

    async def go(self, path: str = "") -> None:
        """Load the page and wait until it is ready."""
        await self.page.goto(f"{self.url}/{path}")
        await self.page.wait_for_selector("html[data-ready]")

    async def open(self, chat_id: int) -> None:
        """Open a chat from the list."""
        await self.row(chat_id).click()

    def row(self, chat_id: int) -> Locator:
        """A chat's row in the list."""
        return self.page.locator(f'.chat-row[data-id="{chat_id}"]')

    @property
    def messages(self) -> Locator:
        """What is written in the open chat."""
        return self.page.locator("#messages .message:not(.leaving) .words")

    @property
    def input(self) -> Locator:
        """Where one writes."""
        return self.page.locator("#input")


@dataclass
class ChatPages:
    """Opens chat pages in one browser."""

    browser: Browser

    @asynccontextmanager
    async def __call__(
        self, size: Literal["desktop", "phone"] = "desktop", *, started: bool = True, **context: Any
    ) -> AsyncIterator[Driven]:
        """The page on a fresh demo world; `started`: both people wrote to the bot. `context` goes to Playwright."""
        sandbox = await Sandbox.open(None)
        token = sandbox.world.ensure_demo().token
        server = Server(sandbox)
        url = await server.start()
        async with aiohttp.ClientSession() as http, _context(self.browser, size, context) as opened:
            bot = BotPlayer(http, f"{url}/bot{token}")
            if started:
                await _start(bot, url)
            driven = Driven(await opened.new_page(), bot, server, url)
            _watch(driven)
            await driven.go()
            yield driven
        await server.stop()
        await sandbox.close()


async def _start(bot: BotPlayer, url: str) -> None:
    for user in (YOU, OWNER):
        async with bot.http.post(
            f"{url}/sandbox/chats/{user}/messages", json={"from": user, "text": "/start"}
        ) as answer:
            assert answer.status == 200, await answer.text()
        await bot.next("message")


def _watch(driven: Driven) -> None:
    def listen(line: ConsoleMessage) -> None:
        if line.type == "error":
            driven.complaints.append(line.text)

    driven.page.on("request", lambda request: driven.hosts.add(request.url.split("/")[2]))
    driven.page.on("pageerror", lambda error: driven.complaints.append(str(error)))
    driven.page.on("console", listen)


@asynccontextmanager
async def _context(browser: Browser, size: str, options: dict[str, Any]) -> AsyncIterator[BrowserContext]:
    width, height = _SIZES[size]
    phone = size == "phone"
    opened = await browser.new_context(
        viewport={"width": width, "height": height},
        has_touch=phone,
        is_mobile=phone,
        locale="en-GB",
        timezone_id="Asia/Seoul",
        **options,
    )
    opened.set_default_timeout(PATIENCE_S * 1000)
    yield opened
    await opened.close()


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """One headless Chromium."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)
        yield browser
        await browser.close()
