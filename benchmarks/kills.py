"""A push whose sending process is killed at random moments, judged from the Bot API server's ledger.

SQLite in a temporary folder, or the database at --url (empty, and left filled). Needs the project's tests beside it.
"""

import argparse
import asyncio
import json
import tempfile
from pathlib import Path

from storage import migrate
from storage.database import Database
from tests.delivery.series import Plan, run_series


async def _run(url: str, plan: Plan) -> dict[str, object]:
    database = Database(url)
    await migrate.upgrade(database)
    await database.dispose()
    outcome = await run_series(url, plan)
    return {"benchmark": "kills", "database": database.dialect, "in_doubt": plan.in_doubt, **outcome.figures()}


def run(
    chats: int = 500, kills: int = 10, url: str | None = None, *, seed: int = 1, in_doubt: str = "resend"
) -> dict[str, object]:
    """At the real pace: about 45 s for 500 chats and ten kills."""
    plan = Plan(chats=chats, kills=kills, seed=seed, in_doubt=in_doubt)
    with tempfile.TemporaryDirectory(prefix="tidings-bench-") as folder:
        return asyncio.run(_run(url or f"sqlite:///{Path(folder) / 'bench.db'}", plan))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chats", type=int, default=500)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--url")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--in-doubt", default="resend")
    parser.add_argument("--json", action="store_true", help="one line; it is JSON all the same without")
    asked = parser.parse_args()
    result = run(asked.chats, asked.kills, asked.url, seed=asked.seed, in_doubt=asked.in_doubt)
    print(json.dumps(result, indent=None if asked.json else 2))
