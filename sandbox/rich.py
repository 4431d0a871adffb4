"""Rich messages: their HTML to blocks, within the limits that Telegram names. Pure but for photos, kept by address.

Read are the tags that `_BLOCKS` and `_MARKS` name; those of media other than photos, of tables, maps and formulas, and
rich Markdown, are refused here though Telegram takes them. The words of refusals are this server's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from sandbox.errors import ApiError, refuse
from sandbox.links import BadLinkError, checked

# Limits of Telegram's servers: characters, blocks with those inside, nesting, media.
MOST_CHARACTERS = 32_768
MOST_BLOCKS = 500
MOST_DEPTH = 16
MOST_MEDIA = 50

_HEADINGS = {f"h{size}": size for size in range(1, 7)}
_LEAVES = frozenset(_HEADINGS) | {"p", "footer", "summary", "figcaption"}  # hold text
_BLOCKS = _LEAVES | {"hr", "img", "figure", "details", "blockquote", "ul", "ol", "li"}
_MARKS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "code": "code",
    "mark": "marked",
    "sub": "subscript",
    "sup": "superscript",
    "tg-spoiler": "spoiler",
}
_INLINE = frozenset(_MARKS) | {"a", "cite", "tg-time"}
_EMPTY = frozenset({"hr", "img", "br"})
_TIME_FORMAT = re.compile(r"r|w?[dD]?[tT]?")
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)

Json = dict[str, Any]
Photo = Callable[[str], Json]


@dataclass(slots=True)
class _Node:
    """A tag with what is inside: strings and nodes."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    inside: list[_Node | str] = field(default_factory=list)


def rich_message(given: Json, photo: Photo) -> Json:
    """The RichMessage that an InputRichMessage stands for; raises ApiError 400. `photo` keeps a photo's address."""
    kinds = [name for name in ("html", "markdown") if given.get(name)]
    if not kinds:
        raise refuse("rich message must be non-empty")
    if len(kinds) > 1:
        raise _wrong("exactly one of the fields html and markdown must be used")
    if kinds == ["markdown"] or not isinstance(given["html"], str):
        raise _wrong("this server reads HTML only")
    blocks = _Blocks(photo).of(_tree(given["html"]).inside)
    _within_limits(blocks)
    return {"blocks": blocks, **({"is_rtl": True} if given.get("is_rtl") else {})}


def _wrong(text: str) -> ApiError:
    return refuse(f"can't parse rich message: {text}")


# Tags to a tree


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [_Node("")]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _BLOCKS | _INLINE | {"br"}:
            raise _wrong(f'Unsupported start tag "{tag}"')
        node = _Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].inside.append(node)
        if tag in _EMPTY:
            return
        self.open.append(node)
        if len(self.open) - 1 > MOST_DEPTH:
            raise _wrong("nesting is too deep")

    def handle_endtag(self, tag: str) -> None:
        if tag in _EMPTY:
            return
        if self.open[-1].tag != tag:
            expected = f', expected "</{self.open[-1].tag}>"' if len(self.open) > 1 else ""
            raise _wrong(f'Unmatched end tag "</{tag}>"{expected}')
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].inside.append(data)


def _tree(html: str) -> _Node:
    reader = _Tree()
    reader.feed(html)
    reader.close()
    if len(reader.open) > 1:
        raise _wrong(f'Can\'t find end tag corresponding to start tag "{reader.open[-1].tag}"')
    return reader.open[0]


# The tree to blocks


class _Blocks:
    def __init__(self, photo: Photo) -> None:
        self._photo = photo
        self._media = 0

    def of(self, inside: Iterable[_Node | str]) -> list[Json]:
        """Blocks; text between them is a paragraph of its own."""
        blocks: list[Json] = []
        loose: list[_Node | str] = []
        for item in inside:
            if isinstance(item, _Node) and item.tag in _BLOCKS:
                blocks += [*_paragraph(loose), self._block(item)]
                loose = []
            else:
                loose.append(item)
        return [*blocks, *_paragraph(loose)]

    def _block(self, node: _Node) -> Json:
        if node.tag in _HEADINGS:
            return {"type": "heading", "text": _filled(node), "size": _HEADINGS[node.tag]}
        if node.tag in ("p", "footer"):
            return {"type": "paragraph" if node.tag == "p" else "footer", "text": _filled(node)}
        makers = {
            "hr": lambda _: {"type": "divider"},
            "img": self._image,
            "figure": self._figure,
            "details": self._details,
            "blockquote": lambda quote: {"type": "blockquote", "blocks": self._some(quote)},
            "ul": self._list,
            "ol": self._list,
        }
        if node.tag not in makers:
            raise _wrong(f'The tag "{node.tag}" can\'t stand here')
        return makers[node.tag](node)

    def _image(self, node: _Node) -> Json:
        source = node.attributes.get("src", "")
        if not _ADDRESS.match(source):
            raise refuse("wrong HTTP URL specified")
        self._media += 1
        if self._media > MOST_MEDIA:
            raise _wrong("too many media")
        return {"type": "photo", **self._photo(source)}

    def _figure(self, node: _Node) -> Json:
        images = [item for item in _nodes(node) if item.tag == "img"]
        captions = [item for item in _nodes(node) if item.tag == "figcaption"]
        if len(images) != 1 or len(captions) > 1 or len(_nodes(node)) != len(images) + len(captions):
            raise _wrong('The tag "figure" must hold a photo, and a "figcaption" at most')
        return {**self._image(images[0]), **({"caption": _caption(captions[0])} if captions else {})}

    def _details(self, node: _Node) -> Json:
        first, *others = [item for item in node.inside if isinstance(item, _Node) or item.strip()] or [""]
        if not isinstance(first, _Node) or first.tag != "summary":
            raise _wrong('The tag "details" must begin with a "summary"')
        opened = {"is_open": True} if "open" in node.attributes else {}
        return {"type": "details", "summary": _filled(first), "blocks": self._given(node, others), **opened}

    def _list(self, node: _Node) -> Json:
        if any(item.tag != "li" for item in _nodes(node)):
            raise _wrong(f'The tag "{node.tag}" holds "li" only')
        items = [
            {"label": f"{number}." if node.tag == "ol" else "•", "blocks": self._some(item)}
            for number, item in enumerate(_nodes(node), 1)
        ]
        return {"type": "list", "items": items}

    def _some(self, node: _Node) -> list[Json]:
        return self._given(node, node.inside)

    def _given(self, node: _Node, inside: Iterable[_Node | str]) -> list[Json]:
        blocks = self.of(inside)
        if not blocks:
            raise _wrong(f'The tag "{node.tag}" must be non-empty')
        return blocks


def _nodes(node: _Node) -> list[_Node]:
    """The tags inside; text between them is white space."""
    if any(isinstance(item, str) and item.strip() for item in node.inside):
        raise _wrong(f'There can be no text right inside the tag "{node.tag}"')
    return [item for item in node.inside if isinstance(item, _Node)]


def _caption(node: _Node) -> Json:
    credit = [item for item in node.inside if isinstance(item, _Node) and item.tag == "cite"]
    words = _text([item for item in node.inside if item not in credit])
    return {"text": words, **({"credit": _text(credit[0].inside)} if credit else {})}


def _paragraph(loose: list[_Node | str]) -> list[Json]:
    text = _text(loose)
    return [{"type": "paragraph", "text": text}] if _plain(text).strip() else []


def _filled(node: _Node) -> Any:
    text = _text(node.inside)
    if not _plain(text).strip():
        raise _wrong(f'The tag "{node.tag}" must be non-empty')
    return text


def _text(inside: Iterable[_Node | str]) -> Any:
    """RichText: a string, or an array of strings and marked texts. White space runs together, as in any HTML."""
    found = [re.sub(r"[ \t\r\n]+", " ", item) if isinstance(item, str) else _marked(item) for item in inside]
    if len(found) == 1:
        return found[0]
    return found or ""


def _marked(node: _Node) -> Any:
    if node.tag == "br":
        return "\n"
    if node.tag in _BLOCKS:
        raise _wrong(f'The tag "{node.tag}" can\'t stand inside text')
    text = _text(node.inside)
    if node.tag in _MARKS:
        return {"type": _MARKS[node.tag], "text": text}
    return {"a": _link, "tg-time": _time}.get(node.tag, lambda _, words: words)(node, text)


def _link(node: _Node, text: Any) -> Any:
    try:
        return {"type": "url", "text": text, "url": checked(node.attributes.get("href", ""))}
    except BadLinkError:
        return text


def _time(node: _Node, text: Any) -> Any:
    unix, form = node.attributes.get("unix", ""), node.attributes.get("format", "")
    if not unix.isdecimal() or int(unix) >= 2**31 or not _TIME_FORMAT.fullmatch(form):
        return text
    return {"type": "date_time", "text": text, "unix_time": int(unix), "date_time_format": form}


# Limits


def _within_limits(blocks: list[Json]) -> None:
    if not blocks:
        raise refuse("rich message must be non-empty")
    if sum(map(_count, blocks)) > MOST_BLOCKS:
        raise _wrong("too many blocks")
    if sum(map(_characters, blocks)) > MOST_CHARACTERS:
        raise refuse("message is too long")


def _count(block: Json) -> int:
    inner = [*block.get("blocks", []), *(inner for item in block.get("items", []) for inner in item["blocks"])]
    return 1 + len(block.get("items", [])) + sum(map(_count, inner))


def _characters(block: Json) -> int:
    caption = block.get("caption", {})
    texts = [block.get("text", ""), block.get("summary", ""), caption.get("text", ""), caption.get("credit", "")]
    inner = [*block.get("blocks", []), *(inner for item in block.get("items", []) for inner in item["blocks"])]
    return sum(len(_plain(text)) for text in texts) + sum(map(_characters, inner))


def _plain(text: Any) -> str:
    if isinstance(text, str):
        return text
    if isinstance(text, list):
        return "".join(map(_plain, text))
    return _plain(text["text"])


def words(message: Json) -> str:
    """All its text, a block a line: for previews and for tests."""
    return "\n".join(line for block in message["blocks"] for line in _lines(block))


def _lines(block: Json) -> list[str]:
    caption = block.get("caption", {})
    own = [_plain(text) for text in (block.get("text"), block.get("summary"), caption.get("text")) if text]
    inner = [*block.get("blocks", []), *(inner for item in block.get("items", []) for inner in item["blocks"])]
    return [*own, *(line for item in inner for line in _lines(item))]
