"""`tidings topics` and `tidings why`."""

import json
from typing import Any

import pytest

from tests.bot.cli_rig import CommandLine

ARTICLE = """Lindmark opens harbour

The harbour of Lindmark was opened on Monday, the harbour master said. Nobody had expected it so soon.

More ships are to come next year, and the old quay will be a park, with trees and a playground.
"""


@pytest.fixture
def desk(cli: CommandLine) -> CommandLine:
    (cli.folder / "article.txt").write_text(ARTICLE, encoding="utf-8")
    assert cli("ingest", "article.txt").status == 0
    return cli


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_rule_is_tried_changed_and_the_archive_tagged_again(desk: CommandLine) -> None:
    tried = desk("topics", "set", "korea", "strong", "+harbour, -Seoul", "--dry-run")
    assert "1 would come in" in tried.out
    assert "Lindmark opens harbour" in tried.out
    assert "strong: + harbour, − Seoul" in tried.out
    assert lines(desk("topics", "show", "korea", "--json").out)[0]["strong"].count("harbour") == 0

    assert desk("topics", "set", "korea", "strong", "+harbour", "--yes").status == 0
    done = lines(desk("topics", "retag", "--json").out)[0]
    assert (done["total"], done["done"], done["gained"], done["lost"]) == (1, 1, 1, 0)
    told = lines(desk("why", "1", "--json").out)[0]
    assert [one["topic"] for one in told["topics"]] == ["korea"]
    assert {one["term"] for one in told["topics"][0]["terms"]} == {"harbour"}
    assert told["rules"] == 1
    assert "“harbour” (headline, first paragraph 2×: 8)" in desk("why", "1").out
    assert [(one["revision"], one["articles"]) for one in lines(desk("topics", "taggers", "--json").out)] == [(1, 1)]


def test_a_word_behind_a_minus_sign_is_no_option(desk: CommandLine) -> None:
    assert desk("topics", "set", "korea", "strong", "-Seoul", "--yes").status == 0
    assert "Seoul" not in lines(desk("topics", "show", "korea", "--json").out)[0]["strong"]


def test_a_change_waits_for_a_yes(desk: CommandLine) -> None:
    asked = desk("topics", "set", "korea", "strong", "harbour", stdin="n\n")
    assert asked.status == 1
    assert "harbour" not in lines(desk("topics", "show", "korea", "--json").out)[0]["strong"]
    assert desk("topics", "set", "korea", "strong", "harbour", stdin="y\n").status == 0
    assert "harbour" in lines(desk("topics", "show", "korea", "--json").out)[0]["strong"]


def test_a_topic_comes_and_goes(desk: CommandLine) -> None:
    assert desk("topics", "new", "rail: 철도").status == 0
    assert desk("topics", "set", "rail", "strong", "harbour", "--yes").status == 0
    assert desk("topics", "set", "철도", "parent", "science", "--yes").status == 0
    assert desk("topics", "retire", "rail", "--yes").status == 0
    found = {one["slug"]: one["retired"] for one in lines(desk("topics", "list", "--json").out)}
    assert found["rail"]
    assert not found["korea"]
    assert desk("topics", "restore", "rail", "--yes").status == 0
    assert "철도" in desk("topics", "list").out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("topics", "set", "korea", "strong", "x"), "too short"),
        (("topics", "set", "korea", "colour", "red"), "nothing that a topic has"),
        (("topics", "set", "koria-land", "strong", "Seoul"), "no topic"),
        (("topics", "show", "nowhere"), "no topic"),
        (("topics", "retire", "asia"), "another parent"),
        (("topics", "new", "우주"), "short name"),
        (("topics", "new", "Korea"), "already"),
        (("why", "99"), "no article 99"),
    ],
)
def test_what_cant_be_done_says_why(cli: CommandLine, arguments: tuple[str, ...], says: str) -> None:
    done = cli(*arguments)
    assert done.status != 0
    assert says in done.err
