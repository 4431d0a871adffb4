"""Feeds made to harm: each is read within its bounds, or refused with a reason."""

import json
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import opml
from ingest.discover import _candidates as candidates
from ingest.errors import ExtractError
from ingest.extract import extract_each
from ingest.feeds import MAX_ITEMS, Feed, parse_feed
from ingest.fetch import Answer
from ingest.jsonrows import Unread
from ingest.tags import overloaded
from storage.records import ArticleDraft
from tests.ingest.hostile import FEEDS, ITEM, declared, filled, rss, within
from tests.ingest.timing import cpu_seconds

# Each takes well under a second of a core of 2020; ten means that the time grows with more than the size.
MOST_SECONDS = 10.0


def read(data: bytes) -> Feed | str:
    try:
        return parse_feed(data, url="https://e.org/feed")
    except ExtractError as error:
        return str(error)


@pytest.mark.slow
@pytest.mark.parametrize("made", FEEDS.values(), ids=FEEDS.keys())
def test_a_hostile_feed_ends_by_its_bound(made: Callable[[], bytes]) -> None:
    data = made()
    with cpu_seconds() as spent:
        found = read(data)
    assert spent() < MOST_SECONDS
    if isinstance(found, str):
        assert 5 < len(found) < 200
    else:
        assert len(found.drafts) <= MAX_ITEMS
        assert all(storable(f"{draft.headline}{draft.paragraphs}{draft.url}") for draft in found.drafts)


def storable(text: str) -> bool:
    return "\x00" not in text and bool(text.encode()) and "root:" not in text


SMALL = ["billion laughs", "a file as entity", "parameter entity", "a DTD elsewhere", "entities inside the root",
         "NULs inside", "half a surrogate pair", "UTF-7", "undefined", "unicode_escape", "hex", "no encoding at all",
         "UTF-16 that isn't", "JSON with half surrogates", "JSON with wrong types", "an endless number, twice escaped",
         "nothing but &", "200,000 attributes", "100,000 authors", "idna", "markup with 80,000 attributes"]  # fmt: skip


@pytest.mark.parametrize("name", SMALL)
def test_what_harms_a_reader_is_bounded(name: str) -> None:
    test_a_hostile_feed_ends_by_its_bound(FEEDS[name])


def test_no_entity_is_filled_in() -> None:
    assert "entities" in str(read(FEEDS["billion laughs"]()))
    found = read(FEEDS["entities inside the root"]())
    assert isinstance(found, Feed)
    assert "c x" not in {draft.headline for draft in found.drafts}


@pytest.mark.slow
def test_memory_stays_within_a_multiple_of_the_size() -> None:
    data = within("title", filled(b"a &amp; ", 4_000_000))
    tracemalloc.start()
    try:
        read(data)
        assert tracemalloc.get_traced_memory()[1] < 60 * len(data)
    finally:
        tracemalloc.stop()


PIECES = [b"<item>", b"</item>", b"<title>", b"</title>", b"<![CDATA[", b"]]>", b"<!--", b"-->", b"&#0;", b"&lt;",
          b"<!DOCTYPE a [", b'<!ENTITY b "c">', b"]>", b"&b;", b"\x00", b"\xff", b"\xed\xa0\x80", b"<a:b c:d='e'>",
          b"</channel>", b"</rss>", b"<rss>", b"<?x", b"?>", b"<", b">", b"&", b'"', b"text ", ITEM]  # fmt: skip
KEYS = ["id", "title", "text", "content_html", "url", "date", "author", "authors", "items", "published_at",
        "timestamp", "paragraphs", "language", "hubs"]  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=9) | st.integers(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=30,
)


@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=8), max_size=60))
@settings(max_examples=50, deadline=None)
def test_no_soup_of_tags_breaks_the_reader(pieces: list[bytes]) -> None:
    for data in (rss(b"".join(pieces)), rss(before=b"".join(pieces)), b"<opml>" + b"".join(pieces)):
        found = read(data)
        assert isinstance(found, str) or all(storable(draft.headline) for draft in found.drafts)
        try:
            opml.read_opml(data)
        except ExtractError:
            continue


@given(VALUES)
@settings(max_examples=50, deadline=None)
def test_no_json_value_breaks_a_reader(value: object) -> None:
    text = json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": [value]}).encode()
    assert isinstance(read(text), Feed | str)
    for data in (json.dumps(value).encode(), json.dumps([value, value]).encode()):
        assert all(isinstance(one, Unread) or one.paragraphs for one in rows(data))


def rows(data: bytes) -> list[ArticleDraft | Unread]:
    try:
        return list(extract_each(data, name="a.json"))
    except ExtractError:
        return []


@pytest.mark.parametrize(
    "encoding", ["utf-7", "utf-16", "utf-32", "idna", "hex", "zip", "undefined", "punycode", "mbcs", "latin-1"]
)
def test_no_declared_encoding_breaks_a_page(encoding: str) -> None:
    text = b" ".join([b"The council of the town voted on Monday to keep the bridge \xff open."] * 3)
    page = b'<html><meta charset="' + encoding.encode() + b'"><title>Bridge</title><body><p>' + text
    (draft,) = extract_each(page, name="a.html")
    assert not isinstance(draft, Unread)
    assert draft.paragraphs[0].startswith("The council of the town voted")
    assert isinstance(read(declared(encoding.encode())), Feed)


@pytest.mark.parametrize(
    "tag",
    [
        "<p" + "".join(f" a{number}=1" for number in range(2_000)) + ">",
        "<p" + "".join(f" a{number}" for number in range(2_000)),
        "<p" + "".join(f' a{number}=">"' for number in range(2_000)) + ">",
        "<p" + "".join(f"/a{number}" for number in range(2_000)) + ">",
        '<p " ' + "".join(f" a{number}" for number in range(2_000)) + ">",
        "<p b=' " + "".join(f" a{number}" for number in range(2_000)) + ">",
    ],
    ids=["values", "no values", "quoted ends", "slashes", "a quote", "an open quote"],
)
def test_overloaded_tags_are_seen_however_they_are_written(tag: str) -> None:
    assert overloaded(f"<div>{tag}The council voted.</p></div>")


@pytest.mark.parametrize(
    "markup",
    ["<p>" * 5_000, '<img src="data:image/png;base64,' + "ab cd/" * 50_000 + '">', "a < b " * 5_000, "=\"'" * 50_000],
    ids=["many tags", "a long value", "no tags", "quotes"],
)
def test_long_markup_is_not_overloaded(markup: str) -> None:
    with cpu_seconds() as spent:
        assert not overloaded(markup)
    assert spent() < 1


def test_an_overloaded_page_names_no_feeds() -> None:
    page = ("<html><link rel=alternate type=application/rss+xml href=/f><p" + " a=1" * 200_000 + ">").encode()
    answer = Answer(200, "https://e.org/", {"content-type": "text/html"}, page)
    with cpu_seconds() as spent:
        assert candidates(answer) == []
    assert spent() < 5
