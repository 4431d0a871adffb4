"""The Bot API server over HTTP: calls in, Telegram's answers out.

    request ─read→ parameters ─ledger, faults, limits→ ─check→ typed ─do→ effect, events, updates ─→ answer

The work of a call happens without waiting (but for getUpdates), so calls never see each other half done.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import structlog
from aiohttp import web

from sandbox import control
from sandbox.access import Call, Upload
from sandbox.calls import CALLS
from sandbox.errors import ApiError, not_found, refuse, too_many
from sandbox.faults import TRANSPORT, Fault, Faults, refusal
from sandbox.ledger import Ledger, Row
from sandbox.limits import Limits
from sandbox.methods import CANONICAL, METHODS
from sandbox.polling import get_updates
from sandbox.reading import MAX_BODY, read_call
from sandbox.records import Bot
from sandbox.store import Store
from sandbox.validate import check, too_deep
from sandbox.webhooks import Pusher, delete_webhook, set_webhook, webhook_info
from sandbox.world import World

log = structlog.get_logger()

_HTML = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
_COUNTED = ("send", "forward", "copy", "edit")  # calls that the rate limits count
_UNCOUNTED = frozenset({"sendChatAction", "sendMessageDraft"})
_WEBHOOKS = {"setWebhook": set_webhook, "deleteWebhook": delete_webhook, "getWebhookInfo": webhook_info}


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: dict[str, Any]


class Sandbox:
    """The world (users, chats, bots, messages), its persistence and faults, behind an aiohttp application."""

    def __init__(self, world: World, store: Store | None) -> None:
        self.world = world
        self.store = store
        self.faults = Faults()
        self.limits = Limits()
        self.ledger = Ledger()
        self.page = Path(__file__).with_name("page")
        self.app = self._application()
        self._pushers: dict[int, asyncio.Task[None]] = {}
        self._session: aiohttp.ClientSession | None = None
        self._stopping = False

    @classmethod
    async def open(cls, path: Path | None, *, clock: Callable[[], float] = time.time) -> Sandbox:
        """`path`: the world's own SQLite file, made when missing; None keeps everything in memory."""
        world = World(clock)
        store = await Store.open(path, world) if path else None
        return cls(world, store)

    async def close(self) -> None:
        """Stop pushing, write what is left, close the file."""
        for task in self._pushers.values():
            task.cancel()
        await asyncio.gather(*self._pushers.values(), return_exceptions=True)
        if self._session:
            await self._session.close()
        if self.store:
            await self.store.close()

    @property
    def stopping(self) -> bool:
        """Whether streams and long polls should end, because the server stops listening."""
        return self._stopping

    def start(self) -> None:
        """The server listens: push to webhooks that were set before."""
        self._stopping = False
        for bot in self.world.bots.values():
            self.watch(bot)

    async def _stop(self, app: web.Application) -> None:
        self._stopping = True
        self.world.events.wake()
        for bot in self.world.bots.values():
            bot.outbox.interrupt("")

    def _application(self) -> web.Application:
        app = web.Application(client_max_size=MAX_BODY, middlewares=[control.guard])
        app.router.add_route("*", "/bot{token:[^/]+}/{method:[^/]+}", self._called)
        app.router.add_get("/file/bot{token:[^/]+}/{path:.+}", self._file)
        control.add_routes(app, self)
        app.router.add_route("*", "/{rest:.*}", _no_path)
        app.on_shutdown.append(self._stop)
        return app

    # Calls -----------------------------------------------------------------------------------------------------------

    async def _called(self, request: web.Request) -> web.StreamResponse:
        token = request.match_info["token"]
        arrived = self.world.clock()
        try:
            bot = self._bot(token)
            raw, files = await read_call(request)
        except ApiError as wrong:
            return _response(_Answer(wrong.code, wrong.envelope()))
        method = CANONICAL.get(request.match_info["method"].lower(), request.match_info["method"])
        row = self.ledger.open(arrived, method, raw)
        fault = self.faults.meet(method, row.chat_id if isinstance(row.chat_id, int) else None, arrived)
        if fault and fault.kind == "drop_before":
            row.error = "dropped before any effect"
            return _drop(request)
        answer = await self._answer(bot, raw, files, row=row, fault=fault)
        return await self._finish(request, row, answer, fault)

    def _bot(self, token: str) -> Bot:
        bot = self.world.by_token.get(token)
        if bot:
            return bot
        number, _, secret = token.partition(":")
        looks_right = number.isdecimal() and bool(secret)
        raise ApiError(401, "Unauthorized" if looks_right else "Unauthorized: invalid token specified")

    async def _answer(
        self, bot: Bot, raw: dict[str, Any], files: dict[str, Upload], *, row: Row, fault: Fault | None = None
    ) -> _Answer:
        try:
            self._fail(fault, row)
            result = await self.perform(bot, row.method, raw, files, at=row.at)
        except ApiError as wrong:
            row.status, row.error = wrong.code, wrong.description
            return _Answer(wrong.code, wrong.envelope())
        except Exception:
            log.exception("sandbox.call_failed", method=row.method, n=row.n)
            row.status, row.error = 500, "Internal Server Error"
            return _Answer(500, ApiError(500, "Internal Server Error").envelope())
        row.status, row.ok = 200, True
        row.message_id = _message_id(result)
        return _Answer(200, {"ok": True, "result": result})

    async def perform(self, bot: Bot, method: str, raw: dict[str, Any], files: dict[str, Upload], *, at: float) -> Any:
        """Do a call that arrived at that time, and give its result; raises ApiError."""
        if method not in METHODS:
            raise not_found("method not found")
        if too_deep(raw):
            raise refuse("can't parse JSON object")
        call = Call(self.world, bot, method, check(method, raw, files), files)
        if call.args.get("business_connection_id"):
            raise refuse("business connection not found")
        if method == "getUpdates":
            return await get_updates(call)
        if method in _WEBHOOKS:
            result = _WEBHOOKS[method](call)
            self.watch(bot)
            return result
        self._limit(call, at)
        return CALLS[method](call)

    def _limit(self, call: Call, at: float) -> None:
        if not call.method.startswith(_COUNTED) or call.method in _UNCOUNTED:
            return
        chat_id = call.args.get("chat_id")
        number = chat_id if isinstance(chat_id, int) and call.method.startswith(_COUNTED[:3]) else None
        if call.args.get("allow_paid_broadcast"):  # paid messages go beyond the free rate
            return
        seconds = self.limits.retry_after(call.bot.id, number, at)
        if seconds:
            raise too_many(seconds)

    def _fail(self, fault: Fault | None, row: Row) -> None:
        if fault and fault.kind in {"html", "bad_gateway"}:
            raise ApiError(502, "Bad Gateway")
        if fault is None or fault.kind in TRANSPORT:
            return
        chat = self.world.chats.get(row.chat_id) if isinstance(row.chat_id, int) else None
        if fault.kind == "migrated" and chat and fault.migrate_to and fault.migrate_to not in self.world.chats:
            members = {user_id: member.status for user_id, member in chat.members.items()}
            self.world.add_chat("supergroup", str(chat.names.get("title", "")), members, chat_id=fault.migrate_to)
        raise refusal(fault, chat.type if chat else "supergroup", self.world.clock())

    async def _finish(self, request: web.Request, row: Row, answer: _Answer, fault: Fault | None) -> web.StreamResponse:
        if fault and fault.kind == "drop_after":
            return _drop(request)
        if fault and fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
        row.answered_at = self.world.clock()
        if fault and fault.kind == "html":
            return web.Response(status=502, text=_HTML, content_type="text/html")
        return _response(answer)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        try:
            self._bot(request.match_info["token"])
        except ApiError as wrong:
            return _response(_Answer(wrong.code, wrong.envelope()))
        data = self.world.contents.get(request.match_info["path"])
        if data is None:
            return _response(_Answer(404, not_found().envelope()))
        return web.Response(body=data, content_type="application/octet-stream")

    # Webhooks --------------------------------------------------------------------------------------------------------

    def watch(self, bot: Bot) -> None:
        """Start pushing a bot's updates, if it has a webhook and nobody pushes yet."""
        if bot.outbox.webhook.url and bot.id not in self._pushers:
            pusher = Pusher(bot, self._client(), self._execute, self.world.now)
            self._pushers[bot.id] = asyncio.create_task(pusher.run(), name=f"webhook of bot {bot.id}")
        bot.outbox.changed.set()

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=100))
        return self._session

    async def _execute(self, bot: Bot, method: str, raw: dict[str, Any]) -> None:
        name = CANONICAL.get(method.lower(), method)
        row = self.ledger.open(self.world.clock(), name, raw)
        await self._answer(bot, raw, {}, row=row)


def _message_id(result: Any) -> int | None:
    first = result[0] if isinstance(result, list) and result else result
    message_id = first.get("message_id") if isinstance(first, dict) else None
    return message_id if isinstance(message_id, int) else None


def _response(answer: _Answer) -> web.Response:
    headers = {}
    retry_after = answer.body.get("parameters", {}).get("retry_after")
    if retry_after:
        headers["Retry-After"] = str(retry_after)
    body = json.dumps(answer.body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return web.Response(status=answer.status, body=body, headers=headers, content_type="application/json")


def _drop(request: web.Request) -> web.Response:
    """Cut the connection without an answer."""
    if request.transport:
        request.transport.abort()
    return web.Response()


async def _no_path(request: web.Request) -> web.Response:
    return _response(_Answer(404, not_found().envelope()))


@asynccontextmanager
async def serve(sandbox: Sandbox, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Serve on loopback while the context lasts; gives the root URL. Port 0 takes any free one.

    Raises ValueError for an address that others could reach: whoever reaches the sandbox may act as anybody in it.
    """
    if host not in {"127.0.0.1", "localhost", "::1"}:
        raise ValueError(f"The sandbox is served on loopback only, not on {host}.")
    runner = web.AppRunner(sandbox.app, access_log=None, shutdown_timeout=1.0, handle_signals=False)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        sandbox.start()
        bound = runner.addresses[0][1]
        yield f"http://[{host}]:{bound}" if ":" in host else f"http://{host}:{bound}"
    finally:
        await runner.cleanup()
