"""Digests byte for byte, each read over as its reader would. Written anew by `python -m tests.delivery.test_golden`."""

import json
from pathlib import Path

import pytest

from sandbox.html import parse_html
from sandbox.rich import rich_message, words
from storage.records import EditionPart
from tests.delivery.shown import CASES, PHOTOS, RICH

GOLDEN = Path(__file__).parent / "golden"


def classic(name: str) -> str:
    """Each message as its HTML and its buttons."""
    return "\n".join(f"{_line(part)}\n{part.text}\n\n{_buttons(part)}\n" for part in CASES[name]())


def rich(name: str) -> str:
    """Each message as its rich HTML, a block a line."""
    return "\n".join(f"{_line(part)}\n{_rich(part)}\n\n{_buttons(part)}\n" for part in CASES[name]())


def photo(name: str) -> str:
    """What stands under the photo of each message that has one."""
    return "\n".join(f"{_line(part)}\n{_caption(part)}\n\n{_buttons(part)}\n" for part in CASES[name]() if part.photo)


def _caption(part: EditionPart) -> str:
    media = json.loads(part.photo or "{}")
    return f"({media['media']})\n{media['caption']}"


def _line(part: EditionPart) -> str:
    return f"-- message {part.number + 1} --"


def _buttons(part: EditionPart) -> str:
    return "\n".join(" ".join(f"[{label} → {data}]" for label, data in row) for row in part.keyboard)


def _rich(part: EditionPart) -> str:
    message = json.loads(part.rich or "{}")
    direction = "(right to left)\n" if message.get("is_rtl") else ""
    return direction + str(message["html"]).replace("><", ">\n<")


@pytest.mark.parametrize("name", CASES)
def test_the_classic_message_is_the_golden_one(name: str) -> None:
    assert classic(name) == (GOLDEN / f"{name}.txt").read_text("utf-8")


@pytest.mark.parametrize("name", RICH)
def test_the_rich_message_is_the_golden_one(name: str) -> None:
    assert rich(name) == (GOLDEN / f"{name}.rich.txt").read_text("utf-8")


@pytest.mark.parametrize("name", PHOTOS)
def test_the_photo_s_caption_is_the_golden_one(name: str) -> None:
    assert photo(name) == (GOLDEN / f"{name}.photo.txt").read_text("utf-8")


def test_no_other_message_is_a_photo() -> None:
    assert {name for name in CASES if photo(name)} == set(PHOTOS)


@pytest.mark.parametrize("name", CASES)
def test_telegram_takes_both_and_they_tell_the_same_stories(name: str) -> None:
    for part in CASES[name]():
        text, _ = parse_html(part.text)
        assert 0 < len(text) <= 4096
        shown = words(rich_message(json.loads(part.rich or "{}"), lambda address: {"photo": [{"file_id": address}]}))
        assert [f"\n{number}. " in text for number in range(12)] == [f"\n{number}. " in shown for number in range(12)]


def write() -> None:
    for name in CASES:
        (GOLDEN / f"{name}.txt").write_text(classic(name), "utf-8")
    for name in RICH:
        (GOLDEN / f"{name}.rich.txt").write_text(rich(name), "utf-8")
    for name in PHOTOS:
        (GOLDEN / f"{name}.photo.txt").write_text(photo(name), "utf-8")


if __name__ == "__main__":
    write()
