"""Names as people type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import names
from storage.records import Topic, TopicRule


def _topic(number: int, slug: str, name: str, *aliases: str) -> Topic:
    return Topic(number, slug, name, aliases, TopicRule(), None)


KOREA = _topic(1, "korea", "Korea", "Republic of Korea", "ROK", "DPRK", "한국", "韩国", "Corée")
CHINA = _topic(2, "china", "China", "中国", "중국")
HEALTH = _topic(3, "health", "Health")
SCIENCE = _topic(4, "science", "Science")
SECURITY = _topic(5, "security", "Security")
G20 = _topic(6, "g20", "G20 summit")
TOPICS = (KOREA, CHINA, HEALTH, SCIENCE, SECURITY, G20)


@pytest.mark.parametrize(
    ("typed", "topic"),
    [
        ("korea", KOREA),
        ("  KOREA ", KOREA),
        ("#Korea", KOREA),
        ("Koera", KOREA),
        ("Korae", KOREA),
        ("Kroea", KOREA),
        ("korrea", KOREA),
        ("kora", KOREA),
        ("kore", KOREA),
        ("한국", KOREA),
        ("韩国", KOREA),
        ("ｋｏｒｅａ", KOREA),
        ("coree", KOREA),
        ("CORÉE", KOREA),
        ("R.O.K.", KOREA),
        ("republic of korea", KOREA),
        ("Republic-of-Korea", KOREA),
        ("中国", CHINA),
        ("helth", HEALTH),
        ("sci", SCIENCE),
        ("g20", G20),
    ],
)
def test_a_name_is_found_however_it_is_typed(typed: str, topic: Topic) -> None:
    assert names.match(TOPICS, typed).only == topic


def test_a_beginning_of_several_leaves_the_choice() -> None:
    close = (*TOPICS, _topic(7, "sciencefiction", "Science fiction"))
    assert {topic.slug for topic in names.match(close, "scien").topics} == {"science", "sciencefiction"}
    assert names.match(close, "science").only == SCIENCE


def test_an_unknown_name_gets_the_nearest() -> None:
    found = names.match(TOPICS, "securities market")
    assert found.topics == ()
    assert names.match(TOPICS, "korea news").suggestions[0] == KOREA
    assert names.match(TOPICS, "xyzzy").suggestions == ()


@pytest.mark.parametrize(
    ("typed", "topics"),
    [
        ("news about Korea please", [KOREA]),
        ("korea and China", [KOREA, CHINA]),
        ("中国新闻", [CHINA]),
        ("healthy living", []),
        ("good morning", []),
    ],
)
def test_names_are_found_among_other_words(typed: str, topics: list[Topic]) -> None:
    assert list(names.mentioned(TOPICS, typed)) == topics


@pytest.mark.parametrize("typed", ["", "   ", "!!!", "c", "ko", "rik"])
def test_too_little_finds_nothing(typed: str) -> None:
    assert names.match(TOPICS, typed).topics == ()


@pytest.mark.parametrize(
    ("typed", "parts"),
    [
        ("korea, china", ("korea", "china")),
        ("korea china", ("korea", "china")),
        ("korea and china", ("korea", "china")),
        ("한국、中国", ("한국", "中国")),
        ("republic of korea", ("republic of korea",)),
        ("g20 summit", ("g20 summit",)),
        ("world cup", ("world cup",)),
        ("", ()),
    ],
)
def test_several_names_in_one_line(typed: str, parts: tuple[str, ...]) -> None:
    assert names.several(TOPICS, typed) == parts


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("", (None, "")),
        ("3", (3, "")),
        ("3 korea", (3, "korea")),
        ("south korea 7", (7, "south korea")),
        ("99", (10, "")),
        ("99999 korea", (10, "korea")),
        ("0 korea", (0, "korea")),
        ("korea -1", (0, "korea")),
        ("g20", (None, "g20")),
    ],
)
def test_a_number_stands_before_or_after_the_name(typed: str, expected: tuple[int | None, str]) -> None:
    assert names.count_and_name(typed) == expected


def _distance(a: str, b: str) -> int:
    """Optimal string alignment, by the book: what `one_apart` must agree with."""
    table = {(i, 0): i for i in range(len(a) + 1)} | {(0, j): j for j in range(len(b) + 1)}
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            cost = a[i - 1] != b[j - 1]
            table[i, j] = min(table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + cost)
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                table[i, j] = min(table[i, j], table[i - 2, j - 2] + 1)
    return table[len(a), len(b)]


@given(st.text("ab", max_size=6), st.text("ab", max_size=6))
def test_one_apart_agrees_with_the_edit_distance(first: str, second: str) -> None:
    assert names.one_apart(first, second) == (_distance(first, second) <= 1)


@given(st.text(max_size=30))
def test_any_text_can_be_folded_and_matched(text: str) -> None:
    assert names.fold(names.fold(text)) == names.fold(text)
    names.match(TOPICS, text)
