"""Which addresses may be fetched from. Pure.

An address that a person types, a feed names or a redirect gives may lead into our own network. So a URL is judged three
times: as written (`target`), by what its name resolves to, and by the address that a socket is about to connect to
(`forbidden_address` for both, see ingest.fetch). Ranges: IANA's special-purpose registries for IPv4 and IPv6.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from yarl import URL

from ingest.errors import FetchError, ForbiddenError

MAX_URL = 4096
_MAX_NAME = 253
_WEB_PORTS = frozenset({80, 443})
_FIRST_FREE_PORT = 1024
# Services above 1023 that a crafted request could still talk to, or that browsers refuse too.
_OTHER_SERVICES = frozenset(
    {1433, 1521, 1719, 1720, 1723, 2049, 2181, 2375, 2376, 2379, 3306, 3389, 3659, 4045, 4190, 5060, 5061, 5432, 5672}
    | {5900, 6000, 6379, 6443, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 9042, 9200, 9300, 10080, 10250, 11211}
    | {27017}
)
_REFUSED_4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32",  # looks public, but is Azure's own server for each virtual machine
    )
)  # fmt: skip
_GLOBAL_6 = IPv6Network("2000::/3")  # all that IANA has given out to be reached; the rest is refused
_REFUSED_6 = tuple(
    IPv6Network(text)
    # IETF's own uses with Teredo, documentation, 6to4 (an IPv4 address in disguise), documentation.
    for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)
_NAT64 = IPv6Network("64:ff9b::/96")  # how hosts without IPv4 reach it: the last 32 bits decide
_LOCAL_NAMES = (
    "localhost",
    "localdomain",
    "local",
    "internal",
    "intranet",
    "lan",
    "home",
    "corp",
    "home.arpa",
    "onion",
)
_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\ud800-\udfff\\]")
_CREDENTIALS = re.compile(r"//[^/?#]*@")
_CHECK = "Check the address."
_PUBLIC = "Only pages on the public internet are fetched."


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that may be asked for. `trusted`: the operator allowed its host, so its addresses aren't judged."""

    url: URL
    trusted: bool


def shown(url: str) -> str:
    """The URL as people and logs may see it: without user name and password, and not endless."""
    return _CREDENTIALS.sub("//", url.strip())[:300]


def allow_list(hosts: Iterable[str]) -> frozenset[str]:
    """`host` and `host:port` entries as `target` compares them."""
    return frozenset(host.strip().lower().replace("[", "").replace("]", "") for host in hosts if host.strip())


def target(text: str, allowed: frozenset[str] = frozenset()) -> Target:
    """The URL, judged as written. Raises FetchError for no web address, ForbiddenError for what isn't public."""
    url = _parsed(text.strip())
    host, port = (url.raw_host or "").lower().rstrip("."), url.port or 0
    if host in allowed or f"{host}:{port}" in allowed:
        return Target(url, trusted=True)
    reason = _forbidden_host(host) or _forbidden_port(port)
    if reason:
        raise ForbiddenError(reason, url=shown(text), advice=_PUBLIC)
    return Target(url, trusted=False)


def forbidden_address(text: str) -> str | None:
    """Why nothing may be fetched from this IP address; None where it may."""
    try:
        address = ip_address(text)
    except ValueError:
        return "it leads to no proper internet address"
    if isinstance(address, IPv6Address):
        return _forbidden_6(address)
    return _forbidden_4(address)


def _forbidden_4(address: IPv4Address) -> str | None:
    return _private(address) if any(address in network for network in _REFUSED_4) else None


def _forbidden_6(address: IPv6Address) -> str | None:
    if address.scope_id is None and address in _NAT64:
        return _forbidden_4(IPv4Address(int(address) & 0xFFFFFFFF))
    inside = address.scope_id is None and address in _GLOBAL_6
    return None if inside and not any(address in network for network in _REFUSED_6) else _private(address)


def _private(address: IPv4Address | IPv6Address) -> str:
    return f"it leads to {address}, which is no public internet address"


def _parsed(text: str) -> URL:
    if not text or len(text) > MAX_URL or _UNPRINTABLE.search(text):
        raise FetchError("it is not a web address", url=shown(text), advice=_CHECK)
    try:
        url = URL(text)
        # Both decode percent signs and international names, and fail on wrong ones only now.
        host, credentials = url.raw_host, url.raw_user is not None or url.raw_password is not None
    except ValueError as error:
        raise FetchError("it is not a web address", url=shown(text), advice=_CHECK) from error
    if url.scheme not in ("http", "https") or not host:
        raise FetchError("it is not a web address", url=shown(text), advice="It has to begin with https:// or http://.")
    if credentials or "@" in url.raw_authority:
        advice = "Leave them out: pages behind a login can't be fetched."
        raise ForbiddenError("it carries a user name or a password", url=shown(text), advice=advice)
    return url


def _forbidden_host(host: str) -> str | None:
    try:
        return forbidden_address(str(ip_address(host)))
    except ValueError:
        pass
    if len(host) > _MAX_NAME or not _NAME.fullmatch(host):
        return "its host's name is not valid"
    # 127.1, 0x7f.1, 2130706433, 0177.0.0.1: a last part that is a number makes an address, however it is written.
    if _NUMBER.fullmatch(host.rpartition(".")[2]):
        return "its host is an oddly written number"
    local = "." not in host or any(host == name or host.endswith(f".{name}") for name in _LOCAL_NAMES)
    return "its host is one of a local network" if local else None


def _forbidden_port(port: int) -> str | None:
    if port in _WEB_PORTS or (port >= _FIRST_FREE_PORT and port not in _OTHER_SERVICES):
        return None
    return f"port {port} is not one for web pages"
