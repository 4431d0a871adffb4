"""The command line, run again and again in a program of its own: what it does to logging stays there.

Run as a module it reads a JSON request a line and answers with a JSON result a line.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from typer.testing import CliRunner

from tests.patience import PATIENCE_S


@dataclass(frozen=True)
class Request:
    arguments: list[str]
    folder: str
    environ: dict[str, str] = field(default_factory=dict)
    stdin: str = ""


@dataclass(frozen=True)
class Done:
    status: int
    out: str
    err: str


class CommandLine:
    """Calls commands one after the other, each in the folder and the environment that it is given."""

    def __init__(self, requests: IO[str], results: IO[str], folder: Path) -> None:
        self._requests = requests
        self._results = results
        self.folder = folder

    def __call__(self, *arguments: str, stdin: str = "", **environ: str) -> Done:
        request = Request(list(arguments), str(self.folder), environ, stdin)
        self._requests.write(json.dumps(asdict(request)) + "\n")
        self._requests.flush()
        return Done(**json.loads(self._results.readline()))

    def at(self, folder: Path) -> "CommandLine":
        return CommandLine(self._requests, self._results, folder)


@contextmanager
def command_line(folder: Path, env: dict[str, str]) -> Iterator[CommandLine]:
    command = [sys.executable, "-m", "tests.bot.cli_rig"]
    with subprocess.Popen(
        command, cwd=folder, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield CommandLine(process.stdin, process.stdout, folder)
        process.stdin.close()
        assert process.wait(timeout=PATIENCE_S) == 0


def _answer(request: Request) -> Done:
    from bot.cli import app  # noqa: PLC0415 - importing this module should not load the service

    os.chdir(request.folder)
    result = CliRunner().invoke(app, request.arguments, input=request.stdin.encode(), env=request.environ)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        return Done(70, result.stdout, f"{result.stderr}{result.exception!r}")
    return Done(result.exit_code, result.stdout, result.stderr)


def main() -> None:
    for line in sys.stdin:
        print(json.dumps(asdict(_answer(Request(**json.loads(line))))), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
