"""What the command line shares: where text goes, how settings' problems and progress look."""

import asyncio
import json
import sys
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from config import log
from config.settings import LogFormat, Settings, SettingsError, load

T = TypeVar("T")
LONGEST = 100_000  # of a time span, in its unit

# Results go to stdout; what is said about them goes to stderr, so that pipes get results alone.
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def settings() -> Settings:
    """The settings, with logging configured by them; ends the program with every problem named otherwise."""
    try:
        found = load()
    except SettingsError as error:
        err.print("[bold red]Tidings can't start with these settings:[/]")
        for problem in error.problems:
            err.print(f"  • {problem}", markup=False)
        raise typer.Exit(2) from None
    log.configure(
        json=found.log_format is LogFormat.JSON, level=found.log_level, secrets=[found.token] if found.token else []
    )
    return found


def fail(message: str, status: int = 1) -> typer.Exit:
    """Say what is wrong; the caller raises what this returns."""
    err.print(message, style="red", markup=False)
    return typer.Exit(status)


def progress(*, quiet: bool = False) -> Progress:
    """A bar for long work, on stderr; silent where nobody looks."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=err,
        transient=True,
        disable=quiet or not err.is_terminal,
    )


def run(work: Coroutine[Any, Any, T]) -> T:
    """asyncio.run, where Ctrl-C ends quietly."""
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def print_json(value: dict[str, Any]) -> None:
    """As it is read; escaped where it holds half a surrogate pair, which no encoding takes."""
    line = json.dumps(value, ensure_ascii=False)
    if any("\ud800" <= letter <= "\udfff" for letter in line):
        line = json.dumps(value)
    out.file.write(line + "\n")


def duration(text: str) -> timedelta:
    """`90m`, `24h`, `7d`. Raises typer.BadParameter."""
    units = {"m": "minutes", "h": "hours", "d": "days"}
    number, unit = text[:-1], text[-1:]
    if unit not in units or not number.isdecimal() or not 0 < int(number) <= LONGEST:
        raise typer.BadParameter("write a time span such as 90m, 24h or 7d")
    return timedelta(**{units[unit]: int(number)})


def read_stdin() -> bytes:
    return sys.stdin.buffer.read()
