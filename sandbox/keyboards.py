"""Pure: what Telegram checks in reply markups beyond their types, and how it stores them."""

from __future__ import annotations

from typing import Any

from sandbox.errors import ApiError, refuse
from sandbox.links import BadLinkError, checked

_CALLBACK_BYTES = 64
_COPY_UNITS = 256
_BUTTONS = 100
_MARKUP_BYTES = 10_240  # the server's bound is not published; well above a hundred ordinary buttons
_PLACEHOLDER = 64
_STYLES = frozenset({"danger", "success", "primary"})
_ACTIONS = (
    "url",
    "callback_data",
    "callback_game",
    "pay",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "login_url",
    "web_app",
    "copy_text",
)
_FILLED = frozenset({"url", "callback_data"})  # an empty one counts as absent


def check_markup(markup: dict[str, Any], *, chat_type: str) -> dict[str, Any] | None:
    """The markup as it will be stored; None for an empty one. Raises ApiError 400."""
    if markup.get("inline_keyboard"):
        rows = [[_inline(button, chat_type) for button in row] for row in markup["inline_keyboard"]]
        rows = [row for row in rows if row]
        _fits(rows)
        return {"inline_keyboard": rows} if rows else None
    if markup.get("keyboard"):
        return _reply_keyboard(markup, chat_type)
    if len(markup.get("input_field_placeholder", "")) > _PLACEHOLDER:
        raise refuse("BOT_FORCE_REPLY_PLACEHOLDER_INVALID")
    return {key: value for key, value in markup.items() if key not in {"inline_keyboard", "keyboard"}} or None


def _fits(rows: list[list[dict[str, Any]]]) -> None:
    size = sum(len(str(value).encode()) for row in rows for button in row for value in button.values())
    if sum(len(row) for row in rows) > _BUTTONS or size > _MARKUP_BYTES:
        raise refuse("reply markup is too long")


def _reply_keyboard(markup: dict[str, Any], chat_type: str) -> dict[str, Any] | None:
    if chat_type == "channel":
        raise refuse("reply keyboards are unallowed in channels")
    rows = [row for row in markup["keyboard"] if row]
    for button in (button for row in rows for button in row):
        if not button["text"].strip():
            raise refuse("keyboard button text must be non-empty")
        if "web_app" in button:
            _web_app(button["web_app"], "keyboard button")
    _fits(rows)
    if len(markup.get("input_field_placeholder", "")) > _PLACEHOLDER:
        raise refuse("BOT_REPLY_KEYBOARD_PLACEHOLDER_INVALID")
    return {**markup, "keyboard": rows} if rows else None


def _inline(button: dict[str, Any], chat_type: str) -> dict[str, Any]:
    if not button["text"].strip():
        raise refuse("inline keyboard button text must be non-empty")
    action = next((name for name in _ACTIONS if name in button and (name not in _FILLED or button[name])), None)
    if action is None:
        raise _in_button("Text buttons are unallowed in the inline keyboard")
    kept: dict[str, Any] = {"text": button["text"].strip(), action: button[action]}
    if button.get("style"):
        if button["style"] not in _STYLES:
            raise _in_button("Unknown button style specified")
        kept["style"] = button["style"]
    _CHECKS.get(action, _any)(kept, chat_type)
    return kept


def _in_button(text: str) -> ApiError:
    return refuse(f"can't parse inline keyboard button: {text}")


def _any(button: dict[str, Any], chat_type: str) -> None:
    pass


def _url(button: dict[str, Any], chat_type: str) -> None:
    try:
        button["url"] = checked(button["url"])
    except BadLinkError as why:
        raise refuse(f"inline keyboard button URL '{button['url']}' is invalid: {why}") from why


def _callback(button: dict[str, Any], chat_type: str) -> None:
    if len(button["callback_data"].encode()) > _CALLBACK_BYTES:
        raise refuse("BUTTON_DATA_INVALID")


def _web_app_button(button: dict[str, Any], chat_type: str) -> None:
    if chat_type != "private":
        raise refuse("BUTTON_TYPE_INVALID")
    _web_app(button["web_app"], "inline keyboard button")


def _web_app(web_app: dict[str, Any], where: str) -> None:
    try:
        web_app["url"] = checked(web_app["url"], https_only=True)
    except BadLinkError as why:
        raise refuse(f"{where} Web App URL '{web_app['url']}' is invalid: {why}") from why


def _login(button: dict[str, Any], chat_type: str) -> None:
    try:
        button["login_url"]["url"] = checked(button["login_url"]["url"], https_only=True)
    except BadLinkError as why:
        url = button["login_url"]["url"]
        raise refuse(f"inline keyboard button login URL '{url}' is invalid: {why}") from why


def _switch(button: dict[str, Any], chat_type: str) -> None:
    if chat_type == "channel":
        raise refuse(
            "can't use switch_inline_query button in a channel chat, because users will not be able to use "
            "the button without knowing bot's username"
        )


def _copy(button: dict[str, Any], chat_type: str) -> None:
    if not 0 < len(button["copy_text"]["text"]) <= _COPY_UNITS:
        raise refuse("BUTTON_COPY_TEXT_INVALID")


def _game(button: dict[str, Any], chat_type: str) -> None:
    raise refuse("BUTTON_TYPE_INVALID")


_CHECKS = {
    "url": _url,
    "callback_data": _callback,
    "web_app": _web_app_button,
    "login_url": _login,
    "switch_inline_query": _any,
    "switch_inline_query_current_chat": _switch,
    "switch_inline_query_chosen_chat": _any,
    "copy_text": _copy,
    "callback_game": _game,
    "pay": _game,
}
