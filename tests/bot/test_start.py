"""What keeps the service from starting: each cause is said in a sentence, with the way out, and nothing is touched."""

import os
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from storage.database import lock_beside
from tests.bot.cli_rig import CommandLine
from tests.bot.service_rig import TOKEN


@pytest.fixture
def taken_port() -> Iterator[str]:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        yield str(taken.getsockname()[1])


AWAY = {"TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_API_URL": "http://127.0.0.1:9"}
IN_A_FILE = "sqlite:///plain/tidings.db"


@pytest.mark.parametrize(
    ("environ", "status", "said"),
    [
        pytest.param(
            {"DATABASE_URL": "mysql://u:secret@h/x", "LOG_FORMAT": "xml"}, 2, ("sqlite:///", "LOG_"), id="kind"
        ),
        pytest.param({"DATABASE_URL": "sqlite://"}, 1, ("DATABASE_URL", "three slashes"), id="no file"),
        pytest.param({"DATABASE_URL": "sqlite://data/t.db"}, 1, ("DATABASE_URL", "three slashes"), id="two slashes"),
        pytest.param({"DATABASE_URL": "postgresql://u:secret@h:p/x"}, 1, ("DATABASE_URL", "read"), id="port of it"),
        pytest.param({"DATABASE_URL": "postgresql://u:secret@127.0.0.1:9/x"}, 1, ("refused",), id="database away"),
        pytest.param({"DATABASE_URL": "postgresql://127.0.0.1:9/x?odd=secret"}, 1, ("odd",), id="option"),
        pytest.param({"DATABASE_DIRECT_URL": "mysql://u:secret@h/x"}, 2, ("DATABASE_DIRECT_URL",), id="direct"),
        pytest.param({"DATABASE_URL": IN_A_FILE}, 1, ("plain", "DATABASE_URL", "writable"), id="folder"),
        pytest.param({"DATA_DIR": "plain"}, 1, ("plain", "DATA_DIR", "writable"), id="sandbox's folder"),
        pytest.param({"DATABASE_URL": "sqlite:///plain"}, 1, ("not a database", "DATABASE_URL"), id="no database"),
        pytest.param({"DATA_DIR": "odd"}, 1, ("odd/sandbox.db", "Move it away"), id="no sandbox"),
        pytest.param(AWAY, 1, ("TELEGRAM_API_URL",), id="Telegram away"),
    ],
)
def test_what_keeps_it_from_starting_is_said_with_the_way_out(
    cli: CommandLine, taken_port: str, environ: dict[str, str], status: int, said: tuple[str, ...]
) -> None:
    for name in ("plain", "odd/sandbox.db"):
        (cli.folder / name).parent.mkdir(exist_ok=True)
        (cli.folder / name).write_text("not a database\n" * 100)
    done = cli("run", PORT=taken_port, **environ)
    assert done.status == status, done
    assert all(word in done.err for word in said), done.err
    assert "secret" not in done.err
    assert "Traceback" not in done.err


def test_a_second_one_is_refused_before_it_opens_the_sandboxs_file(cli: CommandLine, taken_port: str) -> None:
    (cli.folder / "data").mkdir()
    first = lock_beside(cli.folder / "data" / "tidings.db")
    assert first is not None
    done = cli("run", PORT=taken_port)
    os.close(first)
    assert done.status == 1
    assert "Another Tidings already runs on data/tidings.db" in done.err
    assert not list((cli.folder / "data").glob("sandbox*"))


def test_two_sandboxes_never_share_a_file(cli: CommandLine, taken_port: str) -> None:
    (cli.folder / "data").mkdir()
    first = lock_beside(cli.folder / "data" / "sandbox.db")
    assert first is not None
    done = cli("sandbox", "--port", taken_port)
    os.close(first)
    assert done.status == 1
    assert "Another sandbox already runs" in done.err


def test_a_port_in_use_is_said_by_the_sandbox_too(cli: CommandLine, taken_port: str) -> None:
    for arguments in (("run",), ("sandbox",)):
        done = cli(*arguments, PORT=taken_port)
        assert done.status == 1
        assert f"Port {taken_port} is in use" in done.err


@pytest.mark.parametrize("arguments", [("run",), ("db", "upgrade"), ("ingest", "news.txt")], ids=" ".join)
def test_a_database_too_new_for_the_program_is_left_alone(cli: CommandLine, arguments: tuple[str, ...]) -> None:
    cli("db", "upgrade")
    with closing(sqlite3.connect(cli.folder / "data" / "tidings.db", isolation_level=None)) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999_later'")
        database.execute("UPDATE schema_floor SET revision = '9999_later'")
    done = cli(*arguments)
    assert done.status == 1
    assert "at 9999_later, newer than this release" in done.err


def test_a_settings_file_that_is_no_text_is_said(cli: CommandLine) -> None:
    (cli.folder / ".env").write_bytes(b"\xff\xfeP\x00O\x00")
    done = cli("run")
    assert done.status == 2
    assert "save it as UTF-8" in done.err
