"""Pure: which addresses Telegram takes in links and buttons, and how it writes them (rules of tdlib's LinkManager)."""

from __future__ import annotations

import re
from urllib.parse import quote

_PARTS = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?(?P<authority>[^/?#]*)(?P<rest>.*)",
    re.DOTALL,
)
_IN_APP = re.compile(r"(?:tg|ton|tonsite):", re.IGNORECASE)
_USER = re.compile(r"tg:(?://)?user\?id=(\d{1,15})$", re.IGNORECASE)
_LAST_PORT = 65_535
_HOST = re.compile(r"[\w.~%-]+")


class BadLinkError(ValueError):
    """An address that Telegram refuses; the message is its reason."""


def user_of(url: str) -> int | None:
    """The user of a `tg://user?id=N` link."""
    match = _USER.fullmatch(url.strip())
    return int(match[1]) or None if match else None


def checked(url: str, *, https_only: bool = False) -> str:
    """The address as Telegram stores it: with a protocol, its host in lower case, a path. Raises BadLinkError."""
    url = url.strip()
    if not url:
        raise BadLinkError("URL host is empty")
    if _IN_APP.match(url) and not https_only:
        return url
    match = _PARTS.fullmatch(url)
    scheme = ((match and match["scheme"]) or "http").lower()
    if match is None or scheme not in {"http", "https"}:
        raise BadLinkError("Unsupported URL protocol")
    if https_only and scheme != "https":
        raise BadLinkError("Only HTTPS links are allowed")
    return f"{scheme}://{_authority(match['authority'])}{_rest(match['rest'])}"


def _authority(authority: str) -> str:
    login, at, host_port = authority.rpartition("@")
    host, port = _host_port(host_port)
    if not host:
        raise BadLinkError("URL host is empty")
    if host.startswith("["):
        return f"{login}{at}{host.lower()}{port}"
    if "." not in host or not _HOST.fullmatch(host):
        raise BadLinkError("Wrong HTTP URL")
    return f"{login}{at}{host.lower()}{port}"


def _host_port(text: str) -> tuple[str, str]:
    if text.startswith("["):
        host, closing, port = text.partition("]")
        if not closing:
            raise BadLinkError("Wrong IPv6 address specified")
        host += closing
        port = port.removeprefix(":")
    else:
        host, _, port = text.partition(":")
    if port and not (port.isdecimal() and 0 < int(port) <= _LAST_PORT):
        raise BadLinkError("Wrong port number specified in the URL")
    return host, f":{port}" if port else ""


def _rest(rest: str) -> str:
    rest = (
        quote(rest, safe="/?#[]@!$&'()*+,;=%:~^|{}\\`-._\"", encoding="utf-8") if " " in rest or "\n" in rest else rest
    )
    return rest if rest.startswith("/") else f"/{rest}"
