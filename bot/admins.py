"""Who is an admin of a group or channel: asked of Telegram, believed for a minute."""

from collections import OrderedDict
from datetime import datetime, timedelta

import structlog
from telegram import Bot
from telegram.error import TelegramError

from bot.access import ADMIN_STATUSES

log = structlog.get_logger(__name__)

BELIEVED = timedelta(minutes=1)
REMEMBERED = 10_000


class Admins:
    """`is_admin` asks getChatMember; where that fails nobody is one, and nothing is remembered."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._known: OrderedDict[tuple[int, int], tuple[datetime, bool]] = OrderedDict()

    async def is_admin(self, chat_id: int, user_id: int, now: datetime) -> bool:
        known = self._known.get((chat_id, user_id))
        if known is not None and timedelta() <= now - known[0] < BELIEVED:
            return known[1]
        try:
            member = await self._bot.get_chat_member(chat_id, user_id)
        except TelegramError as error:
            log.warning("admin_not_checked", chat_id=chat_id, user_id=user_id, error=type(error).__name__)
            return False
        found = member.status in ADMIN_STATUSES
        self._remember((chat_id, user_id), (now, found))
        return found

    def _remember(self, key: tuple[int, int], value: tuple[datetime, bool]) -> None:
        self._known[key] = value
        self._known.move_to_end(key)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    def drop(self, chat_id: int) -> None:
        """Forget a chat's: something about its members changed."""
        for key in [key for key in self._known if key[0] == chat_id]:
            del self._known[key]
