"""How an article reads on a phone. Pure. Text becomes Telegram's HTML here and nowhere else.

A message is built of spans (text with its marks) and cut while it is still spans: so no cut ever falls inside an
entity, a tag or a grapheme, and every length is that of the text after parsing, which is what Telegram counts.
"""

import html as htmllib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import regex

from delivery.wording import when, words
from storage.records import Article, SourceKind
from storage.slots import zone_of

# Telegram's limits: code points after parsing, entities, bytes before parsing. Links, mentions and hashtags that
# Telegram finds by itself count as entities too, hence the reserve.
MESSAGE_LENGTH = 4096
MESSAGE_ENTITIES = 80
MESSAGE_BYTES = 32_000
LONGEST_URL = 2_000

_LETTERS = ("L", "R", "AL")  # by Unicode, of either direction
FSI, PDI, LRM, RLM = "\u2068", "\u2069", "\u200e", "\u200f"
ELLIPSIS = "…"
# Chinese and Japanese write no space after these.
FULL_WIDTH_ENDS = ("。", "！", "？", "。”", "！”", "？”", "。」", "！」", "？」")

_TAGS = re.compile(r"</?[a-zA-Z][^<>]*>|</>")
_HREF = re.compile(r"""<a\s+href="([^"]*)"[^>]*>(.*?)</a>""", re.IGNORECASE | re.DOTALL)
# Control characters, halves of characters, and marks that turn the direction of whatever follows them.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\ud800-\udfff]")
_ISOLATES = re.compile("[\u2066-\u2069]")
# A good place to cut is just after one of these; the first kind is the best.
_CUTS = (regex.compile(r"\n\n+"), regex.compile(r"\n|(?<=[.!?…]['\"”’)]?)\s+|(?<=[。！？])"), regex.compile(r"\s+"))
_JOINS = regex.compile(r"[\p{M}\u200d]")  # belongs to the character before it
_GRAPHEME = regex.compile(r"\X")
# The blocks that hold right-to-left letters: a quick look, since most texts have none.
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\u200f\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")


@dataclass(frozen=True, slots=True)
class Span:
    text: str
    bold: bool = False
    italic: bool = False
    url: str | None = None
    moment: datetime | None = None  # shown by the reader's own clock where the text is whole


@dataclass(frozen=True, slots=True)
class StoryLine:
    """What a list says of an article's story. `update`: its readers know the story already."""

    sources: int
    update: bool = False


Block = tuple[Span, ...]


# Text


def escape(text: str) -> str:
    """For Telegram HTML, in text and in quoted attributes. Unprintable characters and direction marks go."""
    return _escape(_ISOLATES.sub("", text))


def _escape(text: str) -> str:
    cleaned = _UNPRINTABLE.sub("", text)
    return cleaned.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def isolate(text: str) -> str:
    """Text with right-to-left letters keeps its direction to itself, between FSI and PDI; other text stays as it is."""
    cleaned = _ISOLATES.sub("", text)
    if _RIGHT_TO_LEFT.search(cleaned) and any(map(_turns, cleaned)):
        return apart(cleaned)
    return cleaned


def apart(text: str) -> str:
    """In its own direction, whatever stands beside it."""
    return f"{FSI}{text}{PDI}"


def at_line_start(text: str) -> str:
    """Isolated; where it begins right to left so does the line: for that isolates don't count, hence the RLM."""
    isolated = isolate(text)
    return f"{RLM}{isolated}" if isolated != text and begins_right_to_left(text) else isolated


def begins_right_to_left(text: str) -> bool:
    """By its first letter."""
    return next((_turns(character) for character in text if unicodedata.bidirectional(character) in _LETTERS), False)


def _turns(character: str) -> bool:
    return unicodedata.bidirectional(character) in ("R", "AL")


def to_html(spans: Iterable[Span]) -> str:
    return "".join(map(_span_html, spans))


def _span_html(span: Span) -> str:
    text = _escape(span.text)
    if not text.strip():
        return text
    if span.moment is not None:
        text = _timed(text, span.moment)
    if span.italic:
        text = f"<i>{text}</i>"
    if span.url:
        text = f'<a href="{escape(span.url)}">{text}</a>'
    return f"<b>{text}</b>" if span.bold else text


def _timed(text: str, moment: datetime) -> str:
    """Isolates stand outside: apps put words of their own in the time's place."""
    inside = text.removeprefix(FSI).removesuffix(PDI)
    time = f'<tg-time unix="{int(moment.timestamp())}" format="Dt">{inside}</tg-time>'
    return time if inside == text else apart(time)


def plain(html: str, *, links: bool = False) -> str:
    """The text of Telegram HTML, for terminals and for a server that refuses our entities.

    `links`: the addresses follow their words in parentheses.
    """
    if links:
        html = _HREF.sub(r"\2 (\1)", html)
    return htmllib.unescape(_TAGS.sub("", html)).strip()


def length(html: str) -> int:
    """In code points after parsing, as Telegram counts."""
    return len(plain(html))


# Articles


def article_block(
    article: Article, *, zone: str, now: datetime, language: str = "en", number: int | None = None
) -> str:
    """HTML of one article as it stands in every list: headline, source and time, summary. `number` goes before it."""
    return to_html(article_spans(article, zone=zone, now=now, language=language, number=number))


def article_messages(article: Article, *, zone: str, now: datetime, language: str = "en") -> tuple[str, ...]:
    """The whole article, as many messages as it takes."""
    head = (*headline_spans(article, None), *credit_spans(article, zone, now, language))
    body = tuple(Span("\n\n" + at_line_start(text)) for text in article.paragraphs or article.summary)
    return tuple(to_html(piece) for piece in split((*head, *body)))


def article_spans(
    article: Article,
    *,
    zone: str,
    now: datetime,
    language: str,
    number: int | None = None,
    notes: Block = (),
    story: StoryLine | None = None,
) -> Block:
    """`notes` stand above the summary. `story`: what is said of it, where the article has one."""
    summary = run_on(at_line_start(" ".join(sentence.split())) for sentence in article.summary)
    body = (Span("\n" + summary),) if summary else ()
    label = (Span(f"{words(language).update} ", bold=True),) if story is not None and story.update else ()
    head = headline_spans(article, number, label)
    return (*head, *credit_spans(article, zone, now, language, 1 if story is None else story.sources), *notes, *body)


def run_on(sentences: Iterable[str]) -> str:
    """One after the other; with no space where the script ends a sentence without one."""
    joined = ""
    for sentence in sentences:
        joined += sentence if not joined or joined.endswith(FULL_WIDTH_ENDS) else f" {sentence}"
    return joined


def headline_spans(article: Article, number: int | None, label: Block = ()) -> Block:
    headline = " ".join(article.headline.split()) or ELLIPSIS
    span = Span(at_line_start(headline), bold=True, url=web_url(article.url))
    return (*label, span) if number is None else (Span(f"{number}. "), *label, span)


def credit_spans(article: Article, zone: str, now: datetime, language: str, sources: int = 1) -> Block:
    """Where and when, by the reader's own clock; a guessed time is not shown.

    Where the reader's zone is not known the time is given with its zone, and Telegram shows it by the phone's clock.
    """
    parts = [part for part in _credits(article, zone, now, language, sources) if part[0]]
    turned = bool(parts) and parts[0][0].startswith(RLM)  # then our own words must keep their order
    spans = [
        Span(apart(text) if turned and number else text, italic=True, moment=moment)
        for number, (text, moment) in enumerate(parts)
    ]
    return (Span("\n"), *_dotted(spans)) if spans else ()


def _credits(
    article: Article, zone: str, now: datetime, language: str, sources: int
) -> Iterator[tuple[str, datetime | None]]:
    """Each part of the line, with its moment where it is one that Telegram shows by the phone's clock."""
    if article.source != SourceKind.MANUAL:  # an editor's own text: readers see nothing of where it came from
        yield at_line_start(" ".join(article.source.split())), None
    if sources > 1:
        yield words(language).sources.format(count=sources), None
    if not article.published_guessed:
        time, anywhere = when(article.published_at, zone_of(zone), now, language), zone == "UTC"
        yield f"{time} UTC" if anywhere else time, article.published_at if anywhere else None
    if article.paywalled:
        yield words(language).paywalled, None


def _dotted(spans: Sequence[Span]) -> Block:
    """With dots between, outside of times; neighbours that look alike are one span."""
    line: list[Span] = []
    for span in spans:
        last = line.pop() if line else None
        if last is None:
            line.append(span)
        elif last.moment is not None:
            line += [last, replace(span, text=f" · {span.text}")]
        elif span.moment is not None:
            line += [replace(last, text=f"{last.text} · "), span]
        else:
            line.append(replace(last, text=f"{last.text} · {span.text}"))
    return tuple(line)


def web_url(url: str | None) -> str | None:
    """The URL where a message may link to it, else None."""
    if url and len(url) <= LONGEST_URL and re.match(r"(?i)https?://[^\s<>\"]+$", url):
        return url
    return None


# Cutting


def size(spans: Iterable[Span]) -> int:
    return sum(len(span.text) for span in spans)


def entities(spans: Iterable[Span]) -> int:
    return sum(span.bold + span.italic + (span.url is not None) + (span.moment is not None) for span in spans)


def fits(spans: Sequence[Span], limit: int = MESSAGE_LENGTH) -> bool:
    return (
        size(spans) <= limit
        and entities(spans) <= MESSAGE_ENTITIES
        and (_most_bytes(spans) <= MESSAGE_BYTES or len(to_html(spans).encode("utf-8", "replace")) <= MESSAGE_BYTES)
    )


def _most_bytes(spans: Sequence[Span]) -> int:
    """Not fewer than the HTML has: a character takes six at the most (&quot;), a span's tags less than a hundred.

    A digest is measured as it grows, story by story: to write its HTML each time cost more than all the rest.
    """
    return sum(6 * (len(span.text) + len(span.url or "")) + 100 for span in spans)


def split(spans: Sequence[Span], limit: int = MESSAGE_LENGTH) -> list[Block]:
    """Pieces that each fit a message, together all of the text but the white space at the cuts."""
    pieces, rest = [], tuple(spans)
    while not fits(rest, limit):
        piece, rest = _cut(rest, limit)
        if size(piece):
            pieces.append(piece)
    return [*pieces, rest] if size(rest) or not pieces else pieces


def _cut(spans: Block, limit: int) -> tuple[Block, Block]:
    """A first piece that fits, and the rest; always moves forward."""
    room = min(limit, size(spans))
    while True:
        at = _boundary("".join(span.text for span in spans), room)
        piece = _trimmed(tuple(_slice(spans, 0, at)))
        if fits(piece, limit) or at <= 1:
            return piece, _trimmed(tuple(_slice(spans, at, size(spans))))
        room = max(1, min(at, room) * 3 // 4)


def _boundary(text: str, room: int) -> int:
    """The best place to cut at or before `room`: between paragraphs, sentences, words, graphemes."""
    if room >= len(text):
        return len(text)
    for pattern in _CUTS:
        ends = [found.end() for found in pattern.finditer(text, room // 2, room + 1)]
        ends = [end for end in ends if 0 < end <= room and not _JOINS.match(text, end)]
        if ends:
            return int(ends[-1])
    ends = [found.end() for found in _GRAPHEME.finditer(text[: room + 1]) if found.end() <= room]
    return int(ends[-1]) if ends and not _JOINS.match(text, int(ends[-1])) else room


def _slice(spans: Iterable[Span], start: int, end: int) -> Iterator[Span]:
    position = 0
    for span in spans:
        before = span.text[: max(0, start - position)]
        text = span.text[len(before) : max(0, end - position)]
        if text:
            moment = span.moment if text == span.text else None  # half a time would be shown as the whole, twice
            yield replace(span, text=_balanced(text, opened=_open(before)), moment=moment)
        position += len(span.text)


def _balanced(text: str, *, opened: int) -> str:
    """A cut inside an isolated text leaves two isolated texts."""
    text = FSI * opened + text
    return text + PDI * _open(text)


def _open(text: str) -> int:
    return text.count(FSI) - text.count(PDI)


def _trimmed(spans: Block) -> Block:
    """Without white space at either end, which Telegram would drop."""
    kept = list(spans)
    while kept and not kept[0].text.strip():
        del kept[0]
    while kept and not kept[-1].text.strip():
        del kept[-1]
    if kept:
        kept[0] = replace(kept[0], text=kept[0].text.lstrip())
        kept[-1] = replace(kept[-1], text=kept[-1].text.rstrip())
    return tuple(kept)
