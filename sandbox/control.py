"""The control API under /sandbox/ and the chat page: for the page, and for tests in other processes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aiohttp import web

from sandbox import people
from sandbox.access import Upload
from sandbox.errors import ApiError, ControlError
from sandbox.faults import read_fault
from sandbox.media import keep_document
from sandbox.profile import menu_button, resolve_commands
from sandbox.reading import read_call
from sandbox.views import bot_view, chat_view, state_view

if TYPE_CHECKING:
    from sandbox.server import Sandbox

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_HEARTBEAT = 15.0
_PAGE = 200
_ROWS = 20_000
_PAGE_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "frame-ancestors 'none'",  # the rest stands in the page itself
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The page and the control API answer to this machine only, and to no other site's scripts; errors become JSON."""
    if request.path.startswith(("/bot", "/file/bot")):
        return await handler(request)
    if not _is_local(request):
        return _problem(403, "The sandbox answers on this machine only.")
    try:
        return await handler(request)
    except ControlError as wrong:
        return _problem(wrong.status, str(wrong))
    except ApiError as wrong:
        return _problem(wrong.code, wrong.description)
    except (KeyError, TypeError, ValueError) as wrong:
        return _problem(400, f"The request is not as expected: {type(wrong).__name__}: {wrong}")


def _is_local(request: web.Request) -> bool:
    host = request.headers.get("Host", "")
    if _name(f"//{host}") not in _LOOPBACK:
        return False
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
        return False
    return request.headers.get("Sec-Fetch-Site", "none") in {"none", "same-origin"}


def _name(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _problem(status: int, text: str) -> web.Response:
    return web.json_response({"error": text}, status=status)


def add_routes(app: web.Application, sandbox: Sandbox) -> None:
    """All routes under /sandbox/, and the page's files."""
    control = Control(sandbox)
    router = app.router
    router.add_get("/sandbox/state", control.state)
    router.add_get("/sandbox/chats/{chat_id}/messages", control.messages)
    router.add_post("/sandbox/chats/{chat_id}/messages", control.say)
    router.add_post("/sandbox/chats/{chat_id}/messages/{message_id}", control.edit)
    router.add_post("/sandbox/chats/{chat_id}/documents", control.document)
    router.add_post("/sandbox/chats/{chat_id}/callbacks", control.press)
    router.add_post("/sandbox/chats/{chat_id}/block", control.block)
    router.add_post("/sandbox/chats/{chat_id}/members", control.member)
    router.add_post("/sandbox/chats/{chat_id}/upgrade", control.upgrade)
    router.add_get("/sandbox/events", control.events)
    router.add_get("/sandbox/commands", control.commands)
    router.add_get("/sandbox/files/{path:.+}", control.file)
    router.add_post("/sandbox/users", control.add_user)
    router.add_post("/sandbox/chats", control.add_chat)
    router.add_post("/sandbox/bots", control.add_bot)
    router.add_post("/sandbox/bulk_chats", control.bulk)
    router.add_post("/sandbox/faults", control.add_faults)
    router.add_delete("/sandbox/faults", control.clear_faults)
    router.add_post("/sandbox/limits", control.set_limits)
    router.add_get("/sandbox/ledger", control.ledger)
    router.add_get("/", control.page)
    router.add_get("/{name:[A-Za-z0-9_-]+\\.[a-z0-9]+}", control.page)


async def _body(request: web.Request) -> Any:
    """The JSON of a request; one object, or for faults a list."""
    try:
        return await request.json() if request.can_read_body else {}
    except (ValueError, RecursionError) as wrong:
        raise ControlError(400, "The body must be JSON.") from wrong


async def _object(request: web.Request) -> dict[str, Any]:
    body = await _body(request)
    if not isinstance(body, dict):
        raise ControlError(400, "The body must be a JSON object.")
    return body


def _int(request: web.Request, name: str, default: int | None = None) -> int | None:
    value = request.query.get(name)
    return int(value) if value else default


class Control:
    """Handlers; each reads a request, does one thing to the world and shows it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.world = sandbox.world

    def _chat_id(self, request: web.Request) -> int:
        return self.world.chat(int(request.match_info["chat_id"])).id

    async def state(self, request: web.Request) -> web.StreamResponse:
        """GET /sandbox/state."""
        return web.json_response(state_view(self.world))

    async def messages(self, request: web.Request) -> web.StreamResponse:
        """GET /sandbox/chats/{id}/messages?before=&limit=."""
        chat = self.world.chat(self._chat_id(request))
        before, limit = _int(request, "before"), min(max(_int(request, "limit", 50) or 50, 1), _PAGE)
        kept = [stored.shown() for stored in chat.messages.values() if before is None or stored.id < before]
        return web.json_response({"messages": kept[-limit:], "more": len(kept) > limit})

    async def say(self, request: web.Request) -> web.StreamResponse:
        """POST /sandbox/chats/{id}/messages."""
        body = await _object(request)
        if not isinstance(body.get("text"), str):
            raise ControlError(400, "text is missing.")
        thread, reply = body.get("thread_id"), body.get("reply_to")
        content = {"text": body["text"]}
        stored = people.say(
            self.world, self._chat_id(request), body.get("from"), content, thread_id=thread, reply_to=reply
        )
        return web.json_response({"message": stored.payload})

    async def edit(self, request: web.Request) -> web.StreamResponse:
        """POST /sandbox/chats/{id}/messages/{message_id} {"text"}: a person edits their message."""
        body = await _object(request)
        message_id = int(request.match_info["message_id"])
        stored = people.edit(self.world, self._chat_id(request), message_id, str(body["text"]))
        return web.json_response({"message": stored.payload})

    async def document(self, request: web.Request) -> web.StreamResponse:
        """POST /sandbox/chats/{id}/documents, multipart: from, file, caption."""
        fields, files = await read_call(request)
        upload: Upload | None = files.get("file")
        if upload is None:
            raise ControlError(400, "file is missing.")
        content = {"document": keep_document(self.world, upload), "caption": fields.get("caption") or None}
        author = str(fields.get("from", ""))
        who = int(author) if author.isdecimal() else author or None
        reply = int(fields["reply_to"]) if fields.get("reply_to") else None
        stored = people.say(self.world, self._chat_id(request), who, content, reply_to=reply)
        return web.json_response({"message": stored.payload})

    async def press(self, request: web.Request) -> web.StreamResponse:
        """POST /sandbox/chats/{id}/callbacks."""
        body = await _object(request)
        chat_id = self._chat_id(request)
        query_id, update_id = people.press(
            self.world, chat_id, int(body["from"]), int(body["message_id"]), str(body["data"])
        )
        return web.json_response({"callback_query_id": query_id, "update_id": update_id})

    async def block(self, request: web.Request) -> web.StreamResponse:
        """POST /sandbox/chats/{id}/block."""
        body = await _object(request)
        people.block(self.world, self._chat_id(request), bool(body.get("blocked", True)))
        return web.json_response(chat_view(self.world, self.world.chat(self._chat_id(request))))

    async def member(self, request: web.Request) -> web.StreamResponse:
        """POST /sandbox/chats/{id}/members; is_anonymous and without (rights) for administrators."""
        body = await _object(request)
        rights = {key: body[key] for key in ("is_anonymous", "without") if key in body}
        people.set_member(self.world, self._chat_id(request), int(body["user_id"]), str(body["status"]), **rights)
        return web.json_response(chat_view(self.world, self.world.chat(self._chat_id(request))))

    async def upgrade(self, request: web.Request) -> web.StreamResponse:
        """POST /sandbox/chats/{id}/upgrade: a group becomes a supergroup."""
        return web.json_response(chat_view(self.world, people.upgrade(self.world, self._chat_id(request))))

    async def commands(self, request: web.Request) -> web.StreamResponse:
        """GET /sandbox/commands?chat_id=&user_id=."""
        bot = next(iter(self.world.bots.values()), None)
        chat = self.world.chat(_int(request, "chat_id") or 0)
        if bot is None:
            return web.json_response({"commands": [], "menu_button": {"type": "default"}})
        commands = resolve_commands(self.world, bot, chat, _int(request, "user_id") or 0, "en")
        key = str(chat.id) if chat.type == "private" else ""
        return web.json_response({"commands": commands, "menu_button": menu_button(bot, key)})

    async def file(self, request: web.Request) -> web.StreamResponse:
        """GET /sandbox/files/{file_id or file_path}: a file's bytes, to be saved rather than shown."""
        path = request.match_info["path"]
        known = self.world.files.get(path)
        data = self.world.contents.get(known["file_path"] if known else path)
        if data is None:
            raise ControlError(404, "There is no such file.")
        headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
        return web.Response(body=data, content_type="application/octet-stream", headers=headers)

    async def add_user(self, request: web.Request) -> web.StreamResponse:
        """POST /sandbox/users."""
        body = await _object(request)
        names = {key: body[key] for key in ("last_name", "username", "language_code") if key in body}
        user = self.world.add_user(str(body.get("first_name") or "Reader"), user_id=body.get("id"), **names)
        return web.json_response(user.as_json())

    async def add_chat(self, request: web.Request) -> web.StreamResponse:
        """POST /sandbox/chats; members are ids, or {"user_id" (or "user": {"id"}), "status"}."""
        body = await _object(request)
        kind, chat_id = str(body["type"]), body.get("id")
        if kind == "private":
            user_id = chat_id or next(iter(_members(body)), None)
            if user_id is None:
                raise ControlError(400, "id is missing: a private chat has its user's id.")
            if user_id not in self.world.users:
                self.world.add_user(str(body.get("title") or f"Reader {user_id}"), user_id=user_id)
            chat = self.world.add_private_chat(user_id, started=bool(body.get("started", True)))
        else:
            title = str(body.get("title") or kind.capitalize())
            is_forum = bool(body.get("is_forum"))
            kind = "supergroup" if is_forum else kind
            chat = self.world.add_chat(
                kind, title, _members(body), chat_id=chat_id, username=body.get("username"), is_forum=is_forum
            )
        return web.json_response(chat_view(self.world, chat))

    async def add_bot(self, request: web.Request) -> web.StreamResponse:
        """POST /sandbox/bots; sees_everything switches privacy mode off."""
        body = await _object(request)
        name = str(body.get("first_name") or "Tidings")
        bot = self.world.add_bot(body.get("token"), username=body.get("username"), first_name=name)
        bot.sees_everything = bool(body.get("sees_everything", bot.sees_everything))
        return web.json_response(bot_view(bot))

    async def bulk(self, request: web.Request) -> web.StreamResponse:
        """POST /sandbox/bulk_chats."""
        body = await _object(request)
        return web.json_response({"chat_ids": self.world.bulk_chats(int(body["count"]), body.get("first_id"))})

    async def add_faults(self, request: web.Request) -> web.StreamResponse:
        """POST /sandbox/faults: one or a list."""
        body = await _body(request)
        faults = [read_fault(item) for item in (body if isinstance(body, list) else [body])]
        self.sandbox.faults.all += faults
        return web.json_response({"scheduled": len(faults)})

    async def clear_faults(self, request: web.Request) -> web.StreamResponse:
        """DELETE /sandbox/faults."""
        self.sandbox.faults.all.clear()
        return web.json_response({"scheduled": 0})

    async def set_limits(self, request: web.Request) -> web.StreamResponse:
        """POST /sandbox/limits."""
        body = await _object(request)
        limits = self.sandbox.limits
        for name in ("per_second", "per_chat_second", "per_group_minute"):
            if name in body:
                setattr(limits, name, int(body[name]) if body[name] else None)
        names = ("per_second", "per_chat_second", "per_group_minute")
        return web.json_response({name: getattr(limits, name) for name in names})

    async def ledger(self, request: web.Request) -> web.StreamResponse:
        """GET /sandbox/ledger?after=&method=&chat_id=; looks at 20,000 rows at most, `next` says where to go on."""
        ledger = self.sandbox.ledger
        after = max(_int(request, "after", 0) or 0, ledger.count - len(ledger.rows))
        calls = ledger.read(after, request.query.get("method"), _int(request, "chat_id"), scan=_ROWS)
        return web.json_response({"calls": calls, "next": min(after + _ROWS, ledger.count)})

    async def events(self, request: web.Request) -> web.StreamResponse:
        """GET /sandbox/events?after=: Server-Sent Events; without `after` only what happens from now on."""
        last = request.headers.get("Last-Event-ID") or request.query.get("after")
        seq = int(last) if last and last.isdecimal() else self.world.events.seq
        if seq > self.world.events.seq:  # counted before a restart
            seq = 0
        headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        stream = web.StreamResponse(headers=headers)
        await stream.prepare(request)
        await stream.write(b": hello\n\n")
        try:
            while not self.sandbox.stopping:
                events = await self.world.events.wait(seq, _HEARTBEAT)
                await stream.write(b"".join(map(_frame, events)) or b": still here\n\n")
                seq = events[-1]["seq"] if events else seq
        except (ConnectionError, asyncio.CancelledError):
            return stream
        return stream

    async def page(self, request: web.Request) -> web.StreamResponse:
        """GET / and the page's files."""
        path = self.sandbox.page / request.match_info.get("name", "index.html")
        if not path.is_file():
            raise ControlError(404, "There is no such page.")
        return web.FileResponse(path, headers=_PAGE_HEADERS)


def _frame(event: dict[str, Any]) -> bytes:
    return f"id: {event['seq']}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n".encode()


def _members(body: dict[str, Any]) -> dict[int, str]:
    members: dict[int, str] = {}
    for item in body.get("members", []):
        if isinstance(item, dict):
            user_id = item.get("user_id") or item.get("user", {}).get("id") or item["id"]
            members[int(user_id)] = str(item.get("status", "member"))
        else:
            members[int(item)] = "member"
    return members
