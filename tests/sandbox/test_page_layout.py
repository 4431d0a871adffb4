"""How the page holds together: sizes, themes, keyboard, long chats, a lost connection, its own security."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.async_api import expect

from tests.sandbox.page_driver import BROWSER_TESTS, GROUP, OWNER, YOU, ChatPages, Driven

pytestmark = BROWSER_TESTS


# A phone and a desktop


async def test_phone_shows_one_pane_and_every_way_back_works(chat_page: ChatPages) -> None:
    async with chat_page("phone") as driven:
        chats, chat = driven.page.locator("#list-pane"), driven.page.locator("#chat")
        await expect(chats).to_be_visible()
        await expect(chat).to_be_hidden()
        for back in ("button", "browser", "escape"):
            await driven.open(YOU)
            await expect(chats).to_be_hidden()
            await expect(chat).to_be_visible()
            await _go_back(driven, back)
            await expect(chats).to_be_visible()
            await expect(chat).to_be_hidden()


async def _go_back(driven: Driven, how: str) -> None:
    if how == "button":
        await driven.page.get_by_role("button", name="Back to the chats").click()
    elif how == "browser":
        await driven.page.go_back()
    else:
        await driven.page.keyboard.press("Escape")


async def test_reload_keeps_the_open_chat(chat_page: ChatPages) -> None:
    async with chat_page("phone") as driven:
        await driven.open(GROUP)
        await driven.page.reload()
        await expect(driven.page.locator("#chat-title")).to_have_text("Newsroom friends")


@pytest.mark.parametrize("size", ["phone", "desktop"])
async def test_nothing_is_wider_than_the_screen(chat_page: ChatPages, size: Literal["desktop", "phone"]) -> None:
    async with chat_page(size) as driven:
        await driven.bot.send(YOU, "W" * 300 + "\n<pre>" + "wide " * 90 + "</pre>", parse_mode="HTML")
        row = [{"text": f"A rather long label {number}", "callback_data": str(number)} for number in range(4)]
        await driven.bot.send(YOU, "한국어" * 90, reply_markup={"inline_keyboard": [row]})
        await driven.open(YOU)
        await expect(driven.messages.last).to_contain_text("한국어")
        wide = "node => node.scrollWidth - node.clientWidth"
        assert await driven.page.locator("html").evaluate(wide) == 0
        assert await driven.page.locator("#scroller").evaluate(wide) == 0


async def test_it_says_that_nothing_reaches_telegram(chat_page: ChatPages) -> None:
    async with chat_page("phone") as driven:
        line = driven.page.get_by_text("Sandbox: nothing here reaches Telegram.")
        await expect(line).to_be_in_viewport()
        await driven.open(YOU)
        await expect(line).to_be_in_viewport()


# Themes


GROUND = "getComputedStyle(document.body).backgroundColor"


async def test_theme_follows_the_system_and_the_button_overrides_it(chat_page: ChatPages) -> None:
    async with chat_page(color_scheme="dark") as driven:
        dark = await driven.page.evaluate(GROUND)
        await driven.page.emulate_media(color_scheme="light")
        light = await driven.page.evaluate(GROUND)
        assert dark != light
        await driven.page.get_by_role("button", name="Change to light").click()
        await driven.page.get_by_role("button", name="Change to dark").click()
        assert await driven.page.evaluate(GROUND) == dark
        await driven.go()
        assert await driven.page.evaluate(GROUND) == dark
        await driven.page.get_by_role("button", name="Change to system").click()
        assert await driven.page.evaluate(GROUND) == light


async def test_reduced_motion_is_honoured(chat_page: ChatPages) -> None:
    async with chat_page(reduced_motion="reduce") as driven:
        message = await driven.bot.send(YOU, "Gone soon")
        bubble = driven.page.locator(f'.message[data-id="{message}"]')
        await expect(bubble).to_be_visible()
        assert await bubble.evaluate("node => parseFloat(getComputedStyle(node).animationDuration)") < 0.001
        await driven.bot.call("deleteMessage", chat_id=YOU, message_id=message)
        await expect(driven.page.locator(".leaving")).to_have_count(0)


# By keyboard


async def test_chats_change_by_alt_and_arrows(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        await driven.open(YOU)
        names = await driven.page.locator(".chat-row .row-title").all_text_contents()
        first = await driven.page.locator(".chat-row").first.get_attribute("data-id")
        if first != str(YOU):
            await driven.page.keyboard.press("Alt+ArrowUp")
        await driven.page.keyboard.press("Alt+ArrowDown")
        await driven.page.keyboard.press("Alt+ArrowDown")
        await expect(driven.page.locator(".chat-row[aria-current] .row-title")).to_have_text(names[2])
        await driven.page.keyboard.press("Alt+ArrowUp")
        await expect(driven.page.locator(".chat-row[aria-current] .row-title")).to_have_text(names[1])
        await expect(driven.input).to_be_focused()


async def test_list_and_chat_are_reached_without_a_mouse(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        await driven.open(YOU)
        await expect(driven.input).to_be_focused()
        await driven.page.keyboard.press("Escape")
        await expect(driven.row(YOU)).to_be_focused()
        await driven.page.keyboard.press("ArrowDown")
        await driven.page.keyboard.press("Enter")
        await expect(driven.input.or_(driven.page.locator("#bottom-action button"))).to_be_focused()
        assert await driven.page.evaluate("location.hash") != f"#{YOU}"


async def test_messages_their_menu_and_their_buttons_are_reached_by_keys(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        keyboard = {"inline_keyboard": [[{"text": "Follow", "callback_data": "f"}]]}
        message = await driven.bot.send(YOU, "Korea", reply_markup=keyboard)
        bubble = driven.page.locator(f'.message[data-id="{message}"]')
        await expect(bubble).to_be_visible()
        await driven.page.keyboard.press("ArrowUp")
        await expect(bubble).to_be_focused()
        await driven.page.keyboard.press("Enter")
        await expect(driven.page.get_by_role("menuitem", name="Reply")).to_be_focused()
        await driven.page.keyboard.press("Escape")
        await expect(bubble).to_be_focused()
        await driven.page.keyboard.press("Tab")
        await expect(driven.page.get_by_role("button", name="Follow")).to_be_focused()
        await driven.page.keyboard.press("Escape")
        await expect(driven.input).to_be_focused()


async def test_new_messages_are_read_out(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        await driven.bot.send(YOU, "Quake off Honshu")
        await expect(driven.page.locator("#announcer")).to_contain_text("Tidings: Quake off Honshu")
        await driven.bot.send(OWNER, "For the owner")
        await expect(driven.page.locator("#announcer")).to_contain_text("New message in Tidings, as Owner")


# Long chats


def _fill(driven: Driven, count: int) -> None:
    chat = driven.server.sandbox.world.chats[YOU]
    author = next(iter(driven.server.sandbox.world.bots))
    for number in range(count):
        driven.server.sandbox.world.post(chat, author, {"text": f"Message {number}"})


async def test_long_chat_keeps_few_elements_and_loads_older_ones(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        _fill(driven, 5000)
        await driven.go(f"#{YOU}")
        await expect(driven.messages.last).to_have_text("Message 4999")
        oldest = 5000
        for _ in range(12):
            await driven.page.locator("#scroller").evaluate("node => { node.scrollTop = 0; }")
            await expect(driven.messages.first).not_to_have_text(f"Message {oldest}")
            oldest = int((await driven.messages.first.inner_text()).split()[1])
        assert oldest < 4500
        assert await driven.page.locator("#messages > *").count() < 200
        await driven.page.locator("#to-end").click()
        await expect(driven.messages.last).to_have_text("Message 4999")
        await expect(driven.messages.last).to_be_in_viewport()


async def test_reading_place_stays_when_older_ones_come(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        _fill(driven, 300)
        await driven.go(f"#{YOU}")
        await expect(driven.messages.last).to_have_text("Message 299")
        moved = await driven.page.locator("#scroller").evaluate(
            """async (scroller) => {
              scroller.scrollTop = 300;
              const top = scroller.getBoundingClientRect().top;
              const seen = [...document.querySelectorAll(".message")]
                .find((node) => node.getBoundingClientRect().top > top);
              const before = seen.getBoundingClientRect().top;
              const first = document.querySelector(".message");
              while (document.querySelector(".message") === first) await new Promise(requestAnimationFrame);
              return Math.abs(seen.getBoundingClientRect().top - before);
            }"""
        )
        assert moved < 8  # pixels, less than half a line


async def test_reader_of_older_messages_is_told_of_new_ones_and_not_moved(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        _fill(driven, 120)
        await driven.go(f"#{YOU}")
        await expect(driven.messages.last).to_have_text("Message 119")
        scroller = driven.page.locator("#scroller")
        await scroller.evaluate("node => { node.scrollTop -= 500; }")
        down = driven.page.locator("#to-end")
        await expect(down).to_be_visible()
        place = await scroller.evaluate("node => node.scrollTop")
        await driven.bot.send(YOU, "Fresh")
        await expect(down).to_have_attribute("aria-label", "1 new message")
        assert await scroller.evaluate("node => node.scrollTop") == place
        await down.click()
        await expect(driven.messages.last).to_be_in_viewport()
        await expect(down).to_be_hidden()


async def test_view_stays_at_the_end_when_one_is_there(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        for number in range(30):
            await driven.bot.send(YOU, f"Line {number}\nand another")
        await expect(driven.messages.last).to_contain_text("Line 29")
        await expect(driven.messages.last).to_be_in_viewport()
        await expect(driven.page.locator("#to-end")).to_be_hidden()


# Connection and safety


async def test_lost_server_is_said_and_the_page_catches_up(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        await driven.open(YOU)
        await driven.server.stop()
        await expect(driven.page.locator("#offline")).to_be_visible()
        world = driven.server.sandbox.world
        world.post(world.chats[YOU], next(iter(world.bots)), {"text": "While you were away"})
        await driven.server.start()
        await expect(driven.page.locator("#offline")).to_be_hidden()
        await expect(driven.messages.last).to_have_text("While you were away")
        await driven.bot.send(YOU, "And live again")
        await expect(driven.messages.last).to_have_text("And live again")


async def test_message_that_cannot_be_sent_comes_back_to_the_input(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        await driven.open(YOU)
        await driven.server.stop()
        await driven.input.fill("Hello?")
        await driven.page.keyboard.press("Enter")
        await expect(driven.page.locator(".toast")).to_contain_text("doesn't answer")
        await expect(driven.input).to_have_value("Hello?")
        await driven.server.start()


async def test_page_asks_nobody_else_and_breaks_no_rule_of_its_own(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        await driven.bot.send(YOU, "https://example.com @somebody #korea")
        await expect(driven.messages.last).to_contain_text("#korea")
        assert driven.hosts == {driven.url.removeprefix("http://")}
        assert driven.complaints == []
