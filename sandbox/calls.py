"""Which function answers which method; getUpdates and the webhook methods live in polling.py and webhooks.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox import editing, profile, rooms, sending
from sandbox.access import Call

CALLS: dict[str, Callable[[Call], Any]] = {
    "getMe": profile.get_me,
    "logOut": profile.yes,
    "close": profile.yes,
    "sendMessage": sending.send_message,
    "forwardMessage": sending.forward_message,
    "forwardMessages": sending.forward_messages,
    "copyMessage": sending.copy_message,
    "copyMessages": sending.copy_messages,
    "sendPhoto": sending.send_photo,
    "sendDocument": sending.send_document,
    "sendMediaGroup": sending.send_media_group,
    "sendChatAction": sending.send_chat_action,
    "sendRichMessage": sending.send_rich_message,
    "sendMessageDraft": sending.send_message_draft,
    "editMessageText": editing.edit_text,
    "editMessageCaption": editing.edit_caption,
    "editMessageMedia": editing.edit_media,
    "editMessageReplyMarkup": editing.edit_markup,
    "deleteMessage": editing.delete_message,
    "deleteMessages": editing.delete_messages,
    "pinChatMessage": editing.pin,
    "unpinChatMessage": editing.unpin,
    "unpinAllChatMessages": editing.unpin_all,
    "setMessageReaction": editing.react,
    "answerCallbackQuery": editing.answer_callback,
    "answerInlineQuery": editing.answer_inline,
    "setMyCommands": profile.set_commands,
    "deleteMyCommands": profile.delete_commands,
    "getMyCommands": profile.get_commands,
    "setMyName": profile.set_text,
    "getMyName": profile.get_text,
    "setMyDescription": profile.set_text,
    "getMyDescription": profile.get_text,
    "setMyShortDescription": profile.set_text,
    "getMyShortDescription": profile.get_text,
    "setChatMenuButton": profile.set_menu_button,
    "getChatMenuButton": profile.get_menu_button,
    "setMyDefaultAdministratorRights": profile.set_rights,
    "getMyDefaultAdministratorRights": profile.get_rights,
    "getChat": rooms.get_chat,
    "getChatAdministrators": rooms.get_administrators,
    "getChatMemberCount": rooms.get_member_count,
    "getChatMember": rooms.get_member,
    "leaveChat": rooms.leave,
    "getFile": rooms.get_file,
    "getUserProfilePhotos": rooms.get_photos,
    "createForumTopic": rooms.create_topic,
    "editForumTopic": rooms.edit_topic,
    "closeForumTopic": rooms.close_topic,
    "reopenForumTopic": rooms.reopen_topic,
    "deleteForumTopic": rooms.delete_topic,
}
