"""From an update to its handler and back: who asks, may they, what do they get. The same way for messages and buttons.

payload ──incoming──→ limits ──→ context (chat, destination, role) ──access──→ handler ──Reply──→ Speaker
"""

import asyncio
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import structlog
from telegram import Bot, Update

from bot import zones
from bot.access import Who, effective_role, refusal
from bot.admins import Admins
from bot.ask import Ask, Identity, Later, Reply, Terms
from bot.incoming import Incoming, read_message, read_press, title_of
from bot.limits import Limits, Take
from bot.membership import Membership
from bot.menus import Menus
from bot.receive import Rest
from bot.registry import Answer, Command, Handler, Press, Registry
from bot.speak import Place, Speaker
from delivery import render
from storage import chats, editors, prompts, topics
from storage.database import Connection, Database
from storage.prompts import Prompt
from storage.records import Chat, ChatKind, ChatState, Destination, Role, Topic
from storage.slots import spread_minute

log = structlog.get_logger(__name__)

TOPICS_KEPT = timedelta(seconds=5)

TOO_FAST = "That was quick! I answer again in {seconds} seconds; what you ask until then I leave out."
SORRY = "Sorry, that went wrong on my side. Please try again in a moment."
PRIVATELY = "That works in our private chat."
OLD_BUTTON = "This button is too old. Please ask again."


class TopicList:
    """All topics, read anew every few seconds; `drop` after a change of one's own."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._kept: tuple[Topic, ...] = ()
        self._until = datetime.min.replace(tzinfo=UTC)

    async def get(self, now: datetime) -> tuple[Topic, ...]:
        if now >= self._until or self._until - now > TOPICS_KEPT:
            async with self._db.read() as tx:
                self._kept = tuple(await topics.all_topics(tx))
            self._until = now + TOPICS_KEPT
        return self._kept

    def drop(self) -> None:
        self._until = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Known:
    """What the database knows of an incoming message's chat and person."""

    chat: Chat
    destination: Destination
    role: Role | None
    prompt: Prompt | None


@dataclass(frozen=True, slots=True)
class _Task:
    """What to run, for whom it is, and with which words."""

    handler: Handler
    who: Who = Who.EVERYONE
    private: bool = False
    args: str = ""
    data: Mapping[str, Any] | None = None


class Router:
    """`zone` (IANA) and `digest_minute` (local): what chats have until they choose, shared out over `digest_spread`
    minutes. `owner_ids` are always owners.

    `wake` is called after each of the desk's commands: they may have made something to be sent.
    """

    def __init__(
        self,
        db: Database,
        bot: Bot,
        me: Identity,
        registry: Registry,
        *,
        clock: Callable[[], datetime],
        owner_ids: Collection[int] = (),
        zone: str = "UTC",
        digest_minute: int = 8 * 60,
        digest_spread: int = 0,
        wake: Callable[[], None] = lambda: None,
        limits: Limits | None = None,
        terms: Terms | None = None,
    ) -> None:
        self._db = db
        self._bot = bot
        self._me = me
        self._registry = registry
        self._clock = clock
        self._owner_ids = frozenset(owner_ids)
        self._zone = zone
        self._digest_minute, self._digest_spread = digest_minute, digest_spread
        self._wake = wake
        self._limits = limits or Limits()
        self._terms = terms or Terms()
        self._admins = Admins(bot)
        self._speaker = Speaker(db, bot, me)
        self._membership = Membership(db, self._speaker, me, self._admins, zone)
        self._menus = Menus(bot, registry, owner_ids)
        self.topics = TopicList(db)

    async def set_menus(self) -> None:
        """At start: everybody's command menus; meanwhile the names of places are read, lest the first asker waits."""
        await asyncio.to_thread(zones.warm)
        async with self._db.read() as tx:
            found = await editors.all_editors(tx, self._me.bot_id)
        await self._menus.set_all({item.user_id: item.role for item in found})

    async def handle(self, payload: Mapping[str, Any]) -> Rest | None:
        """One update to its end, or to where the chat can be served again: then the rest is returned, to be awaited.

        Raises what a handler raises.
        """
        update = Update.de_json(dict(payload), self._bot)
        if update.my_chat_member is not None:
            await self._membership.changed(update.my_chat_member, self._clock())
        elif update.callback_query is not None:
            return await self._press(update)
        elif (message := update.message or update.channel_post) is not None:
            if await self._membership.moved(message):
                return None
            incoming = read_message(message, self._me)
            if incoming is not None:
                return await self._message(incoming)
        return None

    async def apologize(self, payload: Mapping[str, Any]) -> None:
        """After a failure: say so in the chat. Reads the bare payload: the library may have failed at it."""
        message = payload.get("message")
        chat = message.get("chat") if isinstance(message, dict) else None
        if isinstance(chat, dict) and isinstance(chat.get("id"), int):
            await self._speaker.say(Place(chat["id"]), Reply(SORRY), self._clock())

    # Messages

    async def _message(self, incoming: Incoming) -> Rest | None:
        command = self._registry.commands.get(incoming.command)
        if incoming.command and command is None and not incoming.addressed:
            return None  # another bot's
        now = self._clock()
        take = self._limits.take(incoming.person.user_id or incoming.chat.id, now)
        if take is not Take.OK:
            if take is Take.NOTICE:
                await self._speaker.say(_place(incoming), Reply(self._too_fast()), now)
            return None
        known = await self._known(incoming, now)
        ask = await self._ask(incoming, known, now)
        reply = await self._run(ask, self._task(incoming, known), incoming)
        if reply.toast and not reply.text:  # there is no button to show it over
            reply = Reply(render.escape(reply.toast))
        message_id = await self._speaker.say(_place(incoming), reply, now)
        await self._renew_menus(reply)
        return self._rest(_place(incoming), message_id, reply)

    def _rest(self, place: Place, message_id: int | None, reply: Reply) -> Rest | None:
        return None if reply.later is None else partial(self._finish, place, message_id, reply.later)

    async def _finish(self, place: Place, message_id: int | None, later: Later) -> None:
        """What a reply left for later, and its end as a message of its own: an edited one would be overlooked."""

        async def tell(progress: Reply) -> None:
            if message_id is not None:
                await self._speaker.say(replace(place, edit=message_id), progress, self._clock())

        reply = await later(tell)
        await self._speaker.say(replace(place, edit=None), reply, self._clock())
        self._wake()

    def _too_fast(self) -> str:
        return TOO_FAST.format(seconds=math.ceil(self._limits.wait))

    def _task(self, incoming: Incoming, known: _Known) -> _Task:
        """A command; else the answer to an open question; else a file; else plain words."""
        if incoming.command:
            command = self._registry.commands.get(incoming.command)
            return _of_command(command, incoming) if command else _Task(self._registry.unknown, args=incoming.text)
        answer = self._registry.answers.get(known.prompt.kind) if known.prompt else None
        if answer is not None and known.prompt is not None:
            return _of_answer(answer, known.prompt, incoming)
        if incoming.document is not None and self._registry.document is not None:
            return _of_command(self._registry.document, incoming)
        return _Task(self._registry.words, args=incoming.text)

    # Buttons

    async def _press(self, update: Update) -> Rest | None:
        """Whatever happens, the button's waiting is ended."""
        query_id = update.callback_query.id if update.callback_query else ""
        incoming = read_press(update)
        reply, rest = Reply(toast=SORRY), None
        try:
            reply, rest = await self._pressed(incoming) if incoming else (Reply(), None)
        finally:
            await self._speaker.answer_press(query_id, reply.toast, alarm=reply.alarm)
        return rest

    async def _pressed(self, incoming: Incoming) -> tuple[Reply, Rest | None]:
        now = self._clock()
        take = self._limits.take(incoming.person.user_id, now)
        if take is not Take.OK:
            return Reply(toast=self._too_fast() if take is Take.NOTICE else ""), None
        press, rest = self._registry.press(incoming.data or "")
        if press is None:
            return Reply(toast=OLD_BUTTON), None
        ask = replace(await self._ask(incoming, await self._known(incoming, now), now), pressed=True)
        reply = await self._run(ask, _of_press(press, rest), incoming)
        place = _place(incoming)
        if incoming.editable and not reply.fresh:
            place = replace(place, edit=incoming.message_id)
        place = replace(place, answers=None)
        message_id = await self._speaker.say(place, reply, now)
        await self._renew_menus(reply)
        return reply, self._rest(place, message_id, reply)

    # Both

    async def _run(self, ask: Ask, task: _Task, incoming: Incoming) -> Reply:
        """Decide on access, then let the handler reply."""
        if task.private and not ask.in_private:
            return _privately(ask)
        may_change = await self._may_change(task.who, incoming, ask.now)
        refused = refusal(task.who, kind=ask.chat.kind, role=ask.role, may_change=may_change)
        if refused is not None:
            return Reply(toast=refused, alarm=True) if ask.pressed else Reply(refused)
        reply = await task.handler(replace(ask, args=task.args, may_change=may_change, data=dict(task.data or {})))
        if reply.new_topics:
            self.topics.drop()
        if task.who.role is not None:
            self._wake()
            return replace(reply, desk=True, more=tuple(replace(item, desk=True) for item in reply.more))
        return reply

    async def _may_change(self, who: Who, incoming: Incoming, now: datetime) -> bool:
        """Telegram is asked only where it matters."""
        if incoming.in_private or incoming.admin:
            return True
        if who is not Who.CHAT or not incoming.person.user_id:
            return False
        return await self._admins.is_admin(incoming.chat.id, incoming.person.user_id, now)

    async def _renew_menus(self, reply: Reply) -> None:
        for user_id in reply.menus_for:
            async with self._db.read() as tx:
                found = await editors.get(tx, self._me.bot_id, user_id)
            await self._menus.set_person(user_id, found.role if found else None)

    async def _ask(self, incoming: Incoming, known: _Known, now: datetime) -> Ask:
        return Ask(
            db=self._db,
            bot=self._bot,
            me=self._me,
            chat=known.chat,
            destination=known.destination,
            person=incoming.person,
            role=known.role,
            may_change=False,
            now=now,
            owner_ids=self._owner_ids,
            topics=await self.topics.get(now),
            digest_minute=spread_minute(self._digest_minute, self._digest_spread, known.destination.id),
            command=incoming.command,
            message_id=incoming.message_id,
            replied_to=incoming.replied_to,
            document=incoming.document,
            replied_text=incoming.replied_text,
            replied_document=incoming.replied_document,
            forwarded=incoming.forwarded,
            clock=self._clock,
            terms=self._terms,
        )

    async def _known(self, incoming: Incoming, now: datetime) -> _Known:
        """Mostly one reading transaction; a writing one where Telegram tells something new of the chat."""
        async with self._db.read() as tx:
            chat = await chats.get(tx, self._me.bot_id, incoming.chat.id)
            place = await chats.find_destination(tx, self._me.bot_id, incoming.chat.id, incoming.thread_id)
            role = await self._role(tx, incoming.person.user_id)
            prompt = await self._prompt(tx, incoming)
        if chat is None or place is None or _is_news(chat, incoming):
            async with self._db.begin() as tx:
                chat = await remember(tx, self._me, incoming, self._zone, now)
                place = await chats.destination(tx, self._me.bot_id, incoming.chat.id, incoming.thread_id)
        return _Known(chat, place, role, prompt)

    async def _role(self, tx: Connection, user_id: int) -> Role | None:
        found = await editors.get(tx, self._me.bot_id, user_id) if user_id else None
        return effective_role(found.role if found else None, user_id, self._owner_ids)

    async def _prompt(self, tx: Connection, incoming: Incoming) -> Prompt | None:
        if incoming.command or not incoming.person.user_id:
            return None
        return await prompts.waiting(
            tx, bot_id=self._me.bot_id, chat_id=incoming.chat.id, user_id=incoming.person.user_id
        )


async def remember(tx: Connection, me: Identity, incoming: Incoming, zone: str, now: datetime) -> Chat:
    """Take over what Telegram says of the chat; whoever writes can be reached again."""
    chat = await chats.remember(
        tx,
        bot_id=me.bot_id,
        chat_id=incoming.chat.id,
        kind=ChatKind(incoming.chat.type),
        title=title_of(incoming.chat),
        username=incoming.chat.username,
        language=incoming.person.language if incoming.in_private else "en",
        zone=zone,
        now=now,
    )
    if chat.state is ChatState.GONE:
        await chats.set_state(tx, me.bot_id, chat.chat_id, ChatState.ACTIVE)
        chat = replace(chat, state=ChatState.ACTIVE, gone_reason=None)
    return chat


def _is_news(chat: Chat, incoming: Incoming) -> bool:
    told = (ChatKind(incoming.chat.type), title_of(incoming.chat), incoming.chat.username)
    return chat.state is ChatState.GONE or told != (chat.kind, chat.title, chat.username)


def _place(incoming: Incoming) -> Place:
    """In groups the reply quotes what it answers."""
    quoted = incoming.message_id if incoming.chat.type in (ChatKind.GROUP, ChatKind.SUPERGROUP) else None
    return Place(incoming.chat.id, incoming.thread_id, answers=quoted)


def _privately(ask: Ask) -> Reply:
    if ask.pressed:
        return Reply(toast=PRIVATELY, alarm=True)
    return Reply(PRIVATELY, keyboard=((("Open our chat", ask.me.link("start")),),))


def _of_command(command: Command, incoming: Incoming) -> _Task:
    return _Task(command.handler, command.who, command.private, args=incoming.text)


def _of_press(press: Press, rest: str) -> _Task:
    return _Task(press.handler, press.who, press.private, args=rest)


def _of_answer(answer: Answer, prompt: Prompt, incoming: Incoming) -> _Task:
    data = {**prompt.data, "expires_at": prompt.expires_at}
    return _Task(answer.handler, answer.who, args=incoming.text, data=data)
