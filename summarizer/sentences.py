"""Where sentences end.

A line break ends a sentence, except inside a block of hard-wrapped prose. Within a line every full stop, question
mark, exclamation mark, ellipsis and their relatives in other scripts is looked at with what stands before and after it.
Nothing is rewritten: a sentence is a slice of its text.
"""

import re
from collections.abc import Iterator
from functools import cached_property

from summarizer import abbreviations as known
from summarizer.languages import detect_language
from summarizer.lines import Span, blocks

# A text without any mark would otherwise be one sentence; longer than any that a newspaper prints.
MAX_SENTENCE = 2_000

_CJK_MARKS = "。！？｡．"
_OTHER_MARKS = "؟۔।॥։።။៕"
_END = re.compile(
    rf"(?P<mark>[.!?…‼⁇⁈⁉{_OTHER_MARKS}{_CJK_MARKS}]+)"
    r"(?P<close>(?:[\"'”’›)\]}」』）】》〉］＂*_]|[“‘»«](?!\w)|[ \u00a0\u202f]»(?!\w)|\[\d{1,3}\])*)"
)
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
_REACH = 300  # characters within which brackets and quotations are looked for
_LIST_NUMBER = 3  # digits of a list's number at most
_ORDINAL = 2  # digits of an ordinal or a day at most
_LIST_MARKS = 9  # characters that may stand before a list's number


def spans(text: str, language: str | None = None) -> list[Span]:
    """Start and end of each sentence of `text`, in order; what lies between them is white space."""
    splitter = _Splitter(text, language)
    return [span for block in blocks(text) for span in splitter.split(block)]


def split_sentences(text: str, language: str | None = None) -> list[str]:
    """The sentences of `text` as exact substrings, in order.

    The language (ISO 639-1) matters for ordinals alone ("12. Bölge"); it is detected where it does and none is given.
    """
    return [text[start:end] for start, end in spans(text, language)]


class _Splitter:
    """One text and its language, with the questions that each possible end is asked."""

    def __init__(self, text: str, language: str | None) -> None:
        self._text = text
        self._language = language

    @cached_property
    def _writes_ordinals(self) -> bool:
        language = self._language or detect_language(self._text)
        return language in known.ORDINAL_LANGUAGES

    def split(self, block: Span) -> Iterator[Span]:
        start, stop = block
        caseless = not _has_capitals(self._text, start, stop)
        for match in _END.finditer(self._text, start, stop):
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
        if not self._text[match.end()].isspace():
            return self._glued_ends(start, match)
        return self._spaced_ends(start, stop, match, caseless)

    def _cjk_ends(self, start: int, match: re.Match[str]) -> bool:
        text, after = self._text, self._text[match.end()]
        if match["mark"] == "．" and after.isdigit():
            return False
        if match["close"]:
            return not ("」" in match["close"] or "』" in match["close"] or "”" in match["close"]) or (
                after not in _QUOTE_GOES_ON
            )
        near = max(start, match.start() - _REACH)
        if text.rfind("「", near, match.start()) <= text.rfind("」", near, match.start()):
            return True
        closing = text.find("」", match.end(), match.end() + _REACH)
        return closing < 0 or text[closing + 1 : closing + 2] not in _QUOTE_GOES_ON

    def _glued_ends(self, start: int, match: re.Match[str]) -> bool:
        """No space follows: `tweeted.The ship`, `했다.그는`, `你好吗?我`."""
        text, end = self._text, match.end()
        before, after = text[max(start, match.start() - 2) : match.start()], text[end]
        if not match["close"] and "가" <= after <= "힣":
            return before[-1:] in _KOREAN_ENDING if before else False
        if "\u3040" <= after <= "\u9fff" and match["mark"][-1] in "!?…":
            return "\u3040" <= before[-1:] <= "\u9fff" and match["mark"][-1] != "…"
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
        if word[0].islower() and not caseless:
            return bool(_CAMEL.match(word)) and mark == "."
        if self._bracket_is_open(start, match):
            return False
        if mark == ".":
            return self._full_stop_ends(start, match, following)
        if mark[-1] in ".…":
            return self._ellipsis_ends(match, word)
        return self._cry_ends(start, match, following)

    def _bracket_is_open(self, start: int, match: re.Match[str]) -> bool:
        """Whether the mark stands inside brackets that opened within the sentence and close soon after it."""
        text, near = self._text, max(start + 1, match.start() - _REACH)
        opened = text.rfind("(", near, match.start())
        if opened < 0 or opened < text.rfind(")", near, match.start()) or ")" in match["close"]:
            return False
        closing = text.find(")", match.end(), match.end() + _REACH)
        return closing >= 0 and text.find("(", match.end(), closing) < 0

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
        token, word = self._token(start, match.start()), following["word"]
        for mark in "—–/":
            if mark in token:
                token = token.rsplit(mark, 1)[-1]
        if not token:
            return True
        if token.isdecimal():
            return self._number_ends(start, match, following, token)
        if len(token) == 1:
            return self._letter_ends(start, match, following, token)
        if "." in token and _ACRONYM.fullmatch(token):
            return _acronym_ends(token, word)
        return self._word_ends(token, word)

    def _word_ends(self, token: str, word: str) -> bool:
        low = token.lower()
        small = token.islower()
        if low in known.NEVER_END and not (small and low in known.ONLY_CAPITALIZED):
            return False
        if low in known.BEFORE_NUMBERS and word[0].isdigit():
            return False
        if low in known.MAY_END and not (small and low in known.MAY_END_CAPITALIZED):
            return word in known.STARTERS or (low == "etc" and word[0].isupper())
        if _NO_VOWELS.fullmatch(token):
            return word in known.STARTERS
        return not (_ROMAN.fullmatch(token) and self._writes_ordinals) or word in known.STARTERS

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
        return word in known.STARTERS and not following["tail"]


def _acronym_ends(token: str, word: str) -> bool:
    if token.lower() in ("a.m", "p.m"):
        return word[0].isupper() and word.lower() not in known.AFTER_TIME
    if token.lower() in known.NEVER_END:
        return False
    return word in known.STARTERS


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
