"""`tidings db`, `tidings check`, `tidings bench`: for whoever hosts the service."""

import importlib
import json
import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from pydantic import SecretStr
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from bot import stored, terminal
from config.settings import Settings
from storage import migrate
from storage.database import Database
from storage.errors import StorageError, cause

T = TypeVar("T")
BENCHMARKS = (
    "summaries",
    "summary_speed",
    "sentence_splitting",
    "ingest",
    "delivery",
    "digests",
    "outbox",
    "lanes",
    "nights",
    "corrections",
    "kills",
    "jobs",
    "queries",
    "growth",
    "search",
    "stories",
    "retag",
    "copies",
    "topics",
    "start",
)
LOW_DISK_BYTES = 500_000_000

db = typer.Typer(help="Migrate, check or back up the database.", no_args_is_help=True, add_completion=False)


async def _with_database(url: str, work: Callable[[Database], Awaitable[T]]) -> T:
    database = Database(url)
    try:
        return await work(database)
    finally:
        await database.dispose()


def _call(work: Callable[[Database], Awaitable[T]], *, direct: bool = False) -> T:
    """Do it on the configured database; what goes wrong ends the program with a sentence.

    `direct`: past its transaction pooler.
    """
    settings = terminal.settings()
    url = settings.direct_database if direct else settings.database
    try:
        with stored.explained():
            return terminal.run(_with_database(url, work))
    except OSError as error:
        raise terminal.fail(f"The database can't be reached: {cause(error)}. Check DATABASE_URL.") from None


@db.command()
def upgrade() -> None:
    """Bring the database to this release's schema."""
    _call(migrate.upgrade, direct=True)
    terminal.out.print(f"The database is at {migrate.head()}.")


@db.command("check")
def check_schema() -> None:
    """Say whether the database has this release's schema; exit status 1 if not."""
    settings = terminal.settings()
    if settings.on_sqlite and not _sqlite_exists(settings):
        raise terminal.fail("There is no SQLite file yet. Run: tidings db upgrade")
    _call(migrate.check)
    terminal.out.print(f"The database is at {migrate.head()}, as this release wants it.")


@db.command()
def backup(
    path: Annotated[Path | None, typer.Argument(help="where to; by default beside the database, with the date")] = None,
) -> None:
    """Copy an SQLite database while the service runs. PostgreSQL has pg_dump for it."""
    source = Database(terminal.settings().database).path
    if source is None:
        raise terminal.fail('PostgreSQL brings its own: pg_dump --format=custom --file=tidings.dump "$DATABASE_URL"')
    if not source.exists():
        raise terminal.fail(f"There is no database at {source} yet.")
    target = path or source.with_name(f"{source.stem}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.db")
    if target.exists():
        raise terminal.fail(f"{target} is there already; name another file.")
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy, pages=1000)
    terminal.out.print(f"Backed up to {target} ({target.stat().st_size:,} bytes).")


@dataclass(frozen=True)
class Finding:
    """One line of `tidings check`."""

    subject: str
    well: bool
    detail: str


def check() -> None:
    """List the settings (secrets masked) and the health of database, Telegram and storage."""
    settings = terminal.settings()
    terminal.out.print(_settings_table(settings))
    findings = (_database_health(settings), terminal.run(telegram_health(settings)), _disk_health(settings))
    for finding in findings:
        mark = "[green]ok[/]  " if finding.well else "[red]bad[/] "
        terminal.out.print(mark + f"[bold]{finding.subject}[/]", end=" ")
        terminal.out.print(finding.detail, markup=False)
    if not all(finding.well for finding in findings):
        raise typer.Exit(1)


def _settings_table(settings: Settings) -> Table:
    table = Table(title="Settings", title_justify="left", box=None)
    for title in ("setting", "value", "meaning"):
        table.add_column(title, overflow="fold")
    for name, field in Settings.model_fields.items():
        set_here = name in settings.model_fields_set
        shown = _shown(getattr(settings, name))
        table.add_row(name.upper(), shown, field.description, style=None if set_here else "dim")
    return table


def _shown(value: object) -> str:
    if isinstance(value, SecretStr):
        secret = value.get_secret_value()
        return secret if secret.startswith("sqlite") else "***"
    if isinstance(value, frozenset):
        return ", ".join(sorted(str(item) for item in value)) or "-"
    return "-" if value is None else str(value)


def _database_health(settings: Settings) -> Finding:
    if settings.on_sqlite and not _sqlite_exists(settings):
        return Finding("Database", True, "the SQLite file is made at the first start")
    try:
        terminal.run(_with_database(settings.database, migrate.check))
    except StorageError as error:
        return Finding("Database", settings.on_sqlite and "is empty" in str(error), str(error))
    except (SQLAlchemyError, OSError) as error:
        return Finding("Database", False, f"can't be reached: {cause(error)}")
    return Finding("Database", True, f"answers, schema {migrate.head()}")


def _sqlite_exists(settings: Settings) -> bool:
    path = Database(settings.database).path
    return path is not None and path.exists()


async def telegram_health(settings: Settings) -> Finding:
    """Ask Telegram who the token is."""
    if settings.token is None:
        return Finding("Telegram", True, "no TELEGRAM_BOT_TOKEN: `tidings run` starts the sandbox")
    # Loaded here: the other checks should not wait for python-telegram-bot.
    connect = importlib.import_module("bot.connect")
    return Finding("Telegram", *await connect.health(settings.token, settings.telegram_api_url))


def _disk_health(settings: Settings) -> Finding:
    path = Database(settings.database).path
    folder = (path.parent if path else settings.data_dir).absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    size = f", database {path.stat().st_size / 1e6:,.1f} MB" if path and path.exists() else ""
    return Finding("Storage", free > LOW_DISK_BYTES, f"{free / 1e9:,.1f} GB free at {folder}{size}")


def bench(
    name: Annotated[str, typer.Argument(help=f"one of: {' '.join(BENCHMARKS)}")],
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object, and the table on stderr")] = False,
    full: Annotated[bool, typer.Option("--full", help="at the large sizes of docs/scaling.md")] = False,
) -> None:
    """Measure on this machine, beside a peer or a limit in the same run."""
    if name not in BENCHMARKS:
        raise terminal.fail(f"There is no benchmark {name!r}; there are: {', '.join(BENCHMARKS)}.", 2)
    try:
        benchmark = importlib.import_module(f"benchmarks.{name}")
        result = benchmark.run(**(getattr(benchmark, "LARGE", {}) if full else {}))
    except ModuleNotFoundError as error:
        raise terminal.fail(
            f"This benchmark needs {error.name}, which only developers install. In the project's folder: "
            ".venv/bin/pip install --require-hashes --requirement requirements-dev.txt"
        ) from None
    for line in benchmark.table(result) if hasattr(benchmark, "table") else ():
        (terminal.err if as_json else terminal.out).print(line, markup=False)
    if as_json:
        terminal.print_json(result)
    elif not hasattr(benchmark, "table"):
        terminal.out.print_json(json.dumps(result, ensure_ascii=False))
