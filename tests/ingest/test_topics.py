from pathlib import Path

import pytest

from ingest import samples
from ingest.topics import Matcher, load_specs
from storage.records import Topic, TopicRule, TopicSpec

SPECS = load_specs()
SLUGS = {
    "korea", "china", "world", "asia", "politics", "economy", "security", "science", "technology", "health", "sport",
    "culture",
}  # fmt: skip


def topics(*more: TopicSpec) -> list[Topic]:
    return [
        Topic(number, spec.slug, spec.name, spec.aliases, spec.rule, None)
        for number, spec in enumerate((*SPECS, *more), start=1)
    ]


def match(headline: str, *paragraphs: str, known: list[Topic] | None = None) -> set[str]:
    known = known or topics()
    names = {topic.id: topic.slug for topic in known}
    return {names[found] for found in Matcher(known).match(headline, paragraphs)}


def sample(name: str) -> tuple[str, list[str]]:
    """Headline and paragraphs of a sample file, without the line of source and time."""
    path = next(path for path in samples.paths() if path.stem == name)
    headline, _credit, *paragraphs = (part.strip() for part in path.read_text().split("\n\n") if part.strip())
    return headline, paragraphs


def test_the_default_topics_are_there_with_parents_that_exist() -> None:
    slugs = {spec.slug for spec in SPECS}
    assert slugs >= SLUGS
    assert {spec.parent for spec in SPECS if spec.parent} <= slugs
    assert all(spec.rule.strong for spec in SPECS)


def test_the_meeting_of_xi_and_lee_is_under_korea_and_china_only_by_what_it_says() -> None:
    chrome = [
        TopicSpec(name.lower(), name, rule=TopicRule(strong=(name,))) for name in ("Philippines", "Lebanon", "Kenya")
    ]
    headline, paragraphs = sample("xi-lee-2017-05-19")
    known = topics(*chrome)
    body = paragraphs[:17]
    found = match(headline, *body, known=known)
    assert found >= {"korea", "china"}
    assert found.isdisjoint({"philippines", "lebanon", "kenya"})


@pytest.mark.parametrize(
    ("name", "topic"),
    [
        ("harbour-tunnel-vote", "politics"),
        ("sevran-quake-first", "world"),
        ("sevran-quake-relief", "world"),
        ("orvell-bank-rates", "economy"),
        ("kestrel-battery", "technology"),
        ("deep-sea-glass-sponge", "science"),
        ("clinic-malaria-vaccine", "health"),
        ("ravens-cup-final", "sport"),
        ("museum-lost-opera", "culture"),
        ("straits-patrol-accord", "security"),
        ("mekara-rail-asia", "asia"),
        ("cloud-outage-chips", "technology"),
        ("peace-talks-lacey", "world"),
        ("korean-sample-ferry", "korea"),
        ("chinese-sample-library", "china"),
    ],
)
def test_each_sample_is_filed_where_a_reader_would_look(name: str, topic: str) -> None:
    headline, paragraphs = sample(name)
    assert topic in match(headline, *paragraphs)


@pytest.mark.parametrize(
    ("headline", "lead", "topic"),
    [
        ("Seoul's envoy arrives", "The envoy landed on Monday.", "korea"),
        ("ROK forces hold drill", "The drill began on Monday.", "korea"),
        ("DPRK fires projectile", "It fell into the sea.", "korea"),
        ("THAAD가 배치됐다", "사드 문제가 남았다.", "korea"),
        ("서울에서 회담이 열렸다", "회담은 하루 동안 이어졌다.", "korea"),
        ("韩国总统访问北京", "两国领导人举行会谈。", "korea"),
        ("韓國總統訪問北京", "兩國領導人舉行會談。", "china"),
        ("Китай и Корея договорились", "Встреча прошла во вторник.", "korea"),
        ("CHINA'S EXPORTS RISE", "Exports rose in May.", "china"),
    ],
)
def test_names_are_found_in_every_script_and_case(headline: str, lead: str, topic: str) -> None:
    assert topic in match(headline, lead)


@pytest.mark.parametrize(
    ("headline", "topic"),
    [
        ("Fine china sells well at auction", "china"),
        ("Ships meet in the South China Sea", "china"),
        ("A rok in the park", "korea"),
        ("Koreatown restaurant opens", "korea"),
        ("조선소 일감이 늘었다", "korea"),
        ("Who will it be?", "health"),
        ("Vegetarian dinner", "asia"),
        ("Social security rises", "security"),
    ],
)
def test_words_that_only_look_alike_file_nothing(headline: str, topic: str) -> None:
    assert topic not in match(headline, "Nothing else was said.")


def test_a_passing_mention_in_the_body_is_not_enough() -> None:
    body = ["The council met on Monday to talk about roads.", "One member had just come back from Seoul."]
    assert "korea" not in match("Council talks about roads", *body)


@pytest.mark.parametrize("text", ["", "\x00", "\ud800", "İİİ ß ﬃ", "한" * 5000, "a " * 50_000])
def test_any_text_is_matched_without_an_error(text: str) -> None:
    assert isinstance(Matcher(topics()).match(text, [text], text), dict)


def test_no_topics_match_nothing() -> None:
    assert Matcher([]).match("Seoul", ["Seoul"]) == {}


def test_a_rule_file_of_ones_own_is_read(tmp_path: Path) -> None:
    path = tmp_path / "topics.toml"
    path.write_text('[chess]\nname = "Chess"\nstrong = ["chess*"]\n')
    assert load_specs(path) == (TopicSpec("chess", "Chess", rule=TopicRule(strong=("chess*",))),)
