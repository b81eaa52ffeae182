"""Authority rows as plain columns: several tables in one question, and no object made of a row.

What one opening rests on is a dozen rows that are looked at once. The walls of the ORM are not
around these questions: each names the municipality, or asks the walls itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bti.db.guards import NOT_UNDER_MAC
from bti.db.types import stored_bytes

if TYPE_CHECKING:
    import uuid
    from collections.abc import Collection, Sequence

    from sqlalchemy import Executable, Row
    from sqlalchemy.orm import Session

    from bti.db.base import TenantRow


@dataclass(frozen=True, slots=True)
class PlainRow:
    """One authority row as it stands: its table, and every column by name."""

    table: str
    columns: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - what the column holds
        """Return the value of a column."""
        return self.columns[name]

    @property
    def case_id(self) -> uuid.UUID | None:
        """The case it is, or belongs to; None for a row of no case."""
        found: uuid.UUID | None = self.columns.get("id" if self.table == "cases" else "case_id")
        return found

    def under_mac(self) -> dict[str, bytes | None]:
        """Return the columns the MAC covers, as ``mac_columns`` does for a mapped row."""
        return {
            name: stored_bytes(value)
            for name, value in self.columns.items()
            if name not in NOT_UNDER_MAC
        }


class Side:
    """One table's columns in a question that joins several."""

    def __init__(
        self,
        mapped: type[TenantRow],
        after: Side | None = None,
        *,
        names: Collection[str] | None = None,
    ) -> None:
        """Take all columns of ``mapped``, or those of these names.

        In the answer they stand behind those of ``after``.
        """
        self.columns = [
            one for one in mapped.__table__.columns if names is None or one.name in names
        ]
        self._table = mapped.__tablename__
        self._names = [column.name for column in self.columns]
        self._from: int = 0 if after is None else after.end
        self.end: int = self._from + len(self._names)
        self._id = self._from + self._names.index("id")

    def of(self, row: Row[Any]) -> PlainRow | None:
        """Return this table's part of a row of the answer; None where nothing was joined."""
        if row[self._id] is None:
            return None
        values = row[self._from : self.end]
        return PlainRow(self._table, dict(zip(self._names, values, strict=True)))


def ask(
    session: Session, question: Executable, told: Mapping[str, Any], *, flush: bool = True
) -> Sequence[Row[Any]]:
    """Return the answer, which knows what this transaction has changed itself.

    ``flush`` is False for what is never waiting to be written, and may be asked while a flush
    goes on.
    """
    if flush and session.autoflush:
        session.flush()
    return session.connection().execute(question, told).all()
