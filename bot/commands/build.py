"""The registry: the subscribers' commands, and whatever else the service adds."""

from collections.abc import Callable, Sequence

from bot.commands import account, export, follow, mute, news, quiet, seek, start, story, talk, timing, why
from bot.registry import Answer, Command, Handler, Press, Registry

ROOMS = (start, news, seek, story, why, follow, mute, timing, quiet, account, export)


def build(
    commands: Sequence[Command] = (),
    presses: Sequence[Press] = (),
    answers: Sequence[Answer] = (),
    *,
    document: Command | None = None,
    words: Callable[[Handler], Handler] = lambda handler: handler,
) -> Registry:
    """`commands`, `presses`, `answers` and `document` are the desk's; `words` wraps what answers plain text."""
    own = [command for room in ROOMS for command in room.COMMANDS]
    everything = (*own, *commands)
    helping = talk.help_command(everything)
    return Registry(
        (own[0], helping, *everything[1:]),
        (*(press for room in ROOMS for press in room.PRESSES), Press("help", helping.handler), *presses),
        answers,
        words=words(talk.words),
        unknown=talk.unknown((*everything, helping)),
        document=document,
    )
