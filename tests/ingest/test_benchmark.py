from pathlib import Path

import pytest

from benchmarks import ingest
from benchmarks.feeds import Sizes


@pytest.mark.slow
def test_the_benchmark_runs_small(tmp_path: Path) -> None:
    sizes = Sizes(feeds=8, first=1, polled=6, paced=3, paced_s=0.1, peer=2)
    result = ingest.run(articles=6, pages=3, data=tmp_path / "none", sizes=sizes, texts=4)
    assert result["benchmark"] == "ingest"
    assert (result["articles"], result["pages"]) == (6, 3)
    assert all(result[name] > 0 for name in result if name.endswith("_per_s") and name != "peer_pages_per_s")
    assert result["pages_by_outcome"] == {"added": 3}
    assert result["feeds"]["outcomes"] == {"changed": 2, "unchanged": 4, "articles": 2}
    assert (result["feeds"]["feeds"], result["feeds"]["polled"]) == (8, 6)
    assert result["feeds"]["paced_late_s_most"] < 60
    assert len(ingest.table(result)) > 5
