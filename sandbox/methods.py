"""The Bot API methods that this server answers, with their parameters and the objects inside them.

Kept by hand as the Bot API 10.1 has them, one method or object a line: `name!: Type` is a duty, `A | B` means either.
The table is data: nothing here knows what our own bot sends. A test compares it with the specification.
"""

from __future__ import annotations

from dataclasses import dataclass

_METHODS = """
getMe()
logOut()
close()
getUpdates(offset: Integer, limit: Integer, timeout: Integer, allowed_updates: Array of String)
setWebhook(url!: String, certificate: InputFile, ip_address: String, max_connections: Integer, allowed_updates: Array of String, drop_pending_updates: Boolean, secret_token: String)
deleteWebhook(drop_pending_updates: Boolean)
getWebhookInfo()
sendMessage(business_connection_id: String, chat_id!: Integer | String, message_thread_id: Integer, direct_messages_topic_id: Integer, text!: String, parse_mode: String, entities: Array of MessageEntity, link_preview_options: LinkPreviewOptions, disable_notification: Boolean, protect_content: Boolean, allow_paid_broadcast: Boolean, message_effect_id: String, suggested_post_parameters: SuggestedPostParameters, reply_parameters: ReplyParameters, reply_markup: InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove | ForceReply)
forwardMessage(chat_id!: Integer | String, message_thread_id: Integer, direct_messages_topic_id: Integer, from_chat_id!: Integer | String, video_start_timestamp: Integer, disable_notification: Boolean, protect_content: Boolean, message_effect_id: String, suggested_post_parameters: SuggestedPostParameters, message_id!: Integer)
forwardMessages(chat_id!: Integer | String, message_thread_id: Integer, direct_messages_topic_id: Integer, from_chat_id!: Integer | String, message_ids!: Array of Integer, disable_notification: Boolean, protect_content: Boolean)
copyMessage(chat_id!: Integer | String, message_thread_id: Integer, direct_messages_topic_id: Integer, from_chat_id!: Integer | String, message_id!: Integer, video_start_timestamp: Integer, caption: String, parse_mode: String, caption_entities: Array of MessageEntity, show_caption_above_media: Boolean, disable_notification: Boolean, protect_content: Boolean, allow_paid_broadcast: Boolean, message_effect_id: String, suggested_post_parameters: SuggestedPostParameters, reply_parameters: ReplyParameters, reply_markup: InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove | ForceReply)
copyMessages(chat_id!: Integer | String, message_thread_id: Integer, direct_messages_topic_id: Integer, from_chat_id!: Integer | String, message_ids!: Array of Integer, disable_notification: Boolean, protect_content: Boolean, remove_caption: Boolean)
sendPhoto(business_connection_id: String, chat_id!: Integer | String, message_thread_id: Integer, direct_messages_topic_id: Integer, photo!: InputFile | String, caption: String, parse_mode: String, caption_entities: Array of MessageEntity, show_caption_above_media: Boolean, has_spoiler: Boolean, disable_notification: Boolean, protect_content: Boolean, allow_paid_broadcast: Boolean, message_effect_id: String, suggested_post_parameters: SuggestedPostParameters, reply_parameters: ReplyParameters, reply_markup: InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove | ForceReply)
sendDocument(business_connection_id: String, chat_id!: Integer | String, message_thread_id: Integer, direct_messages_topic_id: Integer, document!: InputFile | String, thumbnail: InputFile | String, caption: String, parse_mode: String, caption_entities: Array of MessageEntity, disable_content_type_detection: Boolean, disable_notification: Boolean, protect_content: Boolean, allow_paid_broadcast: Boolean, message_effect_id: String, suggested_post_parameters: SuggestedPostParameters, reply_parameters: ReplyParameters, reply_markup: InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove | ForceReply)
sendMediaGroup(business_connection_id: String, chat_id!: Integer | String, message_thread_id: Integer, direct_messages_topic_id: Integer, media!: Array of InputMediaAudio | Array of InputMediaDocument | Array of InputMediaLivePhoto | Array of InputMediaPhoto | Array of InputMediaVideo, disable_notification: Boolean, protect_content: Boolean, allow_paid_broadcast: Boolean, message_effect_id: String, reply_parameters: ReplyParameters)
sendChatAction(business_connection_id: String, chat_id!: Integer | String, message_thread_id: Integer, action!: String)
sendRichMessage(business_connection_id: String, chat_id!: Integer | String, message_thread_id: Integer, direct_messages_topic_id: Integer, rich_message!: InputRichMessage, disable_notification: Boolean, protect_content: Boolean, allow_paid_broadcast: Boolean, message_effect_id: String, suggested_post_parameters: SuggestedPostParameters, reply_parameters: ReplyParameters, reply_markup: InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove | ForceReply)
sendMessageDraft(chat_id!: Integer, message_thread_id: Integer, draft_id!: Integer, text: String, parse_mode: String, entities: Array of MessageEntity)
editMessageText(business_connection_id: String, chat_id: Integer | String, message_id: Integer, inline_message_id: String, text: String, parse_mode: String, entities: Array of MessageEntity, link_preview_options: LinkPreviewOptions, rich_message: InputRichMessage, reply_markup: InlineKeyboardMarkup)
editMessageCaption(business_connection_id: String, chat_id: Integer | String, message_id: Integer, inline_message_id: String, caption: String, parse_mode: String, caption_entities: Array of MessageEntity, show_caption_above_media: Boolean, reply_markup: InlineKeyboardMarkup)
editMessageMedia(business_connection_id: String, chat_id: Integer | String, message_id: Integer, inline_message_id: String, media!: InputMedia, reply_markup: InlineKeyboardMarkup)
editMessageReplyMarkup(business_connection_id: String, chat_id: Integer | String, message_id: Integer, inline_message_id: String, reply_markup: InlineKeyboardMarkup)
deleteMessage(chat_id!: Integer | String, message_id!: Integer)
deleteMessages(chat_id!: Integer | String, message_ids!: Array of Integer)
pinChatMessage(business_connection_id: String, chat_id!: Integer | String, message_id!: Integer, disable_notification: Boolean)
unpinChatMessage(business_connection_id: String, chat_id!: Integer | String, message_id: Integer)
unpinAllChatMessages(chat_id!: Integer | String)
answerCallbackQuery(callback_query_id!: String, text: String, show_alert: Boolean, url: String, cache_time: Integer)
answerInlineQuery(inline_query_id!: String, results!: Array of InlineQueryResult, cache_time: Integer, is_personal: Boolean, next_offset: String, button: InlineQueryResultsButton)
setMyCommands(commands!: Array of BotCommand, scope: BotCommandScope, language_code: String)
deleteMyCommands(scope: BotCommandScope, language_code: String)
getMyCommands(scope: BotCommandScope, language_code: String)
setMyName(name: String, language_code: String)
getMyName(language_code: String)
setMyDescription(description: String, language_code: String)
getMyDescription(language_code: String)
setMyShortDescription(short_description: String, language_code: String)
getMyShortDescription(language_code: String)
setChatMenuButton(chat_id: Integer, menu_button: MenuButton)
getChatMenuButton(chat_id: Integer)
setMyDefaultAdministratorRights(rights: ChatAdministratorRights, for_channels: Boolean)
getMyDefaultAdministratorRights(for_channels: Boolean)
getChat(chat_id!: Integer | String)
getChatAdministrators(chat_id!: Integer | String, return_bots: Boolean)
getChatMemberCount(chat_id!: Integer | String)
getChatMember(chat_id!: Integer | String, user_id!: Integer)
leaveChat(chat_id!: Integer | String)
getFile(file_id!: String)
getUserProfilePhotos(user_id!: Integer, offset: Integer, limit: Integer)
setMessageReaction(chat_id!: Integer | String, message_id!: Integer, reaction: Array of ReactionType, is_big: Boolean)
createForumTopic(chat_id!: Integer | String, name!: String, icon_color: Integer, icon_custom_emoji_id: String)
editForumTopic(chat_id!: Integer | String, message_thread_id!: Integer, name: String, icon_custom_emoji_id: String)
closeForumTopic(chat_id!: Integer | String, message_thread_id!: Integer)
reopenForumTopic(chat_id!: Integer | String, message_thread_id!: Integer)
deleteForumTopic(chat_id!: Integer | String, message_thread_id!: Integer)
"""

_OBJECTS = """
User(id!: Integer, is_bot!: Boolean, first_name!: String, last_name: String, username: String, language_code: String, is_premium: Boolean, added_to_attachment_menu: Boolean, can_join_groups: Boolean, can_read_all_group_messages: Boolean, supports_guest_queries: Boolean, supports_inline_queries: Boolean, can_connect_to_business: Boolean, has_main_web_app: Boolean, has_topics_enabled: Boolean, allows_users_to_create_topics: Boolean, can_manage_bots: Boolean, supports_join_request_queries: Boolean)
MessageEntity(type!: String, offset!: Integer, length!: Integer, url: String, user: User, language: String, custom_emoji_id: String, unix_time: Integer, date_time_format: String)
LinkPreviewOptions(is_disabled: Boolean, url: String, prefer_small_media: Boolean, prefer_large_media: Boolean, show_above_text: Boolean)
SuggestedPostParameters(price: SuggestedPostPrice, send_date: Integer)
SuggestedPostPrice(currency!: String, amount!: Integer)
ReplyParameters(message_id!: Integer, chat_id: Integer | String, allow_sending_without_reply: Boolean, quote: String, quote_parse_mode: String, quote_entities: Array of MessageEntity, quote_position: Integer, checklist_task_id: Integer, poll_option_id: String)
InlineKeyboardMarkup(inline_keyboard!: Array of Array of InlineKeyboardButton)
InlineKeyboardButton(text!: String, icon_custom_emoji_id: String, style: String, url: String, callback_data: String, web_app: WebAppInfo, login_url: LoginUrl, switch_inline_query: String, switch_inline_query_current_chat: String, switch_inline_query_chosen_chat: SwitchInlineQueryChosenChat, copy_text: CopyTextButton, callback_game: CallbackGame, pay: Boolean)
WebAppInfo(url!: String)
LoginUrl(url!: String, forward_text: String, bot_username: String, request_write_access: Boolean)
SwitchInlineQueryChosenChat(query: String, allow_user_chats: Boolean, allow_bot_chats: Boolean, allow_group_chats: Boolean, allow_channel_chats: Boolean)
CopyTextButton(text!: String)
CallbackGame()
ReplyKeyboardMarkup(keyboard!: Array of Array of KeyboardButton, is_persistent: Boolean, resize_keyboard: Boolean, one_time_keyboard: Boolean, input_field_placeholder: String, selective: Boolean)
KeyboardButton(text!: String, icon_custom_emoji_id: String, style: String, request_users: KeyboardButtonRequestUsers, request_chat: KeyboardButtonRequestChat, request_managed_bot: KeyboardButtonRequestManagedBot, request_contact: Boolean, request_location: Boolean, request_poll: KeyboardButtonPollType, web_app: WebAppInfo)
KeyboardButtonRequestUsers(request_id!: Integer, user_is_bot: Boolean, user_is_premium: Boolean, max_quantity: Integer, request_name: Boolean, request_username: Boolean, request_photo: Boolean)
KeyboardButtonRequestChat(request_id!: Integer, chat_is_channel!: Boolean, chat_is_forum: Boolean, chat_has_username: Boolean, chat_is_created: Boolean, user_administrator_rights: ChatAdministratorRights, bot_administrator_rights: ChatAdministratorRights, bot_is_member: Boolean, request_title: Boolean, request_username: Boolean, request_photo: Boolean)
KeyboardButtonRequestManagedBot(request_id!: Integer, suggested_name: String, suggested_username: String)
KeyboardButtonPollType(type: String)
ReplyKeyboardRemove(remove_keyboard!: Boolean, selective: Boolean)
ForceReply(force_reply!: Boolean, input_field_placeholder: String, selective: Boolean)
BotCommand(command!: String, description!: String)
BotCommandScopeDefault(type!: String)
BotCommandScopeAllPrivateChats(type!: String)
BotCommandScopeAllGroupChats(type!: String)
BotCommandScopeAllChatAdministrators(type!: String)
BotCommandScopeChat(type!: String, chat_id!: Integer | String)
BotCommandScopeChatAdministrators(type!: String, chat_id!: Integer | String)
BotCommandScopeChatMember(type!: String, chat_id!: Integer | String, user_id!: Integer)
MenuButtonCommands(type!: String)
MenuButtonWebApp(type!: String, text!: String, web_app!: WebAppInfo)
MenuButtonDefault(type!: String)
InputMediaPhoto(type!: String, media!: String, caption: String, parse_mode: String, caption_entities: Array of MessageEntity, show_caption_above_media: Boolean, has_spoiler: Boolean)
InputMediaDocument(type!: String, media!: String, thumbnail: String, caption: String, parse_mode: String, caption_entities: Array of MessageEntity, disable_content_type_detection: Boolean)
InputMediaVideo(type!: String, media!: String, thumbnail: String, cover: String, start_timestamp: Integer, caption: String, parse_mode: String, caption_entities: Array of MessageEntity, show_caption_above_media: Boolean, width: Integer, height: Integer, duration: Integer, supports_streaming: Boolean, has_spoiler: Boolean)
InputMediaAudio(type!: String, media!: String, thumbnail: String, caption: String, parse_mode: String, caption_entities: Array of MessageEntity, duration: Integer, performer: String, title: String)
InputMediaAnimation(type!: String, media!: String, thumbnail: String, caption: String, parse_mode: String, caption_entities: Array of MessageEntity, show_caption_above_media: Boolean, width: Integer, height: Integer, duration: Integer, has_spoiler: Boolean)
InputMediaLivePhoto(type!: String, media!: String, photo!: String, caption: String, parse_mode: String, caption_entities: Array of MessageEntity, show_caption_above_media: Boolean, has_spoiler: Boolean)
ReactionTypeEmoji(type!: String, emoji!: String)
ReactionTypeCustomEmoji(type!: String, custom_emoji_id!: String)
ReactionTypePaid(type!: String)
ChatAdministratorRights(is_anonymous!: Boolean, can_manage_chat!: Boolean, can_delete_messages!: Boolean, can_manage_video_chats!: Boolean, can_restrict_members!: Boolean, can_promote_members!: Boolean, can_change_info!: Boolean, can_invite_users!: Boolean, can_post_stories!: Boolean, can_edit_stories!: Boolean, can_delete_stories!: Boolean, can_post_messages: Boolean, can_edit_messages: Boolean, can_pin_messages: Boolean, can_manage_topics: Boolean, can_manage_direct_messages: Boolean, can_manage_tags: Boolean)
InlineQueryResultsButton(text!: String, web_app: WebAppInfo, start_parameter: String)
InlineQueryResultArticle(type!: String, id!: String, title!: String, input_message_content!: InputMessageContent, reply_markup: InlineKeyboardMarkup, url: String, description: String, thumbnail_url: String, thumbnail_width: Integer, thumbnail_height: Integer)
InlineQueryResultPhoto(type!: String, id!: String, photo_url!: String, thumbnail_url!: String, photo_width: Integer, photo_height: Integer, title: String, description: String, caption: String, parse_mode: String, caption_entities: Array of MessageEntity, show_caption_above_media: Boolean, reply_markup: InlineKeyboardMarkup, input_message_content: InputMessageContent)
InputRichMessage(html: String, markdown: String, is_rtl: Boolean, skip_entity_detection: Boolean)
InputTextMessageContent(message_text!: String, parse_mode: String, entities: Array of MessageEntity, link_preview_options: LinkPreviewOptions)
"""

# Objects told apart by their field `type`; the value of that field, and the object it stands for.
UNIONS: dict[str, dict[str, str]] = {
    "BotCommandScope": {
        "default": "BotCommandScopeDefault",
        "all_private_chats": "BotCommandScopeAllPrivateChats",
        "all_group_chats": "BotCommandScopeAllGroupChats",
        "all_chat_administrators": "BotCommandScopeAllChatAdministrators",
        "chat": "BotCommandScopeChat",
        "chat_administrators": "BotCommandScopeChatAdministrators",
        "chat_member": "BotCommandScopeChatMember",
    },
    "MenuButton": {"commands": "MenuButtonCommands", "web_app": "MenuButtonWebApp", "default": "MenuButtonDefault"},
    "InputMedia": {
        "photo": "InputMediaPhoto",
        "document": "InputMediaDocument",
        "video": "InputMediaVideo",
        "audio": "InputMediaAudio",
        "animation": "InputMediaAnimation",
        "live_photo": "InputMediaLivePhoto",
    },
    "ReactionType": {
        "emoji": "ReactionTypeEmoji",
        "custom_emoji": "ReactionTypeCustomEmoji",
        "paid": "ReactionTypePaid",
    },
}

# Objects that are only looked at from outside: news bots hardly send them, and each has a dozen kinds.
OPAQUE = frozenset({"InlineQueryResult", "InputMessageContent"})


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter of a method, or one field of an object."""

    name: str
    types: tuple[str, ...]
    required: bool


Table = dict[str, tuple[Param, ...]]


def _param(text: str) -> Param:
    name, _, types = text.partition(": ")
    return Param(name.removesuffix("!"), tuple(types.split(" | ")), name.endswith("!"))


def _row(line: str) -> tuple[str, tuple[Param, ...]]:
    name, _, inside = line.removesuffix(")").partition("(")
    return name, tuple(_param(text) for text in inside.split(", ") if text)


def _table(text: str) -> Table:
    return dict(_row(line) for line in text.split("\n") if line)


METHODS: Table = _table(_METHODS)
OBJECTS: Table = _table(_OBJECTS)

# Names are taken in any case, as Telegram does.
CANONICAL: dict[str, str] = {name.lower(): name for name in METHODS}
