"""What is meant to be added."""

import pytest
from telegram import Document

from bot.commands import desk_material
from bot.commands.desk_material import Address, File, Words

PARAGRAPH = "The bridge opened on Monday after three years of work. " * 12


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("https://news.example/a?b=1", Address("https://news.example/a?b=1"), id="address"),
        pytest.param("HTTP://news.example/a.", Address("HTTP://news.example/a"), id="full-stop-behind-it"),
        pytest.param(
            "A bridge opens\nhttps://news.example/a", Address("https://news.example/a"), id="shared-with-title"
        ),
        pytest.param("news.example/a", Address("https://news.example/a"), id="without-scheme"),
        pytest.param("www.example.co.uk", Address("https://www.example.co.uk"), id="site-without-scheme"),
        pytest.param("", None, id="nothing"),
        pytest.param(" \n ", None, id="white-space"),
        pytest.param("A bridge opens", Words("A bridge opens", cut=False), id="words"),
        pytest.param("Well.Known words", Words("Well.Known words", cut=False), id="a-dot-between-words"),
        pytest.param(
            f"A bridge opens\n\n{PARAGRAPH}https://news.example/a",
            Words(f"A bridge opens\n\n{PARAGRAPH}https://news.example/a", cut=False),
            id="an-article-that-holds-an-address",
        ),
        pytest.param(
            "https://news.example/a https://news.example/b",
            Words("https://news.example/a https://news.example/b", cut=False),
            id="two-addresses",
        ),
    ],
)
def test_an_address_is_told_from_a_text(text: str, expected: Address | Words | None) -> None:
    assert desk_material.of_text(text) == expected


def test_a_text_as_long_as_a_message_may_be_is_taken_for_a_piece() -> None:
    assert desk_material.of_text("word " * 815) == Words(("word " * 815).strip(), cut=True)


@pytest.mark.parametrize(("size", "too_large"), [(None, False), (20_000_000, False), (20_000_001, True)])
def test_a_file_over_telegram_s_limit_is_known_before_it_is_asked_for(size: int | None, too_large: bool) -> None:
    file = desk_material.of_document(Document("f", "u", file_name="a.txt", file_size=size))
    assert file == File("f", "a.txt", size)
    assert file.too_large == too_large


@pytest.mark.parametrize(
    ("text", "forwarded", "expected"),
    [
        ("thanks!", False, False),
        ("thanks!", True, True),
        ("", True, False),
        ("https://news.example/a", False, True),
        (PARAGRAPH, False, True),
    ],
)
def test_small_talk_is_not_taken_for_an_article(text: str, forwarded: bool, expected: bool) -> None:
    assert desk_material.may_be_article(text, forwarded=forwarded) == expected
