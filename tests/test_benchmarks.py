"""Each benchmark runs, small, and says what it measured beside what."""

import gzip
import importlib
import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks import (
    clean_text,
    copies,
    corrections,
    delivery,
    digests,
    growth,
    jobs,
    kills,
    lanes,
    nights,
    outbox,
    queries,
    retag,
    search,
    start,
    topics,
    train_lines,
)
from benchmarks.databases import places
from bot.cli_ops import BENCHMARKS
from tests.delivery.series import Plan


def test_from_anywhere_they_find_the_tests_of_their_checkout(tmp_path: Path) -> None:
    """As `tidings bench` is started, which has no working folder on its path."""
    code = "import benchmarks.jobs, benchmarks.kills, benchmarks.corrections"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", BENCHMARKS)
def test_what_the_command_line_offers_can_be_run(name: str) -> None:
    assert find_spec(f"benchmarks.{name}") is not None
    assert callable(importlib.import_module(f"benchmarks.{name}").run)


@pytest.mark.slow
def test_the_bare_calls_are_measured_beside_the_paid_pace() -> None:
    with places() as where:
        assert delivery._paid(40, where, "bare")["pushes_per_second"] > 0


def test_searches_are_measured_by_kind(tmp_path: Path) -> None:
    for _ in range(2):  # the second time in the archive that was kept
        result = search.run(articles=60, each=1, keep=tmp_path)
        assert [found["database"] for found in result["databases"]] == ["sqlite", "postgresql"]
        for found in result["databases"]:
            assert {"word", "phrase", "hangul, two", "hostile"} <= found["ours"]["kinds"].keys()
        assert len(search.table(result)) > 40
    assert [path.name for path in tmp_path.glob("*.db")] == ["archive-60.db"]


def test_what_readers_ask_is_measured_beside_the_bare_query() -> None:
    result = queries.run(articles=60, chats=60, runs=4)
    assert [found["database"] for found in result["databases"]] == ["sqlite", "postgresql"]
    for found in result["databases"]:
        assert set(found["ours"]) == {"/latest", "/topic", "/search", "digest", "due"}
        assert found["bare"].keys() < found["ours"].keys()
        assert all(times["cpu_p99_ms"] > 0 for times in found["ours"].values())
    assert len(queries.table(result)) == 19


def test_one_more_article_is_measured_in_archives_of_several_sizes() -> None:
    result = growth.run(sizes=(60, 300), groups=1)
    assert [(row["database"], row["articles"]) for row in result["databases"]] == [
        ("sqlite", 60),
        ("sqlite", 300),
        ("postgresql", 60),
        ("postgresql", 300),
    ]
    assert all(row["cpu_ms"] > 0 for row in result["databases"])
    assert result["dearest_to_cheapest"].keys() == {"sqlite", "postgresql"}
    assert len(growth.table(result)) == 6


def test_clean_text_is_stored_beside_a_plain_loop(tmp_path: Path) -> None:
    result = clean_text.run(count=16, data=tmp_path / "none")
    assert [row["database"] for row in result["databases"]] == ["sqlite", "postgresql"]
    assert all(row["per_s"] > 0 and row["studying_cpu_ms"] > 0 for row in result["databases"])
    assert all(value > 0 for value in result["lexrank_and_like"].values())


@pytest.mark.slow
def test_copies_are_told_from_distinct_articles(data: Path) -> None:
    result = copies.run(data, most=25)
    assert min(result["news"]["recall"].values()) > 0.9
    assert result["news"]["false_merges"] == 0
    assert len(list(copies.table(result))) == 5


def test_countries_and_subjects_are_found_better_than_by_bare_names(data: Path) -> None:
    result = topics.run(articles=300, data=data, folds=2)
    assert result["articles"] == 300
    assert result["rules"]["countries_f1"] > 0.8 > result["rules"]["bare_names_f1"]
    assert min(result["learnt_countries_f1"], result["subjects"]["reuters_labelled_f1"]) > 0.5
    assert min(result["speed"].values()) > 0
    assert topics.table(result)


@pytest.mark.slow
def test_tagging_again_is_measured_beside_a_writer_and_the_bare_statements() -> None:
    result = retag.run(articles=250)
    assert [found["database"] for found in result["databases"]] == ["sqlite", "postgresql"]
    for found in result["databases"]:
        assert {found[name]["articles"] for name in ("every", "one", "one_resting")} == {250}
        assert min(found["bare_per_s"], found["filing_per_s"], found["one"]["per_s"]) > 0
    assert len(retag.table(result)) == 13


@pytest.mark.slow
def test_the_start_is_measured_beside_the_bare_interpreter() -> None:
    result = start.run(runs=1)
    assert result["benchmark"] == "start"
    seconds = [result[name] for name in ("python_s", "help_s", "service_imports_s")]
    assert all(isinstance(value, float) and value > 0 for value in seconds)
    json.dumps(result)


@pytest.mark.slow
def test_lanes_are_measured_under_a_digest() -> None:
    result = lanes.run(lanes.Asked(digest=400, alert=20, notice=5))
    messages = result["alert_messages"] + result["notice_messages"]
    # A machine with other work may bring two moments' messages together, and some are said again.
    assert 25 <= messages <= 25 + result["refused_429"]
    assert lanes.table(result)


def test_nights_are_measured_beside_days() -> None:
    result = nights.run(chats=80)
    assert (result["held"], result["released"]) == (100, 50)
    assert nights.table(result)


@pytest.mark.slow
def test_corrections_are_measured_copy_by_copy() -> None:
    result = corrections.run(copies=40, rate=1000)
    assert (result["edited"], result["refused"]) == (40, 0)
    assert corrections.table(result)


@pytest.mark.slow
def test_a_kill_series_is_kept_and_not_run_again(tmp_path: Path) -> None:
    out, plans = tmp_path / "kills.jsonl", {"small": Plan(chats=40, kills=1, rate=100)}
    result = kills.run(plans=plans, databases=["sqlite"], out=out)
    assert (result["kills"], result["missing_where_resent"], result["kills_over_unrecorded"]) == (1, 0, 0)
    again = kills.run(plans=plans, databases=["sqlite"], out=out)
    assert again == result
    assert len(kills.table(again)) == 2


@pytest.mark.slow
def test_jobs_are_counted_beside_a_plain_table() -> None:
    result = jobs.run(jobs=60, processes=(1,), kills=0)
    assert result["plain_skip_locked_per_s"] > 0
    assert [row["processes"] for row in result["workers"]] == [1]
    assert result["workers"][0]["jobs_per_s"] > 0
    json.dumps(result)


@pytest.mark.slow
def test_a_digest_tick_is_measured_beside_the_bare_statements() -> None:
    result = digests.run(chats=(600,), signatures=(5, 500))
    assert [row["signatures"] for row in result["ticks"]] == [5, 500] * (len(result["ticks"]) // 2)
    for row in result["ticks"]:
        assert (row["due"], row["deliveries"], row["editions"]) == (600, 600, row["signatures"])
        assert min(row["seconds"], row["bare_seconds"], row["cpu_us_a_message"], row["peak_mb"]) > 0
    assert len(digests.table(result)) == len(result["ticks"]) + 1


@pytest.mark.slow
def test_the_outbox_is_measured_by_what_lies_in_it() -> None:
    result = outbox.run(finished=(20_000, 30_000))
    assert [row["finished"] for row in result["levels"]] == [20_000, 30_000] * (len(result["levels"]) // 2)
    assert all(row["message_us"] > 0 and row["bare_us"] > 0 for row in result["levels"])
    assert outbox.table(result)


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """Pages as tools render them: a menu, a body, a footer."""
    path = tmp_path / "pages.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as rows:
        for number in range(12):
            body = "\n".join(
                f"The council of town {number} said on day {day} that the bridge would open to all cars in spring."
                for day in range(6)
            )
            page = f"Home\nSport\nWeather\n\n{body}\n\nShare this\nMost popular\nContact us"
            rows.write(json.dumps({"domain": f"{number}.example", "body": body, "text": {"plain": page}}) + "\n")
    return path


def test_learning_finds_the_lines_of_the_body(pages: Path) -> None:
    found = train_lines.read_pages(pages)
    weights = train_lines.train(found)
    scores = train_lines.evaluate(found, weights)
    assert len(scores) == 12
    assert min(scores) > 0.9


def test_tokens_are_compared_by_how_often_they_come() -> None:
    assert train_lines.token_f1("one two two", "two one two") == 1
    assert train_lines.token_f1("one", "two") == 0
    assert train_lines.token_f1("one two", "one") == pytest.approx(2 / 3)
