"""Why an article is in its topics, and why somebody got it: gathered once for Telegram and the command line."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from storage import articles, by_hand, taggings, topic_changes
from storage.by_hand import ByHand
from storage.database import Connection
from storage.records import Article, Found, Mode, Topic
from storage.taggings import Tagger
from storage.topic_changes import Change
from storage.topics import with_ancestors

PARTS = {
    "headline": "headline",
    "dateline": "dateline",
    "lead": "first paragraph",
    "body": "text",
    "learnt": "weighed with all its words",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One topic of the article. `terms` is empty where an editor filed it, or where none were kept."""

    topic: Topic
    salience: float
    terms: tuple[Found, ...]
    by_hand: ByHand | None


@dataclass(frozen=True, slots=True)
class Reasons:
    """Most salient first. `taken_out`: by editors. `tagger`: None before they were kept; `change` made its rules."""

    article: Article
    reasons: tuple[Reason, ...]
    taken_out: tuple[tuple[Topic, ByHand], ...]
    tagger: Tagger | None
    change: Change | None


async def of(tx: Connection, article: Article, known: Sequence[Topic]) -> Reasons:
    salience = await articles.topics_of(tx, article.id)
    words = (await by_hand.of(tx, [article.id])).get(article.id, {})
    tagged = await taggings.get(tx, article.id)
    evidence = {} if tagged is None else tagged.evidence
    found = [
        Reason(one, salience[one.id], tuple(evidence.get(one.id, ())), words.get(one.id))
        for one in known
        if one.id in salience
    ]
    out = tuple((one, words[one.id]) for one in known if one.id in words and not words[one.id].filed)
    change = None if tagged is None else await topic_changes.of_revision(tx, tagged.tagger.revision)
    ranked = tuple(sorted(found, key=lambda one: -one.salience))
    return Reasons(article, ranked, out, None if tagged is None else tagged.tagger, change)


def followed(topic: Topic, modes: Mapping[int, Mode], known: Sequence[Topic]) -> tuple[Topic, Mode] | None:
    """The nearest topic, itself or one above, that is followed or muted. Pure."""
    by_id = {one.id: one for one in known}
    nearest = next((key for key in with_ancestors(known, [topic.id]) if key in modes and key in by_id), None)
    return None if nearest is None else (by_id[nearest], modes[nearest])


def places(terms: Iterable[Found]) -> list[tuple[str, str, float]]:
    """(term, where it stands, weight) for each term once, in whatever case it is written: "headline, text 3×"."""
    where: dict[str, list[str]] = defaultdict(list)
    written: dict[str, str] = {}
    weight: dict[str, float] = defaultdict(float)
    for one in terms:
        key = one.term.casefold()
        written.setdefault(key, one.term)
        where[key].append(PARTS.get(one.part, one.part) + (f" {one.times}×" if one.times > 1 else ""))
        weight[key] += one.weight
    return [(written[key], ", ".join(where[key]), round(weight[key], 2)) for key in written]
