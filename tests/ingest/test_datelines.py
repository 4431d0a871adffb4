import time

import pytest

from ingest.datelines import read_dateline, without_dateline

REST = "The parliament approved the largest budget yet on Monday."


@pytest.mark.parametrize(
    ("head", "place", "agency"),
    [
        ("SEOUL, Nov. 23 (Yonhap) -- ", "SEOUL", "Yonhap"),
        ("BEIJING, May 19 (Xinhua) -- ", "BEIJING", "Xinhua"),
        ("LONDON (Reuters) - ", "LONDON", "Reuters"),
        ("Paris, Nov 3 (AFP) — ", "Paris", "AFP"),
        ("WASHINGTON, March 3 - ", "WASHINGTON", None),
        ("WASHINGTON, D.C. -- ", "WASHINGTON, D.C.", None),
        ("SEOUL, South Korea (AP) — ", "SEOUL, South Korea", "AP"),
        ("SEOUL, South Korea — ", "SEOUL, South Korea", None),
        ("NEW YORK — ", "NEW YORK", None),
        ("RIO DE JANEIRO, 4 May 2019 – ", "RIO DE JANEIRO", None),
        ("NEW DELHI: ", "NEW DELHI", None),
        ("BEIRUT/PARIS (Reuters) - ", "BEIRUT/PARIS", "Reuters"),
        ("MÜNCHEN (dpa) - ", "MÜNCHEN", "dpa"),
        ("(CNN) -- ", None, "CNN"),
        ("(CNN)", None, "CNN"),
        ("AFP - ", None, "AFP"),
        ("Canadian Press - LANGLEY, B.C. (CP) - ", "LANGLEY, B.C.", "CP"),
        ("DUBAI, United Arab Emirates - DUBAI, United Arab Emirates (AP) - ", "DUBAI, United Arab Emirates", "AP"),
        ("(서울=연합뉴스) 김철수 기자 = ", "서울", "연합뉴스"),
        ("[서울=뉴시스] 홍길동 기자 = ", "서울", "뉴시스"),
        ("新华社北京5月19日电（记者李明）", "北京", "新华社"),
        ("【ソウル共同】", "ソウル", "共同"),
    ],
)
def test_a_dateline_is_read_and_left_out(head: str, place: str | None, agency: str | None) -> None:
    found = read_dateline(head + REST)
    assert found is not None
    assert (found.place, found.agency) == (place, agency)
    assert without_dateline(head + REST) == REST


@pytest.mark.parametrize(
    "paragraph",
    [
        REST,
        "NATO — The alliance met in Brussels on Monday to speak about it.",
        "The plan (IMF) - a loan of two billion - was approved by everybody.",
        "BREAKING: Fire closes the harbour of the capital for a second day.",
        "SEOUL, Nov. 23 (Yonhap) --",
        "Well-known singer Kim - who lives in Seoul - said that he would return.",
        "THE HAGUE is where the judges met to hear the two countries' case.",
        "",
    ],
)
def test_other_beginnings_stay_whole(paragraph: str) -> None:
    assert without_dateline(paragraph) == paragraph


@pytest.mark.parametrize("unit", ["A. ", "AA", "A, ", "(A", "A ", "AA/"])
def test_hostile_beginnings_are_read_in_no_time(unit: str) -> None:
    started = time.process_time()
    read_dateline(unit * 10_000)
    assert time.process_time() - started < 1
