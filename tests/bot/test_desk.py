"""An article's way through the desk, with all commands in place, on both databases."""

from bot.commands import desk
from bot.commands.desk_intake import DeskIntake
from ingest.desk import Desk
from ingest.run import Ingest
from storage.database import Database
from storage.records import ArticleStatus
from tests.bot.desk_rig import ANN, BEN, READER, newsroom, now_of

TEXT = (
    "Bridge opens in Seoul\n\n"
    "The new bridge over the river opened in Seoul on Monday. Thousands walked over it in the rain.\n\n"
    "It took three years to build. The city paid half of it. The other half came from the state."
)


async def test_from_a_contributor_s_message_to_a_reader_s_list(db: Database) -> None:
    async with newsroom(db, desk.registry(DeskIntake(Ingest(Desk(db))), patience=60)) as room:
        (card,) = await room.say(BEN, f"/add {TEXT}")
        assert "waits for an editor" in card.text
        (nothing,) = await room.say(READER, "/topic korea")
        assert "Bridge" not in nothing.text

        (queue,) = await room.say(ANN, "/queue")
        _, (card,), _ = await room.press(ANN, queue, "✏️")
        picker, _, _ = await room.press(ANN, card, "Topics")
        picker, _, _ = await room.press(ANN, picker, "Economy")
        await room.press(ANN, picker, "Save")
        await room.say(ANN, "/edit 1 summary 1 3")
        await room.say(ANN, "/edit 1 headline A bridge for Seoul")
        await room.say(ANN, "/approve 1")

        after = await now_of(db, 1)
        assert (after.status, after.version, after.added_by) == (ArticleStatus.USABLE, 4, BEN)
        for name in ("korea", "economy"):
            (listed,) = await room.say(READER, f"/topic {name}")
            assert "A bridge for Seoul" in listed.text
            assert "in the rain" not in listed.text
            assert "It took three years to build." in listed.text
        assert "is published" in (await room.said(BEN))[-1].text
