"""`tidings deliveries`: what was sent, what waits, what failed and why; and the failed again."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from bot import stored, terminal
from delivery import status
from delivery.status import Progress
from storage import deliveries as rows
from storage import editions
from storage.database import Database

SHOWN = 20


def deliveries(
    edition: Annotated[int | None, typer.Argument(help="one edition's number; else the latest ones")] = None,
    article: Annotated[int | None, typer.Option(help="only editions that hold this article")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="only editions of which something failed")] = False,
    resend: Annotated[bool, typer.Option("--resend", help="send what failed of the edition again")] = False,
    limit: Annotated[int, typer.Option("-n", min=1, max=1_000, help="how many editions")] = SHOWN,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False,
) -> None:
    """How deliveries go: sent, waiting, failed or dropped by reason, in doubt."""
    if resend and edition is None:
        raise terminal.fail("--resend needs an edition's number: tidings deliveries 12 --resend", 2)
    settings = terminal.settings()

    async def work() -> tuple[list[Progress], int]:
        async with stored.opened(settings) as database:
            queued = await _resend(database, edition) if resend and edition is not None else 0
            return await _found(database, edition, article, limit), queued

    with stored.explained():
        found, queued = terminal.run(work())
    if edition is not None and not found:
        raise terminal.fail(f"There is no edition {edition}. `tidings deliveries` lists the latest.")
    if resend:
        terminal.err.print(f"{queued} that failed are queued again; the running service sends them.")
    _show([item for item in found if item.failed or not failed], as_json=as_json, whole=edition is not None)


async def _resend(database: Database, edition_id: int) -> int:
    async with database.begin() as tx:
        return await rows.resend_failed(tx, edition_id, datetime.now(UTC))


async def _found(database: Database, edition: int | None, article: int | None, limit: int) -> list[Progress]:
    async with database.read() as tx:
        if edition is not None:
            ids = [edition] if await editions.get(tx, edition) is not None else []
        elif article is not None:
            ids = (await editions.of_article(tx, article))[::-1][:limit]
        else:
            ids = await rows.latest_editions(tx, limit)
        return [await status.of_edition(tx, edition_id) for edition_id in ids]


def _show(found: list[Progress], *, as_json: bool, whole: bool) -> None:
    if as_json:
        for item in found:
            terminal.print_json(_as_json(item))
        return
    if not found:
        terminal.out.print("No editions. What is sent appears here.")
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("edition", justify="right")
    for name in ("kind", "composed (UTC)"):
        table.add_column(name)
    for name in ("sent", "waiting", "failed", "dropped", "in doubt"):
        table.add_column(name, justify="right")
    for item in found:
        counts = (item.sent, item.waiting, item.failed.total(), item.dropped.total(), item.in_doubt)
        at = f"{item.composed_at:%Y-%m-%d %H:%M}"
        table.add_row(str(item.edition_id), item.kind.value, at, *(f"{number:,}" for number in counts))
    terminal.out.print(table)
    for item in found if whole or len(found) == 1 else ():
        for word, reasons in (("failed", item.failed), ("dropped", item.dropped)):
            for reason, number in reasons.most_common():
                terminal.out.print(f"{number:>9,} {word}: {escape(reason or 'no reason')}")


def _as_json(item: Progress) -> dict[str, Any]:
    return {
        "edition": item.edition_id,
        "kind": item.kind.value,
        "composed_at": item.composed_at.isoformat(),
        "complete": not item.spreading,
        "sent": item.sent,
        "waiting": item.waiting,
        "failed": dict(item.failed),
        "dropped": dict(item.dropped),
        "in_doubt": item.in_doubt,
    }
