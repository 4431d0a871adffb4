"""Lines of a page saved as text, and what each looks like by itself: prose, caption, link, boilerplate. Pure."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

MAX_LINES = 20_000

CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
TOKEN = re.compile(rf"[{CJK}]|[^\W_{CJK}]+")
_HAN = re.compile(rf"[{CJK}]")
# How many characters of Chinese or Japanese make a word, for lengths that are to mean the same in every script.
HAN_PER_WORD = 1.6
# Words in a line, from trying on 76 pages rendered by three tools.
_FULL = 0.75  # of a column: a line broken there misses it by a word at most
_PHRASE, _SENTENCE, _LINK, _UNENDED, _NOTICE = 4, 10, 12, 22, 25

SENTENCE_END = re.compile(r"""(?:[.!?…。！？।؟۔][\])}"'”’»」』）]*|[”"]|[:：;；])$""")


class Hinted:
    """A pattern that is slow to search for, and words (in small letters) of which each match holds one."""

    def __init__(self, pattern: re.Pattern[str], hints: str) -> None:
        self.pattern = pattern
        self._hints = hints.split()

    def is_in(self, text: str) -> bool:
        return any(map(text.lower().__contains__, self._hints)) and bool(self.pattern.search(text))


_FULL_STOP = re.compile(r"""[.!?…。！？।؟۔][\])}"'”’»」』）]*$""")
_BULLET = re.compile(
    r"^(?:[•*+○□☆●▪■◆►▶–—#·‣∙☐✓◦›»>-]\s+|[•*+○□☆●▪■◆►‣∙◦]$|\d{1,2}[.)]\s+\S)"  # as inscriptis, w3m and lynx draw them
)
_CHROME_BEGINS = re.compile(
    r"""(?ix)
    (?:also\ read|read\ (?:also|more|next|this)|see\ also|related(?:\ (?:story|stories|article))?|watch|more)\s?[:：]
    |\(BUTTON\)|\[[^\]]{0,40}\]$
    |(?:print|e?-?mail|tweet|twitter|x|share|save|close|menu|search|home|comments?|reply|like|video|photos?|next
        |previous|copy\ link|link|read\ more|more|view\ more|see\ more|watch(?:\ (?:now|live))?)\W*$
    |(?:공유하기?|인쇄|스크랩|글자\ ?크기|구독|로그인|댓글|分享(?:到|至)?|打印|收藏|评论|登录|注册|字号
        |シェア|印刷|ログイン|поделиться|печать|teilen|drucken|partager|imprimer|compartir|imprimir|condividi)\b.{0,24}$"""
)
_CHROME = Hinted(
    re.compile(
        r"""(?ix)IFRAME|\[INPUT|_{5,}|©
    |\b(?:share\ (?:this|on|via|with|article)|follow\ (?:us|@)|subscribe|sign\ (?:up|in)|log\ ?in|register|newsletter
        |advertis(?:ement|e|ing)|cookies?\ (?:policy|settings)|use\ (?:of\ )?cookies|privacy\ (?:policy|notice)
        |terms\ (?:of|and|&)|all\ rights\ reserved|copyright|skip\ to|e-?mail\ address|click\ here|tap\ here
        |your\ (?:inbox|browser|email)|javascript|load(?:ing|\ more)|continue\ reading|this\ (?:site|website)\ uses
        |terms\ apply|unsubscribe|adblock|facebook|whatsapp|pinterest|linkedin|messenger|tumblr|reddit)\b"""
    ),
    """iframe [input _____ © share follow subscribe sign log register newsletter advertis cookie privacy terms rights
    copyright skip mail click tap inbox browser javascript load reading uses adblock facebook whatsapp pinterest
    linkedin messenger tumblr reddit""",
)
_MARK = re.compile(r"[.,;:!?…]\s|[，。！？；、؛،।]")
_UNMARKED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")  # Thai, Lao, Burmese, Khmer go without marks
# Markup and addresses of counting pixels, as text browsers leave them over.
_DEBRIS = re.compile(
    r"""(?x)</?(?:div|span|img|a|br|p|script|iframe|small|strong|em|i|b|td|tr|table)\b|&(?:amp|lt|\#\d+);|="
    |\w=\S+&\w|\{\s*\w+\s*:|;\s*\}"""
)
# A heading under which an article is over.
_STOP = re.compile(
    r"""(?ix)^\W*(?:
    (?:you\ )?(?:may|might)\ also\ (?:like|be\ interested)|most\ (?:popular|read|viewed|shared|recent|commented)
    |related\b.{0,40}|recommended\b.{0,30}|read\ (?:next|also)|more\ (?:from|on|in|stories|news|about)\b.{0,40}
    |(?:leave|post|add|write)\ a\ (?:comment|reply).*|(?:\d+\ )?comments?(?:\ \(?\d+\)?)?|trending.{0,20}
    |popular\ .{0,30}
    |latest\ (?:news|stories|articles|posts|videos).{0,20}|top\ (?:stories|news)|editor.?s?.?\ picks?
    |about\ the\ author.{0,20}|share\ this\ (?:story|article|post).{0,20}|topics?:?|tags?:.{0,200}|filed\ under.*
    |also\ read|see\ also|what\ to\ read\ next|around\ the\ web|sponsored.{0,30}
    |promoted.{0,20}|from\ our\ partners|up\ next
    |conversation.{0,10}|discussion|reader\ comments|join\ the\ conversation
    |関連.{0,10}|相关.{0,10}|推荐.{0,6}|热门.{0,8}|관련\ ?(?:기사|뉴스).{0,10}|많이\ 본.{0,10}|인기\ ?기사
    |похожие.{0,20}|читайте\ также.*|материалы\ по\ теме|mehr\ zum\ thema.*|das\ könnte\ (?:sie|dich).*
    |lire\ aussi.*|à\ lire.*
    |te\ puede\ interesar.*|noticias\ relacionadas|leia\ (?:também|mais).*|leggi\ anche.*
    )\W*$"""
)
# What stands between readers' comments, and below teasers: a word to press, a count of votes, a date alone.
_REPLY = re.compile(
    r"""(?ix)^\W*(?:
    reply|report(?:\ (?:abuse|comment))?|flag|quote|like|upvote|downvote|permalink|edited|share
    |(?:rating:\ )?\d+\ (?:votes?|likes?|replies|comments?|points?|shares)|.{2,40}\ says:
    |antworten|zitieren|répondre|responder|rispondi|ответить|yanıtla|回复|返信|답글
    |(?:.{0,40}[·|•,]\ ?)?(?:an?|\d+)\ (?:second|minute|min|hour|day|week|month|year)s?\ ago
    |(?:\d{1,2}\ )?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?\ (?:\d{1,2},?\ )?(?:19|20)\d\d
        (?:\ at\ [\d:]+\ ?[ap]?m?)?
    |.{2,50}[·•|]\ (?:\d{1,2}\ )?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?\ .{2,30}
    |\d{1,2}[./-]\d{1,2}[./-](?:19|20)?\d\d(?:\ [\d:]+)?
    )\W*$"""
)
_CAPTION = Hinted(
    re.compile(
        r"""(?ix)
    [\[(]?\b(?:photo|image|picture|foto|video|credit|photograph|photos)\b(?:\ ?(?:credit|by|source|courtesy))?\s*[:/]
    |getty\ images|\bAFP/|\bAP\ photo|/\s?(?:AP|AFP|Reuters|Xinhua|Getty)\b\W*$|REUTERS/|[\[(]photo\b|file\ photo
    |courtesy\ (?:of|photo)|image\ (?:source|copyright|caption)|\((?:L|R|C|left|right|center|centre)\)
    |,\ (?:left|right|center),|^(?:▲|△|图为|圖為|사진\ ?[=:：]|写真[=：:])|[\[(]사진|(?:摄|攝)[)）]?$|新华社发"""
    ),
    """photo image picture foto video credit getty / courtesy (l) (r) (c) (left) (right) (center) (centre)
    left, right, center, ▲ △ 图为 圖為 사진 写真 摄 攝 新华社发""",
)


class Kind(StrEnum):
    PROSE = "prose"
    MEDIUM = "medium"
    LONG_ITEM = "long_item"
    CAPTION = "caption"
    CHROME = "chrome"
    STOP = "stop"
    REPLY = "reply"
    SHORT = "short"
    ITEM = "item"


TEXT = frozenset({Kind.PROSE, Kind.MEDIUM, Kind.LONG_ITEM})


@dataclass(frozen=True, slots=True)
class Line:
    """`words` counts words, or what takes as long to read; `repeats` how often the line occurs in its text."""

    text: str
    kind: Kind
    words: float
    after_blank: bool
    repeats: int

    @property
    def ends(self) -> bool:
        """Ends as a sentence may, a colon and a closing quote included."""
        return bool(SENTENCE_END.search(self.text))


def folded(text: str) -> str:
    """The words alone, for comparing lines."""
    return " ".join(TOKEN.findall(text.lower()))


def count_words(text: str) -> float:
    han = len(_HAN.findall(text))
    return len(TOKEN.findall(text)) - han + han / HAN_PER_WORD


def read_lines(text: str) -> list[Line]:
    """The lines that aren't blank, whitespace folded, paragraphs wrapped at a column joined again."""
    rows = _unwrapped(_rows(text))[:MAX_LINES]
    words = [folded(row) for row, _ in rows]
    repeats = Counter(words)
    return [_line(row, after_blank, repeats[own]) for (row, after_blank), own in zip(rows, words, strict=True)]


def is_sentence(text: str) -> bool:
    return bool(_FULL_STOP.search(text))


def is_item(text: str) -> bool:
    """Begins with a bullet or a number, as the items of a list do."""
    return bool(_BULLET.match(text))


def is_caption(text: str) -> bool:
    return _CAPTION.is_in(text) and count_words(text) < 70  # noqa: PLR2004 - longer is a paragraph


def _line(text: str, after_blank: bool, repeats: int) -> Line:
    words = count_words(text)
    return Line(text, _kind(text, words), words, after_blank, repeats)


def _kind(text: str, words: float) -> Kind:
    ends, item = bool(SENTENCE_END.search(text)), is_item(text)
    cases = (
        (words < _LINK and bool(_STOP.match(text)), Kind.STOP),
        (words < _LINK and bool(_REPLY.match(text)), Kind.REPLY),
        (len(_DEBRIS.findall(text)) > words / 12, Kind.CHROME),
        ((words < _NOTICE or not ends) and _is_chrome(text), Kind.CHROME),
        (is_caption(text), Kind.CAPTION),
        (words >= _SENTENCE and ends and not item, Kind.PROSE),
        (words >= _UNENDED and _is_punctuated(text, words), Kind.LONG_ITEM if item else Kind.PROSE),
        (words >= _LINK and item and ends, Kind.LONG_ITEM),
        (item, Kind.ITEM),
        (ends and words >= _PHRASE, Kind.MEDIUM),
    )
    return next((kind for holds, kind in cases if holds), Kind.SHORT)


def _is_chrome(text: str) -> bool:
    return bool(_CHROME_BEGINS.match(text)) or _CHROME.is_in(text)


def _is_punctuated(text: str, words: float) -> bool:
    """As sentences are; lists of tags and links have no marks, or one after each name."""
    return bool(_UNMARKED.search(text)) or words / 60 <= len(_MARK.findall(text)) <= words / 3.5


def _rows(text: str) -> list[tuple[str, bool]]:
    rows, after_blank = [], True
    for raw in text.splitlines():
        row = " ".join(raw.split())
        if row:
            rows.append((row, after_blank))
        after_blank = not row
    return rows


def _unwrapped(rows: Sequence[tuple[str, bool]]) -> list[tuple[str, bool]]:
    """Join lines that were broken at a column: most lines just short of it, and going on in the next."""
    width = _wrap_width(rows)
    if width is None:
        return [row for block in _blocks(rows) for row in _unwrapped_block(block)]
    joined: list[tuple[str, bool]] = []
    full = False
    for row, after_blank in rows:
        if full and not after_blank and not _BULLET.match(row):
            joined[-1] = (f"{joined[-1][0]} {row}", joined[-1][1])
        else:
            joined.append((row, after_blank))
        full = len(row) > _FULL * width
    return joined


def _blocks(rows: Sequence[tuple[str, bool]]) -> Iterator[list[tuple[str, bool]]]:
    """Rows with no blank one between them."""
    block: list[tuple[str, bool]] = []
    for row in rows:
        if row[1] and block:
            yield block
            block = []
        block.append(row)
    yield block


def _unwrapped_block(block: list[tuple[str, bool]]) -> list[tuple[str, bool]]:
    """One row where all but its last are about as wide as a column and most break off a sentence."""
    texts = [row for row, _ in block]
    width = max(map(len, texts), default=0)
    full = all(len(text) > _FULL * width for text in texts[:-1]) and not any(map(_BULLET.match, texts[1:]))
    broken = sum(not SENTENCE_END.search(text) for text in texts[:-1])
    lower = sum(text[:1].islower() for text in texts[1:])
    if len(block) > 2 and 40 <= width <= 100 and full and broken > len(block) / 2 and 3 * lower >= len(block):  # noqa: PLR2004
        return [(" ".join(texts), block[0][1])]
    return block


def _wrap_width(rows: Sequence[tuple[str, bool]]) -> int | None:
    """The column at which a text was wrapped (40 to 100), None where it wasn't.

    Told by the lines that have another right below: nearly all are about as long, and most break off a sentence.
    """
    width = max((len(row) for row, _ in rows), default=0)
    above = [row for (row, _), (_, after_blank) in pairwise(rows) if not after_blank]
    long = [row for row in above if len(row) > _FULL * width]
    broken = [row for row in long if not SENTENCE_END.search(row)]
    wrapped = len(long) > 1 and len(long) > 0.6 * len(above) and len(broken) > len(long) / 2
    return width if wrapped and 40 <= width <= 100 else None  # noqa: PLR2004
