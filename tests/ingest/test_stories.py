"""Articles about one event find each other; two events of a kind stay apart."""

import pytest
from sqlalchemy import update

from benchmarks.train_stories import MEANING
from ingest.desk import Desk
from ingest.evidence import Told, evidence, together
from ingest.stories import MEASURE, Ask, Measure, Tree, are_one, central, choose
from ingest.traits import NOTHING, pack, traits, unpack
from storage import stories
from storage.database import Database
from storage.records import ArticleDraft, SourceKind
from storage.schema import article
from tests.storage.making import NOON

CRASH = (
    ("Ferry sinks off Lindmark",
     "The ferry Aurora sank off Lindmark on Monday with 83 people aboard, the coast guard said. "
     "Captain Sami Oduya radioed for help at dawn, and fishing boats from Lindmark picked up most of the passengers."),
    ("Most aboard the Aurora saved", "Fishing boats saved 80 of the 83 people aboard the ferry Aurora, which sank off "
     "Lindmark on Monday. The coast guard praised Captain Sami Oduya, who was the last to leave the Aurora."),
)  # fmt: skip
OTHER = (
    "Ferry sinks near Orvell",
    "The ferry Tern sank near Orvell on Tuesday with 61 people aboard, the coast guard said. Captain Ada Falk "
    "radioed for help at noon, and a navy ship from Castle Bay picked up all the passengers.",
)
FIXING = (
    (
        "Harbour toll set at 14.20 crowns",
        "The harbour office of Lindmark set the toll at 14.20 crowns a tonne, after 13.85 the week before. "
        "Some 310 ships called, of which 44 carried grain.",
    ),
    (
        "Harbour toll set at 15.05 crowns",
        "The harbour office of Lindmark set the toll at 15.05 crowns a tonne, after 14.60 the week before. "
        "Some 286 ships called, of which 51 carried grain.",
    ),
)
KOREAN = (
    (
        "남해안 전기 여객선 운항",
        "정부는 남해안 섬마을 일곱 곳을 잇는 전기 여객선을 내년부터 운항하기로 했다고 밝혔다. 승객 120명이 탄다.",
    ),
    (
        "섬마을에 전기 여객선",
        "내년부터 남해안 섬마을에 승객 120명을 태우는 전기 여객선이 다닌다. 정부는 운임이 같다고 밝혔다.",
    ),
)
CHINESE = (
    ("青河旧纺织厂变图书馆", "青河的一座旧纺织厂经过三年改造，十一月十八日作为图书馆正式开放，首日迎来五千名读者。"),
    ("青河图书馆开放", "由旧纺织厂改造的青河图书馆十一月十八日开放，首日约五千名读者到来。"),
)


def _told(told: tuple[str, str], language: str) -> Told:
    return Told.of(unpack(pack(traits(told[0], [told[1]], language))))


@pytest.mark.parametrize(
    ("one", "other", "language", "same"),
    [
        pytest.param(*CRASH, "en", True, id="one wreck"),
        pytest.param(CRASH[0], OTHER, "en", False, id="another wreck"),
        pytest.param(*FIXING, "en", False, id="two of a series"),
        pytest.param(*KOREAN, "ko", True, id="korean"),
        pytest.param(*CHINESE, "zh", True, id="chinese"),
        pytest.param(CRASH[0], CHINESE[0], "en", False, id="nothing"),
    ],
)
def test_what_is_one_event(one: tuple[str, str], other: tuple[str, str], language: str, same: bool) -> None:
    assert (choose([MEASURE.of(_told(other, language), _told(one, language))]) == 0) is same


def test_the_likest_story_is_chosen() -> None:
    first, second, other = _told(CRASH[0], "en"), _told(CRASH[1], "en"), _told(OTHER, "en")
    assert choose([MEASURE.of(second, other), MEASURE.of(second, first)]) == 1
    assert choose([]) is None


def test_evidence_tells_of_days_figures_and_forms() -> None:
    one, other = (_told(told, "en") for told in (CRASH[0], OTHER))
    found = evidence(other, one)
    assert found["other weekdays"] == 1  # Tuesday, Monday
    assert evidence(_told(CRASH[1], "en"), one)["weekdays told"] == 1
    assert found["other opening figures"] == 1
    first, second = (_told(told, "en") for told in FIXING)
    found = evidence(second, first)
    assert (found["headline"], found["headline form"], found["opening figures new"]) == (1, 1, 1)


def test_what_nothing_is_told_of_is_no_evidence() -> None:
    plain = _told(("Ferry sinks", "The ferry sank. Nobody was aboard."), "en")
    assert not {name for name in evidence(plain, plain) if "figures" in name or "days" in name or "form" in name}


def test_only_known_evidence_is_asked_for() -> None:
    assert MEANING.keys() >= set(MEASURE.names)
    assert len(MEASURE.names) > 20


def test_a_tree_asks_the_next_question_by_the_first_answer() -> None:
    one, other = (_told(told, "en") for told in CRASH)
    under, over = Ask("articles", 1.0, bare=False), Ask("articles", -1.0, bare=False)
    ends = [
        Measure.made((Tree(first, under, over, (1, 2, 3, 4)),), 10, 0).of(other, one)
        for first in (under, over, Ask("untold", 0, bare=True), Ask("untold", 0, bare=False))
    ]
    assert ends == [11, 14, 11, 14]


def test_the_smaller_of_two_stories_is_held_against_the_larger() -> None:
    many, few = Ask("articles", 1.0, bare=False), Ask("articles", 0.1, bare=False)
    measure = Measure.made((Tree(many, few, many, (-1, 1, 2, 2)),), 0, 0)  # against one article -1, several 1, many 2
    told = [_told(item, "en") for item in (*CRASH, THIRD)]
    whole = together([item.members[0] for item in told[:2]])
    assert are_one(told[:2], told[2:], (whole, told[2]), measure)
    assert are_one(told[2:], told[:2], (told[2], whole), measure)
    assert not are_one(told[:1], told[2:], (told[0], told[2]), measure)
    steeper = Measure.made((Tree(many, few, many, (-2, 1, 2, 2)),), 0, 0)
    assert not are_one(told[:2], told[2:], (whole, told[2]), steeper)


def test_the_most_central_article_is_like_most_others() -> None:
    told = [_told(item, "en") for item in (OTHER, CRASH[0], THIRD, CHINESE[0])]
    assert central(told) in {1, 2}
    assert central([told[1], told[1], told[0]]) == 0


async def test_articles_are_filed_under_their_story(db: Database) -> None:
    desk = Desk(db, monotonic=lambda: 0.0)
    ids = []
    for source, told in zip(("wire", "daily", "paper"), (*CRASH, OTHER), strict=True):
        draft = ArticleDraft(told[0], (told[1],), source=source, published_at=NOON)
        ids.append((await desk.take(draft, kind=SourceKind.FEED, trusted=True, now=NOON)).article.id)
    async with db.read() as tx:
        found = await stories.of_articles(tx, ids)
    assert set(found) == set(ids[:2])
    assert (found[ids[0]].article_count, found[ids[0]].source_count) == (2, 2)


THIRD = (
    "Aurora sinks off Lindmark: 80 of 83 saved",
    "The coast guard said that the ferry Aurora had sunk off Lindmark on Monday. Of 83 people aboard, Captain Sami "
    "Oduya among them, fishing boats saved 80.",
)


async def _take(desk: Desk, source: str, told: tuple[str, str]) -> int:
    draft = ArticleDraft(told[0], (told[1],), source=source, published_at=NOON)
    return (await desk.take(draft, kind=SourceKind.FEED, trusted=True, now=NOON)).article.id


@pytest.mark.parametrize("by_editors", [False, True], ids=["never joined", "split by editors"])
async def test_what_a_later_article_shows_to_be_one_story_is_put_together(db: Database, by_editors: bool) -> None:
    desk = Desk(db, monotonic=lambda: 0.0)
    one, other = [await _take(desk, source, told) for source, told in zip(("wire", "daily"), CRASH, strict=True)]
    async with db.begin() as tx:
        story_id = await stories.story_of(tx, one)
        assert story_id is not None
        if by_editors:
            await stories.split(tx, story_id, [other], by=7, now=NOON)
        else:
            await tx.execute(update(article).where(article.c.id.in_([one, other])).values(story_id=None))
    third = await _take(desk, "paper", THIRD)
    async with db.read() as tx:
        found = {await stories.story_of(tx, key) for key in (one, other, third)}
        assert None not in found
        assert len(found) == (2 if by_editors else 1)
        changes = [change for key in found if key for change in await stories.changes(tx, key)]
        assert [change.changed_by for change in changes] == [7 if by_editors else None]


def test_figures_are_told_without_what_is_written_to_them() -> None:
    one, other = (
        traits("승객", [text], "ko") for text in ("승객 120명이 2009년에 탔다.", "2009년, 승객 120명을 태웠다.")
    )
    assert one.figures == other.figures != frozenset()
    assert one.years == other.years == {2009}


def test_days_and_years_are_told() -> None:
    told = traits("May 3, 2013", ["Posted 05 / 04 / 13. It began on 27th November 2012."], "en")
    assert told.years == {2012, 2013}
    assert told.days == {5 * 32 + 3, 11 * 32 + 27}
    kept = unpack(pack(told))
    assert (kept.years, kept.days, kept.figures, kept.headline) == (told.years, told.days, told.figures, told.headline)


@pytest.mark.parametrize(
    ("headline", "text"),
    [("", ""), ("\u202e\ufdfa", "مرحبا بالعالم ١٢٣ ٢٠٠٩"), ("🚢" * 400, "a" * 9_000), ("9" * 300, "8 " * 9_000)],
    ids=["empty", "right to left", "signs", "figures"],
)  # fmt: skip
def test_any_text_is_compared(headline: str, text: str) -> None:
    told = unpack(pack(traits(headline, [text], "und")))
    assert -20 < MEASURE.of(Told.of(told), Told.of(told)) < 20


def test_what_an_earlier_release_packed_is_like_nothing() -> None:
    assert unpack(b"\x00\x01" + b"\x07" * 7) == NOTHING
    assert choose([MEASURE.of(_told(CRASH[0], "en"), Told.of(NOTHING))]) is None
