"""Countries by rules alone."""

import re

import pytest

from ingest.filing import MODELS
from ingest.geography import countries, name_of, vocabulary_version
from ingest.topics import Matcher
from storage.records import Topic, TopicRule

PLACES = Matcher((), places=countries().values())


def places(headline: str, *paragraphs: str, dateline: str | None = None) -> set[str]:
    return set(PLACES.weigh(headline, paragraphs, dateline).places)


def test_every_country_has_a_code_a_name_and_terms() -> None:
    known = countries()
    assert len(known) > 200
    assert all(re.fullmatch("[a-z]{2}", code) and country.name for code, country in known.items())
    assert all(country.rule.strong or country.rule.weak for country in known.values())
    assert (name_of("kr"), name_of("zz")) == ("South Korea", "ZZ")


@pytest.mark.parametrize(
    ("headline", "lead", "code"),
    [
        ("Belgian farmers block roads", "Tractors stood on the motorway.", "be"),
        ("Talks open in Lusaka", "They last a week.", "zm"),
        ("Ecuadorean oil flows again", "The pipeline was mended.", "ec"),
        ("경제 회담", "한국과 일본이 회담했다.", "jp"),
        ("越南总理访问", "会谈星期二举行。", "vn"),
        ("В Украине прошли выборы", "Участие было высоким.", "ua"),
        ("انتخابات في مصر", "جرت الانتخابات يوم الأحد.", "eg"),
        ("U.S. TRADE GAP WIDENS", "It was the widest in a year.", "us"),
    ],
)
def test_names_peoples_and_cities_tell_the_country(headline: str, lead: str, code: str) -> None:
    assert code in places(headline, lead)


@pytest.mark.parametrize(
    ("headline", "code"),
    [
        ("New Mexico votes", "mx"),
        ("New England winter", "gb"),
        ("North Korea fires a missile", "kr"),
        ("Latin American debt", "us"),
        ("Papua New Guinea floods", "gn"),
        ("GIVE US A BREAK", "us"),
        ("Turkey breast recalled", "tr"),
        ("Ships in the South China Sea", "cn"),
    ],
)
def test_what_only_looks_like_a_country_is_none(headline: str, code: str) -> None:
    assert code not in places(headline, "Nothing else was said.")


def test_some_towns_count_in_the_dateline_alone() -> None:
    body = ("Shares rose a little.", "The company said so on Monday." * 10)
    assert places("PROFIT UP", *body, dateline="Stamford, Conn") == {"us"}
    assert places("Stamford wins", *body) == set()


def test_a_rule_takes_over_all_that_is_known_of_its_countries() -> None:
    topic = Topic(1, "benelux", "Benelux", (), TopicRule(countries=("be", "nl", "no such")), None)
    weighed = Matcher([topic]).weigh("Dutch and Belgian ports merge", ["They sign in Antwerp."])
    assert set(weighed.topics) == {1}
    assert weighed.places == {}
    assert [(found.term, found.part) for found in weighed.topic_terms[1]][:2] == [
        ("Dutch", "headline"),
        ("Belgian", "headline"),
    ]


def test_the_version_names_the_gazetteer() -> None:
    assert f"countries {vocabulary_version()}" in MODELS
