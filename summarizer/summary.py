"""From a text to its summary.

text -> sentences -> judged (guards) -> ranked (method) -> chosen (selection) -> Summary
"""

import re
from collections.abc import Sequence
from itertools import islice

from summarizer import methods, selection
from summarizer.guards import Fault, Judged, Sentence, judge
from summarizer.languages import UNKNOWN, detect_language
from summarizer.length import Length
from summarizer.model import Chosen, Reason, Summary
from summarizer.ranking import stems_of
from summarizer.sentences import numbered_spans, spans

# What is read of one text. No article comes near; a longer one is summarized by its beginning.
MAX_CHARACTERS = 1_000_000
MAX_SENTENCES = 5_000

_LONGEST_HEADLINE = 200
_SAMPLED = 200  # paragraphs by which a language is told


def summarize(
    text: str,
    *,
    title: str | None = None,
    language: str | None = None,
    sentences: int | None = None,
    method: str = "auto",
    words: int | None = None,
    characters: int | None = None,
    headline_only: bool = False,
    explain: bool = False,
) -> Summary:
    """The sentences that tell most of `text`, in reading order.

    `title`, the headline, helps to choose and is never chosen itself; without one, a first line that looks like a
    headline is taken for it. `language` is ISO 639-1, detected where not given. At most `sentences` are taken (three
    where no limit is given), fewer where there are fewer worth it, and within `words` and `characters` where these
    are given (summarizer.length says how). A text with a letter in it always gives a sentence, except where none is
    short enough for `characters` or `headline_only` is set. `explain` adds to each of `chosen` the reasons for it.
    Raises UnknownMethodError.
    """
    method = methods.named(method)
    text = text[:MAX_CHARACTERS]
    language = _known(language) or detect_language(text)
    found = [
        Sentence(index, text[start:end], block, 0, start)
        for index, (block, (start, end)) in enumerate(islice(numbered_spans(text, language), MAX_SENTENCES))
    ]
    length = Length.of(sentences, words, characters, headline_only=headline_only)
    return _summary(found, title or _headline(found), language, length, method, explain, whole_page=True)


def summarize_paragraphs(
    paragraphs: Sequence[str],
    *,
    title: str | None = None,
    language: str | None = None,
    sentences: int | None = None,
    method: str = "auto",
    words: int | None = None,
    characters: int | None = None,
    headline_only: bool = False,
    explain: bool = False,
) -> Summary:
    """As `summarize`, of an article whose body paragraphs are known; no sentence crosses from one to the next."""
    method = methods.named(method)
    language = language_of(paragraphs, language)
    found = article_sentences(paragraphs, language)
    length = Length.of(sentences, words, characters, headline_only=headline_only)
    return _summary(found, title, language, length, method, explain)


def summarize_sentences(
    sentences: Sequence[str],
    *,
    title: str | None = None,
    language: str | None = None,
    count: int | None = None,
    method: str = "auto",
    words: int | None = None,
    characters: int | None = None,
    headline_only: bool = False,
    explain: bool = False,
) -> Summary:
    """As `summarize`, of sentences that are split already; at most `count` of them are taken."""
    method = methods.named(method)
    read = sentences[:MAX_SENTENCES]
    language = language_of(read, language)
    found = [Sentence(index, text, 0, index) for index, text in enumerate(read) if text.strip()]
    length = Length.of(count, words, characters, headline_only=headline_only)
    return _summary(found, title, language, length, method, explain)


def article_sentences(paragraphs: Sequence[str], language: str) -> list[Sentence]:
    """The sentences of an article's paragraphs, numbered through, within the bounds on what is read."""
    found: list[Sentence] = []
    left = MAX_CHARACTERS
    for number, paragraph in enumerate(paragraphs):
        if left <= 0 or len(found) >= MAX_SENTENCES:
            break
        read = paragraph[:left]
        left -= len(read)
        for start, end in spans(read, language)[: MAX_SENTENCES - len(found)]:
            found.append(Sentence(len(found), read[start:end], number, number, start))
    return found


def language_of(texts: Sequence[str], language: str | None) -> str:
    """The language that is given, by its first part; else the one that most of `texts` is in."""
    return _known(language) or detect_language("\n".join(islice(texts, _SAMPLED))[:MAX_CHARACTERS])


def _known(language: str | None) -> str | None:
    """`en` of `en-GB`, `EN` and `en_US`; None where nothing is known."""
    code = re.split(r"[-_]", (language or "").strip().lower())[0]
    return None if code in ("", UNKNOWN) else code


def _headline(found: Sequence[Sentence]) -> str | None:
    """A first line without a full stop, where there is more after it."""
    if not found or found[0].paragraph == found[-1].paragraph or found[0].paragraph == found[1].paragraph:
        return None
    first = found[0].text
    return None if len(first) > _LONGEST_HEADLINE or first[-1] in ".。!！:：" else first


def _summary(
    found: Sequence[Sentence],
    title: str | None,
    language: str,
    length: Length,
    method: str,
    explain: bool,
    *,
    whole_page: bool = False,
) -> Summary:
    judged = judge(found, language, title, whole_page=whole_page)
    candidates = _candidates(judged)
    stemmed = stems_of(candidates, language)
    ranking = methods.rank(method, candidates, stemmed, language, title)
    by_index = {one.sentence.index: one for one in judged}
    stems_by_index = {one.sentence.index: words for one, words in zip(candidates, stemmed, strict=True)}
    indexes = selection.choose(ranking, by_index, stems_by_index, length)
    reasons = methods.explain(method, candidates, stemmed, language, title) if explain else {}
    chosen = tuple(_chosen(by_index[index].sentence, reasons.get(index, ())) for index in indexes)
    return Summary(tuple(one.text for one in chosen), tuple(indexes), method, language, title or None, chosen)


def _chosen(sentence: Sentence, reasons: tuple[Reason, ...]) -> Chosen:
    start = sentence.start
    return Chosen(sentence.text, sentence.index, sentence.part, start, start + len(sentence.text), reasons)


def _candidates(judged: Sequence[Judged]) -> list[Judged]:
    """All but the repeats; what has no letter in it only where nothing has."""
    return [one for one in judged if one.fault < Fault.EMPTY] or [one for one in judged if one.fault < Fault.REPEAT]
