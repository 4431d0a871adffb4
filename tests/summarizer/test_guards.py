"""What must not stand in a summary: tables of single sentences, and of sentences in their context."""

import pytest

from summarizer.guards import Fault, Judged, Sentence, judge
from summarizer.openers import leans


def judged(*sentences: str, language: str = "en", title: str | None = None) -> list[Judged]:
    return judge([Sentence(index, text, index) for index, text in enumerate(sentences)], language, title)


PROSE = "The minister said the bridge would open to traffic in the spring after two years of work."


@pytest.mark.parametrize(
    "caption",
    [
        "Chinese President Xi Jinping (R) meets with Lee Hae-chan in Beijing, May 19, 2017. [Photo: Xinhua]",
        "Chinese President Xi Jinping (R) meets with Lee Hae-chan in Beijing, May 19, 2017.",
        "Fans celebrate in the streets of Rome after the final whistle. (Photo by Ann Lee/Getty Images)",
        "A man walks past the ruined market in the old town. REUTERS/Ann Lee",
        "Rescuers search the rubble of the school on Monday. (AP Photo/Ann Lee)",
        "Image: United States Navy, taken from the deck of the ship.",
        "The couple, seen here at the gala in May, had been married for ten years.",
        "Mayor Okafor (left) and Judge Tran open the new ferry terminal in the harbour.",
        "President Donald Trump talks to reporters before leaving the White House November 1, 2019 in Washington.",
        "▲ 시진핑 주석이 특사를 만나 악수하고 있다.",
        "시진핑 주석이 특사를 만나 악수하고 있다. [사진=연합뉴스]",
        "5月19日，习近平在北京会见韩国总统特使李海瓒。新华社记者王晔摄",
        "图为救援人员在学校废墟中搜寻幸存者的场面。",
        "握手する首相と大統領＝写真、19日午後、東京都内で。",
    ],
)
def test_a_caption_is_chrome(caption: str) -> None:
    assert judged(PROSE, caption)[1].fault is Fault.CHROME


@pytest.mark.parametrize(
    "words",
    [
        "Click here to read the full report on our site.",
        "Sign up for our newsletter to get the news every morning.",
        "Follow us on Twitter for the latest updates on this story.",
        "We use cookies to give you the best experience on our website.",
        "Copyright 2017 The Daily News. All rights reserved.",
        "CNN's Ann Lee and John Hall contributed to this report.",
        "This story has been updated to include the minister's statement.",
        "Please enable JavaScript to view the comments below this story.",
        "무단 전재 및 재배포 금지를 알려 드립니다.",
        "更多精彩内容请扫描二维码关注我们的公众号。",
        "この記事は有料会員限定の記事となっております。",
    ],
)
def test_the_page_s_own_words_are_chrome(words: str) -> None:
    assert judged(PROSE, words)[1].fault is Fault.CHROME


@pytest.mark.parametrize(
    "fragment",
    [
        "Most Popular",
        "Related stories",
        "Xinhua Published: 2017-05-19 11:50:52",
        "Farmer builds motorized iron horse in central China",
        "By Ann Lee and John Hall.",
        "PUBLISHED: 14:11 EST, 25 October 2013.",
        "Messenger Messenger Pinterest LinkedIn",
        "Yes, really.",
        "pilgrims at the Grand Mosque in the holy city in 2008.",
        "The conditions are these:",
        "MINISTER OPENS BRIDGE AFTER TWO LONG YEARS OF WORK.",
    ],
)
def test_what_is_no_sentence_is_a_fragment(fragment: str) -> None:
    assert judged(PROSE, fragment)[1].fault in (Fault.FRAGMENT, Fault.CHROME)


@pytest.mark.parametrize(
    "sentence",
    [
        PROSE,
        "Bishop John Folda (pictured) of the Fargo diocese has exposed hundreds of church members to the virus.",
        "The photo agency will share its profits with the workers who stayed, the company said on Monday.",
        "Readers of the newspaper said that they would follow the trial of the mayor to its end.",
        "The company that made the cookies has closed two of its bakeries in the north of the country.",
        "The plan would share the cost of the new barrier among the four towns on the river.",
        "Copyright law should protect artists, the court in Seoul ruled on Friday.",
        "At 14:30 on Monday the minister opened the bridge, two years after work on it had begun.",
        "시진핑 중국 국가주석은 19일 이해찬 특사를 만나 양국 관계를 정상 궤도로 돌려놓고 싶다고 말했다.",
        "国家主席习近平19日在人民大会堂会见韩国总统特使李海瓒。",
        "首相は19日、韓国の特使と会談し、両国関係の改善を急ぐ考えを示した。",
    ],
)
def test_good_prose_has_no_fault(sentence: str) -> None:
    assert judged(sentence, PROSE)[0].fault is Fault.NONE


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "He said the bridge would open in the spring."),
        ("en", "She's ready to go, according to the mayor."),
        ("en", "It was the third such attack in a month."),
        ("en", "This made the neighbours angry."),
        ("en", "However, the mayor refused to sign the paper."),
        ("en", "But the mayor refused to sign the paper."),
        ("en", "Meanwhile, rain fell in the north."),
        ("en", "“But that is not all,” the mayor said."),
        ("en", "For example, the north has no hospital."),
        ("en", "In his speech, he praised the workers of the port."),
        ("en", "As he left the hall, he waved to the crowd."),
        ("en", "The ties have brought benefits to both peoples, he said."),
        ("en", '"I am feeling well now," he told reporters.'),
        ("en", "Both were taken to hospital with burns."),
        ("ko", "그는 양국 관계를 강조했다."),
        ("ko", "그러나 회담은 열리지 않았다."),
        ("ko", "하지만 합의는 없었다."),
        ("ko", "또한 대화를 재개하기로 했다."),
        ("zh", "他说双方应加强沟通。"),
        ("zh", "但是会谈没有取得结果。"),
        ("zh", "然而，会谈没有取得结果。"),
        ("zh", "此外，两国还签署了协议。"),
        ("zh", "與此同時，北部降下大雨。"),
        ("ja", "しかし、会談は行われなかった。"),
        ("ja", "彼は会談の後に記者団に語った。"),
        ("es", "Sin embargo, el alcalde no firmó."),
        ("fr", "Elle a refusé de signer le document."),
        ("de", "Allerdings regnete es im Norden."),
        ("pt", "No entanto, o prefeito recusou."),
        ("tr", "Ancak görüşme yapılmadı."),
        ("ru", "Однако встреча не состоялась."),
        ("id", "Namun, pertemuan itu batal."),
        ("vi", "Tuy nhiên, cuộc gặp đã bị hủy."),
        ("ar", "وأضاف أن الاجتماع كان ناجحا."),
    ],
)
def test_a_reference_to_what_came_before_leans(language: str, sentence: str) -> None:
    assert leans(sentence, language)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "President Xi Jinping said Friday that China was ready."),
        ("en", "After his arrest, Smith denied the charges."),
        ("en", "Butter prices rose by a third in the spring."),
        ("en", "Sony said it would close the plant."),
        ("en", "This year the harvest came late."),
        ("en", "Italy has a new government."),
        ("en", "Hershey said its profits fell."),
        ("en", "A woman who lost her home said she would rebuild."),
        ("ko", "그리스 정부는 예산안을 승인했다."),
        ("ko", "이탈리아 총리가 사임했다."),
        ("ko", "이 교수는 서울대에서 강의한다."),
        ("zh", "习近平会见了韩国特使。"),
        ("ja", "首相は会見した。"),
        ("de", "Esther Müller gewann das Rennen."),
        ("tr", "Olay yerine polis geldi."),
    ],
)
def test_a_sentence_that_stands_alone_does_not_lean(language: str, sentence: str) -> None:
    assert not leans(sentence, language)


def test_a_leaning_sentence_leans_on_the_prose_before_it() -> None:
    seen = judged(
        PROSE, "Mayor Okafor (left) opens the terminal in the harbour.", "He thanked the workers of the port."
    )
    assert (seen[2].fault, seen[2].leans_on) == (Fault.LEANING, 0)


def test_a_leaning_sentence_after_a_repeat_leans_on_what_was_repeated() -> None:
    seen = judged("Nobody was hurt in the fire at the mill.", PROSE, PROSE, "He thanked the workers of the port.")
    assert seen[2].fault is Fault.REPEAT
    assert (seen[3].fault, seen[3].leans_on) == (Fault.LEANING, 1)


def test_half_a_quotation_is_awkward() -> None:
    seen = judge(
        [
            Sentence(0, PROSE, 0),
            Sentence(1, 'Smith told reporters: "We have worked for this moment for years.', 1),
            Sentence(2, 'Nobody in this town has ever seen anything like it."', 1),
            Sentence(3, 'Smith called the decision of the court "a good day for the town."', 2),
        ],
        "en",
    )
    assert [one.fault for one in seen] == [Fault.NONE, Fault.AWKWARD, Fault.AWKWARD, Fault.NONE]


def test_the_headline_repeated_is_no_sentence() -> None:
    assert judged(PROSE, PROSE.replace("spring", "autumn"), title=PROSE)[0].fault is Fault.FRAGMENT


def test_a_source_without_full_stops_is_prose_all_the_same() -> None:
    seen = judged(
        "소두증을 유발한다고 알려진 지카바이러스가 남성의 생식능력도 저하시킬 수 있다는 동물 실험 결과가 나왔다",
        "소두증은 태아의 뇌가 다 자라지 않아 머리가 비정상적으로 작아지는 질환이다",
        language="ko",
    )
    assert {one.fault for one in seen} == {Fault.NONE}


def test_a_line_ending_in_a_noun_is_a_heading_in_korean_without_full_stops() -> None:
    seen = judged(
        "지카바이러스가 남성의 생식능력도 저하시킬 수 있다는 동물 실험 결과가 나왔다",
        "파동에너지 마음대로 제어하는 신물질 개발 성공",
        language="ko",
    )
    assert seen[1].fault is Fault.FRAGMENT
