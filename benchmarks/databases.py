"""Empty databases for benchmarks, of both kinds where there is a PostgreSQL; and the drivers' own ways to them."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

from storage.database import Database

# As it comes: every commit is on the disk before the next one.
_SETTINGS = "-c listen_addresses= -c max_connections=60"


@contextmanager
def places(postgres: str | None = None) -> Iterator["Places"]:
    """`postgres`: a server's own address, else one is started where the tests are at hand."""
    with tempfile.TemporaryDirectory(prefix="tidings-bench-") as folder:
        if postgres is not None or find_spec("tests") is None:
            yield Places(Path(folder), postgres)
            return
        with import_module("tests.postgres").cluster(_SETTINGS) as url:
            yield Places(Path(folder), url)


class Places:
    def __init__(self, folder: Path, postgres: str | None) -> None:
        self.folder = folder
        self._postgres = postgres
        self._made = 0

    @property
    def kinds(self) -> list[str]:
        return ["sqlite", "postgresql"] if self._postgres else ["sqlite"]

    def sqlite(self) -> str:
        """Its file lasts as long as the places do."""
        self._made += 1
        return f"sqlite:///{self.folder / f'{self._made}.db'}"

    @contextmanager
    def of(self, kind: str) -> Iterator[str]:
        """The URL of an empty database, which is gone afterwards."""
        if kind == "sqlite" or self._postgres is None:
            with tempfile.TemporaryDirectory(dir=self.folder) as folder:
                yield f"sqlite:///{folder}/bench.db"
            return
        with psycopg.connect(self._postgres, autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS tidings_bench WITH (FORCE)")
            connection.execute("CREATE DATABASE tidings_bench")
            try:
                yield self._postgres.replace("/postgres?", "/tidings_bench?")
            finally:
                connection.execute("DROP DATABASE tidings_bench WITH (FORCE)")


def bare_url(database: Database) -> str:
    """For psycopg itself."""
    return database.url.set(drivername="postgresql").render_as_string(hide_password=False)


@contextmanager
def bare(database: Database) -> Iterator[Any]:
    """A connection of the driver's, on which each statement commits."""
    if database.path is None:
        with psycopg.connect(bare_url(database), autocommit=True) as server:
            server.execute("SET TimeZone = 'UTC'")
            yield server
        return
    with closing(sqlite3.connect(database.path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=NORMAL")
        yield connection
