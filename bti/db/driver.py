"""The PostgreSQL driver's cursor, which does not describe columns that nobody asks about.

SQLAlchemy looks at the description of a result each time, but reads it only the first time it meets a
statement: later it remembers the columns. Psycopg makes one object for each column each time: 122
for opening a case, five to ten in a hundred of the processor time of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, overload

from psycopg import Cursor

if TYPE_CHECKING:
    from psycopg import Column


class ColumnsWhenAsked(Sequence["Column"]):
    """The description (PEP 249) of one result, made when it is first read."""

    def __init__(self, cursor: QuietCursor) -> None:
        """Remember the result; nothing is read yet."""
        self._cursor = cursor
        self._columns: list[Column] | None = None
        self._result = cursor.pgresult

    def _all(self) -> list[Column]:
        if self._columns is None:
            if self._cursor.pgresult is not self._result:
                raise RuntimeError("the columns of a result are asked for after the next one")
            self._columns = self._cursor.columns()
        return self._columns

    def __len__(self) -> int:
        """Return how many columns the result has."""
        return len(self._all())

    @overload
    def __getitem__(self, index: int) -> Column: ...
    @overload
    def __getitem__(self, index: slice) -> list[Column]: ...
    def __getitem__(self, index: int | slice) -> Column | list[Column]:
        """Return one column, or some."""
        return self._all()[index]

    def __bool__(self) -> bool:
        """A result that is described is true, also one without columns; nothing is read for it."""
        return True


class QuietCursor(Cursor[Any]):
    """A cursor whose `description` costs nothing until it is read."""

    def columns(self) -> list[Column]:
        """Return the columns of the present result, as psycopg describes them."""
        return super().description or []

    @property
    def description(self) -> Any:
        """Return the columns of the present result, or None when it is no table."""
        result = self.pgresult
        if result is None:
            return None
        return ColumnsWhenAsked(self) if result.nfields else super().description
