"""Where a transaction stands: in which municipality, for whom, and which cases lie open before it.

The same is told to the ORM (every engine) and to PostgreSQL, whose row policies ask for it. A
second wall: who may do what is decided by the key broker, and a filter somebody forgot, in a
workflow or in a query, finds nothing. Policies are made in ``bti.db.policies``.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy import bindparam, event, false, func, select, true
from sqlalchemy.orm import with_loader_criteria

from bti.db.base import AuthorWall, CaseWall, TenantWall
from bti.db.models import ApiClient, WebSession

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Connection, Engine, Select
    from sqlalchemy.orm import ORMExecuteState, Session, sessionmaker
    from sqlalchemy.pool import ConnectionPoolEntry

Row = TypeVar("Row", WebSession, ApiClient)

_STANDPOINT: Final = "standpoint"
_TOLD: Final = "told"
_PRESENTED: Final = "presented"
_ALWAYS: Final = "stands_always"


class NowhereError(Exception):
    """Rows of a municipality were asked for before anybody said which. A fault in the program."""


class OutsideError(Exception):
    """A row of another municipality, or of a case that is not open, was to be written.

    A fault in the program.
    """


@dataclass(frozen=True, slots=True)
class Standpoint:
    """What a transaction may meet.

    ``tenant``: rows of this municipality; None: of none. ``account``: a person, who meets what is
    written in a case only once the broker has opened it, and own records as their author alone;
    None: the program itself. ``everywhere``: a job over all municipalities, never a person.
    ``token``: the hash of a session token or of a client's key, which alone shows whose it is.
    """

    tenant: uuid.UUID | None = None
    account: uuid.UUID | None = None
    everywhere: bool = False
    token: bytes | None = None

    def within(self, tenant: uuid.UUID) -> Standpoint:
        """Return the standpoint inside one municipality.

        Raises ``OutsideError`` for a person of another one: people never cross, whatever a
        workflow was given.
        """
        if self.account is not None and tenant != self.tenant:
            raise OutsideError("a person does not enter another municipality")
        return replace(self, tenant=tenant, everywhere=False, token=None)


NOWHERE: Final = Standpoint()
EVERYWHERE: Final = Standpoint(everywhere=True)


def stand(session: Session, standpoint: Standpoint) -> None:
    """Say where this transaction stands from now on; it ends with the transaction."""
    session.info[_STANDPOINT] = standpoint
    _tell_again(session)


def stand_always(engine: Engine, standpoint: Standpoint) -> None:
    """Say once for each connection where this process stands, not anew in each transaction.

    For a process that never stands for a person: whoever does must say so within the transaction,
    or the pooled connection would remember it for the next. Each session says ``stand`` all the
    same; where it says something else, that holds until its transaction ends.
    """
    told = settings_for(standpoint)

    def tell_for_good(connection: Any, record: ConnectionPoolEntry) -> None:
        calls = ", ".join("set_config(%s, %s, false)" for _ in told)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {calls}", [one for pair in told.items() for one in pair])
        connection.commit()
        record.info[_ALWAYS] = told

    event.listen(engine, "connect", tell_for_good)


def standpoint_of(session: Session) -> Standpoint:
    """Return where the transaction stands. Raises ``NowhereError`` when nobody has said."""
    found: Standpoint | None = session.info.get(_STANDPOINT)
    if found is None:
        raise NowhereError("say first where the transaction stands: bti.db.walls.stand")
    return found


def meets(session: Session, tenant: uuid.UUID) -> bool:
    """Tell whether rows of this municipality may be met: for whoever reads without the ORM."""
    standpoint = standpoint_of(session)
    return standpoint.everywhere or standpoint.tenant == tenant


def session_by_token(session: Session, token_hash: bytes) -> WebSession | None:
    """Return the session a token belongs to, in whichever municipality: the row says which.

    The one look-up before a municipality is known, with that of a client. Whoever shows the hash of a
    token meets that one row; without it the walls show no session at all.
    """
    return _presented(
        session, token_hash, select(WebSession).where(WebSession.token_hash == token_hash)
    )


def client_by_key(session: Session, key_hash: bytes) -> ApiClient | None:
    """Return the client a key belongs to, in whichever municipality; as for the token of a session."""
    return _presented(session, key_hash, select(ApiClient).where(ApiClient.key_hash == key_hash))


def _presented(session: Session, shown: bytes, question: Select[Row]) -> Row | None:
    here = standpoint_of(session)
    stand(session, replace(here, token=shown))
    try:
        return session.scalars(question, execution_options={_PRESENTED: True}).one_or_none()
    finally:
        stand(session, here)


def install_walls(sessions: sessionmaker[Session]) -> None:
    """Put the walls around every session of this factory."""
    event.listen(sessions, "after_begin", _tell_first)
    event.listen(sessions, "do_orm_execute", _look_within)
    event.listen(sessions, "before_flush", _write_within)
    event.listen(sessions, "after_transaction_end", _leave)


def settings_for(standpoint: Standpoint, cases: Iterable[uuid.UUID] = ()) -> dict[str, str]:
    """Return what PostgreSQL is told, by the name the policies ask for it. Empty: nothing."""
    return {
        "app.tenant": str(standpoint.tenant or ""),
        "app.account": str(standpoint.account or ""),
        "app.everywhere": "on" if standpoint.everywhere else "",
        "app.token": standpoint.token.hex() if standpoint.token else "",
        "app.cases": ",".join(sorted(map(str, cases))),
    }


def tell(connection: Connection, told: dict[str, str]) -> None:
    """Tell PostgreSQL, for this transaction only: a pooled connection must not remember it."""
    if connection.dialect.name == "postgresql":
        values = {_bound(name): value for name, value in told.items()}
        connection.execute(_telling(tuple(told)), values)


@cache
def _telling(names: tuple[str, ...]) -> Select[Any]:
    here = true()  # until the end of the transaction
    return select(*(func.set_config(name, bindparam(_bound(name)), here) for name in names))


def _bound(name: str) -> str:
    return name.replace(".", "_")


@contextmanager
def everywhere(engine: Engine) -> Iterator[Connection]:
    """A transaction without the ORM, of a job that serves every municipality."""
    with engine.begin() as connection:
        tell(connection, settings_for(EVERYWHERE))
        yield connection


def _open_cases(session: Session) -> frozenset[uuid.UUID]:
    """Return the cases whose keys the broker has released in this transaction."""
    vault = session.info.get("vault")
    return vault.cases if vault is not None else frozenset()


def _tell_first(session: Session, _transaction: Any, connection: Connection) -> None:
    standpoint = session.info.get(_STANDPOINT)
    if standpoint is None:
        return  # PostgreSQL shows nothing to whoever has told it nothing
    told = settings_for(standpoint, _open_cases(session))
    if connection.info.get(_ALWAYS) != told:
        tell(connection, told)
    session.info[_TOLD] = told


def _tell_again(session: Session) -> None:
    """Tell PostgreSQL what has changed since: a municipality entered, a case opened."""
    before: dict[str, str] | None = session.info.get(_TOLD)
    if before is None:
        return  # no connection yet: it is told when there is one
    now = settings_for(standpoint_of(session), _open_cases(session))
    changed = {name: value for name, value in now.items() if before[name] != value}
    if changed:
        tell(session.connection(), changed)
        session.info[_TOLD] = now


def _look_within(state: ORMExecuteState) -> None:
    if state.is_column_load or not _touches_rows(state):
        return  # a row that is already here was met within the walls
    standpoint = standpoint_of(state.session)
    _tell_again(state.session)
    if standpoint.everywhere or state.execution_options.get(_PRESENTED):
        return
    tenant, account = standpoint.tenant, standpoint.account
    if tenant is None:
        state.statement = state.statement.options(
            with_loader_criteria(TenantWall, lambda _cls: false(), include_aliases=True)
        )
        return
    within = [
        with_loader_criteria(TenantWall, lambda cls: cls.tenant_id == tenant, include_aliases=True)
    ]
    if account is not None:
        cases = sorted(_open_cases(state.session))
        within += [
            with_loader_criteria(
                CaseWall, lambda cls: cls.case_id.in_(cases), include_aliases=True
            ),
            with_loader_criteria(
                AuthorWall, lambda cls: cls.account_id == account, include_aliases=True
            ),
        ]
    state.statement = state.statement.options(*within)


def _touches_rows(state: ORMExecuteState) -> bool:
    return state.is_orm_statement and (state.is_select or state.is_update or state.is_delete)


def _write_within(session: Session, _context: Any, _instances: Any) -> None:
    written = [
        row
        for row in (*session.new, *session.dirty, *session.deleted)
        if isinstance(row, TenantWall)
    ]
    if not written:
        return
    standpoint = standpoint_of(session)
    _tell_again(session)
    cases = _open_cases(session)
    for row in written:
        if not _is_within(row, standpoint, cases):
            raise OutsideError(f"{type(row).__name__} is written from outside its walls")


def _is_within(row: Any, standpoint: Standpoint, cases: frozenset[uuid.UUID]) -> bool:
    if standpoint.everywhere:
        return True
    if row.tenant_id != standpoint.tenant:
        return False
    if standpoint.account is None:
        return True
    if isinstance(row, CaseWall):
        return row.case_id in cases
    return not isinstance(row, AuthorWall) or row.account_id == standpoint.account


def _leave(session: Session, transaction: Any) -> None:
    if transaction.parent is None:
        session.info.pop(_STANDPOINT, None)
        session.info.pop(_TOLD, None)


__all__ = [
    "EVERYWHERE",
    "NOWHERE",
    "NowhereError",
    "OutsideError",
    "Standpoint",
    "client_by_key",
    "everywhere",
    "install_walls",
    "meets",
    "session_by_token",
    "settings_for",
    "stand",
    "stand_always",
    "standpoint_of",
    "tell",
]
