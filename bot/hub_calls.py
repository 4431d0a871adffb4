"""The address where hubs (WebSub) call: they ask whether a subscription was meant, and tell of news."""

import asyncio

import structlog
from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from ingest.websub import MAX_PUSH, PATH, Called, Hubs, Said

log = structlog.get_logger(__name__)

AT_ONCE = 4  # bodies in memory
READ_SECONDS = 20.0
ROUTE = PATH + "/{source:[0-9]{1,18}}/{key:[0-9a-f]{1,64}}"
# A challenge is sent back as it came: no browser may take it for a page.
_PLAIN = {"Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff"}


class HubCalls:
    def __init__(self, hubs: Hubs) -> None:
        self._hubs = hubs
        self._reading = asyncio.Semaphore(AT_ONCE)

    def routes(self) -> list[web.RouteDef]:
        return [web.get(ROUTE, self.confirm), web.post(ROUTE, self.take)]

    async def confirm(self, request: web.Request) -> web.Response:
        try:
            answer = await self._hubs.confirm(_called(request), request.query)
        except (SQLAlchemyError, OSError) as error:
            return _later(error)
        if answer is None:
            return web.Response(status=404, text="No such subscription")
        return web.Response(body=answer.encode("utf-8", "replace"), headers=_PLAIN)

    async def take(self, request: web.Request) -> web.Response:
        """Answered once it is stored; a hub repeats it otherwise."""
        called = _called(request)
        try:
            said = await self._hubs.known(called)
            if said is Said.TAKEN:
                async with self._reading, asyncio.timeout(READ_SECONDS):
                    body = await _body(request)
                await self._hubs.take(called, body, request.headers.get("X-Hub-Signature"))
        except TimeoutError:
            return web.Response(status=408, text="Too slow")
        except (SQLAlchemyError, OSError) as error:
            return _later(error)
        return web.Response(status=said.value)


async def _body(request: web.Request) -> bytes | None:
    """None where it is more than can be kept."""
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > MAX_PUSH:
            return None
    return bytes(body)


def _called(request: web.Request) -> Called:
    return Called(int(request.match_info["source"]), request.match_info["key"])


def _later(error: Exception) -> web.Response:
    log.warning("hub_call_not_stored", error=type(error).__name__)
    return web.Response(status=503, text="Try again", headers={"Retry-After": "60"})
