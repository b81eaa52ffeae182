"""Facts for the access table, read from rows that grant authority; each row's MAC is checked.

A row edited or planted in SQL has no valid MAC: it opens nothing, and the attempt is logged.
"""

from __future__ import annotations

import hmac
import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import select

from bti.crypto.envelope import TENANT_WIDE
from bti.db.guards import FORGED, mac_columns
from bti.db.models import (
    Account,
    BatonOffer,
    Case,
    ConsentCell,
    EmergencyAccess,
    Log,
    Participant,
    RoleGrant,
    WebSession,
)
from bti.domain.codes import InfoType, Role
from bti.domain.consent import CellBasis, CellFacts
from bti.domain.errors import AccessDenied
from bti.domain.levels import CaseStatus
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

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from bti.clock import Clock
    from bti.db.base import AuthorityRow
    from bti.keyd.broker import MacOf

Row = TypeVar("Row", bound="AuthorityRow")

#: How long after its end a session may still keep what its owner had typed.
RAN_OUT_GRACE = timedelta(hours=12)


class Authority:
    """Reads who somebody is and how they stand to a case."""

    def __init__(self, session: Session, clock: Clock, idle_minutes: int, mac: MacOf) -> None:
        """Read from ``session``; ``mac`` makes the MAC a row should have."""
        self._session = session
        self._clock = clock
        self._idle = timedelta(minutes=idle_minutes)
        self._mac = mac
        #: When the session that was asked about ends in any case; None before one was.
        self.ends_at: datetime | None = None

    def subject(self, proof: bytes, *, ran_out: bool = False) -> Subject:
        """Return whose session this is. Raises ``AccessDenied`` for a dead or forged one.

        ``ran_out`` accepts one that reached its limits by itself less than half a day ago, so
        that what was typed can be kept; never one that was ended.
        """
        row = self._session.scalars(
            select(WebSession).where(WebSession.token_hash == digest_of_proof(proof))
        ).one_or_none()
        if row is None:
            raise AccessDenied("access.no_session")
        self.genuine([row])
        now = self._clock.now()
        grace = RAN_OUT_GRACE if ran_out else timedelta(0)
        if row.revoked_at is not None or now >= row.expires_at + grace:
            raise AccessDenied("access.no_session")
        if now - row.last_seen_at > self._idle and not ran_out:
            raise AccessDenied("access.no_session")
        grant = self._session.get_one(RoleGrant, row.role_grant_id)
        self.genuine([grant])
        account = self._session.get_one(Account, row.account_id)
        self.genuine([account])
        ended = grant.valid_to is not None and grant.valid_to <= now
        if ended or grant.valid_from > now or not account.can_sign_in:
            raise AccessDenied("access.no_role")
        self.ends_at = row.expires_at
        return Subject(
            account_id=row.account_id,
            tenant_id=row.tenant_id,
            role=Role(grant.role),
            unit_id=grant.unit_id,
            strength=row.strength,
            proven_at=row.proven_at,
            purpose=next(iter(PURPOSES[Role(grant.role)]), None),
        )

    def facts(self, subject: Subject, case: Case) -> ObjectFacts:
        """Return how things stand between ``subject`` and ``case``. Raises ``AccessDenied``."""
        return self.facts_of(subject, [case])[case.id]

    def facts_of(
        self, subject: Subject, cases: Collection[Case], *, sought: Collection[uuid.UUID] = ()
    ) -> dict[uuid.UUID, ObjectFacts]:
        """Return the same for many cases by id: one question per table, every row's MAC checked.

        ``sought`` are ids that are no case here: asked about too, so that the work tells nothing.
        Raises ``AccessDenied`` when one of the rows is not genuine.
        """
        ids = [*(case.id for case in cases), *sought]
        logs = {row.case_id: row for row in self._rows(subject, Log, Log.case_id.in_(ids))}
        offers = {
            row.case_id: row
            for row in self._rows(
                subject, BatonOffer, BatonOffer.case_id.in_(ids), BatonOffer.open_slot == 1
            )
        }
        places: dict[uuid.UUID, list[PlaceFacts]] = {one: [] for one in ids}
        for place in self._rows(
            subject,
            Participant,
            Participant.case_id.in_(ids),
            Participant.account_id == subject.account_id,
        ):
            places[place.case_id].append(_place(place))
        cells: dict[uuid.UUID, list[CellFacts]] = {one: [] for one in ids}
        for cell in self._rows(subject, ConsentCell, ConsentCell.case_id.in_(ids)):
            cells[cell.case_id].append(_cell(cell))
        # Last: the questions above have flushed what this transaction may have changed itself.
        self.genuine(cases)
        found = {
            case.id: _facts(
                case, logs.get(case.id), offers.get(case.id), places[case.id], cells[case.id]
            )
            for case in cases
        }
        if subject.role is Role.ON_CALL:
            return self._with_emergencies(subject, found, ids)
        return found

    def _with_emergencies(
        self, subject: Subject, found: dict[uuid.UUID, ObjectFacts], ids: Collection[uuid.UUID]
    ) -> dict[uuid.UUID, ObjectFacts]:
        """Return the same with the emergency access the person has taken: asked of no other role."""
        rows = self._rows(
            subject,
            EmergencyAccess,
            EmergencyAccess.case_id.in_(ids),
            EmergencyAccess.account_id == subject.account_id,
        )
        return {
            case_id: replace(
                facts,
                emergencies=tuple(
                    EmergencyFacts(row.account_id, row.unit_id, row.opened_at, row.expires_at)
                    for row in rows
                    if row.case_id == case_id
                ),
            )
            for case_id, facts in found.items()
        }

    def _rows(self, subject: Subject, table: type[Row], *where: ColumnElement[bool]) -> list[Row]:
        own = table.tenant_id == subject.tenant_id
        return self.genuine(self._session.scalars(select(table).where(own, *where)))

    def genuine(self, rows: Iterable[Row]) -> list[Row]:
        """Return the rows, or raise when one of them was not written through the program."""
        genuine = list(rows)
        for row in genuine:
            made = self._mac(
                row.tenant_id, row.__tablename__, row.id, row.version, mac_columns(row)
            )
            if not hmac.compare_digest(made, row.mac):
                raise AccessDenied(FORGED, case_id=_case_of(row))
        return genuine


def _facts(
    case: Case,
    log: Log | None,
    offer: BatonOffer | None,
    places: list[PlaceFacts],
    cells: list[CellFacts],
) -> ObjectFacts:
    ops = case.ops
    protected, readers = _protection(ops)
    waiting = ops["referral"] in {"waiting", "taken"} and ops.get("team_unit")
    return ObjectFacts(
        kind=ObjectKind.CASE,
        tenant_id=case.tenant_id,
        case_id=case.id,
        owner_unit=case.unit_id,
        status=CaseStatus(ops["status"]),
        holder_id=log.holder_id if log else None,
        holder_unit=log.holder_unit_id if log else None,
        offered_to=offer.to_id if offer else None,
        offered_unit=offer.to_unit_id if offer else None,
        offer_expires_at=_instant(offer.meta["expires_at"]) if offer else None,
        places=tuple(places),
        referred_to=frozenset({uuid.UUID(ops["team_unit"])} if waiting else ()),
        cells=tuple(cells),
        protected=protected,
        named_readers=readers,
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


def _place(row: Participant) -> PlaceFacts:
    return PlaceFacts(
        account_id=row.account_id,
        unit_id=row.unit_id,
        relation=Relation(row.relation),
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        revoked_at=row.revoked_at,
    )


def _cell(row: ConsentCell) -> CellFacts:
    return CellFacts(
        consent_id=row.consent_id,
        from_unit=row.from_unit_id,
        to_unit=row.to_unit_id,
        info_type=InfoType(row.info_type),
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        withdrawn_at=row.withdrawn_at,
        basis=CellBasis(row.basis),
    )


def _case_of(row: AuthorityRow) -> uuid.UUID | None:
    case_id = row.id if isinstance(row, Case) else getattr(row, "case_id", None)
    return case_id if isinstance(case_id, uuid.UUID) and case_id != TENANT_WIDE else None


def _instant(value: str) -> datetime:
    return datetime.fromisoformat(value)
