"""Text as people save and paste it, page chrome included, to a draft. Pure.

A time without a zone is stored as it is printed, as UTC: a page that says 2017-05-19 11:50:52 gives
2017-05-19T11:50:52Z (see ingest.dates).
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from ingest.body import body_lines
from ingest.dates import find_date
from ingest.errors import ExtractError
from ingest.lines import TEXT, Kind, Line, folded, is_sentence, read_lines
from storage.records import ArticleDraft

MIN_WORDS = 3
MAX_HEADLINE_WORDS = 32
SHORT_HEADLINE_WORDS = 16  # a first line of so many may be a headline although it ends with a full stop
MAX_HEADLINE = 200
MAX_META_WORDS = 22
_CUT_OFF = 15  # lines of chrome at most between a first paragraph and the rest
_NAME_WORDS = 6
_CAPTION_WORDS = 7
_TWINS_SHARE = 0.5  # of a page's text, photos' texts with their captions; more is a text that repeats itself
_QUOTED_WORDS = 25  # what a page pulls out of its text to show it again is shorter
_REACH = 6  # lines around the headline and the body's beginning that may say who, when and where from

_PUBLISHED = re.compile(
    r"""(?ix)\b(?:first\ )?(?:published|posted|updated|last\ (?:updated|modified)|created|issued)(?:\ (?:on|at))?\b
    |发布时间|发稿时间|發布時間|发布|更新|입력|등록|수정|승인|опубликовано|veröffentlicht|publié|publicado|pubblicato"""
)
_SOURCE = re.compile(
    r"(?i)(?:^|[\s|·(\[])(?:source|来源|來源|출처|quelle|fuente|fonte|источник|kaynak)\s*[:：]\s*(?P<name>[^\s|;·)\]]"
    r"[^|;·)\]\t]{1,60})"
)
_BYLINE = re.compile(
    r"^(?:by|von|por|par|di|автор:?|текст:?|text:?|author:?)\s+(?P<name>[^\d|•·]{3,80})", re.IGNORECASE
)
_URL_LINE = re.compile(r"^(?:(?:url|link|source)\s*:\s*)?(?P<url>https?://\S+)$", re.IGNORECASE)
_LABEL = re.compile(r"^(?:source|by|from|via|来源|來源|출처)\s*[:：]?\s+", re.IGNORECASE)
_DATELINE = re.compile(
    r"^(?P<place>(?:[A-Z][\w.'’-]*|[A-Z]{2,})(?:[ ,/][\w.'’ /-]{0,40}?)?)?(?:,\s+[A-Z][a-z]{2,8}\.?\s+\d{1,2})?\s*"
    r"\((?P<agency>Reuters|AP|AFP|Xinhua|Yonhap|TASS|dpa|DPA|Bloomberg|UPI|ANI|PTI|IANS|Kyodo|EFE|ANSA|CNN|BBC)\)\s*[-–—:]"
)
_CJK_AGENCY = re.compile(
    r"^[（(]?(?:[가-힣·]{2,12}=(?P<ko>[가-힣]{2,8})[)）]|(?P<zh>[\u4e00-\u9fff]{1,4}(?:社|网|網))[\u4e00-\u9fff]{2,6}\d)"
)
_CAPTION_LABEL = re.compile(r"(?i)^(?:image|photo|picture)?\s*caption\s*[,:：]\s*")
_MARKER = re.compile(r"^[•*+○□☆●▪■◆►▶#·‣∙☐✓◦›»>-]\s+|^#(?=\S)")


@dataclass(frozen=True, slots=True)
class _Meta:
    source: str | None = None
    byline: str | None = None
    url: str | None = None
    published_at: datetime | None = None


def draft_from_text(text: str, *, headline: str | None = None, url: str | None = None) -> ArticleDraft:
    """The article in a text. `headline` and `url` are used where the caller knows them.

    Raises ExtractError where there are not even a few words.
    """
    lines = read_lines(text)
    if sum(line.words for line in lines) < MIN_WORDS:
        raise ExtractError("it holds no article text")
    captions, clean = _captions(lines), _is_clean(lines)
    body = _body(lines, captions, clean)
    title = _leading(lines) if clean else _headline_line(lines, body)
    body = body if title is None else [index for index in body if index > title]
    if not clean and title is not None:
        body = _openers(lines, body, title) + body
    meta_lines = _meta_lines(lines, _first_prose(lines, body, title), title)
    signature = _signature(lines, title, meta_lines) if clean else None
    meta = _read_meta([lines[index].text for index in sorted(meta_lines)])
    paragraphs = _paragraphs(lines, [index for index in body if index not in meta_lines and index != signature])
    if not paragraphs:
        paragraphs = (lines[0].text,)
    dateline = _DATELINE.match(paragraphs[0])
    return ArticleDraft(
        headline=(headline or (_tidy(lines[title].text) if title is not None else opening(paragraphs[0])))[
            :MAX_HEADLINE
        ],
        paragraphs=paragraphs,
        source=meta.source or (lines[signature].text if signature is not None else None) or agency(paragraphs[0]),
        byline=meta.byline,
        dateline=dateline["place"] if dateline else None,
        url=url or meta.url,
        caption=_caption(lines, captions, title, body),
        published_at=meta.published_at,
    )


def opening(paragraph: str) -> str:
    """A headline for a text that has none: its first words."""
    if len(paragraph) <= 100:  # noqa: PLR2004
        return paragraph
    cut = paragraph[:100].rsplit(" ", 1)[0]
    return cut.rstrip(" ,;:–—-") + "…"


def agency(paragraph: str) -> str | None:
    """The news agency that the first paragraph names in its dateline."""
    western, eastern = _DATELINE.match(paragraph), _CJK_AGENCY.match(paragraph)
    if western:
        return western["agency"]
    return (eastern["ko"] or eastern["zh"]) if eastern else None


def _body(lines: Sequence[Line], captions: frozenset[int], clean: bool) -> list[int]:
    if clean:
        return [index for index in range(len(lines)) if index not in captions]
    return [index for index in body_lines(lines) if index not in captions]


def _is_clean(lines: Sequence[Line]) -> bool:
    """Nothing but an article: no line looks like a page's, and nearly all words stand in sentences."""
    if any(line.kind in (Kind.CHROME, Kind.STOP) for line in lines):
        return False
    total, text = sum(line.words for line in lines), sum(line.words for line in lines if line.kind in TEXT)
    return text >= 0.7 * total or len(lines) <= 3  # noqa: PLR2004


def _captions(lines: Sequence[Line]) -> frozenset[int]:
    """Lines that say so, or stand there twice in a row, as a photo's text and its caption do."""
    said = {index for index, line in enumerate(lines) if line.kind is Kind.CAPTION}
    twins = {index for index in range(1, len(lines)) if _are_twins(lines[index - 1], lines[index])}
    twins |= {index - 1 for index in twins}
    text = sum(line.words for line in lines if line.kind in TEXT)
    few = sum(lines[index].words for index in twins - said) < _TWINS_SHARE * text
    return frozenset(said | twins if few else said)


def _are_twins(one: Line, other: Line) -> bool:
    return one.text == other.text and one.repeats == 2 and one.kind in TEXT  # noqa: PLR2004


def _caption(lines: Sequence[Line], captions: frozenset[int], title: int | None, body: Sequence[int]) -> str | None:
    """The first caption in the article; one that only names the photographer where there is no other."""
    first, last = title or 0, (body[-1] if body else len(lines) - 1)
    found = [lines[index] for index in range(first, last + 1) if index in captions]
    telling = next((line for line in found if line.words >= _CAPTION_WORDS), next(iter(found), None))
    return _CAPTION_LABEL.sub("", telling.text) if telling else None


def _openers(lines: Sequence[Line], body: Sequence[int], title: int) -> list[int]:
    """Paragraphs between the headline and what was found of the body: share links and advertisements cut them off."""
    if not body or body[0] - title > _CUT_OFF:
        return []
    between = range(title + 1, body[0])
    return [i for i in between if lines[i].kind is Kind.PROSE and is_sentence(lines[i].text) and lines[i].repeats == 1]


def _signature(lines: Sequence[Line], title: int | None, meta_lines: Collection[int]) -> int | None:
    """The line with the source's name alone, between headline and date."""
    if title is None or title + 2 not in meta_lines or title + 1 in meta_lines:
        return None
    line = lines[title + 1]
    return title + 1 if line.kind is Kind.SHORT and line.words <= _NAME_WORDS else None


def _leading(lines: Sequence[Line]) -> int | None:
    """The headline of a text that is nothing but an article: its first line, unless that is a paragraph already."""
    first = next((index for index, line in enumerate(lines[:3]) if not _says_meta(line)), 0)
    line = lines[first]
    short = line.words <= (SHORT_HEADLINE_WORDS if is_sentence(line.text) else MAX_HEADLINE_WORDS)
    return first if short and len(lines) > first + 1 else None


def _headline_line(lines: Sequence[Line], body: Sequence[int]) -> int | None:
    start = _first_prose(lines, body, None)
    words = {word for index in body for word in folded(lines[index].text).split() if lines[index].kind in TEXT}
    candidates = [index for index in range(min(start, len(lines))) if _may_be_headline(lines[index])]
    if not candidates:
        return None
    titles = folded(lines[0].text)
    return max(candidates, key=lambda index: _headline_score(lines[index], index, start, words, titles))


def _first_prose(lines: Sequence[Line], body: Sequence[int], title: int | None) -> int:
    """Where the article's text begins."""
    text = [index for index in body if index != title and lines[index].kind in TEXT and not _says_meta(lines[index])]
    prose = [index for index in text if lines[index].kind is Kind.PROSE and is_sentence(lines[index].text)]
    first = next(iter(prose if title is None else text), next(iter(text or body), 0))
    if first == 0 and title is None and not is_sentence(lines[0].text):
        return 1  # the first line can only be the headline
    return first


def _may_be_headline(line: Line) -> bool:
    plain = line.kind in (Kind.SHORT, Kind.MEDIUM, Kind.PROSE) or (line.text.startswith("#") and line.kind is Kind.ITEM)
    return plain and 1 < line.words <= MAX_HEADLINE_WORDS and not _says_meta(line)


def _headline_score(line: Line, index: int, start: int, body: set[str], titles: str) -> float:
    """Weights by trying on pages rendered to text: it speaks of what the body speaks of, near its beginning."""
    words = folded(line.text).split()
    score = 4.0 * sum(word in body for word in words) / max(1, len(words))
    score += min(line.words, 8) / 4
    score += 2.0 if index == 0 else 0.0
    score += 2.0 if index and len(words) > 2 and " ".join(words) in titles else 0.0  # noqa: PLR2004
    score -= 3.0 if is_sentence(line.text) and not line.text.endswith(("?", "!", '"', "”")) else 0.0
    return score - min(start - index, 60) / 12


def _says_meta(line: Line) -> bool:
    if line.words > MAX_META_WORDS:
        return False
    found = find_date(line.text)
    dated = found is not None and (found[1][1] - found[1][0]) * 3 > len(line.text)
    named = _PUBLISHED.search(line.text) and found is not None
    return bool(dated or named or _BYLINE.match(line.text) or _SOURCE.search(line.text) or _URL_LINE.match(line.text))


def _meta_lines(lines: Sequence[Line], start: int, title: int | None) -> set[int]:
    near = {*range(max(0, start - _REACH), min(len(lines), start + _REACH))}
    if title is not None:
        near |= {*range(max(0, title - 2), min(len(lines), title + _REACH))} - {title}
    return {index for index in near if index != start and _says_meta(lines[index])}


def _read_meta(texts: Sequence[str]) -> _Meta:
    return _Meta(
        source=next((name for name in map(_source, texts) if name), None),
        byline=next((_name(found) for found in map(_BYLINE.match, texts) if found), None),
        url=next((found["url"] for found in map(_URL_LINE.match, texts) if found), None),
        published_at=_published(texts),
    )


def _published(texts: Sequence[str]) -> datetime | None:
    said = sorted(texts, key=lambda text: not _PUBLISHED.search(text))
    return next((found[0] for found in map(find_date, said) if found), None)


def _source(text: str) -> str | None:
    """Who published: named as the source, or standing before `Published:`."""
    labelled = _SOURCE.search(text)
    if labelled:
        return _trimmed(labelled["name"])
    published = _PUBLISHED.search(text)
    found = find_date(text)
    if published is None or found is None or published.start() == 0 or _BYLINE.match(text):
        return None
    before = _trimmed(_LABEL.sub("", text[: min(published.start(), found[1][0])]))
    return before if before and len(before) <= 60 else None  # noqa: PLR2004


def _name(found: re.Match[str]) -> str | None:
    dated = find_date(found.string)
    name = found["name"] if dated is None else found.string[found.start("name") : min(found.end("name"), dated[1][0])]
    return _trimmed(_PUBLISHED.split(name)[0])


def _trimmed(value: str) -> str | None:
    dated = find_date(value)
    return (value[: dated[1][0]] if dated else value).strip(" \t|,;:·•–—-([/") or None


def _tidy(text: str) -> str:
    return _MARKER.sub("", text).strip()


def _paragraphs(lines: Sequence[Line], body: Sequence[int]) -> tuple[str, ...]:
    """What stands there twice and is short, as a quotation pulled out of the text is, once; all else as printed."""
    twice = {index for index in body if lines[index].repeats == 2 and lines[index].words < _QUOTED_WORDS}  # noqa: PLR2004
    said = {lines[index].text: index for index in reversed(body)}
    return tuple(_tidy(lines[index].text) for index in body if index not in twice or said[lines[index].text] == index)
