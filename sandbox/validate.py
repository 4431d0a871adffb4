"""Pure: a call's raw parameters, as they came over HTTP, to typed values by the table of methods.

Telegram takes parameters as strings, numbers or JSON text whichever way they were sent, so `"5"` is an Integer and
`'{"a": 1}'` an object; what can't be read as its type is refused in Telegram's words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from sandbox.errors import ApiError, refuse
from sandbox.methods import METHODS, OBJECTS, OPAQUE, UNIONS, Param

MAX_DEPTH = 100  # of nested JSON; as deep as Telegram's own decoder goes
_INTEGER = re.compile(r"[+-]?\d{1,19}")
_TRUE = frozenset({"true", "yes", "1"})
_FALSE = frozenset({"false", "no", "0", ""})
_MARKUPS = {"keyboard": "ReplyKeyboardMarkup", "inline_keyboard": "InlineKeyboardMarkup"}
_MARKUP_FLAGS = {"remove_keyboard": "ReplyKeyboardRemove", "force_reply": "ForceReply"}

# What a missing duty is called; any other: `parameter "x" is required`.
_MISSING = {
    "chat_id": "chat_id is empty",
    "from_chat_id": "chat_id is empty",
    "text": "message text is empty",
    "message_id": "message identifier is not specified",
    "message_ids": "message identifiers are not specified",
    "user_id": "invalid user_id specified",
    "photo": "there is no photo in the request",
    "document": "there is no document in the request",
    "callback_query_id": "query is too old and response timeout expired or query ID is invalid",
    "inline_query_id": "query is too old and response timeout expired or query ID is invalid",
    "action": "wrong parameter action in request",
    "file_id": "file_id not specified",
    "media": "there is no media in the request",
    "rich_message": "rich message must be non-empty",
}

# What JSON of a parameter can't be read as.
_NAMES = {
    "link_preview_options": "link preview options JSON object",
    "reply_markup": "reply keyboard markup JSON object",
    "reply_parameters": "reply parameters JSON object",
    "entities": "entities JSON object",
    "caption_entities": "entities JSON object",
    "commands": "commands JSON object",
    "scope": "BotCommandScope JSON object",
    "menu_button": "menu button JSON object",
    "media": "media JSON object",
    "rich_message": "rich message JSON object",
    "allowed_updates": "allowed updates JSON object",
}


class _WrongError(Exception):
    """A nested value that is not of its type; the sentence says how."""


def check(method: str, raw: Mapping[str, Any], files: Mapping[str, Any]) -> dict[str, Any]:
    """Typed values of `method`'s parameters; absent ones are left out, unknown ones ignored as Telegram does.

    Raises ApiError 400. Parameters that are files (uploaded) are left to the method.
    """
    values: dict[str, Any] = {}
    for param in METHODS[method]:
        value = raw.get(param.name)
        if value is None or value == "":
            _demand(param, files)
            continue
        values[param.name] = _top(param, value)
    return values


def _demand(param: Param, files: Mapping[str, Any]) -> None:
    if not param.required or ("InputFile" in param.types and param.name in files):
        return
    if param.types == ("Boolean",):
        return
    if param.name == "url":  # setWebhook: an empty address removes the webhook
        return
    raise refuse(_MISSING.get(param.name, f'parameter "{param.name}" is required'))


def _top(param: Param, value: Any) -> Any:
    simple = param.types[0]
    if simple == "Integer":
        return _chat(value) if "String" in param.types else _integer(param.name, value)
    if simple == "Boolean":
        return _boolean(param.name, value)
    if "String" in param.types:
        return _string(param.name, value)
    if simple == "InputFile":
        return value
    parsed = _parse(param.name, value)
    try:
        return _nested(param.types, parsed, param.name)
    except _WrongError as wrong:
        raise _explain(param, parsed, str(wrong)) from wrong


def _explain(param: Param, parsed: Any, wrong: str) -> ApiError:
    if param.name == "reply_markup":
        return refuse("object expected as reply markup" if not isinstance(parsed, dict) else wrong)
    if param.name == "scope":
        return refuse(f"can't parse BotCommandScope: {wrong}")
    if param.name == "commands" and not isinstance(parsed, list):
        return refuse("expected an Array of BotCommand")
    name = _NAMES.get(param.name, param.name)
    return refuse(f"can't parse {name.removesuffix(' JSON object')}: {wrong}")


def _integer(name: str, value: Any) -> int:
    if isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        if name.endswith("message_id"):
            raise refuse("message identifier is not specified")
        if name == "user_id":
            raise refuse("invalid user_id specified")
        raise refuse(f'field "{name}" must be of type Number')
    return value


def _chat(value: Any) -> int | str:
    if isinstance(value, str):
        return int(value) if _INTEGER.fullmatch(value.strip()) else value
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise refuse("chat not found")


def _boolean(name: str, value: Any) -> bool:
    text = str(value).strip().lower() if isinstance(value, bool | int | str) else None
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise refuse(f'field "{name}" must be of type Boolean')


def _string(name: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise refuse(f'field "{name}" must be of type String')
    text = str(value)
    try:
        text.encode()
    except UnicodeEncodeError as wrong:
        raise refuse("strings must be encoded in UTF-8") from wrong
    return text


def _parse(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return parse_json(value, f"can't parse {_NAMES.get(name, name + ' JSON object')}")


def parse_json(text: str | bytes, refusal: str) -> Any:
    """JSON that is not nested without end; raises ApiError 400 with `refusal`."""
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError) as wrong:
        raise refuse(refusal) from wrong
    if too_deep(parsed):
        raise refuse(refusal)
    return parsed


def too_deep(value: Any, limit: int = MAX_DEPTH) -> bool:
    """Whether arrays and objects nest deeper than `limit`; walks without recursion."""
    level = [value]
    for _ in range(limit):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return False
    return True


def _inside(value: Any) -> list[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [item for item in inner if isinstance(item, dict | list)]


def _nested(types: tuple[str, ...], value: Any, name: str) -> Any:
    if len(types) > 1 and types[0].endswith("Markup"):
        return _markup(value)
    kind = types[0]
    if kind.startswith("Array of "):
        return _array(types, value, name)
    return _one(types, value, name)


def _array(types: tuple[str, ...], value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise _WrongError(f'Field "{name}" must be of type Array')
    inner = tuple(kind.removeprefix("Array of ") for kind in types)
    return [_nested(inner, item, name) for item in value]


def _one(types: tuple[str, ...], value: Any, name: str) -> Any:
    kind = types[0]
    if kind == "Integer" and "String" in types:
        return _scalar(("Integer", "String"), value, name)
    if kind in {"Integer", "String", "Boolean"}:
        return _scalar((kind,), value, name)
    if not isinstance(value, dict):
        raise _WrongError(f"{kind} must be an Object")
    if kind in OPAQUE:
        return value
    if kind in UNIONS or len(types) > 1:
        return _fields(_variant(types, value), value)
    return _fields(kind, value)


def _scalar(kinds: tuple[str, ...], value: Any, name: str) -> Any:
    if "Boolean" in kinds and isinstance(value, bool):
        return value
    if "Integer" in kinds and isinstance(value, int) and not isinstance(value, bool):
        return value
    if "Integer" in kinds and isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(value)
    if "String" in kinds and isinstance(value, str):
        return _clean(value)
    if kinds == ("String",) and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    kind = "Number" if kinds[0] == "Integer" else kinds[0]
    raise _WrongError(f'Field "{name}" must be of type {kind}')


def _clean(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as wrong:
        raise _WrongError("strings must be encoded in UTF-8") from wrong
    return text


def _variant(types: tuple[str, ...], value: dict[str, Any]) -> str:
    if "type" not in value:
        raise _WrongError('Can\'t find field "type"')
    union = types[0] if types[0] in UNIONS else "InputMedia"
    found = UNIONS[union].get(str(value["type"]))
    if found is None or (len(types) > 1 and found not in types):
        raise _WrongError("Unsupported type specified")
    return found


def _fields(kind: str, value: dict[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for param in OBJECTS[kind]:
        inner = value.get(param.name)
        if inner is None:
            if param.required:
                raise _WrongError(f'Can\'t find field "{param.name}"')
            continue
        fields[param.name] = _nested(param.types, inner, param.name)
    return fields


def _markup(value: Any) -> dict[str, Any]:
    """A reply markup is told by the field it has; keyboards have their own wording, made here."""
    if not isinstance(value, dict):
        raise _WrongError("Object expected as reply markup")
    for field, kind in _MARKUPS.items():
        if value.get(field) is not None:
            return _keyboard(field, kind, value)
    for field, kind in _MARKUP_FLAGS.items():
        if value.get(field) is not None:
            return _fields(kind, value)
    return {}


def _keyboard(field: str, kind: str, value: dict[str, Any]) -> dict[str, Any]:
    rows = value[field]
    if not isinstance(rows, list):
        raise _WrongError(f'Field "{field}" of the {kind} must be an Array')
    if not all(isinstance(row, list) for row in rows):
        raise _WrongError(f'Field "{field}" of the {kind} must be an Array of Arrays')
    button = "InlineKeyboardButton" if field == "inline_keyboard" else "KeyboardButton"
    name = "inline keyboard button" if field == "inline_keyboard" else "keyboard button"
    try:
        kept = [[_button(button, item) for item in row] for row in rows]
    except _WrongError as wrong:
        raise _WrongError(f"can't parse {name}: {wrong}") from wrong
    others = tuple(param for param in OBJECTS[kind] if param.name != field and value.get(param.name) is not None)
    flags = {param.name: _nested(param.types, value[param.name], param.name) for param in others}
    return {field: kept, **flags}


def _button(kind: str, value: Any) -> dict[str, Any]:
    if kind == "KeyboardButton" and isinstance(value, str):
        return {"text": _clean(value)}
    if not isinstance(value, dict):
        raise _WrongError(f"{kind} must be {'a String or ' if kind == 'KeyboardButton' else ''}an Object")
    return _fields(kind, value)
