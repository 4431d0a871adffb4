"""The pairs that grouping is held against: of one event, and of two of a kind."""

import gzip
import json
from pathlib import Path

from benchmarks.near_misses import ECB, REUTERS, Pair, near_misses

CRASHES = [("1a", "1_ecb"), ("1b", "1_ecb"), ("1c", "1_ecbplus"), ("2a", "2_ecb")]
BODY = "The company said {} today. " * 10
WIRE = [
    (1, "26-FEB-1987 15:01:01", "ALTA CORP <ALT> 1ST QTR NET"),
    (2, "26-FEB-1987 16:01:01", "BRIM INC <BRM> 1ST QTR NET"),
    (3, "26-FEB-1987 17:01:01", "BRIM INC <BRM> 1ST QTR NET"),
    (4, "2-MAR-1987 09:00:00", "MONEY SHORTAGE FORECAST AT 450 MLN"),
    (5, "2-MAR-1987 11:00:00", "MONEY SHORTAGE FORECAST AT 500 MLN"),
    (6, "5-MAR-1987 09:00:00", "MONEY SHORTAGE FORECAST AT 300 MLN"),
    (7, "9-MAR-1987 09:00:00", "UNION LEADERS TOUR"),
    (8, "19-MAR-1987 09:00:00", "UNION LEADERS TOUR"),  # printed again
]


def _written(folder: Path) -> Path:
    for name in (ECB, REUTERS):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
    rows = [
        {"id": key, "topic": int(key[0]), "story": story, "text": "A crash.\nIt was bad."} for key, story in CRASHES
    ]
    (folder / ECB).write_text("\n".join(map(json.dumps, rows)))
    wire = [
        {"id": key, "date": date, "title": title, "body": BODY.replace("{}", "once" if "9-MAR" in date else str(key))}
        for key, date, title in WIRE
    ]
    with gzip.open(folder / REUTERS, "wt") as lines:
        lines.write("\n".join(map(json.dumps, wire)))
    return folder


def test_pairs_are_of_one_event_or_of_two_of_a_kind(tmp_path: Path) -> None:
    reports, pairs = near_misses(_written(tmp_path))
    assert pairs == [
        Pair("ecb 1a", "ecb 1b", same=True, kind="event"),
        Pair("ecb 1a", "ecb 1c", same=False, kind="kind"),
        Pair("ecb 1b", "ecb 1c", same=False, kind="kind"),
        Pair("reuters 1", "reuters 2", same=False, kind="form"),
        Pair("reuters 5", "reuters 6", same=False, kind="series"),
    ]
    assert {pair.one for pair in pairs} < {report.key for report in reports}
