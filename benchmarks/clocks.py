"""What something takes by the clock, and what it computes: on a busy machine the clock tells of other programs too."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import text

from storage.database import Database


@dataclass(slots=True)
class Spent:
    """Milliseconds. `cpu`: of this process, and of PostgreSQL's for it."""

    cpu: float = 0.0
    wall: float = 0.0


class Clock:
    def __init__(self, servers: Sequence[int]) -> None:
        self._servers = servers

    @classmethod
    async def of(cls, database: Database) -> "Clock":
        """PostgreSQL's processes are those which are connected now; they must be on this machine."""
        if database.path is not None:
            return cls(())
        async with database.read() as tx:
            asked = text("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state IS NOT NULL")
            return cls((await tx.scalars(asked)).all())

    @contextmanager
    def timed(self) -> Iterator[Spent]:
        spent = Spent()
        cpu, begun = self._computed(), time.perf_counter()
        yield spent
        spent.wall = (time.perf_counter() - begun) * 1_000
        spent.cpu = (self._computed() - cpu) * 1_000

    def _computed(self) -> float:
        served = (Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0] for pid in self._servers)
        return time.process_time() + sum(map(int, served)) / 1e9


def servers(connection: Any) -> Sequence[int]:
    """The process that serves a driver's own connection."""
    info = getattr(connection, "info", None)
    return () if info is None else (info.backend_pid,)


def spread(taken: Sequence[Spent]) -> dict[str, float]:
    walls, cpus = sorted(one.wall for one in taken), sorted(one.cpu for one in taken)
    return {
        "p50_ms": round(walls[len(walls) // 2], 2),
        "p99_ms": round(walls[int(len(walls) * 0.99)], 2),
        "cpu_p50_ms": round(cpus[len(cpus) // 2], 2),
        "cpu_p99_ms": round(cpus[int(len(cpus) * 0.99)], 2),
    }


COLUMNS = f"{'p50':>9}{'p99':>9}{'cpu p50':>9}{'cpu p99':>9} ms"


def columns(times: dict[str, float]) -> str:
    return "".join(f"{times[name]:>9}" for name in ("p50_ms", "p99_ms", "cpu_p50_ms", "cpu_p99_ms"))
