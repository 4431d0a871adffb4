"""aiogram's usual broadcast: one message after another, 50 ms apart, a wait where Telegram asks for one."""

import asyncio
from collections.abc import Iterable
from typing import Any

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramRetryAfter

from benchmarks.world import TEXT, TOKEN

PAUSE_SECONDS = 0.05


async def broadcast(root: str, chat_ids: Iterable[int], askers: Any) -> None:
    session = AiohttpSession(api=TelegramAPIServer.from_base(root))
    async with Bot(TOKEN, session=session) as bot, askers.asking(lambda chat_id: send(bot, chat_id)):
        askers.begin()
        for chat_id in chat_ids:
            await send(bot, chat_id)
            await asyncio.sleep(PAUSE_SECONDS)


async def send(bot: Bot, chat_id: int) -> None:
    try:
        await bot.send_message(chat_id, TEXT, parse_mode="HTML")
    except TelegramRetryAfter as error:
        await asyncio.sleep(error.retry_after)
        await send(bot, chat_id)
