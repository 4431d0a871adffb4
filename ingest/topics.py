"""Which topics an article belongs to: rules with salience, so that a passing mention files nothing. Pure.

All terms of all topics are one Aho-Corasick automaton, run once over each part of the article. Where matches overlap
the longest wins ("South China Sea" is not China). A term counts where it stands: headline and dateline most, then the
lead, then the body, each further mention less. The weights and thresholds follow measurements on Reuters-21578
`places` (names with salience: title 4, lead 2, dateline 4, at least 3 and 15 % of the top).
"""

import re
import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import ahocorasick

import config
from storage.records import Topic, TopicRule, TopicSpec

HEADLINE, DATELINE, LEAD, BODY = 4.0, 4.0, 2.0, 1.0
WEAK = 0.4
LEAST, LEAST_OF_SHORT = 3.0, 2.0
SHORT_BODY = 200  # characters after the lead
SHARE_OF_TOP = 0.15
# A term said ten times tells little more than one said three times.
MENTIONS_COUNTED = 3
BODY_CHARACTERS = 20_000

ACRONYM = re.compile(r"[A-Z0-9][A-Z0-9.]{1,5}")
# Scripts that write no spaces between words, or add particles to them.
RUNNING = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")


def load_specs(path: Path | None = None) -> tuple[TopicSpec, ...]:
    """The default topics of `config/topics.toml`."""
    path = path or Path(config.__file__).with_name("topics.toml")
    with path.open("rb") as file:
        tables = tomllib.load(file)
    return tuple(_spec(slug, table) for slug, table in tables.items())


def _spec(slug: str, table: dict[str, str | list[str]]) -> TopicSpec:
    terms = {name: tuple(table.get(name, ())) for name in ("aliases", "strong", "weak", "never")}
    parent = table.get("parent")
    return TopicSpec(
        slug=slug,
        name=str(table["name"]),
        aliases=terms["aliases"],
        rule=TopicRule(terms["strong"], terms["weak"], terms["never"]),
        parent=str(parent) if parent else None,
    )


@dataclass(frozen=True, slots=True)
class _Term:
    """`exact`: written in capitals, matched in capitals only. `open_end`: the word may go on."""

    length: int
    running: bool
    open_end: bool
    exact: str | None
    uses: tuple[tuple[int, float], ...]  # topic id and weight; 0 shields the place from the topic's own terms


class Matcher:
    """Compiled rules. `match` gives topic id → salience (at least 3; of short texts 2), without the topics' parents."""

    def __init__(self, topics: Sequence[Topic]) -> None:
        self._automaton = ahocorasick.Automaton()
        for key, terms in _compile(topics).items():
            self._automaton.add_word(key, terms)
        self._empty = not len(self._automaton)
        if not self._empty:
            self._automaton.make_automaton()

    def match(self, headline: str, paragraphs: Sequence[str], dateline: str | None = None) -> dict[int, float]:
        body = "\n".join(paragraphs[1:])[:BODY_CHARACTERS]
        parts = ((headline, HEADLINE), (dateline or "", DATELINE), ("".join(paragraphs[:1]), LEAD), (body, BODY))
        scores: dict[int, float] = defaultdict(float)
        carried: set[int] = set()
        mentions: dict[tuple[int, str], int] = defaultdict(int)
        for text, place in parts:
            for topic_id, weight, word in self._found(text):
                mentions[topic_id, word] += 1
                if mentions[topic_id, word] <= MENTIONS_COUNTED:
                    scores[topic_id] += place * weight
                if weight == 1:
                    carried.add(topic_id)
        # A feed's item is often a sentence or two: there a single mention in the lead is what it is about.
        least = LEAST if len(body) > SHORT_BODY else LEAST_OF_SHORT
        return _salient({topic_id: score for topic_id, score in scores.items() if topic_id in carried}, least)

    def _found(self, text: str) -> Iterator[tuple[int, float, str]]:
        """(topic id, weight, term) of each place, each place once for a topic: its longest match."""
        if self._empty or not text:
            return
        text = unicodedata.normalize("NFKC", text)
        folded = _fold(text)
        taken: dict[int, int] = defaultdict(int)
        for start, end, term in _places(self._automaton.iter(folded), folded, text):
            for topic_id, weight in term.uses:
                if start >= taken[topic_id]:
                    taken[topic_id] = end
                    if weight:
                        yield topic_id, weight, folded[start:end]


def _compile(topics: Iterable[Topic]) -> dict[str, list[_Term]]:
    """Folded term → the ways it is used. Terms of one spelling share an entry of the automaton."""
    uses: dict[tuple[str, bool, str | None], dict[int, float]] = defaultdict(dict)
    for topic in topics:
        for terms, weight in ((topic.rule.weak, WEAK), (topic.rule.strong, 1.0), (topic.rule.never, 0.0)):
            for written in terms:
                stem = unicodedata.normalize("NFKC", written.strip()).removesuffix("*")
                exact = stem if ACRONYM.fullmatch(stem) and not RUNNING.search(stem) else None
                if stem:
                    uses[_fold(stem), written.endswith("*"), exact][topic.id] = weight
    compiled: dict[str, list[_Term]] = defaultdict(list)
    for (stem, open_end, exact), by_topic in uses.items():
        running = bool(RUNNING.search(stem))
        compiled[stem].append(_Term(len(stem), running, open_end, exact, tuple(by_topic.items())))
    return compiled


def _fold(text: str) -> str:
    """Lower case, a character for a character, so that places stay places."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(low if len(low := character.lower()) == 1 else character for character in text)


def _places(found: Iterable[tuple[int, list[_Term]]], folded: str, text: str) -> list[tuple[int, int, _Term]]:
    """(start, end, term) of the matches that stand as words, from left to right, of one start the longest first."""
    places = [
        (end + 1 - term.length, end + 1, term)
        for end, terms in found
        for term in terms
        if _stands(term, end + 1 - term.length, end + 1, folded, text)
    ]
    return sorted(places, key=lambda place: (place[0], -place[1]))


def _stands(term: _Term, start: int, end: int, folded: str, text: str) -> bool:
    if term.exact is not None and text[start:end] != term.exact:
        return False
    if term.running:
        return True
    if start and _in_word(folded[start - 1]):
        return False
    return term.open_end or end == len(folded) or not _in_word(folded[end])


def _in_word(character: str) -> bool:
    """Letters and digits of alphabetic scripts: a Korean particle after "THAAD" ends the word."""
    return character.isalnum() and not RUNNING.match(character)


def _salient(scores: dict[int, float], least: float) -> dict[int, float]:
    top = max(scores.values(), default=0.0)
    return {
        topic_id: round(score, 2)
        for topic_id, score in sorted(scores.items(), key=lambda item: -item[1])
        if score >= least and score >= SHARE_OF_TOP * top
    }
