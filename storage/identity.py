"""What makes two articles the same: the page that they stand on, or their text. Pure."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlencode, urlsplit

_TRACKING = re.compile(r"(?i)utm_\w*|(?:fb|g|dc|y|ms|tw)clid|gbraid|wbraid|mc_[ce]id|igshid|ref_src|cmpid|_ga|at_\w+")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def url_key(url: str | None) -> str | None:
    """A URL's canonical form, equal for what leads to the same page; None for what names no page of its own.

    http and https, `www.`, letter case of the host, default ports, fragments, a last slash, the order of parameters and
    those that only track a reader make no difference. A site's front page is no article's address.
    """
    try:
        parts = urlsplit((url or "").strip())
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        return None
    host = parts.hostname.rstrip(".").removeprefix("www.")
    if port is not None and port != _DEFAULT_PORTS[parts.scheme]:
        host = f"{host}:{port}"
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    query = urlencode(sorted(pair for pair in pairs if not _TRACKING.fullmatch(pair[0])))
    path = parts.path.rstrip("/")
    if not path and not query:
        return None
    return f"//{host}{path}" + (f"?{query}" if query else "")


def content_hash(headline: str, paragraphs: Iterable[str]) -> str:
    """SHA-256 (hex) of the text after NFKC, casefold and folded whitespace."""
    folded = unicodedata.normalize("NFKC", "\n".join([headline, *paragraphs])).casefold()
    return hashlib.sha256(" ".join(folded.split()).encode("utf-8", "surrogatepass")).hexdigest()
