from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, text, update

from storage import articles, migrate, search, search_sqlite
from storage.database import Database
from storage.records import Article, ArticleStatus, Cursor
from storage.schema import article
from storage.search_sql import FEW
from storage.words import MAX_TEXT, is_single_cjk
from tests.storage.making import NOON, add, seed

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


def words_of(typed: str) -> search.Query:
    return search.Query(tuple(search.phrases(typed)))


CASES = [
    ("defence", {"en"}), ("DEFENCE ministry", {"en"}), ("facade", {"en"}), ("us", {"en"}), ("U.S.", {"en"}),
    ("covid-19", {"en"}), ("xi", {"en"}), ("Xi's visit", {"en"}), ("2017", {"en"}), ("defen", set()),
    ("page", {"en"}),
    ("한국", {"ko"}), ("반도체", {"ko"}), ("수출", {"ko"}), ("남북", {"ko"}), ("관계", {"ko"}), ("한", {"ko"}),
    ("半导体", {"zh"}), ("出口", {"zh"}), ("习近平", {"zh"}), ("韩国特使", {"zh"}), ("使", {"zh"}), ("口出", set()),
    ("半導体", {"ja"}), ("工場", {"ja"}), ("メーカー", {"ja"}),
    ("президент", {"ru"}), ("елкино", {"ru"}), ("संसद", {"hi"}), ("प्रधानमंत्री", {"hi"}), ("الرئيس", {"ar"}),
    ("thaad", {"mix"}), ("배치", {"mix"}), ("5g", {"mix"}),
    ("5g서비스", {"mix"}), ("thaad배치와", {"mix"}), ("thaad치와", set()),
    ("", set()), ("?!", set()), ('"', set()), ("* OR NOT", set()), ("a:b & | !", set()), ("the xyzzy", set()),
    ("'; DROP TABLE article", set()), ("x" * 10_000, set()), ("\x00\ud800", set()),
]  # fmt: skip


async def test_words_are_found_in_every_script(db: Database) -> None:
    """One database for the whole table: making one takes longer than all the searches."""
    async with db.begin() as tx:
        for language, text in TEXTS.items():
            await add(tx, language, text=text)
        found = [
            (words, {article.headline for article in await search.search(tx, words_of(words), limit=50)})
            for words, _ in CASES
        ]
    assert found == CASES


async def test_pages_are_newest_first_without_gap_or_overlap(db: Database) -> None:
    async with db.begin() as tx:
        for number in range(12):
            await add(tx, f"War {number}", hours_ago=(number * 5) % 12 // 2)
        seen, before = [], None
        while found := await search.search(tx, words_of("war"), limit=5, before=before):
            seen += [(article.published_at, article.id) for article in found]
            before = Cursor(*seen[-1])
    assert len(seen) == 12
    assert seen == sorted(set(seen), reverse=True)


async def test_articles_before_1970_keep_their_order(db: Database) -> None:
    async with db.begin() as tx:
        old = await add(tx, "War old", hours_ago=24 * 365 * 90)
        new = await add(tx, "War new")
        assert [article.id for article in await search.search(tx, words_of("war"), limit=5)] == [new.id, old.id]
        after = await search.search(tx, words_of("war"), limit=5, before=Cursor(new.published_at, new.id))
        assert [article.id for article in after] == [old.id]


async def test_search_follows_edits_and_status(db: Database) -> None:
    async with db.begin() as tx:
        one = await add(tx, "Zebra")
        await add(tx, "Zebra waiting", status=ArticleStatus.PENDING)
        await articles.edit(tx, one.id, headline="Giraffe")
        assert [article.id for article in await search.search(tx, words_of("giraffe"), limit=5)] == [one.id]
        await articles.set_status(tx, one.id, ArticleStatus.CANCELED, NOON)
        assert await search.search(tx, words_of("giraffe"), limit=5) == []


async def test_search_follows_an_article_to_another_source(db: Database) -> None:
    async with db.begin() as tx:
        one, other = await add(tx, "Peace talks"), await add(tx, "War", source_name="AFP")
        gone = await add(tx, "Peace talks again")
        await articles.edit(tx, one.id, headline="Talks of peace")
        await tx.execute(update(article).where(article.c.id == one.id).values(source_id=other.source_id))
        await tx.execute(delete(article).where(article.c.id == gone.id))
        for source_id, expected in ((one.source_id, []), (other.source_id, [one.id])):
            query = search.Query((("talks", "of", "peace"),), source_ids=(source_id,))
            assert [item.id for item in await search.search(tx, query, limit=5)] == expected
        if db.dialect == "sqlite":  # its own comparison of the index with the articles
            await tx.execute(text("INSERT INTO article_fts(article_fts, rank) VALUES ('integrity-check', 1)"))


@pytest.mark.parametrize("revision", ["0017", "0023"])
async def test_articles_from_before_a_migration_are_found_by_their_source_too(db: Database, revision: str) -> None:
    async with db.begin() as tx:
        await add(tx, "War one")
        await add(tx, "War elsewhere", source_name="AFP")
    await migrate.downgrade(db, revision)
    await migrate.upgrade(db)
    async with db.begin() as tx:
        two = await add(tx, "War two")
        by_source = search.Query(source_ids=(two.source_id,))
        for query in (by_source, replace(by_source, phrases=(("war",),))):
            found = await search.search(tx, query, limit=5)
            assert [article.headline for article in found] == ["War two", "War one"]


async def test_what_is_said_as_the_index_says_sources_and_hours_finds_nothing(db: Database) -> None:
    async with db.begin() as tx:
        one = await add(tx, "War")
        hours = int(one.published_at.timestamp() // 3_600)
        own = f"{search_sqlite.SOURCE}{one.source_id}"
        for typed in (own, f"{own}{search_sqlite.SOURCE}war", f"@s.{one.source_id}", f"@0.{hours}"):
            assert await search.search(tx, words_of(typed), limit=5) == []


async def test_a_huge_article_is_stored_and_found_by_its_beginning(db: Database) -> None:
    text = "半导体" * 200_000 + " " + "w" * 100_000
    async with db.begin() as tx:
        huge = await add(tx, "Leviathan", text=text)
        assert [article.id for article in await search.search(tx, words_of("leviathan"), limit=5)] == [huge.id]


@given(st.text(), st.text())
def test_search_text_holds_only_words_and_spaces(headline: str, text: str) -> None:
    built = search.search_text(headline, [text])
    assert len(built) <= MAX_TEXT
    assert not set(built) & set(f"\x00\"'*():-@{search_sqlite.SOURCE}\n")
    assert "  " not in built


ELSEWHERE = ((), range(10_000, 10_000 + FEW))  # sources and topics of no article
VOCABULARY = ("seoul", "beijing", "trade", "talks", "envoy", "storm", "反导系统", "导弹", "反", "5g")


def _hours_ago(random: Random) -> int:
    """Days and weeks, so that PostgreSQL goes through short stretches of time and long ones."""
    return random.randrange(random.choice((60, 1_500)))


def _random_query(random: Random, sources: Sequence[int], topic_ids: Sequence[int]) -> search.Query:
    def some(chance: float) -> bool:
        return random.random() < chance

    def moment() -> datetime | None:
        return NOON - timedelta(hours=_hours_ago(random)) if some(0.3) else None

    def any_of(ids: Sequence[int]) -> tuple[int, ...]:
        return (*random.sample(ids, k=random.randrange(1, 3)), *random.choice(ELSEWHERE))

    phrases = search.phrases(" ".join(random.choices(VOCABULARY, k=random.randrange(3))))
    if some(0.3):
        phrases.append([random.choice(VOCABULARY[:6]), random.choice(VOCABULARY[:6])])
    return search.Query(
        tuple(phrases),
        tuple(search.phrases(random.choice(VOCABULARY))) if some(0.3) else (),
        tuple(any_of(topic_ids) for _ in range(random.randrange(3))),
        any_of(sources) if some(0.4) else None,
        moment(),
        moment(),
    )


def _holds(query: search.Query, article: Article, filed: Collection[int]) -> bool:
    tokens = f" {search.search_text(article.headline, article.paragraphs)} "

    def occurs(phrase: Sequence[str]) -> bool:
        return f" {' '.join(phrase)}{'' if is_single_cjk(phrase) else ' '}" in tokens

    return (
        all(occurs(phrase) for phrase in query.phrases)
        and not any(occurs(phrase) for phrase in query.without)
        and all(any(topic_id in filed for topic_id in ids) for ids in query.topics)
        and (query.source_ids is None or article.source_id in query.source_ids)
        and (query.since is None or article.published_at >= query.since)
        and (query.until is None or article.published_at < query.until)
    )


async def test_every_query_finds_what_reading_the_whole_archive_finds(db: Database) -> None:
    random = Random(11)
    topic_ids = list((await seed(db)).values())
    archive: dict[Article, set[int]] = {}
    async with db.begin() as tx:
        for number in range(50):
            filed = set(random.sample(topic_ids, k=random.randrange(3)))
            words = " ".join(random.choices(VOCABULARY, k=6))
            added = await add(
                tx,
                f"{number} {words}",
                hours_ago=_hours_ago(random),
                topic_ids=dict.fromkeys(filed, 4.0),
                source_name=random.choice(["Xinhua", "Yonhap", "AFP"]),
            )
            archive[added] = filed
        await add(tx, "Hidden seoul trade", status=ArticleStatus.PENDING)
    sources = sorted({article.source_id for article in archive})
    newest_first = sorted(archive, key=lambda item: (item.published_at, item.id), reverse=True)
    async with db.read() as tx:
        for _ in range(80):
            query = _random_query(random, sources, topic_ids)
            wanted = [] if query.is_empty else [item for item in newest_first if _holds(query, item, archive[item])]
            pages = [(None, wanted), *((Cursor(item.published_at, item.id), wanted[4:]) for item in wanted[3:4])]
            for before, rest in pages:
                found = await search.search(tx, query, limit=7, before=before, read=3)
                assert [item.id for item in found] == [item.id for item in rest[:7]], query
