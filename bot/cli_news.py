"""`tidings ingest`, `tidings summarize`, `tidings digest`: articles in, summaries and digests out."""

import json
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress, TaskID
from rich.table import Table

import summarizer
from bot import terminal
from config.settings import Settings
from delivery import preview, render
from ingest.desk import Desk
from ingest.fetch import Fetcher
from ingest.run import Handling, Ingest, Outcome, Result, counted, to_json
from ingest.topics import load_specs
from storage import topics
from storage.database import Database

CHUNK_ROWS = 16
MAX_TEXT_BYTES = 50_000_000
DIGEST_LENGTH = 5


def summarize(
    path: Annotated[str, typer.Argument(help="a file, or - for standard input")],
    sentences: Annotated[int, typer.Option("-n", "--sentences", min=1, max=100, help="how many sentences")] = 3,
    method: Annotated[str, typer.Option(help=f"one of: {' '.join(summarizer.METHODS)}")] = "auto",
    jsonl: Annotated[bool, typer.Option("--jsonl", help="the file has a JSON row a line; each gets a summary")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
    title: Annotated[str | None, typer.Option(help="the headline, where known: it helps")] = None,
) -> None:
    """Summarize one text, or each row of a JSONL file (`text` or `sentences`; optional `id`, `title`, `language`)."""
    if method not in summarizer.METHODS:
        raise terminal.fail(f"There is no method {method!r}; there are: {', '.join(summarizer.METHODS)}.", 2)
    raw = _read(path)
    if jsonl:
        _summarize_rows(raw, sentences, method)
        return
    summary = summarizer.summarize(_decode(raw), title=title, sentences=sentences, method=method)
    if not summary.sentences:
        raise terminal.fail(f"{path} holds no text to summarize.")
    if as_json:
        _print_json({"method": summary.method, "language": summary.language, "summary": list(summary.sentences)})
        return
    for sentence in summary.sentences:
        terminal.out.print(sentence, markup=False)


def _read(path: str) -> bytes:
    if path == "-":
        return terminal.read_stdin()
    try:
        if Path(path).stat().st_size > MAX_TEXT_BYTES and not path.endswith(".jsonl"):
            raise terminal.fail(f"{path} is over {MAX_TEXT_BYTES // 1_000_000} MB, more than any article.")
        return Path(path).read_bytes()
    except OSError as error:
        raise terminal.fail(f"{path} can't be read: {error.strerror}.") from None


def _decode(raw: bytes) -> str:
    return raw.decode("utf-8-sig", errors="replace")


def _print_json(value: dict[str, Any]) -> None:
    """As it is read; escaped where it holds half a surrogate pair, which no encoding takes."""
    line = json.dumps(value, ensure_ascii=False)
    if any("\ud800" <= letter <= "\udfff" for letter in line):
        line = json.dumps(value)
    terminal.out.file.write(line + "\n")


def _summarize_rows(raw: bytes, sentences: int, method: str) -> None:
    """In parallel on the cores, printed in the order of the rows; a bad row is named, the rest goes on."""
    rows = [line for line in _decode(raw).split("\n") if line.strip()]
    failed = 0
    with terminal.progress() as bar, ProcessPoolExecutor(os.cpu_count()) as pool:
        task = bar.add_task("Summarizing", total=len(rows))
        work = partial(_summarize_row, sentences=sentences, method=method)
        for number, row in enumerate(pool.map(work, rows, chunksize=CHUNK_ROWS), start=1):
            _print_json(row)
            bar.advance(task)
            if "error" in row:
                failed += 1
                terminal.err.print(f"row {number}: {row['error']}", style="red", markup=False)
    if failed:
        raise typer.Exit(1)


def _summarize_row(line: str, *, sentences: int, method: str) -> dict[str, Any]:
    """The row with `summary`; with `error` where it can't be summarized."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return {"summary": [], "error": "not JSON"}
    if not isinstance(row, dict):
        return {"summary": [], "error": "not a JSON object"}
    title, language = (row.get(name) if isinstance(row.get(name), str) else None for name in ("title", "language"))
    given = row.get("sentences")
    if isinstance(given, list) and all(isinstance(sentence, str) for sentence in given):
        found = summarizer.summarize_sentences(given, title=title, language=language, count=sentences, method=method)
    elif isinstance(row.get("text"), str):
        found = summarizer.summarize(row["text"], title=title, language=language, sentences=sentences, method=method)
    else:
        return {**row, "summary": [], "error": "a row needs `text`, or `sentences` as a list of strings"}
    return {**row, "summary": list(found.sentences)}


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
    with terminal.explained():
        results = terminal.run(_ingest(settings, names, handling, as_json=as_json))
    counts = counted(results)
    if not as_json:
        _print_counts(counts)
    if counts.get(Outcome.FAILED):
        raise typer.Exit(1)


async def _ingest(settings: Settings, names: Sequence[str], handling: Handling, *, as_json: bool) -> list[Result]:
    """Each result is shown as it comes; what is kept of it is what the closing table counts."""
    async with terminal.opened(settings) as database:
        await _seed_topics(database)
        async with Fetcher(allow_hosts=settings.fetch_allow_private) as fetcher:
            with terminal.progress() as bar:
                return await _show_each(Ingest(Desk(database), fetcher), names, handling, bar, as_json=as_json)


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
        _print_json(to_json(result))
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
    with terminal.explained():
        text = terminal.run(_digest(settings, topic, span))
    terminal.out.print(text, markup=False)


async def _digest(settings: Settings, slug: str, span: timedelta) -> str:
    async with terminal.opened(settings) as database:
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
