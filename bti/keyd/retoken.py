"""Makes blind tokens anew under the active index key: those of national ids, and the marks of bait cases.

A token cannot be opened. The numbers lie sealed in the cases, so this runs where those keys are: a number is opened,
its token is made, and it is forgotten. All rows of one child move together, so that counts never take it for two.
"""

from __future__ import annotations

import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from bti.crypto.blind_index import national_id_token
from bti.crypto.provider import TenantPurpose
from bti.db.hold import hold_tokens
from bti.db.models import AccountPerson, BaitMark, Case, ChildIndex
from bti.keyd.baits import mark_of
from bti.keyd.kinship import bodies
from bti.keyd.reseal import Left, Position, Resealed

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

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

    A token that is not the number's under any generation that opens, or whose number does not open, is gone round: it
    gets no right token from us. Pages write both.
    """
    # Before anything is read: whoever looks for a child meanwhile waits, and then knows both keys.
    hold_tokens(session, tenant, alone=True)
    active, *older = keys.opening_keys(session, tenant, TenantPurpose.INDEX, again=True)
    if at == _MARKS:
        return Resealed(_mark_anew(session, tenant, active, older), None)
    rows = _rows(session, tenant, most, None if at is None else at.row)
    numbers = _numbers(session, keys, tenant, {row.case_id for row in rows})
    moves: dict[tuple[str, bytes], str] = {}
    left = []
    for row in rows:
        known = numbers[row.case_id]
        if _digits_of(row, known, [active]) is not None:
            continue
        digits = _digits_of(row, known, older)
        if digits is None:
            left.append(Left(ChildIndex.__tablename__, row.id))
        else:
            moves[row.kind, row.token] = digits
    count = _move(session, keys, tenant, active, moves)
    last = Position(ChildIndex.__tablename__, rows[-1].id) if len(rows) == most else _MARKS
    return Resealed(count, last, tuple(left))


def tokens_under(session: Session, keys: KeyStore, tenant: uuid.UUID, key: DataKey) -> int:
    """Return how many tokens and marks stand under this generation of the index key and no other."""
    count = 0
    after: uuid.UUID | None = None
    while rows := _rows(session, tenant, _AT_ONCE, after):
        after = rows[-1].id
        numbers = _numbers(session, keys, tenant, {row.case_id for row in rows})
        count += sum(_digits_of(row, numbers[row.case_id], [key]) is not None for row in rows)
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


def _numbers(
    session: Session, keys: KeyStore, tenant: uuid.UUID, cases: Collection[uuid.UUID]
) -> Mapping[uuid.UUID, set[str]]:
    """Return the national ids that are sealed in each case as its child's; none for what does not open.

    A second one that somebody has added does not hide the first.
    """
    found: dict[uuid.UUID, set[str]] = {one: set() for one in cases}
    for case_id, body in bodies(session, keys, tenant, cases):
        digits = body.get("national_id")
        if body.get("kind") == "child" and isinstance(digits, str) and digits:
            found[case_id].add(digits)
    return found


def _digits_of(row: ChildIndex, numbers: Collection[str], keys: Collection[DataKey]) -> str | None:
    """Return the number that a row's token is of under one of the keys, None when it is of none."""
    for digits in numbers:
        with suppress(ValueError):  # no national id
            if any(row.token == national_id_token(key, row.kind, digits) for key in keys):
                return digits
    return None


def _move(
    session: Session,
    keys: KeyStore,
    tenant: uuid.UUID,
    active: DataKey,
    moves: Mapping[tuple[str, bytes], str],
) -> int:
    """Give every row of these children its new token; a row that only says that it is one of them is left."""
    count = 0
    for (kind, before), digits in moves.items():
        held = session.scalars(
            select(ChildIndex)
            .where(
                ChildIndex.tenant_id == tenant, ChildIndex.kind == kind, ChildIndex.token == before
            )
            .with_for_update()
            .execution_options(populate_existing=True)
        ).all()
        numbers = _numbers(session, keys, tenant, {row.case_id for row in held})
        theirs = [row for row in held if digits in numbers[row.case_id]]
        token = national_id_token(active, kind, digits)
        there = set(
            session.scalars(
                select(ChildIndex.case_id).where(
                    ChildIndex.tenant_id == tenant, ChildIndex.token == token
                )
            )
        )
        for row in theirs:
            # One that has the new token already, from whoever looked it up, says the same twice.
            if row.case_id in there:
                session.delete(row)
            else:
                row.token = token
        count += len(theirs)
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
