"""What an article is filed under, and why: the one way for what comes in and for what is tagged again. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from ingest.geography import vocabulary_version
from ingest.learnt import COUNTRIES, SUBJECTS, Learnt, all_places
from ingest.linear import file_version
from ingest.topics import Matcher
from storage.records import Evidence, Topic

# What of a release decides beside the rules. Kept with what it tagged.
MODELS = f"matcher 2, countries {vocabulary_version()}, learnt {file_version(SUBJECTS, COUNTRIES)}"


@dataclass(frozen=True, slots=True)
class Filed:
    """Topic id → salience, and what speaks for each."""

    topics: dict[int, float] = field(default_factory=dict)
    evidence: Evidence = field(default_factory=dict)


def file(rules: tuple[Topic, ...], headline: str, paragraphs: Sequence[str], dateline: str | None) -> Filed:
    """By the topics' rules and what the models have learnt; their parents are not among what is found."""
    matcher, learnt = _compiled(rules)
    found = matcher.weigh(headline, paragraphs, dateline)
    topics, evidence = dict(found.topics), dict(found.topic_terms)
    ruled = found if learnt.asks_for_places else None
    for topic_id, (salience, words) in learnt.judge(headline, paragraphs, dateline, ruled=ruled).items():
        topics[topic_id] = max(salience, topics.get(topic_id, 0.0))
        evidence[topic_id] = (*evidence.get(topic_id, ()), *words)
    return Filed(topics, evidence)


@lru_cache(maxsize=4)
def _compiled(rules: tuple[Topic, ...]) -> tuple[Matcher, Learnt]:
    learnt = Learnt(rules)
    return Matcher(rules, places=all_places() if learnt.asks_for_places else ()), learnt
