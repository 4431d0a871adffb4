"""Which topics and countries an article is about: rules with salience, so that a passing mention files nothing. Pure.

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
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TypeVar

import ahocorasick

import config
from ingest.geography import WORDS_IN_CAPITALS, Country, countries
from storage.records import Found, Topic, TopicRule, TopicSpec

WEIGHTS = {"headline": 4.0, "dateline": 4.0, "lead": 2.0, "body": 1.0}
WEAK = 0.4
LEAST, LEAST_OF_SHORT = 3.0, 2.0
SHORT_BODY = 200  # characters after the lead
SHARE_OF_TOP = 0.15
# A term said ten times tells little more than one said three times.
MENTIONS_COUNTED = 3
BODY_CHARACTERS = 20_000
EVIDENCE_KEPT = 6

Subject = int | str  # a topic's id, or a country's code
K = TypeVar("K")

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
    parent = table.get("parent")
    return TopicSpec(
        slug=slug,
        name=str(table["name"]),
        aliases=tuple(table.get("aliases", ())),
        rule=TopicRule(**{part.name: tuple(table.get(part.name, ())) for part in fields(TopicRule)}),
        parent=str(parent) if parent else None,
    )


@dataclass(frozen=True, slots=True)
class Weighed:
    """What the rules say of an article: topic id → salience, country code → salience, and why, most telling first.

    `named`: country code → weight, of all that are named; salient or not.
    """

    topics: dict[int, float]
    places: dict[str, float]
    named: dict[str, float]
    topic_terms: dict[int, tuple[Found, ...]]
    place_terms: dict[str, tuple[Found, ...]]


@dataclass(frozen=True, slots=True)
class _Use:
    """What a term does for a subject (a topic's id, or a country's code). Weight 0 shields the place from it."""

    subject: Subject
    weight: float
    dateline_only: bool = False


@dataclass(frozen=True, slots=True)
class _Term:
    """`exact`: written in capitals, matched in capitals only. `open_end`: the word may go on."""

    length: int
    running: bool
    open_end: bool
    exact: str | None
    uses: tuple[_Use, ...]


class Matcher:
    """Compiled rules. `match` gives topic id → salience (at least 3; of short texts 2), without the topics' parents.

    Those of `places` that an article is about are found too, whether or not there are topics of them.
    """

    def __init__(self, topics: Sequence[Topic], *, places: Iterable[Country] = ()) -> None:
        rules: list[tuple[Subject, TopicRule]] = [(topic.id, with_countries(topic.rule)) for topic in topics]
        rules.extend((country.code, country.rule) for country in places)
        self._automaton = ahocorasick.Automaton()
        for key, terms in _compile(rules).items():
            self._automaton.add_word(key, terms)
        self._empty = not len(self._automaton)
        if not self._empty:
            self._automaton.make_automaton()

    def match(self, headline: str, paragraphs: Sequence[str], dateline: str | None = None) -> dict[int, float]:
        return self.weigh(headline, paragraphs, dateline).topics

    def weigh(self, headline: str, paragraphs: Sequence[str], dateline: str | None = None) -> Weighed:
        """All that the rules say, with the terms that say it."""
        tallies, long = self._tallied(headline, paragraphs, dateline)
        # A feed's item is often a sentence or two: there a single mention in the lead is what it is about.
        least = LEAST if long else LEAST_OF_SHORT
        scores = {subject: tally.score for subject, tally in tallies.items() if tally.carried}
        topics = _salient({key: score for key, score in scores.items() if isinstance(key, int)}, least)
        places = _salient({key: score for key, score in scores.items() if isinstance(key, str)}, least)
        return Weighed(
            topics,
            places,
            {key: tally.score for key, tally in tallies.items() if isinstance(key, str)},
            {key: tallies[key].evidence() for key in topics},
            {key: tallies[key].evidence() for key in places},
        )

    def weights(self, headline: str, paragraphs: Sequence[str], dateline: str | None = None) -> dict[Subject, float]:
        """Topic ids and country codes that are named at all: a model makes up its own mind about what is enough."""
        tallies, _ = self._tallied(headline, paragraphs, dateline)
        return {key: tally.score for key, tally in tallies.items()}

    def _tallied(
        self, headline: str, paragraphs: Sequence[str], dateline: str | None
    ) -> tuple[dict[Subject, "_Tally"], bool]:
        """What speaks for each, and whether the article is more than a feed's teaser."""
        body = "\n".join(paragraphs[1:])[:BODY_CHARACTERS]
        parts = (
            ("headline", headline),
            ("dateline", dateline or ""),
            ("lead", "".join(paragraphs[:1])),
            ("body", body),
        )
        tallies: dict[Subject, _Tally] = defaultdict(_Tally)
        for part, text in parts:
            for use, word in self._found(text, in_dateline=part == "dateline"):
                tallies[use.subject].add(part, word, use.weight)
        return tallies, len(body) > SHORT_BODY

    def _found(self, text: str, *, in_dateline: bool) -> Iterator[tuple[_Use, str]]:
        """The uses of each term found, each place in the text once for a topic, once for all countries: the longest."""
        if self._empty or not text:
            return
        text = unicodedata.normalize("NFKC", text)
        folded = _fold(text)
        shouted = text.isupper()
        taken: dict[Subject, tuple[int, int]] = defaultdict(lambda: (-1, 0))
        for start, end, term in _places(self._automaton.iter(folded), folded, text):
            if shouted and term.exact in WORDS_IN_CAPITALS:
                continue
            for use in term.uses:
                if use.dateline_only and not in_dateline:
                    continue
                group = use.subject if isinstance(use.subject, int) else ""
                if start >= taken[group][1] or (start, end) == taken[group]:
                    taken[group] = (start, end)
                    if use.weight:
                        yield use, text[start:end]


class _Tally:
    """What speaks for one subject in one article."""

    __slots__ = ("carried", "found", "mentions", "score")

    def __init__(self) -> None:
        self.score = 0.0
        self.carried = False
        self.mentions: dict[str, int] = defaultdict(int)
        self.found: dict[tuple[str, str], tuple[str, int, float]] = {}

    def add(self, part: str, word: str, weight: float) -> None:
        key = word.lower()
        self.mentions[key] += 1
        gained = WEIGHTS[part] * weight if self.mentions[key] <= MENTIONS_COUNTED else 0.0
        self.score += gained
        self.carried = self.carried or weight == 1
        written, times, before = self.found.get((part, key), (word, 0, 0.0))
        self.found[part, key] = (written, times + 1, before + gained)

    def evidence(self) -> tuple[Found, ...]:
        ranked = sorted(self.found.items(), key=lambda item: -item[1][2])[:EVIDENCE_KEPT]
        return tuple(Found(written, part, times, round(gained, 2)) for (part, _), (written, times, gained) in ranked)


def with_countries(rule: TopicRule) -> TopicRule:
    """The rule with the terms of its countries. What is no code of ours adds nothing."""
    taken = [found.rule for code in rule.countries if (found := countries().get(code.lower()))]
    if not taken:
        return rule
    strong = (*rule.strong, *(term for one in taken for term in one.strong))
    known = {term.casefold() for term in strong}
    return replace(
        rule,
        strong=strong,
        weak=(*rule.weak, *(term for one in taken for term in one.weak)),
        never=(*rule.never, *(term for one in taken for term in one.never if term.casefold() not in known)),
        dateline=(*rule.dateline, *(term for one in taken for term in one.dateline)),
    )


def _compile(rules: Iterable[tuple[Subject, TopicRule]]) -> dict[str, list[_Term]]:
    """Folded term → the ways it is used. Terms of one spelling share an entry of the automaton."""
    uses: dict[tuple[str, bool, str | None], dict[Subject, _Use]] = defaultdict(dict)
    for subject, rule in rules:
        for written, use in _uses(subject, rule):
            stem = unicodedata.normalize("NFKC", written.strip()).removesuffix("*")
            exact = stem if ACRONYM.fullmatch(stem) and not RUNNING.search(stem) else None
            if stem:
                uses[_fold(stem), written.endswith("*"), exact][subject] = use
    compiled: dict[str, list[_Term]] = defaultdict(list)
    for (stem, open_end, exact), by_subject in uses.items():
        running = bool(RUNNING.search(stem))
        compiled[stem].append(_Term(len(stem), running, open_end, exact, tuple(by_subject.values())))
    return compiled


def _uses(subject: Subject, rule: TopicRule) -> Iterator[tuple[str, _Use]]:
    """Where a term is given twice, the later kind holds."""
    yield from ((term, _Use(subject, 1.0, dateline_only=True)) for term in rule.dateline)
    for terms, weight in ((rule.weak, WEAK), (rule.strong, 1.0), (rule.never, 0.0)):
        yield from ((term, _Use(subject, weight)) for term in terms)


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


def _salient(scores: dict[K, float], least: float) -> dict[K, float]:
    top = max(scores.values(), default=0.0)
    return {
        topic_id: round(score, 2)
        for topic_id, score in sorted(scores.items(), key=lambda item: -item[1])
        if score >= least and score >= SHARE_OF_TOP * top
    }
