"""Pure: Telegram's HTML to text and entities, with Telegram's refusals.

Only a few tags exist, only four named entities, and nothing is forgiven: see the list in `_TAGS`. Offsets in refusals
are bytes of the raw UTF-8 text. Rules from tdlib/td (MessageEntity.cpp, parse_html), written in our own words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sandbox.entities import Entity, utf16
from sandbox.errors import ApiError, refuse
from sandbox.links import BadLinkError, checked, user_of

_STYLE_OF = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "u": "underline",
    "ins": "underline",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
}
_TAGS = frozenset(_STYLE_OF) | {"a", "pre", "code", "blockquote", "tg-emoji", "tg-time"}
# Where a tag's argument stands, and what has to stand before it.
_ATTRIBUTES = {
    "a": ("href", ""),
    "code": ("class", "language-"),
    "span": ("class", "tg-"),
    "tg-emoji": ("emoji-id", ""),
}
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_SPACE = " \t\r\n\v\0"
_PLAIN = re.compile(r"[^<&]+")
_TAG_NAME = re.compile(r"[^ \t\r\n\v\0>]*")
_ATTRIBUTE = re.compile(r"[^ \t\r\n\v\0=>/\"']*")
_SPACES = re.compile(r"[ \t\r\n\v]*")
_TOKEN = re.compile(r"[A-Za-z0-9.-]*")
_REFERENCE = re.compile(r"&(?:#x(?P<hex>[0-9A-Fa-f]*)|#(?P<dec>[0-9]*)|(?P<name>[A-Za-z]*))(?P<end>;?)")
_TIME_FORMAT = re.compile(r"r|w?[dD]?[tT]?")
_LONGEST_REFERENCE = 10
_NO_CHARACTER = 0x10FFFF
_INT64 = 2**63


@dataclass(slots=True)
class _Open:
    tag: str
    argument: str
    offset: int  # UTF-16
    start: int  # index into the pieces of text


def parse_html(text: str) -> tuple[str, list[Entity]]:
    """Text without tags, and its entities as written (not yet sorted or trimmed); raises ApiError 400."""
    return _Parser(text).run()


def _wrong(text: str) -> ApiError:
    return refuse(f"can't parse entities: {text}")


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text + "\0"  # the end reads as a space that is no tag's end
        self.size = len(text)
        self.at = 0
        self.pieces: list[str] = []
        self.units = 0
        self.open: list[_Open] = []
        self.entities: list[Entity] = []
        self.halves = False

    def run(self) -> tuple[str, list[Entity]]:
        while self.at < self.size:
            self._step()
        if self.open:
            raise _wrong(f'Can\'t find end tag corresponding to start tag "{self.open[-1].tag}"')
        for entity in self.entities:
            if entity.type == "code":
                entity.extra.clear()
        return self._joined(), self.entities

    def _joined(self) -> str:
        text = "".join(self.pieces)
        if not self.halves:
            return text
        try:
            return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
        except UnicodeDecodeError as wrong:
            raise _wrong(
                "Text contains invalid Unicode characters after decoding HTML entities, "
                "check for unmatched surrogate code units"
            ) from wrong

    def _step(self) -> None:
        plain = _PLAIN.match(self.text, self.at, self.size)
        if plain:
            self._add(plain[0])
            self.at = plain.end()
        elif self.text[self.at] == "&":
            char, self.at = _reference(self.text, self.at)
            self.halves |= "\ud800" <= char <= "\udfff"
            self._add(char)
        elif self.text[self.at + 1] == "/":
            self._close()
        else:
            self._start()

    def _add(self, text: str) -> None:
        self.pieces.append(text)
        self.units += utf16(text)

    def _bytes(self, index: int) -> int:
        return len(self.text[:index].encode())

    def _start(self) -> None:
        begin = self.at
        name = _match(_TAG_NAME, self.text, begin + 1)
        self.at = begin + 1 + len(name)
        if self.at >= self.size:
            raise _wrong(f"Unclosed start tag at byte offset {self._bytes(begin)}")
        tag = name.lower()
        if tag not in _TAGS:
            raise _wrong(f'Unsupported start tag "{tag}" at byte offset {self._bytes(begin)}')
        attributes = self._attributes(tag, begin)
        argument = _argument(tag, attributes)
        if tag == "span" and argument != "spoiler":
            raise _wrong(f'Tag "span" must have class "tg-spoiler" at byte offset {self._bytes(begin)}')
        self.at += 1
        self.open.append(_Open(tag, argument, self.units, len(self.pieces)))

    def _attributes(self, tag: str, begin: int) -> dict[str, str]:
        """Leaves `at` on the tag's closing '>'. The last of two attributes with one name counts."""
        attributes: dict[str, str] = {}
        while self.text[self.at] != ">":
            self._skip_spaces()
            if self.text[self.at] == ">":
                break
            name = _match(_ATTRIBUTE, self.text, self.at)
            if not name:
                where = self._bytes(begin)
                if self.at >= self.size:
                    raise _wrong(f'Unclosed start tag "{tag}" at byte offset {where}')
                raise _wrong(f'Empty attribute name in the tag "{tag}" at byte offset {where}')
            self.at += len(name)
            self._skip_spaces()
            if self.text[self.at] == "=":
                self.at += 1
                self._skip_spaces()
                attributes[name] = self._value(tag, begin)
            else:
                attributes[name] = ""
            if self.at >= self.size:
                raise _wrong(f"Unclosed start tag at byte offset {self._bytes(begin)}")
        return attributes

    def _value(self, tag: str, begin: int) -> str:
        if self.at >= self.size:
            raise _wrong(f'Unclosed start tag "{tag}" at byte offset {self._bytes(begin)}')
        quote = self.text[self.at]
        if quote in "\"'":
            return self._quoted(quote)
        token = _match(_TOKEN, self.text, self.at)
        start = self.at
        self.at += len(token)
        if self.text[self.at] not in _SPACE and self.text[self.at] != ">":
            raise _wrong(f"Unexpected end of name token at byte offset {self._bytes(start)}")
        return token.lower()

    def _quoted(self, quote: str) -> str:
        self.at += 1
        value: list[str] = []
        while self.at < self.size and self.text[self.at] != quote:
            if self.text[self.at] == "&":
                char, self.at = _reference(self.text, self.at)
                value.append(char)
            else:
                value.append(self.text[self.at])
                self.at += 1
        if self.at < self.size:
            self.at += 1
        return "".join(value).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

    def _skip_spaces(self) -> None:
        self.at += len(_match(_SPACES, self.text, self.at))

    def _close(self) -> None:
        begin = self.at
        if not self.open:
            raise _wrong(f"Unexpected end tag at byte offset {self._bytes(begin)}")
        name = _match(_TAG_NAME, self.text, begin + 2)
        self.at = begin + 2 + len(name)
        self._skip_spaces()
        if self.text[self.at] != ">":
            raise _wrong(f"Unclosed end tag at byte offset {self._bytes(begin)}")
        last = self.open[-1]
        found = name.lower()
        if found and found != last.tag:
            raise _wrong(
                f'Unmatched end tag at byte offset {self._bytes(begin)}, expected "</{last.tag}>", found "</{found}>"'
            )
        self.at += 1
        if self.units > last.offset:
            self._mark(last)
        self.open.pop()

    def _mark(self, opened: _Open) -> None:
        length = self.units - opened.offset
        if opened.tag in {"pre", "code"}:
            self._mark_code(opened, length)
            return
        kind, extra = self._meaning(opened)
        if kind:
            self.entities.append(Entity(kind, opened.offset, length, extra))

    def _meaning(self, opened: _Open) -> tuple[str, dict[str, Any]]:
        """The entity that a tag stands for; none where its argument is no good."""
        tag, argument = opened.tag, opened.argument
        if tag == "a":
            return _link(argument or "".join(self.pieces[opened.start :]))
        if tag in _MEANINGS:
            return _MEANINGS[tag](argument)
        quote = "expandable_blockquote" if argument else "blockquote"
        return _STYLE_OF.get(tag, quote), {}

    def _mark_code(self, opened: _Open, length: int) -> None:
        """<pre><code class="language-x"> in either order is one `pre` with its language."""
        last = self.entities[-1] if self.entities else None
        same = last is not None and (last.offset, last.length) == (opened.offset, length)
        if opened.tag == "pre":
            if same and last is not None and last.type == "code" and last.extra:
                last.type = "pre"
                return
            self.entities.append(Entity("pre", opened.offset, length))
        elif same and last is not None and last.type == "pre" and opened.argument:
            last.extra = {"language": opened.argument}
        else:
            language = {"language": opened.argument} if opened.argument else {}
            self.entities.append(Entity("code", opened.offset, length, language))


def _match(pattern: re.Pattern[str], text: str, at: int) -> str:
    match = pattern.match(text, at)
    return match[0] if match else ""


def _argument(tag: str, attributes: dict[str, str]) -> str:
    if tag == "blockquote":
        return "expandable" if "expandable" in attributes else ""
    if tag == "tg-time":
        return f"{attributes.get('unix', '')} {attributes.get('format', '')}"
    attribute, prefix = _ATTRIBUTES.get(tag, ("", ""))
    return _after(attributes.get(attribute, ""), prefix)


def _after(value: str, prefix: str) -> str:
    return value[len(prefix) :] if value.startswith(prefix) else ""


def _link(url: str) -> tuple[str, dict[str, Any]]:
    user_id = user_of(url)
    if user_id:
        return "text_mention", {"user": {"id": user_id}}
    try:
        return "text_link", {"url": checked(url)}
    except BadLinkError:
        return "", {}


def _emoji(argument: str) -> tuple[str, dict[str, Any]]:
    if not argument.isdecimal() or not 0 < int(argument) < _INT64:
        raise _wrong("Invalid custom emoji identifier specified")
    return "custom_emoji", {"custom_emoji_id": argument}


def _time(argument: str) -> tuple[str, dict[str, Any]]:
    unix, _, form = argument.partition(" ")
    if not unix.isdecimal() or int(unix) >= 2**31 or not _TIME_FORMAT.fullmatch(form):
        return "", {}
    return "date_time", {"unix_time": int(unix), **({"date_time_format": form} if form else {})}


_MEANINGS = {"tg-time": _time, "tg-emoji": _emoji}


def _reference(text: str, at: int) -> tuple[str, int]:
    """A character reference at `at`, and where the text goes on; a bare or unknown one is just '&'."""
    match = _REFERENCE.match(text, at)
    if match is None:
        return "&", at + 1
    if match["name"] is not None:
        char = _NAMED.get(match["name"])
        return (char, match.end()) if char else ("&", at + 1)
    digits = match["hex"] if match["hex"] is not None else match["dec"]
    code = int(digits or "0", 16 if match["hex"] is not None else 10)
    too_long = match.end() - len(match["end"]) - at >= _LONGEST_REFERENCE
    if code == 0 or code >= _NO_CHARACTER or too_long:
        return "&", at + 1
    return chr(code), match.end()
