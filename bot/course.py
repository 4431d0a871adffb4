"""How a long reading goes: counts, rate, and why what failed did."""

import time
from collections import Counter
from collections.abc import Callable

from rich.progress import Progress

from bot import terminal
from ingest.run import Outcome, Result

SECONDS_BETWEEN_LINES = 10.0
MAX_REASONS = 1_000
OTHER = "other reasons"
MAX_KINDS = 30
OTHER_KINDS = "other kinds"


class Tally:
    """Counts, not results: those of ten thousand files would fill the memory. `stopped_by`: the signal, if any."""

    def __init__(self) -> None:
        self._outcomes: Counter[Outcome] = Counter()
        self._reasons: Counter[str] = Counter()
        self._kinds: Counter[str] = Counter()
        self.first: dict[str, str] = {}
        self.stopped_by: int | None = None

    def add(self, result: Result) -> None:
        self._outcomes[result.outcome] += 1
        if result.outcome is Outcome.FAILED:
            reason = result.reason or OTHER
            reason = reason if reason in self.first or len(self.first) < MAX_REASONS else OTHER
            self._reasons[reason] += 1
            self.first.setdefault(reason, result.subject)
        elif result.outcome is Outcome.SKIPPED:
            kind = result.reason or OTHER
            self._kinds[kind if kind in self._kinds or len(self._kinds) < MAX_KINDS else OTHER_KINDS] += 1

    @property
    def added(self) -> int:
        return self._outcomes[Outcome.ADDED]

    @property
    def known(self) -> int:
        return self._outcomes[Outcome.KNOWN]

    @property
    def failed(self) -> int:
        return self._outcomes[Outcome.FAILED]

    @property
    def skipped(self) -> int:
        return self._outcomes[Outcome.SKIPPED]

    @property
    def total(self) -> int:
        return self._outcomes.total()

    def reasons(self) -> list[tuple[str, int]]:
        """The most frequent first."""
        return self._reasons.most_common()

    def kinds(self) -> list[tuple[str, int]]:
        """Of the files that were skipped, the most frequent first."""
        return self._kinds.most_common()


class Course:
    """Shows progress and rate: as a bar where somebody looks, else as a line now and then. Both on stderr."""

    def __init__(self, bar: Progress, tally: Tally, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._bar, self._tally, self._clock = bar, tally, clock
        self._task = bar.add_task("Reading", total=None)
        self._begun = self._said = clock()

    def at(self, done: int, total: int) -> None:
        now = self._clock()
        words = self._words(done / max(now - self._begun, 0.001))
        self._bar.update(self._task, completed=done, total=total, description=f"Reading {words}")
        if self._bar.disable and now - self._said >= SECONDS_BETWEEN_LINES:
            self._said = now
            terminal.err.print(f"{done} of {total} read, {words}", markup=False)

    def _words(self, rate: float) -> str:
        tally = self._tally
        return f"{rate:.1f}/s, {tally.added} new, {tally.known} known, {tally.failed} failed"
