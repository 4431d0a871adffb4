"""An edition composed again after a correction or a kill. Pure.

Each message is composed of what it held before: nothing moves from one message to the next, so those without the
article stay as they are, and no reader's copy changes more than it must.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from delivery.compose import joined, keyboard
from delivery.render import Block, Span, StoryLine, article_spans, fits, isolate, split, to_html
from delivery.wording import words
from storage.records import Article, ArticleStatus, Correction, CorrectionKind, EditionPart

Layout = Mapping[str, Any]

LONGEST_NOTE = 500


@dataclass(frozen=True, slots=True)
class Told:
    """An article as it is now, with the corrections that those who have the edition are to be told of."""

    article: Article
    corrections: tuple[Correction, ...] = ()

    @property
    def killed(self) -> bool:
        return self.article.status is ArticleStatus.CANCELED


def amended(part: EditionPart, layout: Layout, told: Mapping[int, Told]) -> EditionPart:
    """The message as it must read now. `gone` where it holds killed articles and no others."""
    items, language = list(layout["items"]), str(layout["language"])
    held = [told[item["article"]] for item in items if item.get("article") in told]
    if held and all(entry.killed for entry in held):
        return EditionPart(part.number, to_html(withdrawn(held[0], language)), (), part.article_ids, gone=True)
    blocks = [block_of(item, layout, told) for item in items]
    if not fits(joined(blocks)):
        blocks = [block_of(item, layout, told, brief=True) for item in items]
    if not any(blocks):  # the end of a long article, which is shorter now
        return EditionPart(part.number, to_html((Span("…"),)), (), part.article_ids, gone=True)
    message = split(joined(block for block in blocks if block))[0]
    return EditionPart(part.number, to_html(message), _buttons(items, layout, told), part.article_ids)


def bare_layout(articles: Sequence[int], *, zone: str, now: datetime, language: str = "en") -> dict[str, Any]:
    """Of a message of which only the articles are known, such as a reply: one under the other."""
    if len(articles) == 1:
        row, items = [[words(language).read, f"read:{articles[0]}"]], [{"article": articles[0]}]
    else:
        row, items = [], [{"article": key, "number": number} for number, key in enumerate(articles, 1)]
    return {"zone": zone, "now": now.isoformat(), "language": language, "last_row": row, "items": items}


def notice(item: Correction, language: str = "en") -> Block:
    """ "CORRECTION: …" or "KILLED: …", as readers see it."""
    text = words(language)
    label = text.killed if item.kind is CorrectionKind.KILL else text.correction
    said = " ".join(item.note.split())[:LONGEST_NOTE] or text.withdrawn
    return (Span(label, bold=True), Span(f" {isolate(said)}"))


def withdrawn(entry: Told, language: str) -> Block:
    kill = next((item for item in reversed(entry.corrections) if item.kind is CorrectionKind.KILL), None)
    if kill is not None:
        return notice(kill, language)
    text = words(language)
    return (Span(text.killed, bold=True), Span(f" {text.withdrawn}"))


def block_of(item: Mapping[str, Any], layout: Layout, told: Mapping[int, Told], *, brief: bool = False) -> Block:
    """What the item reads now. `brief`: without the summary, where it was corrected: there is no room."""
    entry, before = told.get(item.get("article", 0)), spans_of(item.get("before", []))
    if entry is None:
        return before
    piece, pieces = int(item.get("piece", 0)), int(item.get("pieces", 1))
    number = item.get("number")
    if entry.killed:
        label = (Span(f"{number}. "),) if number is not None else ()
        head = (*before, *label, *withdrawn(entry, layout["language"])) if piece == 0 else ()
        return (*head, *spans_of(item.get("after", []))) if piece == pieces - 1 else head
    story = StoryLine(*item["story"]) if item.get("story") else None
    whole = (*before, *_article(entry, layout, number, story, brief=brief), *spans_of(item.get("after", [])))
    if pieces == 1:
        return whole
    cut = split(whole)
    return cut[piece] if piece < len(cut) else ()


def _article(entry: Told, layout: Layout, number: int | None, story: StoryLine | None, *, brief: bool) -> Block:
    notes: list[Span] = []
    for correction in entry.corrections:
        notes += [Span("\n"), *notice(correction, layout["language"])]
    article = _without_summary(entry.article) if brief and notes else entry.article
    now = datetime.fromisoformat(layout["now"])
    zone, language = layout["zone"], layout["language"]
    return article_spans(article, zone=zone, now=now, language=language, number=number, notes=tuple(notes), story=story)


def _without_summary(article: Article) -> Article:
    return replace(article, summary=())


def _buttons(
    items: Sequence[Mapping[str, Any]], layout: Layout, told: Mapping[int, Told]
) -> tuple[tuple[tuple[str, str], ...], ...]:
    read = [
        (item["number"], item["article"])
        for item in items
        if item.get("number") is not None and item["article"] in told and not told[item["article"]].killed
        if int(item.get("piece", 0)) == int(item.get("pieces", 1)) - 1
    ]
    more = [(str(label), str(data)) for label, data in (item["more"] for item in items if item.get("more"))]
    return keyboard(read, more, tuple((str(label), str(data)) for label, data in layout["last_row"]))


def spans_of(value: Sequence[Sequence[Any]]) -> Block:
    return tuple(Span(*fields) for fields in value)
