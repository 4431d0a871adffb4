"""What /add brings goes in by the same door as everything else: ingest, with words for people about what failed."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from bot.commands.desk_brought import Brought
from ingest.errors import IngestError
from ingest.guard import shown
from ingest.run import ARCHIVE_AFTER, Handling, Ingest, Outcome, Progress, Result
from storage.records import SourceKind

_TEXT = "Put the headline on the first line and the article below it."
_FILE = "Send a text, HTML, JSON or feed file."
_PAGE = "If it can't be had, send the article's text."
MESSAGE = "your message"


class DeskIntake:
    """`archive_after`: items of a feed that are older are found by readers, never sent."""

    def __init__(self, ingest: Ingest, *, archive_after: timedelta = ARCHIVE_AFTER) -> None:
        self._ingest = ingest
        self._archive_after = archive_after

    async def page(
        self, url: str, *, added_by: int, trusted: bool, progress: Progress | None = None
    ) -> Sequence[Brought]:
        results = await self._ingest.page(url, handling=self._handling(added_by, trusted=trusted), progress=progress)
        return _brought(results, _PAGE)

    async def data(
        self,
        data: bytes,
        *,
        name: str | None,
        mime: str | None,
        added_by: int,
        trusted: bool,
        progress: Progress | None = None,
    ) -> Sequence[Brought]:
        """`name` None: the text of a message."""
        subject = name or MESSAGE
        handling = self._handling(added_by, trusted=trusted)
        try:
            results = await self._ingest.data(
                data, name=subject, mime=mime, handling=handling, kind=SourceKind.MANUAL, progress=progress
            )
        except IngestError as error:
            results = [Result(subject, Outcome.FAILED, reason=str(error))]
        return _brought(results, _FILE if name else _TEXT)

    def _handling(self, added_by: int, *, trusted: bool) -> Handling:
        return Handling(trusted=trusted, archive_after=self._archive_after, added_by=added_by)


def _brought(results: Iterable[Result], advice: str) -> list[Brought]:
    return [
        Brought(
            found.article,
            known=found.outcome is Outcome.KNOWN,
            reason="" if found.article else reason(found, advice),
            subject=shown(found.subject),
        )
        for found in results
    ]


def reason(found: Result, advice: str) -> str:
    """ "I can't add your message: it holds no article text. Put …"; a reason that advises already is left alone."""
    why = (found.reason or "it can't be read").rstrip()
    told = f"I can't add {shown(found.subject)}: {why}"
    return told if why.endswith(".") else f"{told}. {advice}"
