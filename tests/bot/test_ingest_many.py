"""`tidings ingest` on a folder that takes a while: progress, stopping, killing, going on."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import Progress

from bot.course import Course, Tally
from ingest.run import Outcome, Result
from tests.patience import PATIENCE_S

FILES = 400


def article(number: int) -> str:
    words = " ".join(f"quay{number} ship{number * 7 + place}" for place in range(20))
    return f"Harbour report {number}\n\nThe harbour was closed on Monday, its master said: {words}."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "news"
    made.mkdir()
    for number in range(FILES):
        (made / f"{number:04}.txt").write_text(article(number))
    (made / "0000-again.txt").write_text(article(0))
    (made / "9999.txt").write_bytes(b"%PDF-1.4")
    (made / "__init__.py").write_text(article(FILES))
    return made


def start(tmp_path: Path, folder: Path) -> subprocess.Popen[str]:
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": f"sqlite:///{tmp_path}/t.db", "HOME": str(tmp_path)}
    command = [sys.executable, "-m", "bot", "ingest", str(folder)]
    root, pipe = Path(__file__).parents[2], subprocess.PIPE
    # It can't be done before we have read what it says: the pipe holds some fifty of its lines.
    return subprocess.Popen(command, cwd=root, env=environment, stdout=pipe, stderr=pipe, text=True, pipesize=4096)


def stored(tmp_path: Path) -> list[str]:
    with sqlite3.connect(f"file:{tmp_path}/t.db?mode=ro", uri=True) as database:
        return [row[0] for row in database.execute("SELECT headline FROM article ORDER BY id")]


def first_lines(running: subprocess.Popen[str], count: int) -> int:
    """Gives how many of them tell of a new article."""
    assert running.stdout is not None
    words = [running.stdout.readline().partition(" ")[0] for _ in range(count)]
    assert set(words) <= {"new", "known"}
    return words.count("new")


def last_line(running: subprocess.Popen[str]) -> list[str]:
    return running.communicate(timeout=2 * PATIENCE_S)[1].splitlines()[-1].split()


@pytest.mark.slow
def test_a_reading_goes_on_where_it_was_killed_or_stopped(tmp_path: Path, folder: Path) -> None:
    """Killed outright, stopped by Ctrl-C, by SIGTERM, then run to its end: each article is there once."""
    running = start(tmp_path, folder)
    new = first_lines(running, 40)
    running.kill()
    running.communicate(timeout=PATIENCE_S)
    killed_at = len(stored(tmp_path))
    assert new <= killed_at < FILES
    for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        before = len(stored(tmp_path))
        running = start(tmp_path, folder)
        first_lines(running, 60)
        running.send_signal(number)
        _, said = running.communicate(timeout=PATIENCE_S)
        assert running.returncode == status
        assert "Stopped. Say the same again to go on" in said
        assert said.splitlines()[-2].split()[0] == str(len(stored(tmp_path)) - before)
    there = len(stored(tmp_path))
    running = start(tmp_path, folder)
    counts = last_line(running)
    assert running.returncode == 1
    assert counts == [str(FILES - there), str(there + 1), "1", "1"]
    headlines = stored(tmp_path)
    assert len(headlines) == len(set(headlines)) == FILES


@pytest.mark.slow
def test_nothing_stays_behind_when_a_reading_is_killed(tmp_path: Path, folder: Path) -> None:
    running = start(tmp_path, folder)
    first_lines(running, 40)
    children = _children(running.pid)
    assert children
    running.kill()
    running.communicate(timeout=PATIENCE_S)
    deadline = time.monotonic() + PATIENCE_S
    while any(map(_runs, children)) and time.monotonic() < deadline:
        os.sched_yield()
    assert not [child for child in children if _runs(child)]


def _runs(pid: str) -> bool:
    """What has ended may stay in the list of processes where nobody asks for its status."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def test_progress_tells_the_rate_in_lines_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    times = iter([0.0, 0.0, 5.0, 12.0, 13.0])
    tally = Tally()
    with Progress(console=Console(stderr=True), disable=True) as bar:
        course = Course(bar, tally, clock=lambda: next(times))
        course.at(0, 300)
        tally.add(Result("a.txt", Outcome.KNOWN))
        for done in (50, 120, 130):
            course.at(done, 300)
    assert capsys.readouterr().err == "120 of 300 read, 10.0/s, 0 new, 1 known, 0 failed\n"


def test_failures_are_counted_by_reason_with_the_first_of_each() -> None:
    tally = Tally()
    for name, reason in (("a", "it is empty"), ("b", "it is too big"), ("c", "it is empty"), ("d", None)):
        tally.add(Result(name, Outcome.FAILED, reason=reason))
    assert tally.reasons() == [("it is empty", 2), ("it is too big", 1), ("other reasons", 1)]
    assert tally.first["it is empty"] == "a"
    assert (tally.failed, tally.total) == (4, 4)


def test_skipped_files_are_counted_by_kind() -> None:
    tally = Tally()
    for number in range(40):
        tally.add(Result("a", Outcome.SKIPPED, reason=f".x{number}"))
    for _ in range(2):
        tally.add(Result("a", Outcome.SKIPPED, reason=".x0"))
    assert (tally.skipped, tally.failed) == (42, 0)
    assert tally.kinds()[:2] == [("other kinds", 10), (".x0", 3)]
    assert len(tally.kinds()) == 31


def test_endless_kinds_of_reasons_are_counted_together() -> None:
    tally = Tally()
    for number in range(2_000):
        tally.add(Result("a", Outcome.FAILED, reason=str(number)))
    assert len(tally.first) <= 1_001
    assert tally.reasons()[0] == ("other reasons", 1_000)
