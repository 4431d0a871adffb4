"""/story and /related: several sources' articles about one event, together; editors merge and split them.

What is told together is summarized when somebody asks, off the event loop, and kept until the story changes.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import summarizer.stories as telling
from bot.access import Who
from bot.ask import Ask, Button, Keyboard, Reply, rows
from bot.commands import pages
from bot.registry import Command, Press
from delivery import render
from delivery.wording import when
from storage import articles, candidates, stories
from storage.database import Connection
from storage.editors import includes
from storage.records import Article, ArticleStatus, Role
from storage.slots import zone_of
from storage.stories import StoryRef

SHOWN, READ = 10, 40
SENTENCES = 4
RELATED = 5
LONGEST_NUMBER = 18
GONE = "This story is no longer available."


@dataclass(frozen=True, slots=True)
class Told:
    """A story with its newest articles and the sentences that they tell together: (source or "", text)."""

    ref: StoryRef
    headline: Article
    articles: tuple[Article, ...]
    sentences: tuple[tuple[str, str], ...]


async def story(ask: Ask) -> Reply:
    """`ID`: a story's number, or an article's that is of one."""
    key = _number(ask.args)
    if key is None:
        return await _largest(ask)
    async with ask.db.read() as tx:
        ref = await stories.get(tx, key)
    if ref is None:
        return await _of_article(ask, key)
    return await show(ask, ref.id)


async def press(ask: Ask) -> Reply:
    """`id` of the story: a message of its own, so that the list stays."""
    key = _number(ask.args)
    found = Reply(toast=GONE, alarm=True) if key is None else await show(ask, key)
    return replace(found, fresh=True)


async def _of_article(ask: Ask, article_id: int) -> Reply:
    async with ask.db.read() as tx:
        ref = (await stories.of_articles(tx, [article_id])).get(article_id)
    if ref is None:
        return Reply(f"There is no story {article_id}. /story lists the stories that most sources tell.")
    return await show(ask, ref.id)


async def _largest(ask: Ask) -> Reply:
    async with ask.db.read() as tx:
        found = await stories.largest(tx, since=ask.now - candidates.WINDOW, limit=SHOWN)
        heads = {item.id: item for item in await articles.get_many(tx, [ref.headline_article_id for ref in found])}
    if not found:
        return Reply("No story has been told by several sources this week. /latest shows the news.")
    lines = [
        f"{number}. <b>{render.escape(heads[ref.headline_article_id].headline)}</b>\n{_size(ref)}"
        for number, ref in enumerate(found, start=1)
    ]
    buttons: list[Button] = [(str(number), f"story:{ref.id}") for number, ref in enumerate(found, start=1)]
    return Reply("<b>Stories of this week</b>\n\n" + "\n\n".join(lines), keyboard=rows(buttons, 5))


async def show(ask: Ask, story_id: int) -> Reply:
    """The story: its headline, what its sources tell together, and each of them."""
    found = await read(ask, story_id)
    if found is None:
        return Reply(GONE, toast=GONE)
    zone = zone_of(ask.chat.zone)
    told = "\n".join(
        f"<i>{render.isolate(render.escape(source))}:</i> {render.escape(text)}" if source else render.escape(text)
        for source, text in found.sentences
    )
    sources = "\n".join(
        f"{number}. {_linked(item)} · <i>{render.escape(item.source)}"
        f"{'' if item.published_guessed else ' · ' + when(item.published_at, zone, ask.now, ask.chat.language)}</i>"
        for number, item in enumerate(found.articles, start=1)
    )
    head = f"<b>{render.isolate(render.escape(found.headline.headline))}</b>\n<i>{_size(found.ref)}</i>"
    return Reply(
        f"{head}\n\n{told}\n\n{sources}",
        keyboard=(*pages.numbers(found.articles), *_editing(ask, found)),
        article_ids=tuple(item.id for item in found.articles),
    )


def _linked(article: Article) -> str:
    label = render.isolate(render.escape(pages.label(article.headline, 120)))
    url = render.web_url(article.url)
    return f'<a href="{render.escape(url)}">{label}</a>' if url else label


def _size(ref: StoryRef) -> str:
    return f"{ref.source_count} source{'s' if ref.source_count > 1 else ''}, {ref.article_count} articles"


async def read(ask: Ask, story_id: int) -> Told | None:
    """None where it has fewer than two usable articles."""
    async with ask.db.read() as tx:
        ref = await stories.get(tx, story_id)
        if ref is None:
            return None
        found = await stories.members(tx, ref.id, limit=READ)
        headline = next(iter(await articles.get_many(tx, [ref.headline_article_id])))
        kept = await stories.summary_of(tx, ref.id, _fingerprint(found))
    if kept is None:
        kept = await _told(found)
        async with ask.db.begin() as tx:
            await stories.keep_summary(tx, ref.id, _fingerprint(found), kept)
    sentences = tuple((item["source"] if item["attributed"] else "", item["text"]) for item in kept)
    return Told(ref, headline, tuple(found[:SHOWN]), sentences)


def _fingerprint(found: Sequence[Article]) -> str:
    versions = " ".join(f"{item.id}.{item.version}" for item in found)
    return hashlib.sha256(f"{SENTENCES} {versions}".encode()).hexdigest()


async def _told(found: Sequence[Article]) -> list[dict[str, Any]]:
    given = [
        telling.StoryArticle(item.id, item.source, item.paragraphs, item.headline, item.published_at, item.language)
        for item in found
    ]
    work = partial(telling.summarize_story, given, sentences=SENTENCES)
    summary = await asyncio.get_running_loop().run_in_executor(None, work)
    return [
        {"text": one.text, "article": one.article, "source": one.source, "attributed": one.attributed}
        for one in summary.sentences
    ]


def _number(text: str) -> int | None:
    text = text.strip().removeprefix("#")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else None


# /related


async def related(ask: Ask) -> Reply:
    """`ID` of an article: its story's other articles, else what shares its headline's words."""
    key = _number(ask.args)
    async with ask.db.read() as tx:
        article = None if key is None else await articles.get(tx, key)
        if article is None or article.status is not ArticleStatus.USABLE:
            return Reply("Say which article, by its number: /related 12. Or tap “Related” below one.")
        found = await _related(tx, article)
    if not found:
        return Reply("Nothing else is told about this yet.", fresh=ask.pressed)
    text, shown = pages.listing(ask, found)
    return Reply(
        f"<b>Related to {render.isolate(render.escape(pages.label(article.headline, 80)))}</b>\n\n{text}",
        keyboard=pages.numbers(shown),
        article_ids=tuple(item.id for item in shown),
        fresh=ask.pressed,
    )


async def _related(tx: Connection, article: Article) -> list[Article]:
    ref = (await stories.of_articles(tx, [article.id])).get(article.id)
    own = [] if ref is None else await stories.members(tx, ref.id, limit=RELATED + 1)
    near_ids = await candidates.near(tx, article.id, limit=RELATED)
    more = [item for item in await articles.get_many(tx, near_ids) if item.status is ArticleStatus.USABLE]
    found = {item.id: item for item in [*own, *more] if item.id != article.id}
    return list(found.values())[:RELATED]


# Editors


def _editing(ask: Ask, found: Told) -> Keyboard:
    if not includes(ask.role, Role.EDITOR):
        return ()
    return ((("✂️ Split", f"st-cut:{found.ref.id}"), ("🧲 Merge", f"st-join:{found.ref.id}")),)


async def choose_split(ask: Ask) -> Reply:
    """`id`: which article doesn't belong."""
    key = _number(ask.args)
    async with ask.db.read() as tx:
        found = [] if key is None else await stories.members(tx, key, limit=SHOWN)
    if not found:
        return Reply(toast=GONE, alarm=True)
    buttons = tuple(((pages.label(f"{item.id} · {item.headline}", 40), f"st-out:{key}:{item.id}"),) for item in found)
    return Reply("Which article is about something else? It leaves the story.", keyboard=buttons, fresh=True)


async def press_split(ask: Ask) -> Reply:
    """`story:article`."""
    story_id, _, article_id = ask.args.partition(":")
    return await _split(ask, _number(story_id), [_number(article_id)])


async def choose_merge(ask: Ask) -> Reply:
    """`id`: with which other story."""
    key = _number(ask.args)
    async with ask.db.read() as tx:
        found = await stories.largest(tx, since=ask.now - candidates.WINDOW, limit=SHOWN + 1)
        others = [ref for ref in found if ref.id != key][:SHOWN]
        heads = {item.id: item for item in await articles.get_many(tx, [ref.headline_article_id for ref in others])}
    buttons = tuple(
        ((pages.label(f"{ref.id} · {heads[ref.headline_article_id].headline}", 40), f"st-one:{key}:{ref.id}"),)
        for ref in others
    )
    return Reply(
        f"Which story is the same event? Or say /merge {key} and the number of a story or an article.",
        keyboard=buttons,
        fresh=True,
    )


async def press_merge(ask: Ask) -> Reply:
    """`story:other`."""
    story_id, _, other = ask.args.partition(":")
    return await _merge(ask, _number(story_id), _number(other))


async def merge(ask: Ask) -> Reply:
    """`STORY OTHER`: the other, a story or an article that is alone, becomes part of the first."""
    numbers = [_number(word) for word in ask.args.split()]
    if len(numbers) != 2:  # noqa: PLR2004 - a pair
        return Reply("Which two? /merge 12 15 makes story 15 part of story 12; 15 may be an article's number too.")
    return await _merge(ask, *numbers)


async def split(ask: Ask) -> Reply:
    """`STORY ARTICLE…`: these articles leave the story, together."""
    numbers = [_number(word) for word in ask.args.split()]
    if len(numbers) < 2:  # noqa: PLR2004 - a story and an article
        return Reply("What leaves which story? /split 12 301 302 takes articles 301 and 302 out of story 12.")
    return await _split(ask, numbers[0], numbers[1:])


async def _merge(ask: Ask, story_id: int | None, other: int | None) -> Reply:
    if story_id is None or other is None:
        return Reply(toast=GONE, alarm=True)
    by = ask.person.user_id or None
    async with ask.db.begin() as tx:
        done = await stories.merge(tx, story_id, other, by=by, now=ask.now)
        done = done or await stories.add(tx, story_id, other, by=by, now=ask.now)
        made = None if done else await stories.pair(tx, story_id, other, by=by, now=ask.now)
    if made is not None:
        return replace(
            await show(ask, made), toast=f"Articles {story_id} and {other} are story {made} now.", fresh=True
        )
    if not done:
        return Reply(f"{story_id} and {other} can't be merged: they are one already, or one of them isn't there.")
    return replace(await show(ask, story_id), toast=f"{other} is part of story {story_id} now.", fresh=True)


async def _split(ask: Ask, story_id: int | None, leaving: Sequence[int | None]) -> Reply:
    ids = [key for key in leaving if key is not None]
    if story_id is None:
        return Reply(toast=GONE, alarm=True)
    try:
        async with ask.db.begin() as tx:
            made = await stories.split(tx, story_id, ids, by=ask.person.user_id or None, now=ask.now)
    except LookupError:
        return Reply(f"None of these is of story {story_id} now.")
    said = "is alone now" if made is None else f"are story {made} now"
    return Reply(f"{', '.join(map(str, ids))} {said}. /story {story_id} shows what is left.", fresh=ask.pressed)


COMMANDS = (
    Command("story", story, "What all sources tell about one event", usage="[ID]"),
    Command("related", related, "More about an article's subject", usage="ID"),
)
DESK_COMMANDS = (
    Command("merge", merge, "Make two stories one", Who.EDITOR, usage="STORY OTHER"),
    Command("split", split, "Take articles out of a story", Who.EDITOR, usage="STORY ARTICLE…"),
)
PRESSES = (Press("story", press), Press("related", related))
DESK_PRESSES = (
    Press("st-cut", choose_split, Who.EDITOR),
    Press("st-out", press_split, Who.EDITOR),
    Press("st-join", choose_merge, Who.EDITOR),
    Press("st-one", press_merge, Who.EDITOR),
)
