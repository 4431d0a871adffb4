"""Taking sentences in order of their rating, within what the guards allow."""

from collections.abc import Mapping, Sequence

from summarizer.guards import Fault, Judged

_NEAR = 0.7  # share of the shorter sentence's words that make two sentences near repeats
_LEAST_SHARED = 3


def choose(
    ranking: Sequence[int], judged: Mapping[int, Judged], found: Mapping[int, Sequence[str]], count: int
) -> list[int]:
    """Indexes of at most `count` sentences, in reading order.

    `ranking` names the candidates, best first. A sentence that leans on the one before it is taken only together with
    it. Where too few sentences are without fault, awkward ones fill up; headings, captions and the page's own
    words come only when there is nothing else, and then one alone.
    """
    chosen: list[int] = []
    for worst in (Fault.NONE, Fault.AWKWARD):
        for index in ranking:
            chain = _chain(index, judged, worst)
            if chain is not None:
                _take(chain, chosen, found, count)
    if not chosen and count > 0:
        chosen = _least_bad(ranking, judged, count)
    return sorted(chosen)


def _chain(index: int, judged: Mapping[int, Judged], worst: Fault) -> list[int] | None:
    """The sentence and all that it leans on; None where its fault, or one of theirs, is greater than `worst`."""
    chain = [index]
    while judged[chain[-1]].fault is Fault.LEANING:
        before = judged[chain[-1]].leans_on
        if before is None:
            return None
        chain.append(before)
    return chain if judged[chain[-1]].fault <= worst else None


def _take(chain: list[int], chosen: list[int], found: Mapping[int, Sequence[str]], count: int) -> None:
    fresh = [index for index in chain if index not in chosen]
    if not fresh or len(chosen) + len(fresh) > count:
        return
    if any(_repeats(found[index], found[other]) for index in fresh for other in chosen):
        return
    chosen.extend(fresh)


def _repeats(one: Sequence[str], other: Sequence[str]) -> bool:
    mine, theirs = frozenset(one), frozenset(other)
    shared = len(mine & theirs)
    return shared >= _LEAST_SHARED and shared >= _NEAR * min(len(mine), len(theirs))


def _least_bad(ranking: Sequence[int], judged: Mapping[int, Judged], count: int) -> list[int]:
    """Where every sentence has a fault: the best of those with the least, and what then leans on it."""
    best = min(ranking, key=lambda index: judged[index].fault, default=None)
    if best is None:
        return []
    chosen = [best]
    following = best + 1
    while len(chosen) < count and following in judged and judged[following].leans_on == chosen[-1]:
        chosen.append(following)
        following += 1
    return chosen
