"""One frozen Settings, parsed and cross-checked once at start. All that is wrong is said at once, with the way out."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

TELEGRAM = "https://api.telegram.org"
TOKEN = re.compile(r"\d{1,20}:[A-Za-z0-9_-]{3,128}")
SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
WEBHOOK_PORTS = (443, 80, 88, 8443)


class SettingsError(Exception):
    """The settings can't be used. `problems` holds a sentence for each, saying what to do."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class InDoubt(StrEnum):
    """What becomes of a message whose answer from Telegram never came."""

    RESEND = "resend"
    SKIP = "skip"


class LogFormat(StrEnum):
    CONSOLE = "console"
    JSON = "json"


class Settings(BaseSettings):
    """Environment first, then `.env`. Each field's description is what `tidings check` and docs/operators.md print."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """`load` gathers the values, so that a test can hand over an environment of its own."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)

    telegram_bot_token: SecretStr | None = Field(None, description="from @BotFather; none: the sandbox")
    telegram_api_url: str = Field(TELEGRAM, description="the Bot API server's root")
    database_url: SecretStr = Field(SecretStr("sqlite:///data/tidings.db"), description="SQLite file or PostgreSQL")
    database_direct_url: SecretStr | None = Field(
        None, description="PostgreSQL without its transaction pooler, where DATABASE_URL goes through one"
    )
    owner_ids: Annotated[frozenset[int], NoDecode] = Field(
        frozenset(), description="Telegram user ids of the owners, comma-separated"
    )
    webhook_url: str | None = Field(None, description="public https address; none: long polling")
    webhook_secret: SecretStr | None = Field(
        None, description="shared with Telegram; derived from the token when unset"
    )
    port: int = Field(8080, ge=1, le=65535, description="where web pages, webhook and /healthz are served")
    host: str | None = Field(None, description="address to listen on; none: loopback, or every one for a webhook")
    metrics_token: SecretStr | None = Field(
        None, description="who shows it may read /metrics; none: there are no metrics"
    )
    log_format: LogFormat = Field(LogFormat.CONSOLE, description="console or json")
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR")
    paid_broadcast: bool = Field(False, description="send up to 1,000 messages a second for Telegram Stars")
    paid_stars_a_day: int = Field(1000, ge=1, description="the most that paid broadcast may cost in a day (UTC)")
    in_doubt: InDoubt = Field(InDoubt.RESEND, description="resend or skip messages whose answer never came")
    digest_zone: str = Field("UTC", description="time zone of chats that chose none (IANA name)")
    digest_time: str = Field("08:00", description="digest time of chats that chose none (HH:MM)")
    digest_spread_minutes: int = Field(
        0, ge=0, le=720, description="over so many minutes from DIGEST_TIME on, chats that chose no time share it"
    )
    digest_catch_up_hours: float = Field(
        3, ge=0, le=168, allow_inf_nan=False, description="how late a digest is still composed"
    )
    archive_days: float = Field(
        3, gt=0, le=3650, allow_inf_nan=False, description="feed items older than this are found, never pushed"
    )
    keep_deliveries_days: float = Field(
        30, ge=3, le=3650, allow_inf_nan=False, description="how long each delivery is kept with what became of it"
    )
    keep_replies_days: float = Field(
        30, ge=1, le=3650, allow_inf_nan=False, description="how long it is known which answer held which article"
    )
    keep_copies_days: float = Field(
        365, ge=3, le=3650, allow_inf_nan=False, description="how long it is known which message holds which article"
    )
    fetch_allow_private: Annotated[frozenset[str], NoDecode] = Field(
        frozenset(), description="hosts that may be fetched although they are private, comma-separated"
    )
    data_dir: Path = Field(Path("data"), description="folder of the sandbox's own files")
    dyno: str | None = Field(None, description="set by hosts that throw their disk away (Heroku)")

    @field_validator("owner_ids", mode="before")
    @classmethod
    def _split_ids(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        parts = [part.strip() for part in value.split(",") if part.strip()]
        if not all(part.isdecimal() and 0 < int(part) < 1 << 52 for part in parts):
            raise ValueError("write Telegram user ids, numbers such as 12345678, separated by commas")
        return frozenset(int(part) for part in parts)

    @field_validator("fetch_allow_private", mode="before")
    @classmethod
    def _split_hosts(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return frozenset(part.strip().lower() for part in value.split(",") if part.strip())

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @property
    def token(self) -> str | None:
        return self.telegram_bot_token.get_secret_value() if self.telegram_bot_token else None

    @property
    def database(self) -> str:
        return self.database_url.get_secret_value()

    @property
    def direct_database(self) -> str:
        """The URL for session locks and notifications."""
        return (self.database_direct_url or self.database_url).get_secret_value()

    @property
    def on_sqlite(self) -> bool:
        return self.database.startswith("sqlite")

    @property
    def catch_up(self) -> timedelta:
        return timedelta(hours=self.digest_catch_up_hours)

    @property
    def digest_minute(self) -> int:
        """Minutes from local midnight."""
        hours, minutes = self.digest_time.split(":")
        return int(hours) * 60 + int(minutes)


@dataclass(frozen=True)
class Rule:
    """A check over whole Settings: `broken` tells, `advice` names the options. Skipped if a field is itself wrong."""

    fields: tuple[str, ...]
    broken: Callable[[Settings], bool]
    advice: str


def _valid_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _web_url(url: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _reachable_port(url: str) -> bool:
    return not _web_url(url, ("https",)) or (urlsplit(url).port or 443) in WEBHOOK_PORTS


def _on_postgres(url: str) -> bool:
    return url.split(":", maxsplit=1)[0].split("+", maxsplit=1)[0] in ("postgres", "postgresql")


def _at_telegram(settings: Settings) -> bool:
    return settings.telegram_api_url.rstrip("/") == TELEGRAM


RULES = (
    Rule(
        ("telegram_bot_token",),
        lambda s: s.token is not None and not TOKEN.fullmatch(s.token),
        "TELEGRAM_BOT_TOKEN doesn't look like a bot token (123456:ABC…). Copy it from @BotFather, or unset it "
        "to use the sandbox.",
    ),
    Rule(
        ("telegram_api_url",),
        lambda s: not _web_url(s.telegram_api_url, ("http", "https")),
        "TELEGRAM_API_URL must be a server's root such as https://api.telegram.org or http://127.0.0.1:8181.",
    ),
    Rule(
        ("telegram_api_url", "telegram_bot_token"),
        lambda s: s.token is None and not _at_telegram(s),
        "TELEGRAM_API_URL is set without TELEGRAM_BOT_TOKEN. Set the token, or unset the URL to use the sandbox.",
    ),
    Rule(
        ("database_url",),
        lambda s: s.database.split(":")[0].split("+")[0] not in ("sqlite", "postgres", "postgresql"),
        "DATABASE_URL must begin with sqlite:/// or postgresql://.",
    ),
    Rule(
        ("database_url", "dyno"),
        lambda s: s.dyno is not None and s.on_sqlite,
        "DATABASE_URL is an SQLite file, but this host (DYNO is set) throws its disk away at every restart. "
        "Attach PostgreSQL, which sets DATABASE_URL.",
    ),
    Rule(
        ("database_url", "database_direct_url"),
        lambda s: s.database_direct_url is not None and s.on_sqlite,
        "DATABASE_DIRECT_URL is set, but DATABASE_URL is an SQLite file. Unset the one or give PostgreSQL in both.",
    ),
    Rule(
        ("database_direct_url",),
        lambda s: s.database_direct_url is not None and not _on_postgres(s.direct_database),
        "DATABASE_DIRECT_URL must begin with postgresql://. Or unset it where DATABASE_URL is direct already.",
    ),
    Rule(
        ("telegram_bot_token", "dyno"),
        lambda s: s.dyno is not None and s.token is None,
        "TELEGRAM_BOT_TOKEN is not set, and the sandbox never starts on a host (DYNO is set). Set the token.",
    ),
    Rule(
        ("webhook_url", "telegram_bot_token"),
        lambda s: s.webhook_url is not None and s.token is None,
        "WEBHOOK_URL is set without TELEGRAM_BOT_TOKEN. Set the token, or unset WEBHOOK_URL to use the sandbox.",
    ),
    Rule(
        ("webhook_url",),
        lambda s: s.webhook_url is not None and not _web_url(s.webhook_url, ("https", "http")),
        "WEBHOOK_URL must be a public address such as https://news.example.org.",
    ),
    Rule(
        ("webhook_url", "telegram_api_url"),
        lambda s: s.webhook_url is not None and _at_telegram(s) and s.webhook_url.startswith("http://"),
        "WEBHOOK_URL must begin with https:// for Telegram. Or unset it to use long polling.",
    ),
    Rule(
        ("webhook_url", "telegram_api_url"),
        lambda s: s.webhook_url is not None and _at_telegram(s) and not _reachable_port(s.webhook_url),
        "WEBHOOK_URL has a port that Telegram doesn't call; it calls 443, 80, 88 and 8443.",
    ),
    Rule(
        ("webhook_secret",),
        lambda s: s.webhook_secret is not None and not SECRET.fullmatch(s.webhook_secret.get_secret_value()),
        "WEBHOOK_SECRET may hold 1 to 256 of A-Z, a-z, 0-9, _ and -.",
    ),
    Rule(
        ("webhook_secret", "webhook_url"),
        lambda s: s.webhook_secret is not None and s.webhook_url is None,
        "WEBHOOK_SECRET is set without WEBHOOK_URL. Set WEBHOOK_URL too, or unset the secret to use long polling.",
    ),
    Rule(
        ("log_level",),
        lambda s: s.log_level not in ("DEBUG", "INFO", "WARNING", "ERROR"),
        "LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR.",
    ),
    Rule(
        ("digest_zone",),
        lambda s: not _valid_zone(s.digest_zone),
        "DIGEST_ZONE must be an IANA time zone such as Europe/Berlin or UTC.",
    ),
    Rule(
        ("digest_time",),
        lambda s: not re.fullmatch(r"([01]?\d|2[0-3]):[0-5]\d", s.digest_time),
        "DIGEST_TIME must be a time such as 08:00.",
    ),
)


def load(environ: Mapping[str, str] | None = None, env_file: Path | None = Path(".env")) -> Settings:
    """Settings from `environ` (the process's by default) over `env_file`. Raises SettingsError with every problem."""
    values = {**_from_file(env_file), **_from_environ(os.environ if environ is None else environ)}
    try:
        settings, wrong = Settings.model_validate(values), dict[str, str]()
    except ValidationError as error:
        wrong = {str(item["loc"][0]): _explain(item) for item in error.errors(include_url=False)}
        settings = Settings.model_validate({name: value for name, value in values.items() if name not in wrong})
    problems = (*wrong.values(), *(rule.advice for rule in _broken(settings, set(wrong))))
    if problems:
        raise SettingsError(problems)
    return settings


def _from_file(env_file: Path | None) -> dict[str, str]:
    if env_file is None or not env_file.is_file():
        return {}
    try:
        found = DotEnvSettingsSource(Settings, env_file=env_file, env_ignore_empty=True)()
    except (UnicodeDecodeError, OSError):
        raise SettingsError((f"{env_file} can't be read; save it as UTF-8 text, with lines NAME=value.",)) from None
    return {name: value for name, value in found.items() if name in Settings.model_fields}


def _from_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """Empty means unset, as hosts' dashboards and `.env.example` leave it."""
    found = {name: environ.get(name.upper(), "").strip() for name in Settings.model_fields}
    return {name: value for name, value in found.items() if value}


def _broken(settings: Settings, wrong: set[str]) -> Iterator[Rule]:
    for rule in RULES:
        if wrong.isdisjoint(rule.fields) and rule.broken(settings):
            yield rule


def _explain(item: ErrorDetails) -> str:
    """Never quotes the value: it may be a secret in the wrong place."""
    name = str(item["loc"][0])
    reason = item["msg"].removeprefix("Value error, ")
    described = Settings.model_fields[name].description
    return f"{name.upper()} can't be used: {reason}. It is: {described}."
