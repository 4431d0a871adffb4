"""Many texts, a JSON row a line, summarized on all cores and given back in their order."""

import json
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO

import summarizer
from summarizer import Chosen, Summary

MAX_ROW_BYTES = 20_000_000
CHUNK_ROWS = 16
_FEW_CHUNKS = 2
_AHEAD = 4  # chunks for each process that are read before the first of them is written

Done = tuple[str, str | None]  # the line to print, and what is wrong with it


@dataclass(frozen=True)
class Options:
    """What is asked of every summary; a row's own title and language go before these."""

    sentences: int | None = None
    words: int | None = None
    characters: int | None = None
    headline: bool = False
    method: str = "auto"
    title: str | None = None
    language: str | None = None
    explain: bool = False

    def summarize(self, text: str | Sequence[str], *, title: str | None = None, language: str | None = None) -> Summary:
        """Of a text, or of sentences that are split already."""
        split = not isinstance(text, str)
        work: Callable[..., Summary] = summarizer.summarize_sentences if split else summarizer.summarize
        return work(
            text,
            title=title or self.title,
            language=language or self.language,
            method=self.method,
            words=self.words,
            characters=self.characters,
            headline_only=self.headline,
            explain=self.explain,
            **{"count" if split else "sentences": self.sentences},
        )


def rows_of(file: BinaryIO) -> Iterator[bytes]:
    """The lines that hold anything; of a longer one than any row may be, as much as shows that."""
    first = True
    while line := file.readline(MAX_ROW_BYTES + 1):
        if len(line) > MAX_ROW_BYTES and not line.endswith(b"\n"):
            while (rest := file.readline(MAX_ROW_BYTES)) and not rest.endswith(b"\n"):
                pass
        if first:
            line, first = line.removeprefix(b"\xef\xbb\xbf"), False
        if line.strip():
            yield line


def summarize_rows(
    rows: Iterable[bytes], options: Options, jobs: int | None = None, ready: Callable[[], None] = lambda: None
) -> Iterator[Done]:
    """Each row as a line with its `summary`; rows are read only a little ahead. `ready` is called when work begins.

    A few rows are not worth a process.
    """
    chunks = _chunks(rows)
    head = list(islice(chunks, _FEW_CHUNKS))
    count = min(jobs or _cores(), _cores() * 4)
    if len(head) < _FEW_CHUNKS or count == 1:
        ready()
        for chunk in (*head, *chunks):
            yield from _work(chunk, options)
        return
    # What is read in now need not be read by each process.
    options.summarize("The mayor opened the bridge on Monday. A band played in the rain.")
    with ProcessPoolExecutor(count, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN)) as pool:
        waiting: deque[Future[list[Done]]] = deque(pool.submit(_work, chunk, options) for chunk in head)
        ready()
        for chunk in chunks:
            if len(waiting) >= count * _AHEAD:
                yield from waiting.popleft().result()
            waiting.append(pool.submit(_work, chunk, options))
        while waiting:
            yield from waiting.popleft().result()


def _chunks(rows: Iterable[bytes]) -> Iterator[list[bytes]]:
    left = iter(rows)
    while chunk := list(islice(left, CHUNK_ROWS)):
        yield chunk


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _work(rows: Sequence[bytes], options: Options) -> list[Done]:
    return [_done(*_row(row, options)) for row in rows]


def _done(row: dict[str, Any], error: str | None = None) -> Done:
    """Escaped where it holds half a surrogate pair, which no encoding takes."""
    try:
        line = json.dumps(row if error is None else row | {"error": error}, ensure_ascii=False)
    except RecursionError:
        return _done({"summary": []}, "nested too deeply")
    if not line.isascii() and any("\ud800" <= letter <= "\udfff" for letter in line):
        line = json.dumps(json.loads(line))
    return line, error


def _row(line: bytes, options: Options) -> tuple[dict[str, Any], str | None]:
    """The row with `summary`, and what keeps it from being summarized."""
    nothing: dict[str, Any] = {"summary": []}
    if len(line) > MAX_ROW_BYTES:
        return nothing, f"over {MAX_ROW_BYTES // 1_000_000} MB, more than any article"
    try:
        row = json.loads(line.decode("utf-8", "replace"), parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return nothing, "not JSON"
    if not isinstance(row, dict):
        return nothing, "not a JSON object"
    text = _text(row)
    if text is None:
        return row | nothing, "a row needs `text`, or `sentences` as a list of strings"
    title, language = _string(row, "title"), _string(row, "language") or _string(row, "lang")
    found = as_json(options.summarize(text, title=title, language=language), explain=options.explain, brief=True)
    return row | found, None


def _text(row: dict[str, Any]) -> str | list[str] | None:
    sentences = row.get("sentences")
    if isinstance(sentences, list) and all(isinstance(sentence, str) for sentence in sentences):
        return sentences
    return _string(row, "text")


def _string(row: dict[str, Any], name: str) -> str | None:
    return row[name] if isinstance(row.get(name), str) else None


def as_json(summary: Summary, *, explain: bool, brief: bool = False) -> dict[str, Any]:
    """`brief`: without what a row says itself."""
    found: dict[str, Any] = {"summary": list(summary.sentences)}
    if not brief:
        found = {"method": summary.method, "language": summary.language, "headline": summary.headline} | found
        found["offsets"] = [[one.start, one.end] for one in summary.chosen]
    return found | {"explain": [_explained(one) for one in summary.chosen]} if explain else found


def _explained(chosen: Chosen) -> dict[str, Any]:
    """What the score of a sentence is made of."""
    reasons = [
        {"feature": one.feature, "value": one.value, "weight": one.weight, "worth": one.worth} for one in chosen.reasons
    ]
    return {
        "sentence": chosen.text,
        "index": chosen.index,
        "part": chosen.part,
        "start": chosen.start,
        "end": chosen.end,
        "score": sum(one.worth for one in chosen.reasons) if chosen.reasons else None,
        "reasons": reasons,
    }
