"""Where connections may lead: names resolved and judged, sockets made for judged addresses only, proxies.

A proxy that the environment names (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY) resolves names itself, so what it
connects to can't be pinned from here. Addresses are still judged as written, and names by what they resolve to here,
where they do; the last word is the proxy's own rules.
"""

import asyncio
import socket
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.request import getproxies_environment

from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from ingest import guard
from ingest.errors import FetchError, ForbiddenError

RESOLVING_THREADS = 32
_NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


class Resolver(AbstractResolver):
    """The system's resolver, in threads of its own: names whose servers never answer hold them for half a minute."""

    def __init__(self, threads: int = RESOLVING_THREADS) -> None:
        self._threads = ThreadPoolExecutor(threads, "names")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await asyncio.get_running_loop().run_in_executor(self._threads, _resolved, host, port, family)
        return [
            ResolveResult(
                hostname=host, host=str(address[0]), port=int(address[1]), family=kind, proto=proto, flags=_NUMERIC
            )
            for kind, _, proto, _, address in found
        ]

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _resolved(host: str, port: int, family: int) -> list[Any]:
    return socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, 0, socket.AI_ADDRCONFIG)


class GuardedResolver(AbstractResolver):
    """Refuses a name when any of its addresses is forbidden: mixed answers are how names are rebound."""

    def __init__(self, inner: AbstractResolver) -> None:
        self._inner = inner

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        for answer in found:
            _judge(answer["host"], host)
        return found

    async def close(self) -> None:
        await self._inner.close()


def guarded_socket(info: tuple[int, int, int, str, tuple[object, ...]]) -> socket.socket:
    """aiohttp's socket factory: the address is the very one that the socket will connect to."""
    family, kind, protocol, _, address = info
    _judge(str(address[0]), str(address[0]))
    return socket.socket(family, kind, protocol)


async def judge_name(resolver: AbstractResolver, host: str, seconds: float) -> None:
    """As far as it can be told from here: behind a proxy, names of the world outside often don't resolve."""
    try:
        async with asyncio.timeout(seconds):
            await GuardedResolver(resolver).resolve(host)
    except (OSError, TimeoutError):
        return


def _judge(address: str, host: str) -> None:
    reason = guard.forbidden_address(address)
    if reason:
        raise ForbiddenError(reason, url=host, advice="Only pages on the public internet are fetched.")


@dataclass(frozen=True, slots=True)
class Proxies:
    """By scheme, as the environment names them: `http`, `https`, `all`; `no` lists hosts that are reached directly."""

    named: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_environment(cls) -> "Proxies":
        return cls(getproxies_environment())

    def of(self, url: URL) -> URL | None:
        """The proxy for an address. Raises FetchError for one of a kind that isn't spoken, such as SOCKS."""
        named = self.named.get(url.scheme) or self.named.get("all")
        if not named or self._direct((url.raw_host or "").rstrip("."), url.port):
            return None
        try:
            proxy = URL(named if "://" in named else f"http://{named}")
        except ValueError:
            proxy = URL()
        if proxy.scheme not in ("http", "https") or not proxy.host:
            raise FetchError(
                "the proxy that is set isn't an HTTP proxy",
                url=guard.shown(str(url)),
                advice="The operator sets it in HTTP_PROXY and HTTPS_PROXY.",
            )
        return proxy

    def _direct(self, host: str, port: int | None) -> bool:
        """Whether `no_proxy` lists the host or a domain that it is in, with or without a port; `*` is all."""
        listed = {name.strip().lower().lstrip(".") for name in self.named.get("no", "").split(",")} - {""}
        parts = host.split(".")
        above = {".".join(parts[number:]) for number in range(len(parts))}
        return bool(listed & (above | {f"{name}:{port}" for name in above} | {"*"}))
