"""A way to PostgreSQL that can be cut as networks are: both sides stay connected, and nothing comes through."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit


@dataclass
class Wire:
    """`url` leads through it."""

    url: str = ""
    flowing: asyncio.Event = field(default_factory=asyncio.Event)

    def cut(self) -> None:
        self.flowing.clear()

    def mend(self) -> None:
        self.flowing.set()

    async def carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65_536):
                await self.flowing.wait()
                sink.write(data)
                await sink.drain()
            await self.flowing.wait()  # an end is not heard of either
        except OSError:
            pass
        finally:
            sink.close()


@asynccontextmanager
async def wire_to(postgres_url: str) -> AsyncIterator[Wire]:
    parts = urlsplit(postgres_url)
    (folder,) = parse_qs(parts.query)["host"]
    wire = Wire()
    wire.mend()

    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await wire.flowing.wait()
        server = await asyncio.open_unix_connection(f"{folder}/.s.PGSQL.5432")
        async with asyncio.TaskGroup() as ways:
            ways.create_task(wire.carry(reader, server[1]))
            ways.create_task(wire.carry(server[0], writer))

    async with await asyncio.start_server(join, "127.0.0.1") as listening:
        port = listening.sockets[0].getsockname()[1]
        wire.url = f"postgresql://tidings@127.0.0.1:{port}{parts.path}"
        try:
            yield wire
        finally:
            wire.mend()
