"""Many rows of whole numbers as one parameter: a statement for each costs SQLAlchemy more than the database."""

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, FromClause, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from storage.database import Connection


class Batch:
    """A table of numbers, given with a statement: `of[dialect].c` has its columns, `values` the parameters."""

    def __init__(self, *columns: str) -> None:
        self._columns = columns
        self.of: dict[str, FromClause] = {"sqlite": self._json(), "postgresql": self._arrays()}

    def values(self, tx: Connection, rows: Iterable[tuple[int, ...]]) -> dict[str, Any]:
        """Parameters of a statement over `of[tx.dialect.name]`."""
        if tx.dialect.name == "sqlite":
            return {"the_rows": json.dumps(list(rows))}
        columns = zip(*rows, strict=True)
        return {f"the_{name}s": list(values) for name, values in zip(self._columns, columns, strict=True)}

    def _json(self) -> FromClause:
        row = func.json_each(bindparam("the_rows")).table_valued("value")
        columns = [
            func.json_extract(row.c.value, f"$[{place}]", type_=BigInteger).label(name)
            for place, name in enumerate(self._columns)
        ]
        return select(*columns).subquery("given")

    def _arrays(self) -> FromClause:
        arrays = [bindparam(f"the_{name}s", type_=ARRAY(BigInteger)) for name in self._columns]
        return func.unnest(*arrays).table_valued(*self._columns, name="given").render_derived()
