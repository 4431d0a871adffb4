"""Who may edit, and the one-time links that make somebody an editor. Only a hash of a link's secret is kept."""

import hashlib
import hmac
import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select

from storage.database import Connection, insert_into
from storage.errors import StorageError
from storage.records import Editor, Role
from storage.schema import editor, invitation

# From most to least; each role includes those after it.
RANKS = (Role.OWNER, Role.EDITOR, Role.CONTRIBUTOR)
SECRET_BYTES = 18


class LastOwnerError(StorageError):
    """The bot would be left without an owner; make somebody else an owner first."""


def includes(role: Role | None, wanted: Role) -> bool:
    """Whether somebody with this role may do what `wanted` may."""
    return role is not None and RANKS.index(role) <= RANKS.index(wanted)


async def get(tx: Connection, bot_id: int, user_id: int) -> Editor | None:
    found = (await tx.execute(select(editor).where(editor.c.bot_id == bot_id, editor.c.user_id == user_id))).first()
    return None if found is None else _editor(found)


async def all_editors(tx: Connection, bot_id: int) -> list[Editor]:
    """Owners first, then editors, then contributors; each by the day they were added."""
    found = await tx.execute(select(editor).where(editor.c.bot_id == bot_id).order_by(editor.c.added_at))
    return sorted(map(_editor, found), key=lambda item: RANKS.index(item.role))


async def has_owner(tx: Connection, bot_id: int) -> bool:
    query = select(editor.c.user_id).where(editor.c.bot_id == bot_id, editor.c.role == Role.OWNER).limit(1)
    return await tx.scalar(query) is not None


async def put(
    tx: Connection, *, bot_id: int, user_id: int, role: Role, name: str, added_by: int | None, now: datetime
) -> Editor:
    """Add somebody, or give them another role. Raises LastOwnerError."""
    if role is not Role.OWNER:
        await _keep_an_owner(tx, bot_id, without=user_id)
    statement = insert_into(tx, editor).values(
        bot_id=bot_id, user_id=user_id, role=role, name=name, added_by=added_by, added_at=now
    )
    found = await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["bot_id", "user_id"], set_={"role": role, "name": name}
        ).returning(*editor.c)
    )
    return _editor(found.one())


async def remove(tx: Connection, bot_id: int, user_id: int) -> bool:
    """False where they were none. Raises LastOwnerError."""
    await _keep_an_owner(tx, bot_id, without=user_id)
    gone = await tx.execute(delete(editor).where(editor.c.bot_id == bot_id, editor.c.user_id == user_id))
    return gone.rowcount > 0


async def _keep_an_owner(tx: Connection, bot_id: int, *, without: int) -> None:
    """The owners' rows are locked: two owners who remove each other at once can't both succeed."""
    query = select(editor.c.user_id).where(editor.c.bot_id == bot_id, editor.c.role == Role.OWNER)
    owners = set(await tx.scalars(query.order_by(editor.c.user_id).with_for_update()))
    if owners == {without}:
        raise LastOwnerError("This is the only owner. Make somebody else an owner first.")


# Invitations


async def invite(tx: Connection, *, bot_id: int, role: Role, created_by: int | None, expires_at: datetime) -> str:
    """A new secret (24 characters of A-Za-z0-9_-), good once. `created_by` None: from the terminal."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    await tx.execute(
        insert(invitation).values(
            bot_id=bot_id, secret_hash=_hash(secret), role=role, created_by=created_by, expires_at=expires_at
        )
    )
    return secret


async def redeem(tx: Connection, *, bot_id: int, secret: str, user_id: int, name: str, now: datetime) -> Editor | None:
    """Use a secret up and give its role; None where it is unknown, used or too late.

    Nobody loses a higher role by it. Whoever takes the terminal's owner link ends the other ones made there.
    """
    wanted = _hash(secret)
    gone = await tx.execute(
        delete(invitation)
        .where(invitation.c.bot_id == bot_id, invitation.c.secret_hash == wanted)
        .returning(invitation.c.secret_hash, invitation.c.role, invitation.c.created_by, invitation.c.expires_at)
    )
    row = gone.first()
    if row is None or not hmac.compare_digest(row.secret_hash, wanted) or row.expires_at <= now:
        return None
    if row.created_by is None:
        await withdraw_claims(tx, bot_id)
    known = await get(tx, bot_id, user_id)
    if known is not None and includes(known.role, Role(row.role)):
        return known
    return await put(
        tx, bot_id=bot_id, user_id=user_id, role=Role(row.role), name=name, added_by=row.created_by, now=now
    )


async def withdraw_claims(tx: Connection, bot_id: int) -> None:
    """Forget the owner links made at the terminal."""
    await tx.execute(
        delete(invitation).where(
            invitation.c.bot_id == bot_id, invitation.c.created_by.is_(None), invitation.c.role == Role.OWNER
        )
    )


async def withdraw_by(tx: Connection, bot_id: int, created_by: int) -> None:
    """Forget the open links of somebody, such as of an owner who is one no more."""
    await tx.execute(delete(invitation).where(invitation.c.bot_id == bot_id, invitation.c.created_by == created_by))


async def prune_invitations(tx: Connection, now: datetime) -> int:
    """Drop links whose time is over. Returns how many."""
    gone = await tx.execute(delete(invitation).where(invitation.c.expires_at <= now))
    return gone.rowcount


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _editor(row: Row[Any]) -> Editor:
    return Editor(
        bot_id=row.bot_id,
        user_id=row.user_id,
        role=Role(row.role),
        name=row.name,
        added_by=row.added_by,
        added_at=row.added_at,
    )
