"""Whatever the bytes are, they end as drafts or as a reason."""

import json
import os
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.errors import ExtractError
from ingest.extract import Form, extract, extract_each, form_of
from ingest.jsonrows import Unread
from storage.records import ArticleDraft

TEXT = "Storm closes the harbour\n\nThe storm closed the harbour on Monday, officials said, and nobody was hurt."
KOREAN = "한국 정부 새 정책 발표\n\n한국 정부는 19일 새로운 경제 정책을 발표했다고 밝혔다. 이 정책은 내년부터 시행된다."
BODY = "".join(
    f"<p>Paragraph {number} tells what happened in the harbour when the storm came in from the sea that night.</p>"
    for number in range(5)
)
PAGE = f"""<!doctype html><html lang="en-GB"><head><title>Storm closes harbour | Example News</title>
<meta property="og:site_name" content="Example News"><meta property="og:title" content="Storm closes harbour">
<meta property="article:published_time" content="2026-11-20T08:00:00+02:00"><meta name="author" content="Ann Example">
<meta property="og:image" content="/storm.jpg"><link rel="canonical" href="https://example.org/storm">
</head><body><nav><a href="/">Home</a><a href="/sport">Sport</a></nav><article><h1>Storm closes harbour</h1>
<figure><img src="/storm.jpg"><figcaption>Waves at the harbour wall on Monday.</figcaption></figure>{BODY}</article>
<footer>Copyright Example. All rights reserved.</footer></body></html>"""


def only(data: bytes, **more: str) -> ArticleDraft:
    (draft,) = extract(data, **more)
    return draft


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (TEXT, "utf-8"), (TEXT, "utf-8-sig"), (TEXT, "utf-16"), (TEXT, "utf-16-le"), (TEXT, "utf-16-be"),
        (TEXT, "cp1252"),
        (KOREAN, "utf-8"), (KOREAN, "euc-kr"), (KOREAN, "utf-16"),
    ],
)  # fmt: skip
def test_encodings_are_told_apart(text: str, encoding: str) -> None:
    draft = only(text.encode(encoding))
    assert (draft.headline, "\n\n".join(draft.paragraphs)) == tuple(text.split("\n\n"))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"), (b" \r\n\t", "empty"), (b"\x00" * 500, "empty"), (b"\xef\xbb\xbf", "empty"),
        (b"%PDF-1.7 text of a document", "damaged PDF"),
        (bytes(range(256)) * 40, "not text, HTML, or a feed"),
        (b"word " * 700_000, "3.5 MB; at most 3 MB"),
        (b'{"title": ', "not valid JSON"), (b"[" * 100_000, "not valid JSON"),
        (b"[1, 2]", "not a JSON object"), (b'{"title": "x"}', "no text"), (b"[]", "no articles"),
        (b"<html><body><p>Too short</p></body></html>", "no article text"),
        (b"<html><body><p " + b'a="x" ' * 70_000 + b">text</p></body></html>", "too complicated"),
        (b"<?xml version='1.0'?><opml version='2.0'><body/></opml>", "list of feeds"),
    ],
)  # fmt: skip
def test_what_holds_no_article_says_why(data: bytes, reason: str) -> None:
    with pytest.raises(ExtractError, match=reason):
        extract(data, name="x.json" if data[:1] in b"[{" else "x")


def test_unreadable_characters_go_and_line_ends_are_one() -> None:
    draft = only(b"Storm\x00 closes harbour\r\n\r\nThe storm \xed\xa0\x80closed it.\r\rNobody was hurt\xe2\x80\x8b.")
    assert draft.headline == "Storm closes harbour"
    assert draft.paragraphs == ("The storm closed it.", "Nobody was hurt.")


def test_a_page_with_its_metadata() -> None:
    draft = only(PAGE.encode(), url="https://example.org/storm?utm_source=x", content_type="text/html; charset=utf-8")
    assert draft.headline == "Storm closes harbour"
    assert len(draft.paragraphs) == 5
    assert draft.published_at == datetime(2026, 11, 20, 6, tzinfo=UTC)
    assert (draft.source, draft.byline, draft.language) == ("Example News", "Ann Example", "en")
    assert (draft.url, draft.photo_url) == ("https://example.org/storm", "https://example.org/storm.jpg")
    assert draft.caption == "Waves at the harbour wall on Monday."
    assert draft.caption not in " ".join(draft.paragraphs)


def test_an_undated_page_stays_undated() -> None:
    undated = (
        PAGE.replace("article:published_time", "nothing")
        + "<p>Copyright 2019. Updated every day since May 3, 2004.</p>"
    )
    assert only(undated.encode(), url="https://example.org/storm").published_at is None
    by_address = only(undated.encode(), url="https://example.org/2026/11/20/storm")
    assert (by_address.published_at, by_address.published_guess) == (None, datetime(2026, 11, 20, tzinfo=UTC))


@pytest.mark.parametrize("canonical", ["https://other.org/storm", "https://example.org/", "javascript:alert(1)", ""])
def test_a_canonical_address_of_something_else_is_not_believed(canonical: str) -> None:
    page = PAGE.replace("https://example.org/storm", canonical)
    assert only(page.encode(), url="https://example.org/storm2").url == "https://example.org/storm2"


def test_linked_data_is_read() -> None:
    data = {
        "@graph": [
            {"@type": "WebSite", "name": "x"},
            {
                "@type": "NewsArticle",
                "headline": "Storm &amp; harbour",
                "datePublished": "2026-11-19",
                "author": [{"name": "Ann"}, {"name": "Bob"}],
            },
        ]
    }
    page = (
        f"<html><head><script type='application/ld+json'>{json.dumps(data)}</script></head><body>{BODY}</body></html>"
    )
    draft = only(page.encode())
    assert (draft.headline, draft.byline) == ("Storm & harbour", "Ann, Bob")
    assert draft.published_at == datetime(2026, 11, 19, tzinfo=UTC)


def test_rows_of_json_under_the_names_people_use() -> None:
    rows = [
        {"headline": "H1", "paragraphs": ["One.", " Two. "], "source": "S", "published_at": "2020-01-02T03:04:05Z"},
        {"title": "H2", "text": "One\nTwo", "link": "https://e.org/2", "date": 1577934245, "author": {"name": "Ann"}},
        {"title": "H3", "content_html": "<p>One <b>bold</b></p><script>x()</script><p>Two</p>", "url": "javascript:x"},
    ]
    data = "\n".join(map(json.dumps, rows)).encode()
    first, second, third = extract(data, name="rows.jsonl")
    assert (first.headline, first.paragraphs, first.source) == ("H1", ("One.", "Two."), "S")
    assert first.published_at == second.published_at == datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert (second.paragraphs, second.url, second.byline) == (("One", "Two"), "https://e.org/2", "Ann")
    assert (third.paragraphs, third.url) == (("One bold", "Two"), None)
    assert extract(json.dumps({"articles": rows}).encode(), name="x.json") == [first, second, third]


def test_a_bad_row_is_named_and_the_rest_goes_on() -> None:
    data = b'{"title": "H1", "text": "One"}\nnot json\n\n{"title": "H2"}\n{"title": "H3", "text": "Three"}'
    found = list(extract_each(data, name="rows.jsonl"))
    assert [item.headline if isinstance(item, ArticleDraft) else item.row for item in found] == ["H1", 2, 4, "H3"]
    assert isinstance(found[1], Unread)
    assert len(extract(data, name="rows.jsonl")) == 2


@pytest.mark.parametrize(
    ("data", "name", "content_type", "form"),
    [
        (b"<?xml version='1.0'?><rss version='2.0'><channel/></rss>", "x.txt", None, Form.FEED),
        (b'{"version": "https://jsonfeed.org/version/1.1", "items": []}', "x.json", None, Form.FEED),
        (b"\xef\xbb\xbf<?xml version='1.0'?><opml version='2.0'/>", "x.xml", None, Form.OPML),
        (PAGE.encode(), "saved", None, Form.HTML),
        (PAGE.encode("utf-16"), "saved", None, Form.HTML),
        (b"<b>Bold</b> words", None, "text/html", Form.HTML),
        (b"Prices < 5 and > 3", "x.txt", None, Form.TEXT),
        (b"<p>One.</p><p>Two.</p>", "x.txt", None, Form.HTML),
        (b"<p>One.\n<p>Two.\n<p>Three.", "x.txt", None, Form.HTML),
        (b"<!-- saved --><body>One.", "x.txt", None, Form.HTML),
        (b"<div>\nOne.\n\nTwo.", "x.txt", None, Form.TEXT),
        (b"<div>\nOne.\n\nTwo.", "x.html", None, Form.HTML),
        (b"<div a<b " * 2_000, "x.txt", None, Form.TEXT),
        (b'{"a": 1}\n{"a": 2}', "x.jsonl", None, Form.ROWS),
        (b"[Photo] A storm came", "x.txt", "text/plain", Form.TEXT),
        (b'[{"title": "x"}]', None, "application/json", Form.JSON),
    ],
)
def test_the_content_tells_what_it_is(data: bytes, name: str | None, content_type: str | None, form: Form) -> None:
    assert form_of(data, name=name, content_type=content_type) is form


@pytest.mark.parametrize("text", [f"<div>\n{TEXT}", f"<div class='x'>{TEXT}\n</div>\n", f"{TEXT}</p>"])
def test_a_stray_tag_makes_no_page_of_a_text(text: str) -> None:
    draft = only(text.encode(), name="x.txt")
    assert (draft.headline, "\n\n".join(draft.paragraphs)) == tuple(TEXT.split("\n\n"))


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(st.binary(max_size=400), st.text(max_size=400).map(lambda text: text.encode("utf-8", "surrogatepass"))),
    st.sampled_from(["x.txt", "x.html", "x.json", "x.jsonl", "x.xml", "x"]),
)
def test_any_bytes_give_drafts_or_a_reason(data: bytes, name: str) -> None:
    try:
        drafts = extract(data, name=name)
    except ExtractError:
        return
    assert all(draft.paragraphs and "\x00" not in "".join(draft.paragraphs) for draft in drafts)


def test_random_bytes_are_not_text() -> None:
    with pytest.raises(ExtractError):
        extract(os.urandom(20_000))
