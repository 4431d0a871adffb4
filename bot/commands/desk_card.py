"""How an article looks to its editors, and how they name it: shared by the desk's commands."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot import names
from bot.ask import Ask, Button, Keyboard, Reply
from bot.commands import desk_words
from delivery import render
from delivery.wording import when
from storage import articles, chats, decisions, editors, references
from storage.database import Connection
from storage.decisions import Verdict
from storage.editors import includes
from storage.records import Article, ArticleStatus, Role, Topic
from storage.slots import zone_of

# A card is one message: what is longer is read by its button.
CARD_LENGTH = 3_000
LABEL_LENGTH = 40
CHOICES = 5

_STATUS = {
    ArticleStatus.PENDING: "⏳ waits for an editor",
    ArticleStatus.USABLE: "🟢 published",
    ArticleStatus.REJECTED: "✖️ rejected",
    ArticleStatus.WITHHELD: "🔒 under embargo",
    ArticleStatus.CANCELED: "⛔ withdrawn",
}


DECIDED = {
    ArticleStatus.USABLE: "approved",
    ArticleStatus.REJECTED: "rejected",
    ArticleStatus.WITHHELD: "embargoed",
}
LEFT = "somebody who left the desk"


@dataclass(frozen=True, slots=True)
class Named:
    """The article that was meant, and what was written after its number."""

    article: Article
    rest: str


def state(article: Article) -> str:
    """Its status, for people."""
    return _STATUS[article.status]


def until(article: Article, ask: Ask) -> str:
    """The end of its embargo, by the asker's clock."""
    end = article.embargo_until or ask.now
    return f"{when(end, zone_of(ask.chat.zone), ask.now, ask.chat.language)} ({ask.chat.zone})"


def number(text: str) -> int | None:
    """A number from a button's data, None for anything else: anybody can send any callback data."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= desk_words.LONGEST_NUMBER else None


async def named(ask: Ask, text: str, *, press: str, waiting: bool = False) -> Named | Reply:
    """The article that `text` or the answered message names; else a reply that helps to name it.

    `press`: the button prefix by which a choice among several goes on. `waiting`: only pending articles are proposed.
    """
    wanted = desk_words.reference(text)
    async with ask.db.read() as tx:
        if wanted.article_id is not None:
            found = await articles.get(tx, wanted.article_id)
            return _unknown(wanted.article_id) if found is None else Named(found, wanted.rest)
        carried = await _carried(tx, ask)
        if len(carried) == 1:
            return Named(carried[0], text.strip())
        candidates = carried or await references.by_headline(tx, text, limit=CHOICES)
        if len(candidates) == 1:
            return Named(candidates[0], "")
        newest = [] if candidates else await _newest(tx, waiting=waiting)
    if candidates:
        return _choose("Which of these?", candidates, press)
    if waiting and not newest:
        return Reply("Nothing waits for a decision.")
    said = f"No headline has “{render.escape(text.strip()[:80])}” in it." if text.strip() else "Which article?"
    return _choose(f"{said} Give its number, answer the message that holds it, or pick one:", newest, press)


async def _carried(tx: Connection, ask: Ask) -> list[Article]:
    if ask.replied_to is None:
        return []
    ids = await references.by_message(tx, bot_id=ask.me.bot_id, chat_id=ask.chat.chat_id, message_id=ask.replied_to)
    return await articles.get_many(tx, ids)


async def _newest(tx: Connection, *, waiting: bool) -> list[Article]:
    pending = await articles.pending(tx, limit=CHOICES)
    return pending if waiting else [*pending, *await articles.latest(tx, limit=CHOICES)][:CHOICES]


def _unknown(article_id: int) -> Reply:
    return Reply(f"There is no article {article_id}. /queue shows what waits, /latest what is published.")


def _choose(said: str, found: Sequence[Article], press: str) -> Reply:
    if not found:
        return Reply("There are no articles yet. /add brings the first one.")
    return Reply(
        said, keyboard=tuple(((short(f"{item.id} · {item.headline}"), f"{press}:{item.id}"),) for item in found)
    )


def short(label: str, length: int = LABEL_LENGTH) -> str:
    folded = " ".join(label.split())
    return folded if len(folded) <= length else folded[: length - 1].rstrip() + "…"


def topics_of(article: Article, topics: Sequence[Topic]) -> tuple[Topic, ...]:
    by_slug = {topic.slug: topic for topic in topics}
    return tuple(by_slug[slug] for slug in article.topics if slug in by_slug)


def topic_line(article: Article, topics: Sequence[Topic]) -> str:
    found = ", ".join(render.escape(topic.name) for topic in topics_of(article, topics))
    return found or "no topic, so nobody gets it by itself"


def block(article: Article, ask: Ask) -> str:
    """As readers see it in every list, cut to a card's length."""
    spans = render.article_spans(article, zone=ask.chat.zone, now=ask.now, language=ask.chat.language)
    pieces = render.split(spans, CARD_LENGTH)
    return render.to_html(pieces[0]) + (" …" if len(pieces) > 1 else "")


async def author(tx: Connection, ask: Ask, article: Article) -> str:
    """Who brought it, "" where nobody in particular did."""
    if article.added_by is None:
        return ""
    return await name_of(tx, ask, article.added_by) or LEFT


async def name_of(tx: Connection, ask: Ask, user_id: int) -> str:
    """As the desk or Telegram knows them; "" for nobody that is known."""
    known = await editors.get(tx, ask.me.bot_id, user_id)
    if known is not None:
        return known.name
    chat = await chats.get(tx, ask.me.bot_id, user_id)
    return "" if chat is None else chat.title


async def decider(tx: Connection, ask: Ask, verdict: Verdict | None) -> str:
    """Who spoke the verdict, "" where nobody in particular did."""
    if verdict is None or verdict.decided_by is None:
        return ""
    return await name_of(tx, ask, verdict.decided_by) or LEFT


async def decided(tx: Connection, ask: Ask, article: Article) -> str:
    """ "approved by Ann", HTML; "" where the article never waited for anybody's word, or its state is another now."""
    verdict = await decisions.last(tx, article.id)
    name = await decider(tx, ask, verdict)
    if verdict is None or verdict.status is not article.status or not name:
        return ""
    why = f": “{render.escape(short(verdict.reason, 200))}”" if verdict.reason else ""
    return f"{DECIDED[verdict.status]} by {render.escape(name)}{why}"


def card(
    article: Article,
    ask: Ask,
    *,
    note: str = "",
    by: str = "",
    decided: str = "",
    fresh: bool = False,
    toast: str = "",
) -> Reply:
    """The article as readers see it, what it is to the desk, and the buttons that the asker may press.

    `note` is HTML and stands above; `by` is who brought it; `decided` (HTML) who decided on it.
    """
    facts = [f"<b>No. {article.id}</b>", state(article), topic_line(article, ask.topics)]
    if article.status is ArticleStatus.WITHHELD:
        facts[1] = f"{state(article)} until {until(article, ask)}"
    if decided:
        facts.append(decided)
    if by and article.status is not ArticleStatus.USABLE:
        facts.append(f"from {render.escape(by)}")
    if article.archive:
        facts.append("archive: found by readers, never sent")
    if article.paywalled:
        facts.append("behind a paywall: only its beginning came in")
    if article.version > 1:
        facts.append(f"version {article.version}")
    parts = [note, block(article, ask), " · ".join(facts)]
    return Reply(
        "\n\n".join(part for part in parts if part),
        keyboard=buttons(article, ask),
        article_ids=(article.id,),
        fresh=fresh,
        toast=toast,
    )


def buttons(article: Article, ask: Ask) -> Keyboard:
    """What may be done with it, by whom it may be done."""
    if not includes(ask.role, Role.EDITOR):
        return ((("Read it all", f"d-read:{article.id}"),),)
    key = article.id
    edit = (("✏️ Headline", f"d-head:{key}"), ("🏷 Topics", f"d-top:{key}"), ("📝 Summary", f"d-sum:{key}"))
    return (*decide(article), edit, *_send(article, ask))


def decide(article: Article) -> Keyboard:
    approve: Button = ("✅ Approve", f"d-ok:{article.id}")
    match article.status:
        case ArticleStatus.PENDING:
            return ((approve, ("✖️ Reject", f"d-no:{article.id}"), ("🔒 Embargo", f"d-emb:{article.id}")),)
        case ArticleStatus.REJECTED:
            return ((approve,),)
        case ArticleStatus.WITHHELD:
            return ((("🟢 Publish now", f"d-lift:{article.id}"), ("🔒 Another time", f"d-emb:{article.id}")),)
    return ()


def _send(article: Article, ask: Ask) -> Keyboard:
    read: Button = ("📖 Read it all", f"d-read:{article.id}")
    told: tuple[Button, ...] = (("📚 Story", f"story:{article.story_id}"),) if article.story_id else ()
    if article.status is not ArticleStatus.USABLE:
        return ((read, *told),)
    filed = topics_of(article, ask.topics)[:3] if not article.archive else ()
    push = tuple(((short(f"📣 Push {topic.name}"), f"d-push:{topic.id}"),) for topic in filed)
    amend: tuple[Button, ...] = (("✏️ Correct", f"d-cor:{article.id}"), ("⛔ Kill", f"d-kill:{article.id}"))
    return ((read, ("📬 Status", f"d-stat:{article.id}"), *told), amend, *push)


async def show(ask: Ask) -> Reply:
    """The card behind a button."""
    article_id = number(ask.args)
    async with ask.db.read() as tx:
        found = None if article_id is None else await articles.get(tx, article_id)
        by = "" if found is None else await author(tx, ask, found)
        word = "" if found is None else await decided(tx, ask, found)
    return gone() if found is None else card(found, ask, by=by, decided=word)


async def show_fresh(ask: Ask) -> Reply:
    """The card as a message of its own, so that the list with the button stays."""
    return replace(await show(ask), fresh=True)


def gone() -> Reply:
    return Reply(toast="This article is not here any more.", alarm=True)


async def read(ask: Ask) -> Reply:
    """The whole article, whatever its status; for contributors, their own and what is published."""
    article_id = number(ask.args.partition(":")[0])
    async with ask.db.read() as tx:
        found = None if article_id is None else await articles.get(tx, article_id)
    editor = includes(ask.role, Role.EDITOR)
    if found is None or not (editor or found.status is ArticleStatus.USABLE or found.added_by == ask.person.user_id):
        return gone()
    first, *more = render.article_messages(found, zone=ask.chat.zone, now=ask.now, language=ask.chat.language)
    rest = tuple(Reply(text, article_ids=(found.id,)) for text in more)
    return Reply(first, more=rest, keyboard=decide(found) if editor else (), fresh=True, article_ids=(found.id,))


def topic_ids(ask: Ask, typed: Sequence[str]) -> tuple[list[int], list[str]]:
    """Topic ids for names as typed, and for each name that is not one topic a sentence that helps."""
    known, problems = list[int](), list[str]()
    for words in typed:
        for name in names.several(ask.topics, words):
            found = names.match(ask.topics, name)
            if found.only is not None:
                known.append(found.only.id)
            else:
                problems.append(_which_topic(name, found))
    return known, problems


def _which_topic(name: str, found: names.Match) -> str:
    near = ", ".join(render.escape(topic.slug) for topic in found.topics or found.suggestions)
    said = (
        f"No topic is called “{render.escape(name[:60])}”."
        if not found.topics
        else (f"“{render.escape(name[:60])}” could be several.")
    )
    return f"{said} Did you mean {near}?" if near else f"{said} /topics lists them."
