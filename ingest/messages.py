"""A Telegram message that was forwarded, as the text that somebody would have pasted. Pure.

Its words, and in lines of their own what only the message knows: the channel, the time, the address behind its links.
Those lines are what ingest.plaintext reads source, time and address from.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from ingest.decode import clean
from ingest.lines import folded

LONGEST_TITLE = 300
_OWN_HOSTS = ("t.me", "telegram.me", "telegram.dog")

_LEADS_ON = re.compile(
    r"""(?ix)^\W*(?:(?:read|see|view|learn|find\ out)\ (?:more|the\ (?:full|whole)|full|on)\b.*
    |more|full\ (?:story|text|article).*
    |continue\ reading.*|source|link|details|article|here|website
    |подробн\w+.*|читать\ .*|полн\w+\ .*|источник|ссылка|weiter\w*.*|mehr\ .*|quelle|lire\ .*|en\ savoir\ plus.*
    |leer\ .*|más\ .*|fuente|ler\ .*|leia\ .*|leggi\ .*|fonte|devam\w*.*|kaynak
    |阅读全文|全文|更多|来源|原文|続きを読む|출처|자세히.*
    |اقرأ.*|المصدر|ادامه.*)\W*$"""
)
_SIGN_OFF = re.compile(
    r"""(?ix)^\W*(?:(?:(?:join|follow|subscribe(?:\ to)?|boost|подпи[сш]\w*|наш\ канал|abonnier\w*
        |suscr[íi]b\w*)\b.{0,80})
    |(?:@\w{4,32}\W*)+|(?:\#\w+\s*)+)\W*$"""
)


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead somewhere; the same as `url` where the address itself is shown."""

    label: str
    url: str


def as_text(
    text: str,
    links: Sequence[Link] = (),
    *,
    source: str | None = None,
    published_at: datetime | None = None,
    post_url: str | None = None,
) -> str:
    """`source`: the channel's title; `post_url`: the post's own address, for where no link leads to the article."""
    url = article_url(text, links) or post_url
    lines = [line.rstrip() for line in clean(text).split("\n") if not _is_aside(line, links)]
    body = "\n".join(lines).strip()
    if url and "\n" not in body and len(body) <= LONGEST_TITLE and url != post_url:
        return f"{body}\n{url}"  # a title with its page
    said = [f"Source: {source}"] if source else []
    said += [f"Published: {published_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"] if published_at else []
    said += [f"Link: {url}"] if url else []
    first, _, rest = body.partition("\n")
    return "\n".join(part for part in (first, *said, rest) if part) if said else body


def article_url(text: str, links: Sequence[Link]) -> str | None:
    """Where the message's article is: behind words like "read more", else its only link, else the one it ends with."""
    web = [link for link in links if _is_web(link.url)]
    named = next((link.url for link in web if _LEADS_ON.match(link.label)), None)
    if named:
        return named
    if len({link.url for link in web}) == 1:
        return web[0].url
    ending = clean(text).rstrip().rsplit("\n", 1)[-1]
    return web[-1].url if web and web[-1].label and web[-1].label in ending else None


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(host) and host not in _OWN_HOSTS


def _is_aside(line: str, links: Sequence[Link]) -> bool:
    """A line that only leads elsewhere: "Read more", an address, hashtags, the channel's own name."""
    stripped = line.strip()
    if not stripped:
        return False
    linked = any(stripped.strip("→»> 👉🔗") in (link.label.strip(), link.url) for link in links)
    return bool(_SIGN_OFF.match(stripped)) or (
        linked and (bool(_LEADS_ON.match(stripped)) or not folded_words(stripped))
    )


def folded_words(line: str) -> str:
    """The words of a line, without addresses."""
    return folded(re.sub(r"https?://\S+", "", line))
