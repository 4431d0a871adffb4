from pathlib import Path

import pytest

from config.settings import InDoubt, Settings, SettingsError, load

GOOD_TOKEN = "123456789:AAH-abcdefghijklmnopqrstuvwxyz01234"


def problems(environ: dict[str, str]) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load(environ, env_file=None)
    return caught.value.problems


def test_nothing_configured_means_sqlite_and_the_sandbox() -> None:
    settings = load({}, env_file=None)
    assert (settings.token, settings.database, settings.port) == (None, "sqlite:///data/tidings.db", 8080)


def test_environment_beats_the_env_file_and_empty_means_unset(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("PORT=9000\nOWNER_IDS=1, 2\nIN_DOUBT=skip\nSOMETHING_ELSE=x\nLOG_FORMAT=\n")
    settings = load({"PORT": "9100", "OWNER_IDS": ""}, env_file=env_file)
    assert (settings.port, settings.owner_ids, settings.in_doubt) == (9100, frozenset({1, 2}), InDoubt.SKIP)


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"PORT": "http"}, "PORT"),
        ({"PORT": "0"}, "PORT"),
        ({"OWNER_IDS": "@me"}, "OWNER_IDS"),
        ({"IN_DOUBT": "maybe"}, "IN_DOUBT"),
        ({"TELEGRAM_BOT_TOKEN": "my-token"}, "@BotFather"),
        ({"TELEGRAM_BOT_TOKEN": GOOD_TOKEN, "TELEGRAM_API_URL": "ftp://x"}, "TELEGRAM_API_URL"),
        ({"TELEGRAM_API_URL": "http://127.0.0.1:8181"}, "TELEGRAM_BOT_TOKEN"),
        ({"DATABASE_URL": "mysql://x"}, "sqlite:///"),
        ({"DYNO": "web.1", "TELEGRAM_BOT_TOKEN": GOOD_TOKEN}, "PostgreSQL"),
        ({"DYNO": "web.1", "DATABASE_URL": "postgres://x/y"}, "sandbox never starts"),
        ({"WEBHOOK_URL": "https://x.example"}, "TELEGRAM_BOT_TOKEN"),
        ({"WEBHOOK_URL": "http://x.example", "TELEGRAM_BOT_TOKEN": GOOD_TOKEN}, "https://"),
        ({"WEBHOOK_URL": "https://x.example:8081", "TELEGRAM_BOT_TOKEN": GOOD_TOKEN}, "8443"),
        ({"WEBHOOK_SECRET": "s3cret"}, "WEBHOOK_URL"),
        ({"WEBHOOK_SECRET": "not ok!", "WEBHOOK_URL": "https://x", "TELEGRAM_BOT_TOKEN": GOOD_TOKEN}, "256"),
        ({"DIGEST_ZONE": "Mars/Base"}, "IANA"),
        ({"DIGEST_ZONE": "../etc/passwd"}, "IANA"),
        ({"DIGEST_TIME": "25:00"}, "DIGEST_TIME"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL"),
        ({"DATABASE_DIRECT_URL": "postgres://x/y"}, "DATABASE_DIRECT_URL"),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, dict) else None,
)
def test_each_wrong_or_contradictory_value_is_named_with_the_way_out(environ: dict[str, str], says: str) -> None:
    assert any(says in problem for problem in problems(environ))


def test_everything_wrong_is_said_at_once_and_no_secret_with_it() -> None:
    found = problems({"PORT": "x", "DIGEST_TIME": "9", "TELEGRAM_BOT_TOKEN": "secret-token", "OWNER_IDS": "secret-id"})
    assert len(found) == 4
    assert "secret-" not in "".join(found)


def test_every_setting_says_what_it_is_and_none_prints_a_secret() -> None:
    settings = load({"TELEGRAM_BOT_TOKEN": GOOD_TOKEN, "DATABASE_URL": "postgres://u:pa55@h/d"}, env_file=None)
    assert all(field.description for field in Settings.model_fields.values())
    assert "pa55" not in repr(settings)
    assert GOOD_TOKEN not in repr(settings)
