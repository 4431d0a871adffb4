"""`tidings ingest`, `tidings digest`: articles in, digests out."""

import asyncio
import signal
from collections.abc import Iterator, Sequence
from contextlib import aclosing, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from bot import stored, terminal
from bot.course import Course, Tally
from config.settings import Settings
from delivery import preview, render
from ingest.desk import Desk
from ingest.fetch import Fetcher
from ingest.robots import Pages, Robots
from ingest.run import Handling, Ingest, Outcome, Result, to_json
from ingest.studying import studying
from ingest.subjects import expand
from ingest.topics import load_specs
from ingest.workers import Workers
from storage import topics
from storage.database import Database

DIGEST_LENGTH = 5
MANY = 100  # files and addresses, from which on another process is worth its start


def ingest(
    names: Annotated[list[str], typer.Argument(metavar="PATH… | URL… | -", help="files, folders, pages, feeds")],
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object an article")] = False,
    archive: Annotated[
        bool, typer.Option("--archive", help="what is over three days old is found, never pushed")
    ] = False,
) -> None:
    """Take articles in from files (.txt .md .html .xml .json .jsonl .opml .eml .docx .pdf), folders, pages and feeds.

    Of a folder, files of other kinds are skipped and counted; a file that is named is tried, whatever it is.
    It may be stopped at any time (Ctrl-C, even kill -9): said again, it goes on with what isn't known yet.
    """
    settings = terminal.settings()
    handling = Handling(archive=archive, archive_after=timedelta(days=settings.archive_days))
    with stored.explained():
        tally = terminal.run(_ingest(settings, names, handling, as_json=as_json))
    _print_tally(tally, as_json=as_json)
    if tally.stopped_by is not None:
        terminal.err.print("Stopped. Say the same again to go on; what came in is known then.")
        raise typer.Exit(128 + tally.stopped_by)
    if tally.failed:
        raise typer.Exit(1)


async def _ingest(settings: Settings, names: Sequence[str], handling: Handling, *, as_json: bool) -> Tally:
    """Each result is shown as it comes; what is kept of it is what the closing table counts."""
    tally, many = Tally(), await asyncio.to_thread(_are_many, names)
    async with stored.opened(settings) as database:
        await _seed_topics(database)
        async with Fetcher(allow_hosts=settings.fetch_allow_private) as fetcher, Workers() as workers:
            pages = Pages(fetcher, Robots(fetcher, clock=lambda: datetime.now(UTC)))
            with studying(many) as executor:
                desk = Desk(database, executor=executor)
                work = Ingest(desk, fetcher, pages=pages, extract=workers.extract)
                await _show_each(work, names, handling, tally, as_json=as_json)
    return tally


def _are_many(names: Sequence[str]) -> bool:
    read = (subject for subject in expand(names) if not subject.skipped)
    return len(list(islice(read, MANY))) == MANY


async def _show_each(work: Ingest, names: Sequence[str], handling: Handling, tally: Tally, *, as_json: bool) -> None:
    with terminal.progress() as bar, _stoppable(tally):
        course = Course(bar, tally)
        try:
            reading = work.run(names, handling, stdin=terminal.read_stdin, progress=course.at)
            async with aclosing(reading) as results:
                async for result in results:
                    _show(result, as_json=as_json)
                    tally.add(result)
        except asyncio.CancelledError:
            if tally.stopped_by is None:
                raise


@contextmanager
def _stoppable(tally: Tally) -> Iterator[None]:
    """Ctrl-C and SIGTERM end the reading; what is being stored then is stored whole."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def stop(number: int) -> None:
        tally.stopped_by = number
        if task is not None:
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def _show(result: Result, *, as_json: bool) -> None:
    if result.outcome is Outcome.SKIPPED:
        return
    if as_json:
        terminal.print_json(to_json(result))
    if result.outcome is Outcome.FAILED:
        terminal.err.print(f"{result.subject}: {result.reason}", style="red", markup=False)
    elif not as_json and result.article is not None:
        mark = "new  " if result.outcome is Outcome.ADDED else "known"
        filed = ", ".join(result.article.topics) or "no topic"
        terminal.out.print(f"{mark} #{result.article.id} {result.article.headline} ({filed})", markup=False)


def _print_tally(tally: Tally, *, as_json: bool) -> None:
    """The closing table; with --json only of several files, so that one article is one line and nothing else."""
    if as_json and tally.total <= 1:
        return
    if tally.failed:
        reasons = Table("failed", "why", "the first of them", box=None)
        for reason, count in tally.reasons():
            reasons.add_row(str(count), Text(reason), Text(tally.first[reason]))
        terminal.err.print(reasons)
    if tally.skipped:
        kinds = Table("skipped", "no articles", box=None)
        for kind, count in tally.kinds():
            kinds.add_row(str(count), Text(kind))
        terminal.err.print(kinds)
    counts = {"came in": tally.added, "known already": tally.known, "failed": tally.failed}
    counts |= {"skipped": tally.skipped} if tally.skipped else {}
    table = Table(*counts, box=None)
    table.add_row(*map(str, counts.values()))
    terminal.err.print(table)


async def _seed_topics(database: Database) -> None:
    async with database.begin() as tx:
        await topics.seed(tx, load_specs())


def digest(
    topic: Annotated[str, typer.Option(help="slug, such as korea")],
    since: Annotated[str, typer.Option(help="90m, 24h, 7d")] = "24h",
) -> None:
    """Show what a digest of the topic would say now."""
    settings = terminal.settings()
    span = terminal.duration(since)
    with stored.explained():
        text = terminal.run(_digest(settings, topic, span))
    terminal.out.print(text, markup=False)


async def _digest(settings: Settings, slug: str, span: timedelta) -> str:
    async with stored.opened(settings) as database:
        await _seed_topics(database)
        async with database.read() as tx:
            known = await topics.all_topics(tx)
        wanted = topics.with_descendants(known, slug)
        if not wanted:
            names = ", ".join(item.slug for item in known)
            raise terminal.fail(f"There is no topic {slug!r}; there are: {names}.", 2)
        return await digest_text(database, [item.id for item in wanted], span, settings.digest_zone)


async def digest_text(database: Database, topic_ids: Sequence[int], span: timedelta, zone: str) -> str:
    """The digest as a terminal shows it."""
    now = datetime.now(UTC)
    parts = await preview.preview(
        database, topic_ids=topic_ids, since=now - span, now=now, zone=zone, language="en", length=DIGEST_LENGTH
    )
    return "\n\n".join(render.plain(part.text) for part in parts) or "Nothing new in this time."
