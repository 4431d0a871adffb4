"""Editions: stored once for a signature, found by their articles, pruned when nobody needs them."""

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from delivery.retention import run_retention
from storage import editions, outbox
from storage.audiences import Audience
from storage.database import Database
from storage.records import EditionKind, EditionPart, Mode
from storage.schema import delivery, delivery_part, digest_slot, edition, edition_part
from storage.slots import Slot
from tests.delivery.news import BOT, NOW, publish, reader, seed

KEYBOARD = ((("1", "read:1"), ("2", "read:2")), (("Original", "https://example.com"),))


async def test_a_signature_makes_one_edition(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        found = await publish(tx, "Seoul talks", "korea", NOW)
        parts = (EditionPart(0, "one", KEYBOARD, (found.id,)), EditionPart(1, "two"))
        options = {"bot_id": BOT, "kind": EditionKind.DIGEST, "parts": parts, "now": NOW}
        edition_id, new = await editions.make(tx, signature="a", **options)  # type: ignore[arg-type]
        assert new
        assert await editions.make(tx, signature="a", **options) == (edition_id, False)  # type: ignore[arg-type]
        stored = await editions.get(tx, edition_id)
        assert stored is not None
        assert stored.parts == parts
        assert await editions.of_article(tx, found.id) == [edition_id]
        assert await editions.find_many(tx, BOT, ["a", "b"]) == {"a": edition_id}
        assert await editions.get(tx, 99) is None


async def test_many_editions_are_made_at_once_each_signature_once(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        found = await publish(tx, "Seoul talks", "korea", NOW)
        composed = {name: (EditionPart(0, name, KEYBOARD, (found.id,)), EditionPart(1, "two")) for name in "abc"}
        options: dict[str, Any] = {"bot_id": BOT, "kind": EditionKind.DIGEST, "now": NOW}
        before, _ = await editions.make(tx, signature="b", parts=composed["b"], **options)
        made = await editions.make_many(tx, composed=composed, **options)
        assert made["b"] == before
        assert [stored and stored.parts for stored in [await editions.get(tx, made[name]) for name in "abc"]] == [
            composed[name] for name in "abc"
        ]
        assert await editions.make_many(tx, composed=composed, **options) == made
        assert await editions.of_article(tx, found.id) == sorted(made.values())


async def test_a_destination_gets_an_edition_once(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        to = [await reader(tx, chat_id, {}) for chat_id in (1, 2, 3)]
        parts = (EditionPart(0, "one"),)
        edition_id, _ = await editions.make(
            tx, bot_id=BOT, kind=EditionKind.DIGEST, signature="a", parts=parts, now=NOW
        )
        options = {"bot_id": BOT, "lane": editions.LANES[EditionKind.DIGEST], "now": NOW}
        added = [
            await editions.add_deliveries(tx, edition_id, destination_ids=some, **options)  # type: ignore[arg-type]
            for some in (to[:2], to, [])
        ]
        assert added == [2, 1, 0]
        assert await editions.count_deliveries(tx, edition_id) == 3


async def test_an_audience_is_stored_as_it_was() -> None:
    audience = Audience(((1, 2), (3,)), (Mode.INSTANT, Mode.DIGEST))
    assert Audience.from_json(audience.to_json()) == audience


async def test_old_rows_go_in_chunks_and_what_is_open_stays(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        to = [await reader(tx, chat_id, {}) for chat_id in range(1, 8)]
        for signature, ended in (("old", 6), ("open", 0)):
            edition_id, _ = await editions.make(
                tx,
                bot_id=BOT,
                kind=EditionKind.DIGEST,
                signature=signature,
                parts=(EditionPart(0, "one"),),
                now=NOW - timedelta(days=40),
            )
            lane = editions.LANES[EditionKind.DIGEST]
            options = {"bot_id": BOT, "lane": lane, "now": NOW - timedelta(days=40)}
            await editions.add_deliveries(tx, edition_id, destination_ids=to[:6], **options)  # type: ignore[arg-type]
            for claim in await outbox.candidates(tx, BOT, NOW, ended) if ended else []:
                await outbox.mark(tx, [claim], NOW)
                await outbox.sent(tx, claim, 1, NOW - timedelta(days=31), NOW)
        old = Slot("2026-01-01T08:00", NOW - timedelta(days=61))
        await tx.execute(digest_slot.insert().values(destination_id=to[0], slot=old.key, due_at=old.at))
    rounds = 0
    while await run_retention(db, now=NOW, chunk=4):
        rounds += 1
    async with db.read() as tx:
        left = [
            await tx.scalar(select(func.count()).select_from(table))
            for table in (delivery, delivery_part, edition, edition_part, digest_slot)
        ]
    assert left == [6, 0, 1, 1, 0]
    assert rounds >= 2
