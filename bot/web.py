"""The HTTP side of the service: health for the host, figures for Prometheus, the webhook for Telegram, hubs' calls."""

import errno
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import structlog
from aiohttp import web
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from delivery.metrics import CONTENT_TYPE, exposition
from storage.database import Database

log = structlog.get_logger(__name__)

WEBHOOK_PATH = "/telegram"
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105
MAX_UPDATE_BYTES = 1 << 20

Accept = Callable[[Mapping[str, Any]], Awaitable[None]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def cant_listen(error: OSError, host: str, port: int) -> str:
    """What to do where an address can't be listened on."""
    if error.errno != errno.EADDRINUSE:
        return f"Nothing can be served at {host}, port {port}: {error.strerror or error}. Change HOST or PORT."
    return f"Port {port} is in use. Stop what uses it, or choose another: PORT={port + 1} make run"


def webhook_secret(token: str) -> str:
    """A secret that every process derives alike and that tells nothing of the token."""
    return hmac.new(token.encode(), b"tidings webhook", hashlib.sha256).hexdigest()


def health_handler(database: Database) -> Handler:
    """`GET /healthz`: 200 while the database answers, else 503."""

    async def health(_request: web.Request) -> web.StreamResponse:
        try:
            async with database.read() as tx:
                await tx.execute(text("SELECT 1"))
        except (SQLAlchemyError, OSError) as error:
            log.warning("health_failed", error=type(error).__name__)
            return web.json_response({"status": "failing", "database": "unreachable"}, status=503)
        return web.json_response({"status": "ok", "database": "ok"})

    return health


def webhook_handler(accept: Accept, secret: str) -> Handler:
    """`POST /telegram`: an update is answered 200 only once it is stored; Telegram repeats it otherwise."""

    async def webhook(request: web.Request) -> web.StreamResponse:
        shown = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(shown.encode("utf-8", "replace"), secret.encode()):
            return web.Response(status=403, text="Wrong secret")
        try:
            update = json.loads(await request.read())
        except (ValueError, RecursionError):
            return web.Response(status=400, text="Not JSON")
        number = update.get("update_id") if isinstance(update, dict) else None
        if not isinstance(number, int) or isinstance(number, bool):
            return web.Response(status=400, text="Not an update")
        try:
            await accept(update)
        except (SQLAlchemyError, OSError) as error:
            log.warning("update_not_stored", error=type(error).__name__)
            return web.Response(status=503, text="Try again", headers={"Retry-After": "5"})
        return web.Response()

    return webhook


def metrics_handler(database: Database, bot_id: int, token: str) -> Handler:
    """`GET /metrics` for Prometheus, to whoever shows the token (`Authorization: Bearer …`)."""

    async def metrics(request: web.Request) -> web.StreamResponse:
        shown = request.headers.get("Authorization", "")
        if not hmac.compare_digest(shown.encode("utf-8", "replace"), f"Bearer {token}".encode()):
            return web.Response(status=401, text="Show METRICS_TOKEN", headers={"WWW-Authenticate": "Bearer"})
        try:
            text = await exposition(database, bot_id=bot_id, now=datetime.now(UTC))
        except (SQLAlchemyError, OSError) as error:
            log.warning("metrics_failed", error=type(error).__name__)
            return web.Response(status=503, text="The database can't be reached")
        return web.Response(body=text.encode(), headers={"Content-Type": CONTENT_TYPE})

    return metrics


def create_app(
    database: Database,
    webhook: Handler | None,
    metrics: Handler | None = None,
    more: Iterable[web.RouteDef] = (),
) -> web.Application:
    app = web.Application(client_max_size=MAX_UPDATE_BYTES)
    app.router.add_get("/healthz", health_handler(database))
    if metrics is not None:
        app.router.add_get("/metrics", metrics)
    if webhook is not None:
        app.router.add_post(WEBHOOK_PATH, webhook)
    app.router.add_routes(more)
    return app


@asynccontextmanager
async def listening(app: web.Application, host: str, port: int) -> AsyncIterator[int]:
    """Serve `app`; gives the port, which is a free one where 0 was asked. Raises OSError when it is taken."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=5)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
