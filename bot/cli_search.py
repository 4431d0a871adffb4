"""`tidings search`: the archive, newest first."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from bot import searching, stored, terminal
from config.settings import Settings
from delivery import render
from storage import search as archive
from storage import topics
from storage.records import Article
from storage.slots import zone_of

MOST = 1_000


def search(
    words: Annotated[
        list[str],
        typer.Argument(metavar="WORDS…", help='words, "phrases", -not, topic:… source:… after:2026-11-01 before:…'),
    ],
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=MOST, help="how many articles at most")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object an article")] = False,
) -> None:
    """Search all articles for words, phrases, topics, sources and days; newest first."""
    settings = terminal.settings()
    with stored.explained():
        found, problems = terminal.run(_search(settings, _typed(words), limit))
    if problems:
        raise terminal.fail(" ".join(problems), 2)
    for article in found:
        _show(article, settings, as_json=as_json)
    if not found:
        terminal.err.print("Nothing found.")
        raise typer.Exit(1)


def _typed(words: list[str]) -> str:
    """What the shell took apart, put together again: its quotes were a phrase's."""
    return " ".join(_quoted(word) for word in words)


def _quoted(word: str) -> str:
    key, colon, value = word.partition(":")
    if not any(letter.isspace() for letter in word) or '"' in word:
        return word
    if colon and key.lower() in searching.FILTERS:
        return f'{key}:"{value.strip()}"'
    return f'-"{word[1:]}"' if word.startswith("-") else f'"{word}"'


async def _search(settings: Settings, typed: str, limit: int) -> tuple[list[Article], list[str]]:
    read = searching.read(typed, zone_of(settings.digest_zone), datetime.now(UTC))
    async with stored.opened(settings) as database, database.read() as tx:
        query, problems = await searching.resolve(tx, read, await topics.all_topics(tx))
        if query.is_empty and not problems:
            problems = ["Say what to look for: a word, a topic:, a source:, a day."]
        return ([] if problems else await archive.search(tx, query, limit=limit)), problems


def _show(article: Article, settings: Settings, *, as_json: bool) -> None:
    if as_json:
        terminal.print_json(_row(article))
        return
    spans = render.article_spans(article, zone=settings.digest_zone, now=datetime.now(UTC), language="en")
    terminal.out.print(f"{render.plain(render.to_html(spans))}\n", markup=False)


def _row(article: Article) -> dict[str, Any]:
    return {
        "id": article.id,
        "headline": article.headline,
        "source": article.source,
        "url": article.url,
        "published_at": article.published_at.isoformat(),
        "language": article.language,
        "topics": list(article.topics),
        "summary": list(article.summary),
    }
