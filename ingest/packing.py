"""Packed bodies (gzip, deflate) within bounds. Pure."""

import zlib

from ingest import guard
from ingest.errors import FetchError

MAX_MEMBERS = 100  # parts of one gzip body; real ones have one
_PIECE = 65_536
_GZIP = b"\x1f\x8b"


def unpack(data: bytes, encoding: str, limit: int, url: str) -> bytes:
    """The bytes of a gzip or deflate body, never making more than `limit` of them. Raises FetchError."""
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise FetchError(f"its site sent it packed as {encoding[:40]!r}, which wasn't asked for", url=guard.shown(url))
    unpacked, at, members = bytearray(), 0, 0
    # A gzip body may have several members; what else follows is padding.
    while at < len(data) and (not members or data.startswith(_GZIP, at)):
        members += 1
        if members > MAX_MEMBERS:
            raise FetchError(f"it is packed in more than {MAX_MEMBERS} parts", url=guard.shown(url))
        at = _member(data, at, encoding, limit, url, unpacked)
    return bytes(unpacked)


def _member(data: bytes, at: int, encoding: str, limit: int, url: str, unpacked: bytearray) -> int:
    """Unpack the member that begins at `at`; where the next would. By pieces: zlib copies what it leaves over."""
    inflater = zlib.decompressobj(_window(data[at : at + 2], encoding))
    try:
        while not inflater.eof and at < len(data):
            piece = data[at : at + _PIECE]
            unpacked += inflater.decompress(piece, limit + 1 - len(unpacked))
            if len(unpacked) > limit:
                raise too_big(url, limit)
            at += len(piece) - len(inflater.unused_data)
    except zlib.error as error:
        raise broken_off(url) from error
    if not inflater.eof:
        raise broken_off(url)
    return at


def _window(start: bytes, encoding: str) -> int:
    """zlib's window bits: `deflate` comes with zlib's two bytes in front and, from some servers, without."""
    if encoding != "deflate" or start == _GZIP:
        return zlib.MAX_WBITS | 16
    wrapped = start[0] & 0x0F == zlib.DEFLATED and int.from_bytes(start, "big") % 31 == 0
    return zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS


def too_big(url: str, limit: int) -> FetchError:
    advice = "Send the article's text instead."
    return FetchError(f"it is bigger than {limit / 1e6:.3g} MB", url=guard.shown(url), advice=advice)


def broken_off(url: str) -> FetchError:
    return FetchError("its site broke off in the middle", url=guard.shown(url), advice="Try again later.", again=True)
