"""The table of fates: every line of what Telegram says."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    NetworkError,
    TelegramError,
    TimedOut,
)

from delivery.errors import FloodError, InDoubtError, NeverSentError, ServerError
from delivery.fate import FateKind, fate_of
from delivery.trouble import Floods, Trouble, backoff, hopeless

GONE = [
    "bot was blocked by the user",
    "user is deactivated",
    "bot can't initiate conversation with a user",
    "the bot can't send messages to the bot",
    "bot was kicked from the group chat",
    "bot was kicked from the supergroup chat",
    "bot was kicked from the channel chat",
    "bot is not a member of the group chat",
    "bot is not a member of the supergroup chat",
    "bot is not a member of the channel chat",
    "the group chat was deleted",
]
FAILED = [
    "chat not found",
    "user not found",
    "message thread not found",
    "TOPIC_CLOSED",
    "not enough rights to send text messages to the chat",
    "have no write access to the chat",
    "CHAT_WRITE_FORBIDDEN",
    "message is too long",
    "text is too long",
    "text must be non-empty",
    "reply markup is too long",
    "BUTTON_DATA_INVALID",
    "group chat was upgraded to a supergroup chat",
    "something that nobody ever heard",
]


ERRORS = Path(__file__).parents[3] / "shared" / "botapi" / "ERRORS.md"


def test_every_error_text_that_is_written_down_has_its_fate() -> None:
    """No line of 400 means that the chat is gone or that nothing is known; every line of 403 that it is gone."""
    if not ERRORS.is_file():
        pytest.skip("no list of error texts beside the project")
    text = ERRORS.read_text(encoding="utf-8")
    rows = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| Bad Request: ")]
    assert len(rows) > 20
    for said in rows:
        kind = fate_of(BadRequest(said)).kind
        assert (said, kind) == (said, FateKind.PLAIN if "parse entities" in said else FateKind.FAILED)
    refusals = re.findall(r"`(Forbidden: [^`]+)`", text)
    assert len(refusals) >= 7
    for said in refusals:
        assert (said, fate_of(Forbidden(said)).kind) == (said, FateKind.GONE)


@pytest.mark.parametrize("said", GONE)
def test_a_chat_that_is_gone(said: str) -> None:
    fate = fate_of(Forbidden(f"Forbidden: {said}"))
    assert fate.kind is FateKind.GONE
    assert said in fate.reason


@pytest.mark.parametrize("said", FAILED)
def test_a_delivery_that_failed(said: str) -> None:
    fate = fate_of(BadRequest(f"Bad Request: {said}"))
    assert fate.kind is FateKind.FAILED
    assert said.casefold() in fate.reason.casefold()


OTHERS: dict[str, tuple[TelegramError, FateKind]] = {
    "migrated": (ChatMigrated(-100), FateKind.MOVED),
    "flood": (FloodError(43_000), FateKind.LATER),
    "formatting": (BadRequest("Bad Request: can't parse entities: Unsupported start tag"), FateKind.PLAIN),
    "never sent": (NeverSentError("x"), FateKind.RETRY),
    "server error": (ServerError("x"), FateKind.RETRY),
    "conflict": (Conflict("x"), FateKind.RETRY),
    "doubt": (InDoubtError("x"), FateKind.DOUBT),
    "another transport's timeout": (TimedOut(), FateKind.DOUBT),
    "another transport's trouble": (NetworkError("x"), FateKind.DOUBT),
    "expired token": (InvalidToken(), FateKind.HALT),
    "expired token, raw call": (EndPointNotFound("x"), FateKind.HALT),
    "forbidden for want of rights": (
        Forbidden("Forbidden: not enough rights to send text messages to the chat"),
        FateKind.FAILED,
    ),
    "forbidden for another reason": (Forbidden("Forbidden: something new"), FateKind.GONE),
}


@pytest.mark.parametrize(("error", "kind"), OTHERS.values(), ids=OTHERS.keys())
def test_other_fates(error: TelegramError, kind: FateKind) -> None:
    fate = fate_of(error)
    assert fate.kind is kind
    assert fate.reason


def test_what_telegram_named_is_kept() -> None:
    assert fate_of(ChatMigrated(-1005)).chat_id == -1005
    assert fate_of(FloodError(43_000)).wait == 43_000


def test_formatting_refused_in_plain_text_is_a_failure() -> None:
    assert fate_of(BadRequest("Can't parse entities: x"), plain=True).kind is FateKind.FAILED


def test_pauses_grow_and_differ() -> None:
    assert [backoff(attempts, 1.0) for attempts in range(4)] == [1.0, 2.0, 4.0, 8.0]
    assert backoff(0, 0.0) == 0.5
    assert backoff(50, 1.0) == 600.0


def test_a_chat_is_given_up_after_a_day_of_trying() -> None:
    now = datetime(2026, 5, 1, tzinfo=UTC)
    assert not hopeless(500, now - timedelta(hours=23), now)
    assert not hopeless(3, now - timedelta(days=9), now)
    assert hopeless(20, now - timedelta(hours=24), now)


def test_one_chats_failures_are_no_trouble_for_others() -> None:
    trouble = Trouble()
    for _ in range(9):
        trouble.failed(1, 0.0, 0.5)
    assert not trouble.active
    assert trouble.until == 0.0


def test_several_chats_failures_pause_all_longer_and_longer_until_one_succeeds() -> None:
    trouble, now, pauses = Trouble(), 100.0, []
    for chat_id in range(12):
        trouble.failed(chat_id, now, 1.0)
        if trouble.active:
            pauses.append(trouble.until - now)
            now = trouble.until
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0, 60.0]
    trouble.succeeded()
    assert not trouble.active
    assert trouble.until == 0.0


def test_a_refused_token_is_everybodys_trouble() -> None:
    trouble = Trouble()
    trouble.failed(1, 0.0, 1.0, everywhere=True)
    assert trouble.active


def test_two_chats_floods_within_ten_seconds_are_the_bots() -> None:
    floods = Floods()
    assert floods.met(1, 0.0, 30) == 0
    assert floods.met(1, 5.0, 30) == 0
    assert floods.met(2, 14.0, 40) == 21
    assert floods.met(3, 14.0, 43_000) == 40
    assert floods.met(3, 60.0, 30) == 0


def test_calls_in_flight_make_one_pause_together() -> None:
    trouble = Trouble()
    for chat_id in range(200):
        trouble.failed(chat_id, 1.0, 1.0)
    assert trouble.until == 2.0
