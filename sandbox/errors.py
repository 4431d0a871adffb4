"""What the server refuses, in the Bot API's words.

    ApiError            an answer {"ok": false, ...} with its HTTP status
    ControlError        the same for the control API under /sandbox/: a status and one sentence

Texts and their rules come from the sources of tdlib/telegram-bot-api and tdlib/td.
"""

from __future__ import annotations

from typing import Any

_PREFIXES = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 409: "Conflict", 500: "Internal Server Error"}


class ApiError(Exception):
    """One refused call: HTTP status, full description, and `parameters` where Telegram sends them."""

    def __init__(self, code: int, description: str, parameters: dict[str, int] | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    def envelope(self) -> dict[str, Any]:
        """The JSON object that answers the call."""
        answer: dict[str, Any] = {"ok": False, "error_code": self.code, "description": self.description}
        if self.parameters:
            answer["parameters"] = self.parameters
        return answer


class ControlError(Exception):
    """A request to the control API that can't be done."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def refuse(text: str, code: int = 400, parameters: dict[str, int] | None = None) -> ApiError:
    """Telegram's prefix and case: "Can't parse X" becomes "Bad Request: can't parse X", BUTTON_DATA_INVALID stays."""
    keeps_case = len(text) > 1 and (text[1] == "_" or "A" <= text[1] <= "Z")
    body = text if keeps_case else text[:1].lower() + text[1:]
    return ApiError(code, f"{_PREFIXES[code]}: {body}", parameters)


def too_many(seconds: int) -> ApiError:
    """429 with the seconds to wait, in the text, in `parameters` and (by the server) in the Retry-After header."""
    return ApiError(429, f"Too Many Requests: retry after {seconds}", {"retry_after": seconds})


def not_found(what: str = "") -> ApiError:
    """404: a path that is no method call, or (`method not found`) a method that isn't here."""
    return ApiError(404, f"Not Found: {what}" if what else "Not Found")
