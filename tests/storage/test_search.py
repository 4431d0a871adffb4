from hypothesis import given
from hypothesis import strategies as st

from storage import articles, search
from storage.database import Database
from storage.records import ArticleStatus, Cursor
from storage.words import MAX_TEXT
from tests.storage.making import NOON, add

TEXTS = {
    "en": "The U.S. defence ministry's façade, COVID-19 and the Xi's visit in 2017 cost $2.4 million (see page_7).",
    "ko": "한국은 반도체수출을 늘렸다. 남북관계도 나아졌다",
    "zh": "中国半导体出口增长，习近平主席会见了韩国特使。",
    "ja": "日本の半導体メーカーが新工場を建設する",
    "ru": "Президент России посетил Ёлкино",
    "hi": "प्रधानमंत्री ने संसद में भाषण दिया",
    "ar": "قال الرئيس إن بلاده مستعدة",
    "mix": "삼성전자 THAAD배치와 5G서비스 출시",
}


CASES = [
    ("defence", {"en"}), ("DEFENCE ministry", {"en"}), ("facade", {"en"}), ("us", {"en"}), ("U.S.", {"en"}),
    ("covid-19", {"en"}), ("xi", {"en"}), ("Xi's visit", {"en"}), ("2017", {"en"}), ("defen", set()),
    ("page", {"en"}),
    ("한국", {"ko"}), ("반도체", {"ko"}), ("수출", {"ko"}), ("남북", {"ko"}), ("관계", {"ko"}), ("한", {"ko"}),
    ("半导体", {"zh"}), ("出口", {"zh"}), ("习近平", {"zh"}), ("韩国特使", {"zh"}), ("使", {"zh"}), ("口出", set()),
    ("半導体", {"ja"}), ("工場", {"ja"}), ("メーカー", {"ja"}),
    ("президент", {"ru"}), ("елкино", {"ru"}), ("संसद", {"hi"}), ("प्रधानमंत्री", {"hi"}), ("الرئيس", {"ar"}),
    ("thaad", {"mix"}), ("배치", {"mix"}), ("5g", {"mix"}),
    ("", set()), ("?!", set()), ('"', set()), ("* OR NOT", set()), ("a:b & | !", set()), ("the xyzzy", set()),
    ("'; DROP TABLE article", set()), ("x" * 10_000, set()), ("\x00\ud800", set()),
]  # fmt: skip


async def test_words_are_found_in_every_script(db: Database) -> None:
    """One database for the whole table: making one takes longer than all the searches."""
    async with db.begin() as tx:
        for language, text in TEXTS.items():
            await add(tx, language, text=text)
        found = [
            (words, {article.headline for article in await search.search(tx, words, limit=50)}) for words, _ in CASES
        ]
    assert found == CASES


async def test_pages_are_newest_first_without_gap_or_overlap(db: Database) -> None:
    async with db.begin() as tx:
        for number in range(12):
            await add(tx, f"War {number}", hours_ago=(number * 5) % 12 // 2)
        seen, before = [], None
        while found := await search.search(tx, "war", limit=5, before=before):
            seen += [(article.published_at, article.id) for article in found]
            before = Cursor(*seen[-1])
    assert len(seen) == 12
    assert seen == sorted(set(seen), reverse=True)


async def test_articles_before_1970_keep_their_order(db: Database) -> None:
    async with db.begin() as tx:
        old = await add(tx, "War old", hours_ago=24 * 365 * 90)
        new = await add(tx, "War new")
        assert [article.id for article in await search.search(tx, "war", limit=5)] == [new.id, old.id]
        after = await search.search(tx, "war", limit=5, before=Cursor(new.published_at, new.id))
        assert [article.id for article in after] == [old.id]


async def test_search_follows_edits_and_status(db: Database) -> None:
    async with db.begin() as tx:
        one = await add(tx, "Zebra")
        await add(tx, "Zebra waiting", status=ArticleStatus.PENDING)
        await articles.edit(tx, one.id, headline="Giraffe")
        assert [article.id for article in await search.search(tx, "giraffe", limit=5)] == [one.id]
        await articles.set_status(tx, one.id, ArticleStatus.CANCELED, NOON)
        assert await search.search(tx, "giraffe", limit=5) == []


async def test_a_huge_article_is_stored_and_found_by_its_beginning(db: Database) -> None:
    text = "半导体" * 200_000 + " " + "w" * 100_000
    async with db.begin() as tx:
        huge = await add(tx, "Leviathan", text=text)
        assert [article.id for article in await search.search(tx, "leviathan", limit=5)] == [huge.id]


@given(st.text(), st.text())
def test_search_text_holds_only_words_and_spaces(headline: str, text: str) -> None:
    built = search.search_text(headline, [text])
    assert len(built) <= MAX_TEXT
    assert not set(built) & set("\x00\"'*():-\n")
    assert "  " not in built
