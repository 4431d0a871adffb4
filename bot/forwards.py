"""What a forwarded message carries besides its words: where it is from, when it was posted, and its links. Pure."""

from telegram import Message, MessageEntity, MessageOriginChannel, MessageOriginChat

from ingest.messages import Link, as_text

_LINKS: list[str | None] = [MessageEntity.TEXT_LINK, MessageEntity.URL]


def pasted(message: Message) -> str:
    """The message's words; of a forwarded one with its links, and of a channel's post with channel, time and address.

    A person's name is not taken down: who forwards from a chat does not make its people a source.
    """
    said = (message.text or message.caption or "").strip()
    origin = message.forward_origin
    if origin is None or not said:
        return said
    if isinstance(origin, MessageOriginChannel):
        name = origin.chat.username
        post = f"https://t.me/{name}/{origin.message_id}" if name else None
        return as_text(said, _links(message), source=origin.chat.title, published_at=origin.date, post_url=post)
    source = origin.sender_chat.title if isinstance(origin, MessageOriginChat) else None
    return as_text(said, _links(message), source=source)


def _links(message: Message) -> list[Link]:
    found = message.parse_entities(_LINKS) if message.text else message.parse_caption_entities(_LINKS)
    return [Link(label, entity.url or label) for entity, label in found.items()]
