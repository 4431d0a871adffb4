"""Webhooks: the methods that set them, and the task per bot that pushes updates to them."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import structlog

from sandbox.access import Call
from sandbox.errors import ApiError, refuse
from sandbox.records import Bot
from sandbox.updates import Queued, Webhook

log = structlog.get_logger()

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the name of a header
_SECRET = re.compile(r"[A-Za-z0-9_-]*")
_SECRET_LENGTH = 256
_PORTS = frozenset({443, 80, 88, 8443})
_LONGEST_WAIT = 60.0
_TIMEOUT = aiohttp.ClientTimeout(total=30)
_ANSWER_BYTES = 1024 * 1024

Execute = Callable[[Bot, str, dict[str, Any]], Awaitable[None]]


def set_webhook(call: Call) -> bool:
    """setWebhook; http and any port are taken on loopback only, elsewhere Telegram's rules hold."""
    url = call.args.get("url", "").strip()
    if not url:
        return delete_webhook(call)
    secret = call.args.get("secret_token", "")
    if len(secret) > _SECRET_LENGTH:
        raise refuse("secret token is too long")
    if not _SECRET.fullmatch(secret):
        raise refuse("secret token contains unallowed characters")
    _check_url(url)
    outbox = call.bot.outbox
    if call.args.get("drop_pending_updates"):
        outbox.forget(list(outbox.queue))
    if "allowed_updates" in call.args:
        outbox.allow(call.args["allowed_updates"])
    connections = min(max(call.args.get("max_connections", 40), 1), 100)
    outbox.webhook = Webhook(url, secret, connections)
    outbox.interrupt("setWebhook request")
    call.world.touch("bot", call.bot.id)
    return True


def delete_webhook(call: Call) -> bool:
    """deleteWebhook."""
    outbox = call.bot.outbox
    outbox.webhook = Webhook()
    outbox.changed.set()
    if call.args.get("drop_pending_updates"):
        outbox.forget(list(outbox.queue))
    call.world.touch("bot", call.bot.id)
    return True


def webhook_info(call: Call) -> dict[str, Any]:
    """getWebhookInfo."""
    outbox, hook = call.bot.outbox, call.bot.outbox.webhook
    info: dict[str, Any] = {"url": hook.url, "has_custom_certificate": False, "pending_update_count": len(outbox.queue)}
    if hook.url:
        info["max_connections"] = hook.max_connections
        host = urlsplit(hook.url).hostname or ""
        info["ip_address"] = "127.0.0.1" if _is_loopback(host) else "0.0.0.0"  # noqa: S104 - shown, not bound
    if hook.last_error_date:
        info |= {"last_error_date": hook.last_error_date, "last_error_message": hook.last_error_message}
    if outbox.allowed:
        info["allowed_updates"] = outbox.allowed
    return info


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as wrong:
        raise refuse("invalid webhook URL specified") from wrong
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise refuse("invalid webhook URL specified")
    if _is_loopback(parts.hostname):
        return
    if parts.scheme != "https":
        raise refuse("bad webhook: An HTTPS URL must be provided for webhook")
    if port not in _PORTS:
        raise refuse("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    raise refuse("bad webhook: Failed to resolve host: Name or service not known")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Pusher:
    """Pushes one bot's updates to its webhook: many at once, in order within a chat, again until taken."""

    def __init__(self, bot: Bot, session: aiohttp.ClientSession, execute: Execute, now: Callable[[], int]) -> None:
        self.bot = bot
        self.session = session
        self.execute = execute
        self.now = now
        self.busy: dict[int, asyncio.Task[None]] = {}  # by chat, so that a chat's updates keep their order
        self.wait = 0.0

    async def run(self) -> None:
        """Until cancelled."""
        outbox = self.bot.outbox
        try:
            while True:
                outbox.changed.clear()
                if outbox.webhook.url:
                    self._start()
                await outbox.changed.wait()
        finally:
            for task in self.busy.values():
                task.cancel()
            await asyncio.gather(*self.busy.values(), return_exceptions=True)

    def _start(self) -> None:
        hook = self.bot.outbox.webhook
        for queued in self.bot.outbox.pending(1000):
            place = _place(queued.body)
            if len(self.busy) >= hook.max_connections:
                return
            if place not in self.busy:
                self.busy[place] = asyncio.create_task(self._deliver(place, queued), name=f"webhook {queued.update_id}")

    async def _deliver(self, place: int, queued: Queued) -> None:
        """Until the update is taken, or the webhook is gone or another."""
        hook = self.bot.outbox.webhook
        wait = 1.0
        try:
            while hook is self.bot.outbox.webhook and queued.update_id in self.bot.outbox.queue:
                error = await self._post(hook, queued)
                if error is None:
                    self.bot.outbox.forget([queued.update_id])
                    break
                hook.last_error_date, hook.last_error_message = self.now(), error
                await asyncio.sleep(wait)
                wait = min(wait * 2, _LONGEST_WAIT)
        finally:
            self.busy.pop(place, None)
            self.bot.outbox.changed.set()

    async def _post(self, hook: Webhook, queued: Queued) -> str | None:
        headers = {"Content-Type": "application/json", **({SECRET_HEADER: hook.secret} if hook.secret else {})}
        body = json.dumps(queued.body, ensure_ascii=False).encode()
        try:
            async with self.session.post(
                hook.url, data=body, headers=headers, timeout=_TIMEOUT, allow_redirects=False
            ) as answer:
                if answer.status // 100 != 2:  # noqa: PLR2004 - any 2XY takes the update
                    return f"Wrong response from the webhook: {answer.status} {answer.reason}"
                await self._answered(answer)
        except TimeoutError:
            return "Read timeout expired"
        except aiohttp.ClientConnectorError:
            return "Connection refused"
        except aiohttp.ClientError as wrong:
            return f"Connection broken: {type(wrong).__name__}"
        return None

    async def _answered(self, answer: aiohttp.ClientResponse) -> None:
        """A webhook's answer may be a method call itself; what comes of it is not told."""
        if answer.content_type != "application/json":
            return
        text = await answer.content.read(_ANSWER_BYTES)
        try:
            body = json.loads(text) if text else None
        except (ValueError, RecursionError):
            return
        if isinstance(body, dict) and isinstance(body.get("method"), str):
            method = body.pop("method")
            try:
                await self.execute(self.bot, method, body)
            except ApiError as refused:
                log.info("sandbox.webhook_answer_refused", method=method, error=refused.description)


def _place(update: dict[str, Any]) -> int:
    """The chat (or person) whose updates must stay in order."""
    body: dict[str, Any] = next((value for key, value in update.items() if key != "update_id"), {})
    chat = body.get("chat") or (body.get("message") or {}).get("chat") or body.get("from") or {}
    place: int = chat.get("id", 0)
    return place
