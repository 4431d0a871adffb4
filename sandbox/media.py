"""Photos and documents: uploads kept as files, file ids, and addresses (kept as such: the sandbox fetches nothing)."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Mapping
from typing import Any

from sandbox.access import Upload
from sandbox.errors import refuse
from sandbox.links import BadLinkError, checked
from sandbox.world import World

_PHOTO_BYTES = 10 * 1024 * 1024
_FILE_BYTES = 50 * 1024 * 1024


def photo(world: World, files: Mapping[str, Upload], source: Any, field: str) -> dict[str, Any]:
    """Field `photo` of a message, from an upload, a file_id or an address; raises ApiError 400."""
    upload = _uploaded(files, source, field)
    if upload is None:
        return {"photo": _known(world, source, "photo")}
    _check_size(upload, _PHOTO_BYTES)
    if not _is_image(upload.data):
        raise refuse("IMAGE_PROCESS_FAILED")
    size = {**_keep(world, upload, "photo"), "width": 800, "height": 600}
    return {"photo": _remember(world, size, [size])}


def document(world: World, files: Mapping[str, Upload], source: Any, field: str) -> dict[str, Any]:
    """Field `document` of a message, likewise."""
    upload = _uploaded(files, source, field)
    if upload is None:
        return {"document": _known(world, source, "document")}
    _check_size(upload, _FILE_BYTES)
    return {"document": keep_document(world, upload)}


def keep_document(world: World, upload: Upload) -> dict[str, Any]:
    """Store a file so that getFile finds it; the Bot API's Document."""
    kept = _keep(world, upload, "document")
    mime = mimetypes.guess_type(upload.name)[0] or upload.content_type or "application/octet-stream"
    found: dict[str, Any] = _remember(world, kept, {**kept, "file_name": upload.name, "mime_type": mime})
    return found


def _check_size(upload: Upload, most: int) -> None:
    if len(upload.data) > most:
        raise refuse("file is too big")
    if not upload.data:
        raise refuse("file must be non-empty")


def _uploaded(files: Mapping[str, Upload], source: Any, field: str) -> Upload | None:
    if isinstance(source, str) and source.startswith("attach://"):
        name = source.removeprefix("attach://")
        if name not in files:
            raise refuse("wrong file identifier/HTTP URL specified")
        return files[name]
    return files.get(field) if not source else None


def _is_image(data: bytes) -> bool:
    return data.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM")) or data[8:12] == b"WEBP"


def _keep(world: World, upload: Upload, kind: str) -> dict[str, Any]:
    digest = hashlib.sha256(upload.data + upload.name.encode("utf-8", "replace")).hexdigest()
    extension = upload.name.rpartition(".")[2] if "." in upload.name else ""
    suffix = f".{extension}" if extension.isalnum() else ""
    file_id = f"{kind}-{digest[:40]}"
    path = f"{kind}s/{digest[:12]}{suffix}"
    world.contents[path] = upload.data
    world.files[file_id] = {"file_path": path, "kind": kind, "size": len(upload.data)}
    world.touch("file", file_id)
    return {"file_id": file_id, "file_unique_id": digest[:16], "file_size": len(upload.data)}


def _remember(world: World, kept: dict[str, Any], content: Any) -> Any:
    world.files[kept["file_id"]]["content"] = content
    return content


def _known(world: World, source: Any, kind: str) -> Any:
    text = str(source or "")
    known = world.files.get(text)
    if known:
        if known["kind"] != kind:
            raise refuse(f"can't use file of type {known['kind'].capitalize()} as {kind.capitalize()}")
        return known["content"]
    if "://" in text or text.startswith("www."):
        return _by_address(world, text, kind)
    raise refuse("wrong file identifier/HTTP URL specified")


def _by_address(world: World, address: str, kind: str) -> Any:
    try:
        url = checked(address)
    except BadLinkError as wrong:
        raise refuse("wrong HTTP URL specified") from wrong
    digest = hashlib.sha256(url.encode()).hexdigest()
    base = {"file_id": f"{kind}-{digest[:40]}", "file_unique_id": digest[:16], "file_size": 0}
    one_size = [{**base, "width": 800, "height": 600}]
    content: Any = one_size if kind == "photo" else {**base, "file_name": url.rpartition("/")[2] or "file"}
    file_id = str(base["file_id"])
    world.files[file_id] = {"file_path": "", "kind": kind, "size": 0, "content": content, "url": url}
    world.touch("file", file_id)
    return content
