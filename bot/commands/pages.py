"""Lists of articles, and buttons that several commands show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot import names
from bot.ask import Ask, Button, Keyboard, Reply, rows
from delivery import render
from storage import near, stories
from storage.database import Connection
from storage.records import Article, Topic
from storage.stories import StoryRef
from storage.topics import with_descendants

# A little under Telegram's limit: what stands around the list is added.
LIST_LENGTH = 3_700
BLOCK_LENGTH = 1_200
NUMBERS_A_ROW = 5
LABEL_LENGTH = 28
DATA_BYTES = 64
TOPICS_A_PAGE = 12
NEWEST = "new"
COPIES_NAMED = 5


@dataclass(frozen=True, slots=True)
class Others:
    """Who else tells of the articles of a list: by article id its story, and the sources that print a copy of it."""

    stories: Mapping[int, StoryRef] = field(default_factory=dict)
    copies: Mapping[int, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    async def of(cls, tx: Connection, found: Sequence[Article]) -> "Others":
        ids = [item.id for item in found]
        return cls(await stories.of_articles(tx, ids), await near.sources_of(tx, ids) if ids else {})

    def note(self, article_id: int) -> render.Block:
        """What stands above the summary."""
        ref, printed = self.stories.get(article_id), self.copies.get(article_id, ())
        said = [f"also in: {render.isolate(', '.join(printed[:COPIES_NAMED]))}"] if printed else []
        said += [sources_told(ref)] if ref is not None and ref.source_count > 1 else []
        return (render.Span("\n"), render.Span(" · ".join(said), italic=True)) if said else ()

    def buttons(self, shown: Sequence[Article]) -> Keyboard:
        """A button for each story that is told by several sources."""
        refs: dict[int, tuple[int, StoryRef]] = {}
        for number, item in enumerate(shown, start=1):
            ref = self.stories.get(item.id)
            if ref is not None and ref.source_count > 1:
                refs.setdefault(ref.id, (number, ref))
        return rows([(f"{number} · {sources_told(ref)}", f"story:{ref.id}") for number, ref in refs.values()], 3)


def sources_told(ref: StoryRef) -> str:
    return f"{ref.source_count} sources"


def listing(
    ask: Ask,
    found: Sequence[Article],
    others: Others = Others(),
) -> tuple[str, tuple[Article, ...]]:
    """HTML of as many articles as fit one message, numbered from 1, and those articles."""
    blocks: list[str] = []
    length = 0
    for number, article in enumerate(found, start=1):
        block = _block(ask, article, number, others.note(article.id))
        length += render.length(block) + 2
        if blocks and length > LIST_LENGTH:
            break
        blocks.append(block)
    return "\n\n".join(blocks), tuple(found[: len(blocks)])


def _block(ask: Ask, article: Article, number: int, notes: render.Block) -> str:
    spans = render.article_spans(
        article, zone=ask.chat.zone, now=ask.now, language=ask.chat.language, number=number, notes=notes
    )
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
