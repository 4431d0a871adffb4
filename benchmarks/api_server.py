"""A lean Bot API server that only counts: for what the sandbox, which knows all of Telegram's rules, is too slow.

    python -m benchmarks.api_server [--limits] [--latency SECONDS]      prints its address

Real HTTP/1.1 on a socket: any client's calls (JSON, urlencoded, multipart) are read, every send, edit and chat action
is counted, with `--limits` refused as Telegram refuses them (the 31st in any second but for paid ones, the fourth to a
person in three seconds, the 21st to a group in a minute), and answered with a Message. `GET /counts` tells what came,
`GET /calls?after=N` each call, `POST /reset` forgets, `POST /set?latency=0.05&limits=1` changes.
"""

import argparse
import asyncio
import json
import re
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from subprocess import PIPE, Popen
from sys import executable
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlsplit
from zlib import crc32

from sandbox.limits import Limits

BOT = 777
COUNTED = ("send", "edit", "forward", "copy")
PER_SECOND, PER_CHAT_SECOND, PER_GROUP_MINUTE = 30, 1, 20
_PART = re.compile(rb'name="([^"]+)"\r\n(?:[^\r]+\r\n)*\r\n(.*?)\r\n--', re.DOTALL)


@dataclass(slots=True)
class Counter:
    """What came and how it was answered. Calls are (arrival, answered, method, chat id, crc of the text, status)."""

    limits: Limits | None = None
    latency: float = 0.0
    calls: deque[list[Any]] = field(default_factory=lambda: deque(maxlen=400_000))
    first: int = 0  # the number of the first call that is kept

    def take(self, method: str, fields: dict[str, str]) -> tuple[int, bytes, list[Any] | None]:
        """(status, answer, its row where it counts)."""
        if method == "getMe":
            return 200, _ok({"id": BOT, "is_bot": True, "first_name": "Bench", "username": "bench_bot"}), None
        if not method.startswith(COUNTED):
            return 200, _ok(True), None
        chat_id = int(fields.get("chat_id", "0"))
        now = time.time()
        wait = self._wait(chat_id, now, paid=fields.get("allow_paid_broadcast", "").lower() == "true")
        status = 429 if wait else 200
        row = [now, None, method, chat_id, crc32(fields.get("text", "").encode()), status]
        self.calls.append(row)
        if wait:
            answer = {"ok": False, "error_code": 429, "description": f"Too Many Requests: retry after {wait}"}
            return 429, json.dumps(answer | {"parameters": {"retry_after": wait}}).encode(), row
        return 200, _ok(True if method == "sendChatAction" else self._message(chat_id, fields, now)), row

    def _wait(self, chat_id: int, now: float, *, paid: bool) -> int | None:
        if self.limits is None or paid:
            return None
        return self.limits.retry_after(BOT, chat_id, now)

    def _message(self, chat_id: int, fields: dict[str, str], now: float) -> dict[str, Any]:
        chat = (
            {"id": chat_id, "type": "private", "first_name": "R"} if chat_id > 0 else {"id": chat_id, "type": "group"}
        )
        return {
            "message_id": self.first + len(self.calls),
            "from": {"id": BOT, "is_bot": True, "first_name": "Bench", "username": "bench_bot"},
            "chat": chat,
            "date": int(now),
            "text": fields.get("text", ""),
        }

    def counts(self) -> dict[str, Any]:
        taken = [row for row in self.calls if row[5] == 200]
        times = [row[0] for row in taken]
        span = times[-1] - times[0] if len(times) > 1 else 0.0
        return {
            "messages": len(taken),
            "chats": len({row[3] for row in taken}),
            "per_second": round((len(times) - 1) / span, 2) if span else 0.0,
            "most_in_a_second": most_in_a_second(times),
            "refused_429": sum(row[5] == 429 for row in self.calls),
        }


def most_in_a_second(times: list[float]) -> int:
    """The most of ascending times that lie within any one second."""
    first, most = 0, 0
    for last, at in enumerate(times):
        while times[first] <= at - 1.0:
            first += 1
        most = max(most, last - first + 1)
    return most


def _ok(result: object) -> bytes:
    return json.dumps({"ok": True, "result": result}, ensure_ascii=False).encode()


class Server(asyncio.Protocol):
    """One connection; calls on it are answered in order."""

    def __init__(self, counter: Counter) -> None:
        self.counter = counter
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end]
            body_end = end + 4 + _length(head)
            if len(self.buffer) < body_end:
                return
            body, self.buffer = self.buffer[end + 4 : body_end], self.buffer[body_end:]
            self._called(head, body)

    def _called(self, head: bytes, body: bytes) -> None:
        path = head.split(b" ", 2)[1].decode()
        if not path.startswith("/bot"):
            self._write(200, self._control(urlsplit(path)))
            return
        status, answer, row = self.counter.take(path.rsplit("/", 1)[1].split("?")[0], _fields(head, body))
        if self.counter.latency and row is not None:
            asyncio.get_running_loop().call_later(self.counter.latency, self._answer, status, answer, row)
        else:
            self._answer(status, answer, row)

    def _answer(self, status: int, answer: bytes, row: list[Any] | None) -> None:
        if row is not None:
            row[1] = time.time()
        self._write(status, answer)

    def _write(self, status: int, answer: bytes) -> None:
        head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(answer)}\r\n\r\n"
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.write(head.encode() + answer)

    def _control(self, asked: Any) -> bytes:
        query = {name: values[-1] for name, values in parse_qs(asked.query).items()}
        counter = self.counter
        if asked.path == "/reset":
            counter.first += len(counter.calls)
            counter.calls.clear()
        if asked.path == "/calls":
            rows = list(islice(counter.calls, max(0, int(query.get("after", 0)) - counter.first), None))
            return json.dumps({"calls": rows, "next": counter.first + len(counter.calls)}).encode()
        counter.latency = float(query.get("latency", counter.latency))
        if "limits" in query:
            counter.limits = telegrams() if query["limits"] == "1" else None
        return json.dumps(counter.counts()).encode()


def _length(head: bytes) -> int:
    found = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
    return int(found[1]) if found else 0


def _fields(head: bytes, body: bytes) -> dict[str, str]:
    if b"multipart/form-data" in head:
        return {name.decode(): value.decode() for name, value in _PART.findall(body)}
    if body.startswith(b"{"):
        return {name: str(value) for name, value in json.loads(body).items()}
    pairs = (pair.partition("=") for pair in body.decode("ascii").split("&"))
    return {name: unquote_plus(value) for name, _, value in pairs}


def telegrams() -> Limits:
    """Limits as Telegram publishes them."""
    return Limits(PER_SECOND, PER_CHAT_SECOND, PER_GROUP_MINUTE)


async def _serve(asked: argparse.Namespace) -> None:
    counter = Counter(telegrams() if asked.limits else None, asked.latency)
    server = await asyncio.get_running_loop().create_server(lambda: Server(counter), "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


@contextmanager
def running(*, limits: bool = False, latency: float = 0.0) -> Iterator[str]:
    """A server in a process of its own; gives its root."""
    options = ["--limits"] * limits + ["--latency", str(latency)]
    child = Popen([executable, "-m", "benchmarks.api_server", *options], stdout=PIPE, text=True)
    try:
        if child.stdout is None or not (root := child.stdout.readline().strip()):
            raise RuntimeError("the server did not start")
        yield root
    finally:
        child.kill()
        child.communicate()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limits", action="store_true")
    parser.add_argument("--latency", type=float, default=0.0)
    asyncio.run(_serve(parser.parse_args()))
