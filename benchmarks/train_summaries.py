"""Learn summarizer/weights.py from articles with human references; report cross-validated figures.

    python -m benchmarks.train_summaries ../shared/data/summaries > summarizer/weights.py
    python -m benchmarks.train_summaries ../shared/data/summaries --report [--ablate]

For each article some hundreds of sets of three sentences that the guards allow are scored against its reference. The
weights maximize the score that is expected when a set is drawn with a probability proportional to the exponential of
the sum of its sentences' scores (minimum risk training), under a ridge: what is learnt is a good set under the guards,
not good single sentences. English is learnt from CNN/DailyMail; the weights for other languages from the same with
only the features that need no English, and those for languages that say much in one word from Korean and Turkish.
Folds are by article. It takes about two minutes and gives the same bytes every time.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.rouge import Rouge
from summarizer import selection
from summarizer.features import FEATURES, GROUPS, features
from summarizer.guards import Fault, Judged, Sentence, judge
from summarizer.length import Length
from summarizer.ranking import stems_of
from summarizer.sentences import split_sentences
from summarizer.words import stems

Array = NDArray[np.float64]

ENGLISH = ("cnndm_val.dev.jsonl", "cnndm_train100.dev.jsonl")
TITLED = ("ko_scinews50.dev.jsonl", "tr_tes.dev.jsonl")
FOLDS = 5
COUNT = 3
STEPS = 120
RATE = 0.05
RIDGE = 0.03
RIDGE_TITLED = 0.1
_LIKELY, _FIRST, _OTHERS = 9, 5, 4  # sentences that sets are made of: the likeliest, the first, and of the rest
# Not learnt: ROUGE doesn't mind a summary that leans on more of itself than it must, readers do. In English it costs
# 0.3, and the guards see to it that what leans has its antecedent.
LEANING = "leaning"
LEANING_TITLED, LEANING_NEUTRAL = -2.0, -5.0
LEARNT = tuple(name for name in FEATURES if name != LEANING)
# In the sums of English scores, which spread wider than those from which its worth is learnt.
_ENGLISH_HEADLINE = 1.5
_HEADLINES = GROUPS["headline"]
# What is counted by English words, capitals or absolute length tells nothing elsewhere; nor does that English
# references are short.
_ENGLISH_ONLY = frozenset(
    {"words", "words_squared", "over_25_words", "over_35_words", "under_8_words", "word_length", "content_words"}
    | {"recurring_names", "names", "first_person"}
)
AGGLUTINATIVE = tuple(name for name in LEARNT if name not in _ENGLISH_ONLY)
NEUTRAL = tuple(name for name in AGGLUTINATIVE if name != "relative_length")


@dataclass(frozen=True)
class Document:
    """One article: what the guards and the features say, and the score of every set of its sentences that is tried.

    `sets` has a row of places in `judged` for each set, `gains` its score against the article's mean.
    """

    id: str
    fold: int
    judged: list[Judged]
    found: list[list[str]]
    values: Array
    sets: NDArray[np.int64]
    gains: Array
    score: Callable[[Sequence[int]], float]
    lead: float


def read(paths: Sequence[Path]) -> list[Document]:
    """The articles of three sentences and more, in the order of the files."""
    rows = [json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
    documents = [document(row) for row in rows]
    return [one for one in documents if one is not None]


def document(row: Mapping[str, Any]) -> Document | None:
    language = row["lang"]
    sentences = row.get("sentences") or split_sentences(row["text"], language)
    judged = judge([Sentence(at, text, 0, at) for at, text in enumerate(sentences)], language, row["title"])
    judged = [one for one in judged if one.fault < Fault.EMPTY]
    found = stems_of(judged, language)
    if sum(one.fault.is_prose for one in judged) < COUNT:
        return None
    values = np.array(features(judged, found, stems(row["title"] or "", language), language))
    score = scorer(row, sentences)
    sets = np.array(_sets(judged, found, values))
    scores = np.array([score([judged[place].sentence.index for place in chosen]) for chosen in sets])
    fold = int(hashlib.sha256(row["id"].encode()).hexdigest(), 16) % FOLDS
    lead = score(range(min(COUNT, len(sentences))))
    return Document(row["id"], fold, judged, found, values, sets, scores - scores.mean(), score, lead)


def scorer(row: Mapping[str, Any], sentences: Sequence[str]) -> Callable[[Sequence[int]], float]:
    """Mean F1 of the choices where people chose sentences, else mean ROUGE F1; in hundredths."""
    extracts = row.get("extracts") or ([row["extract"]] if row.get("extract") else [])
    if not extracts:
        return Rouge(row["summary"], sentences).score

    def score(chosen: Sequence[int]) -> float:
        f1 = [2 * len(set(chosen) & set(extract)) / (len(chosen) + len(extract)) for extract in extracts]
        return 100 * sum(f1) / len(f1)

    return score


def _sets(judged: Sequence[Judged], found: Sequence[Sequence[str]], values: Array) -> list[tuple[int, ...]]:
    """Threes of sentences that the guards allow together; all threes where they allow none."""
    places = {one.sentence.index: place for place, one in enumerate(judged)}
    pool = _pool(judged, values)
    pool |= {places[one.leans_on] for one in (judged[at] for at in pool) if one.leans_on is not None}
    threes = list(combinations(sorted(pool), COUNT))
    near = {pair for pair in combinations(sorted(pool), 2) if selection.repeats(found[pair[0]], found[pair[1]])}
    allowed = [
        three
        for three in threes
        if all(judged[at].fault is not Fault.LEANING or places.get(judged[at].leans_on or 0) in three for at in three)
        and near.isdisjoint(combinations(three, 2))
    ]
    return allowed or threes


def _pool(judged: Sequence[Judged], values: Array) -> set[int]:
    """Sentences that might be chosen, told without weights: by place and recurring words; and some that might not."""
    prose = [place for place, one in enumerate(judged) if one.fault.is_prose]
    seed = values[:, FEATURES.index("place")] + values[:, FEATURES.index("recurring_relative")]
    likely = sorted(prose, key=lambda place: (-seed[place], place))[:_LIKELY]
    pool = set(likely) | set(prose[:_FIRST])
    rest = [place for place in prose if place not in pool]
    return pool | set(rest[:: max(1, len(rest) // _OTHERS)][:_OTHERS])


def train(
    documents: Sequence[Document], names: Sequence[str] = LEARNT, ridge: float = RIDGE, leaning: float = 0.0
) -> dict[str, float]:
    """Weights of the features by Adam from nothing, a fixed number of steps; that of `leaning` is given."""
    columns = [FEATURES.index(name) for name in names]
    stacked = np.vstack([one.values[:, columns] for one in documents])
    spread = stacked.std(0)
    spread[spread == 0] = 1
    sums = np.vstack([one.values[:, columns][one.sets].sum(1) for one in documents]) / spread
    leant = leaning * np.concatenate([one.values[:, FEATURES.index(LEANING)][one.sets].sum(1) for one in documents])
    gains = np.concatenate([one.gains for one in documents])
    sizes = [len(one.gains) for one in documents]
    starts = np.cumsum([0, *sizes[:-1]])
    of = np.repeat(np.arange(len(documents)), sizes)
    theta, first, second = (np.zeros(len(names)) for _ in range(3))
    for step in range(1, STEPS + 1):
        scores = sums @ theta + leant
        odds = np.exp(scores - np.maximum.reduceat(scores, starts)[of])
        odds /= np.add.reduceat(odds, starts)[of]
        expected = np.add.reduceat(odds * gains, starts)
        slope = ridge * theta - sums.T @ (odds * (gains - expected[of])) / 4 / len(documents)
        first, second = 0.9 * first + 0.1 * slope, 0.999 * second + 0.001 * slope * slope
        theta = theta - RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    return dict(zip(names, (theta / spread).tolist(), strict=True)) | {LEANING: leaning}


def choose(one: Document, weights: Mapping[str, float]) -> list[int]:
    """Indexes of the sentences that the summarizer takes with these weights."""
    scores = one.values @ np.array([weights.get(name, 0.0) for name in FEATURES])
    order = sorted(range(len(scores)), key=lambda place: (-scores[place], place))
    by_index = {judged.sentence.index: judged for judged in one.judged}
    words = {judged.sentence.index: found for judged, found in zip(one.judged, one.found, strict=True)}
    return selection.choose([one.judged[place].sentence.index for place in order], by_index, words, Length(COUNT))


def cross_validated(
    documents: Sequence[Document], names: Sequence[str], ridge: float = RIDGE, leaning: float = 0.0
) -> Array:
    """What each article's summary scores over its first three sentences, by weights that never saw it."""
    over = np.zeros(len(documents))
    for fold in range(FOLDS):
        weights = train([one for one in documents if one.fold != fold], names, ridge, leaning)
        for number, one in enumerate(documents):
            if one.fold == fold:
                over[number] = one.score(choose(one, weights)) - one.lead
    return over


def interval(values: Array) -> str:
    """The mean with its 95 % bootstrap interval."""
    known = _figure(values)
    return f"{known['mean']:+.2f} [{known['low']:+.2f}, {known['high']:+.2f}]"


def tables(english: Sequence[Document], titled: Sequence[Document]) -> dict[str, dict[str, float]]:
    """The weights to ship. No English reference here comes with a headline: its worth is learnt from the titled."""
    agglutinative = train(titled, AGGLUTINATIVE, RIDGE_TITLED, LEANING_TITLED)
    headline = {name: _ENGLISH_HEADLINE * agglutinative[name] for name in _HEADLINES}
    return {
        "ENGLISH": train(english, [name for name in LEARNT if name not in _HEADLINES]) | headline,
        "NEUTRAL": train(english, [name for name in NEUTRAL if name not in _HEADLINES])
        | headline
        | {LEANING: LEANING_NEUTRAL},
        "AGGLUTINATIVE": agglutinative,
    }


def figures(folder: Path) -> dict[str, dict[str, float]]:
    """Over the first three sentences, by weights that never saw the article; none where a training file is missing."""
    if not all((folder / name).is_file() for name in ENGLISH + TITLED):
        return {}
    english, titled = (read([folder / name for name in names]) for names in (ENGLISH, TITLED))
    own = [name for name in LEARNT if name not in _HEADLINES]
    return {
        "English": _figure(cross_validated(english, own)),
        "Korean and Turkish": _figure(cross_validated(titled, AGGLUTINATIVE, RIDGE_TITLED, LEANING_TITLED)),
    }


def _figure(values: Array) -> dict[str, float]:
    dice = np.random.default_rng(0)
    means = np.sort([values[dice.integers(0, len(values), len(values))].mean() for _ in range(2_000)])
    known = {"mean": values.mean(), "low": means[50], "high": means[1_949]}
    return {"articles": len(values)} | {name: round(float(value), 2) for name, value in known.items()}


def report(english: Sequence[Document], titled: Sequence[Document], *, ablate: bool) -> None:
    own = [name for name in LEARNT if name not in _HEADLINES]
    over = cross_validated(english, own)
    print(f"English, {len(english)} articles: {interval(over)} over the first three")
    neutral = [name for name in NEUTRAL if name not in _HEADLINES]
    print(f"the same by what needs no English: {interval(cross_validated(english, neutral))}")
    print(f"titled, {len(titled)}: {interval(cross_validated(titled, AGGLUTINATIVE, RIDGE_TITLED, LEANING_TITLED))}")
    for one in ("cnndm-val", "cnndm-train"):
        print(f"of these {one}: {interval(over[[it.id.startswith(one) for it in english]])}")
    for one, other in (("cnndm-val", "cnndm-train"), ("cnndm-train", "cnndm-val")):
        weights = train([article for article in english if article.id.startswith(one)], own)
        unseen = [article for article in english if article.id.startswith(other)]
        print(f"{one} -> {other}: {interval(np.array([it.score(choose(it, weights)) - it.lead for it in unseen]))}")
    for group, names in GROUPS.items() if ablate else ():
        documents, known = (titled, AGGLUTINATIVE) if group == "headline" else (english, own)
        left = [name for name in known if name not in names]
        held = (RIDGE_TITLED, LEANING_TITLED) if group == "headline" else (RIDGE, 0.0)
        print(f"without {group}: {interval(cross_validated(documents, left, *held))}")


def module(found: Mapping[str, Mapping[str, float]]) -> str:
    lines = ['"""Learnt by benchmarks/train_summaries.py: what one unit of each feature is worth."""', ""]
    for name, weights in found.items():
        lines += [f"{name} = {{", *(f'    "{feature}": {weight:.4f},' for feature, weight in weights.items()), "}"]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder of JSONL files")
    parser.add_argument("--report", action="store_true", help="cross-validated figures instead of the weights")
    parser.add_argument("--ablate", action="store_true", help="with --report: also without each group of features")
    arguments = parser.parse_args()
    english, titled = (read([arguments.data / name for name in names]) for names in (ENGLISH, TITLED))
    if arguments.report:
        report(english, titled, ablate=arguments.ablate)
    else:
        sys.stdout.write(module(tables(english, titled)))


if __name__ == "__main__":
    main()
