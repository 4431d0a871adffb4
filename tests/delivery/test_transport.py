"""python-telegram-bot over our transport, against servers that behave and servers that don't."""

import asyncio
import io
import socket
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from telegram import Bot, InputFile
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, TelegramError

from delivery.errors import FloodError, InDoubtError, NeverSentError, ServerError
from delivery.send import PAID_CALL_SLOTS
from delivery.transport import AiohttpRequest
from sandbox.server import Sandbox, serve
from tests.patience import PATIENCE_S

TOKEN = "777:SECRET-token_that_nobody_may_see"
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def bot_at(root: str, **options: float) -> AsyncIterator[Bot]:
    request = AiohttpRequest(**options)  # type: ignore[arg-type]
    await request.initialize()
    try:
        yield Bot(TOKEN, base_url=f"{root}/bot", request=request, get_updates_request=request)
    finally:
        await request.shutdown()


@asynccontextmanager
async def server(handler: Handler) -> AsyncIterator[str]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    running = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with running:
        yield f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}"


async def read_request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    return head + await reader.readexactly(length)


def answering(status: str, body: str, *headers: str) -> Handler:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body.encode())}", "Connection: close", *headers, "", body]
        writer.write("\r\n".join(lines).encode())
        await writer.drain()

    return handler


async def error_of(handler: Handler, **options: float) -> TelegramError:
    async with server(handler) as root, bot_at(root, **options) as bot:
        with pytest.raises(TelegramError) as caught:
            await bot.send_message(1, "hello")
    assert_silent(caught.value)
    return caught.value


def assert_silent(error: BaseException) -> None:
    """The token is in nothing that could be logged."""
    told = "".join(traceback.format_exception(error)) + repr(error) + repr(error.__context__) + repr(error.__cause__)
    assert "SECRET" not in told


ANSWERS = {
    "blocked": ("403 Forbidden", '{"ok":false,"error_code":403,"description":"Forbidden: bot was blocked"}', Forbidden),
    "bad request": ("400 Bad Request", '{"ok":false,"error_code":400,"description":"Bad Request: no"}', BadRequest),
    "unauthorized": ("401 Unauthorized", '{"ok":false,"error_code":401,"description":"Unauthorized"}', InvalidToken),
    "migrated": (
        "400 Bad Request",
        '{"ok":false,"error_code":400,"description":"x","parameters":{"migrate_to_chat_id":-100}}',
        ChatMigrated,
    ),
    "flood": (
        "429 Too Many Requests",
        '{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"retry_after":7}}',
        FloodError,
    ),
    "flood of a proxy": ("429 Too Many Requests", "<html>slow down</html>", FloodError),
    "another bot's server": (
        "421 Misdirected Request",
        '{"ok":false,"error_code":421,"description":"Misdirected Request: unallowed token specified"}',
        InvalidToken,
    ),
    "too large": (
        "413 Request Entity Too Large",
        '{"ok":false,"error_code":413,"description":"Request Entity Too Large"}',
        BadRequest,
    ),
    "server error": ("500 Internal Server Error", '{"ok":false,"error_code":500,"description":"oops"}', ServerError),
    "server error as HTML": ("500 Internal Server Error", "<html>oops</html>", InDoubtError),
    "bad gateway": ("502 Bad Gateway", '{"ok":false,"error_code":502,"description":"Bad Gateway"}', InDoubtError),
    "gateway timeout": ("504 Gateway Timeout", "<html></html>", InDoubtError),
    "HTML that says fine": ("200 OK", "<html>hello</html>", InDoubtError),
    "nothing that says fine": ("200 OK", "", InDoubtError),
    "cut JSON": ("200 OK", '{"ok":true,"result":{"message_id":', InDoubtError),
    "a list": ("200 OK", "[1]", InDoubtError),
    "an error that says fine": ("200 OK", '{"ok":false,"error_code":403,"description":"Forbidden"}', Forbidden),
    "a redirect": ("301 Moved Permanently", "", InDoubtError),
}


@pytest.mark.filterwarnings("default:coroutine:RuntimeWarning")
@pytest.mark.parametrize(("status", "body", "kind"), ANSWERS.values(), ids=ANSWERS.keys())
async def test_answers(status: str, body: str, kind: type[TelegramError]) -> None:
    error = await error_of(answering(status, body, "Location: http://127.0.0.1/other"))
    assert type(error) is kind


async def test_a_flood_tells_its_seconds() -> None:
    error = await error_of(answering(*ANSWERS["flood"][:2]))
    assert isinstance(error, FloodError)
    assert error.retry_after == 7
    error = await error_of(answering("429 Too Many Requests", "busy", "Retry-After: 9"))
    assert isinstance(error, FloodError)
    assert error.retry_after == 9


@pytest.mark.parametrize("told", ["1e15", "Infinity", "99999999999999999999"])
async def test_a_flood_of_centuries_is_one_of_days(told: str) -> None:
    body = f'{{"ok":false,"error_code":429,"description":"x","parameters":{{"retry_after":{told}}}}}'
    error = await error_of(answering("429 Too Many Requests", body))
    assert isinstance(error, FloodError)
    assert error.retry_after == 2 * 86_400


async def test_a_refused_connection_never_sent_anything() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        root = f"http://127.0.0.1:{free.getsockname()[1]}"
    async with bot_at(root) as bot:
        with pytest.raises(NeverSentError) as caught:
            await bot.send_message(1, "hello")
    assert_silent(caught.value)


async def test_an_unknown_host_never_got_anything() -> None:
    async with bot_at("http://nowhere.invalid") as bot:
        with pytest.raises(NeverSentError) as caught:
            await bot.send_message(1, "hello")
    assert_silent(caught.value)


async def test_an_address_that_is_none_never_got_anything() -> None:
    async with bot_at("http://[broken") as bot:
        with pytest.raises(NeverSentError) as caught:
            await bot.send_message(1, "hello")
    assert_silent(caught.value)


async def test_silence_after_the_request_is_doubt() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        await reader.read()  # until the client gives up

    assert type(await error_of(silent, read_timeout=0.1)) is InDoubtError


async def test_a_reply_finds_a_connection_beside_all_calls_of_the_paid_pace() -> None:
    waiting, released = asyncio.Semaphore(0), asyncio.Event()
    answer = answering("200 OK", '{"ok": true, "result": true}')

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if b"sendMessage" in await reader.readuntil(b"\r\n"):
            waiting.release()
            await released.wait()
        await answer(reader, writer)

    async with server(handler) as root, bot_at(root) as bot, asyncio.timeout(PATIENCE_S):
        pushes = [asyncio.ensure_future(bot.send_message(number, "push")) for number in range(PAID_CALL_SLOTS)]
        for _ in pushes:
            await waiting.acquire()
        await bot.log_out()
        released.set()
        await asyncio.gather(*pushes, return_exceptions=True)


async def test_a_server_that_never_reads_is_given_up() -> None:
    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(5)

    assert type(await error_of(deaf, read_timeout=0.2, connect_timeout=4.0)) is InDoubtError


async def test_a_connection_cut_after_the_request_is_doubt() -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)

    assert type(await error_of(cut)) is InDoubtError


async def test_a_connection_cut_inside_the_answer_is_doubt() -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{"ok":true,')
        await writer.drain()

    assert type(await error_of(cut)) is InDoubtError


async def test_an_answer_that_is_no_http_is_doubt() -> None:
    async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"\x00\x01\x02 what\r\n\r\n")
        await writer.drain()

    assert type(await error_of(garbage)) is InDoubtError


@pytest.fixture
async def sandbox() -> AsyncIterator[tuple[Sandbox, str]]:
    made = await Sandbox.open(None)
    made.world.add_bot(TOKEN, username="tidings_bot")
    made.world.bulk_chats(1, 1001)
    async with serve(made) as url:
        yield made, url
    await made.close()


async def test_the_librarys_own_calls_work(sandbox: tuple[Sandbox, str]) -> None:
    _, url = sandbox
    async with bot_at(url) as bot:
        assert (await bot.get_me()).username == "tidings_bot"
        message = await bot.send_message(1001, "<b>hello</b> & \U0001f600", parse_mode="HTML")
        assert message.text == "hello & \U0001f600"
        assert await bot.get_updates(timeout=0) == ()


async def test_files_are_uploaded(sandbox: tuple[Sandbox, str]) -> None:
    _, url = sandbox
    async with bot_at(url) as bot:
        sent = await bot.send_document(1001, InputFile(io.BytesIO(b"some bytes"), filename="news.txt"), caption="Read")
        assert sent.document is not None
        assert (sent.document.file_name, sent.document.file_size, sent.caption) == ("news.txt", 10, "Read")


async def test_connections_are_kept(sandbox: tuple[Sandbox, str]) -> None:
    opened = 0

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal opened
        opened += 1
        body = '{"ok":true,"result":true}'
        while True:
            await read_request(reader)
            writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())

    async with server(forward) as root, bot_at(root) as bot:
        for _ in range(5):
            assert await bot.send_chat_action(1, "typing")
    assert opened == 1


async def test_a_closed_transport_sends_nothing() -> None:
    bot = Bot(TOKEN, base_url="http://127.0.0.1:1/bot", request=AiohttpRequest())
    with pytest.raises(NeverSentError):
        await bot.send_message(1, "hello")
