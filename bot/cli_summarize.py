"""`tidings summarize`: a text's, or many texts', own sentences. It needs no database, and loads none.

paths -> bytes -> text -> Summary -> lines or JSON; or, row by row: lines -> summarize_rows (on all cores) -> lines
"""

import sys
import unicodedata
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

import summarizer
from bot import terminal
from bot.summary_rows import Options, as_json, rows_of, summarize_rows
from summarizer import Chosen, Summary, UnknownMethodError

MAX_TEXT_BYTES = 50_000_000
_BOMS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_UNREADABLE = 0.1  # share of characters that are none, from which on a file is no text
_STDIN = "-"


def summarize(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="files, or - for standard input")],
    sentences: Annotated[
        int | None, typer.Option("-n", "--sentences", min=1, max=100, help="at most so many [default: 3]")
    ] = None,
    words: Annotated[int | None, typer.Option("--words", min=1, help="at most so many words in all")] = None,
    characters: Annotated[
        int | None, typer.Option("--characters", min=1, help="at most so many characters in all")
    ] = None,
    headline: Annotated[bool, typer.Option("--headline", help="the headline alone")] = False,
    method: Annotated[str, typer.Option(help=f"one of: {' '.join(summarizer.METHODS)}")] = "auto",
    title: Annotated[str | None, typer.Option(help="the headline, where known: it helps")] = None,
    language: Annotated[str | None, typer.Option(help="such as en or ko [default: detected]")] = None,
    explain: Annotated[bool, typer.Option("--explain", help="say why each sentence was chosen")] = False,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="the files have a JSON row a line; each gets a summary")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="one JSON object for each text")] = False,
    jobs: Annotated[
        int | None, typer.Option("--jobs", min=1, help="processes for --jsonl [default: all cores]")
    ] = None,
) -> None:
    """Summarize texts, or each row of JSONL files (`text` or `sentences`; optional `id`, `title`, `language`).

    A summary is made of the text's own sentences, in their order; they are never cut.
    """
    options = Options(sentences, words, characters, headline, method, title, language, explain)
    try:
        summarizer.summarize("", method=method)
    except UnknownMethodError as error:
        raise terminal.fail(f"{error}", 2) from None
    failed = _rows(paths, options, jobs) if jsonl else sum(not _text(path, options, paths, json) for path in paths)
    if failed:
        raise typer.Exit(1)


def _text(path: str, options: Options, paths: list[str], json: bool) -> bool:
    """Summarizes one file; False, and said, where that can't be done."""
    text = _read_text(path)
    if text is None:
        return False
    summary = options.summarize(text)
    if not (summary.sentences or (options.headline and summary.headline)):
        why = "has no sentence that short" if any(map(str.isalnum, text)) else "holds no text to summarize"
        terminal.fail(f"{_name(path)} {why}.")
        return False
    several = len(paths) > 1
    if json:
        found = as_json(summary, explain=options.explain)
        terminal.print_json({"path": path, **found} if several else found)
        return True
    if several:
        _print(("" if path == paths[0] else "\n") + f"{_name(path)}:")
    for line in _lines(summary, options):
        _print(line)
    return True


def _lines(summary: Summary, options: Options) -> Iterator[str]:
    if options.headline:
        yield _one_line(summary.headline or "")
    for chosen in summary.chosen:
        yield _one_line(chosen.text)
        if options.explain:
            yield from _why(chosen, summary.method)


def _why(chosen: Chosen, method: str) -> Iterator[str]:
    """What the score of a sentence is made of, the weightiest first."""
    if not chosen.reasons:
        yield f"    sentence {chosen.index + 1}; {method} gives no reasons"
        return
    yield f"    sentence {chosen.index + 1}, score {sum(reason.worth for reason in chosen.reasons):.2f} ="
    for reason in sorted(chosen.reasons, key=lambda reason: -abs(reason.worth)):
        if reason.worth:
            yield f"    {reason.worth:+.2f}  {reason.feature} {reason.value:.2f} × {reason.weight:g}"


def _one_line(text: str) -> str:
    """Without line breaks, and without what would command a terminal."""
    return "".join(letter for letter in " ".join(text.split()) if unicodedata.category(letter) != "Cc")


def _print(line: str) -> None:
    terminal.out.file.write(line.encode("utf-8", "replace").decode("utf-8") + "\n")


def _read_text(path: str) -> str | None:
    """The text of a file; None, and said, where it has none or can't be read."""
    try:
        if path != _STDIN and Path(path).stat().st_size > MAX_TEXT_BYTES:
            terminal.fail(f"{path} is over {MAX_TEXT_BYTES // 1_000_000} MB, more than any article.")
            return None
        raw = terminal.read_stdin() if path == _STDIN else Path(path).read_bytes()
    except OSError as error:
        terminal.fail(f"{path} can't be read: {error.strerror}.")
        return None
    text = raw.decode(_BOMS.get(raw[:2], "utf-8-sig"), errors="replace")
    head = text[:10_000]
    if head.count("\ufffd") + head.count("\x00") > _UNREADABLE * len(head):
        terminal.fail(f"{_name(path)} is no text; pages and other files: tidings ingest.")
        return None
    return text


def _name(path: str) -> str:
    return "standard input" if path == _STDIN else path


def _rows(paths: list[str], options: Options, jobs: int | None) -> int:
    """Prints every row with its summary; how many could not be summarized."""
    failed = 0
    with ExitStack() as stack:
        opened = [stack.enter_context(found) for path in paths if (found := _open(path)) is not None]
        failed += len(paths) - len(opened)
        bar = terminal.progress()
        stack.callback(bar.stop)
        task = bar.add_task("Summarizing", total=_count(opened))
        rows = (row for file in opened for row in rows_of(file))
        try:
            for number, (line, error) in enumerate(summarize_rows(rows, options, jobs, ready=bar.start), start=1):
                terminal.out.file.write(line + "\n")
                bar.advance(task)
                if error:
                    failed += 1
                    terminal.err.print(f"row {number}: {error}", style="red", markup=False)
        except BrokenProcessPool:
            raise terminal.fail("A process ended before its rows were done: is memory short? Try --jobs 1.") from None
    return failed


def _count(files: list[BinaryIO]) -> int | None:
    """How many rows there are, where that can be known before."""
    if not all(file.seekable() for file in files):
        return None
    total = sum(1 for file in files for _ in rows_of(file))
    for file in files:
        file.seek(0)
    return total


def _open(path: str) -> BinaryIO | None:
    if path == _STDIN:
        return sys.stdin.buffer
    try:
        return Path(path).open("rb")
    except OSError as error:
        terminal.fail(f"{path} can't be read: {error.strerror}.")
        return None
