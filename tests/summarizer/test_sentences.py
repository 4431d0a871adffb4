"""Sentence ends: a table of traps, and what holds for every text."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summarizer.sentences import MAX_SENTENCE, spans, split_sentences
from tests.summarizer.traps import TRAPS


@pytest.mark.parametrize(("language", "marked"), TRAPS.values(), ids=TRAPS.keys())
def test_trap(language: str, marked: str) -> None:
    expected = [piece.strip() for piece in marked.split("|")]
    assert split_sentences(marked.replace("|", ""), language) == expected


def test_an_ordinals_language_is_found_where_none_is_given() -> None:
    text = "Meteoroloji 12. Bölge Müdürlüğünden yapılan açıklamaya göre yağmur bekleniyor."
    assert split_sentences(text) == [text]


TEXTS = st.one_of(
    st.text(),
    st.text(alphabet='ab AB.!?…"“”()「」。！다요 \n1\ud800\x00'),
    st.lists(st.sampled_from(["U.S.", "The", "word", "No.", "1", "다.", "。", "」", "\n", "...", "(", ")", '"'])).map(
        " ".join
    ),
)


@given(TEXTS)
def test_sentences_are_slices_in_order_that_lose_no_letter(text: str) -> None:
    end = 0
    for start, stop in spans(text):
        assert end <= start < stop
        assert not any(character.isalnum() for character in text[end:start])
        end = stop
    assert not any(character.isalnum() for character in text[end:])


@given(TEXTS)
def test_sentences_have_no_white_space_around_them(text: str) -> None:
    assert all(sentence == sentence.strip() for sentence in split_sentences(text))


@pytest.mark.parametrize(
    "unit",
    ["word ", "U.S. ", "a. ", ". ", "(a. A", "「a。", "x", "\n", "1. ", '"A." ', "다.", "...", " \n\n", "! ", ") "],
)
def test_hostile_text_takes_linear_time(unit: str) -> None:
    text = unit * (150_000 // len(unit))
    began = time.process_time()
    sentences = split_sentences(text, "en")
    assert time.process_time() - began < 4
    assert all(len(sentence) <= MAX_SENTENCE for sentence in sentences)
