"""Lists of articles, and buttons that several commands show."""

from collections.abc import Sequence

from bot import names
from bot.ask import Ask, Button, Keyboard, Reply, rows
from delivery import render
from storage.records import Article, Topic
from storage.topics import with_descendants

# A little under Telegram's limit: what stands around the list is added.
LIST_LENGTH = 3_700
BLOCK_LENGTH = 1_200
NUMBERS_A_ROW = 5
LABEL_LENGTH = 28
DATA_BYTES = 64
TOPICS_A_PAGE = 12
NEWEST = "new"


def listing(ask: Ask, found: Sequence[Article]) -> tuple[str, tuple[Article, ...]]:
    """HTML of as many articles as fit one message, numbered from 1, and those articles."""
    blocks: list[str] = []
    length = 0
    for number, article in enumerate(found, start=1):
        block = _block(ask, article, number)
        length += render.length(block) + 2
        if blocks and length > LIST_LENGTH:
            break
        blocks.append(block)
    return "\n\n".join(blocks), tuple(found[: len(blocks)])


def _block(ask: Ask, article: Article, number: int) -> str:
    spans = render.article_spans(article, zone=ask.chat.zone, now=ask.now, language=ask.chat.language, number=number)
    pieces = render.split(spans, BLOCK_LENGTH)
    return render.to_html(pieces[0]) + (" …" if len(pieces) > 1 else "")


def numbers(shown: Sequence[Article]) -> Keyboard:
    """A button for each article of a list, to read it."""
    return rows([(str(number), f"read:{item.id}") for number, item in enumerate(shown, start=1)], NUMBERS_A_ROW)


def turns(forward: str | None, back: str | None) -> Keyboard:
    """The row below a list: to older ones, and back to the newest."""
    buttons = [("‹ Newest", back)] if back else []
    buttons += [("Older ›", forward)] if forward else []
    return (tuple(buttons),) if buttons else ()


# Topics


def by_id(topics: Sequence[Topic], key: str) -> Topic | None:
    """From a button's data."""
    return next((topic for topic in topics if str(topic.id) == key), None)


def by_slug(topics: Sequence[Topic], key: str) -> Topic | None:
    """From a button's data: the slug, or "#id" where the slug is too long for a button."""
    if key.startswith("#"):
        return by_id(topics, key[1:])
    return next((topic for topic in topics if topic.slug == key), None)


def topic_data(topic: Topic, cursor: str) -> str:
    data = f"topic:{topic.slug}:{cursor}"
    return data if len(data.encode()) <= DATA_BYTES else f"topic:#{topic.id}:{cursor}"


def topic_ids(topics: Sequence[Topic], topic: Topic) -> tuple[int, ...]:
    """The topic's id and those of all under it."""
    return tuple(item.id for item in with_descendants(topics, topic.slug))


def label(text: str, length: int = LABEL_LENGTH) -> str:
    """Short enough for a button."""
    folded = " ".join(text.split()) or "…"
    return folded if len(folded) <= length else folded[: length - 1] + "…"


def page_of(topics: Sequence[Topic], page: int) -> tuple[Topic, ...]:
    return tuple(topics[page * TOPICS_A_PAGE : (page + 1) * TOPICS_A_PAGE])


def page_turns(prefix: str, page: int, count: int, size: int = TOPICS_A_PAGE) -> Keyboard:
    """The row that turns the pages of a short list; none where all fits on one."""
    buttons = [("‹ Back", f"{prefix}:{page - 1}")] if page > 0 else []
    buttons += [("More ›", f"{prefix}:{page + 1}")] if (page + 1) * size < count else []
    return (tuple(buttons),) if buttons else ()


def page_number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 4 else 0  # noqa: PLR2004


def unknown_topic(ask: Ask, typed: str, match: names.Match, prefix: str, suffix: str = "") -> Reply:
    """Several could be meant, or none is known: the choice by buttons "prefix:id" + suffix."""
    choices = match.topics or match.suggestions
    buttons: list[Button] = [(label(topic.name), f"{prefix}:{topic.id}{suffix}") for topic in choices[:TOPICS_A_PAGE]]
    quoted = f"“{render.escape(label(typed, 60))}”"
    if match.topics:
        text = f"Which one do you mean by {quoted}?"
    elif choices:
        text = f"I know no topic {quoted}. Did you mean:"
    else:
        text = f"I know no topic {quoted}. /topics shows all of them."
    return Reply(text, keyboard=(*rows(buttons, 2), (("All topics", "topics:0"),)))
