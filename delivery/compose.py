"""What an edition says: digests, alerts, pushes. Pure: articles go in, messages come out.

The same arguments give the same bytes, so one edition serves every destination with the same signature.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from delivery.render import (
    LRM,
    MESSAGE_LENGTH,
    Block,
    Span,
    StoryLine,
    article_spans,
    at_line_start,
    fits,
    isolate,
    split,
    to_html,
    web_url,
)
from delivery.wording import long_date, words
from storage.records import Article, EditionPart, Topic
from storage.slots import zone_of

Button = tuple[str, str]

BUTTONS_A_ROW = 8
BUTTONS_A_MESSAGE = 80
FEW_BUTTONS = 2  # that each have a row of their own
LONGEST_BUTTON = 48
LONGEST_CALLBACK = 64


@dataclass(frozen=True, slots=True)
class Section:
    """A topic with the articles to show under it, and how many there are in all. `told`: their stories, by article."""

    topic: Topic
    articles: tuple[Article, ...]
    total: int
    told: Mapping[int, StoryLine] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Item:
    """What is never torn apart unless it is longer than a message: an article between its section's head and tail.

    Of one that is torn, `piece` counts the pieces and `pieces` says how many there are.
    """

    block: Block
    article: Article | None = None
    number: int | None = None
    before: Block = ()
    after: Block = ()
    more: Button | None = None
    story: StoryLine | None = None
    piece: int = 0
    pieces: int = 1

    @property
    def article_id(self) -> int | None:
        return None if self.article is None else self.article.id


@dataclass(frozen=True, slots=True)
class _Frame:
    """What all messages of an edition share. `last_row`: buttons under the last one."""

    zone: str
    now: datetime
    language: str
    last_row: tuple[Button, ...] = ()


def sections(
    found: Iterable[tuple[Article, Iterable[int]]],
    topics: Sequence[Topic],
    shown_under: Mapping[int, int],
    length: int,
) -> tuple[Section, ...]:
    """Each article once: under the subscribed topic that stands for its most salient one.

    `found`: articles, newest first, with the topic ids that they matched. `shown_under`: matched topic id → the topic
    id whose section takes it. Sections stand in the order of `topics`.
    """
    by_slug = {topic.slug: topic.id for topic in topics}
    gathered: dict[int, list[Article]] = {}
    for article, matched in found:
        allowed = [topic_id for topic_id in matched if topic_id in shown_under]
        salient = [by_slug[slug] for slug in article.topics if by_slug.get(slug) in allowed]
        home = next(iter([*salient, *allowed]), None)
        if home is not None:
            gathered.setdefault(shown_under[home], []).append(article)
    return tuple(
        Section(topic, tuple(gathered[topic.id][:length]), len(gathered[topic.id]))
        for topic in topics
        if topic.id in gathered
    )


def compose_digest(
    parts: Sequence[Section], *, zone: str, now: datetime, language: str = "en"
) -> tuple[EditionPart, ...]:
    """Messages of a digest dated `now`; none where no section holds an article."""
    if not any(section.articles for section in parts):
        return ()
    text = words(language)
    head = _dated(text.digest, zone, now, language)
    frame = _Frame(zone, now, language, ((text.settings, "digest:settings"),))
    return _messages(_headed(head, _section_items(parts, frame, headings=True)), frame)


def compose_nothing(*, zone: str, now: datetime, language: str = "en") -> tuple[EditionPart, ...]:
    """The digest of who wants to be told that nothing is new."""
    text = words(language)
    block = (*_dated(text.digest, zone, now, language), Span(f"\n\n{text.nothing_new}"))
    return _messages([_Item(block)], _Frame(zone, now, language, ((text.settings, "digest:settings"),)))


def compose_held(
    articles: Sequence[Article],
    *,
    zone: str,
    now: datetime,
    language: str = "en",
    told: Mapping[int, StoryLine] | None = None,
    more: int = 0,
) -> tuple[EditionPart, ...]:
    """What quiet hours held, as one message or as few as it takes. `told`: of their stories; `more`: not shown."""
    text, known = words(language), told or {}
    frame = _Frame(zone, now, language, ((text.latest, "latest:10"),) if more else ())
    found = (_numbered(article, number, known.get(article.id), frame) for number, article in enumerate(articles, 1))
    items = list(_headed((Span(text.held, bold=True),), found))
    if more:
        items.append(_Item((Span(text.more.format(count=more), italic=True),)))
    return _messages(items, frame)


def compose_push(section: Section, *, zone: str, now: datetime, language: str = "en") -> tuple[EditionPart, ...]:
    """Messages of an editor's push of a topic; none without articles."""
    if not section.articles:
        return ()
    head = (Span(words(language).push.format(topic=_name(section.topic)), bold=True),)
    frame = _Frame(zone, now, language)
    return _messages(_headed(head, _section_items([section], frame, headings=False)), frame)


def _headed(head: Block, items: Iterable[_Item]) -> Iterator[_Item]:
    """The first item begins with the edition's own head: so that never stands alone, however long the item."""
    first = True
    for item in items:
        above = (*head, Span("\n\n")) if first else ()
        yield replace(item, block=(*above, *item.block), before=(*above, *item.before)) if above else item
        first = False


def _dated(words_: str, zone: str, now: datetime, language: str) -> Block:
    return (Span(words_, bold=True), Span(f" · {long_date(now, zone_of(zone), language)}"))


def compose_alert(
    article: Article,
    *,
    zone: str,
    now: datetime,
    language: str = "en",
    urgent: bool = False,
    story: StoryLine | None = None,
) -> tuple[EditionPart, ...]:
    """One article, on its own. Where readers had an alert of its story before, it is said to be an update."""
    text = words(language)
    usual = text.updated_alert if story is not None and story.update else text.alert
    before = (Span(text.urgent if urgent else usual, bold=True), Span("\n\n"))
    story = None if story is None else replace(story, update=False)  # the first line says it
    block = (*before, *article_spans(article, zone=zone, now=now, language=language, story=story))
    row = [(text.read, f"read:{article.id}")]
    if url := web_url(article.url):
        row.append((text.original, url))
    return _messages([_Item(block, article, before=before, story=story)], _Frame(zone, now, language, tuple(row)))


def _section_items(parts: Sequence[Section], frame: _Frame, *, headings: bool) -> Iterator[_Item]:
    number, text = 0, words(frame.language)
    for section in parts:
        for position, article in enumerate(section.articles):
            number += 1
            head: Block = ()
            if headings and position == 0:
                head = (Span(at_line_start(section.topic.name.upper()), bold=True), Span("\n\n"))
            item = _numbered(article, number, section.told.get(article.id), frame, head)
            yield (
                item if position + 1 < len(section.articles) else _with_more(item, section, text.more, text.more_button)
            )


def _numbered(article: Article, number: int, story: StoryLine | None, frame: _Frame, head: Block = ()) -> _Item:
    block = article_spans(article, zone=frame.zone, now=frame.now, language=frame.language, number=number, story=story)
    return _Item((*head, *block), article, number, before=head, story=story)


def _with_more(item: _Item, section: Section, line: str, button: str) -> _Item:
    count = section.total - len(section.articles)
    data = f"topic:{section.topic.slug}:0"
    if count <= 0:
        return item
    tail = (Span("\n\n"), Span(line.format(count=count), italic=True))
    item = replace(item, block=(*item.block, *tail), after=tail)
    if len(data.encode()) > LONGEST_CALLBACK:
        return item
    label = _short(button.format(topic=_name(section.topic), count=count))
    return replace(item, more=(label, data))


def _messages(items: Iterable[_Item], frame: _Frame) -> tuple[EditionPart, ...]:
    pages = list(_pages(_pieces(items)))
    last = len(pages) - 1
    return tuple(
        _message(number, page, frame if number == last else replace(frame, last_row=()))
        for number, page in enumerate(pages)
    )


def _message(number: int, page: Sequence[_Item], frame: _Frame) -> EditionPart:
    return EditionPart(
        number,
        to_html(joined([item.block for item in page])),
        _keyboard(page, frame.last_row),
        tuple(dict.fromkeys(item.article_id for item in page if item.article_id is not None)),
        layout=_layout(page, frame),
    )


def _layout(page: Sequence[_Item], frame: _Frame) -> dict[str, Any]:
    """What delivery.amended composes the message of again."""
    return {
        "zone": frame.zone,
        "now": frame.now.isoformat(),
        "language": frame.language,
        "last_row": frame.last_row,
        "items": [_place(item) for item in page],
    }


def _place(item: _Item) -> dict[str, Any]:
    if item.article is None:
        return {"before": spans_to_json(item.block)}
    return {
        "article": item.article.id,
        "version": item.article.version,
        "number": item.number,
        "before": spans_to_json(item.before),
        "after": spans_to_json(item.after),
        "more": item.more,
        "story": None if item.story is None else [item.story.sources, item.story.update],
        "piece": item.piece,
        "pieces": item.pieces,
    }


def spans_to_json(block: Block) -> list[Any]:
    return [[span.text, span.bold, span.italic, span.url] for span in block]


def _pieces(items: Iterable[_Item]) -> Iterator[_Item]:
    """Items that each fit a message; of one that does not, the buttons stand under its last piece."""
    for item in items:
        *first, last = split(item.block, MESSAGE_LENGTH)
        part = replace(item, more=None, pieces=len(first) + 1)
        for piece, block in enumerate(first):
            yield replace(part, block=block, piece=piece)
        yield replace(item, block=last, piece=len(first), pieces=len(first) + 1)


def _pages(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    page: list[_Item] = []
    for item in items:
        if page and not (fits(joined([entry.block for entry in (*page, item)])) and len(page) < BUTTONS_A_MESSAGE // 2):
            yield page
            page = []
        page.append(item)
    yield page


def joined(blocks: Iterable[Block]) -> Block:
    """One under the other, as they stand in a message."""
    spans: list[Span] = []
    for block in blocks:
        spans += [Span("\n\n"), *block] if spans else block
    return tuple(spans)


def _keyboard(page: Sequence[_Item], last_row: tuple[Button, ...]) -> tuple[tuple[Button, ...], ...]:
    numbers = [
        (item.number, item.article_id)
        for item in page
        if item.number is not None and item.article_id and item.piece == item.pieces - 1
    ]
    return keyboard(numbers, [item.more for item in page if item.more is not None], last_row)


def keyboard(
    numbers: Iterable[tuple[int, int]], more: Iterable[Button], last_row: tuple[Button, ...]
) -> tuple[tuple[Button, ...], ...]:
    """Buttons of an edition's message: (number, article id) to read, the sections' further ones, and its last row."""
    read = [(str(number), f"read:{article_id}") for number, article_id in numbers]
    rows = [tuple(read[start : start + BUTTONS_A_ROW]) for start in range(0, len(read), BUTTONS_A_ROW)]
    further = list(more)
    width = 1 if len(further) <= FEW_BUTTONS else 2
    rows += [tuple(further[start : start + width]) for start in range(0, len(further), width)]
    return tuple([*rows, last_row] if last_row else rows)


def _name(topic: Topic) -> str:
    """Before words of ours, which give the line its direction."""
    isolated = isolate(topic.name)
    return isolated if isolated == topic.name else f"{LRM}{isolated}"


def _short(label: str) -> str:
    return label if len(label) <= LONGEST_BUTTON else label[: LONGEST_BUTTON - 1] + "…"
