"""Everything ingest raises on purpose.

IngestError
├── ExtractError    the bytes hold no article; says why
│   └── CostlyError     reading them took more time or memory than it may
└── FetchError      the URL can't be fetched now; says why and what to do
    └── ForbiddenError  the URL leads where nothing may be fetched from
"""


class IngestError(Exception):
    """Base of all ingest errors; the message is what a person reads."""


class ExtractError(IngestError):
    pass


class CostlyError(ExtractError):
    pass


class FetchError(IngestError):
    """`reason` goes on from "couldn't fetch it:"; `advice` is a sentence; `url` holds no credentials.

    `again`: the same call may succeed later.
    """

    def __init__(self, reason: str, *, url: str = "", advice: str = "", again: bool = False) -> None:
        super().__init__(f"{reason}. {advice}" if advice else reason)
        self.reason, self.url, self.advice, self.again = reason, url, advice, again


class ForbiddenError(FetchError):
    pass
