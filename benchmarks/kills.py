"""Pushes whose sending process is killed at random moments, judged from the Bot API server's own ledger.

Both databases, the free and the paid pace, one and three messages, doubtful ones sent again or skipped, and processes
that are asked to stop. `--full`: 3,000 chats at the free pace and 10,000 at 1,000 a second, 50 kills a series;
without, a small part of it in some five minutes. What is done is kept in --out, and a second call goes on after it;
--only and --database choose among the series.

Needs the project's tests beside it. PostgreSQL is started for the run, or is the empty database at --postgres.
"""

import argparse
import asyncio
import json
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import psycopg

from storage import migrate
from storage.database import Database
from tests import postgres
from tests.delivery.series import PAID_RATE, Plan, run_series

DATABASES = ("sqlite", "postgresql")
FREE = Plan(chats=3_000, kills=50)
PAID = Plan(chats=10_000, kills=50, rate=PAID_RATE)
FULL = {
    "free pace": FREE,
    "free pace, three messages": replace(FREE, seed=2, messages=3),
    "paid pace": replace(PAID, seed=3),
    "paid pace, three messages": replace(PAID, seed=4, messages=3),
    "paid pace, doubtful ones skipped": replace(PAID, seed=5, in_doubt="skip"),
    "paid pace, asked to stop": replace(PAID, seed=6, kills=20, end="term"),
}
SHORT = {
    "free pace": replace(FREE, chats=300, kills=6),
    "paid pace, three messages": replace(PAID, chats=1_500, kills=6, seed=4, messages=3),
    "paid pace, doubtful ones skipped": replace(PAID, chats=1_500, kills=6, seed=5, in_doubt="skip"),
    "paid pace, asked to stop": replace(PAID, chats=1_500, kills=4, seed=6, end="term"),
}


def run(
    *,
    plans: Mapping[str, Plan] | None = None,
    databases: Sequence[str] = DATABASES,
    out: Path | None = None,
    server: str | None = None,
) -> dict[str, Any]:
    """Every series (SHORT, unless told) on both databases; what `out` (a JSON object a line) holds is not run again."""
    known = {} if out is None or not out.exists() else _read(out)
    with postgres.cluster() if server is None else nullcontext(server) as url, tempfile.TemporaryDirectory() as folder:
        for name, plan in (SHORT if plans is None else plans).items():
            for database in databases:
                if (found := _key(name, database, plan)) in known:
                    continue
                with _empty(database, url, Path(folder)) as place:
                    figures = asyncio.run(_series(place, plan, f"{name}, {database}"))
                known[found] = {"series": name, "database": database, "plan": asdict(plan), **figures}
                if out is not None:
                    with out.open("a", encoding="utf-8") as lines:
                        lines.write(json.dumps(known[found]) + "\n")
    return {"benchmark": "kills", **_totals(list(known.values())), "series": list(known.values())}


def table(result: dict[str, Any]) -> list[str]:
    lines = [f"{'series':34}{'database':>12}{'chats':>8}{'kills':>7}{'missing':>9}{'doubled':>9}{'not recorded':>14}"]
    for one in result["series"]:
        counts = (one["missing"], one["doubled"], one["unrecorded"])
        lines.append(
            f"{one['series']:34}{one['database']:>12}{one['chats']:>8,}{one['kills']:>7}"
            f"{counts[0]:>9,}{counts[1]:>9,}{counts[2]:>14,}"
        )
    return lines


def _totals(series: list[dict[str, Any]]) -> dict[str, Any]:
    killed = [one for one in series if one["plan"]["end"] == "kill"]
    return {
        "kills": sum(one["kills"] for one in killed),
        "chats": sum(one["chats"] for one in killed),
        "missing_where_resent": sum(one["missing"] for one in killed if one["plan"]["in_doubt"] == "resend"),
        "doubled_where_skipped": sum(one["doubled"] for one in killed if one["plan"]["in_doubt"] == "skip"),
        "in_flight_at_kills": sum(one["in_flight"] for one in killed),
        "unrecorded_at_kills": sum(one["unrecorded"] for one in killed),
        "kills_over_unrecorded": sum(one["kills_over_unrecorded"] for one in killed),
        "doubled": sum(one["doubled"] for one in killed),
        "missing_where_skipped": sum(one["missing"] for one in killed if one["plan"]["in_doubt"] == "skip"),
        "refused_429": sum(one["refused_calls"] for one in series),
    }


async def _series(url: str, plan: Plan, name: str) -> dict[str, object]:
    def say(ends: int) -> None:
        if ends % 10 == 0 or ends == plan.kills:
            print(f"{name}: {ends} of {plan.kills} ends", file=sys.stderr, flush=True)

    database = Database(url)
    await migrate.upgrade(database)
    await database.dispose()
    return (await run_series(url, plan, say)).figures()


@contextmanager
def _empty(database: str, server: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database, gone afterwards."""
    if database == "sqlite":
        with tempfile.TemporaryDirectory(dir=folder) as place:
            yield f"sqlite:///{Path(place) / 'kills.db'}"
        return
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE tidings_kills")
        try:
            yield server.replace("/postgres?", "/tidings_kills?")
        finally:
            connection.execute("DROP DATABASE tidings_kills WITH (FORCE)")


def _read(out: Path) -> dict[str, dict[str, Any]]:
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    return {_key(row["series"], row["database"], Plan(**row["plan"])): row for row in rows}


def _key(name: str, database: str, plan: Plan) -> str:
    return f"{name}:{database}:{plan.chats}:{plan.kills}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="3,000 and 10,000 chats, 50 kills a series; some hours")
    parser.add_argument("--only", default="", help="series whose name this matches, as a regular expression")
    parser.add_argument("--database", choices=DATABASES, action="append", help="only there")
    parser.add_argument("--out", type=Path, help="keep each series there, and go on after those that are there")
    parser.add_argument("--postgres", help="a server's own address, such as postgresql:///postgres?host=/tmp")
    parser.add_argument("--json", action="store_true", help="one line; it is JSON all the same without")
    asked = parser.parse_args()
    chosen = {name: plan for name, plan in (FULL if asked.full else SHORT).items() if re.search(asked.only, name)}
    result = run(plans=chosen, databases=asked.database or DATABASES, out=asked.out, server=asked.postgres)
    print(json.dumps(result, indent=None if asked.json else 2))
