"""Trees that are grown from cases answer as the cases do, and never against what evidence means."""

from collections.abc import Mapping
from random import Random

import numpy as np

from benchmarks.story_trees import grow
from ingest.stories import Measure, Tree

LUCK = Random(5)
CASES = [{"like": LUCK.random(), "other": LUCK.random()} for _ in range(800)]


def _odds(trees: list[Tree], bias: float, found: Mapping[str, float]) -> float:
    return Measure.made(trees, bias, 0).worth(found)


def test_what_two_kinds_of_evidence_say_together_is_learnt() -> None:
    same = np.array([float(case["like"] > 0.5 and case["other"] < 0.5) for case in CASES])
    trees, bias = grow(CASES, same, np.ones(len(CASES)), {"like": 1, "other": -1})
    assert _odds(trees, bias, {"like": 0.9, "other": 0.1}) > 2
    assert _odds(trees, bias, {"like": 0.9, "other": 0.9}) < -2
    assert _odds(trees, bias, {"like": 0.1, "other": 0.1}) < -2


def test_what_is_not_told_goes_where_such_cases_are() -> None:
    cases = [case if number % 2 else {"other": case["other"]} for number, case in enumerate(CASES)]
    same = np.array([float("like" not in case) for case in cases])
    trees, bias = grow(cases, same, np.ones(len(cases)), {"like": 0, "other": 0})
    assert _odds(trees, bias, {"other": 0.5}) > 2
    assert _odds(trees, bias, {"like": 0.5, "other": 0.5}) < -2


def test_no_answer_speaks_against_what_evidence_means() -> None:
    same = np.array([float(case["like"] < 0.5) for case in CASES])
    trees, bias = grow(CASES, same, np.ones(len(CASES)), {"like": 1, "other": 0})
    for other in (0.1, 0.5, 0.9):
        odds = [_odds(trees, bias, {"like": at / 50, "other": other}) for at in range(51)]
        assert odds == sorted(odds)
