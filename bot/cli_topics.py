"""`tidings topics` and `tidings why`: topics, their rules, what a change would do, and tagging the archive again.

What is changed here holds at once for a service that runs beside it, which tags the archive again in its background.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import typer
from rich.markup import escape
from rich.table import Table

from bot import names, reasons, stored, terminal, topic_edit, topic_words
from bot.reasons import Reasons
from bot.topic_edit import TopicError
from delivery import render
from ingest.filing import MODELS
from ingest.retag import LOOKED_AT, DryRun, Retagger, dry_run
from ingest.topics import load_specs
from storage import articles, retags, taggings, topic_changes
from storage import topics as rows
from storage.database import Database
from storage.records import Topic, TopicRule
from storage.retags import Retag
from storage.topic_changes import ChangeError, Made

T = TypeVar("T")
LOOK_S = 0.5  # between two looks at what another process does

topics = typer.Typer(
    help="Topics and their rules: list, show, try, change, tag the archive again.",
    no_args_is_help=True,
    add_completion=False,
)

AsJson = Annotated[bool, typer.Option("--json", help="one JSON object a line")]
Name = Annotated[str, typer.Argument(metavar="TOPIC", help="its short name, name or alias")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="make the change without asking")]
Try = Annotated[bool, typer.Option("--dry-run", help="only show what it would do")]


def _call(work: Callable[[Database], Awaitable[T]]) -> T:
    async def opened() -> T:
        async with stored.opened(terminal.settings()) as database:
            async with database.begin() as tx:
                await rows.seed(tx, load_specs())
            return await work(database)

    with stored.explained():
        return terminal.run(opened())


def _now() -> datetime:
    return datetime.now(UTC)


async def _known(database: Database) -> tuple[list[Topic], list[Topic]]:
    """Those in use, and those retired."""
    async with database.read() as tx:
        return await rows.all_topics(tx), await rows.retired(tx)


def _named(known: Sequence[Topic], name: str) -> Topic:
    found = names.match(known, name)
    if found.only is None:
        near = ", ".join(one.slug for one in found.topics or found.suggestions)
        raise terminal.fail(f"There is no topic “{name}”.{f' Did you mean {near}?' if near else ''}")
    return found.only


# Looking


@topics.command("list")
def list_(as_json: AsJson = False) -> None:
    """All topics, the retired ones last; and how far the archive is tagged again."""

    async def read(database: Database) -> tuple[list[Topic], list[Topic], Retag | None]:
        async with database.read() as tx:
            work = await retags.latest(tx)
        return *await _known(database), work

    used, retired, work = _call(read)
    if as_json:
        for one in (*used, *retired):
            terminal.print_json(_row(one, used))
        return
    terminal.out.print(_table(used, retired))
    if work is not None:
        terminal.err.print(render.plain(topic_words.retagging(work)), markup=False)


def _row(one: Topic, known: Sequence[Topic]) -> dict[str, Any]:
    parent = next((other.slug for other in known if other.id == one.parent_id), None)
    lists = {part.name: list(getattr(one.rule, part.name)) for part in fields(TopicRule)}
    return {
        "slug": one.slug,
        "name": one.name,
        "aliases": list(one.aliases),
        "parent": parent,
        **lists,
        "retired": one.retired,
    }


def _table(used: Sequence[Topic], retired: Sequence[Topic]) -> Table:
    table = Table("topic", "name", "below", *topic_edit.LISTS, "", box=None)
    for one in (*used, *retired):
        row = _row(one, used)
        counts = [str(len(row[field]) or "") for field in topic_edit.LISTS]
        table.add_row(one.slug, escape(one.name), row["parent"] or "", *counts, "retired" if one.retired else "")
    return table


@topics.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """One topic with all its terms."""
    used, retired = _call(_known)
    found = _named([*used, *retired], name)
    row = _row(found, used)
    if as_json:
        terminal.print_json(row)
        return
    for key, value in row.items():
        said = ", ".join(topic_edit.values(found, key)) if key in topic_edit.LISTS else value
        if said:
            terminal.out.print(f"{key:<10} {said if said is not True else 'yes'}", markup=False)


@topics.command()
def taggers(as_json: AsJson = False) -> None:
    """By which rules and models how many articles were tagged. Reads all of them."""

    async def read(database: Database) -> list[tuple[taggings.Tagger, int]]:
        async with database.read() as tx:
            return await taggings.counts(tx)

    for one, count in _call(read):
        if as_json:
            facts = {"revision": one.revision, "models": one.models, "since": one.first_at.isoformat()}
            terminal.print_json(facts | {"articles": count})
        else:
            line = (
                f"{count:>9,} articles by rules no. {one.revision}, {one.models}, since {one.first_at:%Y-%m-%d %H:%M}"
            )
            terminal.out.print(line, markup=False)
    if not as_json:
        terminal.err.print(f"This release has {MODELS}.", markup=False)


# Changing


@topics.command("set", context_settings={"ignore_unknown_options": True})  # "-Seoul" is none
def set_(
    name: Name,
    field: Annotated[str, typer.Argument(help=", ".join(topic_edit.FIELDS))],
    words: Annotated[
        list[str], typer.Argument(metavar="WORDS…", help="such as: +Seoul, -Busan; or = Seoul, Busan; or none")
    ],
    dry: Try = False,
    yes: Yes = False,
) -> None:
    """Change a field; a rule is tried on the newest articles first."""
    used, _ = _call(_known)
    found = _named(used, name)
    try:
        after = topic_edit.edited(used, found, field, " ".join(words))
    except TopicError as error:
        raise terminal.fail(f"Nothing is changed. {error}", 2) from None
    if after == found:
        terminal.out.print("It was so already.")
        return
    _change(used, found, after, dry=dry, yes=yes)


@topics.command()
def new(name: Annotated[str, typer.Argument(help="such as Space, or “space: 우주”")]) -> None:
    """Make a topic; it files nothing until it has terms."""
    used, retired = _call(_known)
    try:
        made = topic_edit.new([*used, *retired], name)
    except TopicError as error:
        raise terminal.fail(f"There is no new topic. {error}", 2) from None
    _make(None, made)
    terminal.out.print(
        f"{made.slug} is there. Now give it terms: tidings topics set {made.slug} strong …", markup=False
    )


@topics.command()
def retire(name: Name, dry: Try = False, yes: Yes = False) -> None:
    """Take a topic out of use: it files nothing, no list shows it."""
    used, _ = _call(_known)
    found = _named(used, name)
    below = [one.slug for one in used if one.parent_id == found.id]
    if below:
        raise terminal.fail(f"First give these another parent: {', '.join(below)}.")
    _change(used, found, replace(found, retired=True), dry=dry, yes=yes)


@topics.command()
def restore(name: Name, dry: Try = False, yes: Yes = False) -> None:
    """Bring a retired topic back, with those who followed it."""
    used, retired = _call(_known)
    found = _named(retired, name)
    _change(used, found, replace(found, retired=False), dry=dry, yes=yes)


def _change(known: Sequence[Topic], before: Topic, after: Topic, *, dry: bool, yes: bool) -> None:
    for line in topic_edit.differences(before, after, known):
        terminal.out.print(line, markup=False)
    if topic_changes.files_otherwise(before, after):
        tried = _call(lambda database: _tried(database, known, after))
        terminal.out.print(render.plain(topic_words.would(tried, after, known, UTC)), markup=False)
    if dry:
        return
    if not yes and not typer.confirm("Make the change?"):
        raise typer.Exit(1)
    made = _make(before, after)
    done = "" if made.retag_id is None else " The service tags the archive again; `tidings topics retag` does it here."
    terminal.out.print(f"{after.slug} is changed.{done}", markup=False)


async def _tried(database: Database, known: Sequence[Topic], after: Topic) -> DryRun:
    others = [one for one in known if one.id != after.id]
    rules = sorted([*others, *(() if after.retired else (after,))], key=lambda one: one.id)
    return await dry_run(database, rules, limit=LOOKED_AT)


def _make(before: Topic | None, after: Topic) -> Made:
    async def work(database: Database) -> Made:
        async with database.begin() as tx:
            drafted = await topic_changes.draft(tx, before, after, bot_id=None, by=None, now=_now())
            return await topic_changes.make(tx, drafted, by=None, now=_now())

    try:
        return _call(work)
    except ChangeError as error:
        raise terminal.fail(str(error)) from None


# Tagging again


@topics.command()
def retag(
    only_ask: Annotated[bool, typer.Option("--ask", help="leave it to the service that runs")] = False,
    as_json: AsJson = False,
) -> None:
    """Tag the archive again, or go on with that. May be stopped, and goes on when it is said again."""
    done = _call(lambda database: _retag(database, work=not only_ask, quiet=as_json))
    if as_json:
        terminal.print_json(
            {"id": done.id, "total": done.total, "done": done.done, "gained": done.gained, "lost": done.lost}
        )
    else:
        terminal.out.print(render.plain(topic_words.retagging(done)), markup=False)


async def _retag(database: Database, *, work: bool, quiet: bool) -> Retag:
    async with database.begin() as tx:
        latest = await retags.latest(tx)
        open_id = latest.id if latest is not None and latest.ended_at is None else None
        retag_id = open_id or await retags.ask(tx, by=None, now=_now())
    worker = Retagger(database, clock=_now, rest=0.0)
    with terminal.progress(quiet=quiet) as bar:
        task = bar.add_task("articles", total=None)
        try:
            found = await _state(database, retag_id)
            while work and found.ended_at is None:
                if not await worker.work():  # another process is at it, or it has just ended
                    await asyncio.sleep(LOOK_S)
                found = await _state(database, retag_id)
                bar.update(task, total=found.total or None, completed=found.done)
        finally:
            await worker.leave()
    return found


async def _state(database: Database, retag_id: int) -> Retag:
    async with database.read() as tx:
        found = await retags.get(tx, retag_id)
    if found is None:
        raise LookupError(f"there is no tagging {retag_id}")
    return found


# Why


def why(
    number: Annotated[int, typer.Argument(metavar="ARTICLE", help="its number")],
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
) -> None:
    """Why an article is in its topics: by which words, on whose word, tagged by what."""

    async def read(database: Database) -> Reasons | None:
        async with database.read() as tx:
            found = await articles.get(tx, number)
            return None if found is None else await reasons.of(tx, found, await rows.all_topics(tx))

    told = _call(read)
    if told is None:
        raise terminal.fail(f"There is no article {number}.")
    if as_json:
        terminal.print_json(_reasons(told))
        return
    terminal.out.print(told.article.headline, style="bold", markup=False)
    for one in told.reasons:
        said = " · ".join(f"“{term}” ({where}: {weight:g})" for term, where, weight in reasons.places(one.terms))
        by_hand = "filed by an editor " if one.by_hand else ""
        terminal.out.print(f"{one.topic.slug} {one.salience:g}: {by_hand}{said}", markup=False)
    for topic, _word in told.taken_out:
        terminal.out.print(f"{topic.slug}: taken out by an editor", markup=False)
    terminal.out.print(_tagged(told), markup=False)


def _tagged(told: Reasons) -> str:
    if told.tagger is None:
        return "tagged before the rules were counted"
    return f"tagged by rules no. {told.tagger.revision}, {told.tagger.models}"


def _reasons(told: Reasons) -> dict[str, Any]:
    return {
        "id": told.article.id,
        "headline": told.article.headline,
        "topics": [
            {
                "topic": one.topic.slug,
                "salience": one.salience,
                "by_hand": one.by_hand is not None,
                "terms": [{"term": t.term, "part": t.part, "times": t.times, "weight": t.weight} for t in one.terms],
            }
            for one in told.reasons
        ],
        "taken_out": [topic.slug for topic, _ in told.taken_out],
        "rules": None if told.tagger is None else told.tagger.revision,
        "models": None if told.tagger is None else told.tagger.models,
    }
