from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram.helpers import escape_markdown

from sandbox.entities import Entity, fix, utf16
from sandbox.errors import ApiError
from sandbox.formatting import format_text
from sandbox.html import parse_html


def _read(text: str, mode: str = "HTML") -> tuple[str, list[tuple[Any, ...]]]:
    plain, found = format_text(text, mode, None)
    return plain, [tuple(entity.values()) for entity in found]


HTML = {
    "bold": ("<b>a</b>", "a", [(0, 1, "bold")]),
    "all styles": (
        "<strong>a</strong><em>b</em><ins>c</ins><strike>d</strike><del>e</del><tg-spoiler>f</tg-spoiler>",
        "abcdef",
        [(0, 1, "bold"), (1, 1, "italic"), (2, 1, "underline"), (3, 2, "strikethrough"), (5, 1, "spoiler")],
    ),
    "tags in any case": ("<B>a</b>", "a", [(0, 1, "bold")]),
    "span spoiler": ('<span class="tg-spoiler">a</span>', "a", [(0, 1, "spoiler")]),
    "offsets are utf-16": ("😀 <b>é😀</b>", "😀 é😀", [(3, 3, "bold")]),
    "four entities are known": ("&lt;&gt;&amp;&quot;&#33;&#x21;", '<>&"!!', []),
    "semicolon may lack": ("a &amp b &lt", "a & b <", []),
    "unknown entities stay": ("a&nbsp;b &mdash; c", "a&nbsp;b &mdash; c", []),
    "bare ampersand stays": ("R&D & more", "R&D & more", []),
    "bare > stays": ("3 > 2", "3 > 2", []),
    "closing shorthand": ("<b>a</>", "a", [(0, 1, "bold")]),
    "nested": ("<b>a<i>b</i>c</b>", "abc", [(0, 3, "bold"), (1, 1, "italic")]),
    "same inside itself merges": ("<b>a<b>b</b>c</b>", "abc", [(0, 3, "bold")]),
    "neighbours merge": ("<b>a</b><b>b</b>", "ab", [(0, 2, "bold")]),
    "link": ('<a href="https://Example.com">a</a>', "a", [(0, 1, "text_link", "https://example.com/")]),
    "link of its text": ("<a>example.com</a>", "example.com", [(0, 11, "text_link", "http://example.com/")]),
    "bad link is dropped": ('<a href="localhost">a</a>', "a", []),
    "escaped in attribute": (
        "<a href='http://a.io/?x=1&amp;y=2'>a</a>",
        "a",
        [(0, 1, "text_link", "http://a.io/?x=1&y=2")],
    ),
    "bold is cut at a link": (
        '<b>a <a href="a.io">b</a> c</b>',
        "a b c",
        [(0, 2, "bold"), (2, 1, "text_link", "http://a.io/"), (2, 1, "bold"), (4, 1, "bold")],
    ),
    "code holds nothing": ("<code>a<b>b</b></code>", "ab", [(0, 2, "code")]),
    "pre with language": ('<pre><code class="language-py">a</code></pre>', "a", [(0, 1, "pre", "py")]),
    "code around pre": ('<code class="language-py"><pre>a</pre></code>', "a", [(0, 1, "pre", "py")]),
    "pre": ("<pre>a</pre>", "a", [(0, 1, "pre")]),
    "code forgets a language": ('<code class="language-py">a</code>', "a", [(0, 1, "code")]),
    "quote": ("<blockquote>a\nb</blockquote>", "a\nb", [(0, 3, "blockquote")]),
    "expandable": ("<blockquote expandable>a</blockquote>", "a", [(0, 1, "expandable_blockquote")]),
    "quotes don't nest": ("<blockquote>a<blockquote>b</blockquote></blockquote>", "ab", [(0, 2, "blockquote")]),
    "emoji": ('<tg-emoji emoji-id="5368">👍</tg-emoji>', "👍", [(0, 2, "custom_emoji", "5368")]),
    "time": ('<tg-time unix="1" format="wDT">a</tg-time>', "a", [(0, 1, "date_time", 1, "wDT")]),
    "empty entities vanish": ("<b></b>a<i> </i>b", "a b", []),
    "both ends are trimmed": (" \n<b> a </b> \n", "a", [(0, 1, "bold")]),
    "unknown attributes are ignored": ('<b class="x" data-y=1>a</b>', "a", [(0, 1, "bold")]),
    "tabs become spaces": ("a\tb\r\nc", "a b\nc", []),
    "found": (
        "see example.com/a, @user #tag /go $USD a@b.io",
        "see example.com/a, @user #tag /go $USD a@b.io",
        [
            (4, 13, "url"),
            (19, 5, "mention"),
            (25, 4, "hashtag"),
            (30, 3, "bot_command"),
            (34, 4, "cashtag"),
            (39, 6, "email"),
        ],
    ),
    "nothing is found in code": ("<code>@user</code> @user", "@user @user", [(0, 5, "code"), (6, 5, "mention")]),
    "a file is no link": ("see notes.txt and 3.14", "see notes.txt and 3.14", []),
    "korean hashtag": ("#한국 뉴스", "#한국 뉴스", [(0, 3, "hashtag")]),
}


@pytest.mark.parametrize(("source", "text", "entities"), HTML.values(), ids=HTML)
def test_html_is_read_by_telegrams_rules(source: str, text: str, entities: list[tuple[Any, ...]]) -> None:
    assert _read(source) == (text, entities)


WRONG = {
    "a < b": 'Unsupported start tag "" at byte offset 2',
    "é<br>": 'Unsupported start tag "br" at byte offset 2',
    "<P>x</P>": 'Unsupported start tag "p" at byte offset 0',
    "<b/>": 'Unsupported start tag "b/" at byte offset 0',
    "a <": "Unclosed start tag at byte offset 2",
    "a <b": "Unclosed start tag at byte offset 2",
    "<a href": "Unclosed start tag at byte offset 0",
    "<a href=": 'Unclosed start tag "a" at byte offset 0',
    "<a href='x.y": "Unclosed start tag at byte offset 0",
    "<a =x>y</a>": 'Empty attribute name in the tag "a" at byte offset 0',
    "<a href=x/y>z</a>": "Unexpected end of name token at byte offset 8",
    "<span>x</span>": 'Tag "span" must have class "tg-spoiler" at byte offset 0',
    "a</b>": "Unexpected end tag at byte offset 1",
    "<b>a</b": "Unclosed end tag at byte offset 4",
    "<b>a</i>": 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"',
    "<b>한<I>b</I>": 'Can\'t find end tag corresponding to start tag "b"',
    "<tg-emoji emoji-id='x'>a</tg-emoji>": "Invalid custom emoji identifier specified",
    "&#xd800;a": (
        "Text contains invalid Unicode characters after decoding HTML entities, "
        "check for unmatched surrogate code units"
    ),
}


@pytest.mark.parametrize(("source", "why"), WRONG.items(), ids=WRONG)
def test_wrong_html_is_refused_with_the_byte_offset(source: str, why: str) -> None:
    with pytest.raises(ApiError) as refused:
        format_text(source, "HTML", None)
    assert refused.value.description == f"Bad Request: can't parse entities: {why}"


MARKDOWN2 = {
    "styles": (r"*a* _b_ __c__ ~d~ ||e||", "a b c d e", "bold italic underline strikethrough spoiler"),
    "escaped": (r"1\.5 \*", "1.5 *", ""),
    "code keeps marks": ("`a.b_c`", "a.b_c", "code"),
    "pre with language": ("```py\na.b\n```", "a.b", "pre"),
    "link": ("[a](http://a.io/\\))", "a", "text_link"),
    "mention": ("[a](tg://user?id=5)", "a", "text_mention"),
    "quote": (">a\n>b\nc", "a\nb\nc", "blockquote"),
    "expandable": (">a\n>b||", "a\nb", "expandable_blockquote"),
    "emoji": ("![👍](tg://emoji?id=5368)", "👍", "custom_emoji"),
}


@pytest.mark.parametrize(("source", "text", "kinds"), MARKDOWN2.values(), ids=MARKDOWN2)
def test_markdown_v2(source: str, text: str, kinds: str) -> None:
    plain, found = format_text(source, "MarkdownV2", None)
    assert (plain, [entity["type"] for entity in found]) == (text, kinds.split())


WRONG_MARKDOWN2 = {
    "a.": "Character '.' is reserved and must be escaped with the preceding '\\'",
    "a > b": "Character '>' is reserved and must be escaped with the preceding '\\'",
    "a!": "Character '!' is reserved and must be escaped with the preceding '\\'",
    "é *b": "Can't find end of Bold entity at byte offset 3",
    "_b": "Can't find end of Italic entity at byte offset 0",
    "```a": "Can't find end of Pre entity at byte offset 0",
    "[a](b": "Can't find end of a URL at byte offset 4",
    "![a]": "Custom emoji entity must contain a tg://emoji URL",
}


@pytest.mark.parametrize(("source", "why"), WRONG_MARKDOWN2.items(), ids=WRONG_MARKDOWN2)
def test_wrong_markdown_v2_is_refused(source: str, why: str) -> None:
    with pytest.raises(ApiError) as refused:
        format_text(source, "MarkdownV2", None)
    assert refused.value.description == f"Bad Request: can't parse entities: {why}"


def test_older_markdown() -> None:
    plain, found = format_text(r"*a* _b_ `c` [d](a.io) \_ 1.5", "Markdown", None)
    assert (plain, [entity["type"] for entity in found]) == ("a b c d _ 1.5", ["bold", "italic", "code", "text_link"])
    with pytest.raises(ApiError, match="Can't find end of the entity starting at byte offset 2"):
        format_text("a _b", "markdown", None)


def test_unknown_parse_mode_is_refused() -> None:
    with pytest.raises(ApiError, match="Bad Request: unsupported parse_mode"):
        format_text("a", "rich", None)


@given(st.text())
def test_any_text_survives_escaping_in_html_and_markdown(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert parse_html(escaped)[0] == text
    marked = escape_markdown(text.replace("\\", "").replace("\0", ""), version=2)
    format_text(f"x {marked}", "MarkdownV2", None)


_KINDS = ["bold", "italic", "spoiler", "code", "pre", "text_link", "blockquote", "mention"]


@given(
    st.text(min_size=1),
    st.lists(st.tuples(st.sampled_from(_KINDS), st.integers(0, 20), st.integers(0, 20)), max_size=8),
)
def test_settled_entities_lie_in_the_text_and_never_cross(text: str, wanted: list[tuple[str, int, int]]) -> None:
    text = "x" + text + "x" * 40
    try:
        plain, found = fix(text, [Entity(*item) for item in wanted])
    except ApiError:
        return  # an end in the middle of a symbol
    assert all(entity.length > 0 and entity.offset >= 0 and entity.end <= utf16(plain) for entity in found)
    assert [(entity.offset, -entity.length) for entity in found] == sorted((e.offset, -e.length) for e in found)
    solid = [entity for entity in found if entity.type in {"code", "pre", "text_link", "mention"}]
    assert all(a.end <= b.offset or b.end <= a.offset for a in solid for b in solid if a is not b)
    assert fix(plain, [Entity(e.type, e.offset, e.length) for e in found])[1] == found
