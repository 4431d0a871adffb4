"""/edit: another headline, other topics, other sentences for the summary.

Buttons carry the choice so far (desk_pick); the article changes once, at Save. A new headline is asked for and taken
from the next message.
"""

import asyncio
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet

import summarizer
from bot.access import Who
from bot.ask import Ask, Keyboard, Reply
from bot.commands import desk_card, desk_pick, desk_words, questions
from bot.commands.desk_pick import Choice
from bot.commands.desk_words import WordsError
from bot.registry import Answer, Command, Press
from delivery import render
from storage import articles, by_hand
from storage.records import Article, Topic
from storage.topics import with_ancestors

HEADLINE = "d-headline"
# More is no summary any more; a digest of such would be several messages long.
MOST_SENTENCES = 10
SHOWN_LENGTH = 300


async def edit(ask: Ask) -> Reply:
    """`12 headline …`, `12 topics …`, `12 summary …`, or only the article."""
    found = await desk_card.named(ask, ask.args, press="d-new")
    if isinstance(found, Reply):
        return found
    line = desk_words.edit_line(found.rest)
    act = {"headline": _headline, "topics": _topics, "summary": _summary}.get(line.field or "")
    if act is None:
        return desk_card.card(found.article, ask, note=_usage(found.article.id) if line.value else "")
    try:
        return await act(ask, found.article, line.value)
    except WordsError as error:
        return Reply(render.escape(str(error)))


def _usage(article_id: int) -> str:
    return (
        f"Say what to change, or use the buttons:\n<code>/edit {article_id} headline New words</code>\n"
        f"<code>/edit {article_id} topics korea, china</code>\n<code>/edit {article_id} summary 1 3</code>"
    )


# Headline


async def _headline(ask: Ask, article: Article, value: str) -> Reply:
    if not value:
        return await _ask_headline(ask, article)
    wanted = desk_words.headline(value)
    async with ask.db.begin() as tx:
        changed = await articles.edit(tx, article.id, headline=wanted) if wanted != article.headline else article
    return _changed(article, changed, ask, "✏️ The headline is changed.")


async def _ask_headline(ask: Ask, article: Article) -> Reply:
    await questions.put(ask, HEADLINE, {"article_id": article.id})
    return Reply(
        f"What is the new headline of No. {article.id}? {questions.how(ask)}, or /cancel. It reads now:\n\n"
        f"<code>{render.escape(article.headline)}</code>",
        fresh=True,
    )


async def press_headline(ask: Ask) -> Reply:
    article = await _pressed(ask)
    return desk_card.gone() if article is None else await _ask_headline(ask, article)


async def answer_headline(ask: Ask) -> Reply:
    """The next message. One that can't be a headline leaves the question open; a late one is none."""
    if questions.is_late(ask):
        await questions.withdraw(ask)
        return Reply("I waited ten minutes for a headline, then I stopped. Nothing is changed; /edit begins again.")
    async with ask.db.read() as tx:
        article = await articles.get(tx, int(ask.data["article_id"]))
    if article is None:
        return desk_card.gone()
    try:
        wanted = desk_words.headline(ask.args)
    except WordsError as error:
        return Reply(f"{render.escape(str(error))} Send another one, or /cancel.")
    await questions.withdraw(ask)
    return await _headline(ask, article, wanted)


# Topics


async def _topics(ask: Ask, article: Article, value: str) -> Reply:
    if not value:
        return await _pick_topics(ask, article, None, 0)
    change = desk_words.topic_change(value)
    add, unknown = desk_card.topic_ids(ask, change.add)
    drop, unknown_too = desk_card.topic_ids(ask, change.drop)
    if unknown or unknown_too:
        return Reply("\n".join(["Nothing is changed.", *unknown, *unknown_too]))
    named = frozenset(add)
    return await _save_topics(
        ask, article, lambda present: named if change.replace else (present | named) - set(drop), named
    )


async def _save_topics(
    ask: Ask,
    article: Article,
    choose: Callable[[AbstractSet[int]], AbstractSet[int]],
    named: AbstractSet[int] = frozenset(),
) -> Reply:
    """`choose` gets the topic ids that the article has; `named` are those that the editor typed."""
    async with ask.db.begin() as tx:
        changed = await by_hand.file(tx, article.id, choose, named=named, by=ask.person.user_id, now=ask.now)
    return _changed(article, changed, ask, "🏷 The topics are changed. No rule changes them back.")


async def press_topics(ask: Ask) -> Reply:
    """`12` opens the choice, `12:mask:page` goes on with it."""
    article, mask, page = await _pressed(ask), *_state(ask)
    return desk_card.gone() if article is None else await _pick_topics(ask, article, mask, page)


async def press_save_topics(ask: Ask) -> Reply:
    article, (mask, _page) = await _pressed(ask), _state(ask)
    if article is None or mask is None:
        return desk_card.gone()
    known = {topic.id for topic in ask.topics}
    chosen = Choice.read(mask).numbers & known
    return await _save_topics(
        ask, article, lambda present: chosen | {found for found in present if found > desk_pick.HIGHEST}
    )


async def _pick_topics(ask: Ask, article: Article, mask: str | None, page: int) -> Reply:
    present = {topic.id for topic in desk_card.topics_of(article, ask.topics)}
    choice = Choice.of(present) if mask is None else Choice.read(mask)
    topics = sorted((topic for topic in ask.topics if topic.id <= desk_pick.HIGHEST), key=_order(ask.topics))
    data = f"d-top:{article.id}"
    shown = [(topics[at].id, desk_card.short(topics[at].name, 24)) for at in desk_pick.on_page(page, len(topics))]
    keyboard = (
        *desk_pick.toggles(shown, choice, data=data, page=page, width=2),
        *desk_pick.turns(choice, data=data, page=page, count=len(topics)),
        *_finish(f"d-topx:{article.id}:{choice.mask}", article),
    )
    chosen = ", ".join(render.escape(topic.name) for topic in topics if topic.id in choice.numbers)
    head = f"🏷 Topics of No. {article.id}, <b>{render.escape(desk_card.short(article.headline, 200))}</b>"
    return Reply(f"{head}\n\nChosen: {chosen or 'none'}", keyboard=keyboard, article_ids=(article.id,))


def _order(topics: Sequence[Topic]) -> Callable[[Topic], tuple[str, ...]]:
    """Narrower topics stand behind the wider one that they belong to."""
    names = {topic.id: topic.name for topic in topics}
    return lambda topic: tuple(names[topic_id] for topic_id in reversed(with_ancestors(topics, [topic.id])))


# Summary


async def sentences_of(article: Article) -> tuple[str, ...]:
    """The article's sentences in reading order. In a thread: a long article takes a while."""
    return await asyncio.to_thread(
        lambda: tuple(
            sentence
            for paragraph in article.paragraphs
            for sentence in summarizer.split_sentences(paragraph, article.language)
        )
    )


async def _summary(ask: Ask, article: Article, value: str) -> Reply:
    sentences = await sentences_of(article)
    if not value:
        return _pick_sentences(ask, article, sentences, None, 0)
    wanted = desk_words.sentences(value, count=len(sentences))
    if wanted.automatic:
        return await _automatic(ask, article)
    return await _save_summary(ask, article, [sentences[number - 1] for number in wanted.numbers])


async def _automatic(ask: Ask, article: Article) -> Reply:
    chosen = await asyncio.to_thread(
        summarizer.summarize_paragraphs, article.paragraphs, title=article.headline, language=article.language
    )
    return await _save_summary(ask, article, chosen.sentences)


async def _save_summary(ask: Ask, article: Article, summary: Sequence[str]) -> Reply:
    if len(summary) > MOST_SENTENCES:
        raise WordsError(f"A summary has at most {MOST_SENTENCES} sentences; these are {len(summary)}.")
    async with ask.db.begin() as tx:
        same = tuple(summary) == article.summary
        changed = article if same else await articles.edit(tx, article.id, summary=summary)
    return _changed(article, changed, ask, "📝 The summary is changed.")


async def press_summary(ask: Ask) -> Reply:
    """`12` opens the choice, `12:mask:page` goes on with it."""
    article, (mask, page) = await _pressed(ask), _state(ask)
    if article is None:
        return desk_card.gone()
    return _pick_sentences(ask, article, await sentences_of(article), mask, page)


async def press_save_summary(ask: Ask) -> Reply:
    """`12:mask`, or `12:auto` to let the summarizer choose."""
    article, (mask, _page) = await _pressed(ask), _state(ask)
    if article is None or mask is None:
        return desk_card.gone()
    if mask == "auto":
        return await _automatic(ask, article)
    sentences = await sentences_of(article)
    beyond = {at for at in _chosen_in(article, sentences) if at > desk_pick.HIGHEST}
    numbers = sorted(at for at in Choice.read(mask).numbers | beyond if at < len(sentences))
    if not numbers:
        return Reply(toast="Choose at least one sentence.", alarm=True)
    try:
        return await _save_summary(ask, article, [sentences[at] for at in numbers])
    except WordsError as error:
        return Reply(toast=str(error), alarm=True)


def _chosen_in(article: Article, sentences: Sequence[str]) -> list[int]:
    """Where the present summary's sentences stand among the article's."""
    return [sentences.index(sentence) for sentence in article.summary if sentence in sentences]


def _pick_sentences(ask: Ask, article: Article, sentences: Sequence[str], mask: str | None, page: int) -> Reply:
    if not sentences:
        return desk_card.card(article, ask, note="This article has no sentences to choose from.")
    choice = Choice.of(_chosen_in(article, sentences)) if mask is None else Choice.read(mask)
    count = min(len(sentences), desk_pick.HIGHEST + 1)
    shown, data = desk_pick.on_page(page, count), f"d-sum:{article.id}"
    keyboard = (
        *desk_pick.toggles([(at, str(at + 1)) for at in shown], choice, data=data, page=page, width=4),
        *desk_pick.turns(choice, data=data, page=page, count=count),
        (("✨ Let Tidings choose", f"d-sumx:{article.id}:auto"),),
        *_finish(f"d-sumx:{article.id}:{choice.mask}", article),
    )
    lines = [_line(at, sentences[at], chosen=at in choice.numbers) for at in shown]
    head = f"📝 Sentences of No. {article.id}, page {shown[0] // desk_pick.PAGE + 1} of {desk_pick.pages(count)}"
    return Reply("\n\n".join([head, *lines, _tally(choice)]), keyboard=keyboard, article_ids=(article.id,))


def _line(at: int, sentence: str, *, chosen: bool) -> str:
    mark = f"{desk_pick.CHOSEN} " if chosen else ""
    return f"{mark}<b>{at + 1}.</b> {render.escape(desk_card.short(sentence, SHOWN_LENGTH))}"


def _tally(choice: Choice) -> str:
    numbers = ", ".join(str(number + 1) for number in sorted(choice.numbers))
    return f"Chosen: {numbers or 'none'}"


def _changed(before: Article, after: Article, ask: Ask, note: str) -> Reply:
    return desk_card.card(after, ask, note=note if after.version != before.version else "It was so already.")


# Buttons


def _finish(save: str, article: Article) -> Keyboard:
    return ((("💾 Save", save), ("Back", f"d-card:{article.id}")),)


async def _pressed(ask: Ask) -> Article | None:
    article_id = desk_card.number(ask.args.partition(":")[0])
    if article_id is None:
        return None
    async with ask.db.read() as tx:
        return await articles.get(tx, article_id)


def _state(ask: Ask) -> tuple[str | None, int]:
    """The mask (None: the article's own choice) and the page of `12:mask:page`."""
    _key, mask, page = [*ask.args.split(":"), "", ""][:3]
    return mask or None, desk_card.number(page) or 0


COMMANDS = (Command("edit", edit, "Change headline, topics, summary", who=Who.EDITOR, usage="ARTICLE"),)
PRESSES = (
    Press("d-head", press_headline, who=Who.EDITOR),
    Press("d-top", press_topics, who=Who.EDITOR),
    Press("d-topx", press_save_topics, who=Who.EDITOR),
    Press("d-sum", press_summary, who=Who.EDITOR),
    Press("d-sumx", press_save_summary, who=Who.EDITOR),
)
ANSWERS = (Answer(HEADLINE, answer_headline, who=Who.EDITOR),)
