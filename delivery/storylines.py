"""Stories, not articles: of those about one event an edition shows one, and says how many sources tell of it. Pure."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from delivery.render import StoryLine


class Ref(Protocol):
    """What storage.stories knows of an article's story."""

    @property
    def id(self) -> int: ...
    @property
    def headline_article_id(self) -> int: ...
    @property
    def source_count(self) -> int: ...


def fold(gathered: Mapping[int, Sequence[int]], refs: Mapping[int, Ref]) -> dict[int, list[int]]:
    """By section article ids, of each story one: its headline article where that is among them, else the latest.

    It stands where the story's first article stood in its section.
    """
    everything = {article_id for ids in gathered.values() for article_id in ids}
    face = _faces(everything, refs)
    shown: dict[int, list[int]] = {}
    for section, ids in gathered.items():
        here = set(ids)
        kept = dict.fromkeys(shows for key in ids if (shows := face.get(key, key)) in here)
        if kept:
            shown[section] = list(kept)
    return shown


def _faces(article_ids: Collection[int], refs: Mapping[int, Ref]) -> dict[int, int]:
    """Article id → the one that stands for its story."""
    latest: dict[int, int] = {}
    for article_id in article_ids:
        if (ref := refs.get(article_id)) is not None:
            latest[ref.id] = max(latest.get(ref.id, 0), article_id)
    return {
        key: ref.headline_article_id if ref.headline_article_id in article_ids else latest[ref.id]
        for key in article_ids
        if (ref := refs.get(key)) is not None
    }


def lines_of(refs: Mapping[int, Ref], begun: Collection[int] = ()) -> dict[int, StoryLine]:
    """By article id. `begun`: ids of the stories that readers know already."""
    return {key: StoryLine(ref.source_count, update=ref.id in begun) for key, ref in refs.items()}
