"""The outbox: deliveries on their way, one row each, with a row for every part that was tried.

    queued ──mark──→ sending ──→ sent
      ↑ ↓ drop          ├──→ queued (later, again, next part)
      │ dropped         └──→ failed
      └──────── recover (a dead process's `sending` rows)

Every function is a piece of one short transaction. Only the bot's sender marks and settles; its epoch is checked where
it marks.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from storage import claims
from storage.batches import Batch
from storage.claims import Claim
from storage.database import Connection, insert_into
from storage.records import DeliveryState, Lane
from storage.schema import bot, chat, delivery, delivery_part, destination, reply_article

PUSH_LANES = (Lane.ALERT, Lane.CORRECTION, Lane.DIGEST, Lane.ANNOUNCEMENT)
SKIPPED = "skipped"
OPEN = (DeliveryState.QUEUED, DeliveryState.SENDING)

# Written out, not bound: both planners use a partial index only for what they can read.
_QUEUED: ColumnElement[str] = literal_column("'queued'")
_SENDING: ColumnElement[str] = literal_column("'sending'")


@dataclass(frozen=True, slots=True)
class Sendership:
    """Who sends for the bot (an epoch counts the senders), and until when Telegram wants silence."""

    epoch: int
    retry_at: datetime | None


# Statements of the sender's turn are built once: for each message anew they cost more than the message. Names of
# parameters differ from the columns', which UPDATE keeps for itself.


def _begun(of: FromClause) -> ColumnElement[bool]:
    """A message of several arrived, or it must be tried again."""
    return or_(of.c.next_part > literal_column("0"), of.c.reason.is_not(None))


def _lane_ids(lane: Lane, *, begun: bool = False) -> Select[Any]:
    mine, other = delivery.alias(), delivery.alias()
    # Not NOT EXISTS: where PostgreSQL's statistics know of no queue yet, it joins the whole queue to each of its rows.
    first = (
        select(func.min(other.c.id))
        .where(
            other.c.destination_id == mine.c.destination_id,
            other.c.lane == mine.c.lane,
            other.c.state.in_((_QUEUED, _SENDING)),
        )
        .scalar_subquery()
    )
    query = (
        select(mine.c.id)
        .where(
            mine.c.bot_id == bindparam("the_bot"),
            mine.c.lane == literal_column(str(int(lane))),
            mine.c.state == _QUEUED,
            mine.c.not_before <= bindparam("the_time"),
            mine.c.id == first,
            *([_begun(mine)] if begun else []),
        )
        .order_by(mine.c.bot_id, mine.c.lane, mine.c.not_before, mine.c.id)
        .limit(bindparam("the_limit"))
    )
    return select(query.subquery())


def _lane_due(lane: Lane) -> Select[Any]:
    query = (
        select(delivery.c.not_before)
        .where(
            delivery.c.bot_id == bindparam("the_bot"),
            delivery.c.lane == literal_column(str(int(lane))),
            delivery.c.state == _QUEUED,
        )
        .order_by(delivery.c.not_before)
        .limit(1)
    )
    return select(query.subquery())


_BEST = union_all(*map(_lane_ids, PUSH_LANES), *(_lane_ids(lane, begun=True) for lane in PUSH_LANES))
_BEST_FIRST = (delivery.c.lane, _begun(delivery).desc(), delivery.c.not_before, delivery.c.id)
# An array on PostgreSQL: joined or nested, its planner may walk the whole table.
_CANDIDATES = {
    name: claims.claims_query().where(chosen).order_by(*_BEST_FIRST)
    for name, chosen in (
        ("sqlite", delivery.c.id.in_(_BEST)),
        ("postgresql", delivery.c.id == func.any(func.array(_BEST.scalar_subquery()))),
    )
}
_ORPHANS = (
    claims.claims_query()
    .where(delivery.c.bot_id == bindparam("the_bot"), delivery.c.state == _SENDING)
    .order_by(delivery.c.id)
)
_NEXT_DUE = union_all(*map(_lane_due, PUSH_LANES))
# Each by an index of its own: together, a long queue would be read for the few that were begun.
_LEFT_LATELY = union_all(
    *(
        select(destination.c.chat_id, delivery_part.c.at)
        .join(delivery, delivery.c.id == delivery_part.c.delivery_id)
        .join(destination, destination.c.id == delivery.c.destination_id)
        .where(delivery.c.bot_id == bindparam("the_bot"), delivery_part.c.at >= bindparam("the_time"), *these)
        for these in (
            (delivery.c.done_at >= bindparam("the_time"),),
            (delivery.c.state == _QUEUED, _begun(delivery)),
            (delivery.c.state == _SENDING,),
        )
    )
)
_SHIP = (
    select(bot.c.sender_epoch, bot.c.retry_at).where(bot.c.bot_id == bindparam("the_bot")).with_for_update(read=True)
)
# An ANALYZE while a push runs makes PostgreSQL think `_CANDIDATES` so dear that it compiles it: 100 ms, each time anew.
# Said here, for the transaction alone: it costs no way there and back, and a pooler may stand between.
_SENDERSHIP = {"sqlite": _SHIP, "postgresql": _SHIP.add_columns(func.set_config("jit", "off", true()))}
_GIVEN = Batch("id", "part", "revision")


def _unlocked(given: FromClause) -> Select[Any]:
    # An expression, which no partial index serves: PostgreSQL would read the whole queue where it thinks it short.
    mine, queued = delivery.c.id.in_(select(given.c.id)), delivery.c.state + "" == DeliveryState.QUEUED.value
    return select(delivery.c.id).where(mine, queued).with_for_update(skip_locked=True, of=delivery)


_MARKED = {"state": DeliveryState.SENDING.value, "attempts": delivery.c.attempts + 1}
_UNLOCKED = {
    "sqlite": delivery.c.id.in_(_unlocked(_GIVEN.of["sqlite"])),
    "postgresql": delivery.c.id == func.any(func.array(_unlocked(_GIVEN.of["postgresql"]).scalar_subquery())),
}
_MARK = {
    name: update(delivery).where(these).values(_MARKED).returning(delivery.c.id, delivery.c.next_part)
    for name, these in _UNLOCKED.items()
}


def _note(query: sqlite.Insert | postgresql.Insert, given: FromClause, source: FromClause | None = None) -> Any:
    """What is about to be sent, a row for each part; anew where it was tried before."""
    at = bindparam("the_time", type_=delivery_part.c.at.type)
    rows = select(given.c.id, given.c.part, literal_column("'sending'"), at, given.c.revision).where(true())
    rows = rows if source is None else rows.select_from(source)
    query = query.from_select(["delivery_id", "number", "state", "at", "revision"], rows)
    return query.on_conflict_do_update(
        index_elements=["delivery_id", "number"],
        set_={name: query.excluded[name] for name in ("state", "at", "revision")},
    )


def _mark_and_note() -> Any:
    """Both at once: PostgreSQL is another process, and each statement a way there and back."""
    marked, given = _MARK["postgresql"].cte("marked"), _GIVEN.of["postgresql"]
    rows = given.join(marked, (marked.c.id == given.c.id) & (marked.c.next_part == given.c.part))
    noted = _note(postgresql.insert(delivery_part), given, rows).cte("noted")
    return select(marked.c.id, marked.c.next_part).add_cte(noted)


_NOTE = _note(sqlite.insert(delivery_part), _GIVEN.of["sqlite"])
_MARK_AND_NOTE = _mark_and_note()
# Still this edition's: SQLite gives the number of a forgotten delivery to a new one.
_PART_OF = delivery_part.c.delivery_id.in_(
    select(delivery.c.id).where(delivery.c.id == bindparam("the_id"), delivery.c.edition_id == bindparam("the_edition"))
)
_PART_SENT = (
    update(delivery_part)
    .where(_PART_OF, delivery_part.c.number == bindparam("the_part"))
    .values(state=DeliveryState.SENT.value, message_id=bindparam("the_message"), at=bindparam("the_time"))
)


# The sender's turn


async def take_over(tx: Connection, bot_id: int) -> int:
    """Become the bot's sender: every earlier sender's marks are refused from the commit on. Gives the epoch."""
    statement = insert_into(tx, bot).values(bot_id=bot_id, username="", sender_epoch=1)
    found = await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["bot_id"], set_={"sender_epoch": bot.c.sender_epoch + 1}
        ).returning(bot.c.sender_epoch)
    )
    return int(found.scalar_one())


async def sendership(tx: Connection, bot_id: int) -> Sendership:
    """Locked against `take_over` until the commit: a mark either comes before another sender's start, or never.

    Begins the transaction in which `candidates` are read.
    """
    row = (await tx.execute(_SENDERSHIP[tx.dialect.name], {"the_bot": bot_id})).first()
    return Sendership(-1, None) if row is None else Sendership(row.sender_epoch, row.retry_at)


async def candidates(tx: Connection, bot_id: int, now: datetime, limit: int) -> list[Claim]:
    """What may leave now, best first: up to `limit` of each lane, twice as many where that many were begun.

    What was begun goes before the rest of its lane: its next message, or its next try.
    What has an earlier delivery open at the same destination and lane waits for it.
    """
    asked = {"the_bot": bot_id, "the_time": now, "the_limit": limit}
    return await claims.read(tx, _CANDIDATES[tx.dialect.name], asked)


async def next_due(tx: Connection, bot_id: int) -> datetime | None:
    """When the next queued delivery may leave; None where nothing is queued."""
    return min((row[0] for row in await tx.execute(_NEXT_DUE, {"the_bot": bot_id})), default=None)


async def mark(tx: Connection, chosen: Sequence[Claim], now: datetime) -> list[Claim]:
    """Mark as `sending` what is about to be called; gives those that were.

    A row that is locked, or no longer queued at this part, is left out: it was changed since it was read.
    """
    if not chosen:
        return []
    given = _given(tx, chosen)
    if tx.dialect.name == "postgresql":
        rows = await tx.execute(_MARK_AND_NOTE, given | {"the_time": now})
    else:
        rows = await tx.execute(_MARK["sqlite"], given)
    parts = {row.id: row.next_part for row in rows}
    marked = [claim for claim in chosen if parts.get(claim.id) == claim.part]
    if marked and tx.dialect.name == "sqlite":
        await tx.execute(_NOTE, _given(tx, marked) | {"the_time": now})
    return marked


def _given(tx: Connection, chosen: Sequence[Claim]) -> dict[str, Any]:
    return _GIVEN.values(tx, [(claim.id, claim.part, claim.revision) for claim in chosen])


# What became of it


async def sent(tx: Connection, claim: Claim, message_id: int, now: datetime, resume_at: datetime) -> None:
    """The part arrived. The delivery is done, or its next part queued for `resume_at`."""
    await _forward(tx, claim, {"state": DeliveryState.SENT, "done_at": now}, resume_at)
    await tx.execute(_PART_SENT, _part_of(claim) | {"the_message": message_id, "the_time": now})


async def skipped(tx: Connection, claim: Claim, reason: str, now: datetime) -> None:
    """The part may have arrived and is not sent again: listed as in doubt."""
    await _forward(tx, claim, {"state": DeliveryState.DROPPED, "done_at": now, "reason": reason}, now)
    await _set_part(tx, claim, state=SKIPPED, in_doubt=True, at=now)


async def requeue(
    tx: Connection,
    claim: Claim,
    until: datetime,
    *,
    reason: str,
    plain: bool = False,
    classic: bool = False,
    doubt: bool = False,
    tried: bool = True,
) -> None:
    """Send the same part again, not before `until`; what comes after it in its lane waits as well.

    `doubt`: the call may have arrived. `tried`: counts as an attempt (and a doubt), which makes the next pause longer.
    """
    values: dict[str, Any] = {"state": DeliveryState.QUEUED, "not_before": until, "reason": reason}
    values |= {"plain": True} if plain else {}
    values |= {"classic": True} if classic else {}
    values |= {"doubts": delivery.c.doubts + 1} if doubt and tried else {}
    values |= {} if tried else {"attempts": delivery.c.attempts - 1}
    await tx.execute(_this(claim).values(**values))
    await _set_part(tx, claim, state=DeliveryState.QUEUED, **({"in_doubt": True} if doubt else {}))
    await postpone(tx, claim, until)


async def fail(tx: Connection, claim: Claim, reason: str, now: datetime) -> None:
    """It will never arrive."""
    await tx.execute(_this(claim).values(state=DeliveryState.FAILED, reason=reason, done_at=now))
    await _set_part(tx, claim, state=DeliveryState.FAILED, at=now)


async def drop(tx: Connection, ids: Collection[int], reason: str, now: datetime) -> None:
    """Take queued deliveries out, with the reason."""
    await tx.execute(
        update(delivery)
        .where(delivery.c.id.in_(ids), delivery.c.state == _QUEUED)
        .values(state=DeliveryState.DROPPED, reason=reason, done_at=now)
    )


async def drop_chat(tx: Connection, claim: Claim, bot_id: int, reason: str, now: datetime) -> int:
    """The chat is gone: drop this delivery and all that is queued for any of its threads. How many there were."""
    theirs = select(destination.c.id).where(destination.c.bot_id == bot_id, destination.c.chat_id == claim.chat_id)
    done = await tx.execute(
        update(delivery)
        .where(
            delivery.c.destination_id.in_(theirs),
            delivery.c.state.in_((_QUEUED, _SENDING)),
            or_(
                delivery.c.state == _QUEUED,
                (delivery.c.id == claim.id) & (delivery.c.edition_id == claim.edition_id),
            ),
        )
        .values(state=DeliveryState.DROPPED, reason=reason, done_at=now)
    )
    await _set_part(tx, claim, state=DeliveryState.FAILED, at=now)
    return done.rowcount


async def postpone(tx: Connection, claim: Claim, until: datetime) -> None:
    """Nothing of this lane leaves for the destination before: neither this delivery nor any that came after it."""
    await tx.execute(
        update(delivery)
        .where(
            delivery.c.destination_id == claim.destination_id,
            delivery.c.lane == int(claim.lane),
            delivery.c.state == _QUEUED,
            delivery.c.not_before < until,
        )
        .values(not_before=until)
    )


async def put_off(tx: Connection, waiting: Collection[Claim], until: datetime) -> None:
    """These leave no sooner; what comes after them in their lanes waits for them anyway."""
    if waiting:
        ids = [claim.id for claim in waiting]
        mine = (delivery.c.id.in_(ids), delivery.c.state == _QUEUED, delivery.c.not_before < until)
        await tx.execute(update(delivery).where(*mine).values(not_before=until))


async def hold_chat(tx: Connection, bot_id: int, chat_id: int, until: datetime) -> None:
    """Telegram wants silence in this chat; an earlier, longer wish stands."""
    await tx.execute(
        update(chat)
        .where(
            chat.c.bot_id == bot_id, chat.c.chat_id == chat_id, or_(chat.c.retry_at.is_(None), chat.c.retry_at < until)
        )
        .values(retry_at=until)
    )


async def hold_bot(tx: Connection, bot_id: int, until: datetime) -> None:
    """Telegram wants silence from the bot; an earlier, longer wish stands."""
    await tx.execute(
        update(bot)
        .where(bot.c.bot_id == bot_id, or_(bot.c.retry_at.is_(None), bot.c.retry_at < until))
        .values(retry_at=until)
    )


# Corrections of what arrived


async def passed(tx: Connection, done: Collection[Claim], now: datetime) -> None:
    """Nothing is to be done for these parts: on to the next ones."""
    for claim in done:
        await _forward(tx, claim, {"state": DeliveryState.SENT, "done_at": now}, now)


async def again_as(tx: Connection, claim: Claim, manner: str, reason: str, now: datetime) -> None:
    """Telegram wants this copy changed in another manner."""
    await requeue(tx, claim, now, reason=reason, tried=False)
    await _set_part(tx, claim, manner=manner)


# After a death


async def orphans(tx: Connection, bot_id: int) -> list[Claim]:
    """What a dead process had marked: its calls may or may not have arrived."""
    return await claims.read(tx, _ORPHANS, {"the_bot": bot_id})


async def recent(tx: Connection, bot_id: int, since: datetime) -> list[tuple[int, datetime]]:
    """(chat id, time) of the messages that left since then: what a new sender's pace must count.

    Of replies those that carried articles are known.
    """
    replied = select(reply_article.c.chat_id, reply_article.c.message_id, reply_article.c.at).where(
        reply_article.c.bot_id == bot_id, reply_article.c.at >= since
    )
    answers = [(row.chat_id, row.at) for row in await tx.execute(replied.distinct())]
    rows = await tx.execute(_LEFT_LATELY, {"the_bot": bot_id, "the_time": since})
    return sorted([*answers, *((row.chat_id, row.at) for row in rows)], key=lambda item: item[1])


async def _forward(tx: Connection, claim: Claim, end: dict[str, Any], resume_at: datetime) -> None:
    following = claim.part + 1
    values = end if following == claim.parts else {"state": DeliveryState.QUEUED, "not_before": resume_at}
    await tx.execute(_this(claim).values(**{"reason": None, **values}, next_part=following, attempts=0, doubts=0))


def _this(claim: Claim) -> Any:
    """The delivery, while it is still at this part: what came too late changes nothing."""
    return update(delivery).where(
        delivery.c.id == claim.id,
        delivery.c.edition_id == claim.edition_id,
        delivery.c.next_part == claim.part,
        delivery.c.state.in_((_QUEUED, _SENDING)),
    )


async def _set_part(tx: Connection, claim: Claim, **values: Any) -> None:
    await tx.execute(
        update(delivery_part).where(_PART_OF, delivery_part.c.number == bindparam("the_part")).values(**values),
        _part_of(claim),
    )


def _part_of(claim: Claim) -> dict[str, Any]:
    return {"the_id": claim.id, "the_edition": claim.edition_id, "the_part": claim.part}
