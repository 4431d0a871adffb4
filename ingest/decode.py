"""Bytes to clean text: what encoding they are in, and which characters no article needs. Pure."""

import codecs
import html
import re

from charset_normalizer import from_bytes

from ingest.errors import ExtractError

MAX_BYTES = 3_000_000  # every real news page measured was under it; extraction's time grows steeply with size
_SAMPLE = 100_000

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(rb"""(?i)<\?xml[^>]{0,200}encoding=["']([\w.:-]+)|<meta[^>]{0,300}charset=["']?\s*([\w.:-]+)""")
_HEADER = re.compile(r"(?i)charset=[\"']?([\w.:-]+)")
# Controls, zero-width characters, lone surrogates, non-characters. Bidi marks stay: right-to-left text needs them.
_UNWANTED = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\u200b\u2060\ufeff\ufffe\uffff\ud800-\udfff]")
# Browsers read the older names of these as the larger sets that contain them.
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "euc-kr": "cp949", "ks_c_5601-1987": "cp949", "iso-8859-1": "cp1252"}
# Python's codecs that no page is written in: some fail on every byte, some take quadratic time, UTF-7 hides markup.
_NO_ENCODINGS = frozenset(
    {"idna", "mbcs", "oem", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"}
)
# No character has so high a number, and Python refuses to read over 4,300 digits.
_ENDLESS_REFERENCE = re.compile(r"&#(?:[0-9]{9,}|[xX][0-9a-fA-F]{9,});?")
_BINARY = (
    b"%PDF", b"PK\x03\x04", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x7fELF", b"\x1f\x8b", b"BZh", b"Rar!", b"ID3",
    b"\xd0\xcf\x11\xe0", b"SQLite format 3", b"RIFF", b"OggS", b"MZ\x90", b"7z\xbc\xaf", b"\xfd7zXZ",
)  # fmt: skip


def decode(data: bytes, content_type: str | None = None, *, limit: int = MAX_BYTES) -> str:
    """Text with `\\n` line ends. Raises ExtractError for what is empty, too big or not text."""
    if not data.strip(b"\x00 \t\r\n"):
        raise ExtractError("it is empty")
    if len(data) > limit:
        raise ExtractError(f"it is {len(data) / 1e6:.1f} MB; at most {limit / 1e6:.0f} MB is read")
    text = clean(_decoded(data, content_type))
    if not text.strip():
        raise ExtractError("it is empty")
    return text


def clean(text: str) -> str:
    """Without the characters that storage refuses or readers can't see; lines end in `\\n`."""
    return _UNWANTED.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0c", "\n"))


def unescaped(text: str) -> str:
    """HTML's character references filled in."""
    return html.unescape(_ENDLESS_REFERENCE.sub("", text))


def _decoded(data: bytes, content_type: str | None) -> str:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    if data.startswith(_BINARY):
        raise ExtractError("it is not text, HTML, or a feed")
    for encoding, errors in (("utf-8", "strict"), ("utf-8", "surrogatepass"), *_declared(data, content_type)):
        try:
            return data.decode(encoding, errors)
        except UnicodeError:
            continue
    return _guessed(data)


def _declared(data: bytes, content_type: str | None) -> list[tuple[str, str]]:
    """Encodings with how strict to be."""
    header, inside = _HEADER.search(content_type or ""), _DECLARED.search(data[:4096])
    names = [encoding_named(header[1])] if header else []
    if inside:
        found = encoding_named((inside[1] or inside[2]).decode("ascii", "replace"))
        # What could be read of the declaration can't be in an encoding that writes letters otherwise.
        names += [found] if found and "<a>".encode(found, "replace") == b"<a>" else []
    return [(name, "strict") for name in names if name]


def encoding_named(name: str) -> str | None:
    """The encoding that pages and feeds call so, if it is one that they are written in."""
    name = _WIDER.get(name.lower(), name.lower())
    try:
        known = codecs.lookup(name).name.replace("_", "-")
        "".encode(name)  # codecs from bytes to bytes fail only here
    except (LookupError, ValueError):
        return None
    return None if known in _NO_ENCODINGS else name


def _guessed(data: bytes) -> str:
    if b"\x00" in data[:_SAMPLE] or _controls(data[:_SAMPLE]) > 0.02:  # noqa: PLR2004 - text has next to none
        wide = _wide(data)
        if wide is not None:
            return wide
        raise ExtractError("it is not text, HTML, or a feed")
    replaced = data.decode("utf-8", "replace")
    if replaced.count("\ufffd") <= len(replaced) / 500:
        return replaced.replace("\ufffd", "")  # UTF-8 with a few broken places
    best = from_bytes(data[:_SAMPLE]).best()
    if best is None:
        raise ExtractError("its encoding can't be told; save it as UTF-8")
    return data.decode(best.encoding, "replace")


def _controls(data: bytes) -> float:
    return sum(byte < 32 and byte not in (9, 10, 12, 13, 27) for byte in data) / max(1, len(data))  # noqa: PLR2004


def _wide(data: bytes) -> str | None:
    """UTF-16 without its mark: nearly every other byte of Western text is zero."""
    sample = data[: _SAMPLE // 50 * 2]
    for encoding, zeros in (("utf-16-le", sample[1::2]), ("utf-16-be", sample[::2])):
        if zeros and zeros.count(0) > 0.6 * len(zeros):
            return data.decode(encoding, "replace")
    # NULs strewn into text that is otherwise UTF-8.
    if data.count(0) < len(data) / 50:
        try:
            return data.replace(b"\x00", b"").decode("utf-8") if _controls(data.replace(b"\x00", b"")) == 0 else None
        except UnicodeDecodeError:
            return None
    return None
