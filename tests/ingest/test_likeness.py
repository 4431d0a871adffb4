"""One article printed by several sources is one; reports in a series are different news."""

from random import Random

import pytest

from ingest.desk import Arrival, Desk
from ingest.likeness import SAMPLE, are_one, likeness, sample, words_of
from storage import near
from storage.database import Database
from storage.records import ArticleDraft, SourceKind
from tests.storage.making import NOON

BRIDGE = """The town council of Altenau voted on Tuesday to build a new bridge over the river Mora, ending eleven years
of argument over how to move traffic out of the old town. The bridge will cost 41 million crowns and is to open in 2029,
Mayor Ingrid Solano said. Councillors voted 18 to 7 in favour after a debate that lasted until the early morning.
Opponents led by Sami Oduya said that the money would be better spent on schools in the Castle district, and that a
ferry could carry the same number of people for a tenth of the price. The building company Kestrel Works, which built
the harbour tunnel at Lindmark, has offered to begin in March."""
RATES = """The Bank of {bank} forecast a shortage of around {a} million crowns in the money market today. Among the main
factors, bills maturing in official hands and the take-up of treasury bills will drain some {b} million crowns while
bankers' balances below target will take out a further {c} million. Against this, a fall in the note circulation will
add {d} million crowns to the system, the bank said in its morning notice to dealers."""
KOREAN = """정부는 19일 서울에서 열린 회의에서 남해안 섬마을 일곱 곳을 잇는 전기 여객선을 내년부터 운항하기로
했다고 밝혔다. 이 배는 승객
120명과 차량 18대를 싣고 한 번 충전으로 70킬로미터를 갈 수 있다. 지금까지 섬 주민들은 하루 두 번 다니는 배를
타고 육지로 나와야 했다. 운임은 지금과
같고 운항 횟수는 하루 여섯 번으로 늘어난다. 회사는 내후년까지 같은 배를 세 척 더 들여올 계획이라고 덧붙였다."""
CHINESE = """\
中国西部小城青河的一座旧纺织厂经过三年改造，11月18日作为图书馆正式开放，首日迎来约五千名读者。改造费用为九千\
六百万元，比新建同等规模的图书馆节省约三成。图书馆保留了原有的锯齿形屋顶和两台织布机，阅览室可以容纳一千二百人。市政府说，今后还将在附近的仓库里开办\
儿童剧场。"""


def _printed_elsewhere(text: str, seed: int) -> str:
    """A third cut, each twentieth word changed."""
    random, words = Random(seed), text.split()
    if len(words) < 20:  # no spaces between words
        return text[: len(text) * 2 // 3]
    begin = random.choice([0, len(words) // 3])
    kept = words[begin : begin + len(words) * 2 // 3]
    return " ".join("indeed" if random.random() < 0.05 else word for word in kept)


def _are_one(headline: str, text: str, other_headline: str, other_text: str) -> bool:
    first, second = words_of([text]), words_of([other_text])
    shared = set(sample(first)) & set(sample(second))
    return len(shared) >= near.FEWEST_SHARED and are_one(likeness(headline, first), likeness(other_headline, second))


HEADLINE = "Altenau votes for a bridge over the Mora"


@pytest.mark.parametrize(
    ("headline", "text", "retitled"),
    [
        pytest.param(HEADLINE, BRIDGE, "After eleven years: Kestrel may begin to build in old town", id="english"),
        pytest.param("남해안 섬마을에 전기 여객선", KOREAN, "내년부터 전기 여객선 운항", id="korean"),
        pytest.param("西部小城用旧厂房建成图书馆", CHINESE, "青河图书馆开放", id="chinese"),
    ],
)
@pytest.mark.parametrize("seed", range(5))
def test_a_cut_and_changed_copy_is_the_same(headline: str, text: str, retitled: str, seed: int) -> None:
    assert _are_one(headline, text, headline, _printed_elsewhere(text, seed))
    assert _are_one(headline, text, retitled, _printed_elsewhere(text, seed))


FORECAST = "Orvell money market shortage forecast at {a} million crowns"


@pytest.mark.parametrize(
    ("headline", "text", "other_headline", "other_text"),
    [
        pytest.param(
            FORECAST.format(a=450),
            RATES.format(bank="Orvell", a=450, b=650, c=70, d=265),
            FORECAST.format(a=300),
            RATES.format(bank="Orvell", a=300, b=525, c=110, d=85),
            id="figures",
        ),
        pytest.param(
            HEADLINE,
            BRIDGE,
            "Council votes for a bridge",
            BRIDGE.replace("Altenau", "Lacey")
            .replace("Mora", "Tamsin")
            .replace("Ingrid Solano", "Jon Bream")
            .replace("Sami Oduya", "Ada Falk")
            .replace("Castle", "Mill")
            .replace("Lindmark", "Orvell"),
            id="names",
        ),
        pytest.param(
            HEADLINE, BRIDGE, HEADLINE.replace("bridge", "theatre"), BRIDGE.replace("bridge", "theatre"), id="subject"
        ),
        pytest.param("Bridge news 12", BRIDGE, "Bridge news 13", BRIDGE, id="a-number-in-the-headline"),
        pytest.param(HEADLINE, BRIDGE, "남해안 섬마을", KOREAN, id="nothing"),
    ],
)
def test_another_report_in_the_same_words_is_not(
    headline: str, text: str, other_headline: str, other_text: str
) -> None:
    assert not _are_one(headline, text, other_headline, other_text)


def test_a_later_report_on_the_same_background_is_not() -> None:
    """Its first lines are news, though they have phrases of the background."""
    begins = (
        "Masons have laid the first stone of a new bridge over the river Mora, ending eleven winters of ferries and "
        "detours. Snow fell, so nobody made a speech. The bridge will cost 41 million crowns and swallows may nest "
        "below its arches, as Altenau had promised their friends among the voters."
    )
    later = f"{begins} {BRIDGE[BRIDGE.index('Councillors') :]}"
    assert not _are_one(HEADLINE, BRIDGE, HEADLINE, later)
    assert _are_one(HEADLINE, BRIDGE, HEADLINE, BRIDGE[BRIDGE.index("Councillors") :])


def test_a_sample_is_bounded_and_short_texts_have_none() -> None:
    assert len(sample(words_of([BRIDGE]))) == SAMPLE
    assert sample(words_of(["Bridge opens"])) == ()


def _draft(text: str, name: str) -> ArticleDraft:
    return ArticleDraft(f"Told by {name}", (text,), url=f"https://{name}.example/1", source=name, published_at=NOON)


async def test_a_copy_becomes_a_source_of_the_article(db: Database) -> None:
    desk = Desk(db)
    first, second = _draft(BRIDGE, "wire"), _draft(_printed_elsewhere(BRIDGE, 3), "daily")
    taken = await desk.take(first, kind=SourceKind.FEED, trusted=True, now=NOON)
    copied = await desk.take(second, kind=SourceKind.FEED, trusted=True, now=NOON)
    again = await desk.take(second, kind=SourceKind.FEED, trusted=True, now=NOON)
    assert taken.duplicate_of is None
    assert copied.duplicate_of == again.duplicate_of == taken.article.id
    async with db.read() as tx:
        (copy,) = await near.copies_of(tx, taken.article.id)
    assert (copy.source, copy.headline, copy.url) == ("daily", "Told by daily", "https://daily.example/1")


async def test_copies_that_come_together_are_one_too(db: Database) -> None:
    desk = Desk(db)
    drafts = [_draft(BRIDGE, "wire"), _draft(_printed_elsewhere(BRIDGE, 1), "daily"), _draft(KOREAN, "korean")]
    prepared = [await desk.prepare(draft, Arrival(SourceKind.FEED, trusted=True, now=NOON)) for draft in drafts]
    wire, daily, korean = await desk.store_all(prepared)
    assert (wire.duplicate_of, daily.duplicate_of, korean.duplicate_of) == (None, wire.article.id, None)


async def test_old_samples_are_forgotten(db: Database) -> None:
    desk = Desk(db)
    taken = await desk.take(_draft(BRIDGE, "wire"), kind=SourceKind.FEED, trusted=True, now=NOON)
    shingles = sample(words_of([BRIDGE]))
    async with db.begin() as tx:
        assert near.candidates(await near.holders(tx, shingles)) == [taken.article.id]
        assert await near.prune(tx, before=NOON, limit=10) == 0
        assert await near.prune(tx, before=taken.article.created_at.replace(year=2099), limit=10) == SAMPLE
        assert near.candidates(await near.holders(tx, shingles)) == []


@pytest.mark.parametrize(
    ("anew", "one"),
    [(range(200, 230), False), (range(30), False), (range(385, 400), True), (range(0, 400, 12), True)],
    ids=["news in the middle", "news first", "a note at the end", "words here and there"],
)
def test_a_later_report_on_the_same_background_is_another_article(anew: range, one: bool) -> None:
    words = [f"word{at}x" for at in range(400)]
    later = [f"other{at}x" if at in anew else word for at, word in enumerate(words)]
    assert are_one(likeness("Bridge opens", words), likeness("Bridge opens", later)) is one


SERIES = (
    "The Bank of Orvell said it expects a shortage of {} million in the money market today. Among what counts, bills "
    "that mature in official hands will drain {} million, and exchequer transactions take out {} million. A rise in "
    "notes takes {} million, while bankers' balances above their target add {} million, and all {} other items little."
)


@pytest.mark.parametrize(
    ("figures", "one"),
    [(("450", "512", "70", "225", "35", "9"), True), (("450", "330", "65", "225", "35", "9"), False)],
    ids=["a figure changed", "the next day"],
)
def test_reports_in_a_series_agree_in_figures(figures: tuple[str, ...], one: bool) -> None:
    first = likeness("Money market", words_of([SERIES.format("450", "510", "70", "225", "35", "9")]))
    assert are_one(first, likeness("Money market", words_of([SERIES.format(*figures)]))) is one
