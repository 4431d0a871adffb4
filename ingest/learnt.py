"""What the shipped models file: subjects from the words of an article, countries from words and what the rules weighed.

A topic takes part by its rule: `subjects` are codes of IPTC Media Topics, `learnt_countries` codes of countries. A
model is loaded when the first rule asks for it. Pure.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence, Set
from functools import cache
from itertools import takewhile
from pathlib import Path

from ingest.geography import Country, countries, name_of
from ingest.linear import SIGNAL, LinearModel, Vector, features, load
from ingest.mediatopics import with_wider
from ingest.topics import EVIDENCE_KEPT, LEAST, SHARE_OF_TOP, Matcher, Weighed
from storage.records import Found, Topic
from summarizer.stopwords import stop_words

SUBJECTS = Path(__file__).with_name("subjects.npz")
COUNTRIES = Path(__file__).with_name("learnt_countries.npz")
# The part of the article in evidence: a model weighs the words of all of them together.
LEARNT = "learnt"
# A margin of 1 is as sure as the articles that the model learnt from; so much salience it is worth.
SALIENCE_OF_MARGIN = 3.0
SIGNAL_WEIGHT = 0.3
LEAST_WORDS = 8

Told = dict[str, tuple[float, tuple[Found, ...]]]
Judged = dict[int, tuple[float, tuple[Found, ...]]]


@cache
def subject_model() -> LinearModel:
    return load(SUBJECTS)


@cache
def country_model() -> LinearModel:
    return load(COUNTRIES)


def all_places() -> Collection[Country]:
    """What the model of countries wants to be told of."""
    return countries().values()


@cache
def _places_alone() -> Matcher:
    return Matcher((), places=all_places())


def subjects_of(headline: str, paragraphs: Sequence[str]) -> dict[str, float]:
    """Codes of the article's subjects, those finer than a wider one among them; the margin of each."""
    vector = _subject_vector(features(headline, paragraphs))
    return subject_model().scores(vector) if vector else {}


def _subject_vector(found: Mapping[str, float]) -> Vector | None:
    """None where too few words are known, as in another language: too little to judge by."""
    vector = subject_model().vector(found)
    return vector if len(vector.names) >= LEAST_WORDS else None


def countries_of(headline: str, paragraphs: Sequence[str], dateline: str | None = None) -> dict[str, float]:
    """Codes of the countries; the margin of each. Those of which the model learnt nothing are never found."""
    model = country_model()
    return model.scores(model.vector(country_features(headline, paragraphs, dateline)))


def country_features(headline: str, paragraphs: Sequence[str], dateline: str | None = None) -> dict[str, float]:
    """The words, and as signals how much the rules say for each country: alone, beside the most, and whether enough."""
    ruled = _places_alone().weigh(headline, paragraphs, dateline)
    return features(headline, paragraphs, dateline) | _signals(ruled.named)


def _signals(said: Mapping[str, float]) -> dict[str, float]:
    found = dict[str, float]()
    top = max(said.values(), default=1.0)
    for code, weight in said.items():
        found[f"{SIGNAL}{code}"] = SIGNAL_WEIGHT * math.log1p(weight)
        found[f"{SIGNAL}{code}%"] = SIGNAL_WEIGHT * weight / top
        if weight >= max(LEAST, SHARE_OF_TOP * top):
            found[f"{SIGNAL}{code}!"] = SIGNAL_WEIGHT
    return found


class Learnt:
    """Which topics want which labels."""

    def __init__(self, topics: Iterable[Topic]) -> None:
        subjects: defaultdict[str, set[int]] = defaultdict(set)
        places: defaultdict[str, set[int]] = defaultdict(set)
        for topic in topics:
            for code in topic.rule.subjects:
                subjects[code].add(topic.id)
            for code in topic.rule.learnt_countries:
                places[code.lower()].add(topic.id)
        self._subjects = _wanted(subject_model().labels, subjects) if subjects else {}
        self._places = dict(places)

    @property
    def asks_for_places(self) -> bool:
        return bool(self._places)

    def judge(
        self,
        headline: str,
        paragraphs: Sequence[str],
        dateline: str | None = None,
        *,
        ruled: Weighed | None = None,
    ) -> Judged:
        """Topic id → salience, and the most telling words. `ruled`: where a matcher of `all_places` was here before."""
        found: Judged = {}
        text = (headline, paragraphs, dateline)
        given = features(*text) if self._subjects or self._places else Counter[str]()
        if self._subjects and (vector := _subject_vector(given)):
            _file(found, self._subjects, _told(subject_model(), self._subjects, vector, given))
        if self._places:
            places = _told_of_places(self._places.keys(), given, ruled or _places_alone().weigh(*text))
            _file(found, self._places, places)
        return found


def _wanted(labels: Collection[str], asked: Mapping[str, set[int]]) -> dict[str, set[int]]:
    """Label of the model → the topics that asked for it, or for what is wider and no label itself."""
    known = frozenset(labels)
    wanted = {
        label: {number for code in _spoken_for(label, known) for number in asked.get(code, ())} for label in labels
    }
    return {label: numbers for label, numbers in wanted.items() if numbers}


def _spoken_for(label: str, known: Set[str]) -> Iterator[str]:
    yield label
    wider = with_wider(label)
    next(wider)
    yield from takewhile(lambda code: code not in known, wider)


def _told(model: LinearModel, labels: Container[str], vector: Vector, given: Mapping[str, float]) -> Told:
    margins = {label: margin for label, margin in model.scores(vector).items() if label in labels}
    return {
        label: (round(LEAST + SALIENCE_OF_MARGIN * margin, 2), tuple(_found(model.telling(vector, label), given)))
        for label, margin in margins.items()
    }


def _told_of_places(labels: Set[str], words: Mapping[str, float], ruled: Weighed) -> Told:
    """By the model; of countries that it didn't learn, by the rules."""
    model = country_model()
    given = {**words, **_signals(ruled.named)}
    told = _told(model, labels, model.vector(given), given)
    unlearnt = (labels & ruled.places.keys()) - set(model.labels)
    return told | {code: (ruled.places[code], ruled.place_terms[code]) for code in unlearnt}


def _file(found: Judged, wanted: Mapping[str, set[int]], told: Told) -> None:
    """The surest of its labels speaks for a topic."""
    for label, (salience, words) in sorted(told.items(), key=lambda item: -item[1][0]):
        for topic_id in wanted[label]:
            found.setdefault(topic_id, (salience, words))


def _found(told: Sequence[tuple[str, float]], given: Mapping[str, float]) -> Iterator[Found]:
    """Function words tell the model something, but people nothing."""
    telling = [pair for pair in told if pair[0] not in stop_words("en")] or told
    for word, weight in telling[:EVIDENCE_KEPT]:
        term = name_of(word[1:]) if word.startswith(SIGNAL) else word
        yield Found(term, LEARNT, max(1, int(given.get(word, 1))), round(weight, 3))
