"""`tidings ingest`, `tidings digest`: articles in, digests out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated

import typer
from rich.progress import Progress, TaskID
from rich.table import Table

from bot import stored, terminal
from config.settings import Settings
from delivery import preview, render
from ingest.desk import Desk
from ingest.fetch import Fetcher
from ingest.run import Handling, Ingest, Outcome, Result, counted, to_json
from ingest.topics import load_specs
from ingest.workers import Workers
from storage import topics
from storage.database import Database

DIGEST_LENGTH = 5


def ingest(
    names: Annotated[list[str], typer.Argument(metavar="PATH… | URL… | -", help="files, folders, pages, feeds")],
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object an article")] = False,
    archive: Annotated[
        bool, typer.Option("--archive", help="what is over three days old is found, never pushed")
    ] = False,
) -> None:
    """Take articles in from files (.txt .html .xml .json .jsonl .opml), folders, pages and feeds."""
    settings = terminal.settings()
    handling = Handling(archive=archive, archive_after=timedelta(days=settings.archive_days))
    with stored.explained():
        results = terminal.run(_ingest(settings, names, handling, as_json=as_json))
    counts = counted(results)
    if not as_json:
        _print_counts(counts)
    if counts.get(Outcome.FAILED):
        raise typer.Exit(1)


async def _ingest(settings: Settings, names: Sequence[str], handling: Handling, *, as_json: bool) -> list[Result]:
    """Each result is shown as it comes; what is kept of it is what the closing table counts."""
    async with stored.opened(settings) as database:
        await _seed_topics(database)
        async with Fetcher(allow_hosts=settings.fetch_allow_private) as fetcher, Workers() as workers:
            work = Ingest(Desk(database), fetcher, extract=workers.extract)
            with terminal.progress() as bar:
                return await _show_each(work, names, handling, bar, as_json=as_json)


async def _show_each(
    work: Ingest, names: Sequence[str], handling: Handling, bar: Progress, *, as_json: bool
) -> list[Result]:
    task, results = bar.add_task("Reading", total=None), []
    progress = partial(_advance, bar, task)
    async for result in work.run(names, handling, stdin=terminal.read_stdin, progress=progress):
        _show(result, as_json=as_json)
        results.append(replace(result, article=None))
    return results


def _advance(bar: Progress, task: TaskID, done: int, total: int) -> None:
    bar.update(task, completed=done, total=total)


def _show(result: Result, *, as_json: bool) -> None:
    if as_json:
        terminal.print_json(to_json(result))
    if result.outcome is Outcome.FAILED:
        terminal.err.print(f"{result.subject}: {result.reason}", style="red", markup=False)
    elif not as_json and result.article is not None:
        mark = "new  " if result.outcome is Outcome.ADDED else "known"
        filed = ", ".join(result.article.topics) or "no topic"
        terminal.out.print(f"{mark} #{result.article.id} {result.article.headline} ({filed})", markup=False)


def _print_counts(counts: Mapping[Outcome, int]) -> None:
    table = Table("came in", "known already", "failed", box=None)
    table.add_row(*(str(counts.get(outcome, 0)) for outcome in (Outcome.ADDED, Outcome.KNOWN, Outcome.FAILED)))
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
