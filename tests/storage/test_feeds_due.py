"""Which feeds are due, and for whom there is room."""

from datetime import UTC, datetime

from sqlalchemy import update

from storage import sources
from storage.database import Database
from storage.schema import feed

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


async def test_due_feeds_are_sorted_out_by_how_they_are(db: Database) -> None:
    async with db.begin() as tx:
        new, well, failing, new_failing = [
            (await sources.add_feed(tx, url=f"https://e{n}.org/feed", name=f"Wire {n}", trusted=True, now=NOW))[0]
            for n in range(4)
        ]
        for known, changes in (
            (well, {"ok_at": NOW}),
            (failing, {"ok_at": NOW, "failures": 2}),
            (new_failing, {"failures": 1}),
        ):
            await tx.execute(update(feed).where(feed.c.source_id == known.source.id).values(changes))

        async def due(*, healthy: bool = False, known: bool = False) -> set[str]:
            found = await sources.due(tx, now=NOW, limit=9, healthy=healthy, known=known)
            return {one.source.name for one in found}

        assert await due() == {new.source.name, well.source.name, failing.source.name, new_failing.source.name}
        assert await due(healthy=True) == {new.source.name, well.source.name}
        assert await due(known=True) == {well.source.name, failing.source.name, new_failing.source.name}
        assert await due(healthy=True, known=True) == {well.source.name}
