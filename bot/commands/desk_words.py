"""What editors type, taken apart: which article, what to change. Pure; knows no database."""

import re
from dataclasses import dataclass

_REFERENCE = re.compile(r"\s*(?:#|№)?\s*(\d{1,18})(?!\S)\s*(.*)", re.DOTALL)
_NUMBER_OR_RANGE = re.compile(r"(\d{1,6})(?:\s*[-–—]\s*(\d{1,6}))?")
_SIGNED = re.compile(r"(?:^|(?<=[\s,;，、；]))([+＋\-−–])\s*")
_BETWEEN_NAMES = re.compile(r"[,;，、；]")

_FIELDS = {
    "headline": "headline",
    "head": "headline",
    "title": "headline",
    "topics": "topics",
    "topic": "topics",
    "summary": "summary",
    "sentences": "summary",
    "sentence": "summary",
}
_NOTHING = frozenset({"none", "nothing", "-", "–"})
_AUTOMATIC = frozenset({"auto", "automatic", "reset"})
MAX_HEADLINE = 300
LONGEST_NUMBER = 18  # digits of an id that any database takes


@dataclass(frozen=True, slots=True)
class Reference:
    """`article_id` is None where the text doesn't begin with a number; `rest` is what follows it."""

    article_id: int | None
    rest: str


@dataclass(frozen=True, slots=True)
class TopicChange:
    """Names as typed. `replace`: the article has these and no others; otherwise they are added and dropped."""

    add: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    replace: bool = False


@dataclass(frozen=True, slots=True)
class Sentences:
    """Numbers from 1, ascending. `automatic`: let the summarizer choose again."""

    numbers: tuple[int, ...] = ()
    automatic: bool = False


@dataclass(frozen=True, slots=True)
class EditLine:
    """`field` is headline, topics, summary, or None where the line names none of them."""

    field: str | None
    value: str


class WordsError(ValueError):
    """What was typed can't be used; the message, for the person, says what can."""


def reference(text: str) -> Reference:
    """Split `12 rest`, `#12 rest`; the number must stand alone ("5G networks" is no reference)."""
    match = _REFERENCE.fullmatch(text)
    if match is None:
        return Reference(None, text.strip())
    return Reference(int(match.group(1)), match.group(2).strip())


def edit_line(text: str) -> EditLine:
    """Split `headline New words` into field and value; `Headline: New words` works too."""
    word, value = [*text.split(maxsplit=1), "", ""][:2]
    field = _FIELDS.get(word.rstrip(":").casefold())
    return EditLine(field, value.strip()) if field else EditLine(None, text.strip())


def headline(text: str) -> str:
    """One line, single spaces. Raises WordsError where nothing is left or it is too long for a headline."""
    folded = " ".join(text.split())
    if not folded:
        raise WordsError("A headline needs words.")
    if len(folded) > MAX_HEADLINE:
        raise WordsError(f"That is {len(folded)} characters; a headline may have {MAX_HEADLINE}.")
    return folded


def topic_change(text: str) -> TopicChange:
    """`korea, china` replaces; `+economy -asia` changes; `none` takes all topics away. Raises WordsError."""
    folded = " ".join(text.split())
    if not folded:
        raise WordsError("Name topics, such as: korea, china. Or change some: +economy -asia.")
    if folded.casefold() in _NOTHING:
        return TopicChange(replace=True)
    if _SIGNED.search(folded) is None:
        return TopicChange(add=_names(folded), replace=True)
    return _signed(folded)


def _names(text: str) -> tuple[str, ...]:
    names = (name.strip() for name in _BETWEEN_NAMES.split(text))
    return tuple(dict.fromkeys(name for name in names if name))


def _signed(text: str) -> TopicChange:
    """What stands before the first sign is added as well: `korea -asia` means +korea -asia."""
    before, *rest = _SIGNED.split(text)
    add, drop = list(_names(before)), list[str]()
    for sign, names in zip(rest[::2], rest[1::2], strict=True):
        (add if sign in "+＋" else drop).extend(_names(names))
    if not add and not drop:
        raise WordsError("Put a topic after the sign: +economy -asia.")
    return TopicChange(add=tuple(dict.fromkeys(add)), drop=tuple(dict.fromkeys(drop)))


def sentences(text: str, *, count: int) -> Sentences:
    """`1 3 5`, `1,3`, `2-4` or `auto`, out of `count` sentences. Raises WordsError naming what there is."""
    if text.strip().casefold() in _AUTOMATIC:
        return Sentences(automatic=True)
    left = re.sub(r"[\s,;，、.]+|\band\b", " ", _NUMBER_OR_RANGE.sub(" ", text)).strip()
    if left:
        raise WordsError(f"“{left}” is no sentence number. Send numbers from 1 to {count}, such as: 1 3 5.")
    chosen: set[int] = set()
    for ends in _NUMBER_OR_RANGE.findall(text):
        first, last = sorted(int(end) for end in (ends[0], ends[1] or ends[0]))
        chosen.update((first, *range(first, min(last, count + 1) + 1)))
    if not chosen:
        raise WordsError(f"Say which sentences, by number from 1 to {count}, such as: 1 3 5.")
    outside = sorted(number for number in chosen if not 1 <= number <= count)
    if outside:
        raise WordsError(f"The article has sentences 1 to {count}; there is no number {outside[0]}.")
    return Sentences(numbers=tuple(sorted(chosen)))
