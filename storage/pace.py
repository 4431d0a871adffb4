"""The free pace of a bot that several processes send for: one row says when its next message may leave.

Which chats have one they tell each other.

Times are Unix seconds of the database's own clock. PostgreSQL only: on SQLite one process sends.
"""

from sqlalchemy import Float, bindparam, cast, func, select
from sqlalchemy.dialects import postgresql

from storage.database import Connection
from storage.schema import pace

# Where processes tell each other which chats' messages leave, and when.
CHANNEL = "tidings_pace"

# However many wait, and whatever the server's clock did: nobody finds the next place further away.
FURTHEST_SECONDS = 10.0

_CLOCK = cast(func.extract("epoch", func.clock_timestamp()), Float)
_NOW = select(_CLOCK)
_NEXT = func.greatest(func.least(pace.c.free_at, _CLOCK + FURTHEST_SECONDS), bindparam("the_time", type_=Float))
_TAKE = (
    postgresql.insert(pace)
    .values(
        bot_id=bindparam("the_bot"), free_at=bindparam("the_time", type_=Float) + bindparam("the_seconds", type_=Float)
    )
    .on_conflict_do_update(index_elements=["bot_id"], set_={"free_at": _NEXT + bindparam("the_seconds", type_=Float)})
    .returning(pace.c.free_at, _CLOCK.label("clock"))
)


async def tell(tx: Connection, words: str) -> None:
    """To whoever listens, once this is committed."""
    await tx.execute(select(func.pg_notify(CHANNEL, words)))


async def clock(tx: Connection) -> float:
    """The database's time."""
    return float((await tx.execute(_NOW)).scalar_one())


async def take(tx: Connection, bot_id: int, time: float, seconds: float) -> tuple[float, float]:
    """Take the first `seconds` that are free from `time` on. Gives their beginning, and the database's time."""
    row = (await tx.execute(_TAKE, {"the_bot": bot_id, "the_time": time, "the_seconds": seconds})).one()
    return row.free_at - seconds, row.clock
