"""Feeds as they come: every kind, odd encodings, broken, huge and hostile ones."""

import gzip
import json
import time
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.errors import ExtractError
from ingest.feeds import MAX_ITEMS, Feed, is_feed, parse_feed
from ingest.feedtext import one_line, paragraphs
from storage.records import ArticleDraft

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
URL = "https://news.example.com/feeds/world.xml"

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<!-- made by hand --><?xml-stylesheet href="x.xsl"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:media="http://search.yahoo.com/mrss/">
<channel><title>World &amp;amp; Nation</title><link>https://news.example.com/</link><language>en-GB</language>
<item>
 <title>Bridge reopens &amp;mdash; &lt;b&gt;after&lt;/b&gt; flood in &quot;Riverton&quot;</title>
 <link>/2026/bridge?id=1&amp;utm_source=rss</link><guid isPermaLink="false">tag-1</guid>
 <dc:creator><![CDATA[By Ann Reed]]></dc:creator><pubDate>Sun, 01 Mar 2026 09:30:00 +0200</pubDate>
 <description>A short teaser.</description>
 <media:content url="/photos/bridge.jpg" medium="image"><media:title>Photo title</media:title>
  <media:description>The bridge on Sunday.</media:description></media:content>
 <content:encoded><![CDATA[
  <figure><img src="x.jpg"><figcaption>The bridge on Sunday. Photo: Reuters</figcaption></figure>
  <p>The bridge   at Riverton opened&nbsp;again on Sunday.</p><script>track("x")</script>
  <p>Engineers <em>checked</em> the <a href="/p">pillars</a>.<br>They found no cracks.</p>
  <div class="sharedaddy"><p>Share this: Facebook</p></div>
  <blockquote>"We are glad," the mayor said.</blockquote>
  <p><a href="/more">Ten more bridges to visit</a></p>
  <p>Read more</p>
  <p>The post Bridge reopens appeared first on World.</p>]]></content:encoded>
</item>
<item><title>Only a headline</title>
 <link>ftp://news.example.com/x</link><pubDate>Mon, 01 Jan 0001 00:00:00 GMT</pubDate></item>
<item><description></description><link>https://news.example.com/empty</link></item>
</channel></rss>"""

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de"><title>Blatt</title>
<link rel="self" href="https://blatt.example/feed"/><link href="https://blatt.example/"/>
<entry><id>urn:x:1</id><title type="html">Wahl &amp;amp; mehr</title>
 <link rel="enclosure" type="image/png" href="https://blatt.example/b.png"/><link href="artikel/1"/>
 <author><name>Max Ä</name><email>max@blatt.example</email></author><author><name>Eva B</name></author>
 <updated>2026-02-28T23:30:00-01:00</updated>
 <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">
 <p>Erster Absatz.</p><p>Zweiter Absatz.</p></div></content>
</entry></feed>"""

RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://x.example/"><title>ニュース</title>
<dc:language>ja</dc:language></channel>
<item rdf:about="https://x.example/1"><title>橋が再開</title><link>https://x.example/1</link>
<description>橋は日曜日に再開した。</description><dc:date>2026-03-01T10:00:00+09:00</dc:date></item></rdf:RDF>"""

JSON_FEED = {
    "version": "https://jsonfeed.org/version/1.1",
    "title": "Micro",
    "home_page_url": "https://micro.example/",
    "language": "fr-FR",
    "authors": [{"name": "Léa"}],
    "items": [
        {"id": 7, "url": "/7", "title": "Un <b>titre</b>", "content_html": "<p>Un.</p><p>Deux.</p>",
         "date_published": "2026-02-27T08:00:00Z", "image": "https://micro.example/7.jpg"},
        {"id": "8", "url": "https://micro.example/8", "content_text": "Sans titre.\n\nDeux <lignes>."},
        {"id": "9", "title": ["wrong"], "content_text": {"also": "wrong"}},
        "not an item",
    ],
}  # fmt: skip


def rss(items: str, head: str = "<title>T</title>") -> bytes:
    return f'<rss version="2.0"><channel>{head}{items}</channel></rss>'.encode()


def item(title: str = "Head", body: str = "Some text.", more: str = "") -> str:
    return f"<item><title>{title}</title><description>{body}</description>{more}</item>"


def read(data: bytes, url: str | None = URL) -> Feed:
    return parse_feed(data, url=url, now=NOW)


def only(data: bytes) -> ArticleDraft:
    drafts = read(data).drafts
    assert len(drafts) == 1
    return drafts[0]


def test_rss_gives_whole_articles() -> None:
    feed = read(RSS.encode())
    assert (feed.title, feed.truncated, len(feed.drafts)) == ("World & Nation", False, 2)
    assert feed.drafts[0] == ArticleDraft(
        headline='Bridge reopens — after flood in "Riverton"',
        paragraphs=(
            "The bridge at Riverton opened again on Sunday.",
            "Engineers checked the pillars. They found no cracks.",
            '"We are glad," the mayor said.',
        ),
        source="World & Nation",
        byline="Ann Reed",
        url="https://news.example.com/2026/bridge?id=1&utm_source=rss",
        guid="tag-1",
        photo_url="https://news.example.com/photos/bridge.jpg",
        language="en",
        published_at=datetime(2026, 3, 1, 7, 30, tzinfo=UTC),
    )


def test_a_headline_alone_has_no_paragraphs_and_no_invented_facts() -> None:
    draft = read(RSS.encode()).drafts[1]
    assert (draft.headline, draft.paragraphs) == ("Only a headline", ())
    assert (draft.url, draft.published_at, draft.byline, draft.photo_url) == (None, None, None, None)


def test_atom() -> None:
    draft = only(ATOM.encode())
    assert (draft.headline, draft.paragraphs) == ("Wahl & mehr", ("Erster Absatz.", "Zweiter Absatz."))
    assert (draft.url, draft.guid) == ("https://blatt.example/artikel/1", "urn:x:1")
    assert (draft.byline, draft.language) == ("Max Ä, Eva B", "de")
    assert draft.photo_url == "https://blatt.example/b.png"
    assert draft.published_at == datetime(2026, 3, 1, 0, 30, tzinfo=UTC)


def test_rdf() -> None:
    draft = only(RDF.encode())
    assert (draft.headline, draft.paragraphs, draft.language) == ("橋が再開", ("橋は日曜日に再開した。",), "ja")
    assert draft.published_at == datetime(2026, 3, 1, 1, tzinfo=UTC)


def test_json_feed() -> None:
    feed = read(json.dumps(JSON_FEED).encode())
    assert (feed.title, len(feed.drafts)) == ("Micro", 2)
    first, second = feed.drafts
    assert (first.headline, first.paragraphs) == ("Un titre", ("Un.", "Deux."))
    assert (first.url, first.guid, first.byline) == ("https://micro.example/7", "7", "Léa")
    assert (first.language, first.photo_url) == ("fr", "https://micro.example/7.jpg")
    assert first.published_at == datetime(2026, 2, 27, 8, tzinfo=UTC)
    assert (second.headline, second.paragraphs) == ("Sans titre.", ("Sans titre.", "Deux <lignes>."))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (RSS.encode(), True),
        (ATOM.encode(), True),
        (RDF.encode(), True),
        (RSS.encode("utf-16"), True),
        (RSS.replace("UTF-8", "UTF-16").encode("utf-16-be"), True),
        (b"\xef\xbb\xbf" + RSS.encode(), True),
        (b"\r\n\n  " + ATOM.encode(), True),
        (b"Notice: undefined index in feed.php\n" + RSS.encode(), True),
        (b'<!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "http://x/rss.dtd">' + rss(item()), True),
        (b'<a:feed xmlns:a="http://www.w3.org/2005/Atom"></a:feed>', True),
        (json.dumps(JSON_FEED).encode(), True),
        (json.dumps(dict(reversed(JSON_FEED.items()))).encode(), True),
        (b"", False),
        (b"The <rss> element, explained", True),
        (b"<!doctype html><html><body>An &lt;rss&gt; page <rss ></body></html>", False),
        (b"<!-- <rss version='2.0'> --><html></html>", False),
        (b"<opml><body><outline text='<rss '/></body></opml>", False),
        (b"<svg><feed ></feed></svg>", False),
        (b"<rdf:RDF xmlns:rdf='x' xmlns:foaf='http://xmlns.com/foaf/0.1/'><foaf:Person/></rdf:RDF>", False),
        (b"<sitemapindex></sitemapindex>", False),
        (b'{"headline": "x"}', False),
        (b"%PDF-1.7 \x00\xff", False),
        (gzip.compress(RSS.encode()), False),
        (b"Plain words about rss and feed.", False),
    ],
)
def test_feeds_are_told_from_other_things(data: bytes, expected: bool) -> None:
    assert is_feed(data) is expected


@pytest.mark.parametrize(
    "data",
    [
        rss(item("Žluťoučký kůň")).decode().encode("utf-16"),
        b'<?xml version="1.0" encoding="iso-8859-2"?>' + rss(item("Žluťoučký kůň")).decode().encode("iso-8859-2"),
        b'<?xml version="1.0" encoding="us-ascii"?>' + rss(item("Žluťoučký kůň")),
        b'<?xml version="1.0" encoding="no-such"?>' + rss(item("Žluťoučký kůň")),
        rss(item("Žluťoučký kůň")).replace(b"<title>", b"<title>\x00\x01"),
        rss(item("Žluťoučký kůň&#xD800;&#0;")),
        rss(item("Žluťoučký kůň")).replace(b"Some", b"Some\xff\xed\xa0\x80"),
    ],
    ids=["utf-16", "declared", "wrongly declared", "unknown encoding", "controls", "bad references", "bad bytes"],
)
def test_encodings_are_read_as_meant(data: bytes) -> None:
    draft = only(data + b" " * 3000)
    assert draft.headline == "Žluťoučký kůň"
    (draft.headline + "".join(draft.paragraphs)).encode()


def test_old_asian_encodings() -> None:
    japanese = RDF.replace("<rdf:RDF", '<?xml version="1.0" encoding="ISO-2022-JP"?><rdf:RDF', 1).encode("iso-2022-jp")
    assert only(japanese).headline == "橋が再開"
    chinese = '<?xml version="1.0" encoding="GB2312"?>' + rss(item("大桥重新开放")).decode()
    assert only(chinese.encode("gb18030")).headline == "大桥重新开放"


@pytest.mark.parametrize(
    "data",
    [
        rss(item("AT&T & Co"))[:-5],
        rss(item("AT&T & Co")).replace(b"</channel>", b""),
        rss(item("AT&T & Co") + "<item><title>Half an it")[:-16],
        rss(item("AT&T & Co"))[:-16] + b"<item><title>Half</title>",
        rss(item("AT&T & Co", more="<media:thumbnail url='https://x.example/t.jpg'/>")),
        rss(item("AT&T & Co", more="<b>unclosed")),
        rss("<b a=1><c>" + item("AT&amp;T &#38; Co", body="&lt;p&gt;Some text.&lt;/p&gt;")),
        rss(item("AT&T &nbsp; Co", body="x & y. &eacute;t&eacute; &bogus; <b>bold")).replace(
            b"AT&T &nbsp;", b"AT&T &amp;"
        ),
        b"<br />\n<b>Warning</b>: x in <b>/y</b><br />\n" + rss(item("AT&T & Co")),
        rss(item("<![CDATA[AT&T & Co]]>")),
        rss(item("AT&amp;T &amp;amp; Co")),
    ],
)
def test_what_can_be_read_of_broken_xml_is_read(data: bytes) -> None:
    draft = only(data)
    assert draft.headline == "AT&T & Co"
    assert "<" not in "".join(draft.paragraphs)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b" \n\x00 ", "empty"),
        (b"<html><body>no feed</body></html>", "not a feed"),
        (b"words", "not a feed"),
        (b'{"version": "https://jsonfeed.org/version/1"}', "without a list"),
        (b'{"version": "https://jsonfeed.org/version/1", "items": "x"}', "without a list"),
        (b'{"version": "https://jsonfeed.org/version/1", "items": [' + b"[" * 100_000, "broken"),
        (b'{"version": "https://jsonfeed.org/version/1", "x": ' + b"9" * 10_000, "broken"),
        (b'<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + rss(item("&b;")), "entities"),
        (b'<!DOCTYPE r [<!entity % p SYSTEM "file:///etc/passwd"> %p;]>' + rss(item()), "entities"),
        (b'<!-- <rss > --><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + rss(item("&x;")), "entities"),
        ('<!DOCTYPE r [<!ENTITY a "a">]>' + rss(item("&a;")).decode(), "entities"),
    ],
)
def test_what_cannot_be_read_says_why(data: bytes | str, reason: str) -> None:
    with pytest.raises(ExtractError, match=reason):
        read(data if isinstance(data, bytes) else data.encode("utf-16"))


@pytest.mark.parametrize(
    "prolog",
    [
        '<rss x="1"><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
        '<?pi <rss ?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
    ],
)
def test_entities_hidden_behind_a_false_root_are_never_filled_in(prolog: str) -> None:
    try:
        drafts = read(prolog.encode() + rss(item("A &x; B", "Some &x; text."))).drafts
    except ExtractError:
        return
    assert all(draft.headline in ("A &x; B", "A B") for draft in drafts)


def test_an_empty_feed_is_a_feed() -> None:
    assert read(rss("")) == Feed("T", (), False)


# Of a core; each takes a second at the most of one of 2020, and far more where time grows with more than the size.
MOST_SECONDS = 10


def test_a_huge_feed_is_cut_quickly() -> None:
    data = rss(item("Head", "&lt;p&gt;Some text here.&lt;/p&gt;") * 100_000)
    started = time.process_time()
    feed = read(data)
    assert time.process_time() - started < MOST_SECONDS
    assert (len(feed.drafts), feed.truncated, feed.title) == (MAX_ITEMS, True, "T")


def test_a_feed_of_few_huge_items_keeps_whole_ones() -> None:
    feed = read(rss(item("Head", "Some text here. " * 100_000) * 4))
    assert 0 < len(feed.drafts) < 4
    assert feed.truncated


def test_json_feeds_are_cut_too() -> None:
    start = b'{"version":"https://jsonfeed.org/version/1","title":"Q","items":['
    whole = read(start + b",".join([b'{"id":1,"title":"x"}'] * 600) + b"]}")
    assert (len(whole.drafts), whole.truncated) == (MAX_ITEMS, True)
    broken = read(start + b'{"id":1,"title":"x"},{"id":2,"title":"y"},{"id":3,"ti')
    assert ([draft.headline for draft in broken.drafts], broken.title, broken.truncated) == (["x", "y"], "Q", True)


@pytest.mark.parametrize(
    "inside",
    [
        "<a " * 20_000,
        "<a/>" * 500_000,
        "<a>" * 50_000,
        "< " * 100_000,
        "&" * 100_000,
        "<!" * 50_000,
        "<!--" * 50_000,
        "<![CDATA[" * 50_000,
        "&lt;div&gt;" * 30_000,
        "&lt;p " * 30_000,
        " ".join(f"a{n}='x'" for n in range(20_000)) + "<",
        f"<title {' '.join(f'a{n}={n!r}' for n in range(20_000))}>x</title>".replace("=", "='").replace(" a", "' a"),
        "<author>" + "a@" * 50_000 + "</author>",
        "<x " + " ".join(f"xmlns:n{n}='urn:{n}'" for n in range(5_000)) + "/>",
    ],
)
def test_hostile_markup_costs_little(inside: str) -> None:
    started = time.process_time()
    with suppress(ExtractError):
        read(rss(f"{item()}<item><title>x</title>{inside}</item>"))
    assert time.process_time() - started < MOST_SECONDS


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Sun, 01 Mar 2026 10:00:00 EST", datetime(2026, 3, 1, 15, tzinfo=UTC)),
        ("2026-03-01T10:00:00Z", datetime(2026, 3, 1, 10, tzinfo=UTC)),
        ("2026-03-01 10:00", datetime(2026, 3, 1, 10, tzinfo=UTC)),
        ("Mon, 02 Mar 2026 11:59:00 GMT", datetime(2026, 3, 2, 11, 59, tzinfo=UTC)),
        ("Mon, 02 Mar 2026 12:01:00 GMT", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("0001-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59Z", None),
        ("99999999999999", None),
        ("soon", None),
        ("", None),
    ],
)
def test_dates_are_what_the_item_says_or_nothing(date: str, expected: datetime | None) -> None:
    assert only(rss(item(more=f"<pubDate>{date}</pubDate>"))).published_at == expected


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("https://x.example/a", "https://x.example/a"),
        ("<![CDATA[ https://x.example/a?b=1&c=2 ]]>", "https://x.example/a?b=1&c=2"),
        ("<![CDATA[https://x.example/a?b=1&amp;c=2]]>", "https://x.example/a?b=1&c=2"),
        ("../a", "https://news.example.com/a"),
        ("//cdn.example/a", "https://cdn.example/a"),
        ("javascript:alert(1)", None),
        ("mailto:a@example.com", None),
        ("http://[bad/", None),
        ("https://x.example/" + "a" * 3000, None),
        ("", None),
    ],
)
def test_links_are_web_addresses_or_nothing(link: str, expected: str | None) -> None:
    assert only(rss(item(more=f"<link>{link}</link>"))).url == expected


@pytest.mark.parametrize(
    ("author", "expected"),
    [
        ("By Jo Doe", "Jo Doe"),
        ("desk@example.com (Jo Doe)", "Jo Doe"),
        ("desk@example.com", None),
        ("https://example.com/jo", None),
        ("&lt;b&gt;Jo&lt;/b&gt; &amp;amp; Al", "Jo & Al"),
    ],
)
def test_bylines_are_names(author: str, expected: str | None) -> None:
    assert only(rss(item(more=f"<author>{author}</author>"))).byline == expected


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("One.<br><br/>Two.", ("One.", "Two.")),
        ("One<br>two.", ("One two.",)),
        ("Plain one.\n\nPlain two.", ("Plain one.", "Plain two.")),
        ("A line broken\nat a column.", ("A line broken at a column.",)),
        ("AT&amp;T &lt; 5 &#8217;", ("AT&T < 5 ’",)),
        ("<p>5 < 6 and 7 > 3.</p>", ("5 < 6 and 7 > 3.",)),
        ("<p>One <!-- hidden --> two.</p>tail text.", ("One two.", "tail text.")),
        ("<ul><li>First.</li><li>Second.</li></ul>", ("First.", "Second.")),
        ("<p>A <b>very</b><i>close</i> word.</p>", ("A veryclose word.",)),
        ("<style>p{}</style><p>One.</p><iframe>x</iframe><video>no video</video>", ("One.",)),
        ('<div class="wp-caption"><p>Jo at work</p></div><p>Text.</p>', ("Text.",)),
        ('<p class="shareholders">Shareholders met.</p>', ("Shareholders met.",)),
        ("<p>Text goes on [&#8230;]</p>", ("Text goes on",)),
        ("<a href='x'>Comments</a>", ()),
        ("<p>Facebook said it would pay.</p><p>Facebook</p>", ("Facebook said it would pay.",)),
        ("<p>Continue reading <span>Title</span> &rarr;</p>", ()),
        ("<img src=x>", ()),
        ("...", ()),
    ],
)
def test_paragraphs_hold_the_text_alone(markup: str, expected: tuple[str, ...]) -> None:
    assert paragraphs(markup) == expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("A <b>b</b>\n c", "A b c"),
        ("5 < 6 > 4 & more", "5 < 6 > 4 & more"),
        ("&amp;quot;Yes&amp;quot;", '"Yes"'),
        ("Use <rss> today", "Use <rss> today"),
    ],
)
def test_headlines_are_one_plain_line(title: str, expected: str) -> None:
    assert one_line(title) == expected


def test_an_item_without_a_title_is_headed_by_its_text() -> None:
    draft = only(rss("<item><description>" + "Word after word. " * 20 + "</description></item>"))
    assert draft.headline.startswith("Word after word.")
    assert draft.headline.endswith("…")
    assert len(draft.headline) <= 100
    assert draft.paragraphs


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_damaged_feeds_never_raise_anything_else(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from([RSS.encode(), ATOM.encode(), RDF.encode(), json.dumps(JSON_FEED).encode()]))
    start, length = data.draw(st.integers(0, len(whole))), data.draw(st.integers(0, 60))
    damaged = whole[:start] + data.draw(st.binary(max_size=20)) + whole[start + length :]
    is_feed(damaged)
    try:
        drafts = read(damaged).drafts
    except ExtractError:
        return
    for draft in drafts:
        assert draft.headline.strip() == draft.headline != ""
        assert "\x00" not in "".join((draft.headline, *draft.paragraphs))
        "".join((draft.headline, *draft.paragraphs, draft.url or "", draft.guid or "")).encode()
