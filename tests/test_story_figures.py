"""Stories are measured, small, on the near misses' data."""

from pathlib import Path

import pytest

from benchmarks import stories
from benchmarks.near_misses import ECB


@pytest.mark.slow
def test_stories_are_measured_beside_a_plain_cosine(data: Path) -> None:
    assert (data / ECB).exists()
    result = stories.run(data, most=40)
    assert {"shipped", "plain_cosine", "traits_ms"} <= result.keys()
    assert result["shipped"]["precision"] > 0.5
