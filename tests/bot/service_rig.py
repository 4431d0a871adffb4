"""Programs of ours as an operator runs them, and the sandbox that they find in Telegram's place."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import aiohttp

from sandbox.records import Bot
from sandbox.server import Sandbox, serve
from sandbox.world import World
from tests.patience import PATIENCE_S

T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[2]
ARTICLE = ROOT / "ingest" / "samples" / "xi-lee-2017-05-19.txt"
HEADLINE = "Xi urges bringing China-ROK relations back to normal track"
TOKEN = "700001:AAA-bcdefghijklmnopqrstuvwxyz012345"
READER, OWNER = 501, 502

LOOK_EVERY_S = 0.05


def environment(**values: str) -> dict[str, str]:
    """A clean machine's: this interpreter first on the path, nothing of whoever runs the tests."""
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return {**kept, "PATH": path, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **values}


def far_from_now() -> str:
    """A time of day (HH:MM, UTC) that no test will see: half a day away."""
    return (datetime.now(UTC) + timedelta(hours=12)).strftime("%H:%M")


class Program:
    """A running program and all that it printed so far, stderr included."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.output = ""
        self._changed = asyncio.Condition()

    async def read(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            async with self._changed:
                self.output += line.decode()
                self._changed.notify_all()
        async with self._changed:
            self._changed.notify_all()

    async def printed(self, *texts: str) -> None:
        """Wait until all of this was printed."""

        def here_or_over() -> bool:
            return all(text in self.output for text in texts) or self.process.stdout is None or self._over()

        async with asyncio.timeout(PATIENCE_S), self._changed:
            await self._changed.wait_for(here_or_over)
        missing = [text for text in texts if text not in self.output]
        assert not missing, f"never printed: {missing}\n{self.output}"

    def _over(self) -> bool:
        return self.process.stdout is not None and self.process.stdout.at_eof()

    async def ended(self) -> int:
        async with asyncio.timeout(PATIENCE_S):
            return await self.process.wait()

    async def terminate(self) -> int:
        """As hosts do it; gives the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return await self.ended()


@asynccontextmanager
async def started(*command: str, cwd: Path, env: dict[str, str]) -> AsyncIterator[Program]:
    """Run it in a session of its own; it is gone when the context ends."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        env=env,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    program = Program(process)
    reading = asyncio.create_task(program.read())
    try:
        yield program
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            with suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE_S):
                    await process.wait()
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        await reading


@asynccontextmanager
async def tidings(*arguments: str, cwd: Path, env: dict[str, str]) -> AsyncIterator[Program]:
    async with started(sys.executable, "-m", "bot", *arguments, cwd=cwd, env=env) as program:
        yield program


async def finished(*arguments: str, cwd: Path, env: dict[str, str]) -> tuple[int, str]:
    """The exit status of a whole run, and all that it printed."""
    async with tidings(*arguments, cwd=cwd, env=env) as program:
        status = await program.ended()
    return status, program.output


async def eventually(look: Callable[[], T | None], said: Callable[[], str] = lambda: "") -> T:
    """What `look` finds at last; `said` explains where it never finds anything."""
    deadline = asyncio.get_running_loop().time() + PATIENCE_S
    while not (found := look()):
        assert asyncio.get_running_loop().time() < deadline, f"never came about\n{said()}"
        await asyncio.sleep(LOOK_EVERY_S)
    return found


class Wire:
    """A sandbox with one bot, a reader and an owner in private chats with it."""

    def __init__(self, sandbox: Sandbox, root: str, bot: Bot, http: aiohttp.ClientSession) -> None:
        self.sandbox = sandbox
        self.root = root
        self.bot = bot
        self.http = http

    async def say(self, user: int, text: str) -> None:
        async with self.http.post(f"/sandbox/chats/{user}/messages", json={"from": user, "text": text}) as answer:
            assert answer.status == 200, await answer.text()

    async def fails(self, faults: list[dict[str, Any]]) -> None:
        """The next calls go wrong like this."""
        async with self.http.post("/sandbox/faults", json=faults) as answer:
            assert answer.status == 200, await answer.text()

    def heard(self, user: int) -> list[str]:
        """What the bot has said to a person, oldest first."""
        chat = self.sandbox.world.chat(user)
        return [stored.payload.get("text", "") for stored in chat.messages.values() if stored.author == self.bot.id]

    async def hears(self, user: int, *words: str, after: int = 0, said: Callable[[], str] = lambda: "") -> str:
        """The first message to the person, of those after the first `after`, that holds all these words."""

        def look() -> str | None:
            return next((text for text in self.heard(user)[after:] if all(word in text for word in words)), None)

        return await eventually(look, lambda: f"{words} among {self.heard(user)}\n{said()}")

    async def asks(self, user: int, text: str, *words: str, said: Callable[[], str] = lambda: "") -> str:
        """Say it, and wait for an answer with these words."""
        before = len(self.heard(user))
        await self.say(user, text)
        return await self.hears(user, *words, after=before, said=said)

    def calls(self, method: str) -> list[dict[str, Any]]:
        return self.sandbox.ledger.read(method=method)


@asynccontextmanager
async def wire(token: str = TOKEN) -> AsyncIterator[Wire]:
    sandbox = await Sandbox.open(None)
    bot = _people(sandbox.world, token, (READER, OWNER))
    async with serve(sandbox) as root, aiohttp.ClientSession(root) as http:
        yield Wire(sandbox, root, bot, http)
    await sandbox.close()


def _people(world: World, token: str, users: Sequence[int]) -> Bot:
    bot = world.add_bot(token, username="wire_test_bot")
    for user in users:
        world.add_user(f"Person {user}", user_id=user)
        world.add_private_chat(user)
    return bot
