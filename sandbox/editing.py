"""Methods that change, remove or pin messages, and answer queries."""

from __future__ import annotations

from typing import Any

from sandbox.access import Call, find_chat, find_message, need_right, place
from sandbox.errors import refuse
from sandbox.formatting import caption, message_text
from sandbox.keyboards import check_markup
from sandbox.records import Chat, Stored
from sandbox.sending import input_media, rich
from sandbox.world import CALLBACK_LIFETIME

DELETE_SECONDS = 48 * 3600
_NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current "
    "content and reply markup of the message"
)
_MEDIA = ("photo", "document", "animation", "has_media_spoiler")
_TEXT = ("text", "entities", "link_preview_options", "rich_message")
_CAPTION = ("caption", "caption_entities", "show_caption_above_media")
_ANSWER_LIMIT = 200
_TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
_INLINE_RESULTS = 50
_AT_ONCE = 100


def edit_text(call: Call) -> Any:
    """editMessageText."""
    chat, stored = _own(call)
    if not {"text", "rich_message"} & stored.payload.keys():
        raise refuse("there is no text in the message to edit")
    content = rich(call) if call.args.get("rich_message") else message_text(call, chat.type)
    return _change(call, chat, stored, content, _TEXT)


def edit_caption(call: Call) -> Any:
    """editMessageCaption."""
    chat, stored = _own(call)
    if {"text", "rich_message"} & stored.payload.keys():
        raise refuse("there is no caption in the message to edit")
    return _change(call, chat, stored, caption(call, call.args, chat.type), _CAPTION)


def edit_media(call: Call) -> Any:
    """editMessageMedia."""
    chat, stored = _own(call)
    if {"text", "rich_message"} & stored.payload.keys():
        raise refuse("message can't be edited")
    media = call.args["media"]
    content = {**input_media(call, media), **caption(call, media, chat.type)}
    return _change(call, chat, stored, content, (*_MEDIA, *_CAPTION))


def edit_markup(call: Call) -> Any:
    """editMessageReplyMarkup."""
    chat, stored = _own(call)
    return _change(call, chat, stored, {}, ())


def _own(call: Call) -> tuple[Chat, Stored]:
    if call.args.get("inline_message_id"):
        raise refuse("MESSAGE_ID_INVALID")
    if call.args.get("chat_id") is None:
        raise refuse("chat_id is empty")
    chat = find_chat(call)
    stored = find_message(chat, call.args.get("message_id"), "to edit")
    may_edit = chat.type == "channel" and place(chat, call.bot).may("can_edit_messages")
    if stored.author != call.bot.id and not may_edit:
        raise refuse("message can't be edited")
    if chat.type == "private" and chat.blocked:
        raise refuse("bot was blocked by the user", 403)
    return chat, stored


def _change(call: Call, chat: Chat, stored: Stored, fields: dict[str, Any], replaced: tuple[str, ...]) -> Any:
    raw = call.args.get("reply_markup")
    markup = check_markup(raw, chat_type=chat.type) if raw else None
    if markup and "inline_keyboard" not in markup:
        raise refuse("inline keyboard expected")
    old = {key: stored.payload[key] for key in (*replaced, "reply_markup") if key in stored.payload}
    new = {**fields, **({"reply_markup": markup} if markup else {})}
    if _same(old, new):
        raise refuse(_NOT_MODIFIED)
    stamp = {} if not replaced else {"edit_date": call.world.now()}
    call.world.change(chat, stored, {**new, **stamp}, drop=(*replaced, "reply_markup"))
    return stored.payload


def _same(old: dict[str, Any], new: dict[str, Any]) -> bool:
    ignored = {"link_preview_options"}
    return {k: v for k, v in old.items() if k not in ignored} == {k: v for k, v in new.items() if k not in ignored}


def delete_message(call: Call) -> Any:
    """deleteMessage: the bot's own within 48 hours; others' too in private chats, or with the right."""
    chat = find_chat(call)
    stored = find_message(chat, call.args.get("message_id"), "to delete")
    _may_delete(call, chat, stored)
    call.world.remove(chat, stored.id)
    return True


def delete_messages(call: Call) -> Any:
    """deleteMessages: ids that don't exist are skipped."""
    chat = find_chat(call)
    ids = call.args["message_ids"]
    if not 1 <= len(ids) <= _AT_ONCE:
        raise refuse("too many message identifiers specified" if ids else "message identifiers are not specified")
    found = [chat.messages[message_id] for message_id in ids if message_id in chat.messages]
    for stored in found:
        _may_delete(call, chat, stored)
    for stored in found:
        call.world.remove(chat, stored.id)
    return True


def _may_delete(call: Call, chat: Chat, stored: Stored) -> None:
    is_admin = chat.type != "private" and place(chat, call.bot).may("can_delete_messages")
    old = call.world.now() - stored.payload["date"] > DELETE_SECONDS
    if is_admin and chat.type in {"supergroup", "channel"}:
        return
    if old:
        raise refuse("message can't be deleted for everyone")
    if chat.type == "channel":
        raise refuse("message can't be deleted")
    if stored.author != call.bot.id and chat.type != "private" and not is_admin:
        raise refuse("message can't be deleted")


def pin(call: Call) -> Any:
    """pinChatMessage."""
    chat = find_chat(call)
    stored = find_message(chat, call.args.get("message_id"), "to pin")
    _may_pin(call, chat)
    if stored.id not in chat.pinned:
        chat.pinned.append(stored.id)
        call.world.touch("chat", chat.id)
    call.world.events.tell("pinned", chat.id, message_id=stored.id, message=stored.payload)
    return True


def unpin(call: Call) -> Any:
    """unpinChatMessage: the named one, or the newest."""
    chat = find_chat(call)
    _may_pin(call, chat)
    wanted = call.args.get("message_id") or (chat.pinned[-1] if chat.pinned else None)
    if wanted not in chat.pinned:
        raise refuse("message to unpin not found")
    chat.pinned.remove(wanted)
    return _unpinned(call, chat)


def unpin_all(call: Call) -> Any:
    """unpinAllChatMessages."""
    chat = find_chat(call)
    _may_pin(call, chat)
    chat.pinned.clear()
    return _unpinned(call, chat)


def _unpinned(call: Call, chat: Chat) -> bool:
    call.world.touch("chat", chat.id)
    call.world.events.tell("pinned", chat.id, message_id=chat.pinned[-1] if chat.pinned else None)
    return True


def _may_pin(call: Call, chat: Chat) -> None:
    right = "can_edit_messages" if chat.type == "channel" else "can_pin_messages"
    need_right(call, chat, right, "manage pinned messages in the chat")


def react(call: Call) -> Any:
    """setMessageReaction: one emoji at most for a bot."""
    chat = find_chat(call)
    stored = find_message(chat, call.args.get("message_id"), "to react")
    reactions = call.args.get("reaction", [])
    if len(reactions) > 1 or any(reaction["type"] == "paid" for reaction in reactions):
        raise refuse("REACTIONS_TOO_MANY" if len(reactions) > 1 else "REACTION_INVALID")
    call.world.events.tell("reaction", chat.id, message_id=stored.id, reaction=reactions)
    return True


def answer_callback(call: Call) -> Any:
    """answerCallbackQuery: once, and not too late."""
    query_id = call.args["callback_query_id"]
    bot_id, pressed = call.world.callbacks.get(query_id, (0, 0.0))
    if bot_id != call.bot.id or call.world.clock() - pressed > CALLBACK_LIFETIME:
        raise refuse(_TOO_OLD)
    text, url = call.args.get("text", ""), call.args.get("url", "")
    if len(text) > _ANSWER_LIMIT:
        raise refuse("MESSAGE_TOO_LONG")
    if url:
        raise refuse("URL_INVALID")  # only games and links to the bot itself may be opened; here are neither
    del call.world.callbacks[query_id]
    answer = {"callback_query_id": query_id, "text": text, "show_alert": call.args.get("show_alert", False), "url": url}
    call.world.events.tell("callback_answer", None, callback=answer)
    return True


def answer_inline(call: Call) -> Any:
    """answerInlineQuery: the sandbox's people make no inline queries, so none can be answered."""
    if len(call.args["results"]) > _INLINE_RESULTS:
        raise refuse("RESULTS_TOO_MUCH")
    raise refuse(_TOO_OLD)
