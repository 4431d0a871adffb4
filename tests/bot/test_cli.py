"""The command line: what operators and scripts type, what comes out, and with which exit status."""

import json
import sqlite3
from contextlib import closing
from typing import Any

import pytest

import summarizer
from bot.cli_ops import BENCHMARKS
from tests.bot.cli_rig import CommandLine, Done
from tests.bot.service_rig import ARTICLE, HEADLINE, TOKEN

CAPTION = (
    "Chinese President Xi Jinping (R) meets with Lee Hae-chan, special envoy of South Korean President Moon Jae-in, "
    "at the Great Hall of the People in Beijing, capital of China, May 19, 2017. [Photo: Xinhua]"
)
FEED = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>Harbour Wire</title><link>https://wire.example/</link>
<item><title>Ferry terminal opens early</title><link>https://wire.example/1</link>
<description>The new ferry terminal opened on Monday, two months early. Tickets stay at 4 crowns.</description>
<pubDate>Mon, 01 Jun 2026 09:30:00 +0200</pubDate></item>
<item><title>Bridge closed for repairs</title><link>https://wire.example/2</link>
<description>The old bridge is closed until Friday. Buses take the tunnel.</description>
<pubDate>Mon, 01 Jun 2026 10:30:00 +0200</pubDate></item>
</channel></rss>
"""
RUN = ("run", "worker")
TEXT = (
    "The city council approved the harbour tunnel on Tuesday after nine hours of debate. "
    "Work begins in March and is to last four years. "
    "Opponents said they would go to court. "
    "The tunnel will take 30,000 cars a day off the waterfront, the city says."
)


def rows(done: Done) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.out.splitlines()]


# ingest


def test_the_example_article_is_read_to_the_letter(cli: CommandLine) -> None:
    done = cli("ingest", str(ARTICLE), "--json")
    assert done.status == 0, done.err  # where the machine has other work, there is a line on how far it is
    (row,) = rows(done)
    assert list(row) == [
        "id",
        "headline",
        "source",
        "published_at",
        "language",
        "topics",
        "caption",
        "paragraphs",
        "summary",
        "status",
        "duplicate_of",
        "published_guessed",
        "paywalled",
    ]
    assert (row["headline"], row["source"], row["language"]) == (HEADLINE, "Xinhua", "en")
    assert row["published_at"] == "2017-05-19T11:50:52Z"
    assert row["caption"] == CAPTION
    assert len(row["paragraphs"]) == 15
    assert row["paragraphs"][0].startswith("President Xi Jinping said Friday that China was ready")
    assert row["paragraphs"][-1].startswith("Lee said the ROK understands China's concerns")
    assert {"korea", "china"} <= set(row["topics"])
    assert (row["status"], row["duplicate_of"]) == ("usable", None)
    body = "\n".join(row["paragraphs"])
    assert all(sentence in body for sentence in row["summary"])
    assert len(row["summary"]) == 3


def test_an_article_that_is_known_is_named(cli: CommandLine) -> None:
    first = rows(cli("ingest", str(ARTICLE), "--json"))[0]
    again = cli("ingest", str(ARTICLE), str(ARTICLE), "--json")
    assert again.status == 0
    assert [row["duplicate_of"] for row in rows(again)] == [first["id"]] * 2


def test_a_file_that_cant_be_read_is_named_and_the_rest_goes_on(cli: CommandLine) -> None:
    done = cli("ingest", "missing.txt", str(ARTICLE), "--json")
    assert done.status == 1
    assert "missing.txt" in done.err
    failed, taken = rows(done)
    assert failed == {"path": "missing.txt", "error": "there is no such file"}
    assert taken["headline"] == HEADLINE


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.txt", b""),
        ("blank.txt", b" \n\n \n"),
        ("broken.json", b'{"headline": '),
        ("photo.jpg", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(range(256))),
        ("empty.html", b"<html><body></body></html>"),
    ],
)
def test_what_holds_no_article_is_said_without_a_traceback(cli: CommandLine, name: str, content: bytes) -> None:
    (cli.folder / name).write_bytes(content)
    done = cli("ingest", name)
    assert done.status == 1
    assert name in done.err
    assert "Traceback" not in done.err
    assert "something went wrong" not in done.err


def test_standard_input_is_an_article_too(cli: CommandLine) -> None:
    done = cli("ingest", "-", "--json", stdin=ARTICLE.read_text(encoding="utf-8"))
    assert done.status == 0, done.err
    assert [row["headline"] for row in rows(done)] == [HEADLINE]


def test_a_folder_is_read_all_the_way_down_but_for_hidden_files(cli: CommandLine) -> None:
    below = cli.folder / "inbox" / "monday"
    below.mkdir(parents=True)
    (below / "article.txt").write_bytes(ARTICLE.read_bytes())
    (below / ".hidden.txt").write_text("Not for us\n\nNobody reads this text here.", encoding="utf-8")
    (cli.folder / "inbox" / "feed.xml").write_text(FEED, encoding="utf-8")
    done = cli("ingest", "inbox", "--json")
    assert done.status == 0, done.err
    assert [row["headline"] for row in rows(done)] == [
        "Ferry terminal opens early",
        "Bridge closed for repairs",
        HEADLINE,
    ]


def test_a_feeds_items_carry_their_source_and_time(cli: CommandLine) -> None:
    (cli.folder / "feed.xml").write_text(FEED, encoding="utf-8")
    first, second = rows(cli("ingest", "feed.xml", "--json"))
    assert (first["source"], second["source"]) == ("Harbour Wire", "Harbour Wire")
    assert first["published_at"] == "2026-06-01T07:30:00Z"
    assert first["paragraphs"] == [
        "The new ferry terminal opened on Monday, two months early. Tickets stay at 4 crowns."
    ]


def test_a_private_address_is_not_fetched(cli: CommandLine) -> None:
    done = cli("ingest", "http://127.0.0.1:9/feed", "--json")
    assert done.status == 1
    assert rows(done)[0]["path"] == "http://127.0.0.1:9/feed"


def test_people_get_lines_and_counts(cli: CommandLine) -> None:
    done = cli("ingest", str(ARTICLE), str(ARTICLE), "missing.txt")
    assert done.status == 1
    assert [line.split()[0] for line in done.out.splitlines()] == ["new", "known"]
    assert done.err.split()[-3:] == ["1", "1", "1"]


def test_a_database_that_cant_be_reached_is_said_without_its_password(cli: CommandLine) -> None:
    url = "postgresql://tidings:hush-hush@127.0.0.1:9/tidings?connect_timeout=2"
    for command in (("ingest", str(ARTICLE)), ("digest", "--topic", "korea"), ("db", "check"), ("db", "upgrade"), RUN):
        done = cli(*command, DATABASE_URL=url, TELEGRAM_BOT_TOKEN=TOKEN)
        assert done.status == 1, done
        assert "The database can't be reached" in done.err
        assert "hush-hush" not in done.out + done.err


# summarize


def test_a_texts_summary_is_its_own_sentences(cli: CommandLine) -> None:
    (cli.folder / "text.txt").write_text(TEXT, encoding="utf-8")
    from_file, from_stdin = cli("summarize", "text.txt", "-n", "2"), cli("summarize", "-", "-n", "2", stdin=TEXT)
    assert from_file.status == 0
    assert from_file == from_stdin
    sentences = from_file.out.splitlines()
    assert len(sentences) == 2
    assert all(sentence in TEXT for sentence in sentences)


@pytest.mark.parametrize("method", summarizer.METHODS)
def test_every_method_summarizes(cli: CommandLine, method: str) -> None:
    done = cli("summarize", "-", "--method", method, "--json", stdin=TEXT)
    assert done.status == 0
    (row,) = rows(done)
    assert row["language"] == "en"
    assert 1 <= len(row["summary"]) <= 3


def test_rows_are_summarized_in_order_and_bad_ones_named(cli: CommandLine) -> None:
    sentences = TEXT.split(". ")
    lines = [
        json.dumps({"id": "a", "text": TEXT}),
        "",
        "not json",
        json.dumps({"id": "b", "sentences": sentences, "lang": "en"}),
        json.dumps({"id": "c"}),
        json.dumps([1]),
        json.dumps({"id": "d", "text": TEXT, "title": 3, "language": "no such language"}),
        json.dumps({"id": "e", "text": "half a pair \ud800 stays in this sentence of the text."}),
    ]
    (cli.folder / "rows.jsonl").write_text("\ufeff" + "\n".join(lines), encoding="utf-8")
    done = cli("summarize", "rows.jsonl", "--jsonl", "-n", "1")
    assert done.status == 1
    found = rows(done)
    assert [row.get("id") for row in found] == ["a", None, "b", "c", None, "d", "e"]
    assert ["error" in row for row in found] == [False, True, False, True, True, False, False]
    assert found[0]["summary"][0] in TEXT
    assert found[2]["summary"][0] in sentences
    assert [line.partition(":")[0] for line in done.err.splitlines()] == ["row 2", "row 4", "row 5"]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        pytest.param(("summarize", "-", "--method", "magic"), 2, ("magic", "lexrank"), id="method"),
        pytest.param(("summarize", "missing.txt"), 1, ("missing.txt", "No such file"), id="file"),
        pytest.param(("summarize", "-"), 1, ("no text",), id="nothing in it"),
        pytest.param(("summarize", "-", "-n", "0"), 2, (), id="no sentences"),
        pytest.param(("digest", "--topic", "atlantis"), 2, ("atlantis", "korea"), id="topic"),
        pytest.param(("digest", "--topic", "korea", "--since", "soon"), 2, ("24h",), id="span"),
        pytest.param(("bench", "nothing"), 2, ("nothing", *BENCHMARKS), id="benchmark"),
        pytest.param(("run", "web"), 2, ("TELEGRAM_BOT_TOKEN", "tidings run"), id="web without token"),
        pytest.param(("run", "worker"), 2, ("TELEGRAM_BOT_TOKEN",), id="worker without token"),
        pytest.param(("run", "everything"), 2, (), id="process"),
        pytest.param(("db", "backup"), 1, ("no database",), id="nothing to back up"),
    ],
)
def test_what_cant_be_done_is_said_with_the_way_out(
    cli: CommandLine, arguments: tuple[str, ...], status: int, said: tuple[str, ...]
) -> None:
    done = cli(*arguments)
    assert done.status == status, done
    assert all(word in done.err for word in said), done.err
    assert "Traceback" not in done.err


# Settings


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        pytest.param({"DYNO": "web.1"}, ("DATABASE_URL", "Attach PostgreSQL", "TELEGRAM_BOT_TOKEN"), id="on a host"),
        pytest.param({"TELEGRAM_BOT_TOKEN": "secret"}, ("TELEGRAM_BOT_TOKEN", "@BotFather"), id="token"),
        pytest.param({"WEBHOOK_URL": "https://news.example"}, ("WEBHOOK_URL", "TELEGRAM_BOT_TOKEN"), id="webhook"),
        pytest.param({"PORT": "99999"}, ("PORT",), id="port"),
    ],
)
def test_settings_that_cant_work_are_refused_with_the_way_out(
    cli: CommandLine, environ: dict[str, str], said: tuple[str, ...]
) -> None:
    done = cli("run", **environ)
    assert done.status == 2
    assert all(word in done.err for word in said), done.err
    assert "secret" not in done.err


def test_the_sandbox_never_starts_beside_a_real_bot(cli: CommandLine) -> None:
    done = cli("sandbox", TELEGRAM_BOT_TOKEN=TOKEN)
    assert done.status == 2
    assert "unset TELEGRAM_BOT_TOKEN" in done.err


def test_check_lists_settings_without_secrets_and_finds_what_is_wrong(cli: CommandLine) -> None:
    well = cli("check")
    assert well.status == 0, well
    assert "DIGEST_ZONE" in well.out
    unwell = cli("check", TELEGRAM_BOT_TOKEN=TOKEN, TELEGRAM_API_URL="http://127.0.0.1:9", OWNER_IDS="5,6")
    assert unwell.status == 1
    assert "bad Telegram" in unwell.out
    assert "5, 6" in unwell.out
    assert TOKEN.partition(":")[2] not in unwell.out + unwell.err


# digest, db


def test_a_digest_shows_what_came_in(cli: CommandLine) -> None:
    assert "Nothing new" in cli("digest", "--topic", "korea").out
    cli("ingest", str(ARTICLE))
    for topic in ("korea", "asia"):
        done = cli("digest", "--topic", topic, "--since", "1h")
        assert done.status == 0
        assert HEADLINE in done.out
        assert "<b>" not in done.out
    assert HEADLINE not in cli("digest", "--topic", "sport").out


def test_the_database_is_migrated_checked_and_copied(cli: CommandLine) -> None:
    empty = cli("db", "check")
    assert (empty.status, "tidings db upgrade" in empty.err) == (1, True), empty
    for command in (("upgrade",), ("upgrade",), ("check",)):
        done = cli("db", *command)
        assert done.status == 0, done
    cli("ingest", str(ARTICLE))
    copied = cli("db", "backup", "copy.db")
    assert copied.status == 0, copied
    with closing(sqlite3.connect(cli.folder / "copy.db")) as copy:
        assert copy.execute("SELECT headline FROM article").fetchall() == [(HEADLINE,)]
    again = cli("db", "backup", "copy.db")
    assert (again.status, "name another file" in again.err) == (1, True)


# Help


def test_help_lists_every_command(cli: CommandLine) -> None:
    done = cli("--help")
    assert done.status == 0
    for command in ("run", "sandbox", "ingest", "summarize", "digest", "db", "check", "bench"):
        assert f" {command} " in done.out
    assert "Traceback" not in cli().err
    assert cli("--version").out.startswith("Tidings ")
