"""A forwarded post's channel, time and links come with its words; a person's name does not."""

from datetime import UTC, datetime

from telegram import Chat, Message, MessageEntity, MessageOriginChannel, MessageOriginUser, User

from bot.forwards import pasted

WHEN = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
TEXT = "Storm closes the harbour\n\nThe storm 🌊 closed the harbour on Monday, and nobody was hurt.\n\nMore"
MORE = MessageEntity(
    MessageEntity.TEXT_LINK, len(TEXT.encode("utf-16-le")) // 2 - 4, 4, url="https://example.org/storm"
)
CHANNEL = Chat(-100, Chat.CHANNEL, title="Harbour News", username="harbour")


def message(origin: MessageOriginChannel | MessageOriginUser | None) -> Message:
    private = Chat(1, Chat.PRIVATE)
    return Message(1, WHEN, private, text=TEXT, entities=[MORE], forward_origin=origin)


def test_a_channels_post_comes_with_its_link_source_and_time() -> None:
    assert pasted(message(MessageOriginChannel(WHEN, CHANNEL, 7))).splitlines()[:4] == [
        "Storm closes the harbour",
        "Source: Harbour News",
        "Published: 2026-11-20 08:30:00 UTC",
        "Link: https://example.org/storm",
    ]


def test_a_person_is_no_source() -> None:
    said = pasted(message(MessageOriginUser(WHEN, User(5, "Ann", is_bot=False))))
    assert "Ann" not in said
    assert "Link: https://example.org/storm" in said


def test_what_is_not_forwarded_is_left_as_it_was_typed() -> None:
    assert pasted(message(None)) == TEXT
