"""Where sentences end.

A line break ends a sentence, except inside a block of hard-wrapped prose. Within a line every full stop, question
mark, exclamation mark, ellipsis and their relatives in other scripts is looked at with what stands before and after it.
Nothing is rewritten: a sentence is a slice of its text.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from summarizer import abbreviations as known
from summarizer.languages import detect_language
from summarizer.lines import Span, blocks
from summarizer.spaced_thai import THAI, ends_at_spaces

# A text without any mark would otherwise be one sentence; longer than any that a newspaper prints.
MAX_SENTENCE = 2_000

_CJK_MARKS = "。！？｡．"
# Full stops and question marks of other scripts, from Armenian to Tibetan: Unicode's Sentence_Terminal.
_OTHER_MARKS = (
    "\u0589\u061d\u061e\u061f\u06d4\u0700\u0701\u0702\u07f9\u0964\u0965\u0f0d\u0f0e\u104b\u1362\u1367\u1368"
    "\u166e\u1735\u1736\u17d4\u17d5\u1803\u1809\u1c7e\u1c7f\ua4ff\ua60e\ua60f\ua6f3\uaaf0\uabeb\u037e\u2e2e"
)
_END = re.compile(
    rf"(?P<mark>[.!?…‼⁇⁈⁉{_OTHER_MARKS}{_CJK_MARKS}]+|(?<=[\u0561-\u0587]):|(?<=[\u0370-\u03ff]);)"
    r"(?P<close>(?:[\"'”’›)\]}」』）】》〉］＂*_]|[“‘»«](?!\w)|[ \u00a0\u202f]»(?!\w)|\[\d{1,3}\]"
    r"|[ ]''(?!\w)|[ ]?[\u2764\U0001f000-\U0001faff][\ufe0f\u200d\U0001f000-\U0001faff]*)*)"
)
# The same of ASCII text, which most English is: found four times as fast.
_PLAIN_END = re.compile(r"(?P<mark>[.!?]+)(?P<close>(?:[\"')\]}*_]|\[\d{1,3}\]|[ ]''(?!\w))*)")
_NEXT = re.compile(r"\s+(?P<open>[^\w\s]{0,9}(?:\s+[^\w\s]{1,9}){0,3}\s*)(?P<word>\w{1,30})?(?P<tail>\.?)")
_TRIM = "\ufeff\u200b\u200c\u200d\u2060\x00"
_ACRONYM = re.compile(r"(?:[^\W\d_]{1,2}\.-?)+[^\W\d_]{1,2}")
_CAMEL = re.compile(r"[a-z]{1,2}[A-Z]")
_NO_VOWELS = re.compile(r"[B-DF-HJ-NP-TV-XZ][b-df-hj-np-tv-xz]{1,4}")
_DATE_BEFORE = re.compile(r"\d\. ?\d{1,2}\Z")
_ROMAN = re.compile(r"[IVXLC]+")
_KOREAN_ENDING = "다요죠까음임함됨것네군나라자"
_GLUED = re.compile(r"[A-Z][a-z]*(?=[\s'’,])")
_SITE_ENDS = frozenset({"Com", "Net", "Org", "Js", "Io", "Co", "Uk", "Py", "Gov"})
_SPEAKER = re.compile(r"(?:[\w.’'-]+\s+){0,4}?(?P<verb>\w+)")
# A Japanese quotation is followed by one of these when the sentence goes on, a Chinese one by these of its own.
_QUOTE_GOES_ON = frozenset("とっなのはがをにもでへや的之等、，,")
_CHINESE_SPEAKER = re.compile(
    r"[^，。！？“”「」没沒无無不\s]{0,6}(?:说|說|问|問|道|喊|叫|答|称|稱|表示|指出|补充|補充|强调|強調)[。，：,]"
)
# A Korean quotation goes on with a particle: “…다.”라고, "…다."며.
_HANGUL = re.compile(r"[가-힣]")
_QUOTE = re.compile(r"[\"“”]")
_TRAILS_OFF = frozenset("了吧呢啊吗嗎嘛")
_REACH = 300  # characters within which brackets and quotations are looked for
_DASHES = ("-", "–", "—")
_LIST_NUMBER = 3  # digits of a list's number at most
_ORDINAL = 2  # digits of an ordinal or a day at most
_LIST_MARKS = 9  # characters that may stand before a list's number


def spans(text: str, language: str | None = None) -> list[Span]:
    """Start and end of each sentence of `text`, in order; what lies between them is white space."""
    return [span for _, span in numbered_spans(text, language)]


def numbered_spans(text: str, language: str | None = None) -> Iterator[tuple[int, Span]]:
    """As `spans`, one after the other, each with the number of its block of running text."""
    splitter = _Splitter(text, language)
    has_thai = not text.isascii() and bool(THAI.search(text))
    for number, block in enumerate(blocks(text)):
        found = splitter.split(block)
        for span in _split_at_spaces(text, found) if has_thai else found:
            yield number, span


def split_sentences(text: str, language: str | None = None) -> list[str]:
    """The sentences of `text` as exact substrings, in order.

    The language (ISO 639-1) matters for ordinals alone ("12. Bölge"); it is detected where it does and none is given.
    """
    return [text[start:end] for start, end in spans(text, language)]


def _split_at_spaces(text: str, found: Iterable[Span]) -> Iterator[Span]:
    for start, stop in found:
        begin = start
        for end, following in ends_at_spaces(text, start, stop):
            yield begin, end
            begin = following
        yield begin, stop


class _Splitter:
    """One text and its language, with the questions that each possible end is asked."""

    def __init__(self, text: str, language: str | None) -> None:
        self._text = text
        self._language = language

    @cached_property
    def _marks(self) -> re.Pattern[str]:
        return _PLAIN_END if self._text.isascii() else _END

    @cached_property
    def _writes_ordinals(self) -> bool:
        language = self._language or detect_language(self._text)
        return language in known.ORDINAL_LANGUAGES

    def split(self, block: Span) -> Iterator[Span]:
        start, stop = block
        caseless = not _has_capitals(self._text, start, stop)
        for match in self._marks.finditer(self._text, start, stop):
            if match.end() < stop and self._ends(start, stop, match, caseless):
                yield from self._trimmed(start, match.end())
                start = match.end()
        yield from self._trimmed(start, stop)

    def _trimmed(self, start: int, stop: int) -> Iterator[Span]:
        text = self._text
        while start < stop and (text[start].isspace() or text[start] in _TRIM):
            start += 1
        while start < stop and (text[stop - 1].isspace() or text[stop - 1] in _TRIM):
            stop -= 1
        while stop - start > MAX_SENTENCE:
            cut = _cut(text, start)
            yield from self._trimmed(start, cut)
            start = cut
            while start < stop and text[start].isspace():
                start += 1
        if start < stop:
            yield start, stop

    def _ends(self, start: int, stop: int, match: re.Match[str], caseless: bool) -> bool:
        mark = match["mark"]
        if mark[-1] in _CJK_MARKS:
            return self._cjk_ends(start, match)
        if mark[-1] in _OTHER_MARKS:
            return True
        if mark[-1] in ":;":
            return self._text[match.end()].isspace() and not self._text[match.end() :][:9].lstrip()[:1].islower()
        if not self._text[match.end()].isspace():
            return self._glued_ends(start, match)
        return self._spaced_ends(start, stop, match, caseless)

    def _cjk_ends(self, start: int, match: re.Match[str]) -> bool:
        text, close, end = self._text, match["close"], match.end()
        after = text[end]
        if (match["mark"] == "．" and after.isdigit()) or "》" in close or "〉" in close:
            return False  # a decimal, or the mark of a title
        if after.isspace() and text[end : end + 9].lstrip()[:1].islower():
            return False  # a Chinese quotation in an English sentence
        if _closes_later(text, start, match, "（", "）"):
            return False
        if close:
            quoted = any(mark in close for mark in "」』”")
            return not quoted or (after not in _QUOTE_GOES_ON and not _CHINESE_SPEAKER.match(text, end))
        closing = _closes_later(text, start, match, "「", "」")
        return not closing or text[closing + 1 : closing + 2] not in _QUOTE_GOES_ON

    def _glued_ends(self, start: int, match: re.Match[str]) -> bool:
        """No space follows: `tweeted.The ship`, `했다.그는`, `你好吗?我`."""
        text, end = self._text, match.end()
        before, after = text[max(start, match.start() - 2) : match.start()], text[end]
        if not match["close"] and "가" <= after <= "힣":
            return before[-1:] in _KOREAN_ENDING if before else False
        if "\u3040" <= after <= "\u9fff" and match["mark"][-1] in "!?…":
            trails_off = match["mark"][-1] == "…" and before[-1:] not in _TRAILS_OFF
            return "\u3040" <= before[-1:] <= "\u9fff" and not trails_off
        if not (before[:1].islower() and before[1:].islower()):
            return False
        following = _GLUED.match(text, end)
        if following is None or following[0] in _SITE_ENDS:
            return False
        return not any(sign in self._token(start, match.start()) for sign in "@/")

    def _spaced_ends(self, start: int, stop: int, match: re.Match[str], caseless: bool) -> bool:
        text, mark = self._text, match["mark"]
        following = _NEXT.match(text, match.end(), stop)
        word = following["word"] if following else None
        if following is None or not word:
            return True
        if word[0].islower() and not caseless and following["open"][-1:] not in ("#", "@"):
            return bool(_CAMEL.match(word)) and mark == "."
        if self._is_inside(start, match, word):
            return False
        if mark == ".":
            return self._full_stop_ends(start, match, following)
        if mark[-1] in ".…":
            return self._ellipsis_ends(match, word)
        return self._cry_ends(start, match, following)

    def _is_inside(self, start: int, match: re.Match[str], word: str) -> bool:
        """Whether the mark stands inside brackets or a Korean quotation, after which the sentence goes on."""
        if _closes_later(self._text, start + 1, match, "(", ")"):
            return True
        return "가" <= word[0] <= "힣" and self._korean_quotation_goes_on(start, match)

    def _korean_quotation_goes_on(self, start: int, match: re.Match[str]) -> bool:
        """Whether the mark stands inside a quotation that a particle follows."""
        text = self._text
        before = _QUOTE.findall(text, max(start, match.start() - _REACH), match.end())
        if not before or before[-1] == "”" or (before[-1] == '"' and len(before) % 2 == 0):
            return False
        closing = _QUOTE.search(text, match.end(), match.end() + _REACH)
        return bool(closing and closing[0] != "“" and _HANGUL.match(text, closing.end()))

    def _ellipsis_ends(self, match: re.Match[str], word: str) -> bool:
        before = self._text[match.start() - 1 : match.start()]
        return not before.isspace() or word in known.STARTERS

    def _cry_ends(self, start: int, match: re.Match[str], following: re.Match[str]) -> bool:
        if self._token(start, match.start()).lower() in known.EXCLAIMING_NAMES:
            return following["word"] in known.STARTERS
        if not match["close"] or following["open"]:
            return True
        speaker = _SPEAKER.match(self._text, following.start("word"))
        words = self._text[following.start("word") : following.start("word") + 60].split()[:4]
        return speaker is None or not any(word.strip(".,") in known.SPEECH_VERBS for word in words)

    def _token(self, start: int, end: int) -> str:
        """The word that ends at `end`, without what opens it."""
        piece = self._text[max(start, end - 40) : end]
        if not piece or piece[-1].isspace():
            return ""
        return piece.rsplit(None, 1)[-1].lstrip("\"'“‘«„([{<¿¡*_–—-")

    def _full_stop_ends(self, start: int, match: re.Match[str], following: re.Match[str]) -> bool:
        token = self._token(start, match.start())
        for mark in "—–/":
            if mark in token:
                token = token.rsplit(mark, 1)[-1]
        if not token:
            return True
        if following["open"].lstrip()[:1] in _DASHES and known.shortens(token):
            return False  # a dateline: "WASHINGTON, D.C. -- The Senate"
        if token.isdecimal():
            return self._number_ends(start, match, following, token)
        if len(token) == 1:
            return self._letter_ends(start, match, following, token)
        return self._shortening_ends(start, match, following, token)

    def _shortening_ends(self, start: int, match: re.Match[str], following: re.Match[str], token: str) -> bool:
        starts = self._starts(match, following)
        if "." in token and _ACRONYM.fullmatch(token):
            return _acronym_ends(token, following["word"], starts)
        if _ROMAN.fullmatch(token) and match.start() - len(token) <= start + 1:
            return False  # "II. The flood": a list's number
        return self._word_ends(token, following["word"], starts)

    def _starts(self, match: re.Match[str], following: re.Match[str]) -> bool:
        """Whether the word that follows usually begins a sentence; in capitals alone it is read as if it were small."""
        word = following["word"]
        if word in known.NUMBERED and following["tail"]:
            return False
        if len(word) > 1 and word.isupper() and self._text[max(0, match.start() - 30) : match.start()].isupper():
            word = word.capitalize()
        return word in known.STARTERS

    def _word_ends(self, token: str, word: str, starts: bool) -> bool:
        low = token.lower()
        small = token.islower()
        if low in known.NEVER_END and not (small and low in known.ONLY_CAPITALIZED):
            return False
        if (low in known.BEFORE_NUMBERS or low.endswith("str")) and word[0].isdigit():
            return False
        if low in known.MAY_END and not (small and low in known.MAY_END_CAPITALIZED):
            return starts or (low == "etc" and word[0].isupper())
        if _NO_VOWELS.fullmatch(token) and low not in known.BEFORE_NUMBERS:
            return starts
        if "." in token and token.isupper():
            return self._word_ends(token.rsplit(".", 1)[-1], word, starts)  # "PGS.TS."
        return not (_ROMAN.fullmatch(token) and self._writes_ordinals) or starts

    def _number_ends(self, start: int, match: re.Match[str], following: re.Match[str], token: str) -> bool:
        word = following["word"]
        before = match.start() - len(token)
        if (
            len(token) <= _LIST_NUMBER
            and before - start < _LIST_MARKS
            and not self._text[start:before].strip("\"'“‘([ \n•*-")
        ):
            return False  # "1. First": a list's number
        if word.isdecimal() and len(word) <= _ORDINAL and following["tail"]:
            return False  # "2017. 5. 19."
        if _DATE_BEFORE.search(self._text, max(start, match.start() - 9), match.start()) and "가" <= word[0] <= "힣":
            return False  # "2017. 5. 19. 서울에서"
        if len(token) <= _ORDINAL and self._writes_ordinals:
            return word in known.STARTERS
        return True

    def _letter_ends(self, start: int, match: re.Match[str], following: re.Match[str], token: str) -> bool:
        word = following["word"]
        before = self._text[max(start, match.start() - 30) : match.start() - 1].split()
        if not before and match.start() - 1 <= start + 2:
            return False  # an initial or a list's letter begins the sentence
        if before and before[-1].lower() in known.LETTERED:
            return True
        if "\u0590" <= token <= "\u0dff":
            return False  # Hebrew, Arabic, Indic: a title's letter
        if not (token.isupper() or token.islower()):
            return True
        if before and before[-1] == "т.":
            return word[0].isupper()  # "и т. д."
        return word in known.STARTERS and not following["tail"]


def _acronym_ends(token: str, word: str, starts: bool) -> bool:
    if token.lower() in ("a.m", "p.m"):
        return word[0].isupper() and word.lower() not in known.AFTER_TIME
    if token.lower() in known.NEVER_END:
        return False
    return starts


def _closes_later(text: str, start: int, match: re.Match[str], opening: str, closing: str) -> int:
    """Where the bracket closes that opened before the mark, within the sentence and soon; 0 where there is none."""
    near = max(start, match.start() - _REACH)
    opened = text.rfind(opening, near, match.start())
    if opened < 0 or opened < text.rfind(closing, near, match.start()) or closing in match["close"]:
        return 0
    closed = text.find(closing, match.end(), match.end() + _REACH)
    return closed if closed >= 0 and text.find(opening, match.end(), closed) < 0 else 0


def _has_capitals(text: str, start: int, stop: int) -> bool:
    """Whether the block writes capitals at all; a chat line or a caseless script may not."""
    return not text[start : min(stop, start + 2_000)].islower()


def _cut(text: str, start: int) -> int:
    """Where an endless sentence is cut: after the last comma or space within bounds, else at the bound."""
    limit = start + MAX_SENTENCE
    for mark in (";", "；", "，", ",", "、", " "):
        cut = text.rfind(mark, start + MAX_SENTENCE // 2, limit)
        if cut >= 0:
            return cut + 1
    return limit
