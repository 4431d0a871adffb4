"""Methods that make new messages."""

from __future__ import annotations

from typing import Any

from sandbox.access import Call, find_chat, find_message, writable
from sandbox.errors import refuse
from sandbox.formatting import caption, format_text, message_text
from sandbox.keyboards import check_markup
from sandbox.media import document, photo
from sandbox.records import Chat, Stored
from sandbox.rich import rich_message

ACTIONS = frozenset(
    [
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "record_audio",
        "upload_audio",
        "upload_document",
        "choose_sticker",
        "find_location",
        "pick_up_location",
        "record_video_note",
        "upload_video_note",
        "cancel",
    ]
)
_ALBUM = range(2, 11)
_CONTENT = [
    "text",
    "rich_message",
    "entities",
    "link_preview_options",
    "photo",
    "document",
    "caption",
    "caption_entities",
    "show_caption_above_media",
    "has_media_spoiler",
    "animation",
]
_DRAFT_LIMIT = 4096
_AT_ONCE = 100


def send_message(call: Call) -> Any:
    """sendMessage."""
    chat = writable(call)
    return _send(call, chat, message_text(call, chat.type))


def send_rich_message(call: Call) -> Any:
    """sendRichMessage, without media but photos by address."""
    return _send(call, writable(call), rich(call))


def rich(call: Call) -> dict[str, Any]:
    """Field `rich_message` of a message."""

    def kept(address: str) -> dict[str, Any]:
        return photo(call.world, call.files, address, "photo")

    return {"rich_message": rich_message(call.args["rich_message"], kept)}


def send_photo(call: Call) -> Any:
    """sendPhoto: an upload, a file_id, or an address (kept, never fetched)."""
    chat = writable(call, "photos")
    content = photo(call.world, call.files, call.args.get("photo"), "photo")
    spoiler = {"has_media_spoiler": True} if call.args.get("has_spoiler") else {}
    return _send(call, chat, {**content, **caption(call, call.args, chat.type), **spoiler})


def send_document(call: Call) -> Any:
    """sendDocument."""
    chat = writable(call, "documents")
    content = document(call.world, call.files, call.args.get("document"), "document")
    return _send(call, chat, {**content, **caption(call, call.args, chat.type)})


def send_media_group(call: Call) -> Any:
    """sendMediaGroup: two to ten photos or documents, not mixed."""
    chat = writable(call, "photos")
    media = call.args["media"]
    if len(media) not in _ALBUM:
        raise refuse(
            "MEDIA_INVALID" if len(media) == 1 else "wrong number of items in the album specified: 2-10 expected"
        )
    kinds = {item["type"] for item in media}
    if "document" in kinds and len(kinds) > 1:
        raise refuse("document can't be mixed with other media types")
    contents = [{**input_media(call, item), **caption(call, item, chat.type)} for item in media]
    group = str(call.world.free_id() * 1000 + call.world.now() % 1000)
    return [_send(call, chat, {**content, "media_group_id": group}) for content in contents]


def input_media(call: Call, item: dict[str, Any]) -> dict[str, Any]:
    """The content of one InputMedia: photos and documents."""
    source = item["media"]
    if item["type"] == "photo":
        return photo(call.world, call.files, source, "media")
    if item["type"] == "document":
        return document(call.world, call.files, source, "media")
    raise refuse(f"can't use file of type {item['type'].capitalize()} here")


def forward_message(call: Call) -> Any:
    """forwardMessage."""
    return _forward(call, call.args["message_id"]).payload


def forward_messages(call: Call) -> Any:
    """forwardMessages: the ids of those that could be forwarded."""
    return [{"message_id": stored.id} for stored in _each(call, _forward, "forward")]


def copy_message(call: Call) -> Any:
    """copyMessage."""
    return {"message_id": _copy(call, call.args["message_id"]).id}


def copy_messages(call: Call) -> Any:
    """copyMessages."""
    return [{"message_id": stored.id} for stored in _each(call, _copy, "copy")]


def send_chat_action(call: Call) -> Any:
    """sendChatAction."""
    chat = writable(call)
    action = call.args["action"].lower()
    if action not in ACTIONS:
        raise refuse("wrong parameter action in request")
    call.world.events.tell("chat_action", chat.id, action=action)
    return True


def send_message_draft(call: Call) -> Any:
    """sendMessageDraft: shown to the page as a chat action with its text; private chats only."""
    chat = writable(call)
    if chat.type != "private":
        raise refuse("TEXTDRAFT_PEER_INVALID")
    if not call.args["draft_id"]:
        raise refuse("draft_id must be non-zero")
    args = call.args
    text, found = format_text(args.get("text", ""), args.get("parse_mode"), args.get("entities"), allow_empty=True)
    if len(text) > _DRAFT_LIMIT:
        raise refuse("message is too long")
    draft = {"draft_id": args["draft_id"], "text": text, "entities": found}
    call.world.events.tell("chat_action", chat.id, action="typing", draft=draft)
    return True


def _send(call: Call, chat: Chat, content: dict[str, Any]) -> dict[str, Any]:
    markup = check_markup(call.args["reply_markup"], chat_type=chat.type) if call.args.get("reply_markup") else None
    fields = {**_reply(call, chat), **content, **_flags(call)}
    stored_markup = markup if markup and "inline_keyboard" in markup else None
    if stored_markup:
        fields["reply_markup"] = stored_markup
    thread_id = call.args.get("message_thread_id")
    keyboard = None if stored_markup else markup
    return call.world.post(chat, call.bot.id, fields, thread_id=thread_id, keyboard=keyboard).payload


def _flags(call: Call) -> dict[str, Any]:
    return {"has_protected_content": True} if call.args.get("protect_content") else {}


def _reply(call: Call, chat: Chat) -> dict[str, Any]:
    parameters = call.args.get("reply_parameters")
    if not parameters:
        return {}
    other = parameters.get("chat_id", chat.id)
    if other not in {chat.id, f"@{chat.names.get('username', '')}"}:
        raise refuse("message to be replied not found")
    original = chat.messages.get(parameters["message_id"])
    if original is None:
        if parameters.get("allow_sending_without_reply"):
            return {}
        raise refuse("message to be replied not found")
    fields = {"reply_to_message": {k: v for k, v in original.payload.items() if k != "reply_to_message"}}
    quote = parameters.get("quote")
    if quote:
        fields["quote"] = _quote(original, parameters)
    return fields


def _quote(original: Stored, parameters: dict[str, Any]) -> dict[str, Any]:
    text, found = format_text(parameters["quote"], parameters.get("quote_parse_mode"), parameters.get("quote_entities"))
    whole = original.payload.get("text") or original.payload.get("caption") or ""
    if text not in whole:
        raise refuse("QUOTE_TEXT_INVALID")
    position = len(whole[: whole.index(text)].encode("utf-16-le")) // 2
    return {"text": text, "position": position, "is_manual": True, **({"entities": found} if found else {})}


def _forward(call: Call, message_id: int) -> Stored:
    source = find_chat(call, "from_chat_id")
    original = find_message(source, message_id, "to forward")
    chat = writable(call)
    if original.payload.get("has_protected_content"):
        raise refuse("message can't be forwarded")
    fields = {key: original.payload[key] for key in _CONTENT if key in original.payload}
    if not fields:
        raise refuse("message can't be forwarded")
    fields["forward_origin"] = original.payload.get("forward_origin") or _origin(source, original)
    thread_id = call.args.get("message_thread_id")
    return call.world.post(chat, call.bot.id, {**fields, **_flags(call)}, thread_id=thread_id)


def _origin(source: Chat, original: Stored) -> dict[str, Any]:
    date = original.payload["date"]
    if source.type == "channel":
        return {"type": "channel", "chat": source.as_json(), "message_id": original.id, "date": date}
    if "sender_chat" in original.payload:
        return {"type": "chat", "sender_chat": original.payload["sender_chat"], "date": date}
    return {"type": "user", "sender_user": original.payload["from"], "date": date}


def _copy(call: Call, message_id: int) -> Stored:
    source = find_chat(call, "from_chat_id")
    original = find_message(source, message_id, "to copy")
    chat = writable(call)
    content = {key: original.payload[key] for key in _CONTENT if key in original.payload}
    if not content or original.payload.get("has_protected_content"):
        raise refuse("message can't be copied")
    if call.args.get("caption") is not None and "text" not in content:
        content = {key: value for key, value in content.items() if not key.startswith("caption")}
        content |= caption(call, call.args, chat.type)
    if call.args.get("remove_caption"):
        content = {key: value for key, value in content.items() if not key.startswith("caption")}
    return chat.messages[_send(call, chat, content)["message_id"]]


def _each(call: Call, action: Any, doing: str) -> list[Stored]:
    ids = call.args["message_ids"]
    if not 1 <= len(ids) <= _AT_ONCE or sorted(set(ids)) != ids:
        raise refuse("message identifiers must be in a strictly increasing order")
    source = find_chat(call, "from_chat_id")
    known = [message_id for message_id in ids if message_id in source.messages]
    if not known:
        raise refuse(f"there are no messages to {doing}")
    return [action(call, message_id) for message_id in known]
