"""Counts in how many articles a word stands, for ingest/word_counts.txt: what is rare tells articles apart.

    python -m benchmarks.train_words [--data FOLDER] > ingest/word_counts.txt

Counted are stems, of each language in its own articles; kept are those of three articles or more. A line holds a
language, a weight (the logarithm of all articles over those that have the stem, in halves) and the stems of that
weight; `*` stands for all the others. Of English, which writes names alone with a capital inside a sentence, another
line (`small`) holds the stems that are mostly written small.
"""

import argparse
import gzip
import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from ingest.traits import SMALL
from summarizer.words import stems

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
LEAST, LONGEST = 3, 6_000
REUTERS_STEP = 4  # an agency of 1987 has enough with a quarter
HIGHEST = 8.5
_INSIDE = re.compile(r"(?<=[^\W_] )[^\W\d_]+|(?<=[^\W_], )[^\W\d_]+")  # a word after a word
_NAMING = ("en",)
_PLAIN = {
    "en": ("summaries/cnndm_val.dev.jsonl", "summaries/cnndm_train100.dev.jsonl", "topics/agnews_dev.jsonl"),
    "ko": ("summaries/ko_scinews50.dev.jsonl",),
    "tr": ("summaries/tr_tes.dev.jsonl",),
}


def texts(data: Path, language: str) -> Iterator[str]:
    """The articles of a language."""
    for name in _PLAIN[language]:
        yield from map(_text, (data / name).read_text(encoding="utf-8").splitlines())
    if language == "en":
        with gzip.open(data / "topics/reuters_dev.jsonl.gz", "rt", encoding="utf-8") as lines:
            yield from (_text(line) for number, line in enumerate(lines) if number % REUTERS_STEP == 0)


def _text(line: str) -> str:
    row = json.loads(line)
    body = row.get("text") or row.get("body") or " ".join(row.get("sentences") or ())
    return f"{row.get('title') or ''}\n{body}"[:LONGEST]


def levels(articles: Iterable[str], language: str) -> dict[float, list[str]]:
    """Weight → stems, the heaviest for "*"."""
    counts, number = Counter[str](), 0
    for text in articles:
        number += 1
        counts.update(set(stems(text, language)))
    highest = min(HIGHEST, math.log(number + 1) + 1)
    found: defaultdict[float, list[str]] = defaultdict(list)
    for stem, count in sorted(counts.items()):
        if count >= LEAST:
            found[min(highest, round(2 * math.log((number + 1) / (count + 0.5))) / 2)].append(stem)
    found.pop(highest, None)
    return dict(sorted(found.items())) | {round(highest, 1): ["*"]}


def small(articles: Iterable[str], language: str) -> list[str]:
    """Stems that stand small inside sentences, and seldom with a capital."""
    capital, lower = Counter[str](), Counter[str]()
    for text in articles:
        words = _INSIDE.findall(text)
        capital.update(stems(" ".join(word for word in words if word[0].isupper()), language))
        lower.update(stems(" ".join(word for word in words if word[0].islower()), language))
    return sorted(stem for stem, count in lower.items() if count > capital[stem] + 1)


def main(data: Path) -> None:
    for language in _PLAIN:
        for weight, found in levels(texts(data, language), language).items():
            print(language, weight, *found)
        if language in _NAMING:
            print(language, SMALL, *small(texts(data, language), language))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    main(parser.parse_args().data)
