"""`tidings summarize`: a text's, or many texts', own sentences. It needs no database, and loads none."""

import json
import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

import summarizer
from bot import terminal

CHUNK_ROWS = 16
MAX_TEXT_BYTES = 50_000_000


def summarize(
    path: Annotated[str, typer.Argument(help="a file, or - for standard input")],
    sentences: Annotated[int, typer.Option("-n", "--sentences", min=1, max=100, help="how many sentences")] = 3,
    method: Annotated[str, typer.Option(help=f"one of: {' '.join(summarizer.METHODS)}")] = "auto",
    jsonl: Annotated[bool, typer.Option("--jsonl", help="the file has a JSON row a line; each gets a summary")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
    title: Annotated[str | None, typer.Option(help="the headline, where known: it helps")] = None,
) -> None:
    """Summarize one text, or each row of a JSONL file (`text` or `sentences`; optional `id`, `title`, `language`)."""
    if method not in summarizer.METHODS:
        raise terminal.fail(f"There is no method {method!r}; there are: {', '.join(summarizer.METHODS)}.", 2)
    raw = _read(path)
    if jsonl:
        _summarize_rows(raw, sentences, method)
        return
    summary = summarizer.summarize(_decode(raw), title=title, sentences=sentences, method=method)
    if not summary.sentences:
        raise terminal.fail(f"{path} holds no text to summarize.")
    if as_json:
        terminal.print_json(
            {"method": summary.method, "language": summary.language, "summary": list(summary.sentences)}
        )
        return
    for sentence in summary.sentences:
        terminal.out.print(sentence, markup=False)


def _read(path: str) -> bytes:
    if path == "-":
        return terminal.read_stdin()
    try:
        if Path(path).stat().st_size > MAX_TEXT_BYTES and not path.endswith(".jsonl"):
            raise terminal.fail(f"{path} is over {MAX_TEXT_BYTES // 1_000_000} MB, more than any article.")
        return Path(path).read_bytes()
    except OSError as error:
        raise terminal.fail(f"{path} can't be read: {error.strerror}.") from None


def _decode(raw: bytes) -> str:
    return raw.decode("utf-8-sig", errors="replace")


def _summarize_rows(raw: bytes, sentences: int, method: str) -> None:
    """In parallel on the cores, printed in the order of the rows; a bad row is named, the rest goes on."""
    rows = [line for line in _decode(raw).split("\n") if line.strip()]
    failed = 0
    with terminal.progress() as bar, ProcessPoolExecutor(os.cpu_count()) as pool:
        task = bar.add_task("Summarizing", total=len(rows))
        work = partial(_summarize_row, sentences=sentences, method=method)
        for number, row in enumerate(pool.map(work, rows, chunksize=CHUNK_ROWS), start=1):
            terminal.print_json(row)
            bar.advance(task)
            if "error" in row:
                failed += 1
                terminal.err.print(f"row {number}: {row['error']}", style="red", markup=False)
    if failed:
        raise typer.Exit(1)


def _summarize_row(line: str, *, sentences: int, method: str) -> dict[str, Any]:
    """The row with `summary`; with `error` where it can't be summarized."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return {"summary": [], "error": "not JSON"}
    if not isinstance(row, dict):
        return {"summary": [], "error": "not a JSON object"}
    title, language = (row.get(name) if isinstance(row.get(name), str) else None for name in ("title", "language"))
    given = row.get("sentences")
    if isinstance(given, list) and all(isinstance(sentence, str) for sentence in given):
        found = summarizer.summarize_sentences(given, title=title, language=language, count=sentences, method=method)
    elif isinstance(row.get("text"), str):
        found = summarizer.summarize(row["text"], title=title, language=language, sentences=sentences, method=method)
    else:
        return {**row, "summary": [], "error": "a row needs `text`, or `sentences` as a list of strings"}
    return {**row, "summary": list(found.sentences)}
