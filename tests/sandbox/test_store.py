from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import aiohttp

from sandbox.server import Sandbox, serve
from tests.patience import PATIENCE_S
from tests.sandbox.conftest import GROUP, TOKEN, USER, Clock, Server, fill

_CHILD = """
import asyncio, sys
from pathlib import Path
from sandbox.server import Sandbox, serve

async def main() -> None:
    sandbox = await Sandbox.open(Path(sys.argv[1]))
    sandbox.world.add_bot("777:x")
    sandbox.world.bulk_chats(5, 2001)
    async with serve(sandbox) as url:
        print(url, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_everything_comes_back_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "world.db"
    first = await Sandbox.open(path, clock=Clock())
    fill(first)
    async with serve(first) as url, aiohttp.ClientSession() as http:
        server = Server(first, url, http, Clock())
        markup = {"inline_keyboard": [[{"text": "A", "callback_data": "a"}]]}
        kept = await server.ok("sendMessage", chat_id=USER, text="<b>kept</b>", parse_mode="HTML", reply_markup=markup)
        gone = await server.ok("sendMessage", chat_id=USER, text="gone")
        await server.ok("deleteMessage", chat_id=USER, message_id=gone["message_id"])
        await server.ok("setMyCommands", commands=[{"command": "latest", "description": "The newest"}])
        await server.ok("pinChatMessage", chat_id=USER, message_id=kept["message_id"])
        await server.ok("setWebhook", url="http://127.0.0.1:9/hook", secret_token="s", allowed_updates=["message"])
        await server.control(f"chats/{USER}/messages", {"from": USER, "text": "/start"})
        await server.control(f"chats/{GROUP}/members", {"user_id": USER, "status": "kicked"})
        await server.control(f"chats/{USER}/block", {"blocked": True})
    before = first.world
    await first.close()

    second = await Sandbox.open(path, clock=Clock())
    after = second.world
    assert after.users == before.users
    assert after.chats == before.chats
    old, new = before.by_token[TOKEN], after.by_token[TOKEN]
    assert (new.user, new.commands, new.outbox.webhook.url) == (old.user, old.commands, old.outbox.webhook.url)
    assert [queued.body for queued in new.outbox.queue.values()] == [
        queued.body for queued in old.outbox.queue.values()
    ]
    assert new.outbox.next_id == old.outbox.next_id
    await second.close()


async def test_documents_come_back_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "world.db"
    first = await Sandbox.open(path)
    fill(first)
    async with serve(first) as url, aiohttp.ClientSession() as http:
        form = aiohttp.FormData({"chat_id": str(USER)})
        form.add_field("document", b"text of an article", filename="a.txt")
        async with http.post(f"{url}/bot{TOKEN}/sendDocument", data=form) as answer:
            file_id = (await answer.json())["result"]["document"]["file_id"]
    await first.close()
    second = await Sandbox.open(path)
    async with serve(second) as url, aiohttp.ClientSession() as http:
        async with http.get(f"{url}/bot{TOKEN}/getFile", params={"file_id": file_id}) as answer:
            file_path = (await answer.json())["result"]["file_path"]
        async with http.get(f"{url}/file/bot{TOKEN}/{file_path}") as answer:
            assert await answer.read() == b"text of an article"
    await second.close()


async def _kept(path: Path, count: int) -> None:
    """Wait for the store's moment: it writes ten times a second, a busy machine somewhat later."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with closing(sqlite3.connect(path)) as store:
                if store.execute("SELECT count(*) FROM message").fetchone() == (count,):
                    return
            await asyncio.sleep(0.02)


async def test_a_killed_server_loses_at_most_its_last_moment(tmp_path: Path) -> None:
    path = tmp_path / "world.db"
    command = [sys.executable, "-c", _CHILD, str(path)]
    child = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert child.stdout is not None
    url = (await child.stdout.readline()).decode().strip()
    async with aiohttp.ClientSession() as http:
        for number in range(200):
            async with http.post(f"{url}/bot777:x/sendMessage", json={"chat_id": 2001, "text": f"n{number}"}) as answer:
                assert answer.status == 200
        await _kept(path, 200)
    os.kill(child.pid, signal.SIGKILL)
    await child.wait()
    sandbox = await Sandbox.open(path)
    chat = sandbox.world.chats[2001]
    assert [stored.payload["text"] for stored in chat.messages.values()] == [f"n{number}" for number in range(200)]
    assert chat.last_id > 200, "ids of lost messages are not given again"
    await sandbox.close()
