"""`tidings sources` over a local web."""

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.opml import Listed, read_opml
from tests.bot.cli_rig import CommandLine, Done, command_line
from tests.bot.service_rig import environment
from tests.ingest.feed_site import Canned, Site, item, rss, site

OPML = """<opml version="2.0"><body><outline text="Asia"><outline text="Seoul Daily" xmlUrl="https://e.org/seoul"/>
    </outline><outline text="Busan" xmlUrl="https://e.org/busan"/></body></opml>"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    with command_line(tmp_path_factory.mktemp("cli"), environment(FETCH_ALLOW_PRIVATE="127.0.0.1")) as started:
        yield started


@pytest.fixture
def cli(program: CommandLine, tmp_path: Path) -> CommandLine:
    return program.at(tmp_path)


@pytest.fixture(scope="module")
def web() -> Iterator[Site]:
    """In a thread of its own: the command line is called without await."""
    ready: list[Site] = []
    opened, loop = threading.Event(), asyncio.new_event_loop()
    over = asyncio.Event()

    async def serve() -> None:
        async with site() as made:
            made.pages["/"] = Canned(
                '<link rel="alternate" type="application/rss+xml" href="/feed">', headers={"Content-Type": "text/html"}
            )
            made.pages["/feed"] = Canned(rss([item(n) for n in range(7)], more="<ttl>180</ttl>"))
            ready.append(made)
            opened.set()
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert opened.wait(10)
    yield ready[0]
    loop.call_soon_threadsafe(over.set)
    thread.join()
    loop.close()


def rows(done: Done) -> list[dict[str, object]]:
    return [json.loads(line) for line in done.out.splitlines()]


def test_a_site_is_added_listed_paused_and_removed(cli: CommandLine, web: Site) -> None:
    done = cli("sources", "add", web.url("/"), "--folder", "Sea", "--review")
    assert (done.status, done.out) == (0, f"added #1 Harbour Wire {web.url('/feed')}\n")
    assert cli("sources", "add", web.url("/feed")).out.startswith("known #1")
    (row,) = rows(cli("sources", "list", "--json"))
    assert (row["name"], row["folder"], row["trusted"], row["state"]) == ("Harbour Wire", "Sea", False, "active")
    assert cli("sources", "pause", "harbour").status == 0
    (row,) = rows(cli("sources", "list", "--json"))
    assert (row["state"], row["reason"]) == ("paused", "on the command line")
    listed = cli("sources", "list")
    assert "Harbour Wire" in listed.out
    assert cli("sources", "resume", "1").out == "resumed #1 Harbour Wire\n"
    assert cli("sources", "remove", web.url("/feed")).status == 0
    assert rows(cli("sources", "list", "--json")) == []


def test_a_feed_is_looked_at_without_storing_anything(cli: CommandLine, web: Site) -> None:
    (row,) = rows(cli("sources", "test", web.url("/"), "--json"))
    assert (row["address"], row["title"], row["items"]) == (web.url("/feed"), "Harbour Wire", 7)
    assert row["holds"] == "whole articles"
    assert len(row["newest"]) == 5  # type: ignore[arg-type]
    assert cli("sources", "test", web.url("/")).out.splitlines()[1].split() == ["title", "Harbour", "Wire"]
    assert rows(cli("sources", "list", "--json")) == []


def test_what_is_no_feed_is_named_with_its_reason(cli: CommandLine, web: Site) -> None:
    done = cli("sources", "add", web.url("/feed"), web.url("/missing"), "http://10.0.0.1/feed")
    assert done.status == 1
    assert done.out.startswith("added #1")
    assert "no such page" in done.err
    assert "public internet" in done.err
    assert cli("sources", "test", web.url("/missing")).status == 1


def test_names_that_mean_none_or_several_change_nothing(cli: CommandLine) -> None:
    (cli.folder / "list.opml").write_text(OPML)
    assert cli("sources", "import", "list.opml").out == "2 added, 0 known already.\n"
    done = cli("sources", "pause", "u", "nobody", "busan")
    assert done.status == 1
    assert "could be any of" in done.err
    assert "'nobody'" in done.err
    assert done.out == "paused #2 Busan\n"


def test_a_list_comes_in_and_goes_out(cli: CommandLine) -> None:
    (cli.folder / "list.opml").write_text(OPML)
    assert cli("sources", "import", "list.opml").status == 0
    assert cli("sources", "import", "list.opml").out == "0 added, 2 known already.\n"
    expected = [Listed("https://e.org/busan", "Busan"), Listed("https://e.org/seoul", "Seoul Daily", "Asia")]
    assert read_opml(cli("sources", "export").out.encode()) == expected
    assert read_opml(cli("sources", "export", "-").out.encode()) == expected
    assert cli("sources", "export", "out.opml").status == 0
    assert read_opml((cli.folder / "out.opml").read_bytes()) == expected
    (cli.folder / "bad.opml").write_text("<html>")
    for name in ("bad.opml", "missing.opml"):
        done = cli("sources", "import", name)
        assert done.status == 1
        assert name in done.err
