"""What a line looks like: quick tests that spare slow ones never change what is found."""

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest import lines
from ingest.lines import Hinted, read_lines

HINTED = {name: value for name, value in vars(lines).items() if type(value) is Hinted}
LETTERS = st.characters(exclude_characters="ſKİı", exclude_categories=["Cs"])  # these match s, k, i, whatever the case


@pytest.mark.parametrize("hinted", HINTED.values(), ids=HINTED)
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_whatever_matches_holds_a_hint(hinted: Hinted, data: st.DataObject) -> None:
    text = data.draw(st.from_regex(hinted.pattern, alphabet=LETTERS))
    assert hinted.is_in(text)


def test_hints_change_nothing_on_pages(data: Path) -> None:
    with gzip.open(data / "plaintext/dev.jsonl.gz", "rt", encoding="utf-8") as rows:
        texts = {line.text for row in rows for line in read_lines(json.loads(row)["text"]["w3m"])}
    assert len(HINTED) == 2
    for hinted in HINTED.values():
        assert [text for text in texts if hinted.is_in(text) != bool(hinted.pattern.search(text))] == []
