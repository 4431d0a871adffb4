"""What an edition says: digests, alerts, pushes. Pure: articles go in, messages come out.

The same arguments give the same bytes, so one edition serves every destination with the same signature.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from delivery.render import (
    MESSAGE_LENGTH,
    Block,
    Span,
    article_spans,
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
LONGEST_BUTTON = 48
LONGEST_CALLBACK = 64


@dataclass(frozen=True, slots=True)
class Section:
    """A topic with the articles to show under it, and how many there are in all."""

    topic: Topic
    articles: tuple[Article, ...]
    total: int


@dataclass(frozen=True, slots=True)
class _Item:
    """What is never torn apart unless it is longer than a message: an article, with its section's head and tail."""

    block: Block
    article_id: int | None = None
    number: int | None = None
    more: Button | None = None


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
    head = (Span(text.digest, bold=True), Span(f" · {long_date(now, zone_of(zone), language)}"))
    items = [_Item(head), *_section_items(parts, zone, now, language, headings=True)]
    return _messages(items, last_row=((text.settings, "digest:settings"),))


def compose_push(section: Section, *, zone: str, now: datetime, language: str = "en") -> tuple[EditionPart, ...]:
    """Messages of an editor's push of a topic; none without articles."""
    if not section.articles:
        return ()
    head = (Span(words(language).push.format(topic=isolate(section.topic.name)), bold=True),)
    items = [_Item(head), *_section_items([section], zone, now, language, headings=False)]
    return _messages(items)


def compose_alert(article: Article, *, zone: str, now: datetime, language: str = "en") -> tuple[EditionPart, ...]:
    """One article, on its own."""
    text = words(language)
    block = (Span(text.alert, bold=True), Span("\n\n"), *article_spans(article, zone=zone, now=now, language=language))
    row = [(text.read, f"read:{article.id}")]
    if url := web_url(article.url):
        row.append((text.original, url))
    return _messages([_Item(block, article.id)], last_row=tuple(row))


def _section_items(
    parts: Sequence[Section], zone: str, now: datetime, language: str, *, headings: bool
) -> Iterator[_Item]:
    number, text = 0, words(language)
    for section in parts:
        for position, article in enumerate(section.articles):
            number += 1
            block = article_spans(article, zone=zone, now=now, language=language, number=number)
            if headings and position == 0:
                block = (Span(isolate(section.topic.name.upper()), bold=True), Span("\n\n"), *block)
            item = _Item(block, article.id, number)
            yield (
                item if position + 1 < len(section.articles) else _with_more(item, section, text.more, text.more_button)
            )


def _with_more(item: _Item, section: Section, line: str, button: str) -> _Item:
    count = section.total - len(section.articles)
    data = f"topic:{section.topic.slug}:0"
    if count <= 0:
        return item
    tail = (Span("\n\n"), Span(line.format(count=count), italic=True))
    if len(data.encode()) > LONGEST_CALLBACK:
        return replace(item, block=(*item.block, *tail))
    label = _short(button.format(topic=section.topic.name, count=count))
    return replace(item, block=(*item.block, *tail), more=(label, data))


def _messages(items: Iterable[_Item], last_row: tuple[Button, ...] = ()) -> tuple[EditionPart, ...]:
    pages = list(_pages(_pieces(items)))
    return tuple(
        EditionPart(
            number,
            to_html(_joined(page)),
            _keyboard(page, last_row if number == len(pages) - 1 else ()),
            tuple(dict.fromkeys(item.article_id for item in page if item.article_id is not None)),
        )
        for number, page in enumerate(pages)
    )


def _pieces(items: Iterable[_Item]) -> Iterator[_Item]:
    """Items that each fit a message; of one that does not, the buttons stand under its last piece."""
    for item in items:
        *first, last = split(item.block, MESSAGE_LENGTH)
        for block in first:
            yield _Item(block, item.article_id)
        yield replace(item, block=last)


def _pages(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    page: list[_Item] = []
    for item in items:
        if page and not (fits(_joined([*page, item])) and len(page) < BUTTONS_A_MESSAGE // 2):
            yield page
            page = []
        page.append(item)
    yield page


def _joined(page: Sequence[_Item]) -> Block:
    spans: list[Span] = []
    for position, item in enumerate(page):
        spans += [Span("\n\n"), *item.block] if position else item.block
    return tuple(spans)


def _keyboard(page: Sequence[_Item], last_row: tuple[Button, ...]) -> tuple[tuple[Button, ...], ...]:
    numbers = [(str(item.number), f"read:{item.article_id}") for item in page if item.number is not None]
    rows = [tuple(numbers[start : start + BUTTONS_A_ROW]) for start in range(0, len(numbers), BUTTONS_A_ROW)]
    rows += [(item.more,) for item in page if item.more is not None]
    return tuple([*rows, last_row] if last_row else rows)


def _short(label: str) -> str:
    return label if len(label) <= LONGEST_BUTTON else label[: LONGEST_BUTTON - 1] + "…"
