"""How good and how fast summaries are, beside the lead and beside sumy's methods, in one run.

Quality: news with human references, one JSON row a line as in the development data beside the project. Rows with `text`
(or `sentences`) and `summary` are scored by the mean of ROUGE-1, 2 and Lsum F1, rows with `extract` or `extracts` by
the F1 of the sentences chosen. Differences to the lead come with a 95 % paired bootstrap interval; of English also the
share of summaries in which a reference dangles (benchmarks/dangling.py). `auto` has learnt from these very files, so
what it scores there flatters it: beside it stands what weights score on articles that they never saw, by
cross-validation (benchmarks/train_summaries.py). Speed: documents a second on made-up news, so that it can be measured
anywhere, beside sumy's LexRank with its own stemmer on the same sentences.
"""

import argparse
import importlib
import json
import random
import re
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import summarizer
from benchmarks import dangling, train_summaries
from benchmarks.summary_choosers import COUNT, Row, choosers

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "summaries"
LIMIT = 150
LENGTHS = (30, 100, 300)
_SEED = 20170519
_RESAMPLES = 1_000


def run(
    data: Path | None = None,
    limit: int | None = LIMIT,
    seconds: float = 0.4,
    lengths: Sequence[int] = LENGTHS,
    cross_validate: bool = True,
) -> dict[str, Any]:
    """`limit`: articles of each set, None for all. `seconds`: how long each speed is measured, on documents of
    each of `lengths` sentences. `cross_validate` takes half a minute, and only where all the training files are."""
    folder = data or DATA
    sets = {path.stem.removesuffix(".dev"): path for path in sorted(folder.glob("*.jsonl"))} if folder.is_dir() else {}
    return {
        "benchmark": "summaries",
        "sentences": COUNT,
        "quality": {name: quality for name, path in sets.items() if (quality := _quality(_rows(path, limit)))},
        "cross_validated": train_summaries.figures(folder) if cross_validate else {},
        "speed": {str(length): _speed(length, seconds) for length in lengths},
        "splitting_sentences_per_s": _splitting(seconds),
        "peak_memory_mb": peak_memory(),
    }


def peak_memory() -> int:
    """Of this process in MB.

    On Linux from its status: what getrusage counts there begins with the memory of the process that started it.
    macOS counts in bytes.
    """
    status = Path("/proc/self/status")
    if status.exists() and (found := re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="ascii"))):
        return int(found[1]) // 1_000
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most // (1_000_000 if sys.platform == "darwin" else 1_000)


def _rows(path: Path, limit: int | None) -> list[Row]:
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [_row(json.loads(line)) for line in lines if line.strip()]
    return [row for row in rows if row.sentences and (row.summary or row.extracts)][:limit]


def _row(raw: dict[str, Any]) -> Row:
    """Rows of several articles in one (`paragraphs`) have no sentences here, and are left out."""
    language = raw.get("lang") or "und"
    sentences = raw.get("sentences") or summarizer.split_sentences(raw.get("text") or "", language)
    extracts = raw.get("extracts") or ([raw["extract"]] if raw.get("extract") else [])
    chosen = tuple(tuple(extract) for extract in extracts)
    return Row(tuple(sentences), raw.get("title"), language, raw.get("summary") or "", chosen)


def _quality(rows: Sequence[Row]) -> dict[str, object]:
    if not rows:
        return {}
    score = _choice_score if all(row.extracts for row in rows) else _rouge_score()
    chosen = {name: [chooser(row) for row in rows] for name, chooser in choosers(rows).items()}
    scores = {name: [score(row, one) for row, one in zip(rows, of, strict=True)] for name, of in chosen.items()}
    lead = scores["lead-3"]
    return {
        "articles": len(rows),
        "measure": "F1 of choices" if score is _choice_score else "mean ROUGE-1/2/Lsum F1",
        "scores": {name: round(statistics.fmean(values), 2) for name, values in scores.items()},
        "over_lead": {name: _difference(values, lead) for name, values in scores.items() if name != "lead-3"},
        "over_sumy_lexrank": _difference(scores["auto"], scores["sumy lexrank"]),
        "dangling_percent": {name: _dangling(rows, of) for name, of in chosen.items()},
    }


def _dangling(rows: Sequence[Row], chosen: Sequence[Sequence[int]]) -> float | None:
    """Of the English summaries, how many of a hundred refer to something that they left out."""
    found = [
        bool(dangling.faults(row.sentences, of)) for row, of in zip(rows, chosen, strict=True) if row.language == "en"
    ]
    return round(100 * statistics.fmean(found), 2) if found else None


def _choice_score(row: Row, chosen: Sequence[int]) -> float:
    return 100 * statistics.fmean(
        2 * len(set(chosen).intersection(extract)) / (len(chosen) + len(extract)) for extract in row.extracts
    )


def _rouge_score() -> Callable[[Row, Sequence[int]], float]:
    kinds = ["rouge1", "rouge2", "rougeLsum"]
    scorer = importlib.import_module("rouge_score.rouge_scorer").RougeScorer(kinds, use_stemmer=True)

    def score(row: Row, chosen: Sequence[int]) -> float:
        found = scorer.score(row.summary, "\n".join(row.sentences[index] for index in chosen))
        return 100 * statistics.fmean(found[kind].fmeasure for kind in kinds)

    return score


def _difference(values: Sequence[float], lead: Sequence[float]) -> dict[str, float]:
    """Mean difference with its 95 % interval, resampling articles."""
    differences = [value - base for value, base in zip(values, lead, strict=True)]
    dice = random.Random(_SEED)
    means = sorted(statistics.fmean(dice.choices(differences, k=len(differences))) for _ in range(_RESAMPLES))
    return {
        "mean": round(statistics.fmean(differences), 2),
        "low": round(means[int(_RESAMPLES * 0.025)], 2),
        "high": round(means[int(_RESAMPLES * 0.975)], 2),
    }


_PLACES = ("Kestrel Bay", "Orvell", "Mekara", "Lacey", "Sevran", "North Harbour", "Tarn", "Ilmen")
_PEOPLE = ("Anna Holt", "Minister Deren", "Mayor Okafor", "Dr. Ilse Brandt", "Col. Ramos", "Judge Tran", "Sen. Hall")
_DEEDS = ("opened", "closed", "inspected", "rebuilt", "postponed", "approved", "rejected", "financed", "searched")
_THINGS = (
    "the ferry terminal",
    "a school for pilots",
    "the flood barrier",
    "an old power station",
    "the fish market",
    "a railway bridge",
    "the cup final",
    "a research vessel",
    "the main hospital",
    "the opera house",
)


def made_up(sentences: int) -> list[str]:
    """News that never happened: as many sentences as asked, no two alike."""
    dice = random.Random(_SEED)
    return [
        f"{dice.choice(_PEOPLE)} of {dice.choice(_PLACES)} {dice.choice(_DEEDS)} {dice.choice(_THINGS)} on day"
        f" {number}, and {dice.choice(_PLACES)} {dice.choice(_DEEDS)} {dice.choice(_THINGS)}"
        f" for {dice.randint(2, 900)} million."
        for number in range(sentences)
    ]


def _speed(length: int, seconds: float) -> dict[str, float]:
    """Documents of `length` sentences a second, and how many times sumy's own LexRank that is."""
    sentences = made_up(length)
    own = _sumy_lexrank(sentences)
    own()
    speeds = {"sumy_lexrank": _per_second(own, seconds)}
    for method in summarizer.METHODS:
        work = _work(sentences, method)
        work()
        speeds[method] = _per_second(work, seconds)
    rounded = {name: round(speed, 1) for name, speed in speeds.items()}
    return rounded | {"auto_over_sumy_lexrank": round(speeds["auto"] / speeds["sumy_lexrank"], 1)}


def _work(sentences: Sequence[str], method: str) -> Callable[[], object]:
    return lambda: summarizer.summarize_sentences(sentences, language="en", count=COUNT, method=method)


def _per_second(work: Callable[[], object], seconds: float) -> float:
    begun = time.perf_counter()
    times = 0
    while times == 0 or time.perf_counter() - begun < seconds:
        work()
        times += 1
    return times / (time.perf_counter() - begun)


class _PlainWords:
    """Words for sumy where its own tokenizer would want a download."""

    def to_words(self, text: str) -> tuple[str, ...]:
        return tuple(re.findall(r"[^\W\d_]+", text))


def _sumy_lexrank(sentences: Sequence[str]) -> Callable[[], object]:
    dom = importlib.import_module("sumy.models.dom")
    algorithm = importlib.import_module("sumy.summarizers.lex_rank").LexRankSummarizer(
        importlib.import_module("sumy.nlp.stemmers").Stemmer("english")
    )
    algorithm.stop_words = importlib.import_module("sumy.utils").get_stop_words("english")

    def summarize() -> object:
        found = [dom.Sentence(sentence, _PlainWords()) for sentence in sentences]
        return algorithm(dom.ObjectDocumentModel([dom.Paragraph(found)]), COUNT)

    return summarize


def _splitting(seconds: float) -> int:
    text = " ".join(made_up(1_000))
    return round(1_000 * _per_second(lambda: summarizer.split_sentences(text, "en"), seconds))


def table(result: dict[str, Any]) -> Iterator[str]:
    for name, quality in result["quality"].items():
        yield f"{name}: {quality['articles']} articles, {quality['measure']}"
        for method, score in quality["scores"].items():
            over = quality["over_lead"].get(method)
            interval = f"  {over['mean']:+6.2f} [{over['low']:+6.2f}, {over['high']:+6.2f}]" if over else ""
            dangles = quality["dangling_percent"][method]
            rate = "" if dangles is None else f"  {dangles:5.2f} % dangling"
            yield f"  {method:<16} {score:6.2f}{interval or ' ' * 23}{rate}"
    for name, over in result["cross_validated"].items():
        interval = f"{over['mean']:+.2f} [{over['low']:+.2f}, {over['high']:+.2f}]"
        yield f"auto over lead-3, cross-validated, {name}: {over['articles']} articles, {interval}"
    for length, speeds in result["speed"].items():
        found = ", ".join(f"{name} {speed}" for name, speed in speeds.items())
        yield f"{length} sentences, documents a second: {found}"
    yield f"sentences split a second: {result['splitting_sentences_per_s']}"
    yield f"peak memory: {result['peak_memory_mb']} MB"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of JSONL files")
    parser.add_argument("--limit", type=int, default=LIMIT, help="articles of each set; 0 for all")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    result = run(arguments.data, arguments.limit or None)
    print(json.dumps(result) if arguments.json else "\n".join(table(result)))


if __name__ == "__main__":
    main()
