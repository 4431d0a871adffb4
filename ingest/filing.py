"""What an article is filed under, and why: the one way for what comes in and for what is tagged again. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from ingest.geography import vocabulary_version
from ingest.topics import Matcher
from storage.records import Evidence, Topic

# What of a release decides beside the rules. Kept with what it tagged.
MODELS = f"matcher 2, countries {vocabulary_version()}"


@dataclass(frozen=True, slots=True)
class Filed:
    """Topic id → salience, and what speaks for each."""

    topics: dict[int, float] = field(default_factory=dict)
    evidence: Evidence = field(default_factory=dict)


def file(rules: tuple[Topic, ...], headline: str, paragraphs: Sequence[str], dateline: str | None) -> Filed:
    """By the topics' rules; their parents are not among what is found."""
    found = _matcher(rules).weigh(headline, paragraphs, dateline)
    return Filed(found.topics, found.topic_terms)


@lru_cache(maxsize=4)
def _matcher(rules: tuple[Topic, ...]) -> Matcher:
    return Matcher(rules)
