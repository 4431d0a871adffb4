"""All that the bot understands, in one table: it answers /help, fills the command menus and decides on access."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from bot.access import Who
from bot.ask import Ask, Reply

T = TypeVar("T")

Handler = Callable[[Ask], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Command:
    """`about` is a menu line (up to 60 characters or so); empty: in no menu and no help.

    `usage` follows the name in /help, such as "TOPIC [instant]". `private`: only in the private chat with the bot.
    """

    name: str
    handler: Handler
    about: str
    who: Who = Who.EVERYONE
    usage: str = ""
    private: bool = False


@dataclass(frozen=True, slots=True)
class Press:
    """A button. Its callback data is `prefix` or `prefix:rest`, 64 bytes at most; the rest becomes `ask.args`.

    `private`: not outside the private chat with the bot.
    """

    prefix: str
    handler: Handler
    who: Who = Who.EVERYONE
    private: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """Takes the next message as the answer to a question kept by storage.prompts (`kind`).

    The text is `ask.args`, what the question kept is `ask.data`. The question is withdrawn by the handler.
    """

    kind: str
    handler: Handler
    who: Who = Who.EVERYONE


class Registry:
    """Commands by name, buttons by prefix, answers by kind. Two of one name are refused with ValueError.

    `words` takes plain text that answers no question, `unknown` commands and buttons that are none of these;
    `document` takes files sent without a command.
    """

    def __init__(
        self,
        commands: Iterable[Command],
        presses: Iterable[Press],
        answers: Iterable[Answer],
        *,
        words: Handler,
        unknown: Handler,
        document: Command | None = None,
    ) -> None:
        self.commands = _by_key((command.name, command) for command in commands)
        self.presses = _by_key((press.prefix, press) for press in presses)
        self.answers = _by_key((answer.kind, answer) for answer in answers)
        self.words = words
        self.unknown = unknown
        self.document = document

    def shown(self) -> tuple[Command, ...]:
        """In the order in which they were given, without those that have no description."""
        return tuple(command for command in self.commands.values() if command.about)

    def press(self, data: str) -> tuple[Press | None, str]:
        """The button that the callback data belongs to, and the rest of the data."""
        prefix, _, rest = data.partition(":")
        return self.presses.get(prefix), rest


def _by_key(pairs: Iterable[tuple[str, T]]) -> dict[str, T]:
    found: dict[str, T] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"{key!r} is registered twice")
        found[key] = value
    return found
