"""Makes blind tokens anew under the active index key: those of national ids, and the marks of bait cases.

A token cannot be opened. The numbers lie sealed in the cases, so this runs where those keys are: a number is opened,
its token is made, and it is forgotten. All rows of one child move together, so that counts never take it for two.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from bti.crypto.blind_index import national_id_token
from bti.crypto.provider import TenantPurpose
from bti.db.guards import FORGED
from bti.db.hold import hold_tokens
from bti.db.models import AccountPerson, BaitMark, Case, ChildIndex
from bti.domain.errors import AccessDenied
from bti.keyd.baits import mark_of
from bti.keyd.kinship import bodies
from bti.keyd.reseal import Position, Resealed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sqlalchemy.orm import Session

    from bti.crypto.envelope import DataKey
    from bti.keyd.keystore import KeyStore

_MARKS: Final = Position(BaitMark.__tablename__)


def retoken_batch(
    session: Session,
    keys: KeyStore,
    tenant: uuid.UUID,
    most: int,
    at: Position | None = None,
) -> Resealed:
    """Make the tokens of at most ``most`` rows anew, going on from ``at``; more where a child has more.

    Raises ``AccessDenied`` for a token that is not the number's under any generation that opens, and ``SealError``
    for a number that does not open.
    """
    # Before anything is read: whoever looks for a child meanwhile waits, and then knows both keys.
    hold_tokens(session, tenant, alone=True)
    active, *older = keys.opening_keys(session, tenant, TenantPurpose.INDEX, again=True)
    if at == _MARKS:
        return Resealed(_mark_anew(session, tenant, active, older), None)
    rows = _rows(session, tenant, most, None if at is None else at.row)
    moves: dict[tuple[str, bytes], bytes] = {}
    for row, digits in _with_numbers(session, keys, tenant, rows):
        token = national_id_token(active, row.kind, digits)
        if row.token == token:
            continue
        if all(row.token != national_id_token(key, row.kind, digits) for key in older):
            raise AccessDenied(FORGED, case_id=row.case_id)
        moves[row.kind, row.token] = token
    count = _move(session, tenant, moves)
    last = Position(ChildIndex.__tablename__, rows[-1].id) if len(rows) == most else _MARKS
    return Resealed(count, last)


def tokens_under(session: Session, keys: KeyStore, tenant: uuid.UUID, key: DataKey) -> int:
    """Return how many tokens and marks stand under this generation of the index key and no other."""
    count = 0
    after: uuid.UUID | None = None
    while rows := _rows(session, tenant, _AT_ONCE, after):
        after = rows[-1].id
        count += sum(
            row.token == national_id_token(key, row.kind, digits)
            for row, digits in _with_numbers(session, keys, tenant, rows)
        )
    active = keys.tenant_key(session, tenant, TenantPurpose.INDEX)
    held = _marks(session, tenant)
    return count + sum(
        mark_of(key, case_id) in held and mark_of(active, case_id) not in held
        for case_id in _cases(session, tenant)
    )


def end_tokens(session: Session, keys: KeyStore, tenant: uuid.UUID, key: DataKey) -> None:
    """Delete what was made under a generation that ends and cannot be made anew, or has been.

    These are marks of bait cases, each of which has a newer one, and who the people behind accounts are. Their
    digits are kept nowhere, so they are all under the oldest generation that opens, and end with it.
    """
    held = _marks(session, tenant)
    for case_id in _cases(session, tenant):
        mark = held.get(mark_of(key, case_id))
        if mark is not None:
            session.delete(mark)
    oldest = keys.opening_keys(session, tenant, TenantPurpose.INDEX, again=True)[-1]
    if oldest.key_id == key.key_id:
        for row in session.scalars(select(AccountPerson).where(AccountPerson.tenant_id == tenant)):
            session.delete(row)
    session.flush()


_AT_ONCE: Final = 500


def _rows(
    session: Session, tenant: uuid.UUID, most: int, after: uuid.UUID | None
) -> Sequence[ChildIndex]:
    query = select(ChildIndex).where(ChildIndex.tenant_id == tenant)
    if after is not None:
        query = query.where(ChildIndex.id > after)
    return session.scalars(query.order_by(ChildIndex.id).limit(most)).all()


def _with_numbers(
    session: Session, keys: KeyStore, tenant: uuid.UUID, rows: Sequence[ChildIndex]
) -> Iterator[tuple[ChildIndex, str]]:
    cases = {row.case_id for row in rows}
    numbers = {
        case_id: str(body["national_id"])
        for case_id, body in bodies(session, keys, tenant, cases)
        if body["kind"] == "child" and body["national_id"]
    }
    for row in rows:
        if row.case_id not in numbers:
            raise AccessDenied(FORGED, case_id=row.case_id)
        yield row, numbers[row.case_id]


def _move(session: Session, tenant: uuid.UUID, moves: dict[tuple[str, bytes], bytes]) -> int:
    count = 0
    for (kind, before), token in moves.items():
        held = session.scalars(
            select(ChildIndex)
            .where(
                ChildIndex.tenant_id == tenant, ChildIndex.kind == kind, ChildIndex.token == before
            )
            .with_for_update()
            .execution_options(populate_existing=True)
        ).all()
        for row in held:
            row.token = token
        count += len(held)
    session.flush()
    return count


def _mark_anew(
    session: Session, tenant: uuid.UUID, active: DataKey, older: Collection[DataKey]
) -> int:
    """Put a mark of the active generation beside each older one, which stays until its generation ends.

    Who opens a case holds no tokens: a transaction that knows only the older key must find the older mark.
    """
    held = _marks(session, tenant)
    if not held:
        return 0
    missing = [
        case_id
        for case_id in _cases(session, tenant)
        if any(mark_of(key, case_id) in held for key in older)
        and mark_of(active, case_id) not in held
    ]
    session.add_all(
        BaitMark(tenant_id=tenant, token=mark_of(active, case_id)) for case_id in missing
    )
    session.flush()
    return len(missing)


def _marks(session: Session, tenant: uuid.UUID) -> dict[bytes, BaitMark]:
    rows = session.scalars(select(BaitMark).where(BaitMark.tenant_id == tenant))
    return {row.token: row for row in rows}


def _cases(session: Session, tenant: uuid.UUID) -> Sequence[uuid.UUID]:
    return session.scalars(select(Case.id).where(Case.tenant_id == tenant)).all()
