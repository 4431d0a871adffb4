"""Every call that came in, and what became of it; the truth that tests are judged by."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

KEPT = 200_000


@dataclass(slots=True)
class Row:
    """`ok` says whether the call took effect; `answered_at` is None while, or where, no answer left."""

    n: int
    at: float
    method: str
    chat_id: int | str | None
    params: dict[str, Any]
    answered_at: float | None = None
    status: int | None = None
    ok: bool = False
    error: str | None = None
    message_id: int | None = None


class Ledger:
    """Rows in order of arrival, numbered from 1; the oldest go when there are too many."""

    def __init__(self, kept: int = KEPT) -> None:
        self.rows: deque[Row] = deque(maxlen=kept)
        self.count = 0

    def open(self, at: float, method: str, params: dict[str, Any]) -> Row:
        """A call came in."""
        self.count += 1
        row = Row(self.count, at, method, _chat_id(params.get("chat_id")), params)
        self.rows.append(row)
        return row

    def read(
        self, after: int = 0, method: str | None = None, chat_id: int | None = None, *, scan: int | None = None
    ) -> list[dict[str, Any]]:
        """Rows numbered above `after`, as the control API gives them; `scan` bounds how many are looked at."""
        skip = max(0, after - (self.count - len(self.rows)))
        wanted = (method or "").lower()
        return [
            asdict(row)
            for row in islice(self.rows, skip, None if scan is None else skip + scan)
            if (not wanted or row.method.lower() == wanted) and (chat_id is None or row.chat_id == chat_id)
        ]


def _chat_id(value: Any) -> int | str | None:
    if isinstance(value, str):
        return int(value) if value.lstrip("-").isdecimal() else value
    return value if isinstance(value, int) else None
