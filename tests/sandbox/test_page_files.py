"""The chat page's own files: contrast of its colours, nothing inline, no markup from text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "sandbox" / "page"


def _colours(theme: str) -> dict[str, str]:
    sheet = (PAGE / "theme.css").read_text()
    block = sheet.split(":root {")[1] if theme == "light" else sheet.split(':root[data-theme="dark"] {')[1]
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block.split("}")[0]))


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


PAIRS = [
    ("text", "panel"), ("text", "own"), ("text", "other"), ("text", "panel-2"), ("text", "hover"),
    ("muted", "panel"), ("muted", "panel-2"), ("muted", "hover"), ("other-muted", "other"), ("own-muted", "own"),
    ("link", "own"), ("link", "other"), ("accent-strong", "panel"), ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("active-text", "active"), ("active-muted", "active"), ("warning", "warning-ground"), ("toast-text", "toast"),
    ("danger", "panel"), *((f"tint-{number}", "other") for number in range(7)),
]  # fmt: skip


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_keeps_the_contrast_that_wcag_aa_asks(theme: str) -> None:
    colours = _colours(theme)
    weak = {pair: _contrast(colours[pair[0]], colours[pair[1]]) for pair in PAIRS}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 4.5} == {}


def test_both_dark_sets_are_the_same() -> None:
    sheet = (PAGE / "theme.css").read_text()
    asked = sheet.split(':root:not([data-theme="light"]) {')[1].split("}")[0]
    chosen = sheet.split(':root[data-theme="dark"] {')[1].split("}")[0]
    assert asked.split() == chosen.split()


def test_nothing_on_the_page_writes_markup_or_runs_inline() -> None:
    scripts = "".join(path.read_text() for path in PAGE.glob("*.js"))
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", scripts)
    markup = (PAGE / "index.html").read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|https?://", markup)


def test_page_files_are_small_enough_to_read() -> None:
    assert {path.name for path in PAGE.iterdir() if len(path.read_text().splitlines()) > 420} == set()
