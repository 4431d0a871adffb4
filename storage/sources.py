"""Where articles come from, and the state of those sources that are polled.

A poll takes a due feed by moving its `next_at` on by a lease, and `finish` sets the real one: what a killed process
took is due again when its lease ends.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import (
    LargeBinary,
    Row,
    Select,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    update,
)

from storage.database import Connection, insert_into
from storage.records import FeedState, PolledFeed, Source, SourceKind
from storage.schema import UtcDateTime, article, feed, source

MAX_NAME = 200

_NAMED = select(source).where(source.c.name == bindparam("name"))


async def get(tx: Connection, source_id: int) -> Source | None:
    found = (await tx.execute(select(source).where(source.c.id == source_id))).first()
    return None if found is None else _source(found)


async def get_by_name(tx: Connection, name: str) -> Source | None:
    found = (await tx.execute(_NAMED, {"name": name})).first()
    return None if found is None else _source(found)


async def get_or_add(
    tx: Connection, name: str, *, kind: SourceKind, trusted: bool, url: str | None = None, now: datetime
) -> Source:
    """The source of that name. One that is known keeps its kind, trust and URL: editors may have changed them."""
    known = await get_by_name(tx, name)
    if known is not None:
        return known
    await tx.execute(
        insert_into(tx, source)
        .values(name=name, kind=kind, url=url, trusted=trusted, created_at=now)
        .on_conflict_do_nothing()  # another process may have been quicker
    )
    added = await get_by_name(tx, name)
    assert added is not None  # noqa: S101 - this transaction saw or wrote it
    return added


async def all_sources(tx: Connection) -> list[Source]:
    """By name."""
    return [_source(row) for row in await tx.execute(select(source).order_by(source.c.name))]


async def named(tx: Connection, words: str, *, limit: int = 100) -> list[Source]:
    """Of that very name, whatever its case; else those whose name holds the words."""
    pattern = "%" + words.strip().replace("!", "!!").replace("%", "!%").replace("_", "!_") + "%"
    query = select(source).where(source.c.name.ilike(pattern, escape="!")).order_by(source.c.name).limit(limit)
    found = [_source(row) for row in await tx.execute(query)]
    same = [item for item in found if item.name.casefold() == words.strip().casefold()]
    return same or found


async def set_trusted(tx: Connection, source_id: int, *, trusted: bool) -> None:
    """Trusted: what comes is usable at once; else it waits for an editor."""
    await tx.execute(update(source).where(source.c.id == source_id).values(trusted=trusted))


def _source(row: Row[tuple[object, ...]]) -> Source:
    return Source(id=row.id, name=row.name, kind=SourceKind(row.kind), url=row.url, trusted=row.trusted)


# Feeds


@dataclass(frozen=True, slots=True)
class FeedCounts:
    """`failing` ones are active, but their last poll went wrong."""

    active: int
    failing: int
    paused: int


async def add_feed(
    tx: Connection, *, url: str, name: str, trusted: bool, folder: str = "", now: datetime
) -> tuple[PolledFeed, bool]:
    """The feed at this address, due at once, and whether it is new. A known one stays as it is.

    A source of the name that is no feed yet becomes this one, so that what came from it before is known; if it is one
    already, the name gets the host's added.
    """
    known = await feed_by_url(tx, url)
    if known is not None:
        return known, False
    host = urlsplit(url).hostname or url
    own = await _source_for(tx, " ".join(name.split())[:MAX_NAME] or host, host, trusted=trusted, now=now)
    values = {"url": url, "host": host, "folder": folder, "state": FeedState.ACTIVE, "next_at": now}
    await tx.execute(insert(feed).values(source_id=own, seen=b"", waiting={}, **values))
    return await _known(tx, own), True


async def _source_for(tx: Connection, name: str, host: str, *, trusted: bool, now: datetime) -> int:
    for attempt in (name, f"{name} ({host})", *(f"{name} ({host} {number})" for number in range(2, 1_000))):
        found = await get_or_add(tx, attempt, kind=SourceKind.FEED, trusted=trusted, now=now)
        if await get_feed(tx, found.id) is None:
            await tx.execute(
                update(source).where(source.c.id == found.id).values(kind=SourceKind.FEED, trusted=trusted)
            )
            return found.id
    raise ValueError(f"a thousand sources are called {name!r}")


async def get_feed(tx: Connection, source_id: int) -> PolledFeed | None:
    found = (await tx.execute(_feeds().where(feed.c.source_id == source_id))).first()
    return None if found is None else _feed(found)


async def feed_by_url(tx: Connection, url: str) -> PolledFeed | None:
    found = (await tx.execute(_feeds().where(feed.c.url == url))).first()
    return None if found is None else _feed(found)


async def find_feeds(tx: Connection, named: str) -> list[PolledFeed]:
    """By number, address, or name: the very name, else those that hold the words."""
    if named.isascii() and named.isdigit():
        found = await get_feed(tx, int(named)) if len(named) < 19 else None  # noqa: PLR2004 - fits 64 bits
        if found is not None:
            return [found]
    same = _feeds().where(or_(feed.c.url == named, func.lower(source.c.name) == named.lower()))
    rows = [_feed(row) for row in await tx.execute(same)]
    if rows or not named.strip():
        return rows
    holding = _feeds().where(source.c.name.icontains(named, autoescape=True)).order_by(source.c.name).limit(50)
    return [_feed(row) for row in await tx.execute(holding)]


async def list_feeds(tx: Connection, *, limit: int | None = None, skip: int = 0) -> list[PolledFeed]:
    """Paused ones first, then failing ones, then by name; without what only polls need, which may be long.

    By OFFSET: there are thousands of sources, not millions.
    """
    trouble = case((feed.c.state == FeedState.PAUSED, 0), (feed.c.failures > 0, 1), else_=2)
    query = _feeds(_SHORT).order_by(trouble, func.lower(source.c.name), source.c.id).limit(limit).offset(skip)
    return [_feed(row, _SHORT) for row in await tx.execute(query)]


async def count_feeds(tx: Connection) -> FeedCounts:
    state, failing = feed.c.state, feed.c.failures > 0
    found = await tx.execute(select(state, failing, func.count()).group_by(state, failing))
    counts = {(row[0], bool(row[1])): row[2] for row in found}
    paused = sum(count for (kind, _), count in counts.items() if kind == FeedState.PAUSED)
    failed = counts.get((FeedState.ACTIVE, True), 0)
    return FeedCounts(active=sum(counts.values()) - paused, failing=failed, paused=paused)


async def count_articles(tx: Connection, source_ids: Collection[int], since: datetime) -> dict[int, int]:
    """How many came from each since then."""
    query = (
        select(article.c.source_id, func.count())
        .where(article.c.source_id.in_(source_ids), article.c.created_at >= since)
        .group_by(article.c.source_id)
    )
    return {row[0]: row[1] for row in await tx.execute(query)}


# Polling


async def any_due(tx: Connection, now: datetime) -> bool:
    query = select(feed.c.source_id).where(text("feed.state = 'active'"), feed.c.next_at <= now).limit(1)
    return await tx.scalar(query) is not None


async def due(
    tx: Connection,
    *,
    now: datetime,
    limit: int,
    without_hosts: Collection[str] = (),
    healthy: bool = False,
    known: bool = False,
) -> list[PolledFeed]:
    """Due feeds, the longest due first; on PostgreSQL locked, passing over what another process looks at.

    `healthy`: only those whose last poll went well; `known`: only those that were polled before.
    """
    query = _feeds().where(text("feed.state = 'active'"), feed.c.next_at <= now)  # literal, for the partial index
    if without_hosts:
        query = query.where(feed.c.host.not_in(without_hosts))
    if healthy:
        query = query.where(feed.c.failures == 0)
    if known:
        query = query.where(or_(feed.c.ok_at.is_not(None), feed.c.failures > 0))
    query = query.order_by(feed.c.next_at, feed.c.source_id).limit(limit)
    return [_feed(row) for row in await tx.execute(query.with_for_update(of=feed, skip_locked=True))]


async def lease(tx: Connection, source_ids: Collection[int], until: datetime) -> None:
    await tx.execute(update(feed).where(feed.c.source_id.in_(source_ids)).values(next_at=until))


async def finish(tx: Connection, polled: PolledFeed, changes: Mapping[str, Any], now: datetime) -> None:
    """Set the columns in `changes`. What a hub pushed meanwhile makes the feed due."""
    values = dict(changes)
    if polled.pushed is not None:
        mine = (feed.c.source_id == polled.source.id, feed.c.pushed == polled.pushed)
        await tx.execute(update(feed).where(*mine).values(pushed=None))
    if "next_at" in values:
        values["next_at"] = case((feed.c.pushed.is_not(None), literal(now, UtcDateTime)), else_=values["next_at"])
    await tx.execute(update(feed).where(feed.c.source_id == polled.source.id).values(**values))


# Hubs (WebSub)


async def hubs_due(tx: Connection, *, now: datetime, limit: int) -> list[PolledFeed]:
    """Active feeds whose hub is to be asked; on PostgreSQL locked, as `due` does."""
    ready = (feed.c.hub_next_at <= now, feed.c.hub.is_not(None), feed.c.state == FeedState.ACTIVE)
    query = _feeds().where(*ready).order_by(feed.c.hub_next_at).limit(limit)
    return [_feed(row) for row in await tx.execute(query.with_for_update(of=feed, skip_locked=True))]


async def ask_hub(tx: Connection, source_id: int, *, secret: str, next_at: datetime) -> None:
    """The hub is about to be asked; should nothing come of it, again at `next_at`."""
    values = {"hub_secret": secret, "hub_next_at": next_at, "hub_failures": feed.c.hub_failures + 1}
    await tx.execute(update(feed).where(feed.c.source_id == source_id).values(**values))


async def hub_agreed(tx: Connection, source_id: int, *, until: datetime, next_at: datetime) -> None:
    values = {"hub_until": until, "hub_next_at": next_at, "hub_failures": 0}
    await tx.execute(update(feed).where(feed.c.source_id == source_id).values(**values))


async def hub_refused(tx: Connection, source_id: int) -> None:
    await tx.execute(update(feed).where(feed.c.source_id == source_id).values(hub_until=None))


async def push(tx: Connection, source_id: int, body: bytes, *, due: datetime, now: datetime) -> None:
    """What a hub sent, for a poll at `due`. Where it sent something before that is still there, the feed is asked."""
    kept = case((feed.c.pushed.is_(None), literal(body, LargeBinary)), else_=literal(b"", LargeBinary))
    soon = case((feed.c.next_at < due, feed.c.next_at), else_=literal(due, UtcDateTime))
    values = {"pushed": kept, "next_at": soon, "hub_told_at": now}
    await tx.execute(update(feed).where(feed.c.source_id == source_id).values(**values))


# What editors decide


async def pause(tx: Connection, source_id: int, reason: str) -> None:
    await tx.execute(
        update(feed)
        .where(feed.c.source_id == source_id)
        .values(state=FeedState.PAUSED, reason=reason, notice_due=False, hub_until=None, pushed=None)
    )


async def resume(tx: Connection, source_id: int, now: datetime) -> None:
    """Active again and due now, whatever went wrong before."""
    await tx.execute(
        update(feed)
        .where(feed.c.source_id == source_id)
        .values(
            state=FeedState.ACTIVE, reason=None, notice_due=False, failures=0, failing_since=None, last_error=None,
            next_at=now, hub_next_at=case((feed.c.hub.is_not(None), literal(now, UtcDateTime))),
        )
    )  # fmt: skip


async def poll_now(tx: Connection, source_id: int, now: datetime) -> None:
    await tx.execute(update(feed).where(feed.c.source_id == source_id).values(next_at=now))


async def set_folder(tx: Connection, source_id: int, folder: str) -> None:
    await tx.execute(update(feed).where(feed.c.source_id == source_id).values(folder=folder))


async def remove_feed(tx: Connection, source_id: int) -> None:
    """Poll it no more. The source stays where articles are of it."""
    await tx.execute(delete(feed).where(feed.c.source_id == source_id))
    used = select(article.c.id).where(article.c.source_id == source_id).exists()
    await tx.execute(delete(source).where(source.c.id == source_id, ~used))


# Notices: what pauses by itself is told to the editors, once


async def notices(tx: Connection, limit: int) -> list[PolledFeed]:
    query = _feeds().where(text("feed.notice_due")).order_by(feed.c.source_id).limit(limit)
    return [_feed(row) for row in await tx.execute(query)]


async def noticed(tx: Connection, source_ids: Iterable[int]) -> None:
    await tx.execute(update(feed).where(feed.c.source_id.in_(list(source_ids))).values(notice_due=False))


_SOURCE = [source.c.id, source.c.name, source.c.kind, source.c.url.label("site"), source.c.trusted]
_FIELDS: Sequence[str] = [column.name for column in feed.c if column.name != "source_id"]


_SHORT = [name for name in _FIELDS if name not in ("seen", "waiting", "pushed")]


def _feeds(fields: Sequence[str] = _FIELDS) -> Select[Any]:
    return select(*_SOURCE, *(feed.c[name] for name in fields)).join_from(feed, source)


def _feed(row: Row[Any], fields: Sequence[str] = _FIELDS) -> PolledFeed:
    own = Source(id=row.id, name=row.name, kind=SourceKind(row.kind), url=row.site, trusted=row.trusted)
    values = {name: getattr(row, name) for name in fields}
    return PolledFeed(source=own, **values | {"state": FeedState(row.state)})


async def _known(tx: Connection, source_id: int) -> PolledFeed:
    found = await get_feed(tx, source_id)
    assert found is not None  # noqa: S101 - this transaction wrote it
    return found
