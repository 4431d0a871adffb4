"""Pure: Telegram's MarkdownV2 and its older Markdown to text and entities, with Telegram's refusals.

Rules from tdlib/td (MessageEntity.cpp), written in our own words. Offsets in refusals are bytes of the raw UTF-8 text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.entities import Entity, utf16
from sandbox.errors import ApiError, refuse
from sandbox.links import BadLinkError, checked, user_of

_RESERVED = frozenset("_*[]()~`>#+-=|{}.!\n")
_LAST_ESCAPABLE = "~"  # a backslash makes any ASCII character up to this one plain
_SPACE = " \t\r\n\v\0"
_MARKS = {"Bold": "*", "Italic": "_", "Underline": "__", "Strikethrough": "~", "Spoiler": "||"}
_CODE = {"Code": "`", "Pre": "```", "PreCode": "```"}
_ENDS = {**_MARKS, **_CODE, "TextUrl": "]", "CustomEmoji": "]"}
_KINDS = {**{name: name.lower() for name in _MARKS}, "Code": "code", "Pre": "pre", "PreCode": "pre"}
_OLD = {"*": "bold", "_": "italic", "`": "code"}


@dataclass(slots=True)
class _Open:
    name: str
    offset: int  # UTF-16
    begin: int  # index of the mark in the raw text
    start: int  # index into the pieces of text
    language: str = ""


def parse_markdown_v2(text: str) -> tuple[str, list[Entity]]:
    """Text without marks, and its entities; raises ApiError 400."""
    return _Version2(text).run()


def _wrong(text: str) -> ApiError:
    return refuse(f"can't parse entities: {text}")


def _target(url: str) -> tuple[str, dict[str, Any]]:
    user_id = user_of(url)
    if user_id:
        return "text_mention", {"user": {"id": user_id}}
    try:
        return "text_link", {"url": checked(url)}
    except BadLinkError:
        return "", {}


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text + "\0\0\0"
        self.size = len(text)
        self.at = 0
        self.pieces: list[str] = []
        self.units = 0
        self.entities: list[Entity] = []

    def _add(self, text: str) -> None:
        self.pieces.append(text)
        self.units += utf16(text)

    def _bytes(self, index: int) -> int:
        return len(self.text[:index].encode())

    def _sees(self, mark: str) -> bool:
        return self.text.startswith(mark, self.at)

    def _language(self) -> str:
        """The word after ```; `at` moves behind it and one line break."""
        end = self.at
        while self.text[end] not in _SPACE and self.text[end] != "`":
            end += 1
        language = self.text[self.at : end] if end < self.size and self.text[end] != "`" else ""
        self.at += len(language)
        first, second = self.text[self.at], self.text[self.at + 1]
        if first in "\n\r":
            self.at += 2 if second in "\n\r" and second != first else 1
        return language


class _Version2(_Reader):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.open: list[_Open] = []
        self.in_quote = False

    def run(self) -> tuple[str, list[Entity]]:
        while self.at < self.size:
            self._step()
        if self.open and self.open[-1].name == "BlockQuote":
            self._end_quote(expandable=False)
        if self.open:
            raise self._unclosed(self.open[-1])
        return "".join(self.pieces), self.entities

    def _unclosed(self, opened: _Open) -> ApiError:
        return _wrong(f"Can't find end of {opened.name} entity at byte offset {self._bytes(opened.begin)}")

    def _step(self) -> None:
        char, after = self.text[self.at], self.text[self.at + 1]
        if char == "\\" and "\0" < after <= _LAST_ESCAPABLE:
            self._add(after)
            self.at += 2
        elif self._is_plain(char):
            self._add(char)
            self.at += 1
        elif self._ends_here(char):
            self._end()
        else:
            self._begin(char)

    def _is_plain(self, char: str) -> bool:
        if self.open and self.open[-1].name in _CODE:
            return char != "`"
        return char not in _RESERVED

    def _ends_here(self, char: str) -> bool:
        if not self.open:
            return False
        name = self.open[-1].name
        if self.in_quote and name not in _CODE and self._quote_ends():
            return True
        if name == "Italic":
            return char == "_" and self.text[self.at + 1] != "_"
        return name in _ENDS and self._sees(_ENDS[name])

    def _quote_ends(self) -> bool:
        at = self.at
        if self._sees("||") and self.open[-1].name == "BlockQuote":
            at += 2
            if at >= self.size:
                return True
            return self.text[at] == "\n" and self.text[at + 1] != ">"
        return self.text[at] == "\n" and self.text[at + 1] != ">"

    def _begin(self, char: str) -> None:
        begin = self.at
        if char == "\n":
            self._line()
            return
        if char == ">":
            self._quote()
            return
        name, width = self._mark(char)
        self.at += width
        language = self._language() if name == "Pre" else ""
        self.open.append(_Open("PreCode" if language else name, self.units, begin, len(self.pieces), language))

    def _mark(self, char: str) -> tuple[str, int]:
        if char == "_":
            return ("Underline", 2) if self._sees("__") else ("Italic", 1)
        if char == "`":
            return ("Pre", 3) if self._sees("```") else ("Code", 1)
        pairs = {"*": ("Bold", 1), "~": ("Strikethrough", 1), "[": ("TextUrl", 1)}
        if self._sees("||"):
            return "Spoiler", 2
        if self._sees("!["):
            return "CustomEmoji", 2
        if char not in pairs:
            raise self._reserved(char)
        return pairs[char]

    def _reserved(self, char: str) -> ApiError:
        return _wrong(f"Character '{char}' is reserved and must be escaped with the preceding '\\'")

    def _line(self) -> None:
        self._add("\n")
        self.at += 1
        if self.text[self.at] != ">":
            return
        if self.in_quote:
            self.at += 1
        else:
            self._quote()

    def _quote(self) -> None:
        if self.pieces and not "".join(self.pieces[-1:]).endswith("\n"):
            raise self._reserved(">")
        self.open.append(_Open("BlockQuote", self.units, self.at, len(self.pieces)))
        self.in_quote = True
        self.at += 1

    def _end_quote(self, *, expandable: bool) -> None:
        opened = self.open.pop()
        self.in_quote = False
        kind = "expandable_blockquote" if expandable else "blockquote"
        self.entities.append(Entity(kind, opened.offset, self.units - opened.offset))

    def _end(self) -> None:
        opened = self.open[-1]
        char = self.text[self.at]
        if opened.name == "BlockQuote":
            expandable = char == "|"
            self.at += 2 if expandable else 0
            self._end_quote(expandable=expandable)
            if self.at < self.size:
                self._add("\n")
                self.at += 1
            return
        if char == "\n":
            raise self._unclosed(opened)
        self.at += len(_ENDS[opened.name])
        length = self.units - opened.offset
        kind, extra = self._meaning(opened)
        self.open.pop()
        if kind and length:
            self.entities.append(Entity(kind, opened.offset, length, extra))

    def _meaning(self, opened: _Open) -> tuple[str, dict[str, Any]]:
        if opened.name == "CustomEmoji":
            return self._emoji()
        if opened.name != "TextUrl":
            return _KINDS[opened.name], {"language": opened.language} if opened.language else {}
        if not self._sees("("):
            return _target("".join(self.pieces[opened.start :]))
        return _target(self._url("a URL"))

    def _emoji(self) -> tuple[str, dict[str, Any]]:
        if not self._sees("("):
            raise _wrong("Custom emoji entity must contain a tg://emoji URL")
        url = self._url("a custom emoji URL")
        number = url.removeprefix("tg://emoji?id=")
        if number == url or not number.isdecimal() or not int(number):
            raise _wrong("Invalid custom emoji identifier specified")
        return "custom_emoji", {"custom_emoji_id": number}

    def _url(self, what: str) -> str:
        self.at += 1
        begin = self.at
        url: list[str] = []
        while self.at < self.size and self.text[self.at] != ")":
            if self.text[self.at] == "\\" and "\0" < self.text[self.at + 1] <= _LAST_ESCAPABLE:
                self.at += 1
            url.append(self.text[self.at])
            self.at += 1
        if self.at >= self.size:
            raise _wrong(f"Can't find end of {what} at byte offset {self._bytes(begin)}")
        self.at += 1
        return "".join(url)


def parse_markdown(text: str) -> tuple[str, list[Entity]]:
    """The older style: *bold*, _italic_, `code`, ```pre``` and [text](url), never one in another."""
    return _Version1(text).run()


class _Version1(_Reader):
    def run(self) -> tuple[str, list[Entity]]:
        while self.at < self.size:
            char, after = self.text[self.at], self.text[self.at + 1]
            if char == "\\" and after in "_*`[":
                self._add(after)
                self.at += 2
            elif char not in "_*`[":
                self._add(char)
                self.at += 1
            else:
                self._entity(char)
        return "".join(self.pieces), self.entities

    def _entity(self, char: str) -> None:
        begin, offset = self.at, self.units
        mark = "```" if self._sees("```") else char
        self.at += len(mark)
        language = self._language() if mark == "```" else ""
        end = self.text.find("]" if mark == "[" else mark, self.at, self.size)
        if end < 0:
            raise _wrong(f"Can't find end of the entity starting at byte offset {self._bytes(begin)}")
        inside = self.text[self.at : end]
        self._add(inside)
        self.at = end + len(mark)
        kind, extra = self._meaning(mark, inside, language)
        if kind and inside:
            self.entities.append(Entity(kind, offset, self.units - offset, extra))

    def _meaning(self, mark: str, inside: str, language: str) -> tuple[str, dict[str, Any]]:
        if mark == "```":
            return "pre", {"language": language} if language else {}
        if mark != "[":
            return _OLD[mark], {}
        if not self._sees("("):
            return _target(inside)
        end = self.text.find(")", self.at, self.size)
        end = self.size if end < 0 else end
        url = self.text[self.at + 1 : end]
        self.at = min(end + 1, self.size)
        return _target(url)
