"""Which topic somebody means who types a name: case, accents, aliases, beginnings and one typo are forgiven. Pure."""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from storage.records import Topic

# A word this long may hold a typo, one this long may be a beginning; in Korean and Chinese two letters say as much.
TYPO_FROM, PREFIX_FROM, IDEOGRAPHS_FROM = 4, 3, 2
SUGGESTIONS = 3
SIMILAR = 0.55
MOST_ARTICLES = 10

# Letters that carry a stroke, which Unicode does not take apart.
_STROKES = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ı": "i", "ħ": "h", "æ": "ae", "œ": "oe"})
_SEPARATORS = re.compile(r"[\W_]+")
_LISTED = re.compile(r"\s*[,;，、；\n]\s*|\s+(?:and|&)\s+")
_COUNT = re.compile(r"([+−–-]?)(\d{1,30})")
_EVERYTHING = frozenset({"all", "everything", "*", "모두", "全部"})


@dataclass(frozen=True, slots=True)
class Match:
    """`topics`: one was meant, several could be meant, none is known; then `suggestions` come nearest."""

    topics: tuple[Topic, ...] = ()
    suggestions: tuple[Topic, ...] = ()

    @property
    def only(self) -> Topic | None:
        return self.topics[0] if len(self.topics) == 1 else None


def fold(text: str) -> str:
    """Without case, accents, width, punctuation and doubled spaces: what names are compared by."""
    lowered = unicodedata.normalize("NFKC", text).casefold().translate(_STROKES).replace(".", "").replace("'", "")
    bare = "".join(letter for letter in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(letter))
    return _SEPARATORS.sub(" ", unicodedata.normalize("NFC", bare)).strip()


def match(topics: Sequence[Topic], text: str) -> Match:
    """The topics that the text may name: exactly, else by a beginning, else with one typo."""
    wanted = fold(text)
    if not wanted:
        return Match()
    keys = list(_keys(topics))
    exact = _found(topic for key, topic in keys if key == wanted)
    found = exact or _beginning(keys, wanted) or _mistyped(keys, wanted)
    return Match(found) if found else Match(suggestions=_nearest(keys, wanted))


def _keys(topics: Iterable[Topic]) -> Iterator[tuple[str, Topic]]:
    for topic in topics:
        for name in (topic.slug, topic.name, *topic.aliases):
            yield fold(name), topic


def _beginning(keys: Sequence[tuple[str, Topic]], wanted: str) -> tuple[Topic, ...]:
    if len(wanted) < (PREFIX_FROM if wanted.isascii() else IDEOGRAPHS_FROM):
        return ()
    return _found(topic for key, topic in keys if key.startswith(wanted))


def _mistyped(keys: Sequence[tuple[str, Topic]], wanted: str) -> tuple[Topic, ...]:
    if len(wanted) < TYPO_FROM:
        return ()
    return _found(topic for key, topic in keys if len(key) >= TYPO_FROM and one_apart(wanted, key))


def one_apart(first: str, second: str) -> bool:
    """At most one letter is wrong, missing, too many, or has changed places with its neighbour."""
    if abs(len(first) - len(second)) > 1:
        return False
    at = next((i for i, pair in enumerate(zip(first, second, strict=False)) if pair[0] != pair[1]), None)
    if at is None:
        return True
    a, b = first[at:], second[at:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])


def _nearest(keys: Sequence[tuple[str, Topic]], wanted: str) -> tuple[Topic, ...]:
    """Topics whose name is among the words, then those that look alike."""
    words = set(wanted.split())
    among = [topic for key, topic in keys if key in words]
    close = difflib.get_close_matches(wanted, [key for key, _ in keys], n=SUGGESTIONS, cutoff=SIMILAR)
    alike = [topic for name in close for key, topic in keys if key == name]
    return _found([*among, *alike])[:SUGGESTIONS]


def _found(topics: Iterable[Topic]) -> tuple[Topic, ...]:
    return tuple({topic.id: topic for topic in topics}.values())


def mentioned(topics: Sequence[Topic], text: str) -> tuple[Topic, ...]:
    """Topics whose names stand among other words: "news about korea"; in Chinese and the like, inside the text."""
    said = fold(text)
    return _found(topic for key, topic in _keys(topics) if _stands_in(key, said))


def _stands_in(key: str, said: str) -> bool:
    if key.isascii():
        return len(key) >= PREFIX_FROM and f" {key} " in f" {said} "
    return len(key) >= IDEOGRAPHS_FROM and key in said


# What is typed around a name


def is_everything(text: str) -> bool:
    return text.strip().casefold() in _EVERYTHING


def several(topics: Sequence[Topic], text: str) -> tuple[str, ...]:
    """The names in a list such as `korea, china` or `korea china`; one name of several words stays whole."""
    parts = tuple(part for part in _LISTED.split(text.strip()) if part)
    if len(parts) != 1 or match(topics, parts[0]).topics:
        return parts
    words = tuple(parts[0].split())
    known = all(any(key == fold(word) for key, _ in _keys(topics)) for word in words)
    return words if known else parts


def count_and_name(text: str) -> tuple[int | None, str]:
    """`10 korea` and `korea 10` are (10, "korea"); no number is None; more than MOST_ARTICLES is that many.

    What is below 1 is 0: nobody can be shown so many.
    """
    words = text.split()
    for at in (0, -1):
        if words and (number := _COUNT.fullmatch(words[at])):
            words.pop(at)
            below = number[1] in ("-", "−", "–")
            return 0 if below else min(int(number[2]), MOST_ARTICLES), " ".join(words)
    return None, " ".join(words)
