"""One worker process: reads what it is given until its input ends. Run by ingest.workers as `python -m ingest.worker`.

    length (4 bytes), head as JSON, length, bytes  →  length, answer as JSON

It bounds itself, since whoever started it may die first: memory over what it holds after loading, and an alarm that
ends it in the middle of a call into C. What libraries print goes nowhere; nothing but answers is written.
"""

import json
import os
import resource
import signal
import struct
import sys
import traceback
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from ingest.errors import ExtractError
from ingest.extract import extract_each
from ingest.jsonrows import Unread

LENGTH = struct.Struct(">I")
NICENESS = 5  # replies to people go first where there is one core
TOO_MUCH_MEMORY = "reading it takes too much memory"


def main() -> None:
    seconds, megabytes = int(sys.argv[1]), int(sys.argv[2])
    given, answers = sys.stdin.buffer, _own_output()
    os.nice(NICENESS)
    memory = Memory(megabytes)
    _write(answers, {"ready": True})
    while (head := _read(given)) is not None:
        data = _read(given)
        signal.alarm(seconds)
        answer = _answer(json.loads(head), data or b"")
        signal.alarm(0)
        used_up = memory.is_used_up()
        if used_up and "found" not in answer:  # libraries take a failed allocation for a page without text
            answer = {"reason": TOO_MUCH_MEMORY}
        _write(answers, answer | {"last": used_up})
        if used_up:
            return  # what it took, it may not give back


def _own_output() -> BinaryIO:
    """Where answers go; what else is written to standard output is lost."""
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    return answers


class Memory:
    """Lets this process take `megabytes` more than it has now: of address space, which the kernel does bound."""

    def __init__(self, megabytes: int) -> None:
        self._half = _peak() + megabytes * 512 * 1024
        most = self._half + megabytes * 512 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (most, most))

    def is_used_up(self) -> bool:
        """Whether over half of it was taken at some time; a great allocation that failed is not counted in."""
        return _peak() > self._half


def _peak() -> int:
    """Bytes of address space that were held at most."""
    with Path("/proc/self/status").open(encoding="ascii", errors="replace") as lines:
        return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmPeak:")), 0)


def _answer(head: dict[str, Any], data: bytes) -> dict[str, Any]:
    try:
        return {"found": list(_found(head, data))}
    except ExtractError as error:
        return {"reason": str(error)}
    except MemoryError:
        return {"reason": TOO_MUCH_MEMORY}
    except RecursionError:
        return {"reason": "it is nested too deeply to read"}
    except Exception:  # noqa: BLE001 - one bad page stops no other; whoever asked logs the traceback
        return {"trace": traceback.format_exc()[-4_000:]}


def _found(head: dict[str, Any], data: bytes) -> Iterator[dict[str, Any]]:
    for item in extract_each(data, name=head["name"], url=head["url"], content_type=head["content_type"]):
        yield {"row": item.row, "reason": item.reason} if isinstance(item, Unread) else asdict(item)


def _read(given: BinaryIO) -> bytes | None:
    length = given.read(LENGTH.size)
    return given.read(LENGTH.unpack(length)[0]) if len(length) == LENGTH.size else None


def _write(answers: BinaryIO, answer: dict[str, Any]) -> None:
    payload = json.dumps(answer, default=datetime.isoformat).encode()
    answers.write(LENGTH.pack(len(payload)) + payload)
    answers.flush()


if __name__ == "__main__":
    main()
