"""Everything storage raises on purpose.

StorageError
├── DatabaseUrlError      the URL can't be used; says what would be
├── DatabaseBusyError     another process owns the SQLite file
└── SchemaError           the database is older or newer than this release
StaleEditionError         nobody's fault: compose again
StaleScheduleError        nobody's fault: read again what is due
"""


class StorageError(Exception):
    """Base of all storage errors; the message says what to do."""


class DatabaseUrlError(StorageError):
    pass


class DatabaseBusyError(StorageError):
    pass


class SchemaError(StorageError):
    pass


class StaleEditionError(Exception):
    """An article was corrected or killed between composing and storing: compose the edition again."""


class StaleScheduleError(Exception):
    """A destination's schedule was changed between reading what is due and dealing with it: read it again."""


def cause(error: Exception) -> str:
    """The driver's own words: SQLAlchemy's add the statement, and its parameters."""
    return (str(getattr(error, "orig", None) or error).strip() or type(error).__name__).splitlines()[0]
