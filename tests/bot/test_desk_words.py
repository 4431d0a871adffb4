"""What editors type."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands import desk_words
from bot.commands.desk_words import EditLine, Reference, Sentences, TopicChange, WordsError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("12", Reference(12, ""), id="number"),
        pytest.param("#12", Reference(12, ""), id="hash"),
        pytest.param(" # 12  headline New ", Reference(12, "headline New"), id="rest"),
        pytest.param("12\nheadline New", Reference(12, "headline New"), id="line-break"),
        pytest.param("5G networks", Reference(None, "5G networks"), id="words-that-begin-with-a-digit"),
        pytest.param("THAAD in Seoul", Reference(None, "THAAD in Seoul"), id="words"),
        pytest.param("", Reference(None, ""), id="nothing"),
        pytest.param("9" * 30, Reference(None, "9" * 30), id="no-id-is-that-long"),
    ],
)
def test_a_reference_is_a_number_that_stands_alone(text: str, expected: Reference) -> None:
    assert desk_words.reference(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("headline New words", EditLine("headline", "New words")),
        ("Headline: New words", EditLine("headline", "New words")),
        ("title\nNew words", EditLine("headline", "New words")),
        ("topics", EditLine("topics", "")),
        ("topic korea", EditLine("topics", "korea")),
        ("summary 1 3", EditLine("summary", "1 3")),
        ("something else", EditLine(None, "something else")),
        ("", EditLine(None, "")),
    ],
)
def test_an_edit_names_its_field_first(text: str, expected: EditLine) -> None:
    assert desk_words.edit_line(text) == expected


def test_a_headline_is_one_line() -> None:
    assert desk_words.headline("  Xi meets \n Lee\t in Beijing ") == "Xi meets Lee in Beijing"


@pytest.mark.parametrize("text", ["", " \n ", "x" * 301])
def test_a_headline_that_is_empty_or_too_long_is_refused(text: str) -> None:
    with pytest.raises(WordsError):
        desk_words.headline(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("korea,china", TopicChange(add=("korea", "china"), replace=True)),
        ("South Korea, China , korea,South Korea", TopicChange(add=("South Korea", "China", "korea"), replace=True)),
        ("한국、中国", TopicChange(add=("한국", "中国"), replace=True)),
        ("none", TopicChange(replace=True)),
        ("+economy -asia", TopicChange(add=("economy",), drop=("asia",))),
        ("+ economy, - asia", TopicChange(add=("economy",), drop=("asia",))),
        ("+south korea −asia", TopicChange(add=("south korea",), drop=("asia",))),
        ("korea -asia", TopicChange(add=("korea",), drop=("asia",))),
        ("+north-korea", TopicChange(add=("north-korea",))),
        ("asia-pacific", TopicChange(add=("asia-pacific",), replace=True)),
    ],
)
def test_topics_are_replaced_by_a_list_and_changed_by_signs(text: str, expected: TopicChange) -> None:
    assert desk_words.topic_change(text) == expected


@pytest.mark.parametrize("text", ["", "+", "+ -"])
def test_a_topic_change_without_topics_is_refused(text: str) -> None:
    with pytest.raises(WordsError):
        desk_words.topic_change(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 3 5", (1, 3, 5)),
        ("5,3, 1", (1, 3, 5)),
        ("2-4", (2, 3, 4)),
        ("4-2", (2, 3, 4)),
        ("1, 3 and 5.", (1, 3, 5)),
        ("2 2", (2,)),
    ],
)
def test_sentences_are_numbers_in_any_order(text: str, expected: tuple[int, ...]) -> None:
    assert desk_words.sentences(text, count=5) == Sentences(numbers=expected)


def test_the_summary_can_be_left_to_the_summarizer() -> None:
    assert desk_words.sentences(" Auto ", count=5) == Sentences(automatic=True)


@pytest.mark.parametrize("text", ["", "0", "6", "1-900000", "999999-3", "one", "1 x"])
def test_sentence_numbers_outside_the_article_are_refused(text: str) -> None:
    with pytest.raises(WordsError):
        desk_words.sentences(text, count=5)


def _refusal(parse: Callable[[str], object], text: str) -> str | None:
    try:
        parse(text)
    except WordsError as error:
        return str(error)
    return None


@given(st.text(max_size=60), st.integers(min_value=1, max_value=50))
def test_whatever_is_typed_is_understood_or_refused_kindly(text: str, count: int) -> None:
    desk_words.reference(text)
    desk_words.edit_line(text)
    for parse in (desk_words.topic_change, desk_words.headline, lambda t: desk_words.sentences(t, count=count)):
        assert _refusal(parse, text) != ""
