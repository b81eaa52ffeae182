"""Facts for the access table, read from rows that grant authority; each row's MAC is checked.

A row edited or planted in SQL has no valid MAC: it opens nothing, and the attempt is logged.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy import and_, bindparam, literal, select, true, union_all

from bti.crypto.envelope import TENANT_WIDE, Place, key_id_of, open_sealed
from bti.crypto.errors import SealError
from bti.crypto.values import json_from_bytes
from bti.db.guards import FORGED, mac_columns
from bti.db.models import Account, Case, RoleGrant, TenantKey, WebSession
from bti.db.models.account import stands
from bti.db.walls import meets
from bti.domain.archive import is_archived
from bti.domain.codes import InfoType, Role
from bti.domain.consent import CellBasis, CellFacts
from bti.domain.consent_record import stops
from bti.domain.errors import AccessDenied
from bti.domain.events import CellRef
from bti.domain.join import CONTINUED, Continuation
from bti.domain.levels import CaseStatus
from bti.domain.partiality import kept_out_in
from bti.domain.policy import PURPOSES
from bti.domain.protection import Protection
from bti.domain.relations import (
    EmergencyFacts,
    ObjectFacts,
    ObjectKind,
    PlaceFacts,
    Relation,
    Subject,
)
from bti.identity.tokens import digest_of_proof
from bti.keyd.facts_rows import around, rows_about
from bti.keyd.keystore import StoredKey
from bti.keyd.plain_rows import Side, ask

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from sqlalchemy.orm import Session

    from bti.clock import Clock
    from bti.crypto.envelope import DataKey
    from bti.db.base import AuthorityRow
    from bti.keyd.broker import IsGenuine
    from bti.keyd.facts_rows import Around, CaseRows
    from bti.keyd.plain_rows import PlainRow

    OpsKeyOf = Callable[[uuid.UUID, bytes], DataKey]
    OpsOf = Callable[[PlainRow, str], dict[str, Any]]
    Said = dict[uuid.UUID, list[dict[str, Any] | None]]
    KeepKeys = Callable[[uuid.UUID, Sequence[StoredKey]], None]

Row = TypeVar("Row", bound="AuthorityRow")

#: How long after its end a session may still keep what its owner had typed.
RAN_OUT_GRACE = timedelta(hours=12)


_SESSION: Final = Side(WebSession)
_GRANT: Final = Side(RoleGrant, _SESSION)
_ACCOUNT: Final = Side(Account, _GRANT)
_session = WebSession.__table__.c
_grant = RoleGrant.__table__.c
_account = Account.__table__.c
_key = TenantKey.__table__.c
# One row of the session with its role and account, and one for each key of its municipality.
_kind = (
    union_all(*(select(literal(one).label("kind")) for one in range(2))).subquery("kinds").c.kind
)
_WHOSE: Final = (
    select(
        *(*_SESSION.columns, *_GRANT.columns, *_ACCOUNT.columns),
        *(_key[name] for name in StoredKey._fields),
    )
    .select_from(
        WebSession.__table__.join(_kind.table, true())
        .outerjoin(RoleGrant.__table__, and_(_kind == 0, _session.role_grant_id == _grant.id))
        .outerjoin(Account.__table__, and_(_kind == 0, _session.account_id == _account.id))
        .outerjoin(TenantKey.__table__, and_(_kind == 1, _key.tenant_id == _session.tenant_id))
    )
    .where(_session.token_hash == bindparam("token"))
)


def _keep_none(_tenant: uuid.UUID, _keys: Sequence[StoredKey]) -> None:
    """Leave the keys to be asked for when they are needed."""


class Authority:
    """Reads who somebody is and how they stand to a case."""

    def __init__(
        self,
        session: Session,
        clock: Clock,
        idle_minutes: int,
        is_genuine: IsGenuine,
        ops_key: OpsKeyOf,
        keep: KeepKeys = _keep_none,
    ) -> None:
        """Read from ``session``; ``is_genuine`` looks at the MAC of a row.

        ``ops_key`` gives the key that the state of a case is sealed under; ``keep`` is given the
        municipality's wrapped keys, which are found beside a session.
        """
        self._session = session
        self._clock = clock
        self._idle = timedelta(minutes=idle_minutes)
        self._is_genuine = is_genuine
        self._ops_key = ops_key
        self._keep = keep
        #: When the session that was asked about ends in any case; None before one was.
        self.ends_at: datetime | None = None
        #: The tokens of who the person is, as found beside the cases that were last asked about.
        self.registered: frozenset[bytes] = frozenset()
        #: Who gave the role it was entered in; None also before one was asked about.
        self.given_by: uuid.UUID | None = None

    def subject(self, proof: bytes, *, ran_out: bool = False) -> Subject:
        """Return whose session this is. Raises ``AccessDenied`` for a dead or forged one.

        ``ran_out`` accepts one that reached its limits by itself less than half a day ago, so
        that what was typed can be kept; never one that was ended.
        """
        row, grant, account = self._whose(digest_of_proof(proof))
        self._require_genuine(row)
        now = self._clock.now()
        grace = RAN_OUT_GRACE if ran_out else timedelta(0)
        if row["revoked_at"] is not None or now >= row["expires_at"] + grace:
            raise AccessDenied("access.no_session")
        if now - row["last_seen_at"] > self._idle and not ran_out:
            raise AccessDenied("access.no_session")
        self._require_genuine(grant)
        self._require_genuine(account)
        ended = grant["valid_to"] is not None and grant["valid_to"] <= now
        there = stands(active=account["active"], suspended_at=account["suspended_at"])
        if ended or grant["valid_from"] > now or not there:
            raise AccessDenied("access.no_role")
        self.ends_at = row["expires_at"]
        role = Role(grant["role"])
        self.given_by = grant["granted_by_id"]
        return Subject(
            account_id=row["account_id"],
            tenant_id=row["tenant_id"],
            role=role,
            unit_id=grant["unit_id"],
            strength=row["strength"],
            proven_at=row["proven_at"],
            purpose=next(iter(PURPOSES[role]), None),
        )

    def _whose(self, token: bytes) -> tuple[PlainRow, PlainRow, PlainRow]:
        """Return a session, its role and its account. Raises ``AccessDenied`` for none."""
        answer = ask(self._session, _WHOSE, {"token": token})
        for found in answer:
            row, grant, account = _SESSION.of(found), _GRANT.of(found), _ACCOUNT.of(found)
            if not (row and grant and account):
                continue
            # Each is genuine in its own municipality; together they are somebody in one alone.
            tenant = row["tenant_id"]
            at_home = grant["tenant_id"] == account["tenant_id"] == tenant
            if at_home and meets(self._session, tenant):
                keys = [one[_ACCOUNT.end :] for one in answer if one[_ACCOUNT.end] is not None]
                self._keep(tenant, [StoredKey._make(one) for one in keys])
                return row, grant, account
        raise AccessDenied("access.no_session")

    def around(self, subject: Subject, case_id: uuid.UUID) -> Around:
        """Return what opening one case rests on, in one question. Nothing of it is checked yet."""
        return around(self._session, subject, case_id)

    def facts_in(self, about: CaseRows) -> ObjectFacts:
        """Return what the rows about a case say. Raises ``AccessDenied`` when one is not genuine."""
        for row in about:
            self._require_genuine(row)
        # One that was planted in SQL says nothing: the comparison with the log names it.
        mine = (one["token"] for one in about.registered if self._plain_is_genuine(one))
        self.registered = frozenset(mine)
        return _facts(about, self._ops_of)

    def facts_of(
        self, subject: Subject, case_ids: Collection[uuid.UUID]
    ) -> dict[uuid.UUID, ObjectFacts]:
        """Return how things stand between ``subject`` and those of the cases that are here, by id.

        One question, whether they are here or not, and every row's MAC is checked. Raises
        ``AccessDenied`` when one of the rows is not genuine.
        """
        found = rows_about(self._session, subject, case_ids)
        return {case_id: self.facts_in(about) for case_id, about in found.items()}

    def _plain_is_genuine(self, row: PlainRow) -> bool:
        return self._is_genuine(
            row["tenant_id"], row.table, row["id"], row["version"], row.under_mac(), row["mac"]
        )

    def _require_genuine(self, row: PlainRow) -> None:
        if not self._plain_is_genuine(row):
            raise AccessDenied(FORGED, case_id=row.case_id)

    def _ops_of(self, row: PlainRow, column: str) -> dict[str, Any]:
        """Return what is sealed in a column under the ops key. Raises ``SealError``."""
        blob = row[column].blob
        place = Place(row["tenant_id"], TENANT_WIDE, row.table, column, row["id"], row["version"])
        opened = open_sealed(self._ops_key(row["tenant_id"], key_id_of(blob)), place, blob)
        found = json_from_bytes(opened)
        if not isinstance(found, dict):
            raise SealError
        return found

    def is_genuine(self, row: AuthorityRow) -> bool:
        """Tell whether a row was written through the program."""
        return self._is_genuine(
            row.tenant_id, row.__tablename__, row.id, row.version, mac_columns(row), row.mac
        )

    def genuine(self, rows: Iterable[Row]) -> list[Row]:
        """Return the rows, or raise when one of them was not written through the program."""
        genuine = list(rows)
        for row in genuine:
            if not self.is_genuine(row):
                case_id = row.id if isinstance(row, Case) else getattr(row, "case_id", None)
                raise AccessDenied(FORGED, case_id=case_id)
        return genuine


def _facts(about: CaseRows, ops_of: OpsOf) -> ObjectFacts:
    case, log, offer = about.case, about.log, about.offer
    ops = ops_of(case, "ops_ct")
    protected, readers = _protection(ops)
    waiting = ops["referral"] in {"waiting", "taken"} and ops.get("team_unit")
    said = _said(about, ops_of)
    return ObjectFacts(
        kind=ObjectKind.CASE,
        tenant_id=case["tenant_id"],
        case_id=case["id"],
        owner_unit=case["unit_id"],
        status=CaseStatus(ops["status"]),
        holder_id=log["holder_id"] if log else None,
        holder_unit=log["holder_unit_id"] if log else None,
        offered_to=offer["to_id"] if offer else None,
        offered_unit=offer["to_unit_id"] if offer else None,
        offer_expires_at=_ends_at(offer, ops_of) if offer else None,
        places=tuple(map(_place, about.places)),
        referred_to=frozenset({uuid.UUID(ops["team_unit"])} if waiting else ()),
        cells=tuple(_cell(row, said) for row in about.cells),
        archived=is_archived(ops),
        set_aside=_set_aside(ops),
        protected=protected,
        named_readers=readers,
        kept_out=_kept_out(ops, case["id"]),
        emergencies=tuple(map(_emergency, about.emergencies)),
    )


def _protection(ops: Mapping[str, Any]) -> tuple[bool | None, frozenset[uuid.UUID]]:
    """Return whether an address is protected, and who is named; None when it cannot be read."""
    stored = ops.get("protection")
    if stored is None:
        return False, frozenset()
    try:
        return True, Protection.from_json(stored).readers
    except (KeyError, TypeError, ValueError):
        return None, frozenset()


def _set_aside(ops: Mapping[str, Any]) -> bool:
    """Return whether the log is continued in another; so, too, where it cannot be read."""
    stored = ops.get(CONTINUED)
    try:
        return stored is not None and Continuation.from_json(stored).lasts
    except (KeyError, TypeError, ValueError, AttributeError):
        return True


def _kept_out(ops: Mapping[str, Any], case_id: uuid.UUID) -> frozenset[uuid.UUID]:
    """Return who is partial. What cannot be read may name anybody: ``AccessDenied``."""
    try:
        return frozenset(one.account_id for one in kept_out_in(ops.get("kept_out", ())))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise AccessDenied(FORGED, case_id=case_id) from None


def _place(row: PlainRow) -> PlaceFacts:
    return PlaceFacts(
        account_id=row["account_id"],
        unit_id=row["unit_id"],
        relation=Relation(row["relation"]),
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        revoked_at=row["revoked_at"],
    )


def _cell(row: PlainRow, said: Said) -> CellFacts:
    """Return the cell; as ended from its beginning where what was said to its question ends it."""
    found = CellFacts(
        consent_id=row["consent_id"],
        from_unit=row["from_unit_id"],
        to_unit=row["to_unit_id"],
        info_type=InfoType(row["info_type"]),
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        withdrawn_at=row["withdrawn_at"],
        basis=CellBasis(row["basis"]),
    )
    if found.withdrawn_at is not None:
        return found
    cell = CellRef(found.from_unit, found.to_unit, found.info_type)
    over = any(_is_over(one, cell) for one in said[found.consent_id])
    return replace(found, withdrawn_at=found.valid_from) if over else found


def _said(about: CaseRows, ops_of: OpsOf) -> Said:
    """Return what was said to each question that a cell rests on which was not taken back; None for what is no answer.

    A cell's own row does not tell it all: its MAC was made before the question was taken back, and whoever kept it, and
    wrote no row until now, has a right one. Whoever writes answers can take none away. What cannot be read may be
    that it was taken back.
    """
    asked = {row["consent_id"] for row in about.cells if row["withdrawn_at"] is None}
    found: Said = {one: [] for one in asked}
    for row in about.said:
        if row["consent_id"] in found:
            found[row["consent_id"]].append(_answer(row, ops_of))
    return found


def _answer(row: PlainRow, ops_of: OpsOf) -> dict[str, Any] | None:
    try:
        return ops_of(row, "meta_ct")
    except SealError:
        return None


def _is_over(said: dict[str, Any] | None, cell: CellRef) -> bool:
    try:
        return said is None or stops(said, cell)
    except (KeyError, TypeError, ValueError, AttributeError):
        return True


def _emergency(row: PlainRow) -> EmergencyFacts:
    return EmergencyFacts(row["account_id"], row["unit_id"], row["opened_at"], row["expires_at"])


def _ends_at(offer: PlainRow, ops_of: OpsOf) -> datetime | None:
    """Return until when an offer can be answered; None, which is never, for one that pages wrote without a form."""
    try:
        found = datetime.fromisoformat(ops_of(offer, "meta_ct")["expires_at"])
    except (SealError, KeyError, TypeError, ValueError):
        return None
    return found if found.tzinfo is not None else None
