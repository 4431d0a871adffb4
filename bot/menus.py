"""Telegram's command menus: each person is shown only what they may do where they are.

Scopes, narrowest first as Telegram looks them up: an editor's own chat, a group's admins, groups, private chats.
"""

from collections.abc import Awaitable, Callable, Collection

import structlog
from telegram import (
    Bot,
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    BotCommandScopeDefault,
)
from telegram.error import TelegramError

from bot.access import visible
from bot.registry import Registry
from storage.records import Role

log = structlog.get_logger(__name__)

LONGEST_ABOUT = 256


def commands_for(registry: Registry, *, role: Role | None, may_change: bool, private: bool) -> list[BotCommand]:
    """What somebody may do, in the registry's order. Private commands are shown in private chats only."""
    return [
        BotCommand(command.name, command.about[:LONGEST_ABOUT])
        for command in registry.shown()
        if visible(command.who, role=role, may_change=may_change) and (private or not command.private)
    ]


class Menus:
    def __init__(self, bot: Bot, registry: Registry, owner_ids: Collection[int]) -> None:
        self._bot = bot
        self._registry = registry
        self._owner_ids = frozenset(owner_ids)

    async def set_all(self, roles: dict[int, Role]) -> None:
        """At start: the menus of everybody and of each editor (user id → role). Setting them again changes nothing."""
        readers = commands_for(self._registry, role=None, may_change=True, private=True)
        admins = commands_for(self._registry, role=None, may_change=True, private=False)
        members = commands_for(self._registry, role=None, may_change=False, private=False)
        await self._set(readers, BotCommandScopeDefault())
        await self._set(readers, BotCommandScopeAllPrivateChats())
        await self._set(members, BotCommandScopeAllGroupChats())
        await self._set(admins, BotCommandScopeAllChatAdministrators())
        for user_id, role in (dict.fromkeys(self._owner_ids, Role.OWNER) | roles).items():
            await self.set_person(user_id, Role.OWNER if user_id in self._owner_ids else role)

    async def set_person(self, user_id: int, role: Role | None) -> None:
        """One person's menu in the private chat; without a role they get everybody's."""
        if user_id in self._owner_ids:
            role = Role.OWNER
        scope = BotCommandScopeChat(user_id)
        if role is None:
            await self._try(lambda: self._bot.delete_my_commands(scope), scope)
            return
        await self._set(commands_for(self._registry, role=role, may_change=True, private=True), scope)

    async def _set(self, commands: list[BotCommand], scope: BotCommandScope) -> None:
        await self._try(lambda: self._bot.set_my_commands(commands, scope), scope)

    async def _try(self, call: Callable[[], Awaitable[bool]], scope: BotCommandScope) -> None:
        """A menu is a help, no duty: an editor may have blocked the bot, or never have started it."""
        try:
            await call()
        except TelegramError as error:
            log.info("menu_not_set", scope=scope.type, error=type(error).__name__)
