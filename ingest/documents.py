"""Word documents, PDFs and saved e-mails to drafts. Pure, slow and fed by strangers: run in a worker process.

Each is brought to plain text by its library and read as pasted text is; what the file says of itself (title, subject,
sender, dates) fills what the text leaves open. A file's own date of creation is a guess at most.
"""

import importlib
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Any

from ingest.decode import clean
from ingest.errors import ExtractError
from ingest.lines import count_words, folded
from ingest.markup import paragraphs_of
from ingest.plaintext import MAX_HEADLINE, draft_from_text
from storage.records import ArticleDraft

MAX_DOCUMENT = 20_000_000  # as much as Telegram gives a bot
MAX_UNPACKED = 60_000_000
MAX_ENTRIES = 3_000
MAX_PAGES = 80
MAX_PARTS = 200
_FEW_WORDS = 20
_HEADER_SHARE = 0.6  # of a PDF's pages: a line on so many of them is a running head
_FULL = 0.8  # of the width of a page
_ENDS = 2  # lines at a page's top and bottom that may be running heads

_REPLY = re.compile(r"(?i)^(?:(?:re|fwd?|wg|aw|tr|rv)\s*:\s*)+")
_QUOTED = re.compile(r"^\s*>")
_NUMBER = re.compile(r"\d+")


def draft_from_docx(data: bytes) -> ArticleDraft:
    """Raises ExtractError for what is no Word document, or too much of one."""
    _check_zip(data)
    try:
        document = importlib.import_module("docx").Document(io.BytesIO(data))
        blocks = list(_docx_blocks(document))
        properties = document.core_properties
        title, created = properties.title or "", properties.created
    except (KeyError, ValueError, SyntaxError, OSError, zipfile.BadZipFile, AttributeError) as error:
        raise ExtractError("it is a damaged Word document") from error
    captions = [text for style, text in blocks if style.startswith("caption")]
    headline = next((text for style, text in blocks if style == "title"), None)
    texts = [text for style, text in blocks if not style.startswith("caption") and text != headline]
    if headline is None and folded(title) and folded(title) in map(folded, texts[:3]):
        headline = title
    draft = _read(texts, headline)
    return replace(draft, caption=draft.caption or next(iter(captions), None), published_guess=_guess(created))


def _check_zip(data: bytes) -> None:
    """Before anything is unpacked: a small file may hold a great one."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            entries = packed.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise ExtractError("it is a damaged Word document") from error
    if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        raise ExtractError("it is too big when unpacked")


def _docx_blocks(document: Any) -> Iterator[tuple[str, str]]:
    """(style, text) of paragraphs and of tables' rows, in order."""
    for item in document.iter_inner_content():
        rows = getattr(item, "rows", None)
        if rows is None:
            style = (item.style.name if item.style is not None else "") or ""
            yield style.lower(), _line(item.text)
        else:
            yield from (("table", " | ".join(_line(cell.text) for cell in row.cells)) for row in rows)


def draft_from_pdf(data: bytes) -> ArticleDraft:
    """Raises ExtractError for what is protected, damaged, or only pictures."""
    pypdf = importlib.import_module("pypdf")
    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        locked = reader.is_encrypted and not reader.decrypt("")
        pages = [] if locked else [page.extract_text() or "" for page in islice(reader.pages, MAX_PAGES)]
        about = None if locked else reader.metadata
        title, created = (about.title or "", about.creation_date) if about else ("", None)
    except (NotImplementedError, ImportError) as error:
        raise ExtractError("it is protected in a way that can't be read") from error
    except (pypdf.errors.PyPdfError, ValueError, KeyError, TypeError, IndexError, AttributeError, OSError) as error:
        raise ExtractError("it is a damaged PDF") from error
    if locked:
        raise ExtractError("it is protected by a password")
    texts = [text for lines in _without_heads(pages) for text in _joined(lines)]
    if sum(map(count_words, texts)) < _FEW_WORDS:
        raise ExtractError("it holds pictures of text (a scan), not text")
    headline = _line(title) if folded(title) and folded(title) in map(folded, texts[:5]) else None
    return replace(_read(texts, headline), published_guess=_guess(created))


def _joined(lines: Sequence[str]) -> list[str]:
    """Paragraphs: a line about as long as its page's longest goes on in the next, a hyphen at its end with it."""
    width, texts, goes_on = max(map(len, lines), default=0), [""], False
    for line in lines:
        if not goes_on:
            texts.append(line)
        elif texts[-1].endswith(("-", "\u00ad")) and line[:1].islower():
            texts[-1] = texts[-1][:-1] + line
        else:
            texts[-1] += f" {line}"
        goes_on = len(line) > _FULL * width
    return [text for text in texts if text]


def _without_heads(pages: Sequence[str]) -> list[list[str]]:
    """Each page's lines, without lines that stand at the top or bottom of most pages, their numbers aside."""
    rows = [[line.strip() for line in clean(page).split("\n") if line.strip()] for page in pages]
    seen = Counter(key for lines in rows for key in {_NUMBER.sub("0", line) for line in _ends(lines)})
    heads = {key for key, count in seen.items() if len(pages) > 2 and count >= _HEADER_SHARE * len(pages)}  # noqa: PLR2004
    return [
        [
            line
            for at, line in enumerate(lines)
            if _ENDS <= at < len(lines) - _ENDS or _NUMBER.sub("0", line) not in heads
        ]
        for lines in rows
    ]


def _ends(lines: Sequence[str]) -> Sequence[str]:
    return [*lines[:_ENDS], *lines[-_ENDS:]]


def parts_of_mail(data: bytes) -> tuple[ArticleDraft | None, list[tuple[str, bytes]]]:
    """What the mail itself says, None where that is next to nothing; its attached files as (name, bytes)."""
    try:
        message = BytesParser(policy=policy.default).parsebytes(data)
        parts = list(islice(message.walk(), MAX_PARTS))
        attached = [
            (part.get_filename() or "", part.get_payload(decode=True) or b"")
            for part in parts
            if part.get_filename() and not part.is_multipart()
        ]
        texts, subject = _mail_text(message), _REPLY.sub("", _line(str(message.get("subject", ""))))
        sender, sent = _sender(message), _sent(message)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ExtractError("it is a damaged e-mail") from error
    files = [(name, payload) for name, payload in attached if isinstance(payload, bytes)]
    if sum(map(count_words, texts)) < _FEW_WORDS:
        return None, files
    draft = _read(texts, subject or None)
    return replace(draft, source=draft.source or sender, published_at=sent or draft.published_at), files


def _mail_text(message: EmailMessage) -> list[str]:
    """The plain text where there is one, else the HTML's; quotations and what follows the signature's mark go."""
    plain = message.get_body(("plain",))
    if plain is not None:
        lines = clean(str(plain.get_content())).split("\n")
        end = next((at for at, line in enumerate(lines) if line in ("-- ", "--")), len(lines))
        text = "\n".join(line for line in lines[:end] if not _QUOTED.match(line))
        if count_words(text) >= _FEW_WORDS:
            return [text]
    html = message.get_body(("html",))
    return paragraphs_of(str(html.get_content())) if html is not None else []


def _sender(message: EmailMessage) -> str | None:
    addresses = getattr(message.get("from"), "addresses", ())
    return next((_line(address.display_name or address.domain) for address in addresses), None) or None


def _sent(message: EmailMessage) -> datetime | None:
    try:
        moment = parsedate_to_datetime(str(message.get("date", "")))
    except (ValueError, TypeError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _read(texts: Sequence[str], headline: str | None) -> ArticleDraft:
    """As pasted text is read. A headline that the file names need not stand in the text again."""
    draft = draft_from_text("\n\n".join(texts), headline=headline[:MAX_HEADLINE] if headline else None)
    if headline and len(draft.paragraphs) > 1 and folded(draft.paragraphs[0]) == folded(headline):
        return replace(draft, paragraphs=draft.paragraphs[1:])
    return draft


def _guess(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _line(text: str) -> str:
    return " ".join(clean(text).split())
