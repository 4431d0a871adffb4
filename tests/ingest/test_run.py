import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from ingest import samples
from ingest.desk import Desk, Prepared, Taken
from ingest.errors import FetchError
from ingest.order import in_groups, in_order, unbroken
from ingest.run import TOGETHER, Handling, Ingest, Outcome, Result, counted, to_json
from ingest.subjects import expand
from ingest.topics import load_specs
from storage import topics
from storage.database import Database
from storage.records import ArticleStatus, SourceKind

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
OLD, NEW = NOW - timedelta(days=30), NOW - timedelta(hours=2)
FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>Example Wire</title>
<item><title>Old storm</title><link>https://e.org/1</link><pubDate>{old}</pubDate>
<description>The storm of last month closed the harbour for two days.</description></item>
<item><title>New storm</title><link>https://e.org/2</link><pubDate>{new}</pubDate>
<description>The storm of this morning closed the harbour again.</description></item></channel></rss>""".format(
    old=OLD.strftime("%a, %d %b %Y %H:%M:%S GMT"), new=NEW.strftime("%a, %d %b %Y %H:%M:%S GMT")
)


@dataclass(frozen=True)
class Answer:
    url: str
    body: bytes
    content_type: str | None = None


class Pages:
    """A web of a few addresses."""

    def __init__(self, **bodies: str) -> None:
        self._bodies = {f"https://e.org/{name}": body for name, body in bodies.items()}

    async def get(self, url: str) -> Answer:
        if url not in self._bodies:
            raise FetchError("its site has no such page (answer 404)", url=url, advice="Check the address.")
        return Answer(url, self._bodies[url].encode())


def ingest_of(db: Database, pages: Pages | None = None) -> Ingest:
    return Ingest(Desk(db, monotonic=lambda: 0.0), pages, clock=lambda: NOW)


async def all_of(ingest: Ingest, names: Sequence[object], handling: Handling | None = None) -> list[Result]:
    return [result async for result in ingest.run(map(str, names), handling or Handling())]


def write(path: Path, headline: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{headline}\n\nThe text of it says what happened on Monday.", encoding="utf-8")


async def test_a_folder_is_read_in_order_and_bad_files_are_named(db: Database, tmp_path: Path) -> None:
    tmp_path = tmp_path / "in"
    write(tmp_path / "b.txt", "Second")
    write(tmp_path / "a.txt", "First")
    write(tmp_path / "deep/er/c.txt", "Third")
    write(tmp_path / ".hidden/d.txt", "Hidden")
    write(tmp_path / "e.txt", "First")
    (tmp_path / "bad.txt").write_bytes(bytes(range(256)) * 10)
    (tmp_path / "__init__.py").write_text('''"""Storms, in Python. It is no news of a storm in the harbour."""''')
    (tmp_path / ".DS_Store").write_bytes(b"\x00\x00\x00\x01Bud1")
    (tmp_path / "empty.txt").touch()
    steps: list[tuple[int, int]] = []
    results = [
        result
        async for result in ingest_of(db).run([str(tmp_path), "/no/such"], progress=lambda *step: steps.append(step))
    ]
    found = {Path(result.subject).name: (result.outcome, result.reason) for result in results}
    assert found == {
        "a.txt": (Outcome.ADDED, None),
        "b.txt": (Outcome.ADDED, None),
        ".DS_Store": (Outcome.SKIPPED, "hidden file"),
        ".hidden": (Outcome.SKIPPED, "hidden folder"),
        "__init__.py": (Outcome.SKIPPED, ".py"),
        "bad.txt": (Outcome.FAILED, "it is not text, HTML, or a feed"),
        "c.txt": (Outcome.ADDED, None),
        "e.txt": (Outcome.KNOWN, None),
        "empty.txt": (Outcome.FAILED, "it is empty"),
        "such": (Outcome.FAILED, "there is no such file"),
    }
    assert [result.article.id for result in results if result.article] == [1, 2, 3, 1]
    assert steps == [(number, 7) for number in range(8)]
    assert counted(results) == {Outcome.ADDED: 3, Outcome.KNOWN: 1, Outcome.FAILED: 3, Outcome.SKIPPED: 3}


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("News.TXT", "", None), ("page.html", "", None), ("rows.jsonl", "", None), ("mail.eml", "", None),
        ("a.docx", "", None), ("a.pdf", "", None), ("notes.md", "", None), ("feeds.opml", "", None),
        ("storm.jpg", "", ".jpg"), ("app.js", "", ".js"), ("a.txt~", "", ".txt~"), ("Thumbs.db", "", ".db"),
        (".DS_Store", "", "hidden file"), ("~$a.docx", "", "hidden file"),
        ("LICENSE", "Permission is hereby granted", "no ending"), ("Mr. Smith resigns", "<html><p>He did.", None),
        ("index.php?id=7", "<!DOCTYPE html><p>Storm", None), ("2026-11-20", '<rss version="2.0">', None),
        ("53068", "From: ann@e.org\nMessage-ID: <1@e.org>\nReceived: from e.org\n\nHello", None),
    ],
)  # fmt: skip
def test_of_a_folder_only_what_may_be_articles_is_read(tmp_path: Path, name: str, content: str, kind: str) -> None:
    (tmp_path / name).write_text(content)
    assert [(Path(found.name).name, found.skipped) for found in expand([str(tmp_path)])] == [(name, kind)]
    assert [found.skipped for found in expand([str(tmp_path / name)])] == [None]


async def test_the_samples_go_in(db: Database) -> None:
    async with db.begin() as tx:
        await topics.seed(tx, load_specs())
    results = await all_of(ingest_of(db), samples.paths())
    rows = [to_json(result) for result in results]
    assert all(result.outcome is Outcome.ADDED for result in results)
    assert {row["language"] for row in rows} >= {"en", "ko", "zh"}
    assert len({slug for row in rows for slug in row["topics"]}) >= 10
    (xi_lee,) = (row for row in rows if row["source"] == "Xinhua")
    assert list(xi_lee) == [
        "id", "headline", "source", "published_at", "language", "topics", "caption", "paragraphs", "summary", "status",
        "duplicate_of", "published_guessed", "paywalled",
    ]  # fmt: skip
    assert xi_lee["published_at"] == "2017-05-19T11:50:52Z"
    assert {"korea", "china"} <= set(xi_lee["topics"])
    assert len(xi_lee["paragraphs"]) == 15
    assert len(xi_lee["summary"]) == 3
    assert (xi_lee["status"], xi_lee["duplicate_of"]) == ("usable", None)
    json.dumps(rows)


async def test_old_items_of_a_feed_are_archive(db: Database, tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_text(FEED)
    results = await all_of(ingest_of(db), [tmp_path / "feed.xml"])
    assert [(result.article.headline, result.article.archive) for result in results if result.article] == [
        ("Old storm", True),
        ("New storm", False),
    ]


async def test_old_files_are_archive_only_when_asked(db: Database, tmp_path: Path) -> None:
    for number in (1, 2):
        row = {"title": f"T{number}", "text": "Text of it.", "published_at": OLD.isoformat()}
        (tmp_path / f"{number}.json").write_text(json.dumps(row))
    (plain,) = await all_of(ingest_of(db), [tmp_path / "1.json"])
    (asked,) = await all_of(ingest_of(db), [tmp_path / "2.json"], Handling(archive=True))
    assert plain.article is not None
    assert asked.article is not None
    assert (plain.article.archive, asked.article.archive) == (False, True)


async def test_addresses_lists_of_feeds_and_standard_input(db: Database, tmp_path: Path) -> None:
    opml = '<opml version="2.0"><body><outline xmlUrl="https://e.org/feed"/><outline xmlUrl="https://e.org/gone"/></body></opml>'
    (tmp_path / "feeds.opml").write_text(opml)
    pages = Pages(feed=FEED, page="Storm at sea\n\nThe storm sank a ship on Monday, officials said.")
    results = [
        result
        async for result in ingest_of(db, pages).run(
            [str(tmp_path / "feeds.opml"), "https://e.org/page", "-"],
            stdin=lambda: b"Said aloud\n\nIt was read from a pipe.",
        )
    ]
    assert [(result.subject, result.outcome.value) for result in results] == [
        ("https://e.org/feed", "added"),
        ("https://e.org/feed", "added"),
        ("https://e.org/gone", "failed"),
        ("https://e.org/page", "added"),
        ("-", "added"),
    ]
    assert results[2].reason == "its site has no such page (answer 404). Check the address."
    assert to_json(results[2]) == {"path": "https://e.org/gone", "error": results[2].reason}


async def test_what_a_contributor_gives_waits(db: Database) -> None:
    handling = Handling(trusted=False, added_by=77)
    data = b"Storm closes harbour\n\nThe storm closed the harbour on Monday."
    (result,) = await ingest_of(db).data(data, name="message.txt", handling=handling, kind=SourceKind.MANUAL)
    assert result.article is not None
    assert (result.article.status, result.article.added_by) == (ArticleStatus.PENDING, 77)
    (failed,) = await ingest_of(db).data(b"hi", name="message.txt", handling=handling, kind=SourceKind.MANUAL)
    assert (failed.outcome, failed.reason) == (Outcome.FAILED, "it holds no article text")
    (page,) = await ingest_of(db).page("https://e.org/x", handling=handling)
    assert page.outcome is Outcome.FAILED


async def test_jobs_end_in_order_and_stop_when_nobody_listens() -> None:
    running: list[int] = []

    async def job(number: int) -> int:
        running.append(number)
        assert len(running) - number <= 3
        return number

    assert [number async for number in in_order((partial(job, number) for number in range(9)), 3)] == list(range(9))
    running.clear()
    stream = in_order((partial(job, number) for number in range(9)), 3)
    assert await anext(stream) == 0
    await stream.aclose()
    assert len(running) <= 3


async def test_a_run_that_is_left_early_leaves_nothing_running(db: Database, tmp_path: Path) -> None:
    running: set[str] = set()

    class Slow(Pages):
        async def get(self, url: str) -> Answer:
            running.add(url)
            try:
                await asyncio.Event().wait()
            finally:
                running.remove(url)
            raise AssertionError

    rows = [{"headline": f"Storm {number}", "text": "It closed the harbour."} for number in range(3 * TOGETHER)]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    results = ingest_of(db, Slow()).run([str(tmp_path / "a.jsonl"), "https://e.org/1"])
    assert (await anext(results)).outcome is Outcome.ADDED
    assert running
    await results.aclose()
    assert not running


@pytest.mark.parametrize("name", ["/dev/null", "no\x00such", "x" * 5_000])
async def test_odd_paths_are_named(sqlite_url: str, name: str) -> None:
    database = Database(sqlite_url)
    (result,) = await all_of(ingest_of(database), [name])
    await database.dispose()
    assert result.outcome is Outcome.FAILED
    assert result.reason


async def test_a_group_waits_for_its_first_alone() -> None:
    gates = [asyncio.Event() for _ in range(5)]

    async def job(number: int) -> int:
        await gates[number].wait()
        return number

    stream = in_groups((partial(job, number) for number in range(5)), 3)
    gates[0].set()
    assert await anext(stream) == [0]
    gates[1].set()
    gates[2].set()
    assert await anext(stream) in ([1], [1, 2])
    for gate in gates:
        gate.set()
    assert [number async for group in stream for number in group][-2:] == [3, 4]


async def test_who_is_cancelled_still_gets_what_is_unbroken() -> None:
    begun, go, got = asyncio.Event(), asyncio.Event(), list[int]()

    async def work() -> list[int]:
        begun.set()
        await go.wait()
        return [1, 2]

    async def caller() -> None:
        async for value in unbroken(work()):
            got.append(value)

    task = asyncio.create_task(caller())
    await begun.wait()
    task.cancel()
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert got == [1, 2]


async def test_who_stops_a_reading_hears_of_all_that_was_stored(db: Database, tmp_path: Path) -> None:
    folder, results = tmp_path / "news", list[Result]()
    folder.mkdir()
    for number in range(3 * TOGETHER):
        write(folder / f"{number:02}.txt", f"Korea talks {number}")

    class Stopped(Desk):
        async def store_all(self, prepared: Sequence[Prepared | Taken]) -> list[Taken]:
            reading.cancel()
            return await super().store_all(prepared)

    async def read() -> None:
        async for result in Ingest(Stopped(db), clock=lambda: NOW).run([str(folder)]):
            results.append(result)

    reading = asyncio.create_task(read())
    with pytest.raises(asyncio.CancelledError):
        await reading
    async with db.read() as tx:
        stored = (await tx.exec_driver_sql("SELECT count(*) FROM article")).scalar_one()
    assert 0 < len(results) == stored < 3 * TOGETHER


async def test_a_group_with_an_article_that_cant_be_stored_loses_no_other(db: Database, tmp_path: Path) -> None:
    """A topic that is deleted while articles are studied breaks the transaction of all of them."""
    folder = tmp_path / "news"
    folder.mkdir()
    for number in range(3):
        write(folder / f"{number}.txt", f"Korea talks {number}")
    async with db.begin() as tx:
        await topics.seed(tx, load_specs())

    class Late(Desk):
        async def store_all(self, prepared: Sequence[Prepared | Taken]) -> list[Taken]:
            async with db.begin() as tx:
                await tx.exec_driver_sql("DELETE FROM topic")
            return await super().store_all(prepared)

    results = [result async for result in Ingest(Late(db), clock=lambda: NOW).run([str(folder)])]
    assert [result.outcome for result in results] == [Outcome.ADDED] * 3
