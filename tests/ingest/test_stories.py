"""Articles about one event find each other; two events of a kind stay apart."""

import pytest

from ingest.desk import Desk
from ingest.stories import Compared, choose, pack, traits, unpack
from storage import stories
from storage.database import Database
from storage.records import ArticleDraft, SourceKind
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


def _compared(told: tuple[str, str], language: str) -> Compared:
    return Compared.of(unpack(pack(traits(told[0], [told[1]], language))))


@pytest.mark.parametrize(
    ("one", "other", "language", "same"),
    [
        pytest.param(*CRASH, "en", True, id="one wreck"),
        pytest.param(CRASH[0], OTHER, "en", False, id="another wreck"),
        pytest.param(*KOREAN, "ko", True, id="korean"),
        pytest.param(*CHINESE, "zh", True, id="chinese"),
        pytest.param(CRASH[0], CHINESE[0], "en", False, id="nothing"),
    ],
)
def test_what_is_one_event(one: tuple[str, str], other: tuple[str, str], language: str, same: bool) -> None:
    assert (choose(_compared(other, language), [[_compared(one, language)]]) == 0) is same


def test_the_likest_story_is_chosen() -> None:
    first, second, other = _compared(CRASH[0], "en"), _compared(CRASH[1], "en"), _compared(OTHER, "en")
    assert choose(second, [[other], [first]]) == 1
    assert choose(second, []) is None


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
