from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.calls import CALLS
from sandbox.methods import METHODS, OBJECTS, OPAQUE, UNIONS

SPECIFICATION = Path(__file__).parents[3] / "shared" / "botapi" / "api.json"
ELSEWHERE = {"getUpdates", "setWebhook", "deleteWebhook", "getWebhookInfo"}


@pytest.fixture(scope="module")
def specification() -> dict[str, Any]:
    if not SPECIFICATION.exists():
        pytest.skip("the specification is not at hand")
    content: dict[str, Any] = json.loads(SPECIFICATION.read_text(encoding="utf-8"))
    return content


def _as_table(fields: list[dict[str, Any]]) -> list[tuple[str, tuple[str, ...], bool]]:
    return [(field["name"], tuple(field["types"]), field["required"]) for field in fields]


@pytest.mark.parametrize("name", METHODS)
def test_method_is_as_specified(specification: dict[str, Any], name: str) -> None:
    ours = [(param.name, param.types, param.required) for param in METHODS[name]]
    assert ours == _as_table(specification["methods"][name].get("fields", []))


@pytest.mark.parametrize("name", OBJECTS)
def test_object_is_as_specified(specification: dict[str, Any], name: str) -> None:
    ours = [(param.name, param.types, param.required) for param in OBJECTS[name]]
    assert ours == _as_table(specification["types"][name].get("fields", []))


@pytest.mark.parametrize("name", UNIONS)
def test_union_is_as_specified(specification: dict[str, Any], name: str) -> None:
    assert set(UNIONS[name].values()) == set(specification["types"][name]["subtypes"])


def test_every_method_of_the_table_is_answered() -> None:
    assert set(CALLS) | ELSEWHERE == set(METHODS)


def test_every_type_of_the_table_is_known() -> None:
    simple = {"Integer", "String", "Boolean", "InputFile"}
    params = [param for table in (METHODS, OBJECTS) for row in table.values() for param in row]
    used = {kind.replace("Array of ", "") for param in params for kind in param.types}
    assert used <= simple | set(OBJECTS) | set(UNIONS) | OPAQUE
