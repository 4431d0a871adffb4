"""What the shipped models find, and the file they come in."""

from pathlib import Path

import numpy as np
import pytest

from ingest import learnt, samples
from ingest.filing import file
from ingest.geography import countries
from ingest.learnt import LEARNT, Learnt, countries_of, subjects_of
from ingest.linear import LinearModel, features, file_version, load, save
from ingest.mediatopics import subjects, with_wider
from ingest.topics import load_specs
from storage.records import Topic, TopicRule

MATCH = (
    "Rovers beat City in the cup final",
    ["The striker scored twice in the second half and the goalkeeper saved a penalty, the coach of the team said."],
)
EARNINGS = (
    "Orvell Corp 4th qtr net",
    ["Shr 42 cts vs 31 cts. Net profit 12.1 mln vs 9.0 mln. Revs 210 mln vs 180 mln. Year shr 1.60 dlrs vs 1.10 dlrs."],
)


def topic(number: int, rule: TopicRule) -> Topic:
    return Topic(number, f"topic-{number}", f"Topic {number}", (), rule, None)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (MATCH, "15000000"),
        (EARNINGS, "20000178"),
        (
            (
                "Scientists map the genome of a deep sea squid",
                ["Researchers at the university published the study of its genes in a journal on Monday."],
            ),
            "13000000",
        ),
        (
            (
                "Wheat and corn exports rise",
                ["The Agriculture Department said exporters sold 120,000 tonnes of wheat and corn for May."],
            ),
            "20000212/wheat",
        ),
    ],
    ids=["sport", "earnings", "science", "wheat"],
)
def test_subjects_are_told_from_the_words(text: tuple[str, list[str]], code: str) -> None:
    assert code in subjects_of(*text)


@pytest.mark.parametrize(
    "text",
    [
        ("", [""]),
        ("도서관 개관", ["시립 도서관이 월요일에 새 건물에서 문을 열었다. 시민 수백 명이 찾았다."]),
        ("Библиотека открылась", ["Городская библиотека открылась в новом здании в понедельник."]),
        ("A poem", ["Roses are red."]),
    ],
    ids=["nothing", "Korean", "Russian", "a line"],
)
def test_what_the_model_cannot_read_has_no_subject(text: tuple[str, list[str]]) -> None:
    assert subjects_of(*text) == {}


def test_football_is_no_acquisition() -> None:
    assert set(subjects_of(*MATCH)) == {"15000000"}


def test_every_label_of_the_models_has_a_name() -> None:
    assert set(learnt.subject_model().labels) <= subjects().keys()
    assert set(learnt.country_model().labels) <= countries().keys()
    assert list(with_wider("20000212/wheat")) == ["20000212/wheat", "20000212", "20000210", "20000209", "04000000"]


def test_a_topic_asks_for_a_subject_or_for_a_wider_one_that_the_model_does_not_know_itself() -> None:
    asked = ("20000178", "20000171", "04000000", "15000000")
    topics = [topic(number, TopicRule(subjects=(code,))) for number, code in enumerate(asked, start=1)]
    found = Learnt(topics).judge(*EARNINGS)
    assert set(found) == {1, 2, 3}
    assert found[1] == found[2] != found[3]
    salience, words = found[1]
    assert salience > 3
    assert words[0].part == LEARNT
    assert {"shr", "cts", "net"} & {word.term for word in words}


def test_a_harbour_is_shipping_but_not_yet_the_economy() -> None:
    text = (
        "Lindmark opens harbour",
        ["The harbour was opened on Monday, the harbour master said. More ships are to come."],
    )
    topics = [topic(number, TopicRule(subjects=(code,))) for number, code in enumerate(("20000343", "04000000"), 1)]
    assert set(Learnt(topics).judge(*text)) == {1}


def test_what_no_rule_asks_for_is_not_looked_at() -> None:
    assert Learnt([topic(1, TopicRule(strong=("cup",)))]).judge(*MATCH) == {}
    assert Learnt([topic(1, TopicRule(subjects=("no such code",)))]).judge(*MATCH) == {}


def test_rules_and_model_both_speak_for_a_topic() -> None:
    rules = (topic(1, TopicRule(strong=("goalkeeper", "cup final"), subjects=("15000000",))),)
    filed = file(rules, *MATCH, None)
    by_rules = file((topic(1, TopicRule(strong=("goalkeeper", "cup final"))),), *MATCH, None)
    assert filed.topics[1] >= by_rules.topics[1]
    assert filed.evidence[1][: len(by_rules.evidence[1])] == by_rules.evidence[1]
    assert LEARNT in {word.part for word in filed.evidence[1]}
    assert "the" not in {word.term for word in filed.evidence[1]}


def test_the_tagger_of_countries_goes_by_the_whole_article() -> None:
    text = "Sao Paulo coffee growers fear frost", ["Brazilian growers said that frost would cut the crop."], "SAO PAULO"
    assert set(countries_of(*text)) == {"br"}
    found = Learnt([topic(1, TopicRule(learnt_countries=("BR",)))]).judge(*text)
    assert "Brazil" in {word.term for word in found[1][1]}


def test_a_country_that_was_not_learnt_is_found_by_rules() -> None:
    assert "bt" not in learnt.country_model().labels
    found = Learnt([topic(1, TopicRule(learnt_countries=("bt",)))]).judge("Bhutan votes", ["Thimphu was calm."])
    assert {word.term for word in found[1][1]} == {"Bhutan", "Thimphu"}


def test_the_default_topics_file_a_match_under_sport_alone() -> None:
    specs = load_specs()
    rules = tuple(topic(number, spec.rule) for number, spec in enumerate(specs, start=1))
    slugs = {number: spec.slug for number, spec in enumerate(specs, start=1)}
    assert {slugs[number] for number in file(rules, *MATCH, None).topics} == {"sport"}


def test_no_sample_of_a_meeting_of_ministers_is_filed_under_sport() -> None:
    path = next(path for path in samples.paths() if path.stem == "xi-lee-2017-05-19")
    headline, *paragraphs = (part.strip() for part in path.read_text().split("\n\n") if part.strip())
    assert "15000000" not in subjects_of(headline, paragraphs)


def test_a_model_is_the_same_after_its_file(tmp_path: Path) -> None:
    model = LinearModel(
        ("a", "b"),
        {"one": 0, "two": 1, "=kr": 2},
        np.array([1, 2, 0], dtype=np.float32),
        np.array([[127, 0], [-5, 90], [30, 0]], dtype=np.int8),
        np.array([0.02, 0.01], dtype=np.float32),
        np.array([-1, 0.1], dtype=np.float32),
    )
    save(model, tmp_path / "one.npz")
    save(model, tmp_path / "two.npz")
    again = load(tmp_path / "one.npz")
    given = {"one": 3, "=kr": 0.5, "unknown": 9}
    assert again.scores(again.vector(given)) == model.scores(model.vector(given)) != {}
    assert again.scores(again.vector({"unknown": 9})) == {}
    assert file_version(tmp_path / "one.npz") == file_version(tmp_path / "two.npz")


def test_the_scores_are_what_the_formula_says() -> None:
    weights, scale = np.array([[100], [50]], dtype=np.int8), np.array([0.01], dtype=np.float32)
    model = LinearModel(
        ("a",), {"one": 0, "=x": 1}, np.array([3, 0], dtype=np.float32), weights, scale, np.zeros(1, dtype=np.float32)
    )
    assert model.scores(model.vector({"one": 7})) == {
        "a": pytest.approx(1.0)
    }  # a lone word has length 1, however often it stands
    assert model.scores(model.vector({"one": 7, "=x": 0.5})) == {"a": pytest.approx(1.25)}


def test_words_of_headline_and_dateline_count_apart() -> None:
    found = features("Wheat up", ["Wheat rose."], "CHICAGO, May 2")
    assert (found["wheat"], found["^wheat"], found["@chicago"]) == (2, 1, 1)
