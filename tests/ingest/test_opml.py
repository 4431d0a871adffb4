from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.decode import clean
from ingest.errors import ExtractError
from ingest.opml import Listed, by_folder, read_opml, write_opml

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LIST = b"""<?xml version="1.0"?><opml version="2.0"><body><outline text="News"><outline title="Asia">
    <outline type="rss" text="A" xmlUrl="https://a.example/feed?x=1&amp;y=2"/>
    <outline type="rss" text="B" xmlURL="feed://b.example/feed"/></outline><outline xmlUrl="feed:https://c.example/"/>
    <outline xmlUrl="https://a.example/feed?x=1&amp;y=2"/><outline xmlUrl="file:///etc/passwd"/></outline>
    <outline text=" D  d " xmlUrl="https://d.example/" category="/Sport/Sailing,/Sea"/>
    <outline text="broken & left open"></body>"""


@pytest.mark.parametrize("data", [LIST, LIST.decode().encode("utf-16")], ids=["utf-8", "utf-16"])
def test_a_list_names_each_feed_once_with_its_folder(data: bytes) -> None:
    assert read_opml(data) == [
        Listed("https://a.example/feed?x=1&y=2", "A", "News/Asia"),
        Listed("http://b.example/feed", "B", "News/Asia"),
        Listed("https://c.example/", "", "News"),
        Listed("https://d.example/", "D d", "Sport/Sailing"),
    ]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a list"),
        (b"<rss><channel/></rss>", "not a list"),
        (b'<!DOCTYPE o [<!ENTITY a "x">]><opml><body><outline xmlUrl="http://&a;/"/></body></opml>', "entities"),
    ],
)
def test_what_is_no_opml_says_so(data: bytes, reason: str) -> None:
    with pytest.raises(ExtractError, match=reason):
        read_opml(data)


def test_folders_nested_without_end_do_no_harm() -> None:
    read_opml(b"<opml><body>" + b'<outline text="x">' * 100_000)


LETTERS = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co", "Z"])
TEXTS = st.text(LETTERS, min_size=1, max_size=20).map(clean).filter(bool)


@given(st.lists(st.tuples(TEXTS, st.lists(TEXTS.map(lambda text: text.replace("/", "-")), max_size=3)), max_size=8))
def test_what_is_written_is_read_back(rows: list[tuple[str, list[str]]]) -> None:
    listed = [Listed(f"https://e.org/{n}", title, "/".join(path)) for n, (title, path) in enumerate(rows)]
    back = read_opml(write_opml(by_folder(listed), title="Tidings", now=NOW))
    assert sorted(back, key=lambda one: one.url) == sorted(listed, key=lambda one: one.url)


@pytest.mark.parametrize("title", ["", "\u200b", "\x00\x1b", "\ud800"], ids=["empty", "unseen", "control", "surrogate"])
def test_a_feed_without_a_readable_title_is_listed_by_its_address(title: str) -> None:
    written = write_opml([Listed("https://e.org/", title, title)], title="Tidings", now=NOW)
    assert read_opml(written) == [Listed("https://e.org/", "https://e.org/")]
