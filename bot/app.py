"""Builds everything and wires it: the only module, with the command line, that reads Settings.

Telegram ──poll | webhook──→ inbox ──→ commands ──reply──────┐
ticks: digests, alerts, fan-out, retention ──→ outbox ──→ Sender ──pacer──→ Telegram
"""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot import connect, web
from bot.ask import Identity, Terms
from bot.commands import desk
from bot.commands.desk_intake import DeskIntake
from bot.commands.start import make_claim_link
from bot.duties import Duties
from bot.hub_calls import HubCalls
from bot.listen import listen
from bot.receive import ALLOWED_UPDATES, Receiver
from bot.registry import Registry
from bot.router import Router
from bot.ticks import Ticks
from config.settings import Settings
from delivery import retention
from delivery.limiter import Limiter, Turn
from delivery.lock import SenderLock
from delivery.pace import Pacer
from delivery.paid import PaidBroadcast
from delivery.send import Sender
from delivery.shared_pace import SharedPace, shared_pace
from ingest.desk import Desk
from ingest.discover import find_feed
from ingest.fetch import Fetcher
from ingest.poll import Poller
from ingest.retag import Retagger
from ingest.robots import Pages, Robots
from ingest.run import Ingest
from ingest.topics import load_specs
from ingest.websub import Hubs
from ingest.workers import Workers
from storage import editors, inbox, migrate, pace, topics
from storage.database import Database

if TYPE_CHECKING:
    from bot.handout import HandOut

log = structlog.get_logger(__name__)

# A host gives 30 s between SIGTERM and SIGKILL.
STOP_DEADLINE_S = 25.0

# How often updates are looked for that another process stored, should its notice be missed; what this one stores is
# taken up at once.
CHECK_ALONE_S, CHECK_SHARED_S = 2.0, 0.5


class Process(StrEnum):
    """What one process does of the service."""

    ALL = "all"
    WEB = "web"
    WORKER = "worker"
    SENDER = "sender"


class StartError(Exception):
    """The service can't start; the message says what to do."""


@dataclass(frozen=True)
class Endpoint:
    """Where the bot is: Telegram, another Bot API server, or the sandbox, whose owner is known."""

    token: str = field(repr=False)
    api_url: str
    owner_ids: frozenset[int] = frozenset()
    sandbox: bool = False


def clock() -> datetime:
    return datetime.now(UTC)


async def run(
    settings: Settings,
    process: Process,
    endpoint: Endpoint,
    *,
    stop: asyncio.Event,
    say: Callable[..., None],
    before: Callable[["Service"], Awaitable[None]] | None = None,
) -> None:
    """Run until `stop`. `say` gets lines for the terminal; `before` runs once everything is built.

    Raises StartError, and storage's errors, where it can't start.
    """
    async with opened(settings, process) as database:
        await serve(settings, process, endpoint, database, stop=stop, say=say, before=before)


async def serve(
    settings: Settings,
    process: Process,
    endpoint: Endpoint,
    database: Database,
    *,
    stop: asyncio.Event,
    say: Callable[..., None],
    before: Callable[["Service"], Awaitable[None]] | None = None,
) -> None:
    """As `run`, on a database that is open already."""
    async with AsyncExitStack() as stack:
        pacer = Pacer()
        limiter = Limiter(pacer)
        bot = await stack.enter_async_context(_bot(endpoint, limiter))
        limiter.share(shared := shared_pace(database, bot.id))
        fetcher = Fetcher(allow_hosts=settings.fetch_allow_private)
        stack.push_async_callback(fetcher.close)
        workers = Workers(1)  # a second would not fit beside the service into the smallest machines
        stack.push_async_callback(workers.close)
        service = Service(settings, process, endpoint, database, bot, pacer, shared, fetcher, workers, say)
        await stack.enter_async_context(service.listening())
        await service.prepare()
        if before is not None:
            await before(service)
        keep_built()
        say(f"@{bot.username} is ready. Ctrl-C stops it.")
        log.info("started", process=process.value, bot_id=bot.id, database=database.dialect)
        await supervise(service.tasks(stop), stop)
        log.info("stopped")


def keep_built() -> None:
    """What is there by now stays: a full collection that walks all of it holds the event loop for 70-90 ms."""
    gc.collect()
    gc.freeze()


@asynccontextmanager
async def opened(settings: Settings, process: Process) -> AsyncIterator[Database]:
    """The database, ours alone where it is SQLite, at this release's schema.

    One process migrates itself; several rely on the release phase. Raises StartError, and storage's errors.
    """
    database = Database(settings.database)
    if database.dialect == "sqlite" and process is not Process.ALL:
        raise StartError(
            f"`tidings run {process}` is one of several processes, and they need PostgreSQL. "
            "Set DATABASE_URL to it, or say `tidings run` for all in one process."
        )
    try:
        if database.path is not None:
            database.path.parent.mkdir(parents=True, exist_ok=True)
        database.own()
        if process is Process.ALL:
            async with direct(settings, database) as past_the_pooler:
                await migrate.upgrade(past_the_pooler)
        else:
            await migrate.check(database)
        yield database
    finally:
        await database.dispose()


@asynccontextmanager
async def direct(settings: Settings, database: Database) -> AsyncIterator[Database]:
    """The same database past its transaction pooler, where there is one: poolers cut long migrations short."""
    if settings.database_direct_url is None:
        yield database
        return
    found = Database(settings.direct_database)
    try:
        yield found
    finally:
        await found.dispose()


@asynccontextmanager
async def _bot(endpoint: Endpoint, limiter: Limiter) -> AsyncIterator[ExtBot[Turn]]:
    bot = connect.connect(endpoint.token, endpoint.api_url, limiter)
    try:
        await bot.initialize()
    except TelegramError as error:
        await bot.shutdown()
        raise StartError(connect.explain(error)) from None
    try:
        yield bot
    finally:
        await bot.shutdown()


async def supervise(tasks: Mapping[str, Coroutine[Any, Any, None]], stop: asyncio.Event) -> None:
    """Run named tasks; the death of one stops the process, and after `stop` they have until the deadline."""
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(_vital(name, work, stop), name=name) for name, work in tasks.items()]
        await stop.wait()
        _, late = await asyncio.wait(running, timeout=STOP_DEADLINE_S)
        for task in late:
            log.warning("task_cut", task=task.get_name())
            task.cancel()


async def _vital(name: str, work: Coroutine[Any, Any, None], stop: asyncio.Event) -> None:
    await work
    if not stop.is_set():
        raise RuntimeError(f"the task {name} ended by itself")


@dataclass
class Service:
    """What was built, and what this process does with it."""

    settings: Settings
    process: Process
    endpoint: Endpoint
    database: Database
    bot: ExtBot[Turn]
    pacer: Pacer
    shared: SharedPace | None
    fetcher: Fetcher
    workers: Workers
    say: Callable[..., None]

    def __post_init__(self) -> None:
        self.owner_ids = self.settings.owner_ids | self.endpoint.owner_ids
        self.me = Identity(self.bot.id, self.bot.username)
        self.keep = retention.Keep(
            timedelta(days=self.settings.keep_deliveries_days),
            timedelta(days=self.settings.keep_replies_days),
            timedelta(days=self.settings.keep_copies_days),
        )
        pages = Pages(self.fetcher, Robots(self.fetcher, clock=clock))
        self.ingest = Ingest(Desk(self.database), self.fetcher, pages=pages, extract=self.workers.extract)
        archive_after = timedelta(days=self.settings.archive_days)
        self.poller = Poller(
            self.database,
            self.fetcher,
            Desk(self.database),
            archive_after=archive_after,
            extract=self.workers.extract,
        )
        public = self.settings.webhook_url
        self.hubs = None if public is None else Hubs(self.database, self.fetcher, public, clock=clock)
        self.sender = Sender(
            self.database,
            self.bot,
            self.pacer,
            in_doubt=self.settings.in_doubt.value,
            paid=PaidBroadcast(self.pacer, self.settings.paid_stars_a_day) if self.settings.paid_broadcast else None,
            lock=SenderLock(self.database, self.bot.id, self.settings.direct_database),
            shared=self.shared,
        )
        self.router = Router(
            self.database,
            self.bot,
            self.me,
            self._registry(),
            clock=clock,
            owner_ids=self.owner_ids,
            zone=self.settings.digest_zone,
            digest_minute=self.settings.digest_minute,
            digest_spread=self.settings.digest_spread_minutes,
            wake=self.sender.wake,
            terms=Terms(self.keep, self.settings.paid_stars_a_day if self.settings.paid_broadcast else None),
        )
        self.receiver = Receiver(
            self.database,
            self.bot,
            self.router.handle,
            apologize=self.router.apologize,
            check_every=CHECK_ALONE_S if self.process is Process.ALL else CHECK_SHARED_S,
        )
        self.duties = Duties(
            self.database,
            self.bot,
            self.me,
            self.poller,
            Retagger(self.database, clock=clock),
            keep=self.keep,
            owner_ids=self.owner_ids,
            catch_up=self.settings.catch_up,
            wake=self.sender.wake,
            clock=clock,
            hubs=self.hubs,
        )
        self.hand_out = self._hand_out() if self.answers and self.database.dialect == "postgresql" else None

    def _hand_out(self) -> "HandOut":
        from bot.handout import HandOut  # noqa: PLC0415 - SQLite has no use for PgQueuer

        url, compose = self.settings.direct_database, self.duties.digests
        return HandOut(self.database, url, self.poller, bot_id=self.bot.id, compose=compose, clock=clock)

    def _registry(self) -> Registry:
        archive_after = timedelta(days=self.settings.archive_days)
        intake = DeskIntake(self.ingest, archive_after=archive_after)
        return desk.registry(intake, partial(find_feed, self.fetcher))

    # What each process does

    @property
    def answers(self) -> bool:
        return self.process in (Process.ALL, Process.WORKER)

    @property
    def listens(self) -> bool:
        return self.process in (Process.ALL, Process.WEB) and not self.endpoint.sandbox

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Health; where a public address is configured the webhook, and where hubs call."""
        if not self.listens:
            yield
            return
        settings = self.settings
        webhook = web.webhook_handler(self.receiver.accept, self._secret()) if settings.webhook_url else None
        public = settings.webhook_url or settings.dyno or self.process is Process.WEB
        host = settings.host or ("0.0.0.0" if public else "127.0.0.1")  # noqa: S104 - a host's router calls us
        async with AsyncExitStack() as stack:
            try:
                calls = [] if self.hubs is None else HubCalls(self.hubs).routes()
                app = web.create_app(self.database, webhook, self._metrics(), calls)
                await stack.enter_async_context(web.listening(app, host, settings.port))
            except OSError as error:
                raise StartError(web.cant_listen(error, host, settings.port)) from None
            yield

    def _metrics(self) -> web.Handler | None:
        token = self.settings.metrics_token
        return None if token is None else web.metrics_handler(self.database, self.bot.id, token.get_secret_value())

    def _secret(self) -> str:
        given = self.settings.webhook_secret
        return given.get_secret_value() if given else web.webhook_secret(self.endpoint.token)

    async def prepare(self) -> None:
        """Rows and settings at Telegram that have to be there before work begins. Doing it again changes nothing."""
        async with self.database.begin() as tx:
            await topics.seed(tx, load_specs())
        try:
            if self.settings.webhook_url and self.listens:
                url = self.settings.webhook_url.rstrip("/") + web.WEBHOOK_PATH
                await self.bot.set_webhook(url, secret_token=self._secret(), allowed_updates=ALLOWED_UPDATES)
            if self.answers:
                await self.router.set_menus()
        except TelegramError as error:
            raise StartError(connect.explain(error)) from None
        if self.answers:
            await self._offer_claim()

    async def _offer_claim(self) -> None:
        """Where nobody owns the bot yet, print the one-time link."""
        async with self.database.begin() as tx:
            if self.owner_ids or await editors.has_owner(tx, self.bot.id):
                return
            link = await make_claim_link(tx, self.bot, clock())
        self.say("Nobody owns this bot yet. Who opens this link first does; it is good once, for a day:", link)

    def tasks(self, stop: asyncio.Event) -> dict[str, Coroutine[Any, Any, None]]:
        if self.process is Process.WEB:
            return {"web": wait(stop)}
        tasks = {"sender": self.sender.run(stop)}
        if self.answers:
            handed_out = {} if self.hand_out is None else self.hand_out.ticks()
            tasks |= {"ticks": Ticks(self.duties.ticks() | handed_out).run(stop), "commands": self.receiver.work(stop)}
            tasks["feeds"] = self.poller.run(stop) if self.hand_out is None else self._jobs(self.hand_out, stop)
            if not self.settings.webhook_url:
                tasks["polling"] = self.receiver.poll(stop)
        if self.shared is not None:
            tasks["listening"] = listen(self.settings.direct_database, self._channels(self.shared), stop)
        return tasks

    def _channels(self, shared: SharedPace) -> dict[str, Callable[[str], None]]:
        """What other processes tell: which chats they write to, and that `web` took in an update."""
        handed_on = self.process is Process.WORKER and self.settings.webhook_url
        return {pace.CHANNEL: partial(shared.count, self.pacer)} | ({inbox.CHANNEL: self._heard} if handed_on else {})

    async def _jobs(self, hand_out: "HandOut", stop: asyncio.Event) -> None:
        try:
            await hand_out.run(stop)
        finally:
            self.poller.close()

    def _heard(self, bot_id: str) -> None:
        if bot_id == str(self.bot.id):
            self.receiver.wake()


async def wait(stop: asyncio.Event) -> None:
    await stop.wait()
