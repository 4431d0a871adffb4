"""/help, plain words, and commands that don't exist: always an answer that helps."""

import difflib
from collections.abc import Awaitable, Callable, Iterable, Sequence

from bot import names
from bot.access import Who, visible
from bot.ask import Ask, Button, Reply, rows
from bot.commands import news, pages
from bot.registry import Command
from delivery import render

CLOSE = 0.6
TOPIC_BUTTONS = 6
LONGEST_NAME = 60
SHORTEST_NAME = 4  # of a command that stands for a topic; /foo is not football
MOST_WORDS = 3  # of a mistyped name; more are talk
# What people call our commands elsewhere.
MEANT = {
    "silence": "mute",
    "night": "quiet",
    "dnd": "quiet",
    "vacation": "pause",
    "holiday": "pause",
    "snooze": "mute",
    "follow": "subscribe",
    "add_topic": "subscribe",
    "unfollow": "unsubscribe",
    "news": "latest",
    "headlines": "latest",
    "categories": "topics",
    "list": "subscriptions",
    "time": "schedule",
    "times": "schedule",
    "zone": "timezone",
    "resume": "start",
    "delete": "forget",
    "menu": "help",
    "commands": "help",
}

Handler = Callable[[Ask], Awaitable[Reply]]


def help_command(commands: Sequence[Command]) -> Command:
    """/help over all the commands, showing each person what they may do."""

    async def show(ask: Ask) -> Reply:
        return Reply(help_text(commands, ask), keyboard=_ways_on(), fresh=ask.pressed)

    return Command("help", show, "What I can do")


def help_text(commands: Iterable[Command], ask: Ask) -> str:
    shown = _shown(commands, ask)
    reading = [item for item in shown if item.who is Who.EVERYONE]
    changing = [item for item in shown if item.who is Who.CHAT]
    desk = [item for item in shown if item.who.role]
    parts = [
        "<b>What I can do</b>",
        "\n".join(map(_line, reading)),
        "<b>Your choices</b>" if ask.in_private else "<b>For admins of this chat</b>",
        "\n".join(map(_line, changing)),
    ]
    if desk:
        parts += ["<b>News desk</b>", "\n".join(map(_line, desk))]
    return "\n".join([*parts, "\nOr just type a topic, such as <i>Korea</i>."])


def _shown(commands: Iterable[Command], ask: Ask) -> list[Command]:
    """What the asker may hear of, where they are: the desk's commands are for the desk alone."""
    return [
        item
        for item in commands
        if item.about and (ask.in_private or not item.private) and visible(item.who, role=ask.role, may_change=True)
    ]


def _line(command: Command) -> str:
    usage = f" <i>{render.escape(command.usage)}</i>" if command.usage else ""
    return f"/{command.name}{usage}: {render.escape(command.about)}"


def _ways_on() -> tuple[tuple[Button, ...], ...]:
    return ((("📰 Latest news", "latest:5"), ("📋 Topics", "topics:0")),)


def unknown(commands: Sequence[Command]) -> Handler:
    """For a command that there is not: what was probably meant."""

    async def answer(ask: Ask) -> Reply:
        match = names.match(ask.topics, ask.command)
        if match.only is not None and len(ask.command) >= SHORTEST_NAME:
            return await news.topic_page(ask, match.only, news.SHOWN, "")
        near = _near([command.name for command in _shown(commands, ask)], ask.command)
        meant = f" Did you mean {' or '.join(f'/{name}' for name in near)}?" if near else ""
        return Reply(
            f"I don't know /{render.escape(ask.command)}.{meant} /help shows what I can do.", keyboard=_ways_on()
        )

    return answer


def _near(known: Sequence[str], typed: str) -> list[str]:
    """At most two: what is called so elsewhere, else what differs by a slip, else what looks alike."""
    if MEANT.get(typed) in known:
        return [MEANT[typed]]
    near = [name for name in known if names.one_apart(name, typed)]
    near += difflib.get_close_matches(typed, known, n=2, cutoff=CLOSE)
    return list(dict.fromkeys(near))[:2]


async def words(ask: Ask) -> Reply:
    """Plain text: a topic's name is answered with its news, anything else with the ways on."""
    text = ask.args.strip()
    if not text:
        return Reply("I read text only. Type a topic, or tap one of these:", keyboard=_topic_buttons(ask))
    match = _meant(ask, text) if len(text) <= LONGEST_NAME else names.Match()
    if match.only is not None:
        return await news.topic_page(ask, match.only, news.SHOWN, "")
    if match.topics or match.suggestions:
        return pages.unknown_topic(ask, text, match, "topic", ":0")
    return Reply(
        "I answer commands and topic names; /search looks for words. Tap one of these, or see /help:",
        keyboard=_topic_buttons(ask),
    )


def _meant(ask: Ask, text: str) -> names.Match:
    """A name; else names among a few other words; else what looks like a name."""
    match = names.match(ask.topics, text)
    if match.topics:
        return match
    among = names.mentioned(ask.topics, text)
    if among:
        return names.Match(among)
    return match if len(text.split()) <= MOST_WORDS else names.Match()


def _topic_buttons(ask: Ask) -> tuple[tuple[Button, ...], ...]:
    first = [(pages.label(item.name), pages.topic_data(item, "0")) for item in ask.topics[:TOPIC_BUTTONS]]
    return (*rows(first, 3), *_ways_on())
