"""Deliveries in words."""

from collections import Counter
from datetime import UTC, datetime

from bot import delivery_words
from delivery.status import Progress
from storage.records import EditionKind

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_counts_add_up_and_doubtful_ones_are_among_them() -> None:
    gone = Counter({"the reader blocked the bot": 2})
    item = Progress(1, EditionKind.PUSH, NOON, spreading=False, sent=1_060, in_doubt=1, dropped=gone)
    assert delivery_words.pushed(item, 1).splitlines() == [
        "<b>📣 Push is out</b>: 1,060 of 1,062 chats have it.",
        "✅ 1,060 sent",
        "➖ 2 dropped: the reader blocked the bot",
        "❔ 1 of these in doubt: no answer came, so it may be there twice or not at all",
    ]


def test_few_reasons_are_named_and_the_rest_counted() -> None:
    counts = [(f"reason <{number}>", number) for number in range(1, 8)]
    lines = delivery_words.reasons("❌", "failed", counts)
    assert lines[0] == "❌ 7 failed: reason &lt;7&gt;"
    assert lines[-1] == "❌ 6 failed for other reasons"
