"""Rich messages: headings, a lead photo, summaries that unfold, for those who chose them. Pure.

Composed of the layout of the classic message beside which it stands (delivery.compose), so that whoever can't be sent
the one gets the other, and a correction composes both again. Escaping is delivery.render's.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from delivery.amended import Layout, Told, block_of, notice, spans_of, withdrawn
from delivery.photo import alert_photo, photo_url, photo_words
from delivery.render import (
    Block,
    Span,
    StoryLine,
    at_line_start,
    begins_right_to_left,
    credit_spans,
    escape,
    headline_spans,
    isolate,
    plain,
    run_on,
    to_html,
)
from delivery.wording import words
from storage.records import Article, EditionPart, SourceKind

HEAD, SECTION, HEADLINE = 2, 3, 4  # sizes of headings


def enriched(parts: Sequence[EditionPart], articles: Iterable[Article]) -> tuple[EditionPart, ...]:
    """The messages with their rich forms, and an alert with its photo. `articles`: all that they hold."""
    told = {article.id: Told(article) for article in articles}
    return tuple(
        part
        if part.layout is None
        else replace(part, rich=rich_message(part.layout, told), photo=alert_photo(part.layout, told))
        for part in parts
    )


def rich_message(layout: Layout, told: Mapping[int, Told]) -> str:
    """JSON of an InputRichMessage: the message of this layout as it must read now."""
    items = list(layout["items"])
    held = [told[item["article"]].article for item in items if item.get("article") in told]
    lead = next((article.id for article in held if photo_url(article)), None)
    html = "".join(_item(item, layout, told, lead) for item in items)
    message: dict[str, Any] = {"html": html, "skip_entity_detection": True}
    if 2 * sum(begins_right_to_left(article.headline) for article in held) > len(held):
        message["is_rtl"] = True
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))


def _item(item: Mapping[str, Any], layout: Layout, told: Mapping[int, Told], lead: int | None) -> str:
    before, after = spans_of(item.get("before", [])), spans_of(item.get("after", []))
    entry = told.get(item.get("article", 0))
    if entry is None:
        return _headings(before)
    if int(item.get("pieces", 1)) > 1:
        return _paragraphs(block_of(item, layout, told))
    number, language = item.get("number"), str(layout["language"])
    if entry.killed:
        label = (Span(f"{number}. "),) if number is not None else ()
        body = _paragraphs((*label, *withdrawn(entry, language)))
    else:
        story = StoryLine(*item["story"]) if item.get("story") else None
        body = _article(entry, layout, number, story, photo=entry.article.id == lead)
    return f"{_headings(before)}{body}{_paragraphs(after)}"


def _headings(block: Block) -> str:
    """The edition's own head and that of a section, each on a line; of one alone, the text beside it tells which."""
    lines = [line for line in _lines(block) if any(span.text.strip() for span in line)]
    return "".join(_heading(line, HEAD if len(line) > 1 else SECTION) for line in lines)


def _heading(block: Sequence[Span], size: int) -> str:
    """Its bold words as a heading, what follows them below it."""
    bold = "".join(span.text for span in block if span.bold).strip()
    rest = "".join(span.text for span in block if not span.bold).strip().removeprefix("· ")
    return _tag(f"h{size}", (Span(bold),)) + _tag("p", (Span(rest),))


def _paragraphs(block: Block) -> str:
    """Spans with line breaks in them, a paragraph a line."""
    return "".join(_tag("p", line) for line in _lines(block))


def _lines(block: Block) -> list[list[Span]]:
    lines: list[list[Span]] = [[]]
    for span in block:
        first, *others = span.text.split("\n")
        lines[-1] += [replace(span, text=first)] if first else []
        lines += [[replace(span, text=line)] if line else [] for line in others]
    return lines


def _tag(tag: str, spans: Iterable[Span]) -> str:
    """Around what is left of the text when it is written; nothing around nothing."""
    inside = to_html(spans).strip()
    return f"<{tag}>{inside}</{tag}>" if plain(inside) else ""


def _article(entry: Told, layout: Layout, number: int | None, story: StoryLine | None, *, photo: bool) -> str:
    article, language = entry.article, str(layout["language"])
    label = (Span(f"{words(language).update} "),) if story is not None and story.update else ()
    headline = [replace(span, bold=False) for span in headline_spans(article, number, label)]
    now, sources = datetime.fromisoformat(layout["now"]), 1 if story is None else story.sources
    notes = "".join(_paragraphs(notice(correction, language)) for correction in entry.corrections)
    return (
        f"{_tag(f'h{HEADLINE}', headline)}"
        f"{_paragraphs(credit_spans(article, str(layout['zone']), now, language, sources))}{notes}"
        f"{_photo(article) if photo else ''}{_summary(article, language, folds=number is not None)}"
    )


def _photo(article: Article) -> str:
    url = photo_url(article)
    if url is None:
        return ""
    image = f'<img src="{escape(url)}"/>'
    caption = photo_words(article)
    if not caption:
        return image
    words_ = to_html((Span(at_line_start(caption)),))
    credit = "" if article.source == SourceKind.MANUAL else _tag("cite", (Span(isolate(article.source)),))
    return f"<figure>{image}<figcaption>{words_}{credit}</figcaption></figure>" if plain(words_) else image


def _summary(article: Article, language: str, *, folds: bool) -> str:
    """In a list its first sentence, and the others where they are asked for."""
    sentences = [at_line_start(" ".join(sentence.split())) for sentence in article.summary if sentence.split()]
    shown, folded = (sentences[:1], sentences[1:]) if folds else (sentences, [])
    inside = _tag("p", (Span(run_on(folded)),))
    fold = f"<details><summary>{escape(words(language).unfold)}</summary>{inside}</details>" if inside else ""
    return _tag("p", (Span(run_on(shown)),)) + fold
