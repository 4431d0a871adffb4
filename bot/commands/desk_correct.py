"""/correct and /kill: an editor's word that a published article was wrong, carried to every copy of it.

What is typed becomes a draft; a button confirms it, once. The message with the button then tells how it goes.
"""

import re
from dataclasses import dataclass, replace

from bot import delivery_words
from bot.access import Who
from bot.ask import Ask, Keyboard, Reply
from bot.commands import desk_card, questions
from bot.registry import Answer, Command, Press
from delivery import amended, corrections, render
from delivery.corrections import Confirmed, NotCorrectableError
from delivery.wording import when
from storage import articles, chats, editors, replies
from storage import corrections as drafts
from storage.database import Connection
from storage.progress import Subject
from storage.records import Article, ArticleStatus, Correction, CorrectionKind, EditionPart
from storage.slots import zone_of

CORRECTION = "d-correction"
LONGEST_NOTE = amended.LONGEST_NOTE
PREVIEWED = 2  # sentences

_ARROW = re.compile(r"\s*(?:-+>|=+>|→|⇒|➡️?)\s*")
_QUOTES = "\"“”„«»'‘’ "


@dataclass(frozen=True, slots=True)
class Line:
    """What was typed after the number. `wrong` and `right`: words to replace, "" where none are."""

    wrong: str
    right: str
    note: str


def line(text: str) -> Line:
    """`wrong words -> right words`, a note in the next lines or after a bar; or only a note."""
    first, _, rest = text.strip().partition("\n")
    halves = _ARROW.split(first, maxsplit=1)
    if len(halves) == 1:
        return Line("", "", " ".join(text.split()))
    right, _, note = halves[1].partition(" | ")
    wrong, right = halves[0].strip(_QUOTES), right.strip(_QUOTES)
    return Line(wrong, right, " ".join(f"{note} {rest}".split()) or _usual_note(wrong, right))


def _usual_note(wrong: str, right: str) -> str:
    return f"It is “{right}”, not “{wrong}”." if right else f"The words “{wrong}” were wrong and are taken out."


# Corrections


async def correct(ask: Ask) -> Reply:
    """`12 21 people -> 12 people`, with a note for readers or without; `12 NOTE`; or only the article."""
    found = await desk_card.named(ask, ask.args, press="d-cor")
    if isinstance(found, Reply):
        return found
    return await _correct(ask, found.article, found.rest)


async def press_correct(ask: Ask) -> Reply:
    article = await _pressed(ask)
    return desk_card.gone() if article is None else await _correct(ask, article, "")


async def answer(ask: Ask) -> Reply:
    """The next message, after the question."""
    async with ask.db.begin() as tx:
        await questions.withdraw_in(tx, ask)
        article = await articles.get(tx, int(ask.data["article_id"]))
    if article is None:
        return desk_card.gone()
    if questions.is_late(ask):
        return Reply("I waited ten minutes, then I stopped. Nothing is changed; /correct begins again.")
    return await _correct(ask, article, ask.args)


async def _correct(ask: Ask, article: Article, text: str) -> Reply:
    if (refused := await _refused(ask, article)) is not None:
        return refused
    if not text.strip():
        return await _ask_words(ask, article)
    said = line(text)
    if len(said.note) > LONGEST_NOTE:
        return Reply(f"That is {len(said.note)} characters; readers can be told {LONGEST_NOTE}. Say it shorter.")
    try:
        new = corrections.reworded(article, said.wrong, said.right) if said.wrong else article
    except NotCorrectableError as error:
        return Reply(f"{render.escape(str(error))} <code>/edit {article.id}</code> shows it.")
    if not new.headline.strip():
        return Reply("That would leave no headline. Give the right words after the arrow.")
    draft = await _draft(ask, article, CorrectionKind.CORRECTION, said)
    return await _ask_sure(ask, new, draft)


async def _ask_words(ask: Ask, article: Article) -> Reply:
    await questions.put(ask, CORRECTION, {"article_id": article.id})
    return Reply(
        f"✏️ What was wrong in No. {article.id}, <b>{_headline(article)}</b>? {questions.how(ask)}, or /cancel.\n\n"
        "Words to replace: <code>21 people -&gt; 12 people</code>\n"
        "Or only what to tell readers: <code>The fire was in Mokpo, not in Busan.</code>\n"
        "Or both: the words first, what to tell in the next line.",
        fresh=True,
    )


# Kills


async def kill(ask: Ask) -> Reply:
    """`12`, with what readers are told or without."""
    found = await desk_card.named(ask, ask.args, press="d-kill")
    if isinstance(found, Reply):
        return found
    return await _kill(ask, found.article, " ".join(found.rest.split()))


async def press_kill(ask: Ask) -> Reply:
    article = await _pressed(ask)
    return desk_card.gone() if article is None else await _kill(ask, article, "")


async def _kill(ask: Ask, article: Article, note: str) -> Reply:
    if (refused := await _refused(ask, article)) is not None:
        return refused
    if len(note) > LONGEST_NOTE:
        return Reply(f"That is {len(note)} characters; readers can be told {LONGEST_NOTE}. Say it shorter.")
    draft = await _draft(ask, article, CorrectionKind.KILL, Line("", "", note))
    return await _ask_sure(ask, article, draft)


# Both


async def _pressed(ask: Ask) -> Article | None:
    article_id = desk_card.number(ask.args)
    async with ask.db.read() as tx:
        return None if article_id is None else await articles.get(tx, article_id)


async def _refused(ask: Ask, article: Article) -> Reply | None:
    if article.status is ArticleStatus.USABLE:
        return None
    if article.status is ArticleStatus.CANCELED:
        return await _was_killed(ask, article)
    waits = f"No reader has No. {article.id} yet: it {desk_card.state(article).split(' ', 1)[1]}."
    return Reply(f"{waits} /edit {article.id} changes it, /reject {article.id} keeps it out.")


async def _was_killed(ask: Ask, article: Article) -> Reply:
    async with ask.db.read() as tx:
        said = [item for item in await drafts.of_article(tx, article.id) if item.kind is CorrectionKind.KILL]
        told = await _told(tx, ask, said[-1]) if said else ""
    return Reply(f"No. {article.id} is killed already. {told}".strip(), keyboard=_status(article.id))


async def _told(tx: Connection, ask: Ask, item: Correction) -> str:
    name = await _name(tx, ask, item.requested_by) if item.requested_by else ""
    at = when(item.at, zone_of(ask.chat.zone), ask.now, ask.chat.language)
    who = f" by {render.escape(name)}" if name else ""
    return f"That was{who} at {at}.\n{delivery_words.corrected(await corrections.standing(tx, item))}"


async def _name(tx: Connection, ask: Ask, user_id: int) -> str:
    known = await editors.get(tx, ask.me.bot_id, user_id)
    if known is not None:
        return known.name
    chat = await chats.get(tx, ask.me.bot_id, user_id)
    return "" if chat is None else chat.title


async def _draft(ask: Ask, article: Article, kind: CorrectionKind, said: Line) -> Correction:
    async with ask.db.begin() as tx:
        draft_id = await drafts.draft(
            tx,
            bot_id=ask.me.bot_id,
            article_id=article.id,
            kind=kind,
            note=said.note,
            wrong=said.wrong,
            right=said.right,
            by=ask.person.user_id or None,
            now=ask.now,
        )
        made = await drafts.get(tx, draft_id)
    if made is None:
        raise LookupError(draft_id)
    return made


async def _ask_sure(ask: Ask, article: Article, draft: Correction) -> Reply:
    async with ask.db.read() as tx:
        count = await drafts.count_copies(tx, ask.me.bot_id, article.id)
        count += await replies.count(tx, ask.me.bot_id, article.id)
    reach = "No reader has it yet."
    if count:
        lasts = delivery_words.duration(count, delivery_words.pace(ask.terms))
        reach = f"It reaches {delivery_words.copies(count)}, {lasts}.{await delivery_words.cost(ask, count)}"
    notice = render.to_html(amended.notice(draft, ask.chat.language))
    if draft.kind is CorrectionKind.KILL:
        text = (
            f"⛔ <b>Kill No. {article.id}?</b> {reach}\n\n<b>{_headline(article)}</b>\n\n"
            f"It is deleted wherever it stands alone and is younger than 48 hours; elsewhere readers find:\n\n{notice}"
            "\n\nNobody can read, find or push it any more. This can't be undone."
        )
        yes = "⛔ Kill it"
    else:
        text = f"✏️ <b>Correct No. {article.id}?</b> {reach} Readers will see:\n\n"
        text += _preview(ask, article, draft)
        yes = "✏️ Correct it"
    return Reply(text, keyboard=(((yes, f"d-do:{draft.id}:{article.id}"), ("No", "d-leave")),), fresh=True)


def _preview(ask: Ask, article: Article, draft: Correction) -> str:
    short = replace(article, summary=article.summary[:PREVIEWED])
    told = {article.id: amended.Told(short, (draft,))}
    layout = amended.bare_layout([article.id], zone=ask.chat.zone, now=ask.now, language=ask.chat.language)
    part = EditionPart(0, "", article_ids=(article.id,))
    return amended.amended(part, layout, told).text


async def confirm(ask: Ask) -> Reply:
    """`draft:article`: carried out once, however often and by however many it is pressed."""
    draft, _, key = ask.args.partition(":")
    draft_id, article_id = desk_card.number(draft), desk_card.number(key)
    if draft_id is None or article_id is None:
        return desk_card.gone()
    try:
        done = await corrections.confirm(ask.db, draft_id=draft_id, article_id=article_id, now=ask.now)
    except NotCorrectableError as error:
        return Reply(f"Nothing is changed. {render.escape(str(error))} Somebody may have corrected it meanwhile.")
    if done.correction is None:
        return await _already(ask, article_id, done)
    await corrections.run_corrections(ask.db, bot_id=ask.me.bot_id, now=ask.now)
    async with ask.db.read() as tx:
        how = await corrections.standing(tx, done.correction)
    return Reply(
        delivery_words.corrected(how), keyboard=_status(article_id), follows=(Subject.CORRECTION, done.correction.id)
    )


async def _already(ask: Ask, article_id: int, done: Confirmed) -> Reply:
    if not done.before:
        return desk_card.gone()
    async with ask.db.read() as tx:
        told = await _told(tx, ask, done.before[-1])
    toast = "That is done already, or under way."
    return Reply(f"This was said before. {told}", keyboard=_status(article_id), toast=toast)


def _status(article_id: int) -> Keyboard:
    return ((("📬 How deliveries go", f"d-stat:{article_id}"),),)


def _headline(article: Article) -> str:
    return render.escape(desk_card.short(article.headline, 200))


COMMANDS = (
    Command("correct", correct, "Correct what readers have", who=Who.EDITOR, usage="ARTICLE [WRONG -> RIGHT]"),
    Command("kill", kill, "Withdraw an article from all readers", who=Who.EDITOR, usage="ARTICLE [NOTE]"),
)
PRESSES = (
    Press("d-cor", press_correct, who=Who.EDITOR),
    Press("d-kill", press_kill, who=Who.EDITOR),
    Press("d-do", confirm, who=Who.EDITOR),
)
ANSWERS = (Answer(CORRECTION, answer, who=Who.EDITOR),)
