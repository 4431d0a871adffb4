"""Pages of many makes: what they declare, what is body, and what stands in the way."""

import gzip
import json
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ingest.decode import decode
from ingest.errors import ExtractError
from ingest.html import draft_from_html
from storage.records import ArticleDraft

PAGES = Path(__file__).resolve().parents[3] / "shared" / "data" / "pages"
PARAGRAPHS = [
    f"Paragraph {number} tells what happened in the harbour of the old town when the storm came in from the sea, and "
    f"what number {number} of the many people who live there said about it."
    for number in range(8)
]
BODY = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
DAY = datetime(2026, 11, 20, tzinfo=UTC)


def page(
    body: str = BODY, *, head: str = "", before: str = "", after: str = "", url: str | None = "https://example.org/a"
) -> ArticleDraft:
    return draft_from_html(
        f"<!doctype html><html lang='en'><head><title>Storm closes the harbour</title>{head}</head><body>"
        f"<article><h1>Storm closes the harbour</h1>{before}{body}</article>{after}</body></html>",
        url=url,
    )


def linked(**fields: Any) -> str:
    data = {"@type": "NewsArticle", "headline": "Storm closes the harbour"} | fields
    return f"<script type='application/ld+json'>{json.dumps(data)}</script>"


@pytest.mark.parametrize(
    ("head", "before", "after"),
    [
        (linked(datePublished="2026-11-20"), "", ""),
        ("<meta property='article:published_time' content='2026-11-20T00:00:00Z'>", "", ""),
        ("<meta name='parsely-pub-date' content='2026-11-20'>", "<time datetime='2020-01-01'></time>", ""),
        ("", "<span itemprop='datePublished' content='2026-11-20'></span>", ""),
        (linked(datePublished="2026-11-20"), "", "<div itemprop='datePublished' content='2019-01-01'></div>"),
    ],
    ids=["linked data", "meta", "meta before looks", "microdata", "linked data before microdata"],
)
def test_a_declared_time_is_the_time(head: str, before: str, after: str) -> None:
    draft = page(head=head, before=before, after=after)
    assert (draft.published_at, draft.published_guess) == (DAY, None)


@pytest.mark.parametrize(
    ("before", "after", "url", "guess"),
    [
        ("<time class='published' datetime='2026-11-20'>20 November</time>", "", None, DAY),
        ("", "", "https://example.org/2026/11/20/storm", DAY),
        ("<div class='meta'>20 November 2026</div>", "", None, DAY),
        ("<time datetime='2019-01-01'></time>", "", "https://example.org/2026/11/20/storm", DAY),
        ("", "<div itemscope itemtype='https://schema.org/Review'><i itemprop='datePublished' content='2018-05-23'>"
             "</i></div>", None, None),
        ("", "<i itemprop='datePublished' content='2018-05-23'></i><i itemprop='datePublished' content='2017-10-17'>"
             "</i>", None, None),
        ("", "<p>Copyright 2019. Updated every day since May 3, 2004, said the owner of the harbour.</p>", None, None),
        ("", "<aside><time datetime='2026-11-20'>a</time><time datetime='2026-10-01'>b</time></aside>", None, None),
    ],
    ids=["time", "address", "beside the headline", "address against a stray time", "of a review", "of several things",
         "of the site", "of other stories"],
)  # fmt: skip
def test_what_only_looks_like_the_time_is_a_guess_at_most(
    before: str, after: str, url: str | None, guess: datetime | None
) -> None:
    draft = page(before=before, after=after, url=url)
    assert (draft.published_at, draft.published_guess) == (None, guess)


@pytest.mark.parametrize(
    "extra",
    [
        "<p><a href='/x'>Harbour master resigns after the storm of last year</a></p>",
        "<p><strong><a href='/x'>HARBOUR MASTER RESIGNS</a></strong></p>",
        "<p>Read more: Harbour master resigns after the storm</p>",
        "<p>CLICK HERE TO GET THE EXAMPLE NEWS APP</p>",
        "<p>Sign up for our harbour newsletter and get the news every morning</p>",
        "<p>Follow us on Twitter and Facebook</p>",
        "<div class='newsletter-box'><p>Get the day's big stories by mail.</p><p>Thanks for signing up!</p></div>",
        "<figure><img src='/h.jpg'><figcaption>Waves at the harbour's wall on Monday evening.</figcaption></figure>",
        "<p class='wp-caption-text'>Waves at the wall of the harbour on Monday evening.</p>",
        "<div class='related-stories'><h3>Related</h3><p>The storm of last year closed the harbour, too.</p></div>",
        "<p style='display: none'>Words that no reader of the page ever gets to see, for machines alone.</p>",
    ],
)
def test_what_surrounds_the_body_stays_out(extra: str) -> None:
    body = "".join(f"<p>{text}</p>{extra if number == 4 else ''}" for number, text in enumerate(PARAGRAPHS))
    assert page(body).paragraphs == tuple(PARAGRAPHS)


def test_words_inside_a_paragraph_stay_or_go_as_readers_see_them() -> None:
    seen = (
        "<p>The harbour said that <span><a href='/x'>the storm will cost</a></span> millions, and closed its gates.</p>"
    )
    unseen = (
        "<p>Mayor Ann Example<span style='display:none'>Ann ExampleAnn resigns, and more about her</span> came.</p>"
    )
    draft = page(BODY + seen + unseen)
    assert draft.paragraphs[-2:] == (
        "The harbour said that the storm will cost millions, and closed its gates.",
        "Mayor Ann Example came.",
    )


def test_the_deck_the_byline_and_the_date_are_not_the_first_paragraph() -> None:
    before = "<h2 class='deck'>Nobody was hurt, says the mayor, and the gates open again</h2><p>By Ann Example</p>"
    assert page(before=before + "<p>20 November 2026</p>").paragraphs[0] == PARAGRAPHS[0]


def test_the_caption_is_the_lead_images() -> None:
    figures = (
        "<figure><img src='/other.jpg'><figcaption>The mayor at her desk in the town hall.</figcaption></figure>"
        "<figure><img src='https://cdn.example.org/w640/storm.jpg?q=1'><figcaption>Waves at the wall of the harbour."
        "</figcaption></figure>"
    )
    draft = page(head="<meta property='og:image' content='/storm.jpg'>", before=figures)
    assert (draft.photo_url, draft.caption) == ("https://example.org/storm.jpg", "Waves at the wall of the harbour.")


STUB = "".join(f"<p>{text}</p>" for text in PARAGRAPHS[:2])
GATES = [
    "Subscribe to continue reading",
    "To read the full story, subscribe or sign in",
    "This article is for subscribers only.",
    "Already a subscriber? Log in",
    "You have reached your limit of free articles.",
    "Dieser Beitrag ist nur für Abonnenten. Jetzt abonnieren",
    "Cet article est réservé aux abonnés",
    "Contenido solo para suscriptores",
    "この記事は有料会員限定です",
]


@pytest.mark.parametrize("gate", GATES)
def test_the_beginning_of_a_paid_article_is_marked(gate: str) -> None:
    draft = page(STUB, after=f"<div class='gate'><h3>{gate}</h3></div>")
    assert draft.paywalled
    assert draft.paragraphs == tuple(PARAGRAPHS[:2])
    assert not page(STUB).paywalled


def test_a_page_that_says_it_is_locked_is_marked_where_its_text_breaks_off() -> None:
    locked = linked(isAccessibleForFree="False", wordCount=900)
    assert page(STUB, head=locked).paywalled
    assert page(head=locked).paywalled  # 900 words declared, a fraction of them there
    assert not page("".join(BODY for _ in range(4)), head=linked(isAccessibleForFree=False)).paywalled


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("<h2>We value your privacy</h2><p>We and our 847 partners store and use information on a device, such as "
         "cookies, and process personal data for ads.</p><p>You may give your consent or manage your preferences: by "
         "clicking Accept all you agree to this.</p><button>Accept all</button>", "cookies"),
        ("<p>Wir und unsere Partner verwenden Cookies auf dieser Seite. Sie können allen Cookies zustimmen oder mit "
         "Werbung weiter lesen, die Einwilligung in Cookies gilt auch für unsere Partner.</p>", "cookies"),
        ("<p>Please verify you are a human. Checking your browser before you access the pages of example.org, this "
         "takes a few seconds. Please enable JavaScript to continue.</p>", "browser"),
        ("<p>This article is for subscribers only. Subscribe to continue reading the best journalism of the town, or "
         "log in. Already a subscriber? Have an account? Log in here.</p>", "subscribers"),
    ],
    ids=["cookies", "cookies in German", "browser check", "paywall"],
)  # fmt: skip
def test_a_wall_alone_is_no_article(body: str, reason: str) -> None:
    with pytest.raises(ExtractError, match=reason):
        page(body)


def test_an_article_about_cookies_and_paywalls_is_an_article() -> None:
    about = "<p>Publishers say that readers who must subscribe to continue reading leave, and that a page which uses "
    about += "cookies and asks readers to accept all cookies loses one in three of them.</p>"
    more = "".join(f"<p>{text.replace('storm', 'flood')}</p>" for text in PARAGRAPHS)
    draft = page(about + BODY + more + about.replace("Publishers", "Editors"))
    assert len(draft.paragraphs) == 18
    assert not draft.paywalled


def test_attributes_beyond_measure_are_refused_at_once() -> None:
    for flood in ("a=x " * 70_000, "b " * 70_000):
        with pytest.raises(ExtractError, match="complicated"):
            draft_from_html(f"<html><body><p {flood}>text</p>{BODY}</body></html>")


@pytest.mark.slow
@pytest.mark.skipif(not PAGES.is_dir(), reason="no development data beside the project")
def test_bodies_of_real_pages() -> None:
    rows = [json.loads(line) for line in (PAGES / "index.jsonl").read_text(encoding="utf-8").splitlines()]
    scores = [_shares(row) for row in rows if row["set"] == "aeb"]
    right, wrong, missed = (sum(column) for column in zip(*scores, strict=True))
    assert 2 * right / (2 * right + wrong + missed) >= 0.975


def _shares(row: dict[str, Any]) -> tuple[float, float, float]:
    """4-grams found rightly, wrongly and missed, as shares of the page's all."""
    draft = draft_from_html(decode(gzip.decompress((PAGES / row["file"]).read_bytes())), url=row["url"])
    found, gold = _grams("\n".join(draft.paragraphs)), _grams(row["body"])
    right = (found & gold).total()
    total = max(1, found.total() + gold.total() - right)
    return right / total, (found.total() - right) / total, (gold.total() - right) / total


def _grams(text: str) -> Counter[tuple[str, ...]]:
    words = re.findall(r"\w+", text)
    return Counter(tuple(words[at : at + 4]) for at in range(max(1, len(words) - 3)))
