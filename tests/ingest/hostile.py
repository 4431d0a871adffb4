"""Inputs that are made to harm a reader of feeds, each made when asked for: most are megabytes."""

from collections.abc import Callable

ITEM = b"<item><title>Council votes</title><link>https://e.org/1</link><description>It voted.</description></item>"
MEGABYTES = 4_000_000


def rss(inner: bytes = ITEM, *, before: bytes = b"", attributes: bytes = b"") -> bytes:
    return before + b'<rss version="2.0"' + attributes + b"><channel><title>T</title>" + inner + b"</channel></rss>"


def filled(piece: bytes, size: int = MEGABYTES) -> bytes:
    return piece * (size // len(piece))


def within(name: str, text: bytes) -> bytes:
    """A feed whose only item holds this."""
    tag = name.encode()
    return rss(b"<item><title>Council votes</title><" + tag + b">" + text + b"</" + tag + b"></item>")


def numbered(pattern: bytes, count: int = 200_000) -> bytes:
    return b"".join(pattern % {b"n": number} for number in range(count))


def declared(encoding: bytes, data: bytes = b"\xff\\ud800 -a") -> bytes:
    return within("title", data).replace(b"<rss", b'<?xml version="1.0" encoding="' + encoding + b'"?><rss', 1)


def _laughs() -> bytes:
    entities = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10 if n else b"lol") for n in range(10))
    return rss(b"<item><title>&l9;</title></item>", before=b"<!DOCTYPE rss [" + entities + b"]>")


def _json(items: bytes) -> bytes:
    return b'{"version":"https://jsonfeed.org/version/1.1","title":"T","items":' + items


FEEDS: dict[str, Callable[[], bytes]] = {
    "billion laughs": _laughs,
    "quadratic entity": lambda: rss(before=b'<!DOCTYPE rss [<!ENTITY a "' + filled(b"a", 100_000) + b'">]>'),
    "a file as entity": lambda: rss(before=b'<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/passwd">]>'),
    "parameter entity": lambda: rss(before=b'<!DOCTYPE rss [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]>'),
    "a DTD elsewhere": lambda: rss(before=b'<!DOCTYPE rss SYSTEM "http://127.0.0.1:1/rss.dtd">'),
    "entities inside the root": lambda: rss(b'<!DOCTYPE a [<!ENTITY b "c">]><item><title>&b; x</title></item>'),
    "200,000 attributes": lambda: rss(attributes=numbered(b' a%(n)d="1"')),
    "200,000 namespaces": lambda: rss(attributes=numbered(b' xmlns:a%(n)d="u%(n)d"')),
    "200,000 attributes of an item": lambda: rss(b"<item" + numbered(b' a%(n)d="1"') + b"><title>x</title></item>"),
    "200,000 prefixes": lambda: rss(numbered(b"<p%(n)d:x>")),
    "100,000 items": lambda: rss(ITEM * 80_000 + b"<item/>" * 20_000),
    "a million empty items": lambda: rss(b"<item/>" * 1_000_000),
    "100,000 authors": lambda: rss(b"<item><title>x</title>" + b"<author>a b</author>" * 100_000 + b"</item>"),
    "100,000 links": lambda: rss(b"<item><title>x</title>" + b'<link rel="a" href="b"/>' * 100_000 + b"</item>"),
    "100,000 contents": lambda: rss(
        b"<item><title>x</title>" + b"<content:encoded>c</content:encoded>" * 90_000 + b"</item>"
    ),
    "nested 400,000 deep": lambda: rss(b"<a>" * 400_000 + ITEM),
    "markup nested 300,000 deep": lambda: within("description", b"&lt;b&gt;" * 300_000),
    "markup with 80,000 attributes": lambda: within("description", b"&lt;p" + numbered(b" a%(n)d", 80_000) + b"&gt;x"),
    "unclosed tags": lambda: rss(numbered(b"<p%(n)d>")),
    "unclosed comment": lambda: rss(filled(b"<!--")),
    "comments before the root": lambda: rss(before=filled(b"<!---->")),
    "unclosed CDATA": lambda: within("title", filled(b"<![CDATA[")),
    "much CDATA": lambda: within("title", filled(b"<![CDATA[x]]>")),
    "processing instructions": lambda: rss(filled(b"<?x y?>") + ITEM),
    "nothing but <": lambda: rss(filled(b"<")),
    "nothing but >": lambda: rss(b"<item>" + filled(b">")),
    "nothing but &": lambda: within("title", filled(b"&")),
    "surrogates by number": lambda: within("title", filled(b"&#55296;&#xDFFF;")),
    "an endless number": lambda: within("title", b"&#" + filled(b"9") + b";"),
    "an endless number, twice escaped": lambda: within("title", b"&amp;#" + filled(b"9") + b";"),
    "one line of 10 MB": lambda: within("title", filled(b"a", 10_000_000)),
    "a link of 10 MB": lambda: within("link", b"http://e.org/" + filled(b"a", 10_000_000)),
    "a date of megabytes": lambda: within("pubDate", filled(b"Mon, ")),
    "an author of megabytes": lambda: within("author", filled(b"a@")),
    "NULs inside": lambda: within("title", b"a\x00b"),
    "10 MB of NULs before": lambda: filled(b"\x00", 10_000_000) + rss(),
    "10 MB of spaces after": lambda: rss() + filled(b" ", 10_000_000),
    "no UTF-8 at all": lambda: within("title", filled(bytes(range(128, 256)))),
    "half a surrogate pair": lambda: within("title", b"a\xed\xa0\x80b"),
    "UTF-7": lambda: declared(b"utf-7"),
    "idna": lambda: declared(b"idna", filled(b"\xff-a")),
    "punycode": lambda: declared(b"punycode", filled(b"\xff-a")),
    "undefined": lambda: declared(b"undefined"),
    "unicode_escape": lambda: declared(b"unicode_escape"),
    "hex": lambda: declared(b"hex"),
    "no encoding at all": lambda: declared(b"nonsense-8"),
    "UTF-16 that isn't": lambda: declared(b"utf-16"),
    "JSON nested 4 million deep": lambda: _json(filled(b"[")),
    "JSON objects nested": lambda: _json(filled(b'{"a":')),
    "JSON number of megabytes": lambda: _json(b'[{"id":' + filled(b"9") + b"}]}"),
    "JSON with half surrogates": lambda: _json(b'[{"id":"1","title":"\\ud800 a","content_text":"\\udfff b"}]}'),
    "JSON with wrong types": lambda: _json(b'[{"id":{},"title":[],"content_text":5,"authors":{"a":1}},null,7,"x"]}'),
    "100,000 JSON items": lambda: _json(b"[" + b'{"id":"1","title":"x"},' * 100_000 + b"{}]}"),
    "broken JSON": lambda: _json(filled(b'[{"id":"1"},"items":')),
}
