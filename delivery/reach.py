"""Which topics reach whom, by way of their parents. Pure."""

from collections.abc import Mapping, Sequence

from storage.records import Mode, Topic


def chain_of(topics: Sequence[Topic], topic_id: int) -> tuple[int, ...]:
    """A topic with its ancestors, nearest first. Circles end where they would begin again."""
    parents = {topic.id: topic.parent_id for topic in topics}
    chain: list[int] = []
    current: int | None = topic_id
    while current is not None and current in parents and current not in chain:
        chain.append(current)
        current = parents[current]
    return tuple(chain)


def shown_under(topics: Sequence[Topic], modes: Mapping[int, Mode], wanted: Mode) -> dict[int, int]:
    """Topic id → the followed topic id under which its articles stand.

    The first of a topic and its ancestors that has any setting decides: who follows Asia and muted Korea gets Asia's
    news without Korea's.
    """
    found: dict[int, int] = {}
    for topic in topics:
        nearest = next((topic_id for topic_id in chain_of(topics, topic.id) if topic_id in modes), None)
        if nearest is not None and modes[nearest] is wanted:
            found[topic.id] = nearest
    return found
