"""What a reader sees: messages with their formatting, changes as they happen, unread marks."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playwright.async_api import Route, expect

from tests.patience import PATIENCE_S
from tests.sandbox.page_driver import BROWSER_TESTS, CHANNEL, OWNER, YOU, ChatPages, picture

pytestmark = BROWSER_TESTS

RENDER = """
([text, entities]) => Promise.all([import("/entities.js"), import("/dom.js")]).then(([{ renderText }, { h }]) => {
  const nothing = () => null;
  const context = { botUsername: "news_bot", onCommand: nothing, onLink: nothing, onMention: nothing, now: () => 0 };
  const box = h("div", {}, renderText(text, entities, context));
  box.querySelectorAll("[style]").forEach((node) => node.removeAttribute("style"));
  return box.innerHTML;
})
"""


def entity(kind: str, offset: int, length: int, **fields: Any) -> dict[str, Any]:
    """A MessageEntity."""
    return {"type": kind, "offset": offset, "length": length, **fields}


RENDERED = [
    pytest.param("a b", [entity("bold", 0, 1)], "<strong>a</strong> b", id="one"),
    pytest.param("👩‍👩‍👧 b", [entity("italic", 9, 1)], "👩‍👩‍👧 <em>b</em>", id="offsets-are-utf16"),
    pytest.param(
        "abc",
        [entity("italic", 1, 1), entity("bold", 0, 3)],
        "<strong>a<em>b</em>c</strong>",
        id="nested-in-any-order",
    ),
    pytest.param(
        "abcd",
        [entity("bold", 0, 3), entity("underline", 2, 2)],
        "<strong>ab<u>c</u></strong><u>d</u>",
        id="crossing-entities-are-cut",
    ),
    pytest.param("ab", [entity("strikethrough", 1, 50)], "a<s>b</s>", id="too-long-is-clipped"),
    pytest.param("ab", [entity("bold", 9, 2)], "ab", id="outside-is-left-out"),
    pytest.param(
        "q\nafter",
        [entity("blockquote", 0, 1)],
        '<blockquote dir="auto">q</blockquote>after',
        id="no-empty-line-after-a-quote",
    ),
    pytest.param("<i>&amp;", [], "&lt;i&gt;&amp;amp;", id="markup-is-text"),
    pytest.param(
        "x",
        [entity("text_link", 0, 1, url="javascript:alert(1)")],
        '<span class="entity-unsafe">x</span>',
        id="script-links-are-text",
    ),
    pytest.param(
        "x",
        [entity("text_link", 0, 1, url="data:text/html,x")],
        '<span class="entity-unsafe">x</span>',
        id="data-links-are-text",
    ),
    pytest.param(
        "example.com/a",
        [entity("url", 0, 13)],
        '<a href="https://example.com/a" target="_blank" rel="noopener noreferrer">example.com/a</a>',
        id="url-without-scheme",
    ),
    pytest.param(
        "a@b.org", [entity("email", 0, 7)], '<a href="mailto:a@b.org" rel="noopener noreferrer">a@b.org</a>', id="email"
    ),
    pytest.param(
        "go",
        [entity("text_link", 0, 2, url="https://t.me/news_bot?start=korea")],
        '<button type="button" class="text-button entity-link">go</button>',
        id="deep-link-stays-here",
    ),
    pytest.param(
        "f()",
        [entity("pre", 0, 3, language="python")],
        '<figure class="code"><figcaption>python</figcaption>'
        '<pre tabindex="0"><code dir="ltr">f()</code></pre></figure>',
        id="code-block-with-language",
    ),
]


async def test_entities_become_elements(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        for case in RENDERED:
            text, entities, markup = case.values
            assert await driven.page.evaluate(RENDER, [text, entities]) == markup, case.id


@pytest.mark.parametrize(
    ("format_", "shown"),
    [("", "soon"), ("t", "09:00"), ("D", "1 January 1970"), ("wT", "Thursday, 09:00:00"), ("r", "now")],
)
async def test_date_time_is_shown_in_the_readers_zone(chat_page: ChatPages, format_: str, shown: str) -> None:
    async with chat_page() as driven:
        entities = [entity("date_time", 0, 4, unix_time=0, date_time_format=format_)]
        markup = await driven.page.evaluate(RENDER, ["soon", entities])
    assert f">{shown}</time>" in markup


async def test_text_of_a_message_is_never_markup(chat_page: ChatPages) -> None:
    hostile = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script> &lt;b&gt;'
    async with chat_page() as driven:
        await driven.bot.send(YOU, hostile)
        await expect(driven.messages.last).to_have_text(hostile)
        await expect(driven.row(YOU).locator(".row-preview")).to_contain_text("<img src=x")
        assert await driven.page.evaluate("window.hacked") is None
        assert driven.complaints == []


async def test_spoiler_opens_on_click_and_hides_from_the_list_before(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        await driven.bot.send(YOU, "It was <tg-spoiler>the butler</tg-spoiler>", parse_mode="HTML")
        spoiler = driven.page.locator(".spoiler")
        await expect(spoiler).to_have_attribute("role", "button")
        await expect(driven.row(YOU).locator(".row-preview")).not_to_contain_text("butler")
        await spoiler.click()
        await expect(driven.page.locator(".spoiler.open .spoiler-text")).to_have_css("opacity", "1")


async def test_expandable_quote_unfolds(chat_page: ChatPages) -> None:
    lines = "\n".join(f"line {number}" for number in range(12))
    async with chat_page() as driven:
        await driven.bot.send(YOU, f"<blockquote expandable>{lines}</blockquote>", parse_mode="HTML")
        body = driven.page.locator(".folded-body")
        folded = await body.evaluate("node => node.clientHeight")
        await driven.page.get_by_role("button", name="Show more").click()
        await expect(driven.page.get_by_role("button", name="Show less")).to_be_visible()
        assert await body.evaluate("node => node.clientHeight") > folded * 2


FIRST_LETTERS = """
node => {
  const text = node.firstChild;
  const box = node.getBoundingClientRect();
  return [0, text.data.indexOf("\\n") + 1].map((at) => {
    const range = document.createRange();
    range.setStart(text, at);
    range.setEnd(text, at + 1);
    const letter = range.getBoundingClientRect();
    return letter.right > box.left + box.width * 0.6 ? "right" : "left";
  });
}
"""


async def test_each_paragraph_has_its_own_direction(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        await driven.bot.send(YOU, "وكالة الأنباء تنشر موجزا قصيرا كل صباح\nA line in English of about that length")
        await expect(driven.messages.last).to_contain_text("English")
        assert await driven.messages.last.evaluate(FIRST_LETTERS) == ["right", "left"]


async def test_edit_shows_without_reload_and_is_marked(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        message = await driven.bot.send(YOU, "Two dead")
        await expect(driven.messages.last).to_have_text("Two dead")
        await driven.bot.call("editMessageText", chat_id=YOU, message_id=message, text="Nobody hurt")
        await expect(driven.messages.last).to_have_text("Nobody hurt")
        await expect(driven.page.locator("#messages .edited")).to_have_count(1)
        await expect(driven.row(YOU)).to_contain_text("Nobody hurt")


async def test_deleted_message_disappears(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        message = await driven.bot.send(YOU, "Killed story")
        await expect(driven.messages.last).to_have_text("Killed story")
        await driven.bot.call("deleteMessage", chat_id=YOU, message_id=message)
        await expect(driven.page.locator(f'.message[data-id="{message}"]')).to_have_count(0)
        await expect(driven.row(YOU)).not_to_contain_text("Killed story")


async def test_push_arrives_without_reload_and_counts_as_unread(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        await driven.open(YOU)
        await driven.bot.send(OWNER, "Urgent: markets closed")
        await expect(driven.row(OWNER).locator(".badge")).to_contain_text("1")
        await expect(driven.page).to_have_title("(1) Tidings sandbox")
        await driven.open(OWNER)
        await expect(driven.messages.last).to_have_text("Urgent: markets closed")
        await expect(driven.row(OWNER).locator(".badge")).to_have_count(0)


async def test_what_changes_while_a_chat_loads_is_kept(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        gone = await driven.bot.send(OWNER, "Gone")
        answered = asyncio.Event()

        async def answer_late(route: Route) -> None:
            response = await route.fetch()
            await driven.bot.call("deleteMessage", chat_id=OWNER, message_id=gone)
            await driven.bot.send(OWNER, "In between")
            await expect(driven.row(OWNER)).to_contain_text("In between")
            await route.fulfill(response=response)
            answered.set()

        await driven.page.route(f"**/chats/{OWNER}/messages*", answer_late, times=1)
        await driven.open(OWNER)
        async with asyncio.timeout(PATIENCE_S):
            await answered.wait()
        await expect(driven.messages).to_have_text(["/start", "In between"])


async def test_what_came_while_the_page_was_closed_is_unread(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        await driven.open(OWNER)
        await driven.open(YOU)
        await driven.page.goto("about:blank")
        await driven.bot.send(OWNER, "one")
        await driven.bot.send(OWNER, "two")
        await driven.go()
        await expect(driven.row(OWNER).locator(".badge")).to_contain_text("2")


async def test_pinned_message_is_on_top_and_leads_to_it(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        message = await driven.bot.send(YOU, "House rules")
        await driven.bot.call("pinChatMessage", chat_id=YOU, message_id=message)
        await expect(driven.page.locator("#pinned")).to_contain_text("House rules")
        await driven.go()
        await driven.page.locator("#pinned").click()
        await expect(driven.page.locator(f'.message[data-id="{message}"]')).to_be_focused()
        await driven.bot.call("unpinChatMessage", chat_id=YOU, message_id=message)
        await expect(driven.page.locator("#pinned")).to_be_hidden()


async def test_reply_shows_what_it_answers(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        message = await driven.bot.send(YOU, "Which topic?")
        await driven.bot.send(YOU, "That one", reply_parameters={"message_id": message})
        await expect(driven.page.locator(".reply-quote")).to_contain_text("Which topic?")


async def test_typing_shows_until_the_message_comes(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        await driven.bot.call("sendChatAction", chat_id=YOU, action="typing")
        await expect(driven.page.locator("#chat-status")).to_have_text("typing…")
        await driven.bot.send(YOU, "Here you are")
        await expect(driven.page.locator("#chat-status")).to_have_text("bot")


async def test_document_can_be_downloaded(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        await driven.bot.send_document(YOU, "export.json", b'{"a": 1}')
        card = driven.page.locator("a.file-card")
        await expect(card).to_contain_text("export.json")
        async with driven.page.expect_download() as download:
            await card.click()
        path = await (await download.value).path()
        assert path.read_bytes() == b'{"a": 1}'


async def test_photo_is_shown_with_its_caption(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        await driven.bot.send_photo(YOU, picture(320, 200), "The sea at dawn")
        await expect(driven.messages.last).to_have_text("The sea at dawn")
        photo = driven.page.locator("img.photo")
        await expect(photo).to_have_js_property("complete", True)
        await expect(photo).to_have_js_property("naturalWidth", 320)


async def test_topics_of_a_forum_are_named(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        world = driven.server.sandbox.world
        people = {OWNER: "creator", YOU: "member", next(iter(world.bots)): "administrator"}
        forum = world.add_chat("supergroup", "Desk", people, is_forum=True)
        topic = await driven.bot.call("createForumTopic", chat_id=forum.id, name="Korea")
        await driven.bot.send(forum.id, "In its place", message_thread_id=topic["message_thread_id"])
        await driven.open(forum.id)
        await expect(driven.page.locator(".message .topic").last).to_have_text("# Korea")


async def test_channel_posts_stand_under_the_channels_name(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        await driven.bot.send(CHANNEL, "Edition one")
        await driven.open(CHANNEL)
        await expect(driven.page.locator(".message .sender")).to_have_text("Tidings Channel")


async def test_a_rich_message_has_headings_and_unfolds(chat_page: ChatPages) -> None:
    async with chat_page() as driven:
        html = (
            "<h2>News</h2><p>One <b>bold</b> word</p>"
            "<details><summary>Read on</summary><p>The rest</p></details>"
            '<figure><img src="https://example.com/a.jpg"/><figcaption>A ship<cite>Xinhua</cite></figcaption></figure>'
        )
        await driven.bot.call("sendRichMessage", chat_id=YOU, rich_message={"html": html})
        rich = driven.page.locator("#messages .rich")
        await expect(rich.locator("h3")).to_have_text("News")
        await expect(rich.locator("strong")).to_have_text("bold")
        await expect(rich.locator("figcaption cite")).to_have_text("Xinhua")
        await expect(rich.get_by_text("The rest")).to_be_hidden()
        await rich.locator("summary").click()
        await expect(rich.get_by_text("The rest")).to_be_visible()
        await expect(driven.row(YOU)).to_contain_text("News")
