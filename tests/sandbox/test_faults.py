"""Scheduled faults, rate limits and the ledger."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
import telegram
from telegram import error as tg

from sandbox.limits import Limits
from tests.sandbox.conftest import CHANNEL, GROUP, OWNER, SUPERGROUP, TOKEN, USER, Server

ANSWERS = {
    "blocked": (403, "Forbidden: bot was blocked by the user"),
    "deactivated": (403, "Forbidden: user is deactivated"),
    "not_found": (400, "Bad Request: chat not found"),
    "server_error": (500, "Internal Server Error"),
    "bad_gateway": (502, "Bad Gateway"),
    "too_many": (429, "Too Many Requests: retry after 7"),
}


@pytest.mark.parametrize(("kind", "answer"), ANSWERS.items(), ids=ANSWERS)
async def test_fault_answers_and_has_no_effect(server: Server, kind: str, answer: tuple[int, str]) -> None:
    await server.control("faults", [{"kind": kind, "chat_id": USER, "method": "sendMessage", "retry_after": 7}])
    refused = await server.call("sendMessage", chat_id=USER, text="x")
    assert (refused["error_code"], refused["description"]) == answer
    assert not server.sandbox.world.chats[USER].messages
    await server.ok("sendMessage", chat_id=USER, text="x")


async def test_retry_after_is_in_the_header_too(server: Server) -> None:
    await server.control("faults", {"kind": "too_many", "retry_after": 7})
    url = f"{server.url}/bot{TOKEN}/sendMessage"
    async with server.http.post(url, json={"chat_id": USER, "text": "x"}) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (429, "7")
        assert (await answer.json())["parameters"] == {"retry_after": 7}


@pytest.mark.parametrize(
    ("chat_id", "name"), [(GROUP, "group chat"), (SUPERGROUP, "supergroup chat"), (CHANNEL, "channel chat")]
)
async def test_kicked_names_the_kind_of_chat(server: Server, chat_id: int, name: str) -> None:
    await server.control("faults", {"kind": "kicked", "chat_id": chat_id})
    refusal = await server.refused("sendMessage", chat_id=chat_id, text="x")
    assert refusal == f"Forbidden: bot was kicked from the {name}"


async def test_after_and_times_count_matching_calls(server: Server) -> None:
    await server.control("faults", {"kind": "blocked", "chat_id": USER, "after": 2, "times": 2})
    outcomes = [(await server.call("sendMessage", chat_id=USER, text=f"{number}"))["ok"] for number in range(6)]
    assert outcomes == [True, True, False, False, True, True]
    await server.control("faults", {"kind": "blocked", "chat_id": OWNER, "times": 0})
    assert not any([(await server.call("sendMessage", chat_id=OWNER, text="x"))["ok"] for _ in range(3)])
    async with server.http.delete(f"{server.url}/sandbox/faults") as answer:
        assert answer.status == 200
    await server.ok("sendMessage", chat_id=OWNER, text="x")


async def test_bot_wide_flood_refuses_every_chat_until_it_ends(server: Server) -> None:
    await server.control("faults", {"kind": "bot_too_many", "retry_after": 5})
    assert await server.refused("sendMessage", chat_id=USER, text="x") == "Too Many Requests: retry after 5"
    server.clock.now += 2
    assert await server.refused("sendMessage", chat_id=OWNER, text="x") == "Too Many Requests: retry after 3"
    server.clock.now += 3
    await server.ok("sendMessage", chat_id=OWNER, text="x")


async def test_migrated_chat_answers_under_its_new_id(server: Server) -> None:
    new = -1000000009999
    await server.control("faults", {"kind": "migrated", "chat_id": GROUP, "migrate_to": new, "times": 0})
    async with telegram.Bot(TOKEN, base_url=f"{server.url}/bot") as bot:
        with pytest.raises(tg.ChatMigrated) as moved:
            await bot.send_message(GROUP, "x")
        assert moved.value.new_chat_id == new
        assert (await bot.send_message(new, "x")).chat.id == new


@pytest.mark.parametrize(("kind", "effects"), [("drop_before", 0), ("drop_after", 1)])
async def test_dropped_connections(server: Server, kind: str, effects: int) -> None:
    await server.control("faults", {"kind": kind, "method": "sendMessage"})
    with pytest.raises(aiohttp.ClientConnectionError):
        await server.call("sendMessage", chat_id=USER, text="x")
    row = server.sandbox.ledger.read()[0]
    assert len(server.sandbox.world.chats[USER].messages) == effects
    assert (row["ok"], row["answered_at"], row["message_id"]) == (bool(effects), None, effects or None)
    await server.ok("sendMessage", chat_id=USER, text="y")


async def test_slow_answer_comes_after_its_effect(server: Server) -> None:
    await server.control("faults", {"kind": "slow", "method": "sendMessage", "seconds": 30})
    with pytest.raises(TimeoutError):
        async with server.http.post(
            f"{server.url}/bot{TOKEN}/sendMessage",
            json={"chat_id": USER, "text": "x"},
            timeout=aiohttp.ClientTimeout(total=0.3),
        ):
            pass
    assert len(server.sandbox.world.chats[USER].messages) == 1


async def test_html_answers_are_network_errors_to_the_library(server: Server) -> None:
    await server.control("faults", {"kind": "html", "method": "sendMessage"})
    async with telegram.Bot(TOKEN, base_url=f"{server.url}/bot") as bot:
        with pytest.raises(tg.TelegramError):
            await bot.send_message(USER, "x")


async def test_refused_entities(server: Server) -> None:
    await server.control("faults", {"kind": "refuse_entities"})
    assert "can't parse entities" in await server.refused("sendMessage", chat_id=USER, text="x")


@pytest.mark.parametrize("body", [{"kind": "earthquake"}, {"kind": "slow", "seconds": "long"}, [1], {}])
async def test_unknown_faults_are_refused(server: Server, body: Any) -> None:
    async with server.http.post(f"{server.url}/sandbox/faults", json=body) as answer:
        assert answer.status == 400


def test_thirty_in_any_second() -> None:
    limits = Limits(per_second=30)
    assert all(limits.retry_after(1, None, 10 + number / 100) is None for number in range(30))
    assert limits.retry_after(1, None, 10.9) == 1
    assert limits.retry_after(2, None, 10.9) is None, "another bot"
    assert limits.retry_after(1, None, 11.0) is None


def test_one_a_second_to_a_person_with_a_burst_of_three() -> None:
    limits = Limits(per_chat_second=1)
    assert [limits.retry_after(1, 5, 0.1 * number) for number in range(4)] == [None, None, None, 3]
    assert limits.retry_after(1, 6, 0.5) is None
    assert limits.retry_after(1, 5, 3.0) is None


def test_twenty_a_minute_to_a_group() -> None:
    limits = Limits(per_group_minute=20)
    assert [limits.retry_after(1, -5, float(number)) for number in range(21)] == [*[None] * 20, 40]
    assert limits.retry_after(1, -5, 60.0) is None


async def test_limits_are_off_until_switched_on(server: Server) -> None:
    for _ in range(40):
        await server.ok("sendMessage", chat_id=USER, text="x")
    await server.control("limits", {"per_second": 2})
    answers = [await server.call("sendMessage", chat_id=USER, text="y") for _ in range(3)]
    assert [answer["ok"] for answer in answers] == [True, True, False]
    assert answers[2]["parameters"] == {"retry_after": 1}
    await server.control("limits", {"per_second": None})
    await server.ok("sendMessage", chat_id=USER, text="z")


async def test_ledger_holds_every_call(server: Server) -> None:
    await server.ok("sendMessage", chat_id=USER, text="one")
    await server.refused("sendMessage", chat_id=99, text="two")
    await server.ok("getMe")
    view = await server.control("ledger")
    assert [(row["n"], row["method"], row["chat_id"], row["status"], row["ok"]) for row in view["calls"]] == [
        (1, "sendMessage", USER, 200, True),
        (2, "sendMessage", 99, 400, False),
        (3, "getMe", None, 200, True),
    ]
    assert view["calls"][0]["params"]["text"] == "one"
    assert view["calls"][1]["error"] == "Bad Request: chat not found"
    assert (await server.control(f"ledger?after={view['next']}"))["calls"] == []
    assert len((await server.control(f"ledger?chat_id={USER}&method=sendmessage"))["calls"]) == 1
