"""Figures for Prometheus, in its text format (0.0.4), read from the database: so that any process can give them.

What ended in the last minute and hour is counted, not since the process began: several processes tell the same.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from storage import deliveries
from storage.database import Database
from storage.deliveries import Backlog
from storage.records import DeliveryState, Lane

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
MOST_REASONS = 20

Labels = Mapping[str, str]
Sample = tuple[Labels, float]


async def exposition(db: Database, *, bot_id: int, now: datetime) -> str:
    """All figures of one bot."""
    async with db.read() as tx:
        waiting = await deliveries.backlogs(tx, bot_id, now)
        minute = await deliveries.ended_since(tx, bot_id, now - MINUTE)
        hour = await deliveries.ended_since(tx, bot_id, now - HOUR)
        sending = await deliveries.count_sending(tx, bot_id)
    sent: Counter[Lane] = Counter({lane: 0 for lane in Lane if lane is not Lane.REPLY})
    for lane, state, _, count in minute:
        sent[lane] += count if state is DeliveryState.SENT else 0
    families = [
        _family("tidings_deliveries_waiting", "Deliveries queued, by lane.", _waiting(waiting)),
        _family(
            "tidings_delivery_lag_seconds",
            "Since when the first delivery that may leave has waited, by lane.",
            ((labels, (now - since).total_seconds()) for labels, since in _due(waiting)),
        ),
        _family("tidings_deliveries_in_flight", "Deliveries being sent.", [({}, sending)]),
        _family(
            "tidings_delivered_per_second",
            "Deliveries that arrived, a second, over the last minute, by lane.",
            (({"lane": _name(lane)}, count / MINUTE.total_seconds()) for lane, count in sorted(sent.items())),
        ),
        _family("tidings_deliveries_ended_last_hour", "Deliveries by how they ended.", _ended(hour)),
        _family("tidings_delivery_errors_last_hour", "Deliveries that did not arrive, by reason.", _reasons(hour)),
    ]
    return "".join(families)


def _waiting(waiting: Iterable[Backlog]) -> list[Sample]:
    return [({"lane": _name(item.lane)}, item.waiting) for item in waiting]


def _due(waiting: Iterable[Backlog]) -> list[tuple[Labels, datetime]]:
    return [({"lane": _name(item.lane)}, item.due_since) for item in waiting if item.due_since is not None]


Ended = tuple[Lane, DeliveryState, str | None, int]


def _ended(hour: Iterable[Ended]) -> list[Sample]:
    counts: Counter[tuple[str, str]] = Counter()
    for lane, state, _, count in hour:
        counts[_name(lane), state.value] += count
    return [({"lane": lane, "state": state}, count) for (lane, state), count in sorted(counts.items())]


def _reasons(hour: Iterable[Ended]) -> list[Sample]:
    """Telegram's own words after the reason differ from chat to chat: they are left out."""
    counts: Counter[str] = Counter()
    for lane, state, reason, count in hour:
        if state in (DeliveryState.FAILED, DeliveryState.DROPPED) and lane is not Lane.HELD:  # merged ones came
            counts[(reason or "no reason").partition(" (")[0]] += count
    return [({"reason": reason}, count) for reason, count in counts.most_common(MOST_REASONS)]


def _name(lane: Lane) -> str:
    return lane.name.lower()


def _family(name: str, help_text: str, samples: Iterable[Sample]) -> str:
    lines = [f"# HELP {name} {help_text}", f"# TYPE {name} gauge"]
    lines += [f"{name}{_labels(labels)} {value:g}" for labels, value in samples]
    return "\n".join(lines) + "\n"


def _labels(labels: Labels) -> str:
    pairs = ",".join(f'{key}="{_escaped(value)}"' for key, value in labels.items())
    return f"{{{pairs}}}" if pairs else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
