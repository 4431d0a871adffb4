"""`tidings sources`: the feeds that are polled. The running service takes up each change at its next look."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.markup import escape
from rich.table import Table

from bot import source_words, stored, terminal
from config.settings import Settings
from ingest import opml, polling
from ingest.discover import Found, find_feed
from ingest.errors import ExtractError, FetchError
from ingest.fetch import Fetcher
from ingest.takeover import take_over
from storage import sources as rows
from storage.database import Database
from storage.records import FeedState, PolledFeed, Source, SourceKind

T = TypeVar("T")
SHOWN_ITEMS = 5
WEEK = timedelta(days=7)

sources = typer.Typer(
    help="Add, list, pause, test or remove the feeds that are polled.", no_args_is_help=True, add_completion=False
)

Names = Annotated[list[str], typer.Argument(metavar="SOURCE…", help="numbers, names or addresses")]


def _call(work: Callable[[Database], Awaitable[T]]) -> T:
    settings = terminal.settings()

    async def opened() -> T:
        async with stored.opened(settings) as database:
            return await work(database)

    with stored.explained():
        return terminal.run(opened())


def _now() -> datetime:
    return datetime.now(UTC)


# Adding


@sources.command()
def add(
    addresses: Annotated[list[str], typer.Argument(metavar="ADDRESS…", help="of feeds, or of sites that have one")],
    name: Annotated[str | None, typer.Option(help="how it is called; else as it calls itself")] = None,
    folder: Annotated[str, typer.Option(help="what it is sorted under in lists")] = "",
    review: Annotated[bool, typer.Option("--review", help="an editor approves what it brings")] = False,
) -> None:
    """Poll the feed at each address, or the one that its page names."""
    if name is not None and len(addresses) > 1:
        raise terminal.fail("--name is for one address at a time.", 2)
    found = terminal.run(_find_all(terminal.settings(), addresses))
    good = [one for one in found if isinstance(one, Found)]

    async def store(database: Database) -> list[tuple[PolledFeed, bool]]:
        async with database.begin() as tx:
            values: dict[str, Any] = {"trusted": not review, "folder": folder, "now": _now()}
            return [await rows.add_feed(tx, url=one.url, name=name or one.title, **values) for one in good]

    for one, (feed, new) in zip(good, _call(store) if good else [], strict=True):
        said = "added" if new else "known"
        terminal.out.print(f"{said} #{feed.source.id} {feed.source.name} {feed.url}", markup=False)
        for other in one.others if new else ():
            terminal.err.print(f"      its page also names {other}", markup=False)
    for address, problem in zip(addresses, found, strict=True):
        if isinstance(problem, FetchError):
            terminal.err.print(f"{address}: {problem}", style="red", markup=False)
    if len(good) < len(addresses):
        raise typer.Exit(1)


async def _find_all(settings: Settings, addresses: Sequence[str]) -> list[Found | FetchError]:
    async with Fetcher(allow_hosts=settings.fetch_allow_private) as fetcher:
        return [await _find(fetcher, address) for address in addresses]


async def _find(fetcher: Fetcher, address: str) -> Found | FetchError:
    try:
        return await find_feed(fetcher, address)
    except FetchError as error:
        return error


@sources.command("test")
def try_out(
    address: Annotated[str, typer.Argument(help="of a feed or a site; or a source's number or name")],
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
) -> None:
    """Look at a feed as a poll would, and store nothing."""
    known = _call(lambda database: _named(database, address))
    url = known[0].url if len(known) == 1 else address
    (found,) = terminal.run(_find_all(terminal.settings(), [url]))
    if isinstance(found, FetchError):
        raise terminal.fail(f"{address}: {found}")
    report = _report(found, _now())
    if as_json:
        terminal.print_json(report)
        return
    for key, value in report.items():
        lines = value if isinstance(value, list) else [value]
        for number, line in enumerate(lines):
            terminal.out.print(f"{'' if number else key.replace('_', ' '):<16}{line}", markup=False)


def _report(found: Found, now: datetime) -> dict[str, Any]:
    drafts = found.feed.drafts
    whole = polling.holds_whole(drafts, None)
    own = Source(0, found.title, SourceKind.FEED, None, trusted=True)
    dated = max((draft.published_at for draft in drafts if draft.published_at), default=None)
    pace: dict[str, Any] = {"gap_s": polling.gap(drafts, now), "ttl_s": found.feed.ttl_s, "new_at": dated}
    seconds = polling.wait(PolledFeed(own, found.url, "", "", FeedState.ACTIVE, now, **pace), 0.0, now, 1.0)
    newest = sorted(drafts, key=lambda draft: draft.published_at or now, reverse=True)[:SHOWN_ITEMS]
    return {
        "address": found.url,
        "title": found.title,
        "items": len(drafts),
        "holds": "nothing yet" if whole is None else "whole articles" if whole else "summaries; pages are read too",
        "asked_every": source_words.span(timedelta(seconds=seconds)),
        "hub": found.feed.hub or "none",
        "newest": [draft.headline for draft in newest],
        "others": list(found.others),
    }


# Looking


@sources.command("list")
def list_all(as_json: Annotated[bool, typer.Option("--json", help="one JSON object a source")] = False) -> None:
    """All sources, those in trouble first."""

    async def read(database: Database) -> tuple[list[PolledFeed], dict[int, int]]:
        async with database.read() as tx:
            found = await rows.list_feeds(tx)
            return found, await rows.count_articles(tx, [feed.source.id for feed in found], _now() - WEEK)

    found, counts = _call(read)
    if as_json:
        for feed in found:
            terminal.print_json(_to_json(feed, counts.get(feed.source.id, 0)))
    elif found:
        terminal.out.print(_table(found, counts))
    else:
        terminal.err.print("There is no source yet. Add one: tidings sources add example.org")


def _table(found: Sequence[PolledFeed], counts: dict[int, int]) -> Table:
    table = Table("", "no.", "name", "folder", "7 days", "next look", "how it is", "address", box=None)
    now = _now()
    for feed in found:
        table.add_row(
            source_words.mark(feed),
            str(feed.source.id),
            escape(feed.source.name),
            escape(feed.folder),
            str(counts.get(feed.source.id, 0)),
            source_words.next_look(feed, now),
            escape(source_words.health(feed, now)),
            escape(feed.url),
        )
    return table


def _to_json(feed: PolledFeed, articles: int) -> dict[str, Any]:
    times = {"next_at": feed.next_at, "ok_at": feed.ok_at, "failing_since": feed.failing_since}
    times |= {"hub_until": feed.hub_until, "hub_told_at": feed.hub_told_at}
    return {
        "id": feed.source.id,
        "name": feed.source.name,
        "url": feed.url,
        "folder": feed.folder,
        "trusted": feed.source.trusted,
        "state": feed.state.value,
        "reason": feed.reason,
        "failures": feed.failures,
        "last_error": feed.last_error,
        "articles_in_7_days": articles,
        "hub": feed.hub,
        **{name: None if at is None else at.isoformat(timespec="seconds") for name, at in times.items()},
    }


async def _named(database: Database, named: str) -> list[PolledFeed]:
    async with database.read() as tx:
        return await rows.find_feeds(tx, named)


# Changing


@sources.command()
def pause(names: Names) -> None:
    """Poll it no more until it is resumed."""
    _change(names, "paused", lambda tx, feed: rows.pause(tx, feed.source.id, "on the command line"))


@sources.command()
def resume(names: Names) -> None:
    """Poll it again, from now."""
    _change(names, "resumed", lambda tx, feed: rows.resume(tx, feed.source.id, _now()))


@sources.command()
def remove(names: Names) -> None:
    """Poll it no more and forget it; its articles stay."""
    _change(names, "removed", lambda tx, feed: rows.remove_feed(tx, feed.source.id))


def _change(names: Sequence[str], told: str, work: Callable[[Any, PolledFeed], Awaitable[None]]) -> None:
    """Each name must mean one source; where one doesn't, the others are changed all the same."""

    async def each(database: Database) -> int:
        wrong = 0
        for name in names:
            found = await _named(database, name)
            if len(found) != 1:
                wrong += 1
                terminal.err.print(_not_one(name, found), style="red", markup=False)
                continue
            async with database.begin() as tx:
                await work(tx, found[0])
            terminal.out.print(f"{told} #{found[0].source.id} {found[0].source.name}", markup=False)
        return wrong

    if _call(each):
        raise typer.Exit(1)


def _not_one(name: str, found: Sequence[PolledFeed]) -> str:
    if not found:
        return f"No source is called {name!r}. See: tidings sources list"
    meant = ", ".join(f"#{feed.source.id} {feed.source.name}" for feed in found[:10])
    return f"{name!r} could be any of {meant}. Say the number."


# Lists


@sources.command("import")
def import_list(path: Annotated[Path, typer.Argument(help="an OPML file, as feed readers export it")]) -> None:
    """Take over a list of feeds with its folders."""
    try:
        listed = opml.read_opml(path.read_bytes())
    except OSError as error:
        raise terminal.fail(f"{path} can't be read: {error.strerror}.") from None
    except ExtractError as error:
        raise terminal.fail(f"{path}: {error}.") from None

    added = _call(lambda database: take_over(database, listed, now=_now()))
    terminal.out.print(f"{added} added, {len(listed) - added} known already.")


@sources.command()
def export(
    path: Annotated[Path | None, typer.Argument(help="where to; by default, or with -, to the terminal")] = None,
) -> None:
    """The list of feeds as OPML."""

    async def read(database: Database) -> list[PolledFeed]:
        async with database.read() as tx:
            return await rows.list_feeds(tx)

    listed = opml.by_folder([opml.Listed(feed.url, feed.source.name, feed.folder) for feed in _call(read)])
    data = opml.write_opml(listed, title="Tidings", now=_now())
    if path is None or path == Path("-"):
        terminal.out.file.write(data.decode())
    else:
        path.write_bytes(data)
        count = "1 source" if len(listed) == 1 else f"{len(listed)} sources"
        terminal.err.print(f"{count} written to {path}.", markup=False)
