"""What calls carry, as form data; what many chats share is encoded once for all of them. Pure."""

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

import aiohttp

from delivery.photo import blank_picture, parsed
from delivery.render import plain
from storage.claims import Claim
from storage.records import EditionPart

GENERAL_TOPIC = 1  # of a forum: Telegram wants it unnamed
KEPT_BODIES = 256

Keyboard = tuple[tuple[tuple[str, str], ...], ...]
Fields = tuple[tuple[str, str], ...]


def to_send(claim: Claim, *, paid: bool, photo: str | None = None) -> bytes:
    """What sendMessage, sendRichMessage or sendPhoto takes. `photo`: the file, or the address, of the one to send."""
    thread_id = 0 if claim.thread_id == GENERAL_TOPIC else claim.thread_id
    if photo is None:
        fields = text_fields(claim.message, unformatted=claim.plain)
    else:
        fields = (("photo", photo), *caption_fields(claim.message, unformatted=claim.plain))
    return b"chat_id=%d&%b" % (claim.chat_id, encode(fields, claim.message.keyboard, thread_id, paid=paid))


def to_edit(claim: Claim, message_id: int, *, captioned: bool) -> bytes:
    """What editMessageText takes, or editMessageCaption."""
    fields = (caption_fields if captioned else text_fields)(claim.message, unformatted=claim.plain)
    return b"%b&%b" % (to_delete(claim, message_id), encode(fields, claim.message.keyboard, 0, paid=False))


def to_delete(claim: Claim, message_id: int) -> bytes:
    """What deleteMessage takes: which message it is."""
    return b"chat_id=%d&message_id=%d" % (claim.chat_id, message_id)


def to_hide_photo(claim: Claim, message_id: int) -> aiohttp.FormData:
    """What editMessageMedia takes: an empty picture in place of the photo, over what is left to say."""
    media = {"type": "photo", "media": "attach://blank", **dict(caption_fields(claim.message, unformatted=claim.plain))}
    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in (("chat_id", claim.chat_id), ("message_id", message_id), ("media", _json(media))):
        form.add_field(name, str(value))
    form.add_field("blank", blank_picture(), filename="blank.png", content_type="image/png")
    return form


@lru_cache(maxsize=KEPT_BODIES)
def encode(fields: Fields, keyboard: Keyboard, thread_id: int, *, paid: bool) -> bytes:
    """All but the chat and the message."""
    given = dict(fields)
    if thread_id:
        given["message_thread_id"] = str(thread_id)
    if keyboard:
        given["reply_markup"] = _json({"inline_keyboard": inline_keyboard(keyboard)})
    if paid:
        given["allow_paid_broadcast"] = "true"
    return urlencode(given).encode("ascii")


def text_fields(message: EditionPart, *, unformatted: bool) -> Fields:
    if message.rich is not None:
        return (("rich_message", message.rich),)
    said = (("text", plain(message.text)),) if unformatted else (("text", message.text), ("parse_mode", "HTML"))
    return (*said, ("link_preview_options", _json({"is_disabled": True})))


def caption_fields(message: EditionPart, *, unformatted: bool) -> Fields:
    """Of a message that is no photo any more, its text: what a kill leaves is short enough."""
    caption = message.text if message.photo is None else str(parsed(message.photo)["caption"])
    return (("caption", plain(caption)),) if unformatted else (("caption", caption), ("parse_mode", "HTML"))


def inline_keyboard(keyboard: Sequence[Sequence[tuple[str, str]]]) -> list[list[dict[str, str]]]:
    """Telegram's own shape of (label, action) buttons; an action is an address or callback data."""
    return [[_button(*button) for button in row] for row in keyboard]


def _button(label: str, action: str) -> dict[str, str]:
    kind = "url" if action.startswith(("http://", "https://", "tg://")) else "callback_data"
    return {"text": label, kind: action}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
