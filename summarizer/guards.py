"""What must not stand in a summary, and how bad it would be.

Faults are ordered by what they cost the reader. A sentence with a greater fault is taken only when nothing with a
smaller one is left, and those from `FRAGMENT` on only rather than to give nothing at all.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from summarizer.openers import leans
from summarizer.words import tokens


class Fault(IntEnum):
    NONE = 0
    AWKWARD = 1  # a question alone, half a quotation, too long to take in
    LEANING = 2  # opens with a reference to a sentence before it
    FRAGMENT = 3  # a heading, byline, date or link: no sentence
    CHROME = 4  # a caption, credit line or the page's own words
    EMPTY = 5  # no letter in it


@dataclass(frozen=True)
class Sentence:
    """One sentence of what is summarized: its place, and the number of the paragraph that it stands in."""

    index: int
    text: str
    paragraph: int


@dataclass(frozen=True)
class Judged:
    """A sentence with its fault. `leans_on` is the index of the sentence that must be chosen with it, if it leans."""

    sentence: Sentence
    fault: Fault
    leans_on: int | None = None


_LONG_WORDS = 75
_LONG_UNSPACED = 180
_LEAST_WORDS = 4
_LEAST_UNSPACED = 8
_UNMARKED_LANGUAGES = frozenset({"th", "lo", "km", "my", "bo"})
_ENDING = re.compile(r"[.!?…。！？｡．؟۔।॥։።។][\"'”’“‘»«›)\]}」』）】》〉］*_\s\d\[]*\Z")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3041-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff]")
_WORD = re.compile(r"[^\W\d_]{2,}")
_TRAILING_OFF = re.compile(r"(?:\.\.\.|…|\[\.\.\.\]|\[…\])[\"'”’»)\]]*\Z")
_QUESTION = re.compile(r"[?？؟][\"'”’»)\]」』]*\Z")
_ANY_QUOTE = re.compile(r"[\"“”„«»「」『』＂]")

_CAPTION = re.compile(
    r"\[\s*(?:file )?(?:photo|image|picture|video|foto|imagen|bild)[^\]]{0,80}\]"
    r"|\(\s*(?:file |ap |afp |reuters |epa )?(?:photo|image|picture|foto|imagen|bild)\b[^)]{0,80}\)"
    r"|\bgetty images\b|\bshutterstock\b|\bap photo\b|\bfile (?:photo|picture|image|pic)\b|\bhandout (?:photo|image)\b"
    r"|\b(?:ap|afp|epa|reuters|xinhua|pa|efe|dpa|ansa|tass|kyodo|yonhap|zuma|rex)\s?/\s?[a-z]"
    r"|\bphoto(?:graph)?s?\s*(?::|/|by\s+[a-z]|courtesy|credit)|\b(?:image|picture|pic|photo|video)s?(?: credit)?s?\s?:\s"
    r"|\A\W*(?:credit|courtesy|source|caption|above|below|left|right|photos?|pictured|pictures?|image|video|watch|gallery|file)\s*:"
    r"|\(\s*(?:r|l|c|2nd [rlc]|3rd [rlc]|front|rear|back|cent(?:er|re)|left|right|from left|top|bottom|top left|top right"
    r"|far left|far right|second (?:from )?(?:left|right)|bottom left|bottom right)\s*\)"
    r"|\bpictured (?:here|above|below)\b|\bseen here\b|\bin this (?:file |undated |handout |[a-z]+ \d+, \d{4},? )?(?:photo|picture|image)\b"
    r"|\b(?:photo|image|picture) (?:taken|released|provided|shows?|dated)\b"
    r"|\[?사진\s*[=:/]|/\s*사진|사진\s*(?:제공|출처)|자료\s?사진|제공\s*=|\A\s*[▲△▶◀◆■]|\[뉴시스|\[연합뉴스 자료|(?:뉴시스|연합뉴스|뉴스1)\s*[)\]]?\s*\Z"
    r"|资料图|資料圖|图为|圖為|图片来源|圖片來源|供图|供圖|[（(][^（）()]{0,20}[摄攝][)）]|[摄攝]\s*\Z|新华社发|图[/／:：]|圖[/／:：]|翻摄|翻攝"
    r"|写真[：:＝=]|[＝=]写真|[（(]写真|撮影[）)]|（(?:共同|ロイター|ＡＦＰ|AFP|時事)[＝=・]?[^）]*）\s*\Z"
    r"|\bfoto\s?[:/]|\bcrédit(?:o|os|s)?\s?:|\bbild\s?:|фото\s?[:/]|fotoğraf\s?:|ảnh\s?:|\bfoto de archivo\b|\barchivfoto\b",
    re.IGNORECASE,
)
_BOILERPLATE = re.compile(
    r"\bclick (?:here|on|the)\b|\bread (?:more|the full|also|next)\b|\bshare (?:this|on|it)\b|\bsign up\b|\bsubscri(?:be|ption)\b"
    r"|\bnewsletters?\b|\bfollow (?:us|@|him|her|me|them|\w+(?: \w+)? on (?:twitter|facebook|instagram|x))|\blike us on\b"
    r"|\bdownload (?:the|our) app\b|\ball rights reserved\b|\bcopyright\b|©|ⓒ|\bcookies?\b.{0,60}\b(?:use|accept|consent|settings"
    r"|browser|site|website)|\b(?:use|accept)s?\b.{0,20}\bcookies\b|\bjavascript\b|\badvertisements?\s*(?:\W*\Z|-)|\bscroll down\b"
    r"|\b(?:related|more|recommended|trending|popular|top|latest) (?:stories|articles|content|news|links|videos|topics|posts)\W*\Z"
    r"|\bterms of (?:use|service)\b|\bprivacy policy\b|\bwatch (?:the|this|our) (?:full )?video\b|\bcontributed to this (?:report|story|article)\b"
    r"|\b(?:this|the) (?:story|article|report|post|page|column) (?:was|has been|will be|is being) (?:first |originally |last |also )?"
    r"(?:updated|published|corrected|amended|posted|produced|translated)"
    r"|\beditor'?s'? note\b|\bfor (?:more|further|the latest|breaking) (?:news|information|stories|details|on this)\b|\be-?mail to a friend\b"
    r"|\b(?:reporting|editing|writing|compiled) by [A-Z]|\bmay not be (?:published|reproduced|redistributed)\b|\blog ?in\b.{0,30}\b(?:to|or)\b"
    r"|\bleave a comment\b|\bcomments? (?:are|is) closed\b|\bskip to\b|\bback to top\b|\bsend (?:us )?(?:your )?tips\b|\bjoin the (?:conversation|discussion)\b"
    r"|\bthe views expressed\b|\bopinions expressed in this\b|\bfor confidential (?:support|help)\b|\bsamaritans\b.{0,40}\bcall\b"
    r"|\bsee (?:also|below|video|inside)\W*\Z|\bstory continues\b|\bcontinue reading\b|\bplease enable\b|\bsend this to\b|\bprint this\b"
    r"|\bto (?:read|view|see|watch|find out) (?:more|the full|this)\b|\bwatch (?:more|now|live|below)\b|\bview (?:gallery|comments|all)\b"
    r"|무단\s?전재|재배포\s?금지|저작권|구독하기|관련\s?기사|기사\s?제보|공유하기|로그인|홈페이지 가기|기자\s*[=\w]*\s*\S+@\S+|Copyrights?"
    r"|责任编辑|責任編輯|版权所有|版權所有|未经授权|未經授權|转载请|轉載請|扫描二维码|掃描二維碼|公众号|公眾號|点击(?:查看|进入|阅读)|點擊|相关(?:新闻|阅读|报道)|相關新聞"
    r"|編輯[：:]|编辑[：:]|延伸閱讀|更多新聞|無断転載|関連記事|続きを読む|会員登録|有料会員|この記事は"
    r"|\bleer más\b|\blee también\b|\bsíguenos\b|\bsuscríbete\b|\bcompartir en\b|\blire aussi\b|\babonnez-vous\b|\bpartager sur\b"
    r"|\blesen sie auch\b|\bmehr zum thema\b|\babonnieren\b|\bleia (?:mais|também)\b|\bsiga (?:o|a|nos)\b.{0,30}\b(?:twitter|facebook|instagram)\b"
    r"|читайте также|подписывайтесь|подписаться|\bbaca juga\b|\bđọc thêm\b|\bxem thêm\b|\bdevamını oku\b|\bilgili haberler\b"
    r"|اقرأ أيض|\bleggi anche\b|\biscriviti\b|\blees ook\b|\bczytaj (?:też|także|więcej)\b",
    re.IGNORECASE,
)
_BYLINE = re.compile(
    r"\A\W*(?:by\b\W{0,3}[A-Z][\w.'’-]+(?:\s+(?:and\s+)?[A-Z][\w.'’-]+){0,6}\W*\Z|(?:published|updated|last updated|posted|created|first published)\b"
    r"\W{0,4}(?:\d|at\b|on\b|\Z|[A-Z])|\d{1,2}:\d{2}\b.{0,40}\Z)",
    re.IGNORECASE,
)


def judge(sentences: Sequence[Sentence], language: str, title: str | None = None) -> list[Judged]:
    """Each sentence with its fault, in order."""
    marked = _writes_marks(sentences, language)
    quoted = _halves_of_quotations(sentences)
    heading = fold(title or "")
    capitals = _mostly_capitals("".join(sentence.text for sentence in sentences[:60]))
    judged: list[Judged] = []
    before: int | None = None
    for sentence, half in zip(sentences, quoted, strict=True):
        fault = _own_fault(sentence.text, language, marked=marked, capitals=capitals)
        if heading and fault < Fault.FRAGMENT and fold(sentence.text) == heading:
            fault = Fault.FRAGMENT
        leaning = fault < Fault.FRAGMENT and (
            leans(sentence.text, language, first=before is None) or is_bare_quotation(sentence.text)
        )
        if fault is Fault.NONE and half:
            fault = Fault.AWKWARD
        judged.append(Judged(sentence, Fault.LEANING, before) if leaning else Judged(sentence, fault))
        if fault < Fault.FRAGMENT:
            before = sentence.index
    return judged


def fold(text: str) -> str:
    """The text's letters and figures alone, to tell repeats from one another."""
    return " ".join(tokens(text))


def _own_fault(text: str, language: str, *, marked: bool, capitals: bool) -> Fault:
    words = len(_WORD.findall(text))
    if not words and not _UNSPACED.search(text) and not any(map(str.isalpha, text)):
        return Fault.EMPTY
    if _CAPTION.search(text) or _BOILERPLATE.search(text):
        return Fault.CHROME
    if _is_fragment(text, words, marked=marked, capitals=capitals):
        return Fault.FRAGMENT
    unspaced = len(_UNSPACED.findall(text)) if words < _LONG_WORDS else 0
    if words > _LONG_WORDS or unspaced > _LONG_UNSPACED or _QUESTION.search(text) or _TRAILING_OFF.search(text):
        return Fault.AWKWARD
    return Fault.NONE


def _is_fragment(text: str, words: int, *, marked: bool, capitals: bool) -> bool:
    if words < _LEAST_WORDS and len(_UNSPACED.findall(text)) < _LEAST_UNSPACED and not _is_hangul(text, words):
        return True
    if marked and not _ENDING.search(text):
        return True
    if text.rstrip()[-1] in ":：|" or _BYLINE.match(text):
        return True
    if text[0].islower() and not re.match(r"[a-z]{1,2}[A-Z]|al-|de |van |von ", text):
        return not text.islower()
    return not capitals and _mostly_capitals(text)


def _is_hangul(text: str, words: int) -> bool:
    return words >= _LEAST_WORDS - 1 and any("가" <= letter <= "힣" for letter in text)


def _mostly_capitals(text: str) -> bool:
    letters = [letter for letter in text[:2_000] if letter.isalpha()]
    cased = [letter for letter in letters if letter.isupper() or letter.islower()]
    return len(cased) * 2 > len(letters) and sum(map(str.isupper, cased)) * 10 > len(cased) * 6


def _writes_marks(sentences: Sequence[Sentence], language: str) -> bool:
    """Whether this text ends its sentences with marks at all; some sources leave them out."""
    if language in _UNMARKED_LANGUAGES:
        return False
    long = [s.text for s in sentences[:400] if len(s.text) > 40 or len(_UNSPACED.findall(s.text)) > 15]
    return sum(1 for text in long if _ENDING.search(text)) * 6 > len(long)


def is_bare_quotation(text: str) -> bool:
    """Whether the whole sentence is someone's words, and nothing says whose."""
    stripped = text.strip()
    pairs = {'"': '"', "“": "”", "„": "“", "«": "»", "「": "」", "『": "』", "”": "”"}
    closing = pairs.get(stripped[:1])
    if closing is None or len(stripped) < _LEAST_WORDS:
        return False
    inside = stripped[1:].rstrip(".。!?… ")
    return inside.endswith(closing) and closing not in inside[:-1]


def _halves_of_quotations(sentences: Sequence[Sentence]) -> list[bool]:
    """For each sentence whether a quotation that it holds began before it or ends after it."""
    halves: list[bool] = []
    inside, paragraph = False, -1
    for sentence in sentences:
        inside = inside and sentence.paragraph == paragraph
        paragraph = sentence.paragraph
        began_inside = inside
        inside, turned = _quotation_after(sentence.text, inside)
        halves.append(inside or turned or (began_inside and not _opens(sentence.text)))
    return halves


def _opens(text: str) -> bool:
    return text[:1] in '"“„«「『'


def _quotation_after(text: str, inside: bool) -> tuple[bool, bool]:
    """Whether a quotation is open after `text`, and whether one was closed that had not opened in it.

    Agency style opens a quotation anew in each paragraph and closes only its last, so what a straight mark does is
    told from the characters beside it.
    """
    stray = False
    opened_here = False
    for match in _ANY_QUOTE.finditer(text):
        opens = _is_opening(text, match.start(), inside)
        stray = stray or not (opens or opened_here)
        inside = opened_here = opens
    return inside, stray


def _is_opening(text: str, at: int, inside: bool) -> bool:
    mark = text[at]
    if mark in "“„«「『":
        return not (mark in "“«" and inside and (at + 1 == len(text) or not text[at + 1].isalnum()))
    if mark in "”」』»":
        return mark == "»" and not inside
    spaced_before = at == 0 or not (text[at - 1].isalnum() or text[at - 1] in ".,!?…'’")
    spaced_after = at + 1 == len(text) or not text[at + 1].isalnum()
    if spaced_before == spaced_after:
        return not inside
    return spaced_before


def first_of_each(sentences: Sequence[Sentence]) -> list[int]:
    """Indexes of the sentences that repeat none before them."""
    seen: Counter[str] = Counter()
    kept: list[int] = []
    for sentence in sentences:
        key = fold(sentence.text) or sentence.text
        if not seen[key]:
            kept.append(sentence.index)
        seen[key] += 1
    return kept
