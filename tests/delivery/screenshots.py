"""Takes the screenshots of docs/digests.md: `python -m tests.delivery.screenshots`. Needs Chromium.

Each is a digest of tests.delivery.shown, sent by the sender's own calls to a sandbox and shown by its chat page.
"""

import asyncio
import hashlib
import json
import struct
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from playwright.async_api import Browser, async_playwright

from delivery.body import inline_keyboard
from sandbox.records import Chat
from sandbox.server import Sandbox, serve
from storage.records import EditionPart
from tests.delivery.shown import CASES, PHOTO
from tests.sandbox.page_driver import _FLAGS, CHROMIUM

PICTURES = Path(__file__).parents[2] / "docs" / "screenshots"
TOKEN, READER = "777:TEST-token_for_screenshots", 1001


@dataclass(frozen=True)
class Shot:
    """A case of tests.delivery.shown as a picture. `open_`: the first summary is unfolded."""

    name: str
    case: str
    theme: str = "light"
    rich: bool = False
    open_: bool = False
    photo: bool = False


SHOTS = (
    Shot("digest-light", "english"),
    Shot("digest-dark", "english", theme="dark"),
    Shot("digest-rich-light", "english", rich=True, open_=True),
    Shot("digest-rich-dark", "english", theme="dark", rich=True),
    Shot("digest-arabic", "arabic"),
    Shot("digest-arabic-rich", "arabic", theme="dark", rich=True),
    Shot("digest-hebrew-english", "hebrew_and_english"),
    Shot("digest-korean", "korean", theme="dark"),
    Shot("night", "night", theme="dark"),
    Shot("alert-photo", "alert", photo=True),
    Shot("alert-photo-arabic", "alert_arabic", theme="dark", photo=True),
)


def harbour(width: int = 800, height: int = 500) -> bytes:
    """A PNG: the sun rises over the sea behind two hills."""
    rows = b"".join(
        b"\0" + bytes(channel for pixel in _row(y, width, height) for channel in pixel) for y in range(height)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _row(y: int, width: int, height: int) -> Iterator[tuple[int, int, int]]:
    sea = height * 0.62
    for x in range(width):
        hill = min(abs(x - width * 0.12) * 0.9, abs(x - width * 0.86) * 0.7) + height * 0.42
        far = (x - width * 0.5) ** 2 + (y - height * 0.52) ** 2
        if y > sea:
            glow = max(0, 60 - abs(x - width // 2) // 3) if y % 12 < 4 else 0
            yield 52 + glow * 2, 92 + glow, 132
        elif y > hill:
            yield 74, 84, 112
        elif far < (height * 0.11) ** 2:
            yield 255, 222, 150
        else:
            blend = y / sea
            yield 120 + int(125 * blend), 160 + int(30 * blend), 215 - int(75 * blend)


@asynccontextmanager
async def room() -> AsyncIterator[tuple[Sandbox, str, Chat]]:
    sandbox = await Sandbox.open(None)
    sandbox.world.add_bot(TOKEN, username="tidings_bot", first_name="Tidings")
    sandbox.world.add_user("Rita", user_id=READER)
    chat = sandbox.world.add_private_chat(READER, started=True)
    async with serve(sandbox) as url:
        yield sandbox, url, chat
    await sandbox.close()


def content(part: EditionPart, shot: Shot) -> tuple[str, dict[str, Any]]:
    """The method, and what it takes for this form of the message."""
    if shot.rich:
        return "sendRichMessage", {"rich_message": json.loads(part.rich or "")}
    if shot.photo:
        media = json.loads(part.photo or "")
        return "sendPhoto", {"photo": media["media"], "caption": media["caption"], "parse_mode": "HTML"}
    return "sendMessage", {"text": part.text, "parse_mode": "HTML"}


async def send(url: str, parts: tuple[EditionPart, ...], shot: Shot) -> None:
    async with aiohttp.ClientSession() as http:
        for part in parts:
            method, fields = content(part, shot)
            markup = {"inline_keyboard": inline_keyboard(part.keyboard)}
            body = {"chat_id": READER, "reply_markup": markup, **fields}
            async with http.post(f"{url}/bot{TOKEN}/{method}", json=body) as answer:
                assert answer.status == 200, await answer.text()


def lay_photo(sandbox: Sandbox, data: bytes) -> None:
    """The sandbox keeps addresses and fetches nothing: the picture is laid where the address leads."""
    known = sandbox.world.files.get(f"photo-{hashlib.sha256(PHOTO.encode()).hexdigest()[:40]}")
    if known is not None:
        known["file_path"] = "photos/harbour.png"
        sandbox.world.contents["photos/harbour.png"] = data


async def take(browser: Browser, shot: Shot, photo: bytes) -> None:
    async with room() as (sandbox, url, _):
        await send(url, CASES[shot.case](), shot)
        lay_photo(sandbox, photo)
        scheme: Any = shot.theme
        size: Any = {"width": 390, "height": 844}
        context = await browser.new_context(
            viewport=size, color_scheme=scheme, timezone_id="Asia/Seoul", locale="en-GB", device_scale_factor=1
        )
        page = await context.new_page()
        await page.goto(f"{url}/")
        await page.wait_for_selector("html[data-ready]")
        if await page.locator(f'.chat-row[data-id="{READER}"]').is_visible():
            await page.locator(f'.chat-row[data-id="{READER}"]').click()
        await page.wait_for_selector("#messages .message .bubble")
        if shot.open_:
            await page.locator("details summary").first.click()
        await page.wait_for_timeout(600)  # the picture, and what moves
        await page.evaluate("document.querySelector('#messages .message').scrollIntoView({block: 'start'})")
        await page.wait_for_timeout(200)
        await page.mouse.move(380, 300)
        await page.screenshot(path=PICTURES / f"{shot.name}.png")
        await context.close()


async def main() -> None:
    photo = harbour()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)
        for shot in SHOTS:
            await take(browser, shot, photo)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
