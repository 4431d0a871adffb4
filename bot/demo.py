"""The sandbox's first start: sample articles go in by the real ingest, and the first digest is shown."""

import time
from datetime import timedelta

from bot import terminal
from bot.app import Service
from bot.cli_ingest import digest_text
from ingest import samples
from ingest.run import Outcome
from storage import articles, topics

SPAN = timedelta(hours=24)


async def fill(service: Service) -> None:
    """Fill an empty archive and print what a subscriber of everything would get; say where to look."""
    async with service.database.read() as tx:
        known = await articles.count(tx)
    if known:
        service.say(f"Found {known} articles, and the chats and messages as they were.")
    else:
        await _ingest_samples(service)
        await _show_digest(service)
    service.say(
        "",
        f"Chat page: {service.endpoint.api_url}",
        "  Chat as a subscriber in the first chat, as the owner in the second. Try /latest, /topic korea, /help.",
        "  As the owner try /add, /queue and /push korea.",
    )


async def _ingest_samples(service: Service) -> None:
    names, started, added = [str(path) for path in samples.paths()], time.perf_counter(), 0
    with terminal.progress() as bar:
        task = bar.add_task("Taking in the sample articles", total=len(names))
        async for result in service.ingest.run(names):
            added += result.outcome is Outcome.ADDED
            bar.advance(task)
    service.say(f"Took in {added} sample articles in {time.perf_counter() - started:.1f} s.")


async def _show_digest(service: Service) -> None:
    async with service.database.read() as tx:
        everything = [topic.id for topic in await topics.all_topics(tx)]
    service.say("", "The first digest, as a subscriber of every topic would get it:", "")
    service.say(await digest_text(service.database, everything, SPAN, service.settings.digest_zone), "")
