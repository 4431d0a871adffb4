"""`tidings story`: what several sources tell about one event, and its merging and splitting."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar

import typer

from bot import stored, terminal
from storage import articles, stories
from storage.database import Connection
from storage.records import Article
from storage.stories import StoryRef

T = TypeVar("T")

story = typer.Typer(help="Stories: list, show, merge, split.", no_args_is_help=True, add_completion=False)

AsJson = Annotated[bool, typer.Option("--json", help="one JSON object a line")]
Listed = list[tuple[StoryRef, Article]]


def _call(work: Callable[[Connection], Awaitable[T]]) -> T:
    async def within() -> T:
        async with stored.opened(terminal.settings()) as database, database.begin() as tx:
            return await work(tx)

    with stored.explained():
        return terminal.run(within())


@story.command("list")
def list_(
    days: Annotated[int, typer.Option(min=1, max=365, help="of what was published since")] = 7,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1_000)] = 20,
    as_json: AsJson = False,
) -> None:
    """The stories that most sources tell."""

    async def work(tx: Connection) -> Listed:
        found = await stories.largest(tx, since=datetime.now(UTC) - timedelta(days=days), limit=limit)
        heads = {item.id: item for item in await articles.get_many(tx, [ref.headline_article_id for ref in found])}
        return [(ref, heads[ref.headline_article_id]) for ref in found]

    for ref, head in _call(work):
        if as_json:
            terminal.print_json(_row(ref, head))
        else:
            line = f"{ref.id}\t{ref.source_count} sources, {ref.article_count} articles\t{head.headline}"
            terminal.out.print(line, markup=False)


@story.command()
def show(number: Annotated[int, typer.Argument(help="of the story")], as_json: AsJson = False) -> None:
    """A story's articles, newest first, and what editors changed about it."""

    async def work(tx: Connection) -> tuple[StoryRef, list[Article], list[stories.Change]] | None:
        ref = await stories.get(tx, number)
        if ref is None:
            return None
        return ref, await stories.members(tx, ref.id, limit=1_000), await stories.changes(tx, ref.id)

    found = _call(work)
    if found is None:
        raise terminal.fail(f"There is no story {number}. `tidings story list` shows those of this week.")
    ref, told, changes = found
    head = next((item for item in told if item.id == ref.headline_article_id), told[0])
    if as_json:
        terminal.print_json(_row(ref, head) | {"articles": [item.id for item in told]})
        return
    terminal.out.print(head.headline, style="bold", markup=False)
    for item in told:
        line = f"{item.id}\t{item.published_at:%Y-%m-%d %H:%M}\t{item.source}\t{item.headline}"
        terminal.out.print(line, markup=False)
    for change in changes:
        who = "by itself" if change.changed_by is None else f"by {change.changed_by}"
        moved = ", ".join(map(str, change.article_ids))
        terminal.out.print(f"{change.at:%Y-%m-%d %H:%M} {change.kind} {who}: articles {moved}", markup=False)


@story.command()
def merge(
    number: Annotated[int, typer.Argument(help="of the story that stays")],
    other: Annotated[int, typer.Argument(help="of the story, or of the article, that becomes part of it")],
) -> None:
    """Make two stories one."""

    async def work(tx: Connection) -> bool:
        now = datetime.now(UTC)
        done = await stories.merge(tx, number, other, by=None, now=now)
        return done or await stories.add(tx, number, other, by=None, now=now)

    if not _call(work):
        raise terminal.fail(f"{number} and {other} can't be merged: they are one already, or one of them isn't there.")
    terminal.out.print(f"{other} is part of story {number} now.")


@story.command()
def split(
    number: Annotated[int, typer.Argument(help="of the story")],
    leaving: Annotated[list[int], typer.Argument(metavar="ARTICLE…", help="numbers of the articles that leave it")],
) -> None:
    """Take articles out of a story; several make a story of their own."""

    async def work(tx: Connection) -> int | None:
        return await stories.split(tx, number, leaving, by=None, now=datetime.now(UTC))

    try:
        made = _call(work)
    except LookupError:
        raise terminal.fail(f"None of these articles is of story {number}.") from None
    terminal.out.print("It is alone now." if made is None else f"They are story {made} now.")


def _row(ref: StoryRef, head: Article) -> dict[str, Any]:
    return {"id": ref.id, "headline": head.headline, "articles_count": ref.article_count, "sources": ref.source_count}
