"""The news desk's commands in one place, with the subscribers' commands around them."""

from bot.commands import (
    desk_add,
    desk_audit,
    desk_correct,
    desk_edit,
    desk_editors,
    desk_embargo,
    desk_opml,
    desk_push,
    desk_queue,
    desk_sources,
    desk_status,
    desk_topics,
    desk_urgent,
    story,
)
from bot.commands.build import build
from bot.commands.desk_add import PATIENCE, Adding, Intake
from bot.commands.desk_sources import Find, Sourcing
from bot.registry import Registry
from ingest.discover import Found
from ingest.errors import FetchError


async def finds_nothing(address: str) -> Found:
    raise FetchError("addresses are not looked at here", url=address)


def registry(intake: Intake, find: Find = finds_nothing, *, patience: float = PATIENCE) -> Registry:
    """Everything that the bot understands. `intake` takes in what /add brings, `find` looks for a site's feed.

    `patience`: seconds that somebody waits for an answer to /add.
    """
    adding, sourcing = Adding(intake, patience=patience), Sourcing(find)
    rooms = (
        desk_queue,
        desk_embargo,
        desk_edit,
        desk_push,
        desk_urgent,
        desk_correct,
        desk_status,
        desk_topics,
        desk_editors,
        desk_audit,
    )
    return build(
        (
            *desk_add.commands(adding),
            *(command for room in rooms for command in room.COMMANDS),
            *desk_sources.commands(sourcing),
            *desk_opml.COMMANDS,
            *story.DESK_COMMANDS,
        ),
        (
            *desk_add.presses(adding),
            *story.DESK_PRESSES,
            *(press for room in (*rooms, desk_sources) for press in room.PRESSES),
        ),
        (
            *desk_add.answers(adding),
            *desk_embargo.ANSWERS,
            *desk_edit.ANSWERS,
            *desk_correct.ANSWERS,
            *desk_topics.ANSWERS,
            *desk_sources.answers(sourcing),
        ),
        document=desk_add.document(adding),
        words=desk_add.words,
    )
