"""Pure: Telegram's MarkdownV2 and its older Markdown to text and entities, with Telegram's refusals.

Rules from tdlib/td (MessageEntity.cpp), written in our own words. Offsets in refusals are bytes of the raw UTF-8 text.
"""

from __future__ import annotations

from sandbox.entities import Entity


def parse_markdown_v2(text: str) -> tuple[str, list[Entity]]:
    """Text without marks, and its entities; raises ApiError 400."""
    return text, []


def parse_markdown(text: str) -> tuple[str, list[Entity]]:
    """The older style: *bold*, _italic_, `code`, [text](url), no nesting."""
    return text, []
