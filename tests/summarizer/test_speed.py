"""The benchmark of speed runs on a little data, and the bounds on time hold for whatever comes in."""

import json
import time

import pytest

import summarizer
from benchmarks import summary_speed


def test_the_benchmark_of_speed_runs() -> None:
    result = summary_speed.run(0.0, (10, 20), (40, 80), ("full stops for 1 MB",), ())
    assert set(result["milliseconds"]["10"]) == {*summarizer.METHODS, "sumy lexrank", "sumy lexrank, our words"}
    assert json.loads(json.dumps(result)) == result
    assert any("full stops" in line for line in summary_speed.table(result))


def test_a_process_that_summarizes_stays_small() -> None:
    assert summary_speed.run(0.0, (), (), (), ("auto",))["peak_memory_mb"]["auto"] < 150


@pytest.mark.parametrize("name", summary_speed._HOSTILE)
def test_hostile_text_ends_soon(name: str) -> None:
    text = summary_speed._HOSTILE[name]()
    summarizer.summarize("Read in what is heavy. The mayor of Orvell opened the bridge.")
    begun = time.process_time()
    summarizer.summarize(text)
    assert time.process_time() - begun < 3
