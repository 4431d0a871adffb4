"""Pure: faults that were scheduled, and which of them meets a call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from sandbox.errors import ApiError, ControlError, refuse, too_many

_NAMES = {"group": "group chat", "supergroup": "supergroup chat", "channel": "channel chat"}
TRANSPORT = frozenset({"drop_before", "drop_after", "slow", "html", "bad_gateway"})
KINDS = TRANSPORT | {
    "blocked",
    "deactivated",
    "kicked",
    "not_found",
    "migrated",
    "too_many",
    "bot_too_many",
    "server_error",
    "refuse_entities",
    "refuse_rich",
    "photo_not_found",
    "photos_forbidden",
}


@dataclass(slots=True)
class Fault:
    """`after` that many matching calls, `times` calls (0: for ever) meet the fault."""

    kind: str
    method: str | None = None
    chat_id: int | None = None
    after: int = 0
    times: int = 1
    retry_after: int = 3
    migrate_to: int = 0
    seconds: float = 5.0
    until: float = 0.0  # bot_too_many: every call of the bot is refused until then

    def matches(self, method: str, chat_id: int | None) -> bool:
        """Whether a call is one of those the fault waits for."""
        if self.method is None and method == "getUpdates":
            return False
        named = self.method is None or self.method.lower() == method.lower()
        return named and (self.chat_id is None or self.chat_id == chat_id)


def read_fault(body: Any) -> Fault:
    """A fault from the control API's JSON; raises ControlError 400."""
    kind = body.get("kind") if isinstance(body, Mapping) else None
    if kind not in KINDS:
        raise ControlError(400, f"kind is one of {', '.join(sorted(KINDS))}.")
    known = {field.name: body[field.name] for field in fields(Fault) if body.get(field.name) is not None}
    fault = Fault(**known)
    numbers: list[object] = [fault.after, fault.times, fault.retry_after, fault.migrate_to, fault.seconds]
    if not all(type(number) in {int, float} for number in numbers):
        raise ControlError(400, "after, times, retry_after, migrate_to and seconds are numbers.")
    return fault


class Faults:
    """Scheduled faults, in the order they were made; the first that is due meets the call."""

    def __init__(self) -> None:
        self.all: list[Fault] = []

    def meet(self, method: str, chat_id: int | None, now: float) -> Fault | None:
        """The fault that meets this call, counted down; None for most calls."""
        for fault in self.all:
            if fault.kind == "bot_too_many" and now < fault.until and method != "getUpdates":
                return fault
        due = [fault for fault in self.all if fault.matches(method, chat_id)]
        met: Fault | None = None
        for fault in due:
            if fault.after > 0:
                fault.after -= 1
            elif met is None and not self._is_spent(fault):
                met = fault
        if met is not None:
            self._count(met, now)
        return met

    @staticmethod
    def _is_spent(fault: Fault) -> bool:
        return fault.times < 0

    @staticmethod
    def _count(fault: Fault, now: float) -> None:
        if fault.kind == "bot_too_many":
            fault.until = now + fault.retry_after
        if fault.times > 0:
            fault.times = fault.times - 1 or -1


def refusal(fault: Fault, chat_type: str, now: float) -> ApiError:
    """The answer of a fault that is one; those of the transport are the server's."""
    place = _NAMES.get(chat_type, "supergroup chat")
    if fault.kind in {"too_many", "bot_too_many"}:
        left = fault.until - now if fault.kind == "bot_too_many" else fault.retry_after
        return too_many(max(1, round(left)))
    return {
        "blocked": refuse("bot was blocked by the user", 403),
        "deactivated": refuse("user is deactivated", 403),
        "kicked": refuse(f"bot was kicked from the {place}", 403),
        "not_found": refuse("chat not found"),
        "migrated": refuse(
            "group chat was upgraded to a supergroup chat", parameters={"migrate_to_chat_id": fault.migrate_to}
        ),
        "server_error": ApiError(500, "Internal Server Error"),
        "refuse_entities": refuse('can\'t parse entities: Unsupported start tag "fault" at byte offset 0'),
        "refuse_rich": refuse("RICH_MESSAGE_INVALID"),
        "photo_not_found": refuse("failed to get HTTP URL content"),
        "photos_forbidden": refuse("not enough rights to send photos to the chat"),
    }[fault.kind]
