"""The news desk's commands in one place, with the subscribers' commands around them."""

from bot.commands import desk_add, desk_edit, desk_editors, desk_push, desk_queue, desk_status
from bot.commands.build import build
from bot.commands.desk_add import Adding, Intake
from bot.registry import Registry


def registry(intake: Intake) -> Registry:
    """Everything that the bot understands. `intake` takes in what /add brings."""
    adding = Adding(intake)
    rooms = (desk_queue, desk_edit, desk_push, desk_status, desk_editors)
    return build(
        (*desk_add.commands(adding), *(command for room in rooms for command in room.COMMANDS)),
        (*desk_add.presses(adding), *(press for room in rooms for press in room.PRESSES)),
        (*desk_add.answers(adding), *desk_edit.ANSWERS),
        document=desk_add.document(adding),
        words=desk_add.words,
    )
