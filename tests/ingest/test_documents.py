"""Word documents, PDFs, mails and agencies' items: made here by their own libraries, read as articles."""

import io
import json
import zipfile
from datetime import UTC, datetime
from email.message import EmailMessage

import docx
import pytest
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from ingest.errors import ExtractError
from ingest.extract import Form, extract, extract_each, form_of
from ingest.jsonrows import Unread
from storage.records import ArticleDraft

HEADLINE = "Storm closes the harbour of the old town"
FIRST = "The storm closed the harbour of the old town on Monday, the mayor said, and nobody was hurt by it."
SECOND = "The gates open again on Wednesday, when the wind has gone down and the walls have been looked at."
SENT = datetime(2026, 11, 20, 8, tzinfo=UTC)


def only(data: bytes, name: str) -> ArticleDraft:
    (draft,) = extract(data, name=name)
    return draft


def word(*texts: tuple[str, str]) -> bytes:
    document = docx.Document()
    for style, text in texts:
        document.add_paragraph(text, style=style)
    document.core_properties.created = datetime(2026, 11, 20, 8)  # noqa: DTZ001 - the format has no zones
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def pdf(*pages: list[str], password: str | None = None) -> bytes:
    writer = PdfWriter()
    font = DictionaryObject({NameObject(key): NameObject(value) for key, value in
                             (("/Type", "/Font"), ("/Subtype", "/Type1"), ("/BaseFont", "/Helvetica"))})  # fmt: skip
    for lines in pages:
        page = writer.add_blank_page(600, 800)
        shown = " ".join(f"({line}) Tj T*" for line in lines)
        stream = DecodedStreamObject()
        stream.set_data(f"BT /F1 12 Tf 14 TL 40 700 Td {shown} ET".encode())
        page[NameObject("/Contents")] = writer._add_object(stream)
        fonts = DictionaryObject({NameObject("/F1"): font})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()


def mail(text: str | None = None, *, html: str | None = None, files: dict[str, bytes] | None = None) -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"] = "Harbour Press Office <press@harbour.example>", f"Fwd: RE: {HEADLINE}"
    message["Date"], message["Message-ID"] = "Fri, 20 Nov 2026 10:00:00 +0200", "<1@harbour.example>"
    message.set_content(text or "See the file.")
    if html:
        message.add_alternative(html, subtype="html")
    for name, data in (files or {}).items():
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def test_a_word_document() -> None:
    draft = only(
        word(("Title", HEADLINE), ("Normal", FIRST), ("Caption", "Waves at the wall."), ("Normal", SECOND)), "a.docx"
    )
    assert (draft.headline, draft.paragraphs, draft.caption) == (HEADLINE, (FIRST, SECOND), "Waves at the wall.")
    assert (draft.published_at, draft.published_guess) == (None, SENT)
    plain = only(word(("Normal", HEADLINE), ("Normal", FIRST), ("Normal", SECOND)), "upload")
    assert (plain.headline, plain.paragraphs) == (HEADLINE, (FIRST, SECOND))


def test_a_pdf_whose_lines_are_broken_and_whose_pages_have_heads() -> None:
    lines = [
        "The storm closed the harbour of the old town on Monday, the mayor said, and no-",
        "body was hurt by it, but the gates and the walls of the harbour have to be looked",
        "at before any ship may come in again from the sea, she said in the town hall.",
    ]
    texts = [[HEADLINE, "", *lines], [SECOND, FIRST, SECOND], [FIRST, SECOND, "The gates are shut."]]
    pages = [["The Harbour Gazette", f"Page {number}", *page] for number, page in enumerate(texts)]
    draft = only(pdf(*pages), "a.pdf")
    assert draft.headline == HEADLINE
    assert draft.paragraphs[0].startswith("The storm closed the harbour")
    assert "nobody was hurt by it, but the gates" in draft.paragraphs[0]
    assert "Gazette" not in " ".join(draft.paragraphs)


@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        (pdf([FIRST], password="secret"), "a.pdf", "password"),
        (pdf([""]), "a.pdf", "scan"),
        (pdf([FIRST])[:300], "a.pdf", "damaged PDF"),
        (word(("Normal", FIRST))[:300], "a.docx", "damaged Word"),
    ],
    ids=["encrypted", "scan", "cut PDF", "cut Word"],
)
def test_documents_that_cannot_be_read_say_why(data: bytes, name: str, reason: str) -> None:
    with pytest.raises(ExtractError, match=reason):
        extract(data, name=name)


def test_a_small_file_that_unpacks_to_a_great_one_is_not_unpacked() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as files:
        files.writestr("word/document.xml", b"x" * 50)
    huge = packed.getvalue().replace((50).to_bytes(4, "little") * 2, (4_000_000_000).to_bytes(4, "little") * 2)
    assert huge != packed.getvalue()
    with pytest.raises(ExtractError, match="too big when unpacked"):
        extract(huge, name="a.docx")


def test_a_mail_and_its_signature_and_quotation() -> None:
    draft = only(mail(f"{FIRST}\n\n{SECOND}\n\n> Somebody wrote something before that.\n-- \nAnn\nPress"), "a.eml")
    assert (draft.headline, draft.paragraphs) == (HEADLINE, (FIRST, SECOND))
    assert (draft.source, draft.published_at) == ("Harbour Press Office", SENT)
    html = only(mail("", html=f"<html><body><p>{FIRST}</p><p>{SECOND}</p></body></html>"), "a.eml")
    assert html.paragraphs == (FIRST, SECOND)


def test_a_mail_without_words_stands_for_its_files() -> None:
    inner = mail(f"{FIRST}\n\n{SECOND}")
    draft = only(mail(files={"a.docx": word(("Title", HEADLINE), ("Normal", FIRST)), "b.eml": inner}), "a.eml")
    assert draft.paragraphs == (FIRST,)
    with pytest.raises(ExtractError, match="no article text"):
        extract(mail(files={"b.png": b"\x89PNG"}), name="a.eml")


@pytest.mark.parametrize(
    ("data", "name", "form"),
    [
        (mail(FIRST), "a.eml", Form.MAIL), (b"Received: by x\nMessage-ID: <1>\n\nText", None, Form.MAIL),
        (b"From: the mayor\n\nThe storm closed the harbour.", None, Form.TEXT), (pdf([""]), None, Form.PDF),
        (word(("Normal", FIRST)), None, Form.DOCX), (b"PK\x03\x04 rest", "a.zip", Form.TEXT),
    ],
)  # fmt: skip
def test_documents_are_told_by_their_beginning(data: bytes, name: str | None, form: Form) -> None:
    assert form_of(data, name=name) is form


NINJS = {
    "uri": "http://agency.example/items/1", "type": "text", "versioncreated": "2026-11-20T08:00:00Z",
    "pubstatus": "usable", "headline": HEADLINE, "byline": "Ann Example", "located": "OLD TOWN", "language": "en",
    "provider": "Example Agency", "body_xhtml": f"<div><p>{FIRST}</p><p>{SECOND}</p></div>",
    "associations": {"featureimage": {"type": "picture", "body_text": "Waves at the wall.", "renditions": {
        "small": {"href": "https://agency.example/s.jpg", "width": 100},
        "large": {"href": "https://agency.example/l.jpg", "width": 900}}}},
}  # fmt: skip
NINJS_3 = {
    "uri": "urn:1", "type": "text", "firstCreated": "2026-11-20T08:00:00Z", "pubstatus": "usable", "by": "Ann Example",
    "headlines": [{"role": "short", "value": "Storm"}, {"role": "main", "value": HEADLINE}], "located": "OLD TOWN",
    "bodies": [{"role": "main", "contenttype": "text/html", "value": f"<p>{FIRST}</p><p>{SECOND}</p>"}],
    "infosources": [{"name": "Example Agency"}], "language": "en",
    "associations": [{"name": "x", "type": "picture", "descriptions": [{"value": "Waves at the wall."}],
                      "renditions": [{"href": "https://agency.example/l.jpg", "width": 900}]}],
}  # fmt: skip


@pytest.mark.parametrize("row", [NINJS, NINJS_3], ids=["1.x", "3.x"])
def test_ninjs(row: dict[str, object]) -> None:
    draft = only(json.dumps(row).encode(), "a.json")
    assert (draft.headline, draft.paragraphs, draft.byline) == (HEADLINE, (FIRST, SECOND), "Ann Example")
    assert (draft.source, draft.dateline, draft.published_at) == ("Example Agency", "OLD TOWN", SENT)
    assert (draft.photo_url, draft.caption) == ("https://agency.example/l.jpg", "Waves at the wall.")
    assert draft.guid == row["uri"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"pubstatus": "canceled"}, "canceled"),
        ({"pubstatus": "withheld"}, "withholds"), ({"type": "picture"}, "a picture"),
        ({"body_xhtml": ""}, "no text"),
    ],
)  # fmt: skip
def test_agency_items_that_may_not_be_published_say_so(change: dict[str, str], reason: str) -> None:
    with pytest.raises(ExtractError, match=reason):
        extract(json.dumps(NINJS | change).encode(), name="a.json")


def newsml(*, status: str = "usable", meta: str = "", before: str = "") -> bytes:
    item = f"""<newsItem xmlns="http://iptc.org/std/nar/2006-10-01/" guid="urn:agency:1" version="1" xml:lang="en">
      <itemMeta><itemClass qcode="ninat:text"/><provider qcode="nprov:EX"><name>Example Agency</name></provider>
        <versionCreated>2026-11-20T09:00:00Z</versionCreated>{meta}<pubStatus qcode="stat:{status}"/></itemMeta>
      <contentMeta><contentCreated>2026-11-20T10:00:00+02:00</contentCreated><by>Ann Example</by>
        <dateline>OLD TOWN</dateline><language tag="en"/><headline>{HEADLINE}</headline></contentMeta>
      <contentSet><inlineXML contenttype="application/nitf+xml"><nitf xmlns="http://iptc.org/std/NITF/2006-10-18/">
        <body><body.head><hedline><hl1>{HEADLINE}</hl1></hedline></body.head><body.content><p>{FIRST}</p>
        <media media-type="image"><media-caption>Waves at the wall.</media-caption></media><p>{SECOND}</p>
        </body.content></body></nitf></inlineXML></contentSet></newsItem>"""
    picture = item.replace("ninat:text", "ninat:picture")
    return f"""<?xml version="1.0" encoding="UTF-8"?>{before}<newsMessage xmlns="http://iptc.org/std/nar/2006-10-01/">
      <header/><itemSet>{item}{picture}</itemSet></newsMessage>""".encode()


def test_newsml_g2() -> None:
    draft, picture = extract_each(newsml(), name="a.xml")
    assert isinstance(draft, ArticleDraft)
    assert (draft.headline, draft.paragraphs, draft.byline) == (HEADLINE, (FIRST, SECOND), "Ann Example")
    assert (draft.source, draft.dateline, draft.published_at) == ("Example Agency", "OLD TOWN", SENT)
    assert (draft.guid, draft.language, draft.caption) == ("urn:agency:1", "en", "Waves at the wall.")
    assert isinstance(picture, Unread)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (newsml(status="canceled"), "canceled"),
        (newsml(before='<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'), "entities"),
        (newsml()[:900], "well-formed"),
    ],
    ids=["canceled", "entities", "cut"],
)
def test_newsml_that_may_not_be_read_says_so(data: bytes, reason: str) -> None:
    with pytest.raises(ExtractError, match=reason):
        extract(data, name="a.xml")


def test_agencies_embargoes_are_kept() -> None:
    end = datetime(2999, 1, 1, tzinfo=UTC)
    row = json.dumps(NINJS | {"embargoed": "2999-01-01T00:00:00Z", "pubstatus": "withheld"})
    assert only(row.encode(), "a.json").embargo_until == end
    draft, _ = extract_each(newsml(meta="<embargoed>2999-01-01T00:00:00Z</embargoed>"), name="a.xml")
    assert isinstance(draft, ArticleDraft)
    assert draft.embargo_until == end
    over = json.dumps(NINJS | {"embargoed": "2001-01-01T00:00:00Z"})
    assert only(over.encode(), "a.json").embargo_until is None
