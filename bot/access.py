"""Who may do what. Pure: what is known of the person goes in, a verdict comes out.

Editors are known by their Telegram user id and role, wherever they write. What a group or channel follows only its own
admins change; in a private chat that is the person it belongs to.
"""

from collections.abc import Collection
from enum import StrEnum

from storage.editors import includes
from storage.records import ChatKind, Role


class Who(StrEnum):
    """Whom a command or button serves. `EVERYONE` reads; `CHAT` changes what the chat follows."""

    EVERYONE = "everyone"
    CHAT = "chat"
    CONTRIBUTOR = "contributor"
    EDITOR = "editor"
    OWNER = "owner"

    @property
    def role(self) -> Role | None:
        return Role(self.value) if self.value in set(Role) else None


# Telegram's names of the statuses that make somebody an admin of a chat.
ADMIN_STATUSES = frozenset({"creator", "administrator"})


def effective_role(stored: Role | None, user_id: int, owner_ids: Collection[int]) -> Role | None:
    """OWNER_IDS makes owners, whatever the database says."""
    return Role.OWNER if user_id and user_id in owner_ids else stored


def refusal(who: Who, *, kind: ChatKind, role: Role | None, may_change: bool) -> str | None:
    """None where it is allowed, else a sentence that says why not."""
    if who is Who.EVERYONE or (who is Who.CHAT and may_change):
        return None
    if who is Who.CHAT:
        return f"Only admins of this {'channel' if kind is ChatKind.CHANNEL else 'group'} can change this."
    wanted = who.role
    if wanted is None or includes(role, wanted):
        return None
    if role is None:
        return "This is for the news desk. See /help for what you can do."
    return f"This needs the role of {_article(wanted)} {wanted.value}; yours is {role.value}. Ask an owner."


def _article(role: Role) -> str:
    return "a" if role is Role.CONTRIBUTOR else "an"


def visible(who: Who, *, role: Role | None, may_change: bool) -> bool:
    """Whether /help and the menus show it."""
    return refusal(who, kind=ChatKind.GROUP, role=role, may_change=may_change) is None
