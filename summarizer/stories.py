"""One summary of several articles about one event.

articles -> sentences that can stand alone -> who else tells it? -> chosen: common facts, then single ones -> in order

A fact is common when another source has a sentence that is much like it; what one source alone tells is attributed to
it. Of two sentences that say the same the newer article's is taken, and one whose figures a later article overtook
is left.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from summarizer import methods
from summarizer.figures import figures, overtaken, tolls
from summarizer.guards import Fault, judge
from summarizer.length import Length, Room
from summarizer.ranking import stems_of
from summarizer.summary import article_sentences, language_of, summarize_paragraphs
from summarizer.words import stems

MAX_ARTICLES = 40  # the newest that are read, and
MAX_SENTENCES = 400  # their sentences in all, of each article the first ones

_ALIKE = 0.3  # cosine of two sentences that tell of the same, and
_REPEATED = 0.42  # of two of which one is enough
_CONTAINED = 0.65  # share of the shorter one's weight that makes it a repeat
_COMMON_WORD = 0.35  # share of the sentences that a word may stand in to tell anything, where there are
_FEW = 20  # more sentences than these
_AGE = 0.5  # what being the newest is worth beside being the first of an article
_SUPPORT = 0.8
_HEADLINES = 0.5
_TELLING = 3  # sentences of an article that are worth their place though nobody else tells them


@dataclass(frozen=True)
class StoryArticle:
    """One article of a story. `paragraphs` are its body; `published_at` orders it (None counts as oldest)."""

    id: int | str
    source: str
    paragraphs: Sequence[str]
    headline: str | None = None
    published_at: datetime | None = None
    language: str | None = None


@dataclass(frozen=True)
class StorySentence:
    """A sentence with where it is from: `paragraphs[part][start:end] == text` in the article of that id.

    `sources` are all that tell it, its own first. `attributed` where no other source of the story does: then a reader
    should see whose it is, as `str` shows it.
    """

    text: str
    article: int | str
    source: str
    part: int
    start: int
    end: int
    sources: tuple[str, ...]
    attributed: bool

    def __str__(self) -> str:
        return f"{self.source}: {self.text}" if self.attributed else self.text


@dataclass(frozen=True)
class StorySummary:
    sentences: tuple[StorySentence, ...]
    language: str

    def __str__(self) -> str:
        return "\n".join(map(str, self.sentences))


@dataclass(frozen=True)
class _Told:
    """A sentence of one article: its stems, its rank there, and how new its article is (0 the newest)."""

    sentence: StorySentence
    stems: frozenset[str]
    rank: int
    place: float
    age: int
    fault: Fault


def summarize_story(
    articles: Sequence[StoryArticle],
    *,
    sentences: int | None = None,
    language: str | None = None,
    words: int | None = None,
    characters: int | None = None,
) -> StorySummary:
    """What the articles tell together: common facts first, then what only one source has, attributed to it.

    The limits are those of `summarize`; an attribution counts with its sentence. Articles in another language than
    `language` (where none is given, that of most of them) are left out, unless there are no others.
    """
    length = Length.of(sentences, words, characters, headline_only=False)
    wanted, read = _in_one_language(_newest_first(articles), language)
    told = _told(read, wanted)
    likeness = _Likeness(told)
    known = [_with_sources(one, number, told, likeness) for number, one in enumerate(told)]
    chosen = _choose(known, likeness, _headline_words(read, wanted), length)
    if not chosen and read and not length.is_nothing:
        return StorySummary(_of_one(read, wanted, length), wanted)
    return StorySummary(tuple(one.sentence for one in _in_reading_order(chosen)), wanted)


def _newest_first(articles: Sequence[StoryArticle]) -> list[StoryArticle]:
    dated = sorted((one for one in articles if one.published_at), key=_moment, reverse=True)
    return [*dated, *(one for one in articles if not one.published_at)][:MAX_ARTICLES]


def _moment(article: StoryArticle) -> float:
    return article.published_at.timestamp() if article.published_at else -math.inf


def _in_one_language(articles: Sequence[StoryArticle], language: str | None) -> tuple[str, list[StoryArticle]]:
    spoken = [language_of(one.paragraphs, one.language) for one in articles if any(map(str.strip, one.paragraphs))]
    full = [one for one in articles if any(map(str.strip, one.paragraphs))]
    common = Counter(spoken).most_common(1)
    asked = language_of((), language) if language else ""
    wanted = asked if asked in spoken else (common[0][0] if common else "und")
    return wanted, [one for one, code in zip(full, spoken, strict=True) if code == wanted]


def _told(articles: Sequence[StoryArticle], language: str) -> list[_Told]:
    most = max(1, MAX_SENTENCES // max(1, len(articles)))
    return [one for age, article in enumerate(articles) for one in _of_article(article, age, language, most)]


def _of_article(article: StoryArticle, age: int, language: str, most: int) -> list[_Told]:
    """The sentences of one article that can stand alone."""
    found = article_sentences(article.paragraphs, language)[:most]
    judged = [one for one in judge(found, language, article.headline) if one.fault.is_prose]
    if not judged:
        return []
    stemmed = stems_of(judged, language)
    order = methods.rank("auto", judged, stemmed, language, article.headline)
    ranks = {index: rank for rank, index in enumerate(order)}
    told = []
    for number, (one, words) in enumerate(zip(judged, stemmed, strict=True)):
        if one.fault is not Fault.LEANING:
            at = one.sentence
            sentence = StorySentence(
                at.text,
                article.id,
                article.source,
                at.part,
                at.start,
                at.start + len(at.text),
                (article.source,),
                False,
            )
            place = number / len(judged)
            told.append(_Told(sentence, frozenset(words), ranks[at.index], place, age, one.fault))
    return told


class _Likeness:
    """How much two sentences of the story say the same, weighing words by how few sentences have them."""

    def __init__(self, told: Sequence[_Told]) -> None:
        spread = Counter(stem for one in told for stem in one.stems)
        most = len(told) * _COMMON_WORD if len(told) > _FEW else len(told)
        self._weights = {stem: math.log(1 + len(told) / count) ** 2 for stem, count in spread.items() if count <= most}
        self._norms = [self._weight(one.stems) for one in told]
        self._stems = [one.stems for one in told]

    def _weight(self, stems: Iterable[str]) -> float:
        return math.fsum(self._weights.get(stem, 0.0) for stem in stems)  # the same in whatever order a set comes

    def cosine(self, one: int, other: int) -> float:
        norm = math.sqrt(self._norms[one] * self._norms[other])
        return self._weight(self._stems[one] & self._stems[other]) / norm if norm else 0.0

    def repeats(self, one: int, other: int) -> bool:
        least = min(self._norms[one], self._norms[other])
        shared = self._weight(self._stems[one] & self._stems[other])
        return self.cosine(one, other) >= _REPEATED or (least > 0 and shared >= _CONTAINED * least)

    def shared(self, told: Sequence[_Told], one: int) -> list[int]:
        """Numbers of the sentences of other articles that tell of the same."""
        mine = told[one]
        return [
            number
            for number, other in enumerate(told)
            if other.sentence.article != mine.sentence.article and self.cosine(one, number) >= _ALIKE
        ]


@dataclass(frozen=True)
class _Known:
    """A sentence with its number among all, and whether a later article overtook it."""

    number: int
    told: _Told
    sentence: StorySentence
    overtaken: bool


def _with_sources(one: _Told, number: int, told: Sequence[_Told], likeness: _Likeness) -> _Known:
    alike = likeness.shared(told, number)
    mine = one.sentence.source
    others = sorted({told[at].sentence.source for at in alike} - {mine})
    several = len({other.sentence.source for other in told}) > 1
    sentence = replace(one.sentence, sources=(mine, *others), attributed=several and not others)
    return _Known(number, one, sentence, _is_overtaken(one, alike, told))


def _is_overtaken(one: _Told, alike: Sequence[int], told: Sequence[_Told]) -> bool:
    """Whether a newer article gives other figures for the same: other tolls, or all figures of a like sentence."""
    counted = tolls(one.sentence.text)
    newer = [other for other in told if other.age < one.age]
    if counted and any(overtaken(counted, tolls(other.sentence.text)) for other in newer):
        return True
    mine = figures(one.sentence.text)
    later = [figures(told[at].sentence.text) for at in alike if told[at].age < one.age]
    return bool(mine) and any(theirs and not mine & theirs for theirs in later)


def _headline_words(articles: Sequence[StoryArticle], language: str) -> Mapping[str, float]:
    """The share of the headlines that has each stem."""
    spread = Counter(stem for one in articles for stem in set(stems(one.headline or "", language)))
    return {stem: count / len(articles) for stem, count in spread.items()}


def _choose(
    known: Sequence[_Known], likeness: _Likeness, headlines: Mapping[str, float], length: Length
) -> list[_Known]:
    """Common facts first, but with a third of the room left for what only one source tells."""
    if length.is_nothing:
        return []
    scores = {one.number: _score(one, headlines, known) for one in known}
    ranked = sorted(known, key=lambda one: (one.told.fault, one.overtaken, -scores[one.number], one.number))
    room, chosen = Room(length), list[_Known]()
    several = any(one.sentence.attributed for one in ranked)
    shared = Room(length.without_a_third() if several else length)
    common = [one for one in ranked if len(one.sentence.sources) > 1 and not one.overtaken]
    for one in (_newest(one, common, likeness) for one in common):
        text = [str(one.sentence)]
        if (not chosen or shared.has_room(text)) and _take(one, chosen, likeness, room):
            shared.take(text)
    telling = [one for one in ranked if one.sentence.attributed and one.told.rank < _TELLING]
    for one in [*telling, *ranked]:
        if not (one.overtaken and chosen):
            _take(one, chosen, likeness, room)
    return chosen


def _score(one: _Known, headlines: Mapping[str, float], known: Sequence[_Known]) -> float:
    oldest = max((other.told.age for other in known), default=0) or 1
    sources = len({other.sentence.source for other in known}) or 1
    return (
        1 / (1 + one.told.rank / 2)
        + _AGE * (1 - one.told.age / oldest)
        + _SUPPORT * len(one.sentence.sources) / sources
        + _HEADLINES
        * math.fsum(headlines.get(stem, 0.0) for stem in one.told.stems)
        / (math.fsum(headlines.values()) or 1)
    )


def _newest(one: _Known, common: Sequence[_Known], likeness: _Likeness) -> _Known:
    """Of the sentences that say the same as this one, and read no worse, that of the newest article."""
    same = [
        other
        for other in common
        if other.told.fault <= one.told.fault
        and other.told.age < one.told.age
        and likeness.cosine(one.number, other.number) >= _REPEATED
    ]
    return min(same, key=lambda other: (other.told.age, other.number), default=one)


def _take(one: _Known, chosen: list[_Known], likeness: _Likeness, room: Room) -> bool:
    if any(likeness.repeats(one.number, other.number) for other in chosen):
        return False
    if not room.take([str(one.sentence)]):
        return False
    chosen.append(one)
    return True


def _in_reading_order(chosen: Sequence[_Known]) -> list[_Known]:
    """What is common by its place in its article, then what single sources say, the newest source first."""
    common = sorted((one for one in chosen if not one.sentence.attributed), key=lambda one: one.told.place)
    newest: defaultdict[str, int] = defaultdict(lambda: MAX_ARTICLES)
    for one in chosen:
        newest[one.sentence.source] = min(newest[one.sentence.source], one.told.age)
    single = sorted(
        (one for one in chosen if one.sentence.attributed),
        key=lambda one: (newest[one.sentence.source], one.sentence.source, one.told.age, one.told.place),
    )
    return [*common, *single]


def _of_one(articles: Sequence[StoryArticle], language: str, length: Length) -> tuple[StorySentence, ...]:
    """Where nothing can stand alone or nothing fits: the summary of the newest article that has one."""
    several = len({one.source for one in articles}) > 1
    for article in articles:
        found = summarize_paragraphs(
            article.paragraphs,
            title=article.headline,
            language=language,
            sentences=length.sentences,
            words=length.words,
            characters=length.characters,
        )
        if found.chosen:
            source = article.source
            return tuple(
                StorySentence(one.text, article.id, source, one.part, one.start, one.end, (source,), several)
                for one in found.chosen
            )
    return ()
