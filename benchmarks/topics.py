"""Tagging: countries by rules and learnt, subjects learnt; how fast, on one core (its own time); beside plain ways.

    python -m benchmarks.topics [--data FOLDER] [--folds 5]
    tidings bench topics [--json]

`rules`: Reuters' `places` by rules, micro F1 over all countries that it names. The rules are written, not trained, but
for the list of American towns, which was read off the datelines of these very articles: hence also the figure without
any word that counts in American datelines alone. `bare_names`: each country's English name, wherever it stands.
`learnt_countries` and `subjects`: by models trained on the other folds (`train_countries`, `train_subjects`), over all
labels that occur. `peer_sklearn`: tf-idf of all words and a linear support vector machine a topic, trained on the
labelled articles of Reuters alone, threshold 0, on one fold; ours on the same. `unseen`: the shipped model on another
collection (`tgcat_dev.jsonl`), of which it learnt nothing.
`articles_per_s`: all of it as an article meets it, with the default topics, one that wants every subject and one of
all countries by rules; `with_learnt_countries`: by the tagger instead. `peer_regex`: the default topics' terms as one
regular expression a topic.
"""

import argparse
import json
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from benchmarks import train_countries, train_subjects
from benchmarks.reuters import DATA, Wire, micro_f1, read_reuters
from ingest.filing import file
from ingest.geography import countries
from ingest.learnt import subjects_of
from ingest.topics import Matcher, load_specs, with_countries
from storage.records import Topic, TopicRule

FOLDS = 5
SECTIONS = {
    "sports": train_subjects.SPORT,
    "economy": train_subjects.ECONOMY,
    "technology": train_subjects.SCIENCE_AND_TECHNOLOGY,
    "science": train_subjects.SCIENCE_AND_TECHNOLOGY,
}


def bare_names() -> Matcher:
    """The plain way: each country's English name, wherever it stands."""
    named = [
        Topic(number, code, country.name, (), TopicRule(strong=(country.name,)), None)
        for number, (code, country) in enumerate(countries().items(), start=1)
    ]
    return Matcher(named)


def without_american_towns() -> Matcher:
    """No word that counts in American datelines alone: no town read off Reuters' articles, no "Calif"."""
    known = countries()
    us = replace(known["us"], rule=replace(known["us"].rule, dateline=()))
    return Matcher((), places=[*(country for country in known.values() if country.code != "us"), us])


def run(articles: int | None = None, data: Path = DATA, folds: int = FOLDS) -> dict[str, Any]:
    """Figures; `articles`: the first so many of each collection only."""
    wires = read_reuters(data)[:articles]
    learnt = [(found, one.places) for one, found in train_countries.crossed(train_countries.examples(wires), folds)]
    subjects = train_subjects.examples(data, wires, articles)
    return {
        "benchmark": "topics",
        "articles": len(wires),
        "folds": folds,
        "rules": by_rules(wires),
        "learnt_countries_f1": round(micro_f1(learnt), 4),
        "subjects": train_subjects.report(list(train_subjects.crossed(subjects, folds))),
        "one_fold": one_fold(wires, subjects, folds),
        "unseen": unseen(data),
        "speed": speed(wires),
    }


def by_rules(wires: Sequence[Wire]) -> dict[str, float]:
    """Micro F1 of the countries."""
    ruled, bare = Matcher((), places=countries().values()), without_american_towns()
    names, codes = bare_names(), list(countries())
    ways: dict[str, Callable[[Wire], Iterable[str]]] = {
        "countries_f1": lambda wire: ruled.weigh(wire.headline, wire.paragraphs, wire.dateline).places,
        "without_american_datelines_f1": lambda wire: bare.weigh(wire.headline, wire.paragraphs, wire.dateline).places,
        "bare_names_f1": lambda wire: [codes[number - 1] for number in names.match(wire.headline, wire.paragraphs)],
    }
    return {name: round(micro_f1((set(way(wire)), wire.places) for wire in wires), 4) for name, way in ways.items()}


def one_fold(wires: Sequence[Wire], given: Sequence[train_subjects.Example], folds: int) -> dict[str, float]:
    """Ours and scikit-learn's own on the labelled articles of the first fold."""
    fold = train_subjects.folds_of(given, folds)
    pairs = [pair for pair in train_subjects.crossed(given, folds, only=0) if pair[0].reuters]
    labelled = [(wire, of) for wire, of in zip(wires, fold, strict=False) if wire.topics]
    learning, asked = [wire for wire, of in labelled if of], [wire for wire, of in labelled if not of]
    words = TfidfVectorizer(sublinear_tf=True, min_df=2)
    known = words.fit_transform(map(_text, learning))
    machines = _machines(known, learning)
    started = time.process_time()
    unknown = words.transform(map(_text, asked))
    margins = {topic: machine.decision_function(unknown) for topic, machine in machines.items()}
    seconds = time.process_time() - started
    found = [{topic for topic, margin in margins.items() if margin[number] > 0} for number in range(len(asked))]
    return {
        "ours_f1": train_subjects.report(pairs)["reuters_labelled_f1"],
        "peer_sklearn_f1": round(micro_f1(zip(found, (wire.topics for wire in asked), strict=True)), 4),
        "peer_sklearn_in_one_batch_per_s": round(len(asked) / seconds),
    }


def unseen(data: Path) -> dict[str, float]:
    """Sport, economy, and science or technology, of news in general: micro F1, and F1 of sport alone."""
    rows = [json.loads(line) for line in (data / "topics/tgcat_dev.jsonl").read_text(encoding="utf-8").splitlines()]
    gold = [{SECTIONS[row["label"]]} if row["label"] in SECTIONS else set() for row in rows]
    found = [set(subjects_of(row["title"], [row["text"]])) for row in rows]
    sections = set(SECTIONS.values())
    sport = {train_subjects.SPORT}
    return {
        "articles": len(rows),
        "sections_f1": round(micro_f1((got & sections, of) for got, of in zip(found, gold, strict=True)), 4),
        "sport_f1": round(micro_f1((got & sport, of & sport) for got, of in zip(found, gold, strict=True)), 4),
        "sport_given_a_reuters_topic": sum(
            bool(got & train_subjects.FINER) for got, of in zip(found, gold, strict=True) if of == sport
        ),
    }


def _machines(known: Any, learning: Sequence[Wire]) -> dict[str, LinearSVC]:
    topics = sorted({topic for wire in learning for topic in wire.topics})
    return {
        topic: LinearSVC(random_state=0).fit(known, np.array([topic in wire.topics for wire in learning]))
        for topic in topics
    }


def speed(wires: Sequence[Wire]) -> dict[str, float]:
    """Articles a second of this process's time."""
    defaults = tuple(_defaults())
    wanting = TopicRule(subjects=("04000000", "11000000", "13000000", "15000000"))
    everything = (*defaults, _topic(91, wanting), _topic(92, TopicRule(countries=tuple(countries()))))
    learnt = (*defaults, _topic(91, wanting), _topic(92, TopicRule(learnt_countries=tuple(countries()))))
    matcher = Matcher(defaults)
    patterns = [_pattern(topic.rule) for topic in defaults]
    ways: dict[str, Callable[[Wire], object]] = {
        "articles_per_s": lambda wire: file(everything, wire.headline, wire.paragraphs, wire.dateline),
        "with_learnt_countries_per_s": lambda wire: file(learnt, wire.headline, wire.paragraphs, wire.dateline),
        "default_words_alone_per_s": lambda wire: matcher.match(wire.headline, wire.paragraphs, wire.dateline),
        "peer_regex_per_s": lambda wire: [pattern.search(_text(wire)) for pattern in patterns],
    }
    return {name: _rate(way, wires) for name, way in ways.items()}


def _rate(way: Callable[[Wire], object], wires: Sequence[Wire]) -> float:
    way(wires[0])  # compiles, loads
    started = time.process_time()
    for wire in wires:
        way(wire)
    return round(len(wires) / (time.process_time() - started))


def _text(wire: Wire) -> str:
    return "\n".join((wire.headline, *wire.paragraphs))


def _pattern(rule: TopicRule) -> re.Pattern[str]:
    terms = with_countries(rule)
    words = (rf"\b{re.escape(term.rstrip('*'))}" for term in (*terms.strong, *terms.weak))
    return re.compile("|".join(words), re.IGNORECASE)


def _defaults() -> list[Topic]:
    """The topics that a new newsroom has."""
    return [_topic(number, spec.rule) for number, spec in enumerate(load_specs(), start=1)]


def _topic(number: int, rule: TopicRule) -> Topic:
    return Topic(number, f"topic-{number}", f"Topic {number}", (), rule, None)


def table(result: dict[str, Any]) -> list[Table]:
    shown = Table("measured", "", "value", box=None)
    for key, value in result.items():
        for name, figure in value.items() if isinstance(value, dict) else (("", value),):
            shown.add_row(key.replace("_", " "), name.replace("_", " "), str(figure))
    return [shown]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--folds", type=int, default=FOLDS)
    asked = parser.parse_args()
    print(json.dumps(run(data=asked.data, folds=asked.folds), indent=1))
