"""What editors write about a topic: every way of writing it, and every way of getting it wrong."""

from dataclasses import replace

import pytest

from bot.topic_edit import FIELDS, Line, TopicError, differences, edited, new, read_line
from storage.records import Topic, TopicRule

ASIA = Topic(1, "asia", "Asia", (), TopicRule(strong=("Asia",)), None)
KOREA = Topic(
    2,
    "korea",
    "Korea",
    ("South Korea", "한국"),
    TopicRule(strong=("Seoul", "Busan"), weak=("peninsula",), never=("Korea Street",), countries=("kr",)),
    1,
)
OLD = Topic(3, "rail", "Railways", (), TopicRule(), None, retired=True)
TOPICS = (ASIA, KOREA)


def after(field: str, text: str) -> tuple[str, ...]:
    changed = edited(TOPICS, KOREA, field, text)
    found: tuple[str, ...] = changed.aliases if field == "aliases" else getattr(changed.rule, field)
    return found


@pytest.mark.parametrize(
    ("field", "text", "there"),
    [
        ("strong", "Pyongyang", ("Seoul", "Busan", "Pyongyang")),
        ("strong", "+Pyongyang, −busan", ("Seoul", "Pyongyang")),
        ("strong", "- Seoul; + cease-fire", ("Busan", "cease-fire")),
        ("strong", "= U.N., minister*", ("U.N.", "minister*")),
        ("strong", "평양、서울\nالكورية، 首尔", ("Seoul", "Busan", "평양", "서울", "الكورية", "首尔")),
        ("strong", "SEOUL", ("Seoul", "Busan")),
        ("strong", "none", ()),
        ("weak", "Seoul", ("peninsula", "Seoul")),
        ("countries", "North Korea", ("kr", "kp")),
        ("countries", "JP, -South Korea", ("jp",)),
        ("learnt_countries", "Japan, kr", ("jp", "kr")),
        ("subjects", "Sport, 04000000, 20000212/WHEAT", ("15000000", "04000000", "20000212/wheat")),
        ("dateline", "  PANMUNJOM  ", ("PANMUNJOM",)),
        ("aliases", "+Corea, -한국", ("South Korea", "Corea")),
        ("never", "Seoul food\u202e truck", ("Korea Street", "Seoul food truck")),
    ],
)
def test_a_list_is_changed_as_it_is_written(field: str, text: str, there: tuple[str, ...]) -> None:
    assert after(field, text) == there


def test_a_term_is_strong_or_weak() -> None:
    changed = edited(TOPICS, KOREA, "weak", "+Seoul")
    assert (changed.rule.strong, changed.rule.weak) == (("Busan",), ("peninsula", "Seoul"))


@pytest.mark.parametrize(
    ("field", "text", "says"),
    [
        ("strong", "", "Write what to add"),
        ("strong", " + , - ", "Write what to add"),
        ("strong", "-Sol", "not there"),
        ("strong", "-Seuol", "Did you mean “Seoul”"),
        ("strong", "a", "too short"),
        ("strong", "한", "too short"),
        ("strong", "mi*", "too short"),
        ("strong", "mini*ster", "at the end alone"),
        ("strong", "x" * 81, "81 characters"),
        ("strong", "Korea Street", "can't both count"),
        ("never", "seoul", "can't both count"),
        ("strong", ", ".join(f"word {n}" for n in range(1_001)), "1000 fit"),
        ("countries", "Atlantis", "no country"),
        ("countries", "Sout Korea", "Did you mean South Korea"),
        ("subjects", "sports", "Did you mean sport"),
        ("subjects", "99999999", "no subject"),
        ("aliases", "asia", "topic asia already"),
        ("name", "", "1 to 60"),
        ("name", "ASIA!", "topic asia already"),
        ("parent", "Europe", "no topic"),
        ("colour", "red", "nothing that a topic has"),
    ],
)
def test_what_cant_be_used_is_named(field: str, text: str, says: str) -> None:
    with pytest.raises(TopicError, match=says):
        edited(TOPICS, KOREA, field, text)


def test_all_problems_are_named_at_once() -> None:
    with pytest.raises(TopicError) as found:
        edited(TOPICS, KOREA, "strong", "+a, Pyongyang, -Inchon")
    assert [line.split("”")[0] for line in str(found.value).splitlines()] == ["“a", "“Inchon"]


@pytest.mark.parametrize("text", ["korea", "asia"])
def test_no_topic_stands_below_itself(text: str) -> None:
    with pytest.raises(TopicError, match="another parent"):
        edited(TOPICS, ASIA, "parent", text)


@pytest.mark.parametrize(("text", "parent"), [("asia", 1), ("none", None), ("ASIA", 1)])
def test_a_parent_is_named_or_none(text: str, parent: int | None) -> None:
    assert edited(TOPICS, KOREA, "parent", text).parent_id == parent


@pytest.mark.parametrize(
    ("text", "slug", "name"),
    [
        ("Space", "space", "Space"),
        ("Arts & Letters", "arts-letters", "Arts & Letters"),
        ("space: 우주", "space", "우주"),
        ("Café", "cafe", "Café"),
    ],
)
def test_a_new_topic_has_a_short_name(text: str, slug: str, name: str) -> None:
    made = new((*TOPICS, OLD), text)
    assert (made.id, made.slug, made.name, made.rule) == (0, slug, name, TopicRule())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("우주", "Latin letters"),
        ("", "Latin letters"),
        ("Asia", "already"),
        ("railways", "brings it back"),
        ("x y: Z", "Latin"),
    ],
)
def test_a_new_topic_that_cant_be(text: str, says: str) -> None:
    with pytest.raises(TopicError, match=says):
        new((*TOPICS, OLD), text)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("korea", Line("korea")),
        ("south korea strong +Seoul, Busan", Line("south korea", "strong", "+Seoul, Busan")),
        ("korea country: Japan", Line("korea", "countries", "Japan")),
        ("korea strong", Line("korea", "strong", "")),
        ("nowhere strong x", Line("nowhere strong x")),
        ("korea strong one\ntwo", Line("korea", "strong", "one\ntwo")),
        ("korea strong\none\ntwo", Line("korea", "strong", "one\ntwo")),
    ],
)
def test_a_line_is_taken_apart(text: str, line: Line) -> None:
    assert read_line(text, TOPICS) == line


def test_differences_are_told_field_by_field() -> None:
    changed = replace(edited(TOPICS, edited(TOPICS, KOREA, "strong", "+A1, -Seoul"), "parent", "none"), name="Korea!")
    changed = edited(TOPICS, changed, "countries", "jp")
    assert differences(KOREA, changed, TOPICS) == [
        "name: Korea → Korea!",
        "parent: Asia → none",
        "strong: + A1, − Seoul",
        "countries: + Japan",
    ]
    assert differences(KOREA, KOREA, TOPICS) == []
    assert differences(KOREA, replace(KOREA, retired=True), TOPICS) == ["retired"]
    assert differences(None, KOREA, TOPICS) == ["new topic: Korea (korea)"]


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_can_be_written(field: str) -> None:
    countries = {"countries": "Japan", "learnt_countries": "Japan"}
    value = {"parent": "none", "subjects": "sport", **countries}.get(field, "Harbour town")
    assert edited(TOPICS, KOREA, field, value) != KOREA
