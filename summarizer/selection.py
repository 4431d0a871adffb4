"""Taking sentences in order of their rating, within what the guards allow."""

from collections.abc import Mapping, Sequence

from summarizer.guards import Fault, Judged
from summarizer.length import Length, Room

_NEAR = 0.7  # share of the shorter sentence's words that make two sentences near repeats
_LEAST_SHARED = 3
_COMPARED = 100  # chosen sentences that a further one is compared with, so that long summaries take bounded time


def choose(
    ranking: Sequence[int], judged: Mapping[int, Judged], found: Mapping[int, Sequence[str]], length: Length
) -> list[int]:
    """Indexes of the sentences that fit `length`, in reading order.

    `ranking` names the candidates, best first. A sentence that leans on the one before it is taken only together with
    it. Where too few sentences are without fault, awkward ones fill up; headings, captions and the page's own
    words come only when there is nothing else, and then one alone. An article that fits as a whole comes whole.
    """
    if length.is_nothing:
        return []
    whole = sorted(index for index in ranking if judged[index].fault.is_prose)
    if whole and Room(length).take(judged[index].sentence.text for index in whole):
        kept = _without_near_repeats(whole, judged, found)
        return kept or _least_bad(ranking, judged, length)
    room = Room(length)
    chosen: list[int] = []
    for worst in (Fault.NONE, Fault.AWKWARD):
        for index in ranking:
            if room.is_full:
                break
            chain = _chain(index, judged, worst)
            if chain is not None:
                _take(chain, chosen, judged, found, room)
    return sorted(chosen) or _least_bad(ranking, judged, length)


def _without_near_repeats(
    whole: Sequence[int], judged: Mapping[int, Judged], found: Mapping[int, Sequence[str]]
) -> list[int]:
    """All of a short article but what says the same again; what leans on that goes with it."""
    kept: list[int] = []
    for index in whole:
        before = judged[index].leans_on
        near = kept[-_COMPARED:]
        if (before is None or before in kept) and not any(repeats(found[index], found[other]) for other in near):
            kept.append(index)
    return kept


def _chain(index: int, judged: Mapping[int, Judged], worst: Fault) -> list[int] | None:
    """The sentence and all that it leans on; None where its fault, or one of theirs, is greater than `worst`."""
    chain = [index]
    while judged[chain[-1]].fault is Fault.LEANING:
        before = judged[chain[-1]].leans_on
        if before is None:
            return None
        chain.append(before)
    return chain if judged[chain[-1]].fault <= worst else None


def _take(
    chain: list[int], chosen: list[int], judged: Mapping[int, Judged], found: Mapping[int, Sequence[str]], room: Room
) -> None:
    fresh = [index for index in chain if index not in chosen]
    texts = [judged[index].sentence.text for index in fresh]
    if not fresh or not room.has_room(texts):
        return
    if any(repeats(found[index], found[other]) for index in fresh for other in chosen[:_COMPARED]):
        return
    room.take(texts)
    chosen.extend(fresh)


def repeats(one: Sequence[str], other: Sequence[str]) -> bool:
    mine, theirs = frozenset(one), frozenset(other)
    shared = len(mine & theirs)
    return shared >= _LEAST_SHARED and shared >= _NEAR * min(len(mine), len(theirs))


def _least_bad(ranking: Sequence[int], judged: Mapping[int, Judged], length: Length) -> list[int]:
    """Where every sentence has a fault or none fits: the best of those with the least, and what then leans on it.

    Of sentences that are all too long for a limit of words, the shortest; a limit of characters is always kept. What
    is no prose never stands in for prose that is too long.
    """
    wanted = [index for index in ranking if judged[index].fault.is_prose] or list(ranking)
    room = Room(length)
    fitting = [index for index in wanted if room.has_room([judged[index].sentence.text])]
    if not fitting:
        within = Room(Length(None, None, length.characters))
        fitting = [index for index in wanted if within.has_room([judged[index].sentence.text])]
        return sorted(fitting, key=lambda index: (judged[index].fault, len(judged[index].sentence.text), index))[:1]
    chosen = [min(fitting, key=lambda index: judged[index].fault)]
    room.take([judged[chosen[0]].sentence.text])
    following = chosen[0] + 1
    while following in judged and judged[following].leans_on == chosen[-1]:
        if not room.take([judged[following].sentence.text]):
            break
        chosen.append(following)
        following += 1
    return chosen
