"""The benchmark runs on a little data of its own, and the lead is not beaten by less than nothing on the real."""

import json
from pathlib import Path

import pytest

from benchmarks import summaries

SENTENCES = summaries.made_up(12)


def test_it_runs_on_a_little_data(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"id": "a", "text": " ".join(SENTENCES), "title": None, "summary": SENTENCES[0], "lang": "en"},
        {"id": "b", "sentences": SENTENCES, "title": "Orvell", "extract": [0, 4], "lang": "en"},
        {"id": "c", "paragraphs": SENTENCES, "summaries": ["x"], "lang": "en"},
    ]
    for row in rows:
        (tmp_path / f"{row['id']}.dev.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    result = summaries.run(tmp_path, limit=5, seconds=0.0, lengths=(10, 20))
    quality = result["quality"]
    assert quality["a"]["scores"]["lead-3"] > 50
    assert quality["b"]["measure"] == "F1 of choices"
    assert "c" not in quality
    assert json.loads(json.dumps(result)) == result
    assert any(line.startswith("20 sentences") for line in summaries.table(result))


@pytest.mark.skipif(not summaries.DATA.is_dir(), reason="the development data is not beside the project")
def test_auto_is_no_worse_than_the_lead() -> None:
    rows = summaries._rows(summaries.DATA / "cnndm_val.dev.jsonl", 60)
    choosers = summaries._choosers()
    score = summaries._rouge_score()
    auto, lead = (sum(score(row, choosers[name](row)) for row in rows) for name in ("auto", "lead-3"))
    assert auto >= lead
