"""Text into Telegram's HTML, judged by the sandbox's own parser of it."""

from datetime import UTC, datetime
from typing import Any

import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st

from delivery import render
from delivery.render import FSI, PDI, RLM, Span, article_block, article_messages, escape, isolate, plain, split, to_html
from sandbox.html import parse_html
from tests.delivery.samples import article

NOW = datetime(2017, 5, 20, 0, 0, tzinfo=UTC)
ANY_TEXT = st.text(st.characters(blacklist_categories=[]), max_size=60)
WORDS = st.sampled_from(
    [
        "word",
        "<b>",
        "&amp;",
        "&",
        "a < b",
        "한국",
        "مرحبا",
        "👨‍👩‍👧‍👦",
        "🇰🇷🇨🇳",
        "é́",
        "\n",
        "\n\n",
        ". ",
        "。",
        '"quoted"',
        " ",
    ]
)
SPANS = st.lists(
    st.builds(
        Span,
        st.lists(WORDS, max_size=12).map("".join),
        st.booleans(),
        st.booleans(),
        st.sampled_from([None, "https://example.com/?a=1&b=2"]),
    ),
    max_size=12,
)


@given(ANY_TEXT)
@example("</b>")
@example("&lt;")
@example("a&#60;b\x00\u202e\ud800")
def test_escaped_text_is_read_as_it_was(text: str) -> None:
    html = escape(text)
    html.encode()  # no halves of characters are left
    read, entities = parse_html(html)
    assert entities == []
    assert read == plain(f".{html}.")[1:-1]


def test_the_address_of_a_link_is_escaped_too() -> None:
    html = to_html([Span("here", url='https://example.com/?a="><b>&c')])
    read, [link] = parse_html(html)
    assert (read, link.type, link.extra["url"]) == ("here", "text_link", 'https://example.com/?a="><b>&c')


@given(SPANS, st.integers(40, 200))
def test_pieces_fit_and_lose_nothing(spans: list[Span], limit: int) -> None:
    pieces = split(spans, limit)
    whole = "".join(span.text for span in spans)
    joined = "".join(span.text for piece in pieces for span in piece)
    assert "".join(joined.split()) == "".join(whole.split())
    for piece in pieces:
        html = to_html(piece)
        read, entities = parse_html(html)
        assert len(read) <= limit
        assert len(read) <= render.size(piece)
        assert len(entities) <= 100
        assert read.strip() == plain(html)


HEAVY = st.text(st.sampled_from('"&<é한👩x'), min_size=1, max_size=400)


@given(
    st.lists(st.builds(Span, HEAVY, st.booleans(), st.booleans(), st.none() | HEAVY), max_size=30), st.integers(1, 16)
)
def test_what_fits_is_measured_as_it_is_sent(spans: list[Span], times: int) -> None:
    whole = spans * times
    bytes_ = len(to_html(whole).encode())
    within = render.size(whole) <= 4096 and render.entities(whole) <= 80 and bytes_ <= render.MESSAGE_BYTES
    assert render.fits(whole) is within


@given(
    st.lists(st.sampled_from(["👨‍👩‍👧‍👦", "🇰🇷", "é", "x", "한", "각"]), min_size=1, max_size=200), st.integers(20, 60)
)
def test_no_cut_falls_inside_a_grapheme(graphemes: list[str], limit: int) -> None:
    text = "".join(graphemes)
    pieces = ["".join(span.text for span in piece) for piece in split([Span(text)], limit)]
    assert [grapheme for piece in pieces for grapheme in regex.findall(r"\X", piece)] == regex.findall(r"\X", text)


def test_cuts_prefer_paragraphs_then_sentences_then_words() -> None:
    def first(text: str) -> str:
        return split([Span(text)], 40)[0][0].text

    assert first("A short beginning of it.\n\nThen more. And more of the same here.") == "A short beginning of it."
    assert first("A beginning of it here. Then more and more of the same here.") == "A beginning of it here."
    assert first("beginning without any end of a sentence in reach") == "beginning without any end of a sentence"
    assert first(
        "韩国总统在首尔会见了代表团的全体成员并且共进晚餐。双方讨论了半岛局势与经济合作以及其他共同关心的问题"
    ).endswith("晚餐。")


def test_a_cut_inside_isolated_text_isolates_both_halves() -> None:
    pieces = split([Span(isolate("مرحبا بالعالم " * 10))], 50)
    for piece in pieces:
        text = "".join(span.text for span in piece)
        assert text.count(FSI) == text.count(PDI) == 1


def test_an_article_block_reads_well_on_a_phone() -> None:
    assert article_block(article(), zone="Asia/Seoul", now=NOW) == (
        '<b><a href="https://example.com/1">Headline 1</a></b>\n'
        "<i>Xinhua · 19 May, 20:50</i>\n"
        "Sentence one of 1. Sentence two."
    )


BLOCKS = {
    "no address": ({"url": None}, "<b>Headline 1</b>\n<i>Xinhua"),
    "an address nobody can open": ({"url": "ftp://example.com"}, "<b>Headline 1</b>\n"),
    "no known time": ({"published_guessed": True}, "<i>Xinhua</i>\n"),
    "today": ({"published_at": datetime(2017, 5, 20, 0, 5, tzinfo=UTC)}, "<i>Xinhua · 09:05</i>"),
    "another year": ({"published_at": datetime(2016, 5, 20, 0, 5, tzinfo=UTC)}, "<i>Xinhua · 20 May 2016, 09:05</i>"),
    "markup in the text": ({"headline": "<b>A & B</b>"}, "&lt;b&gt;A &amp; B&lt;/b&gt;"),
    "white space": ({"headline": "  A\n B  "}, ">A B<"),
    "right to left": ({"headline": "شي (THAAD)"}, f">{RLM}{FSI}شي (THAAD){PDI}<"),
    "no summary": ({"summary": ()}, "20:50</i>"),
}


@pytest.mark.parametrize(("changes", "expected"), BLOCKS.values(), ids=BLOCKS.keys())
def test_article_blocks(changes: dict[str, Any], expected: str) -> None:
    assert expected in article_block(article(**changes), zone="Asia/Seoul", now=NOW)


def test_a_zone_that_is_not_the_readers_is_named() -> None:
    assert "19 May, 11:50 UTC" in article_block(article(), zone="UTC", now=NOW)


def test_a_long_article_takes_several_messages() -> None:
    paragraphs = tuple(f"Paragraph {number}. " + "Some words of it. " * 20 for number in range(60))
    messages = article_messages(article(paragraphs=paragraphs), zone="UTC", now=NOW)
    assert len(messages) > 4
    assert all(render.length(message) <= 4096 for message in messages)
    text = " ".join(plain(message) for message in messages)
    assert [f"Paragraph {number}." in text for number in range(60)] == [True] * 60


def test_plain_is_for_terminals_too() -> None:
    block = article_block(article(headline="A < B"), zone="UTC", now=NOW)
    assert plain(block).startswith("A < B\nXinhua · 19 May, 11:50 UTC\nSentence")
    assert plain(block, links=True).startswith("A < B (https://example.com/1)\n")
