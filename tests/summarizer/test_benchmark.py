"""The benchmark runs on a little data of its own, and the lead is not beaten by less than nothing on the real."""

import json
from pathlib import Path

import pytest

from benchmarks import summaries, summary_choosers, train_summaries
from benchmarks.rouge import Rouge
from summarizer import weights
from summarizer.features import FEATURES

SENTENCES = summaries.made_up(12)


@pytest.mark.slow
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
    assert quality["a"]["dangling_percent"]["lead-3"] == 0
    assert {"sumy lexrank", "longest", "auto"} <= quality["a"]["scores"].keys()
    assert "headline overlap" in quality["b"]["scores"]
    assert any(line.startswith("20 sentences") for line in summaries.table(result))


@pytest.mark.skipif(not summaries.DATA.is_dir(), reason="the development data is not beside the project")
def test_auto_is_no_worse_than_the_lead() -> None:
    rows = summaries._rows(summaries.DATA / "cnndm_val.dev.jsonl", 60)
    choosers = summary_choosers.choosers(rows)
    score = summaries._rouge_score()
    auto, lead = (sum(score(row, choosers[name](row)) for row in rows) for name in ("auto", "lead-3"))
    assert auto >= lead


def test_fast_rouge_is_the_package_s() -> None:
    reference = "The mayor opened the ferry terminal in Orvell.\nJudge Tran closed the flood barrier on day 3."
    score = summaries._rouge_score()
    row = summary_choosers.Row(tuple(SENTENCES), None, "en", reference, ())
    fast = Rouge(reference, SENTENCES)
    for chosen in ([0], [0, 1, 2], [3, 7, 11], []):
        assert fast.score(chosen) == pytest.approx(score(row, chosen))


def test_learning_finds_what_people_choose() -> None:
    """Of articles whose one sentence with figures is what people wrote down, that sentence is taken."""
    rows = []
    for number in range(12):
        plain = [f"The council of town {number} talked about street {at} at some length today." for at in range(8)]
        plain[number % 5 + 3] = f"The barrier of town {number} will cost {number + 20} million and take 3 years."
        rows.append(
            {"id": f"made-{number}", "lang": "en", "title": None, "sentences": plain, "summary": plain[number % 5 + 3]}
        )
    documents = [train_summaries.document(row) for row in rows]
    known = [one for one in documents if one is not None]
    learnt = train_summaries.train(known)
    assert learnt == train_summaries.train(known)
    over = [one.score(train_summaries.choose(one, learnt)) - one.lead for one in known]
    assert min(over) > 20


def test_the_shipped_weights_are_named_as_the_features_are() -> None:
    for table in (weights.ENGLISH, weights.NEUTRAL, weights.AGGLUTINATIVE):
        assert table.keys() <= set(FEATURES)
        assert all(abs(weight) < 20 for weight in table.values())


@pytest.mark.slow
@pytest.mark.skipif(not summaries.DATA.is_dir(), reason="the development data is not beside the project")
def test_the_shipped_weights_are_those_that_are_learnt() -> None:
    english, titled = (
        train_summaries.read([summaries.DATA / name for name in names])
        for names in (train_summaries.ENGLISH, train_summaries.TITLED)
    )
    assert train_summaries.module(train_summaries.tables(english, titled)) == Path(weights.__file__).read_text("utf-8")
