from pathlib import Path

from benchmarks import ingest


def test_the_benchmark_runs_small(tmp_path: Path) -> None:
    result = ingest.run(articles=6, pages=3, data=tmp_path / "none")
    assert result["benchmark"] == "ingest"
    assert (result["articles"], result["pages"]) == (6, 3)
    assert all(result[name] > 0 for name in result if name.endswith("_per_s") and name != "peer_pages_per_s")
    assert result["pages_new_known_failed"] == [3, 0, 0]
