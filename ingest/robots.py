"""robots.txt (RFC 9309): which pages a site lets programs fetch. Reading is pure; `Robots` fetches and remembers."""

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit

from ingest.errors import FetchError
from ingest.fetch import Answer

AGENT = "tidings"
MAX_BYTES = 500 * 1024  # what RFC 9309 wants read at least
MAX_RULES = 2_000
KEPT_FOR, UNREACHED_FOR = timedelta(hours=24), timedelta(minutes=30)
KEPT = 2_000
_OK, _FIRST_SERVER_ERROR, _TOO_MANY = 200, 500, 429


@dataclass(frozen=True, slots=True)
class Rules:
    """(pattern, allowed) pairs of the groups that speak to us."""

    lines: tuple[tuple[str, bool], ...] = ()

    def allow(self, path: str) -> bool:
        """The longest pattern that matches decides; of two as long, the one that allows."""
        matching = [(len(pattern), allowed) for pattern, allowed in self.lines if _matches(pattern, path)]
        return path == "/robots.txt" or max(matching, default=(0, True))[1]


ALL, NOTHING = Rules(), Rules((("/", False),))


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
                groups[name].append((value, key == "allow"))
    return Rules(tuple(groups.get(agent, groups.get("*", []))[:MAX_RULES]))


def _lines(text: str) -> Iterable[tuple[str, str]]:
    for line in text.splitlines():
        key, colon, value = line.partition("#")[0].partition(":")
        if colon:
            yield key.strip().lower(), value.strip()


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

    def __init__(self, fetcher: Asks, *, clock: Callable[[], datetime]) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._kept: OrderedDict[str, tuple[Rules, datetime]] = OrderedDict()

    async def allow(self, url: str) -> bool:
        """False too while the site's rules can't be had because of trouble at the site."""
        parts = urlsplit(url)
        rules = await self._rules(f"{parts.scheme}://{parts.netloc}")
        return rules.allow((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))

    async def _rules(self, site: str) -> Rules:
        kept = self._kept.get(site)
        if kept is not None and self._clock() < kept[1]:
            return kept[0]
        rules, lasts = await self._fetch(site)
        self._kept[site] = (rules, self._clock() + lasts)
        self._kept.move_to_end(site)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return rules

    async def _fetch(self, site: str) -> tuple[Rules, timedelta]:
        try:
            answer = await self._fetcher.ask(f"{site}/robots.txt")
        except FetchError:
            return NOTHING, UNREACHED_FOR
        if answer.status >= _FIRST_SERVER_ERROR or answer.status == _TOO_MANY:
            return NOTHING, UNREACHED_FOR
        if answer.status != _OK:
            return ALL, KEPT_FOR
        return read_rules(answer.body[:MAX_BYTES].decode("utf-8", "replace")), KEPT_FOR
