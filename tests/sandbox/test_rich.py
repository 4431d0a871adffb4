"""Rich messages on the server: what is read, how it comes back, and what is refused."""

from typing import Any

import pytest

from sandbox.errors import ApiError
from sandbox.rich import rich_message, words
from tests.sandbox.conftest import USER, Server


def _photo(address: str) -> dict[str, Any]:
    return {"photo": [{"file_id": address}]}


def read(html: str, **options: Any) -> dict[str, Any]:
    return rich_message({"html": html, **options}, _photo)


BLOCKS = {
    "heading": ("<h3>News</h3>", {"type": "heading", "text": "News", "size": 3}),
    "paragraph": (
        '<p>Plain <b>bold</b> <a href="https://example.com">link</a></p>',
        {
            "type": "paragraph",
            "text": [
                "Plain ",
                {"type": "bold", "text": "bold"},
                " ",
                {"type": "url", "text": "link", "url": "https://example.com/"},
            ],
        },
    ),
    "loose text": ("Hello", {"type": "paragraph", "text": "Hello"}),
    "time": (
        '<p><tg-time unix="5" format="dt">then</tg-time></p>',
        {"type": "paragraph", "text": {"type": "date_time", "text": "then", "unix_time": 5, "date_time_format": "dt"}},
    ),
    "divider": ("<hr/>", {"type": "divider"}),
    "details": (
        "<details open><summary>More</summary><p>Rest</p></details>",
        {"type": "details", "summary": "More", "blocks": [{"type": "paragraph", "text": "Rest"}], "is_open": True},
    ),
    "photo": (
        '<figure><img src="https://example.com/a.jpg"/><figcaption>A ship<cite>Xinhua</cite></figcaption></figure>',
        {
            "type": "photo",
            "photo": [{"file_id": "https://example.com/a.jpg"}],
            "caption": {"text": "A ship", "credit": "Xinhua"},
        },
    ),
    "list": (
        "<ol><li>One</li></ol>",
        {"type": "list", "items": [{"label": "1.", "blocks": [{"type": "paragraph", "text": "One"}]}]},
    ),
}


@pytest.mark.parametrize(("html", "block"), BLOCKS.values(), ids=BLOCKS.keys())
def test_blocks(html: str, block: dict[str, Any]) -> None:
    assert read(html)["blocks"] == [block]


REFUSED = {
    "nothing": ("", "must be non-empty"),
    "only white space": ("  \n", "must be non-empty"),
    "an unknown tag": ("<script>x</script>", 'Unsupported start tag "script"'),
    "an open tag": ("<p>x", "Can't find end tag"),
    "crossed tags": ("<p><b>x</p></b>", "Unmatched end tag"),
    "an empty heading": ("<h2> </h2>", "must be non-empty"),
    "a block inside text": ("<p><h2>x</h2></p>", "can't stand inside text"),
    "details without summary": ("<details><p>x</p></details>", 'must begin with a "summary"'),
    "a photo that is no address": ('<img src="data:image/png;base64,x"/>', "wrong HTTP URL"),
    "more text than fits": (f"<p>{'x' * 32_769}</p>", "message is too long"),
    "more blocks than fit": ("<p>x</p>" * 501, "too many blocks"),
    "too much nesting": ("<blockquote>" * 16 + "<p>x</p>" + "</blockquote>" * 16, "nesting is too deep"),
    "more photos than fit": ('<img src="https://example.com/a.jpg"/>' * 51, "too many media"),
}


@pytest.mark.parametrize(("html", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_refusals(html: str, said: str) -> None:
    with pytest.raises(ApiError) as refusal:
        read(html)
    assert said in refusal.value.description


def test_as_much_as_fits_is_taken() -> None:
    assert len(words(read(f"<p>{'x' * 32_768}</p>"))) == 32_768
    assert len(read("<p>x</p>" * 500)["blocks"]) == 500


def test_one_of_html_and_markdown() -> None:
    with pytest.raises(ApiError):
        read("<p>x</p>", markdown="x")
    with pytest.raises(ApiError):
        rich_message({"markdown": "x"}, _photo)


async def test_a_rich_message_is_sent_and_edited(server: Server) -> None:
    sent = await server.ok("sendRichMessage", chat_id=USER, rich_message={"html": "<h2>News</h2>", "is_rtl": True})
    assert sent["rich_message"] == {"blocks": [{"type": "heading", "text": "News", "size": 2}], "is_rtl": True}
    changed = {"html": "<p>Withdrawn</p>"}
    edited = await server.ok("editMessageText", chat_id=USER, message_id=sent["message_id"], rich_message=changed)
    assert edited["rich_message"]["blocks"][0]["text"] == "Withdrawn"
    said = await server.refused("editMessageText", chat_id=USER, message_id=sent["message_id"], rich_message=changed)
    assert "message is not modified" in said
    plain = await server.ok("editMessageText", chat_id=USER, message_id=sent["message_id"], text="Text again")
    assert "rich_message" not in plain
    assert "rich message must be non-empty" in await server.refused("sendRichMessage", chat_id=USER)
