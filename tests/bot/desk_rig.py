"""A newsroom on a sandbox: people who write and press, the bot that replies, over real HTTP."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiohttp
from telegram import Bot
from telegram.ext import ExtBot

from bot.ask import Identity, Terms, utc_now
from bot.limits import Limits
from bot.registry import Registry
from bot.router import Router
from delivery.transport import AiohttpRequest
from sandbox.server import Sandbox, serve
from storage import articles, editors, sources, topics
from storage.database import Database
from storage.records import Article, ArticleDraft, ArticleStatus, NewArticle, Role, SourceKind, TopicRule, TopicSpec

OWNER, ANN, BEN, READER = 1001, 1002, 1003, 1004
GROUP = -100_500
PEOPLE = {OWNER: "Olga", ANN: "Ann <b>", BEN: "Ben & Co", READER: "Rita"}
ROLES = {OWNER: Role.OWNER, ANN: Role.EDITOR, BEN: Role.CONTRIBUTOR}

TOPICS = (
    TopicSpec("asia", "Asia", rule=TopicRule(strong=("Asia",))),
    TopicSpec("korea", "Korea", ("South Korea", "한국"), TopicRule(strong=("Korea", "Seoul")), parent="asia"),
    TopicSpec("china", "China", ("中国",), TopicRule(strong=("China", "Beijing")), parent="asia"),
    TopicSpec("economy", "Economy", rule=TopicRule(strong=("economy", "central bank"))),
)


@dataclass(frozen=True, slots=True)
class Said:
    """A message of the bot as its reader has it."""

    message_id: int
    text: str
    buttons: dict[str, str]  # label → data or URL

    def data(self, label: str) -> str:
        """Of the button whose label holds these words."""
        found = [data for text, data in self.buttons.items() if label in text]
        assert found, f"no button {label!r} among {list(self.buttons)}"
        return found[0]


class Newsroom:
    def __init__(self, db: Database, sandbox: Sandbox, bot: Bot, http: aiohttp.ClientSession, router: Router) -> None:
        self.db = db
        self.sandbox = sandbox
        self.bot = bot
        self.http = http
        self.router = router
        self._offset = 0

    async def post(self, path: str, body: Any) -> Any:
        async with self.http.post(f"/sandbox/{path}", json=body) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def say(self, user: int, text: str, *, chat: int | None = None, reply_to: int | None = None) -> list[Said]:
        """Write; the bot's messages that this led to in the chat."""
        place = chat or user
        before = await self._last(place)
        await self.post(f"chats/{place}/messages", {"from": user, "text": text, "reply_to": reply_to})
        await self.handle()
        return [said for said in await self.said(place) if said.message_id > before]

    async def send_file(self, user: int, name: str, content: bytes, caption: str = "") -> list[Said]:
        before = await self._last(user)
        form = aiohttp.FormData(quote_fields=False)
        form.add_field("from", str(user))
        form.add_field("caption", caption)
        form.add_field("file", content, filename=name)
        async with self.http.post(f"/sandbox/chats/{user}/documents", data=form) as response:
            assert response.status == 200, await response.text()
        await self.handle()
        return [said for said in await self.said(user) if said.message_id > before]

    async def press(
        self, user: int, said: Said, label: str, *, chat: int | None = None
    ) -> tuple[Said, list[Said], str]:
        """The message as it is after the press, the new messages, and the toast."""
        return await self.press_data(user, said, said.data(label), chat=chat)

    async def press_data(
        self, user: int, said: Said, data: str, *, chat: int | None = None
    ) -> tuple[Said, list[Said], str]:
        place = chat or user
        before = await self._last(place)
        pressed = {"from": user, "message_id": said.message_id, "data": data}
        await self.post(f"chats/{place}/callbacks", pressed)
        await self.handle()
        everything = await self.said(place)
        edited = next(item for item in everything if item.message_id == said.message_id)
        return edited, [item for item in everything if item.message_id > before], await self._toast()

    async def handle(self) -> None:
        """What Telegram has for the bot goes through the router, in order."""
        while True:
            updates = await self.bot.get_updates(offset=self._offset, timeout=0)
            if not updates:
                return
            for update in updates:
                self._offset = update.update_id + 1
                await self.router.handle(update.to_dict())

    async def said(self, chat: int) -> list[Said]:
        async with self.http.get(f"/sandbox/chats/{chat}/messages", params={"limit": 50}) as response:
            found = (await response.json())["messages"]
        return [_said(message) for message in found if message.get("from", {}).get("is_bot")]

    async def _last(self, chat: int) -> int:
        async with self.http.get(f"/sandbox/chats/{chat}/messages", params={"limit": 1}) as response:
            return max((message["message_id"] for message in (await response.json())["messages"]), default=0)

    async def _toast(self) -> str:
        params = {"method": "answerCallbackQuery"}
        async with self.http.get("/sandbox/ledger", params=params) as response:
            calls = (await response.json())["calls"]
        return str(calls[-1]["params"].get("text", "")) if calls else ""


def _said(message: dict[str, Any]) -> Said:
    keyboard = message.get("reply_markup", {}).get("inline_keyboard", [])
    buttons = {button["text"]: button.get("callback_data") or button["url"] for row in keyboard for button in row}
    return Said(message["message_id"], message.get("text", ""), buttons)


@asynccontextmanager
async def newsroom(db: Database, registry: Registry, terms: Terms | None = None) -> AsyncIterator[Newsroom]:
    sandbox = await Sandbox.open(None)
    async with serve(sandbox) as root, aiohttp.ClientSession(root) as http:
        made = await _people(http)
        bot = ExtBot(
            made["token"],
            f"{root}/bot",
            f"{root}/file/bot",
            request=AiohttpRequest(),
            get_updates_request=AiohttpRequest(),
        )
        async with bot:
            me = Identity(bot.id, bot.username)
            await _desk(db, me, list(ROLES))
            router = Router(db, bot, me, registry, clock=utc_now, limits=Limits(1_000, 1_000), terms=terms)
            yield Newsroom(db, sandbox, bot, http, router)
    await sandbox.close()


async def _people(http: aiohttp.ClientSession) -> Any:
    async def post(path: str, body: Any) -> Any:
        async with http.post(f"/sandbox/{path}", json=body) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    bot = await post("bots", {"username": "tidings_test_bot"})
    for user, name in PEOPLE.items():
        await post("users", {"id": user, "first_name": name})
        await post("chats", {"id": user, "type": "private"})
    members = [{"user_id": user, "status": "member"} for user in (*PEOPLE, bot["user"]["id"])]
    await post("chats", {"id": GROUP, "type": "supergroup", "title": "Newsroom friends", "members": members})
    return bot


async def _desk(db: Database, me: Identity, users: Sequence[int]) -> None:
    async with db.begin() as tx:
        await topics.seed(tx, TOPICS)
        for user in users:
            await editors.put(
                tx,
                bot_id=me.bot_id,
                user_id=user,
                role=ROLES[user],
                name=PEOPLE[user],
                added_by=None,
                now=utc_now(),
            )


async def bring(
    db: Database,
    headline: str,
    *,
    body: Sequence[str] = (),
    status: ArticleStatus = ArticleStatus.PENDING,
    slugs: Sequence[str] = (),
    added_by: int | None = None,
    embargo_until: datetime | None = None,
) -> Article:
    """An article in the database, as the desk would have left it; the first sentence is its summary."""
    paragraphs = tuple(body) or (f"{headline}, it was said on Monday. Nobody disagreed.", "More is expected soon.")
    draft = ArticleDraft(headline=headline, paragraphs=paragraphs, embargo_until=embargo_until)
    now = utc_now()
    async with db.begin() as tx:
        source = await sources.get_or_add(tx, "By hand", kind=SourceKind.MANUAL, trusted=False, now=now)
        known = {topic.slug: topic.id for topic in await topics.all_topics(tx)}
        new = NewArticle(
            draft=draft,
            source_id=source.id,
            language="en",
            content_hash=articles.content_hash(draft.headline, draft.paragraphs),
            status=status,
            summary=(f"{paragraphs[0].partition('.')[0]}.",),
            topics={known[slug]: 2.0 for slug in slugs},
            published_at=now,
            released_at=None,
            added_by=added_by,
        )
        return await articles.add(tx, new, now)


async def now_of(db: Database, article_id: int) -> Article:
    async with db.read() as tx:
        found = await articles.get(tx, article_id)
    assert found is not None
    return found
