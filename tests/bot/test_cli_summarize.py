"""`tidings summarize` with what people give it: limits, reasons, several files, odd files, many rows."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.summary_rows import MAX_ROW_BYTES, Options, rows_of, summarize_rows
from tests.bot.cli_rig import CommandLine

TEXT = """Harbour tunnel approved

The city council approved the harbour tunnel on Tuesday after nine hours of debate.
Opponents of the tunnel said on Wednesday that they would take the council to court.
The tunnel will take 30,000 cars a day off the waterfront, the city's engineers say.
"""
ROW = json.dumps({"id": 1, "text": TEXT}).encode()
OPTIONS = Options(sentences=1)


def save(cli: CommandLine, data: str | bytes, name: str = "text.txt") -> str:
    (cli.folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())
    return name


def test_limits_hold_and_sentences_stay_whole(cli: CommandLine) -> None:
    save(cli, TEXT)
    for options, most in ((("--words", "16"), 90), (("--characters", "90"), 90), (("--characters", "170"), 170)):
        told = cli("summarize", "text.txt", *options).out
        assert 0 < len(told.strip()) <= most
        assert all(line in TEXT for line in told.splitlines())
    assert cli("summarize", "text.txt", "--headline").out == "Harbour tunnel approved\n"
    short = cli("summarize", "text.txt", "--characters", "9")
    assert (short.status, short.out) == (1, "")
    assert "no sentence that short" in short.err


def test_reasons_add_up_to_the_score(cli: CommandLine) -> None:
    found = json.loads(cli("summarize", save(cli, TEXT), "-n", "2", "--explain", "--json").out)
    assert len(found["explain"]) == 2
    for one, sentence, (start, end) in zip(found["explain"], found["summary"], found["offsets"], strict=True):
        assert one["sentence"] == TEXT[start:end] == sentence
        assert sum(reason["worth"] for reason in one["reasons"]) == pytest.approx(one["score"])
    shown = cli("summarize", "text.txt", "-n", "1", "--explain").out.splitlines()
    assert shown[0] in TEXT
    assert "score" in shown[1]
    assert all(" × " in line for line in shown[2:])
    assert "gives no reasons" in cli("summarize", "text.txt", "--explain", "--method", "lead").out


def test_of_several_files_the_bad_ones_are_named(cli: CommandLine) -> None:
    save(cli, TEXT.encode("utf-16"), "wide.txt")
    save(cli, bytes(range(256)) * 9, "picture.png")
    save(cli, "", "empty.txt")
    done = cli("summarize", save(cli, TEXT), "wide.txt", "picture.png", "empty.txt", "gone.txt", "-n", "1")
    assert done.status == 1
    first, second = done.out.split("\n\n")
    assert first.splitlines()[0] == "text.txt:"
    assert second.splitlines() == ["wide.txt:", first.splitlines()[1]]
    assert [line.split()[0] for line in done.err.splitlines()] == ["picture.png", "empty.txt", "gone.txt"]


def test_what_would_command_a_terminal_is_left_out(cli: CommandLine) -> None:
    done = cli("summarize", save(cli, "The mayor \x1b[31mopened\x07 the :bridge: on Monday after a year of work."))
    assert done.out == "The mayor [31mopened the :bridge: on Monday after a year of work.\n"


def test_right_to_left_text_is_told_in_its_own_words(cli: CommandLine) -> None:
    arabic = "قال الوزير إن المدينة ستبني جسرا جديدا. هل يكفي المال؟ سيبدأ العمل في مارس."
    told = cli("summarize", save(cli, arabic)).out.splitlines()
    assert told == ["قال الوزير إن المدينة ستبني جسرا جديدا.", "سيبدأ العمل في مارس."]


def rows(lines: list[bytes], jobs: int = 1, options: Options = OPTIONS) -> list[tuple[dict[str, Any], str | None]]:
    return [(json.loads(line), error) for line, error in summarize_rows(lines, options, jobs)]


def test_many_rows_keep_their_order_on_several_processes() -> None:
    lines = [json.dumps({"id": number, "text": f"{TEXT} Day {number} ended."}).encode() for number in range(70)]
    lines[40] = b"{"
    assert list(summarize_rows(lines, OPTIONS, 2)) == list(summarize_rows(lines, OPTIONS, 1))
    assert [row.get("id") for row, _ in rows(lines, 2)] == [*range(40), None, *range(41, 70)]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        pytest.param(b'{"id": 1', "not JSON", id="broken"),
        pytest.param(b"\xff\xfe", "not JSON", id="binary"),
        pytest.param(b"[" * 100_000, "not JSON", id="deep"),
        pytest.param(b"[1]", "not a JSON object", id="list"),
        pytest.param(b'{"id": 1}', "a row needs", id="no text"),
        pytest.param(b'{"text": null, "sentences": [1]}', "a row needs", id="text of another kind"),
        pytest.param(b"x" * (MAX_ROW_BYTES + 1), "over 20 MB", id="huge"),
    ],
)
def test_a_bad_row_says_why_and_the_next_goes_on(line: bytes, said: str) -> None:
    (bad, error), (good, none) = rows([line, ROW])
    assert error is not None
    assert bad["error"] == error
    assert said in error
    assert bad["summary"] == []
    assert none is None
    assert len(good["summary"]) == 1


@pytest.mark.parametrize(
    "line",
    [b'{"text": "", "error": "of the sender"}', b'{"sentences": []}', b'{"text": "One \\ud83d left.", "n": NaN}', ROW],
    ids=["empty", "no sentences", "half a pair", "plain"],
)
def test_a_row_keeps_what_it_held(line: bytes) -> None:
    ((row, error),) = rows([line])
    given = json.loads(line, parse_constant=lambda _: None)
    assert error is None
    assert {**row, "summary": None} == {**given, "summary": None}


def test_a_rows_own_title_and_language_go_first() -> None:
    own = json.dumps({"text": TEXT, "title": "Opponents go to court", "lang": "en"}).encode()
    others = Options(title="Cars off the waterfront", language="de", explain=True)
    assert rows([own], options=others) == rows([own], options=Options(explain=True))
    assert rows([ROW], options=others) != rows([ROW], options=Options(explain=True))


def test_lines_of_a_file_are_read_one_by_one_and_huge_ones_skipped(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"\xef\xbb\xbf{}\r\n\n  \n" + b"x" * (2 * MAX_ROW_BYTES + 5) + b"\n[]")
    with path.open("rb") as file:
        found = list(rows_of(file))
    assert found[0].strip() == b"{}"
    assert len(found[1]) == MAX_ROW_BYTES + 1
    assert found[2:] == [b"[]"]
