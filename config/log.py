"""Logging: constant event names with fields, one line each, and never a bot token in any of them."""

import logging
import re
import sys
from collections.abc import Iterable, MutableMapping
from typing import Any

import structlog

# Telegram puts the token into the path of every call; libraries log and raise paths.
TOKEN = re.compile(r"\b(\d{5,20}):[A-Za-z0-9_-]{20,}|(?<=bot)(\d+):[A-Za-z0-9_-]+")


class Redactor:
    """A structlog processor that masks whatever looks like a bot token, and the given secrets, in every field."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = tuple(secret for secret in secrets if secret)

    def redact(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return TOKEN.sub(lambda found: f"{found[1] or found[2]}:***", text)

    def __call__(self, _logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        for key, value in event.items():
            if isinstance(value, bool | int | float | None):
                continue
            shown = value if isinstance(value, str) else repr(value)
            clean = self.redact(shown)
            if clean != shown or isinstance(value, str):
                event[key] = clean
        return event


def configure(*, json: bool, level: str, secrets: Iterable[str] = ()) -> None:
    """Send structlog's and every library's lines to stderr, as text or as JSON, without `secrets`."""
    redact = Redactor(secrets)
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[structlog.typing.Processor] = (
        [structlog.processors.format_exc_info, redact, structlog.processors.JSONRenderer(ensure_ascii=False)]
        if json
        else [
            structlog.processors.format_exc_info,
            redact,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in (
        "alembic",
        "httpx",
        "httpcore",
        "telegram",
        "aiohttp.access",
        "aiosqlite",
        "trafilatura",
    ):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level)))
    # A tick that is still at work when its next turn comes is no news: that turn is left out, as it is meant to be.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
