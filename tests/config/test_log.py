import json
import subprocess
import sys

import pytest

from config.log import Redactor

TOKEN = "123456789:AAH-abcdefghijklmnopqrstuvwxyz01234"
SCRIPT = f"""
import logging, structlog
from config import log
log.configure(json={{json}}, level="INFO")
structlog.get_logger("room").info("article_added", article_id=7, url="https://x/bot{TOKEN}/getMe", obj=["{TOKEN}"])
logging.getLogger("library").warning("POST %s", "https://x/bot{TOKEN}/sendMessage")
try:
    raise ValueError("{TOKEN}")
except ValueError:
    structlog.get_logger("room").exception("failed")
"""


def run(json_lines: bool) -> list[str]:
    script = SCRIPT.format(json=json_lines)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=30)
    return done.stderr.splitlines()


@pytest.mark.parametrize("json_lines", [True, False], ids=["json", "console"])
def test_no_line_shows_a_token_wherever_it_hides(json_lines: bool) -> None:
    lines = run(json_lines)
    assert lines
    assert not any(TOKEN in line for line in lines)


def test_json_lines_keep_event_names_and_fields() -> None:
    first = json.loads(run(True)[0])
    assert (first["event"], first["article_id"], first["level"]) == ("article_added", 7, "info")


def test_given_secrets_are_masked_however_short() -> None:
    redact = Redactor(["12:abc", ""])
    assert redact.redact("see 12:abc and /bot9:x/getMe") == "see *** and /bot9:***/getMe"
