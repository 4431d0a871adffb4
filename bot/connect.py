"""The connection to Telegram: python-telegram-bot on our transport, paced, and silent about its token."""

from telegram.error import InvalidToken, TelegramError
from telegram.ext import ExtBot

from delivery.limiter import Limiter, Turn
from delivery.transport import AiohttpRequest


def connect(token: str, api_url: str, limiter: Limiter | None = None) -> ExtBot[Turn]:
    """A bot at a Bot API server's root. Nothing is called until it is initialized."""
    root = api_url.rstrip("/")
    return ExtBot(
        token=token,
        base_url=f"{root}/bot",
        base_file_url=f"{root}/file/bot",
        request=AiohttpRequest(),
        get_updates_request=AiohttpRequest(),
        rate_limiter=limiter,
    )


def explain(error: TelegramError) -> str:
    """What went wrong at the connection and what to do. Library messages may quote the token: never repeated here."""
    if isinstance(error, InvalidToken):
        return "Telegram refuses TELEGRAM_BOT_TOKEN. Copy it from @BotFather again."
    return f"Telegram can't be reached ({type(error).__name__}). Check the network and TELEGRAM_API_URL."


async def health(token: str, api_url: str) -> tuple[bool, str]:
    """Whether Telegram knows the token, and a sentence about it."""
    bot = connect(token, api_url)
    try:
        async with bot:
            return True, f"answers as @{bot.username}"
    except TelegramError as error:
        return False, explain(error)
