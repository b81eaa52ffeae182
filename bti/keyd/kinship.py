"""Whether an employee is somebody in a case: opened, compared and forgotten here.

Only the answer leaves. The monthly control needs it; nobody needs the names or the tokens.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, select
from sqlalchemy.orm import aliased

from bti.crypto.envelope import TENANT_WIDE, Place, key_id_of, open_sealed
from bti.crypto.errors import SealError
from bti.crypto.fold import fold
from bti.crypto.provider import TenantPurpose
from bti.crypto.values import json_from_bytes
from bti.db.models import Account, AccountPerson, ChildIndex, Person, TenantKey
from bti.db.walls import stand, standpoint_of
from bti.domain.control import Kin, Somebody, kin_of

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable, Collection, Iterator

    from sqlalchemy.orm import Session

    from bti.keyd.keystore import KeyStore

Pair = tuple["uuid.UUID", "uuid.UUID"]


def kin_among(
    session: Session,
    keys: KeyStore,
    tenant: uuid.UUID,
    pairs: Collection[Pair],
    is_genuine: Callable[[AccountPerson], bool],
) -> dict[Pair, frozenset[Kin]]:
    """Return, for each (account, case) where there is any, how the two stand to each other.

    A child's guardians are those of every case about the child: another service may have written
    down more of who they are.
    """
    employees = _employees(session, keys, tenant, {account for account, _ in pairs}, is_genuine)
    same = _about_the_same(session, tenant, {case for _, case in pairs})
    children, guardians = _people(session, keys, tenant, set().union(*same.values()))
    one_key = _one_index_key(session, tenant)
    found = {}
    for account, case in pairs:
        theirs = [one for other in same[case] for one in guardians[other]]
        nobody = Somebody(())
        employee = employees.get(account, nobody)
        kin = kin_of(employee, theirs, children.get(case, ()), one_key=one_key)
        if kin:
            found[account, case] = kin
    return found


def own_among(
    session: Session,
    keys: KeyStore,
    tenant: uuid.UUID,
    tokens: Collection[bytes],
    cases: Collection[uuid.UUID],
) -> frozenset[uuid.UUID]:
    """Return the cases in which somebody with these tokens is a guardian, there or in another about the same child.

    Nothing is asked for whoever's national id nobody has registered. A name alone keeps nobody out: a namesake is
    needed where they work.
    """
    if not tokens or not cases:
        return frozenset()
    mine = frozenset(tokens)
    before = standpoint_of(session)
    # What is compared here lies in cases that are not open to anybody yet.
    stand(session, replace(before, account=None))
    try:
        same = _about_the_same(session, tenant, set(cases))
        _, guardians = _people(session, keys, tenant, set().union(*same.values()))
    finally:
        stand(session, before)
    own = {case for case, people in guardians.items() for one in people if one.tokens & mine}
    return frozenset(case for case in cases if same[case] & own)


def _one_index_key(session: Session, tenant: uuid.UUID) -> bool:
    """Tell whether all tokens that are there were made under one key: none has been destroyed.

    A guardian's token outlives its key, sealed in the case, where nobody can find it (ADR 0036).
    """
    ended = select(TenantKey.id).where(
        TenantKey.tenant_id == tenant,
        TenantKey.purpose == TenantPurpose.INDEX.value,
        TenantKey.destroyed_at.is_not(None),
    )
    return session.scalars(ended.limit(1)).first() is None


def _employees(
    session: Session,
    keys: KeyStore,
    tenant: uuid.UUID,
    accounts: Collection[uuid.UUID],
    is_genuine: Callable[[AccountPerson], bool],
) -> dict[uuid.UUID, Somebody]:
    """Return who each account is: every national id that was registered through the program.

    One that was planted in SQL says nothing, and does not stop the control of everybody else; the comparison
    with the log names it.
    """
    registered = session.scalars(
        select(AccountPerson).where(
            AccountPerson.tenant_id == tenant, AccountPerson.account_id.in_(accounts)
        )
    )
    tokens: dict[uuid.UUID, set[bytes]] = defaultdict(set)
    for one in registered:
        if is_genuine(one):
            tokens[one.account_id].add(one.token)
    rows = session.scalars(
        select(Account).where(Account.tenant_id == tenant, Account.id.in_(accounts))
    )
    return {row.id: Somebody(_name(session, keys, row), frozenset(tokens[row.id])) for row in rows}


def _name(session: Session, keys: KeyStore, account: Account) -> tuple[str, ...]:
    """Return what an employee is called, folded; opened here, so that nobody is given the key for it."""
    blob = account.profile_ct.blob
    key = keys.tenant_key_by_id(
        session, account.tenant_id, TenantPurpose.DIRECTORY, key_id_of(blob)
    )
    table, row_id = account.__tablename__, account.id
    place = Place(account.tenant_id, TENANT_WIDE, table, "profile_ct", row_id, account.version)
    profile: Any = json_from_bytes(open_sealed(key, place, blob))
    return fold(str(profile["name"]))


def _about_the_same(
    session: Session, tenant: uuid.UUID, cases: Collection[uuid.UUID]
) -> dict[uuid.UUID, set[uuid.UUID]]:
    """Return for each case itself and every other one about the same child, by national id."""
    mine, other = aliased(ChildIndex), aliased(ChildIndex)
    rows = session.execute(
        select(mine.case_id, other.case_id)
        .join(
            other,
            and_(
                other.tenant_id == mine.tenant_id,
                other.kind == mine.kind,
                other.token == mine.token,
            ),
        )
        .where(mine.tenant_id == tenant, mine.case_id.in_(cases))
    )
    found = {one: {one} for one in cases}
    for one, another in rows:
        found[one].add(another)
    return found


def _people(
    session: Session, keys: KeyStore, tenant: uuid.UUID, cases: Collection[uuid.UUID]
) -> tuple[dict[uuid.UUID, tuple[str, ...]], dict[uuid.UUID, list[Somebody]]]:
    """Return each case's child, as a folded name, and its guardians."""
    children: dict[uuid.UUID, tuple[str, ...]] = {}
    guardians: dict[uuid.UUID, list[Somebody]] = defaultdict(list)
    for case_id, body in bodies(session, keys, tenant, cases):
        # What the pages' process has written need not have a form: nobody is compared with it, and
        # the control of everybody else goes on.
        with suppress(KeyError, TypeError, ValueError):
            if body["kind"] == "child":
                children[case_id] = fold(body["name"])
            else:
                token = body.get("token", "")
                known = frozenset({bytes.fromhex(token)} if token else ())
                guardians[case_id].append(Somebody(fold(body["name"]), known))
    return children, guardians


def bodies(
    session: Session, keys: KeyStore, tenant: uuid.UUID, cases: Collection[uuid.UUID]
) -> Iterator[tuple[uuid.UUID, dict[str, Any]]]:
    """Open what is sealed of each person in these cases, with the case it is in.

    What does not open, or is no person, is passed over: pages write these rows, and one of them must not keep
    the others from being compared or found.
    """
    opened = {
        row.key_id: keys.unwrap(session, row) for row in keys.core_keys(session, tenant, cases)
    }
    for row in session.scalars(
        select(Person).where(Person.tenant_id == tenant, Person.case_id.in_(cases))
    ):
        blob = row.body_ct.blob
        place = Place(tenant, row.case_id, "persons", "body_ct", row.id, row.version)
        try:
            key = opened.get(key_id_of(blob))
            if key is None:
                continue  # the case has been erased since it was looked at
            body: Any = json_from_bytes(open_sealed(key, place, blob))
        except (SealError, ValueError):
            continue
        if isinstance(body, dict):
            yield row.case_id, body
