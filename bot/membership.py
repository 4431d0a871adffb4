"""What happens to the bot itself: blocked, added, removed, or its group became a supergroup."""

from datetime import datetime

from telegram import Chat as TelegramChat
from telegram import ChatMember, ChatMemberUpdated, Message
from telegram.constants import ChatType

from bot.admins import Admins
from bot.ask import Identity, Reply
from bot.incoming import title_of
from bot.speak import Place, Speaker
from storage import chats
from storage.database import Database
from storage.records import ChatKind, ChatState

AWAY = frozenset({ChatMember.LEFT, ChatMember.BANNED})
HELLO = (
    "<b>Hello!</b> I bring news to this group: digests at the times you choose, and alerts.\n\n"
    "An admin begins with /subscribe. Everybody can ask for the /latest news."
)


class Membership:
    def __init__(self, db: Database, speaker: Speaker, me: Identity, admins: Admins, zone: str) -> None:
        self._db = db
        self._speaker = speaker
        self._me = me
        self._admins = admins
        self._zone = zone

    async def changed(self, change: ChatMemberUpdated, now: datetime) -> None:
        """A `my_chat_member` update: the bot was blocked or removed, or is welcome (again)."""
        self._admins.drop(change.chat.id)
        was_away, is_away = (member.status in AWAY for member in (change.old_chat_member, change.new_chat_member))
        if is_away:
            await self._gone(change.chat)
            return
        await self._welcome(change.chat, now)
        if was_away and change.chat.type in (ChatType.GROUP, ChatType.SUPERGROUP):
            await self._speaker.say(Place(change.chat.id), Reply(HELLO), now)

    async def _gone(self, chat: TelegramChat) -> None:
        private = chat.type == ChatType.PRIVATE
        reason = "the reader blocked the bot" if private else "the bot was removed from the chat"
        async with self._db.begin() as tx:
            known = await chats.get(tx, self._me.bot_id, chat.id)
            if known is not None and (known.state is ChatState.ACTIVE or not private):
                await chats.set_state(tx, self._me.bot_id, chat.id, ChatState.GONE, reason)

    async def _welcome(self, chat: TelegramChat, now: datetime) -> None:
        """A chat that was gone is back; one that said /stop stays stopped. Private chats begin with /start."""
        async with self._db.begin() as tx:
            known = await chats.get(tx, self._me.bot_id, chat.id)
            if known is not None and known.state is ChatState.GONE:
                await chats.set_state(tx, self._me.bot_id, chat.id, ChatState.ACTIVE)
            if chat.type == ChatType.PRIVATE:
                return
            await chats.remember(
                tx,
                bot_id=self._me.bot_id,
                chat_id=chat.id,
                kind=ChatKind(chat.type),
                title=title_of(chat),
                username=chat.username,
                language="en",
                zone=self._zone,
                now=now,
            )

    async def moved(self, message: Message) -> bool:
        """Whether it was the service message of a group that became a supergroup; then everything moves along."""
        old, new = message.chat.id, message.migrate_to_chat_id
        if message.migrate_from_chat_id is not None:
            old, new = message.migrate_from_chat_id, message.chat.id
        if new is None:
            return False
        async with self._db.begin() as tx:
            await chats.migrate(tx, self._me.bot_id, old, new)
        return True
