"""An HTTP request to raw parameters and uploaded files: query, urlencoded, JSON and multipart alike."""

from __future__ import annotations

from email.message import Message
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import BodyPartReader, web

from sandbox.access import Upload
from sandbox.errors import ApiError, refuse
from sandbox.validate import parse_json

MAX_BODY = 55 * 1024 * 1024
_TOO_LARGE = "Request Entity Too Large"


async def read_call(request: web.Request) -> tuple[dict[str, Any], dict[str, Upload]]:
    """Parameters of the query and the body (which wins), and files; raises ApiError 400 or 413."""
    raw: dict[str, Any] = dict(request.query) if request.query_string else {}
    if request.method != "POST" or not request.can_read_body:
        return raw, {}
    if (request.content_length or 0) > MAX_BODY:
        raise ApiError(413, _TOO_LARGE)
    kind = request.content_type
    if kind == "multipart/form-data":
        fields, files = await _multipart(request)
        return {**raw, **fields}, files
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge as wrong:
        raise ApiError(413, _TOO_LARGE) from wrong
    if kind == "application/json":
        return {**raw, **_json(body)}, {}
    return {**raw, **_form(body)}, {}


def _json(body: bytes) -> dict[str, Any]:
    if not body.strip():
        return {}
    try:
        parsed = parse_json(body.decode(), "can't parse JSON object")
    except UnicodeDecodeError as wrong:
        raise refuse("strings must be encoded in UTF-8") from wrong
    if not isinstance(parsed, dict):
        raise refuse("expected an Object")
    return parsed


def _form(body: bytes) -> dict[str, Any]:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, errors="strict"))
    except (UnicodeDecodeError, ValueError) as wrong:
        raise refuse("strings must be encoded in UTF-8") from wrong


async def _multipart(request: web.Request) -> tuple[dict[str, Any], dict[str, Upload]]:
    fields: dict[str, Any] = {}
    files: dict[str, Upload] = {}
    left = MAX_BODY
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader) or not part.name:
                continue
            data = await _part(part, left)
            left -= len(data)
            if part.filename is None:
                fields[part.name] = data.decode()
            else:
                files[part.name] = Upload(part.filename, _content_type(part), data)
    except UnicodeDecodeError as wrong:
        raise refuse("strings must be encoded in UTF-8") from wrong
    except (ValueError, AssertionError, RuntimeError, web.HTTPException) as wrong:
        raise refuse("can't parse multipart form data") from wrong
    return fields, files


async def _part(part: BodyPartReader, left: int) -> bytes:
    data = bytearray()
    while chunk := await part.read_chunk(65_536):
        data += chunk
        if len(data) > left:
            raise ApiError(413, _TOO_LARGE)
    return bytes(part.decode(bytes(data))) if part.headers.get("Content-Encoding") else bytes(data)


def _content_type(part: BodyPartReader) -> str:
    header = Message()
    header["Content-Type"] = part.headers.get("Content-Type", "application/octet-stream")
    return header.get_content_type()
