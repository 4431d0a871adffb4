"""Digests of every kind, as readers would get them, for golden files and screenshots. The news is made up."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from delivery.compose import Section, compose_alert, compose_digest, compose_held, compose_nothing, compose_push
from delivery.render import StoryLine
from delivery.rich import enriched
from storage.records import Article, EditionPart, Topic, TopicRule
from tests.delivery.samples import article

NOW = datetime(2026, 5, 20, 7, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
PHOTO = "https://news.example/harbour.png"

Parts = tuple[EditionPart, ...]


def topic(number: int, slug: str, name: str) -> Topic:
    return Topic(number, slug, name, (), TopicRule(), None)


KOREA, ECONOMY, SCIENCE = topic(1, "korea", "Korea"), topic(2, "economy", "Economy"), topic(3, "science", "Science")


def news(number: int, headline: str, *summary: str, hours: float = 2, **changes: Any) -> Article:
    return article(
        number,
        headline=headline,
        summary=summary,
        url=f"https://news.example/{number}",
        published_at=NOW - hours * HOUR,
        **({"source": "Harbour Wire"} | changes),
    )


FERRY = news(
    1,
    "Ferry service to the southern islands resumes after three weeks",
    "The ferry between Mokpo and the outer islands sailed again on Wednesday morning with 212 passengers on board.",
    "It had stayed in port since a storm tore the pier from its moorings on 29 April.",
    "Islanders will travel free until the end of the month, the operator said.",
    photo_url=PHOTO,
    caption="The first ferry leaves the harbour at dawn.",
)
TALKS = news(
    2,
    "Seoul and Tokyo agree on a common timetable for customs talks",
    "Negotiators will meet every second Thursday, beginning in June.",
    "Both sides called the first round “plain and useful”.",
    hours=5,
    source="The Peninsula Post",
)
PRICES = news(
    3,
    "Food prices fall for the first time since winter",
    "Prices in shops were 0.3 percent lower in April than in March, the statistics office said.",
    "Vegetables became cheaper by a tenth; rice & oil did not.",
    hours=9,
)
TELESCOPE = news(
    4,
    "A telescope on wheels visits a hundred village schools",
    "Four students drive it from school to school and stay for one clear night each.",
    hours=26,
    source="Open Skies",
)
ARABIC = news(
    1,
    "استئناف رحلات العبّارة إلى الجزر الجنوبية بعد ثلاثة أسابيع",
    "أبحرت العبّارة صباح الأربعاء وعلى متنها 212 راكبا.",
    "وكانت قد بقيت في الميناء منذ عاصفة 29 أبريل (نيسان).",
    source="صوت الميناء",
    language="ar",
    photo_url=PHOTO,
    caption="العبّارة الأولى تغادر الميناء عند الفجر.",
)
UPDATE = StoryLine(3, update=True)


def english() -> tuple[Section, ...]:
    return (
        Section(KOREA, (FERRY, TALKS), 4, {1: StoryLine(4), 2: UPDATE}),
        Section(ECONOMY, (PRICES,), 1),
        Section(SCIENCE, (TELESCOPE,), 1),
    )


def _digest(sections: tuple[Section, ...], zone: str = "Asia/Seoul") -> Parts:
    return enriched(
        compose_digest(sections, zone=zone, now=NOW), [item for section in sections for item in section.articles]
    )


def many_topics() -> Parts:
    names = ("Korea", "China", "Japan", "Europe", "Economy", "Climate", "Science", "Health", "Culture", "Football")
    return _digest(
        tuple(
            Section(
                topic(number, name.lower(), name),
                (news(number, f"{name}: one thing that happened today", f"This is what is known of it in {name}."),),
                number,
            )
            for number, name in enumerate(names, 1)
        )
    )


def arabic() -> Parts:
    found = (
        ARABIC,
        news(
            2,
            "شركة Harbour Lines تعلن أرباحا بنسبة 12% في الربع الأول",
            "قالت الشركة إن عدد الركاب ارتفع إلى 1,204,000 راكب.",
            source="صوت الميناء",
            language="ar",
            hours=6,
        ),
    )
    return _digest((Section(topic(5, "sea", "البحر"), found, 5),), "Africa/Cairo")


def mixed() -> Parts:
    found = (
        news(
            1, "ראש העיר פתח את קו 7 (Line 7) בשעה 06:30", "“זה יום טוב לעיר,” אמר.", source="שער העיר", language="he"
        ),
        news(2, "Line 7 opens after nine years of work", "The mayor called it ‘יום טוב’ (a good day)."),
        news(3, "Cost of Line 7: 4.2 billion, says נתיבי העיר", "That is 3% more than planned.", hours=4),
    )
    return _digest(
        (Section(topic(6, "city", "העיר City"), found, 3, {1: StoryLine(2), 2: StoryLine(2)}),), "Asia/Jerusalem"
    )


def korean() -> Parts:
    found = (
        news(
            1,
            "남쪽 섬으로 가는 여객선, 3주 만에 운항 재개",
            "여객선이 수요일 아침 승객 212명을 태우고 다시 출항했다.",
            "4월 29일 폭풍으로 부두가 부서진 뒤 항구에 머물러 있었다.",
            source="항구통신",
            language="ko",
        ),
        news(
            2,
            "서울·도쿄, 관세 협의 일정 합의",
            "양측은 6월부터 격주 목요일에 만난다.",
            source="반도신문",
            language="ko",
        ),
    )
    return _digest((Section(topic(1, "korea", "한국"), found, 2, {1: StoryLine(3)}),))


def long() -> Parts:
    sentence = "The harbour master read out the names of all the ships that had come in since the storm, one by one."
    ships = news(9, "Every ship of the year, in order", *(f"{sentence} That was day {day}." for day in range(1, 61)))
    return _digest((Section(KOREA, (ships, FERRY), 2), Section(ECONOMY, (PRICES,), 1)))


def nothing() -> Parts:
    return enriched(compose_nothing(zone="Asia/Seoul", now=NOW), [])


def alert() -> Parts:
    return enriched(compose_alert(FERRY, zone="UTC", now=NOW, story=StoryLine(4)), [FERRY])


def arabic_alert() -> Parts:
    """The first story of the Arabic digest."""
    return enriched(compose_alert(ARABIC, zone="UTC", now=NOW), [ARABIC])


def update() -> Parts:
    return enriched(compose_alert(TALKS, zone="UTC", now=NOW, story=UPDATE), [TALKS])


def night() -> Parts:
    told = {1: StoryLine(4)}
    return enriched(
        compose_held([FERRY, TALKS, PRICES], zone="Asia/Seoul", now=NOW, told=told, more=2), [FERRY, TALKS, PRICES]
    )


def push() -> Parts:
    return enriched(compose_push(Section(KOREA, (FERRY, TALKS), 6), zone="UTC", now=NOW), [FERRY, TALKS])


CASES: dict[str, Callable[[], Parts]] = {
    "english": lambda: _digest(english()),
    "many_topics": many_topics,
    "arabic": arabic,
    "hebrew_and_english": mixed,
    "korean": korean,
    "long": long,
    "nothing_new": nothing,
    "alert": alert,
    "alert_arabic": arabic_alert,
    "alert_update": update,
    "night": night,
    "push": push,
}
RICH = ("english", "arabic", "hebrew_and_english", "alert", "night", "long")
PHOTOS = ("alert", "alert_arabic")
