"""A real PgBouncer in transaction mode before the tests' PostgreSQL: what hosts call a connection pooler."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from tests.patience import PATIENCE_S
from tests.postgres import ordinary_user

PORT = 6432

# Three connections for all processes: each transaction may meet another one.
_SETTINGS = """\
[databases]
* = host={server} port=5432 user=tidings

[pgbouncer]
listen_addr =
listen_port = {port}
unix_socket_dir = {folder}
auth_type = any
pool_mode = transaction
default_pool_size = 3
max_client_conn = 200
logfile = {folder}/log
pidfile = {folder}/pid
"""


@contextmanager
def pooler(server_url: str) -> Iterator[str]:
    """The URL that leads through PgBouncer to the same database. Skips the test where the program is missing."""
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', os.defpath)}{os.pathsep}/usr/sbin")
    if program is None:
        pytest.skip("no PgBouncer here (Debian: apt-get install pgbouncer)")
    user, folder = ordinary_user(), Path(tempfile.mkdtemp(prefix="tidings-pgb-"))
    parts = urlsplit(server_url)
    (server,) = parse_qs(parts.query)["host"]
    settings = folder / "settings.ini"
    settings.write_text(_SETTINGS.format(server=server, port=PORT, folder=folder))
    if user:
        shutil.chown(folder, user)
        shutil.chown(settings, user)
    process = subprocess.Popen([program, "-q", str(settings)], user=user, cwd=folder)
    url = f"postgresql://tidings@{parts.path}?host={folder}&port={PORT}"
    try:
        _wait_for(url)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=10)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
