"""Archives of so many articles, on SQLite and PostgreSQL; where a folder or a server is named, kept for the next run.

    --keep FOLDER      SQLite's files, archive-1000000.db and the like
    --postgres SERVER  a server's own address, ending in /postgres?...; databases tidings_bench_1000000 and the like

Without a server one is started where the tests are at hand, and gone afterwards. A million articles take some minutes
for each database; an archive whose loading was interrupted is completed.
"""

import argparse
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import psycopg
from sqlalchemy import text

from benchmarks import archive
from storage.database import Database

# As on a small machine of its own: every commit is on the disk before the next one.
SETTINGS = "-c listen_addresses= -c max_connections=40 -c shared_buffers=512MB -c effective_cache_size=2GB"


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where archives stand. `postgres` None: SQLite alone."""

    folder: Path
    postgres: str | None

    @property
    def kinds(self) -> list[str]:
        return ["sqlite", "postgresql"] if self.postgres else ["sqlite"]

    @asynccontextmanager
    async def archive(self, kind: str, count: int) -> AsyncIterator[Database]:
        """A database with exactly so many articles."""
        database = Database(self._url(kind, count))
        try:
            source_ids = await archive.prepare(database)
            async with database.begin() as tx:
                await tx.execute(text("DELETE FROM article WHERE id > :count"), {"count": count})
            there = await archive.stored(database)
            if there < count:
                archive.fill(database, archive.Texts(), range(there, count), source_ids)
            yield database
        finally:
            await database.dispose()

    def _url(self, kind: str, count: int) -> str:
        if kind == "sqlite" or self.postgres is None:
            return f"sqlite:///{self.folder.absolute()}/archive-{count}.db"
        name = f"tidings_bench_{count}"
        with psycopg.connect(self.postgres, autocommit=True) as server:
            if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchall():
                server.execute(f"CREATE DATABASE {name}".encode())
        return self.postgres.replace("/postgres?", f"/{name}?")


@contextmanager
def shelf(keep: Path | None = None, postgres: str | None = None) -> Iterator[Shelf]:
    with tempfile.TemporaryDirectory(prefix="tidings-bench-") as folder:
        place = keep or Path(folder)
        if postgres is not None or find_spec("tests") is None:
            yield Shelf(place, postgres)
            return
        with import_module("tests.postgres").cluster(SETTINGS) as url:
            yield Shelf(place, url)


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--keep", type=Path, help="a folder for SQLite's archives, reused next time")
    parser.add_argument("--postgres", help="a server's own address, ending in /postgres?...; its archives are kept")
