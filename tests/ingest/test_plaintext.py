"""Text as people save it: an article inside many kinds of page chrome comes out whole and alone."""

import gzip
import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import samples
from ingest.errors import ExtractError
from ingest.lines import TOKEN, Kind, read_lines
from ingest.plaintext import draft_from_text

XI_LEE = next(path for path in samples.paths() if path.name.startswith("xi-lee"))
CAPTION = "Officials stand at the entrance of the hall (L) before the meeting in the capital on Friday."
SOURCE, PRINTED = "Tidings Samples", "2026-11-20 04:15:00"
WHEN = datetime(2026, 11, 20, 4, 15, tzinfo=UTC)

PAGES = {
    "share links, captions twice, related headlines": """{h}

{s} Published: {d}
Share this with Close
Messenger Messenger Pinterest LinkedIn

{p0}

{c} [Photo: {s}]

{c} [Photo: {s}]

{rest}

Share this story on

Most Popular

Related stories

Farmer builds motorized iron horse in the north
200 peacekeepers set off for Lebanon mission

China, Philippines hold meeting of South China Sea consultation mechanism""",
    "navigation, credits, teasers": """Home
News
Sport

{h}

Published
{d}

Share

Image source, Getty Images
Image caption, {c}

By Ann Example

{p0}

{rest}

Related Topics

More on this story

Prime minister resigns after vote
Published 2 days ago

Copyright © 2020 Example. The site is not responsible for the content of external sites.""",
    "first paragraph cut off by an advertisement": """{h}

By Ann Example

{d}

Facebook Twitter Email Print

{p0}

Advertisement

{rest}

Sign up for our newsletter
Get the latest news in your inbox every morning.

Read more:
* Leaders meet in the capital to discuss trade
* Why the river floods every year

12 Comments
About us | Contact | Privacy policy | Terms of use""",
    "no blank lines": """Skip to main content
World | Politics | Business
{h}
{d}
Save
Share
{p0}
{lines}
Also read: Leaders meet in the capital to discuss trade
You may also like
Ten things you should eat in winter
This small town has the best beach""",
    "nothing around it": "{h}\n\n{p0}\n\n{rest}",
    "signed": "{h}\n{s}\n{d}\n{p0}\n{lines}",
}


def sample(path: Path) -> tuple[str, list[str]]:
    """Headline and paragraphs of a sample as it was written."""
    blocks = path.read_text(encoding="utf-8").strip().split("\n\n")
    return blocks[0], blocks[2:]


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_the_article_comes_out_whole_and_alone(page: str) -> None:
    for path in samples.paths():
        if path == XI_LEE:
            continue
        headline, paragraphs = sample(path)
        text = page.format(
            h=headline, s=SOURCE, d=PRINTED, c=CAPTION, p0=paragraphs[0],
            rest="\n\n".join(paragraphs[1:]), lines="\n".join(paragraphs[1:]),
        )  # fmt: skip
        draft = draft_from_text(text)
        assert (draft.headline, list(draft.paragraphs)) == (headline, paragraphs)
        assert draft.published_at == (WHEN if "{d}" in page else None)
        assert (CAPTION in (draft.caption or "")) == ("{c}" in page)
        assert draft.source == (SOURCE if "{s}" in page else None)
        assert draft.byline == ("Ann Example" if "By Ann" in page else None)


def test_the_xi_lee_file() -> None:
    draft = draft_from_text(XI_LEE.read_text(encoding="utf-8"))
    assert draft.headline == "Xi urges bringing China-ROK relations back to normal track"
    assert draft.source == "Xinhua"
    assert draft.published_at == datetime(2017, 5, 19, 11, 50, 52, tzinfo=UTC)
    assert draft.caption is not None
    assert draft.caption.startswith("Chinese President Xi Jinping (R) meets")
    assert len(draft.paragraphs) == 15
    assert draft.paragraphs[0].startswith("President Xi Jinping said Friday")
    assert draft.paragraphs[10].startswith("Chinese State Councilor Yang Jiechi also met")
    assert draft.paragraphs[-1].startswith("Lee said the ROK understands China's concerns")
    assert not any("Philippines" in paragraph or "Share" in paragraph for paragraph in draft.paragraphs)


@pytest.mark.parametrize(
    ("text", "headline", "paragraphs"),
    [
        ("Prime minister resigns after losing the vote", "Prime minister resigns after losing the vote", 1),
        (
            "# Storm closes harbour\n\nBy Ann Example\n\nIt blew hard all day.\n\nIt is over now.",
            "Storm closes harbour",
            2,
        ),
        (
            "Storm closes the harbour\n\nThe storm that reached the coast on Monday closed the harbour and\nthe "
            "airport for most of the day, officials said, and left thousands without\npower in the north.\n\n"
            "Repairs will take until Friday, the company that runs it said in\na statement late in the evening.",
            "Storm closes the harbour",
            2,
        ),
        (
            "The minister said on Friday that the harbour would stay closed until the storm had passed over "
            "the northern coast.\n\nHe gave no date.",
            "The minister said on Friday that the harbour would stay closed until the storm had passed over the…",
            2,
        ),
        ("عنوان الخبر اليوم\n\nقال الرئيس يوم الجمعة إن بلاده مستعدة للعمل.", "عنوان الخبر اليوم", 1),
    ],
    ids=["one line", "markdown", "wrapped at a column", "no headline", "right to left"],
)
def test_texts_without_a_page_around_them(text: str, headline: str, paragraphs: int) -> None:
    draft = draft_from_text(text)
    assert (draft.headline, len(draft.paragraphs)) == (headline, paragraphs)


@pytest.mark.parametrize(
    ("first", "source"),
    [
        ("SEOUL, May 19 (Yonhap) -- The government said on Friday that it would act.", "Yonhap"),
        ("(서울=연합뉴스) 김기자 기자 = 정부는 19일 새로운 정책을 발표했다고 밝혔다.", "연합뉴스"),
        ("新华社北京5月19日电 国家主席十九日在人民大会堂会见了韩国特使，双方交换了意见。", "新华社"),
    ],
    ids=["English", "Korean", "Chinese"],
)
def test_a_dateline_names_the_agency(first: str, source: str) -> None:
    assert draft_from_text(f"Headline of the day\n\n{first}\n\nThe second paragraph says more.").source == source


@pytest.mark.parametrize("text", ["", " \n ", "hi there", "•", "---"])
def test_a_few_words_are_no_article(text: str) -> None:
    with pytest.raises(ExtractError):
        draft_from_text(text)


def test_a_quotation_pulled_out_of_the_text_comes_once_and_a_paragraph_as_often_as_printed() -> None:
    quotation = "The harbour will open on Friday whatever the weather may be, its master said."
    paragraph = (
        "The harbour was closed for two days after the storm had damaged its walls and sunk four boats, its master "
        "said, while the ferries went to the next town and came back at night."
    )
    article = [quotation, "Nobody was hurt, and the boats were old, said the mayor.", paragraph]
    more = ["The ferries go again from Friday, once a day, the company said.", quotation, paragraph]
    draft = draft_from_text("\n\n".join(["Harbour opens again", *article, *more]))
    assert list(draft.paragraphs) == [*article, more[0], paragraph]


def test_photos_texts_and_their_captions_are_no_body_however_many() -> None:
    photos = [f"Boat number {number} lies at the quay of the harbour with a broken mast." for number in range(3)]
    told = [
        f"The council said on day {number} that the harbour would open again soon, and that ships with goods for the "
        "town might come in from the north."
        for number in range(5)
    ]
    lines = [line for photo, text in zip(photos, told, strict=False) for line in (photo, photo, text)]
    text = "\n\n".join(["Home", "News", "Harbour opens again", *lines, *told[3:], "Share this story", "Most popular"])
    assert list(draft_from_text(text).paragraphs) == told


def test_readers_comments_and_markup_are_no_article() -> None:
    article = [
        f"The council said on day {number} that the harbour would open again, and ships came." for number in range(4)
    ]
    comments = [
        line
        for number in range(12)
        for line in (
            f"Reader {number} says:",
            f"I think, as I said before, that number {number} is wrong.",
            "Reply",
            "3 votes",
        )
    ]
    debris = '<div><a href="https://ads.example.org/x;kw=1,2"><img src="https://ads.example.org/x.gif">, and so on.'
    text = "\n".join(["Harbour opens again", *article, "Share this story", "Reply", *comments, debris])
    assert list(draft_from_text(text).paragraphs) == article


def test_a_list_of_tags_is_no_prose() -> None:
    tags = " ".join(f"tag{letter} harbour{letter}" for letter in "abcdefghijklmnop")
    assert [line.kind for line in read_lines(tags)] == [Kind.SHORT]


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=2_000))
def test_any_text_gives_a_draft_or_a_reason(text: str) -> None:
    try:
        draft = draft_from_text(text)
    except ExtractError:
        return
    assert draft.headline
    assert draft.paragraphs
    lines = {line.text for line in read_lines(text)}
    assert all(any(paragraph in line for line in lines) for paragraph in draft.paragraphs)


def test_token_f1_on_rendered_pages(data: Path) -> None:
    """All pages and renderings give .92; these are a fifth of them, of one rendering."""
    with gzip.open(data / "plaintext/dev.jsonl.gz", "rt", encoding="utf-8") as rows:
        pages = [json.loads(row) for row in rows][::5]
    scores = [_f1("\n".join(draft_from_text(page["text"]["w3m"]).paragraphs), page["body"]) for page in pages]
    assert sum(scores) / len(scores) > 0.86


def _f1(found: str, gold: str) -> float:
    one, other = (Counter(TOKEN.findall(text.lower())) for text in (found, gold))
    return 2 * (one & other).total() / max(1, one.total() + other.total())
