"""What a person does on the page: start, write, press buttons, take commands, act as somebody else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from tests.sandbox.page_driver import BROWSER_TESTS, CHANNEL, GROUP, OWNER, YOU, ChatPages, Driven

pytestmark = BROWSER_TESTS

COMMANDS = [
    {"command": "latest", "description": "The newest articles"},
    {"command": "topic", "description": "Articles on a topic"},
    {"command": "topics", "description": "All topics"},
    {"command": "stop", "description": "Stop all messages"},
]


def keyboard(*buttons: dict[str, Any]) -> dict[str, Any]:
    """An inline keyboard with one button a row."""
    return {"inline_keyboard": [[button] for button in buttons]}


async def test_newcomer_presses_start_and_gets_an_answer(chat_page: ChatPages) -> None:
    async with chat_page(started=False) as driven:
        await driven.open(YOU)
        await driven.page.get_by_role("button", name="Start", exact=True).click()
        update = await driven.bot.next("message")
        assert (update["from"]["id"], update["text"]) == (YOU, "/start")
        await driven.bot.send(YOU, "Welcome")
        await expect(driven.messages).to_have_text(["/start", "Welcome"])
        await expect(driven.input).to_be_focused()


async def test_enter_sends_and_shift_enter_breaks_the_line(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        await driven.input.fill("one")
        await driven.page.keyboard.press("Shift+Enter")
        await driven.page.keyboard.type("two")
        await driven.page.keyboard.press("Enter")
        assert (await driven.bot.next("message"))["text"] == "one\ntwo"
        await expect(driven.input).to_have_value("")


async def test_enter_that_ends_a_composed_word_sends_nothing(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        await driven.input.fill("한국")
        await driven.input.evaluate(
            "node => node.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true}))"
        )
        await expect(driven.input).to_have_value("한국")


async def test_long_text_is_split_as_telegram_does(chat_page: ChatPages) -> None:
    line = "word " * 19 + "end\n"
    async with chat_page() as driven:
        await driven.input.fill(line * 90)
        await driven.page.keyboard.press("Enter")
        texts = [(await driven.bot.next("message"))["text"] for _ in range(3)]
        assert "\n".join(texts) == (line * 90).strip()
        assert max(map(len, texts)) <= 4096


async def test_attached_document_reaches_the_bot(chat_page: ChatPages, tmp_path: Path) -> None:
    article = tmp_path / "article.txt"
    article.write_text("A headline")
    async with chat_page() as driven:
        await driven.page.set_input_files("#file", article)
        await expect(driven.page.locator(".file-chip")).to_contain_text("article.txt")
        await driven.input.fill("please add")
        await driven.page.keyboard.press("Enter")
        message = await driven.bot.next("message")
        assert (message["document"]["file_name"], message["caption"]) == ("article.txt", "please add")
        await expect(driven.page.locator(".file-chip")).to_have_count(0)


async def test_dropped_document_is_attached(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        transfer = await driven.page.evaluate_handle(
            "() => { const data = new DataTransfer(); data.items.add(new File(['x'], 'feed.xml')); return data; }"
        )
        await driven.page.dispatch_event("#scroller", "dragover", {"dataTransfer": transfer})
        await expect(driven.page.locator("#drop")).to_be_visible()
        await driven.page.dispatch_event("#scroller", "drop", {"dataTransfer": transfer})
        await expect(driven.page.locator(".file-chip")).to_contain_text("feed.xml")


async def test_reply_from_the_message_menu(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        message = await driven.bot.send(YOU, "Which topic?")
        await expect(driven.messages.last).to_have_text("Which topic?")
        await driven.page.locator(f'.message[data-id="{message}"] .bubble').click(button="right")
        await driven.page.get_by_role("menuitem", name="Reply").click()
        await driven.page.keyboard.type("Korea")
        await driven.page.keyboard.press("Enter")
        assert (await driven.bot.next("message"))["reply_to_message"]["message_id"] == message


# Inline keyboards


async def test_callback_button_waits_for_its_answer_and_shows_it(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        await driven.bot.send(YOU, "Follow?", reply_markup=keyboard({"text": "Korea", "callback_data": "sub:korea"}))
        button = driven.page.get_by_role("button", name="Korea")
        await button.click()
        query = await driven.bot.next("callback_query")
        assert (query["data"], query["from"]["id"]) == ("sub:korea", YOU)
        await expect(button).to_have_attribute("aria-busy", "true")
        await driven.bot.call("answerCallbackQuery", callback_query_id=query["id"], text="Subscribed")
        await expect(driven.page.locator(".toast")).to_have_text("Subscribed")
        await expect(button).not_to_have_attribute("aria-busy", "true")


async def test_alert_is_a_dialog_that_enter_closes(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        await driven.bot.send(YOU, "Sure?", reply_markup=keyboard({"text": "Erase", "callback_data": "x"}))
        button = driven.page.get_by_role("button", name="Erase")
        await button.focus()
        await driven.page.keyboard.press("Enter")
        query = await driven.bot.next("callback_query")
        await driven.bot.call(
            "answerCallbackQuery", callback_query_id=query["id"], text="Only the owner", show_alert=True
        )
        dialog = driven.page.get_by_role("dialog")
        await expect(dialog).to_contain_text("Only the owner")
        await driven.page.keyboard.press("Enter")
        await expect(dialog).to_have_count(0)
        await expect(button).to_be_focused()


async def test_edited_keyboard_replaces_the_old_and_keeps_the_focus(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        page_one = keyboard({"text": "Next", "callback_data": "2"})
        message = await driven.bot.send(YOU, "Page 1", reply_markup=page_one)
        await driven.page.get_by_role("button", name="Next").focus()
        await driven.bot.call(
            "editMessageText", chat_id=YOU, message_id=message, text="Page 2",
            reply_markup=keyboard({"text": "Back", "callback_data": "1"}),
        )  # fmt: skip
        await expect(driven.page.get_by_role("button", name="Back")).to_be_focused()


async def test_url_button_opens_elsewhere_and_unsafe_ones_do_not(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        await driven.bot.send(YOU, "Read", reply_markup=keyboard({"text": "Source", "url": "https://example.com/a"}))
        link = driven.page.get_by_role("link", name="Source")
        await expect(link).to_have_attribute("href", "https://example.com/a")
        await expect(link).to_have_attribute("target", "_blank")
        await expect(link).to_have_attribute("rel", "noopener noreferrer")


@pytest.mark.parametrize("scheme", ["https://t.me/{bot}?start=korea", "tg://resolve?domain={bot}&start=korea"])
async def test_deep_link_in_a_channel_starts_the_readers_own_chat(chat_page: ChatPages, scheme: str) -> None:
    async with chat_page() as driven:
        me = await driven.bot.call("getMe")
        url = scheme.format(bot=me["username"])
        await driven.bot.send(CHANNEL, "Follow us", reply_markup=keyboard({"text": "Follow", "url": url}))
        await driven.open(CHANNEL)
        await driven.page.get_by_role("button", name="Follow", exact=True).click()
        message = await driven.bot.next("message")
        assert (message["chat"]["id"], message["text"]) == (YOU, "/start korea")
        await expect(driven.row(YOU)).to_have_attribute("aria-current", "true")


async def test_copy_button_copies(chat_page: ChatPages) -> None:
    async with chat_page(permissions=["clipboard-read", "clipboard-write"]) as driven:
        await driven.bot.send(YOU, "Link", reply_markup=keyboard({"text": "Copy", "copy_text": {"text": "the words"}}))
        await driven.page.get_by_role("button", name="Copy", exact=True).click()
        await expect(driven.page.locator(".toast")).to_have_text("Copied")
        assert await driven.page.evaluate("navigator.clipboard.readText()") == "the words"


async def test_reply_keyboard_sends_its_words_and_can_be_put_away(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        rows = {"keyboard": [[{"text": "Morning"}, {"text": "Evening"}]], "resize_keyboard": True}
        await driven.bot.send(YOU, "When?", reply_markup=rows)
        await driven.page.get_by_role("button", name="Evening").click()
        assert (await driven.bot.next("message"))["text"] == "Evening"
        await driven.bot.send(YOU, "Noted", reply_markup={"remove_keyboard": True})
        await expect(driven.page.get_by_role("button", name="Evening")).to_have_count(0)


# Commands


async def _with_commands(driven: Driven) -> None:
    await driven.bot.call("setMyCommands", commands=COMMANDS)
    await expect(driven.page.locator("#menu-button")).to_be_visible()


async def test_suggestions_follow_what_is_typed(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        await _with_commands(driven)
        names = driven.page.locator(".suggestion-name")
        await driven.input.press_sequentially("/")
        await expect(names).to_have_text(["/latest", "/topic", "/topics", "/stop"])
        await driven.input.press_sequentially("to")
        await expect(names).to_have_text(["/topic", "/topics", "/stop"])
        await driven.input.press_sequentially("pic ")
        await expect(names).to_have_count(0)


@pytest.mark.parametrize("key", ["Enter", "Tab"])
async def test_suggestion_is_taken_by_keyboard(chat_page: ChatPages, key: str) -> None:
    async with chat_page() as driven:
        await _with_commands(driven)
        await driven.input.press_sequentially("/to")
        await driven.page.keyboard.press("ArrowDown")
        await driven.page.keyboard.press(key)
        await expect(driven.input).to_have_value("/topics ")
        await driven.page.keyboard.press("Enter")
        message = await driven.bot.next("message")
        assert message["text"] == "/topics"
        assert message["entities"][0]["type"] == "bot_command"


async def test_escape_puts_the_suggestions_away_and_enter_then_sends_as_typed(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        await _with_commands(driven)
        await driven.input.press_sequentially("/to")
        await driven.page.keyboard.press("Escape")
        await expect(driven.page.locator("#suggestions")).to_be_hidden()
        await driven.page.keyboard.press("Enter")
        assert (await driven.bot.next("message"))["text"] == "/to"


async def test_menu_button_lists_the_commands_and_sends_one(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        await _with_commands(driven)
        await driven.page.locator("#menu-button").click()
        await driven.page.get_by_role("menuitem", name="/latest").click()
        assert (await driven.bot.next("message"))["text"] == "/latest"


async def test_each_person_sees_their_own_commands(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        await _with_commands(driven)
        scope = {"type": "chat", "chat_id": OWNER}
        await driven.bot.call("setMyCommands", commands=[{"command": "queue", "description": "Waiting"}], scope=scope)
        await driven.open(OWNER)
        await driven.input.press_sequentially("/")
        await expect(driven.page.locator(".suggestion-name")).to_have_text(["/queue"])


async def test_command_in_a_message_is_sent_by_a_click(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        await driven.bot.send(YOU, "Try /latest now")
        await driven.page.locator("#messages").get_by_role("button", name="/latest").click()
        assert (await driven.bot.next("message"))["text"] == "/latest"


# Who one is


async def test_in_the_group_one_acts_as_any_of_three(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        await driven.open(GROUP)
        senders = []
        for name in ("You", "Owner", "Anonymous admin"):
            await driven.page.locator("#as").click()
            await driven.page.locator(".menu-item", has_text=re.compile(f"^{name}")).click()
            await driven.input.fill("/latest")
            await driven.page.keyboard.press("Enter")
            message = await driven.bot.next("message")
            senders.append(message.get("sender_chat", message["from"])["id"])
        assert senders == [YOU, OWNER, GROUP]


async def test_readers_only_read_the_channel_and_its_admin_posts(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        await driven.open(CHANNEL)
        await expect(driven.input).to_be_hidden()
        await driven.page.get_by_role("button", name="Reading as You").click()
        await driven.page.get_by_role("menuitemradio", name="Tidings Channel").click()
        await driven.input.fill("Hello, readers")
        await driven.page.keyboard.press("Enter")
        assert (await driven.bot.next("channel_post"))["text"] == "Hello, readers"


async def test_block_and_unblock_tell_the_bot(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        await driven.page.locator("#chat-menu").click()
        await driven.page.get_by_role("menuitem", name="Block the bot").click()
        change = await driven.bot.next("my_chat_member")
        assert change["new_chat_member"]["status"] == "kicked"
        await driven.page.get_by_role("button", name="Unblock the bot").click()
        change = await driven.bot.next("my_chat_member")
        assert change["new_chat_member"]["status"] == "member"
        await expect(driven.input).to_be_visible()
