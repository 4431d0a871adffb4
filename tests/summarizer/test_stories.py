"""One summary of several articles about one event."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from summarizer import StoryArticle, StorySummary, summarize_story
from summarizer.figures import figures, tolls

MONDAY = datetime(2026, 3, 2, 8, tzinfo=UTC)
OLD_TOLL = "A ferry sank off Orvell on Monday, killing at least 12 people, the coast guard said."
NEW_TOLL = "At least 19 people died when a ferry sank off Orvell on Monday, the coast guard said."
SURVIVORS = "Rescuers pulled 30 survivors from the bay through the night."
OVERLOADED = "The ferry was carrying twice the passengers it was built for, a harbour official said."
INSPECTION = "The operator, Bay Lines, said that the ship had passed an inspection in March."


def article(number: int, source: str, *paragraphs: str, hours: float | None = 0) -> StoryArticle:
    at = None if hours is None else MONDAY + timedelta(hours=hours)
    return StoryArticle(number, source, paragraphs, f"Ferry sinks off Orvell, says {source}", at)


FERRY = (
    article(1, "Harbour Wire", OLD_TOLL, "Rescuers pulled survivors from the bay through the night."),
    article(2, "Bay News", NEW_TOLL, SURVIVORS, INSPECTION, hours=20),
    article(3, "Gazette", OVERLOADED, NEW_TOLL.replace("19 people", "19 passengers"), hours=18),
)


def texts(summary: StorySummary) -> list[str]:
    return [one.text for one in summary.sentences]


def test_the_newest_toll_replaces_the_older() -> None:
    told = texts(summarize_story(FERRY, sentences=6))
    assert NEW_TOLL in told
    assert OLD_TOLL not in told


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("奥维尔渡轮沉没事故已造成12人死亡。", "奥维尔渡轮沉没事故死亡人数升至19人。", id="Chinese"),
        pytest.param(
            "오르벨 여객선 침몰로 12명이 숨졌다.", "오르벨 여객선 침몰 사망자가 19명으로 늘었다.", id="Korean"
        ),
        pytest.param("El naufragio dejó 12 muertos.", "Son ya 19 los muertos del naufragio.", id="Spanish"),
        pytest.param("The fire displaced 900 people here.", "The fire displaced 1,400 people here.", id="other"),
    ],
)
def test_an_overtaken_figure_is_left_in_any_language(old: str, new: str) -> None:
    told = texts(summarize_story([article(1, "A", old), article(2, "B", new, hours=5)], sentences=3))
    assert told == [new]


def test_what_is_common_comes_first_and_the_rest_says_whose_it_is() -> None:
    found = summarize_story(FERRY, sentences=4)
    first, *rest = found.sentences
    assert first.text == NEW_TOLL
    assert set(first.sources) == {"Bay News", "Gazette", "Harbour Wire"}
    assert not first.attributed
    single = [one for one in rest if one.attributed]
    assert single
    assert rest[-len(single) :] == single
    assert all(str(one) == f"{one.source}: {one.text}" and one.sources == (one.source,) for one in single)
    assert str(found).splitlines()[0] == NEW_TOLL


@pytest.mark.parametrize("limit", [{"sentences": 3}, {"words": 50}, {"characters": 300}], ids=str)
def test_what_is_common_leaves_room_for_single_sources(limit: dict[str, Any]) -> None:
    more = "The coast guard said on Monday that the ferry had left Orvell for Tarn shortly before the storm."
    wires = [article(n, f"Wire {n}", NEW_TOLL, SURVIVORS, more) for n in range(3)]
    found = summarize_story([*wires, article(9, "Gazette", NEW_TOLL, OVERLOADED)], **limit)
    assert [one.attributed for one in found.sentences] == [False, False, True]


def test_nothing_is_told_twice() -> None:
    told = texts(summarize_story(FERRY, sentences=8))
    assert sum("19" in text for text in told) == 1
    assert sum("survivors" in text for text in told) == 1


def test_each_sentence_keeps_its_article() -> None:
    by_id = {one.id: one for one in FERRY}
    for one in summarize_story(FERRY, sentences=5).sentences:
        home = by_id[one.article]
        assert home.source == one.source
        assert home.paragraphs[one.part][one.start : one.end] == one.text


def test_two_articles_of_one_source_are_one_voice() -> None:
    found = summarize_story([article(1, "Wire", NEW_TOLL), article(2, "Wire", SURVIVORS, hours=1)], sentences=3)
    assert len(found.sentences) == 2
    assert not any(one.attributed for one in found.sentences)


def test_an_article_in_another_language_is_left_out() -> None:
    other = StoryArticle(
        9, "Blatt", ["Vor Orvell ist am Montag eine Fähre mit vielen Menschen gesunken."], None, MONDAY
    )
    found = summarize_story([*FERRY, other], sentences=9)
    assert found.language == "en"
    assert 9 not in {one.article for one in found.sentences}
    assert {one.article for one in summarize_story([*FERRY, other], language="de").sentences} == {9}


def test_a_limit_of_characters_counts_the_attribution() -> None:
    for limit in (60, 120, 200, 400):
        assert len(str(summarize_story(FERRY, characters=limit))) <= limit


@pytest.mark.parametrize(
    "articles", [(), (article(1, "A"),), (article(1, "A", "  ", ""),)], ids=["none", "bare", "blank"]
)
def test_of_nothing_comes_nothing(articles: tuple[StoryArticle, ...]) -> None:
    assert summarize_story(articles).sentences == ()


def test_an_article_without_a_date_counts_as_the_oldest() -> None:
    undated = article(1, "A", OLD_TOLL, hours=None)
    assert texts(summarize_story([undated, article(2, "B", NEW_TOLL)], sentences=2)) == [NEW_TOLL]


def test_many_long_articles_take_bounded_time() -> None:
    many = [
        article(n, f"Source {n}", *(f"Boat {n} left Orvell for port {m} on day {m * n}." for m in range(200)), hours=n)
        for n in range(60)
    ]
    assert len(summarize_story(many, sentences=5).sentences) <= 5


WORDS = st.sampled_from(
    [OLD_TOLL, NEW_TOLL, SURVIVORS, "He left.", "(R)", "Most Popular", "1,200", "他说。", "\ud800", "!"]
)
PARAGRAPHS = st.one_of(st.text(max_size=80), st.lists(WORDS, max_size=4).map(" ".join))
ARTICLES = st.builds(
    StoryArticle,
    st.integers(),
    st.sampled_from(["A", "B", ""]),
    st.lists(PARAGRAPHS, max_size=4),
    st.none() | PARAGRAPHS,
    st.none() | st.integers(0, 99).map(lambda hours: MONDAY + timedelta(hours=hours)),
    st.sampled_from([None, "en", "zh", "und", "?"]),
)


@settings(max_examples=50, deadline=None)
@given(st.lists(ARTICLES, max_size=4, unique_by=lambda one: one.id), st.integers(0, 5))
def test_any_articles_give_their_own_sentences(articles: list[StoryArticle], count: int) -> None:
    found = summarize_story(articles, sentences=count)
    by_id = {one.id: one for one in articles}
    assert len(found.sentences) <= count
    assert len(set(texts(found))) == len(found.sentences)
    for one in found.sentences:
        assert by_id[one.article].paragraphs[one.part][one.start : one.end] == one.text
    letters = any(any(map(str.isalnum, paragraph)) for one in articles for paragraph in one.paragraphs)
    assert found.sentences or not (count and letters)


def test_figures_are_read_as_numbers_and_words() -> None:
    assert figures("Twelve boats and 1,200 people, 3.5 million") == {"12", "1200", "3.5"}
    assert tolls("The toll rose to 19 dead and 40 injured; two are missing") == {
        "dead": "19",
        "injured": "40",
        "missing": "2",
    }
