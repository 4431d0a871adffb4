"""robots.txt (RFC 9309): which pages a site lets programs fetch. Reading is pure; `Robots` fetches and remembers.

`Pages` gets pages as the rules allow, where redirects lead too. Feeds are there to be asked for by programs; they, and
pages that are looked at only to find a feed, are fetched without.
"""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import quote, urlsplit
from weakref import WeakValueDictionary

from yarl import URL

from ingest.errors import FetchError
from ingest.fetch import Answer, Fetched, Fetcher

AGENT = "tidings"
MAX_BYTES = 500 * 1024  # what RFC 9309 wants read at least
MAX_RULES, MAX_PATTERN = 10_000, 4_096
SECONDS = 10.0
KEPT_FOR, UNREACHED_FOR = timedelta(hours=24), timedelta(minutes=30)
KEPT, KEPT_RULES = 2_000, 200_000
_ESCAPE = re.compile("%([0-9a-fA-F]{2})")
_LATER, _INSTEAD = "Try again later.", "Send the article's text instead."
_OK, _FIRST_SERVER_ERROR, _TOO_MANY = 200, 500, 429


@dataclass(frozen=True, slots=True)
class Rules:
    """(pattern, allowed) pairs of the groups that speak to us. `reached` False: the site couldn't be asked."""

    lines: tuple[tuple[str, bool], ...] = ()
    reached: bool = True

    def allow(self, path: str) -> bool:
        """The longest pattern that matches decides; of two as long, the one that allows."""
        path = _normal(path)
        matching = [(len(pattern), allowed) for pattern, allowed in self.lines if _matches(pattern, path)]
        return path == "/robots.txt" or max(matching, default=(0, True))[1]


ALL, NOTHING = Rules(), Rules((("/", False),), reached=False)


def read_rules(text: str, agent: str = AGENT) -> Rules:
    """The groups that name the agent; where none does, those for all (`*`)."""
    groups: dict[str, list[tuple[str, bool]]] = {}
    named: list[str] = []
    in_rules = False
    for key, value in _lines(text):
        if key == "user-agent":
            named = [*(() if in_rules else named), re.split(r"[/\s]", value.lower())[0]]
            in_rules = False
            groups.setdefault(named[-1], [])
        elif key in ("allow", "disallow"):
            in_rules = True
            for name in named if value else ():
                groups[name].append((_normal(value), key == "allow"))
    return Rules(tuple(groups.get(agent, groups.get("*", []))[:MAX_RULES]))


def _lines(text: str) -> Iterable[tuple[str, str]]:
    for line in re.split(r"[\r\n]+", text.removeprefix("\ufeff")):
        key, colon, value = line.partition("#")[0].partition(":")
        if colon and len(value) <= MAX_PATTERN:
            yield key.strip().lower(), value.strip()


def _normal(path: str) -> str:
    """Percent signs only where they are needed, so that `/%7Ea` and `/~a`, `/ä` and `/%C3%A4` are the same."""
    plain = _ESCAPE.sub(_unreserved, path)
    return quote(plain, safe="%/:?#[]@!$&'()*+,;=~-._")


def _unreserved(found: re.Match[str]) -> str:
    character = chr(int(found[1], 16))
    return character if character.isascii() and (character.isalnum() or character in "-._~") else found[0].upper()


def _matches(pattern: str, path: str) -> bool:
    """`*` stands for anything, a `$` at the end for the end. By pieces: a regex could be made to take for ever."""
    ends = pattern.endswith("$")
    first, *rest = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    for piece in rest[:-1] if ends else rest:
        found = path.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    if not ends:
        return True
    return len(path) - len(rest[-1]) >= at and path.endswith(rest[-1]) if rest else at == len(path)


class Asks(Protocol):
    async def ask(self, url: str) -> Answer: ...


class Robots:
    """Remembers each site's rules for a day."""

    def __init__(self, fetcher: Asks, *, clock: Callable[[], datetime], seconds: float = SECONDS) -> None:
        self._fetcher, self._clock, self._seconds = fetcher, clock, seconds
        self._kept: OrderedDict[str, tuple[Rules, datetime]] = OrderedDict()
        self._asking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def allow(self, url: str) -> bool:
        """False too while the site's rules can't be had because of trouble at the site."""
        return (await self.rules(url)).allow(_path(url))

    async def permit(self, url: URL) -> None:
        """Raises FetchError where the site doesn't want programs to fetch the page."""
        rules = await self.rules(str(url))
        if rules.allow(_path(str(url))):
            return
        if not rules.reached:
            raise FetchError("its site's rules for programs (robots.txt) can't be had now", url=str(url), advice=_LATER)
        raise FetchError("its site asks programs to leave the page alone (robots.txt)", url=str(url), advice=_INSTEAD)

    async def rules(self, url: str) -> Rules:
        parts = urlsplit(url)
        site = f"{parts.scheme}://{parts.netloc}"
        lock = self._asking.setdefault(site, asyncio.Lock())
        async with lock:  # many pages of one site ask once
            kept = self._kept.get(site)
            if kept is not None and self._clock() < kept[1]:
                return kept[0]
            rules, lasts = await self._fetch(site)
            self._keep(site, rules, self._clock() + lasts)
        return rules

    def _keep(self, site: str, rules: Rules, until: datetime) -> None:
        self._kept[site] = (rules, until)
        self._kept.move_to_end(site)
        while len(self._kept) > 1 and (len(self._kept) > KEPT or self._size() > KEPT_RULES):
            self._kept.popitem(last=False)

    def _size(self) -> int:
        return sum(len(rules.lines) for rules, _ in self._kept.values())

    async def _fetch(self, site: str) -> tuple[Rules, timedelta]:
        try:
            async with asyncio.timeout(self._seconds):
                answer = await self._fetcher.ask(f"{site}/robots.txt")
        except (FetchError, TimeoutError):
            return NOTHING, UNREACHED_FOR
        if answer.status >= _FIRST_SERVER_ERROR or answer.status == _TOO_MANY:
            return NOTHING, UNREACHED_FOR
        if answer.status != _OK:
            return ALL, KEPT_FOR
        return read_rules(answer.body[:MAX_BYTES].decode("utf-8", "replace")), KEPT_FOR


def _path(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


class Pages:
    """Gets pages where robots.txt lets programs; each address that a redirect leads to is asked for too."""

    def __init__(self, fetcher: Fetcher, robots: Robots) -> None:
        self._fetcher, self._robots = fetcher, robots

    async def get(self, url: str) -> Fetched:
        """Raises FetchError."""
        return await self._fetcher.get(url, permit=self._robots.permit)
