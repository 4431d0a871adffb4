"""Words and languages."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summarizer import detect_language
from summarizer.stopwords import LANGUAGE_NAMES, stop_words
from summarizer.words import stems, tokens


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "China's leaders were meeting the envoys", ["china", "leader", "meet", "envoy"]),
        ("de", "Die Minister trafen die Gesandten", ["minist", "traf", "gesandt"]),
        ("ko", "대통령은 특사를 만났다", ["대통령", "특사", "만났다"]),
        ("zh", "韩国特使", ["韩国", "国特", "特使"]),
        ("tr", "Bakanlar İstanbul'da", ["bakan", "istan"]),
        ("ru", "министры встретились", ["министр", "встрет"]),
        ("id", "pengumumannya, diumumkan kementerian dan menteri", ["umum", "umum", "menter", "menter"]),
        ("zh", "政府的政策在今天", ["政府", "政策", "今天"]),
        ("ja", "政府は新しい政策", ["政府", "新", "政策"]),
        ("ja", "ありがと", ["あり", "りが", "がと"]),
        ("und", "Quelle surprise", ["quelle", "surprise"]),
    ],
)
def test_stems(language: str, text: str, expected: list[str]) -> None:
    assert stems(text, language) == expected


def test_figures_stay_whole() -> None:
    assert tokens("It cost 2.5 million, or 1,200 each.") == ["it", "cost", "2.5", "million", "or", "1,200", "each"]


@pytest.mark.parametrize("language", [*LANGUAGE_NAMES, "vi", "id", "hi", "fa", "xx", "und"])
def test_every_language_has_words_without_a_download(language: str) -> None:
    assert stems("Example 42 пример 예 例", language)
    assert isinstance(stop_words(language), frozenset)


@given(st.text(), st.sampled_from(["en", "ko", "tr", "ar", "zh", "und"]))
def test_any_text_has_words(text: str, language: str) -> None:
    assert all(tokens(text, language))
    assert len(stems(text, language)) <= len(tokens(text, language))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "The president met the envoy in Beijing on Friday morning.\nTalks went well."),
        ("en", "THE PRESIDENT MET THE ENVOY IN BEIJING ON FRIDAY MORNING"),
        ("ko", "시진핑 주석은 THAAD 문제로 특사를 만났다."),
        ("zh", "习近平会见了韩国特使。"),
        ("zh", "習近平會見了韓國特使。"),
        ("ja", "首相は官邸で会見した。"),
        ("ru", "Президент встретился с посланником в Пекине."),
        ("es", "El presidente se reunió con el enviado en Pekín el viernes."),
        ("tr", "Cumhurbaşkanı cuma günü Pekin'de elçiyle görüştü."),
        ("ar", "التقى الرئيس بالمبعوث في بكين يوم الجمعة."),
        ("vi", "Chủ tịch đã gặp đặc phái viên tại Bắc Kinh hôm thứ Sáu."),
        ("und", ""),
        ("und", "12 34 !!! \n \x00"),
        ("und", "\ud800\udfff"),
    ],
)
def test_language(language: str, text: str) -> None:
    assert detect_language(text) == language


@given(st.text())
def test_any_text_has_a_language(text: str) -> None:
    assert len(detect_language(text)) in (2, 3)


def test_languages_are_told_from_many_threads() -> None:
    found: list[str] = []
    text = "Le président a rencontré l'envoyé à Pékin vendredi matin."
    threads = [threading.Thread(target=lambda: found.append(detect_language(text))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["fr"] * 8
