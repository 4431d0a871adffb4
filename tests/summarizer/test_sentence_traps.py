"""The table of traps that was written down before the splitter was changed; what it still fails is named."""

import pytest

from benchmarks import sentence_splitting
from benchmarks.sentence_traps import TRAPS
from summarizer import split_sentences

# What no rule tells without understanding the sentence.
KNOWN_FAILURES = {
    "no as an answer",
    "company at the end, name after",
    "grade",
    "quotation inside a quotation",
    "ellipsis and name",
    "Ukrainian",
}


@pytest.mark.parametrize("name", TRAPS)
def test_trap(name: str) -> None:
    language, marked = TRAPS[name]
    assert sentence_splitting.passes(split_sentences, language, marked) is (name not in KNOWN_FAILURES)


def test_more_traps_are_passed_than_by_the_other_libraries_at_hand() -> None:
    result = sentence_splitting.run(seconds=0.0)
    right = result["right"]
    assert all(right["tidings"] > count for name, count in right.items() if name != "tidings")
    assert set(result["failed"]) == KNOWN_FAILURES
    assert any(line.startswith("sentencex") for line in sentence_splitting.table(result))


@pytest.mark.skipif(not sentence_splitting.GUM.is_file(), reason="the development data is not beside the project")
def test_whole_sentences_of_real_news_are_found() -> None:
    assert sentence_splitting.run(seconds=0.0)["gum_news_f1"]["tidings"] > 0.955


TIES = [
    ("th", "ตำรวจจับกุมผู้ต้องสงสัยได้ที่จังหวัดเชียงใหม่เมื่อวานนี้ และนำตัวส่งพนักงานสอบสวนเพื่อดำเนินคดี"),
    ("th", "บริษัท Apple เปิดตัว iPhone รุ่นใหม่ ในประเทศไทย ราคา 39,900 บาท"),
    ("ko", '그는 "끝났다. 이제 돌아가자."며 웃었다.'),
]


@pytest.mark.parametrize(("language", "text"), TIES)
def test_one_sentence_stays_one(language: str, text: str) -> None:
    assert split_sentences(text, language) == [text]
