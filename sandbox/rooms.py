"""Methods about chats, their members, forum topics and files."""

from __future__ import annotations

from typing import Any

from sandbox.access import Call, find_chat, need_right
from sandbox.errors import refuse
from sandbox.records import Chat, Member

_DOWNLOAD_BYTES = 20 * 1024 * 1024
_TOPIC_NAME = 128
_COLORS = (7322096, 16766590, 13338331, 9367192, 16749490, 16478047)
_PERMISSIONS = [
    "can_send_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
    "can_edit_tag",
    "can_react_to_messages",
]
_GIFTS = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")


def get_chat(call: Call) -> Any:
    """getChat: ChatFullInfo."""
    chat = find_chat(call)
    view = {**chat.as_json(), "accent_color_id": abs(chat.id) % 7, "max_reaction_count": 11}
    view["accepted_gift_types"] = dict.fromkeys(_GIFTS, False)
    if "username" in chat.names:
        view["active_usernames"] = [chat.names["username"]]
    if chat.type in {"group", "supergroup"}:
        view["permissions"] = dict.fromkeys(_PERMISSIONS, True)
    if chat.pinned:
        view["pinned_message"] = chat.messages[chat.pinned[-1]].payload
    return view


def get_member(call: Call) -> Any:
    """getChatMember: of everybody the world knows; a stranger to the chat has left."""
    chat = find_chat(call)
    user = call.world.person(call.args["user_id"])
    if user is None:
        raise refuse("user not found")
    if chat.type == "private":
        if user.id not in {chat.id, call.bot.id}:
            raise refuse("user not found")
        return Member("member").as_json(user, chat.type)
    return chat.members.get(user.id, Member("left")).as_json(user, chat.type)


def get_administrators(call: Call) -> Any:
    """getChatAdministrators: without other bots, unless asked."""
    chat = find_chat(call)
    if chat.type == "private":
        raise refuse("there are no administrators in the private chat")
    return [
        member.as_json(user, chat.type)
        for user_id, member in chat.members.items()
        if member.status in {"creator", "administrator"}
        and (user := call.world.person(user_id)) is not None
        and (not user.is_bot or user_id == call.bot.id or call.args.get("return_bots"))
    ]


def get_member_count(call: Call) -> Any:
    """getChatMemberCount."""
    chat = find_chat(call)
    return 2 if chat.type == "private" else sum(call.world.is_present(chat, user_id) for user_id in chat.members)


def leave(call: Call) -> Any:
    """leaveChat."""
    chat = find_chat(call)
    if chat.type == "private":
        raise refuse("chat member status can't be changed in private chats")
    chat.members[call.bot.id] = Member("left")
    call.world.touch("chat", chat.id)
    call.world.events.tell("chat", chat.id)
    return True


def get_file(call: Call) -> Any:
    """getFile."""
    file_id = call.args["file_id"]
    known = call.world.files.get(file_id)
    if known is None:
        raise refuse("invalid file_id")
    if known["size"] > _DOWNLOAD_BYTES:
        raise refuse("file is too big")
    path = {"file_path": known["file_path"]} if known["file_path"] else {}
    return {"file_id": file_id, "file_unique_id": file_id.rpartition("-")[2][:16], "file_size": known["size"], **path}


def get_photos(call: Call) -> Any:
    """getUserProfilePhotos: nobody here has one."""
    if call.world.person(call.args["user_id"]) is None:
        raise refuse("user not found")
    return {"total_count": 0, "photos": []}


def create_topic(call: Call) -> Any:
    """createForumTopic."""
    chat = _forum(call)
    name = _topic_name(call.args["name"])
    color = call.args.get("icon_color", _COLORS[0])
    if color not in _COLORS:
        raise refuse("TOPIC_ICON_COLOR_INVALID".replace("TOPIC_", ""))
    created = {"forum_topic_created": {"name": name, "icon_color": color}}
    stored = call.world.post(chat, call.bot.id, created)
    chat.topics[stored.id] = {"name": name, "icon_color": color}
    call.world.change(chat, stored, {"message_thread_id": stored.id, "is_topic_message": True})
    call.world.touch("chat", chat.id)
    return {"message_thread_id": stored.id, "name": name, "icon_color": color}


def edit_topic(call: Call) -> Any:
    """editForumTopic."""
    chat = _forum(call)
    topic = _topic(call, chat)
    if "name" in call.args:
        name = _topic_name(call.args["name"])
        if name == topic["name"]:
            raise refuse("TOPIC_NOT_MODIFIED")
        topic["name"] = name
    call.world.touch("chat", chat.id)
    return True


def close_topic(call: Call) -> Any:
    """closeForumTopic."""
    return _close(call, closed=True)


def reopen_topic(call: Call) -> Any:
    """reopenForumTopic."""
    return _close(call, closed=False)


def _close(call: Call, *, closed: bool) -> bool:
    chat = _forum(call)
    topic = _topic(call, chat)
    if bool(topic.get("closed")) == closed:
        raise refuse("TOPIC_NOT_MODIFIED")
    topic["closed"] = closed
    call.world.touch("chat", chat.id)
    return True


def delete_topic(call: Call) -> Any:
    """deleteForumTopic, with all its messages."""
    chat = _forum(call)
    _topic(call, chat)
    thread_id = call.args["message_thread_id"]
    del chat.topics[thread_id]
    for stored in [kept for kept in chat.messages.values() if kept.payload.get("message_thread_id") == thread_id]:
        call.world.remove(chat, stored.id)
    call.world.touch("chat", chat.id)
    return True


def _forum(call: Call) -> Chat:
    chat = find_chat(call)
    if not chat.is_forum:
        raise refuse("the chat is not a forum")
    need_right(call, chat, "can_manage_topics", "manage topics in the chat")
    return chat


def _topic(call: Call, chat: Chat) -> dict[str, Any]:
    topic = chat.topics.get(call.args["message_thread_id"])
    if topic is None:
        raise refuse("message thread not found")
    return topic


def _topic_name(name: str) -> str:
    name = name.strip()
    if not name:
        raise refuse("topic name must be non-empty".replace("topic name", "title"))
    return name[:_TOPIC_NAME]
