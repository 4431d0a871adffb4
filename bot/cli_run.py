"""`tidings run` and `tidings sandbox`: the service, with Telegram or with the sandbox in its place."""

import asyncio
import os
import signal
import sqlite3
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from bot import app as service
from bot import demo, stored, terminal
from bot.app import Process
from bot.web import cant_listen
from config.settings import Settings
from sandbox.server import Sandbox, serve
from storage.database import lock_beside

SANDBOX_HOST = "127.0.0.1"
DEMO_OWNER = 1002


def run(
    process: Annotated[
        Process | None, typer.Argument(help="what this process does; everything when not given", show_default=False)
    ] = None,
) -> None:
    """Start the service. With no token (and no process named) it starts the sandbox in place of Telegram."""
    settings = terminal.settings()
    if settings.token is None and process is not None:
        raise terminal.fail("TELEGRAM_BOT_TOKEN is not set. Set it, or say `tidings run` alone to use the sandbox.", 2)
    _start(_with_telegram(settings, process or Process.ALL) if settings.token else _with_sandbox(settings))


def sandbox(
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="instead of PORT")] = None,
) -> None:
    """Start the local Bot API server and its chat page alone, for any bot to be pointed at."""
    settings = terminal.settings()
    if settings.token is not None or settings.dyno is not None:
        raise terminal.fail("The sandbox never starts beside a real bot: unset TELEGRAM_BOT_TOKEN (and DYNO).", 2)
    _start(_sandbox_alone(settings, port or settings.port))


def _start(work: Coroutine[Any, Any, None]) -> None:
    try:
        with stored.explained():
            terminal.run(work)
    except service.StartError as error:
        raise terminal.fail(str(error)) from None
    except OSError as error:
        raise terminal.fail(_cant_start(error)) from None


def _cant_start(error: OSError) -> str:
    if error.filename is None:
        return f"Tidings can't start: {error.strerror or error}."
    return (
        f"Tidings can't use {error.filename}: {error.strerror}. "
        "Make the place writable, or choose others with DATABASE_URL and DATA_DIR."
    )


async def _with_telegram(settings: Settings, process: Process) -> None:
    async with _stop_by_signal() as stop:
        endpoint = service.Endpoint(settings.token or "", settings.telegram_api_url)
        await service.run(settings, process, endpoint, stop=stop, say=_say)


async def _with_sandbox(settings: Settings) -> None:
    """The database is taken first: a second one in the same folder must not touch the first one's sandbox."""
    _say("No TELEGRAM_BOT_TOKEN: the sandbox takes Telegram's place. Nothing leaves this machine.")
    async with (
        _stop_by_signal() as stop,
        service.opened(settings, Process.ALL) as database,
        _sandbox(settings, settings.port) as (world, root),
    ):
        endpoint = service.Endpoint(world.token, root, owner_ids=frozenset({world.owner_id}), sandbox=True)
        await service.serve(settings, Process.ALL, endpoint, database, stop=stop, say=_say, before=demo.fill)


async def _sandbox_alone(settings: Settings, port: int) -> None:
    async with _stop_by_signal() as stop, _sandbox(settings, port) as (world, root):
        _say(f"Bot API server: {root}", "Chat page:      " + root)
        _say(f"TELEGRAM_API_URL={root} TELEGRAM_BOT_TOKEN={world.token}")
        await stop.wait()


@dataclass(frozen=True)
class Demo:
    """Who is in the sandbox from the start."""

    token: str
    owner_id: int


@asynccontextmanager
async def _sandbox(settings: Settings, port: int) -> AsyncIterator[tuple[Demo, str]]:
    path = settings.data_dir / "sandbox.db"
    path.parent.mkdir(parents=True, exist_ok=True)
    with _alone(path):
        async with _serving(path, port) as found:
            yield found


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Two sandboxes on one file would write over each other's chats."""
    lock = lock_beside(path)
    if lock is None:
        raise service.StartError(f"Another sandbox already runs on {path}. Stop it, or give this one its own DATA_DIR.")
    try:
        yield
    finally:
        os.close(lock)


@asynccontextmanager
async def _serving(path: Path, port: int) -> AsyncIterator[tuple[Demo, str]]:
    async with AsyncExitStack() as stack:
        try:
            sandbox = await Sandbox.open(path)
            stack.push_async_callback(sandbox.close)
            made = sandbox.world.ensure_demo()
        except sqlite3.DatabaseError as error:
            raise service.StartError(f"{path} can't be read: {error}. Move it away to begin with new chats.") from None
        try:
            root = await stack.enter_async_context(serve(sandbox, SANDBOX_HOST, port))
        except OSError as error:
            raise service.StartError(cant_listen(error, SANDBOX_HOST, port)) from None
        yield Demo(made.token, DEMO_OWNER), root


@asynccontextmanager
async def _stop_by_signal() -> AsyncIterator[asyncio.Event]:
    """An event that SIGTERM and Ctrl-C set; hosts may send several."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT)
    for number in signals:
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


def _say(*lines: str) -> None:
    for line in lines:
        terminal.out.print(line, markup=False)
