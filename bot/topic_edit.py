"""What editors write about a topic, taken apart and checked: the topic as it would be. Pure; nothing takes hold here.

korea strong +Pyongyang, -Busan     terms are added, and taken out behind a minus sign
korea strong = Seoul, Busan         these and no others; `none` takes all out
korea countries South Korea, kp     names and codes of countries; learnt_countries: those that a model finds
korea subjects sport, 04000000      names and codes of IPTC Media Topics
korea parent asia                   `none`: it stands alone
"""

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from bot import names
from ingest.geography import countries, name_of
from ingest.mediatopics import subjects
from ingest.topics import RUNNING
from storage.records import Topic, TopicRule
from storage.topics import with_descendants

TERMS = ("strong", "weak", "never", "dateline")
COUNTRIES = ("countries", "learnt_countries")
LISTS = (*TERMS, *COUNTRIES, "subjects", "aliases")
FIELDS = ("name", "parent", *LISTS)

LONGEST_TERM, LONGEST_NAME, LONGEST_SLUG = 80, 60, 40
# Terms of one kind. The automaton takes more; a message that lists them does not.
MOST_TERMS = 1_000
# A shorter stem would be found in every second word, or as every second.
LEAST, LEAST_RUNNING, LEAST_OPEN = 2, 2, 3

_BETWEEN = re.compile(r"[,;，、；،\n]")
_SIGN = re.compile(r"\s*([+＋\-−–])\s*")
_NOTHING = frozenset({"none", "nothing", "-", "–"})
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_WORDS = {
    "alias": "aliases",
    "country": "countries",
    "learnt": "learnt_countries",
    "subject": "subjects",
    "not": "never",
    "title": "name",
}


class TopicError(ValueError):
    """What was written can't be used; the message, for the person, says what can. Nothing is changed."""


@dataclass(frozen=True, slots=True)
class Line:
    """`topic name`, then a field and what is to be there. `field` is "" where only a topic is named."""

    name: str
    field: str = ""
    value: str = ""


def read_line(text: str, topics: Sequence[Topic]) -> Line:
    """Split `south korea strong +Seoul` at the first word that names a field behind the name of a topic."""
    for word in re.finditer(r"\S+", text):
        field, name = _field(word[0]), text[: word.start()].strip()
        if field and names.match(topics, name).only:
            return Line(name, field, text[word.end() :].strip())
    return Line(text.strip())


def _field(word: str) -> str:
    bare = word.strip().rstrip(":").casefold()
    bare = _WORDS.get(bare, bare)
    return bare if bare in FIELDS else ""


def edited(topics: Sequence[Topic], topic: Topic, field: str, text: str) -> Topic:
    """The topic with another value in one field. `topics`: all of them. Raises TopicError, naming every problem."""
    if field == "name":
        return replace(topic, name=_new_name(topics, topic, text))
    if field == "parent":
        return replace(topic, parent_id=_parent(topics, topic, text))
    if field == "aliases":
        return replace(topic, aliases=_aliases(topics, topic, text))
    if field in (*COUNTRIES, "subjects"):
        codes = _listed(getattr(topic.rule, field), text, _subject if field == "subjects" else _country)
        return replace(topic, rule=replace(topic.rule, **{field: codes}))
    if field in TERMS:
        terms = _listed(getattr(topic.rule, field), text, term)
        return replace(topic, rule=_with_terms(topic.rule, field, terms))
    raise TopicError(f"“{field}” is nothing that a topic has. It has {', '.join(FIELDS)}.")


def new(topics: Sequence[Topic], text: str) -> Topic:
    """A topic without a rule, of `Name` or `slug: Name`. `topics`: also the retired ones. Raises TopicError."""
    slug, colon, name = text.partition(":")
    name = " ".join((name if colon else text).split())
    slug = slug.strip().lower() if colon else "-".join(re.findall(r"[a-z0-9]+", names.fold(name)))
    if not _SLUG.fullmatch(slug) or len(slug) > LONGEST_SLUG:
        raise TopicError(
            "For commands a topic needs a short name of Latin letters and digits. Write it before the name: space: 우주"
        )
    nobody = Topic(0, slug, "", (), TopicRule(), None)
    _free(topics, nobody, slug)
    return replace(nobody, name=_new_name(topics, nobody, name))


# Names


def _new_name(topics: Sequence[Topic], topic: Topic, text: str) -> str:
    name = _line(text)
    if not name or len(name) > LONGEST_NAME:
        raise TopicError(f"A name has 1 to {LONGEST_NAME} characters; this has {len(name)}.")
    _free(topics, topic, name)
    return name


def _aliases(topics: Sequence[Topic], topic: Topic, text: str) -> tuple[str, ...]:
    def alias(written: str) -> str:
        name = _line(written)
        if not names.fold(name) or len(name) > LONGEST_NAME:
            raise TopicError(f"“{_shown(name)}” is no name of 1 to {LONGEST_NAME} characters.")
        _free(topics, topic, name)
        return name

    return _listed(topic.aliases, text, alias)


def _free(topics: Sequence[Topic], topic: Topic, name: str) -> None:
    """Two topics of one name could not be told apart."""
    wanted = names.fold(name)
    for other in topics:
        if other.id != topic.id and wanted in {names.fold(one) for one in (other.slug, other.name, *other.aliases)}:
            retired = " It is retired: /topicadmin retired brings it back." if other.retired else ""
            raise TopicError(f"“{_shown(name)}” is a name of the topic {other.slug} already.{retired}")


def _parent(topics: Sequence[Topic], topic: Topic, text: str) -> int | None:
    if text.strip().casefold() in _NOTHING:
        return None
    found = names.match(topics, text)
    if found.only is None:
        near = ", ".join(one.slug for one in found.topics or found.suggestions)
        raise TopicError(f"“{_shown(text)}” is no topic.{f' Did you mean {near}?' if near else ''}")
    if found.only in with_descendants(topics, topic.slug):
        raise TopicError(f"{found.only.name} is below {topic.name}, or {topic.name} itself. Choose another parent.")
    return found.only.id


# Lists


def _listed(present: Sequence[str], text: str, read: Callable[[str], str]) -> tuple[str, ...]:
    """What is there after `text` said what to add and take out. All its problems are named at once."""
    anew = text.lstrip().startswith(("=", "＝"))
    text = text.lstrip().lstrip("=＝")
    if text.strip().casefold() in _NOTHING:
        return ()
    items = [part.strip() for part in _BETWEEN.split(text) if part.strip(" +＋-−–\t\r")]
    if not items:
        raise TopicError("Write what to add, with commas between; a minus sign before what to take out.")
    found, problems = list(() if anew else present), list[str]()
    for item in items:
        try:
            _apply(found, item, read)
        except TopicError as error:
            problems.append(str(error))
    if len(found) > MOST_TERMS:
        problems.append(f"That makes {len(found)}; {MOST_TERMS} fit.")
    if problems:
        raise TopicError("\n".join(problems))
    return tuple(found)


def _apply(found: list[str], item: str, read: Callable[[str], str]) -> None:
    sign = _SIGN.match(item)
    written = item[sign.end() :] if sign else item
    known = {one.casefold(): one for one in found}
    if sign and sign[1] not in "+＋":
        wanted = known.get(written.casefold()) or known.get(_unread(written, read).casefold())
        if wanted is None:
            near = difflib.get_close_matches(written, found, n=1)
            raise TopicError(f"“{_shown(written)}” is not there.{f' Did you mean “{near[0]}”?' if near else ''}")
        found.remove(wanted)
        return
    value = read(written)
    if value.casefold() not in known:
        found.append(value)


def _unread(written: str, read: Callable[[str], str]) -> str:
    """As it would be stored: South Korea as kr. What can't be read is not there either."""
    try:
        return read(written)
    except TopicError:
        return written


def term(written: str) -> str:
    """A word or phrase to look for. Raises TopicError."""
    found = _line(written)
    stem = found.removesuffix("*")
    running = bool(RUNNING.search(stem))
    least = LEAST_RUNNING if running else LEAST_OPEN if stem != found else LEAST
    if len(found) > LONGEST_TERM:
        raise TopicError(f"“{_shown(found)}” has {len(found)} characters; a term may have {LONGEST_TERM}.")
    if "*" in stem:
        raise TopicError(f"“{_shown(found)}”: a * stands at the end alone, for words that begin so.")
    if sum(character.isalnum() for character in stem) < least:
        raise TopicError(f"“{_shown(found)}” is too short: nearly everything would hold it.")
    return found


def _with_terms(rule: TopicRule, field: str, terms: tuple[str, ...]) -> TopicRule:
    """Strong or weak, not both: where a term is given last it is. A word that counts can't be one that doesn't."""
    other = {"strong": "weak", "weak": "strong"}.get(field)
    fresh = {one.casefold() for one in terms} - {one.casefold() for one in getattr(rule, field)}
    if other:
        rule = replace(rule, **{other: tuple(one for one in getattr(rule, other) if one.casefold() not in fresh)})
    after = replace(rule, **{field: terms})
    counting = {one.casefold() for one in (*after.strong, *after.weak)}
    both = [one for one in after.never if one.casefold() in counting]
    if both:
        raise TopicError(f"“{both[0]}” can't both count (strong, weak) and never count. Take it out of one first.")
    return after


def _country(written: str) -> str:
    wanted = names.fold(written)
    known = countries()
    found = next((code for code, one in known.items() if wanted in (code, names.fold(one.name))), None)
    if found is None:
        found = next((code for code, one in known.items() if wanted in map(names.fold, one.rule.strong)), None)
    if found is None:
        near = difflib.get_close_matches(wanted, [names.fold(one.name) for one in known.values()], n=1)
        raise TopicError(f"“{_shown(written)}” is no country.{f' Did you mean {near[0].title()}?' if near else ''}")
    return found


def _subject(written: str) -> str:
    wanted, known = written.strip().casefold(), subjects()
    if wanted in known:
        return wanted
    found = next((code for code, one in known.items() if names.fold(one.name) == names.fold(written)), None)
    if found is None:
        near = difflib.get_close_matches(wanted, [one.name for one in known.values()], n=1)
        raise TopicError(f"“{_shown(written)}” is no subject.{f' Did you mean {near[0]}?' if near else ''}")
    return found


def _line(text: str) -> str:
    kept = "".join(character for character in text if character.isspace() or unicodedata.category(character)[0] != "C")
    return unicodedata.normalize("NFC", " ".join(kept.split()))


def _shown(text: str) -> str:
    return text if len(text) <= LONGEST_NAME else text[: LONGEST_NAME - 1] + "…"


# What is different


def differences(before: Topic | None, after: Topic, topics: Sequence[Topic]) -> list[str]:
    """A line for each field that is another: for editors to check, and for the record."""
    if before is None:
        return [f"new topic: {after.name} ({after.slug})"]
    lines = [f"name: {before.name} → {after.name}"] if before.name != after.name else []
    if before.parent_id != after.parent_id:
        called = {one.id: one.name for one in topics}
        lines.append(
            f"parent: {called.get(before.parent_id or 0, 'none')} → {called.get(after.parent_id or 0, 'none')}"
        )
    if before.retired != after.retired:
        lines.append("retired" if after.retired else "back in use")
    for field in LISTS:
        line = _changed_list(field, values(before, field), values(after, field))
        lines += [line] if line else []
    return lines


def values(topic: Topic, field: str) -> tuple[str, ...]:
    """What stands in a list of the topic, for people: countries and subjects by name."""
    if field == "aliases":
        return topic.aliases
    found: tuple[str, ...] = getattr(topic.rule, field)
    if field == "subjects":
        return tuple(subjects()[code].name if code in subjects() else code for code in found)
    return tuple(map(name_of, found)) if field in COUNTRIES else found


def _changed_list(field: str, before: Iterable[str], after: Iterable[str]) -> str:
    was, now = list(before), list(after)
    added, gone = [f"+ {one}" for one in now if one not in was], [f"− {one}" for one in was if one not in now]
    return f"{field}: {', '.join((*added, *gone))}" if added or gone else ""
