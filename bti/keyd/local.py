"""The key broker in the same process: the embedded default for one machine and SQLite.

Weaker than a process of its own (whoever controls this process controls the root key), but the
same decisions, entries and formats.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from bti.audit.record import Reference
from bti.crypto.envelope import Place, key_id_of, open_sealed
from bti.crypto.errors import Locked, SealError
from bti.crypto.values import json_from_bytes
from bti.db.guards import note_opened
from bti.db.models import OwnRecord
from bti.db.models.oversight import REVIEW_COMPARTMENT
from bti.db.models.own_record import OWN_COMPARTMENT
from bti.db.vault import Vault
from bti.domain.access import Action, Refused, compartments_open_to, decide
from bti.domain.compartments import CORE, service_compartments
from bti.domain.errors import AccessDenied, BaitTaken
from bti.domain.relations import ObjectFacts, ObjectKind, Purpose, acting_for
from bti.keyd import on_behalf
from bti.keyd.authority import Authority
from bti.keyd.broker import OnBehalf, Opened, Ties
from bti.keyd.ground import ground_of
from bti.keyd.keystore import KeyStore
from bti.keyd.kinship import kin_among, own_among
from bti.keyd.quota import Meter
from bti.keyd.row_macs import RowMacs
from bti.keyd.tenant_verbs import TenantVerbs

if TYPE_CHECKING:
    import uuid
    from collections.abc import Collection, Iterable, Sequence

    from sqlalchemy.orm import Session

    from bti.audit.actions import Action as AuditAction
    from bti.audit.record import Recorder
    from bti.clock import Clock
    from bti.crypto.envelope import DataKey
    from bti.crypto.provider import KeyProvider
    from bti.db.guards import Writing
    from bti.db.models.oversight import ReviewedRow
    from bti.domain.control import Kin
    from bti.domain.relations import Subject
    from bti.keyd.broker import Credential, Rules
    from bti.keyd.keystore import StoredDataKey
    from bti.keyd.kinship import Pair

#: What a list of own records tells: which form it is, when it was saved, and what is waited for.
_TOLD: Final = ("own_records", "meta_ct")
#: What a row says that somebody must review.
_BODY: Final = "body_ct"


class LocalBroker:
    """Holds the key provider; opens verbs for one transaction at a time."""

    def __init__(self, provider: KeyProvider, clock: Clock, rules: Rules) -> None:
        """Use ``provider`` for the root key and ``clock`` for every decision."""
        self._keys = KeyStore(provider, clock=clock)
        self._clock = clock
        self._rules = rules

    @property
    def key_store(self) -> KeyStore:
        """The wrapped keys, for what else of the broker works in its own transaction."""
        return self._keys

    def attach(self, session: Session, recorder: Recorder, credential: Credential) -> LocalVerbs:
        """Return verbs bound to ``session``; its vault starts empty."""
        meter = Meter(session, self._clock, self._rules.limits)
        return self.verbs(session, recorder, credential, meter, Vault())

    def owner_of(self, session: Session, credential: bytes | OnBehalf) -> uuid.UUID:
        """Return whose session or yes this is; no key is released. Raises ``AccessDenied``."""
        macs = RowMacs(session, self._keys)
        idle = self._rules.idle_minutes
        authority = Authority(session, self._clock, idle, macs.genuine, _no_key)
        if isinstance(credential, OnBehalf):
            found = on_behalf.subject_of(session, authority, credential, self._clock.now())
            return found.account_id
        return authority.subject(credential).account_id

    def verbs(
        self,
        session: Session,
        recorder: Recorder,
        credential: Credential,
        meter: Meter,
        vault: Vault,
    ) -> LocalVerbs:
        """Return verbs that count with ``meter`` and release into ``vault``."""
        ties = Ties(session, recorder, meter, vault)
        return LocalVerbs(ties, credential, self._keys, self._clock, self._rules)


def _no_key(_tenant: uuid.UUID, _key_id: bytes) -> DataKey:
    """Give none: whose session it is rests on no sealed column."""
    raise Locked("ops")


class LocalVerbs(TenantVerbs):
    """The broker's verbs on the workflow's own session."""

    # -- cases -------------------------------------------------------------------------------

    def open(
        self,
        case_id: uuid.UUID,
        action: Action,
        *,
        entry: AuditAction | None,
        purpose: Purpose | None = None,
    ) -> Opened:
        """Decide, write the entry and release. Raises ``AccessDenied``."""
        subject = acting_for(self._live(), purpose)
        facts, keys = self._around(subject, case_id)
        decision = decide(subject, action, facts, self._clock.now())
        if isinstance(decision, Refused):
            raise AccessDenied(decision.rule, case_id=case_id)
        if self._own(subject, [case_id]):
            raise AccessDenied("access.partial", case_id=case_id)
        self._meter.opening(subject.tenant_id, subject.account_id, case_id)
        readable = compartments_open_to(subject, facts, self._clock.now())
        released = self._release(keys, readable)
        note_opened(self._session, case_id)
        ground = ground_of(decision.ground, subject, facts, self._clock.now())
        if entry is not None:
            self._recorder.record(
                entry,
                tenant=subject.tenant_id,
                by=self.by(),
                about=[Reference("case", case_id)],
                ground=ground,
                purpose=subject.purpose or Purpose.FOLLOW_UP,
            )
        return Opened(case_id, ground, facts, released)

    def may_see(self, case_id: uuid.UUID, action: Action) -> bool:
        """Tell whether ``open`` would be allowed, without releasing or logging anything."""
        subject = self._live()
        facts, _ = self._around(subject, case_id)
        refused = isinstance(decide(subject, action, facts, self._clock.now()), Refused)
        return not refused and not self._own(subject, [case_id])

    def new_case(self, case_id: uuid.UUID, compartments: Collection[str]) -> None:
        """Make and release keys for a case that is being created in this transaction."""
        subject = self._live()
        self.require(Action.LOG_CONCERN)
        if not set(compartments) <= service_compartments(subject.unit_id) | {CORE}:
            raise AccessDenied("access.not_own_unit", case_id=case_id)
        if self._keys.compartments(self._session, subject.tenant_id, case_id):
            raise AccessDenied("access.not_a_new_case", case_id=case_id)
        self._make(subject.tenant_id, case_id, compartments)

    def new_compartments(self, opened: Opened, compartments: Collection[str]) -> None:
        """Make and release keys for compartments of the person's own unit that have none yet."""
        subject = self._live()
        own = f"svc:{subject.unit_id.hex}:"
        known = {
            row.compartment
            for row in self._keys.compartments(self._session, subject.tenant_id, opened.case_id)
        }
        missing = [name for name in compartments if name not in known]
        if any(not name.startswith(own) for name in missing):
            raise AccessDenied("access.not_own_unit", case_id=opened.case_id)
        if missing:
            facts = self.facts(opened.case_id)
            if not set(missing) <= compartments_open_to(subject, facts, self._clock.now()):
                raise AccessDenied("access.no_relation", case_id=opened.case_id)
        self._make(subject.tenant_id, opened.case_id, missing)

    def open_core(self, case_ids: Collection[uuid.UUID]) -> frozenset[uuid.UUID]:
        """Release the core keys of own cases for a list or a search; returns those allowed."""
        subject = self._live()
        if not case_ids:
            return frozenset()
        now = self._clock.now()
        allowed = frozenset(
            case_id
            for case_id, facts in self.authority.facts_of(subject, case_ids).items()
            if CORE in compartments_open_to(subject, facts, now)
        )
        allowed -= self._own(subject, allowed)
        # A bait that is one's own may lie in the way of a search: it is shown, or nothing happens.
        self._refuse_baits(subject, frozenset(case_ids) - allowed)
        self._meter.listing(subject.tenant_id, subject.account_id, allowed)
        for row in self._keys.core_keys(self._session, subject.tenant_id, allowed):
            key = self._keys.unwrap(self._session, row)
            self._vault.put_case(row.case_id, CORE, key, active=row.state == "active")
        note_opened(self._session, None)
        return allowed

    # -- own records -------------------------------------------------------------------------

    def new_own_record(self, record_id: uuid.UUID) -> None:
        """Make and release the key of a new draft or duty record."""
        self._make(self.subject().tenant_id, record_id, [OWN_COMPARTMENT])

    def open_own_record(self, record_id: uuid.UUID) -> None:
        """Release the key of the author's own record. Raises ``AccessDenied`` for others."""
        subject = self.subject()
        record = self._session.scalars(
            select(OwnRecord).where(
                OwnRecord.id == record_id, OwnRecord.tenant_id == subject.tenant_id
            )
        ).one_or_none()
        if record is not None:
            self.authority.genuine([record])
        # A record that is not there is nobody's, and refused by the same rule.
        self._require_author(subject, None if record is None else record.account_id)
        self._release_case(subject.tenant_id, record_id, frozenset({OWN_COMPARTMENT}))
        note_opened(self._session, None)

    def list_own_records(self, record_ids: Collection[uuid.UUID]) -> None:
        """Release what tells the author which of their own records these are, not what they say.

        One that has gone is left out. Raises ``AccessDenied`` when one of them is another's.
        """
        subject = self.subject()
        rows = self._session.scalars(
            select(OwnRecord).where(
                OwnRecord.id.in_(record_ids), OwnRecord.tenant_id == subject.tenant_id
            )
        )
        found = self.authority.genuine(rows)
        for row in found:
            self._require_author(subject, row.account_id)
        mine = [row.id for row in found]
        for key in self._keys.core_keys(
            self._session, subject.tenant_id, mine, compartment=OWN_COMPARTMENT
        ):
            self._vault.put_some(self._keys.unwrap(self._session, key), [_TOLD])

    def forget_own_record(self, record_id: uuid.UUID) -> None:
        """Destroy the key of the author's own draft."""
        self.open_own_record(record_id)
        for row in self._keys.compartments(self._session, self.subject().tenant_id, record_id):
            self._session.delete(row)

    # -- reviews -----------------------------------------------------------------------------

    def new_review(
        self,
        row_id: uuid.UUID,
        tenant: uuid.UUID | None = None,
        *,
        about: uuid.UUID | None = None,
    ) -> None:
        """Make and release the key of something that somebody else must review."""
        del about  # whether there is a reason for it is looked at where others ask
        if tenant is not None:
            self._require_system()
        self._make(tenant or self._live().tenant_id, row_id, [REVIEW_COMPARTMENT])

    def open_review(self, row: ReviewedRow, action: Action) -> None:
        """Release the key of one such row to its reviewer. Raises ``AccessDenied``."""
        subject = acting_for(self._live(), Purpose.OVERSIGHT)
        self.authority.genuine([row])
        facts = ObjectFacts(
            kind=ObjectKind.REVIEW,
            tenant_id=row.tenant_id,
            about_account=row.account_id,
            about_unit=row.unit_id,
        )
        decision = decide(subject, action, facts, self._clock.now())
        if isinstance(decision, Refused):
            raise AccessDenied(decision.rule)
        self._release_case(subject.tenant_id, row.id, frozenset({REVIEW_COMPARTMENT}))
        note_opened(self._session, None)

    # -- baits -------------------------------------------------------------------------------

    def watch(self, case_ids: Collection[uuid.UUID]) -> None:
        """Raise ``BaitTaken`` when one of the cases a person has been shown is a bait."""
        if case_ids:
            self._refuse_baits(self.subject(), case_ids)

    def mark_baits(self, tenant: uuid.UUID, case_ids: Collection[uuid.UUID]) -> None:
        """Make these cases baits (system only)."""
        self._require_system()
        self._baits.mark(tenant, case_ids)

    def baits_among(
        self, tenant: uuid.UUID, case_ids: Collection[uuid.UUID]
    ) -> frozenset[uuid.UUID]:
        """Return those of the cases that are baits, so that nobody counts them (system only)."""
        self._require_system()
        return self._baits.among(tenant, case_ids)

    def kin(self, tenant: uuid.UUID, pairs: Collection[Pair]) -> dict[Pair, frozenset[Kin]]:
        """Return for (account, case) how their names stand to each other (system only)."""
        self._require_system()
        return kin_among(self._session, self._keys, tenant, pairs, self.authority.is_genuine)

    # -- for the broker's own process --------------------------------------------------------

    def facts(self, case_id: uuid.UUID) -> ObjectFacts:
        """Return how the session stands to a case. Raises ``AccessDenied``."""
        subject = self._live()
        found = self._facts(subject, case_id)
        own = {subject.account_id} if self._own(subject, [case_id]) else set()
        return replace(found, kept_out=found.kept_out | own)

    def release(self, case_id: uuid.UUID, compartments: frozenset[str]) -> frozenset[str]:
        """Release compartments of the person's own unit in a case, also ones just made.

        An opening like any other: it counts, a bait is caught, and an entry must name the case.
        """
        subject = self._live()
        self._refuse_baits(subject, [case_id])
        open_now = compartments_open_to(subject, self.facts(case_id), self._clock.now())
        if not compartments <= open_now:
            raise AccessDenied("access.no_relation", case_id=case_id)
        if not compartments <= service_compartments(subject.unit_id):
            raise AccessDenied("access.not_own_unit", case_id=case_id)
        self._meter.opening(subject.tenant_id, subject.account_id, case_id)
        note_opened(self._session, case_id)
        return self._release_case(subject.tenant_id, case_id, compartments)

    def reviewed(self, row: Writing) -> Any:  # noqa: ANN401 - JSON
        """Return what a row says that is yet to be written and reviewed. Raises ``SealError``."""
        blob = row.columns[_BODY]
        place = Place(row.tenant, row.row_id, row.table, _BODY, row.row_id, row.version)
        for stored in self._keys.wrapped(self._session, row.tenant, row.row_id):
            if blob is not None and stored.key_id == key_id_of(blob):
                return json_from_bytes(
                    open_sealed(self._keys.unwrap(self._session, stored), place, blob)
                )
        raise SealError

    def bait_tokens(self, tenant: uuid.UUID, case_ids: Collection[uuid.UUID]) -> list[bytes]:
        """Return the marks that would make these cases baits (system only)."""
        self._require_system()
        return [self._baits.token(tenant, one) for one in case_ids]

    # -- within ------------------------------------------------------------------------------

    def _refuse_baits(self, subject: Subject, case_ids: Collection[uuid.UUID]) -> None:
        for bait in self._baits.among(subject.tenant_id, case_ids):
            raise BaitTaken(bait)

    def _own(self, subject: Subject, cases: Collection[uuid.UUID]) -> frozenset[uuid.UUID]:
        """Return those of the cases in which the person is a guardian: asked where all else would let them in."""
        tokens = self.authority.registered
        return own_among(self._session, self._keys, subject.tenant_id, tokens, cases)

    def _around(
        self, subject: Subject, case_id: uuid.UUID
    ) -> tuple[ObjectFacts, Sequence[StoredDataKey]]:
        """Return how somebody stands to a case that is no bait, and its keys, still wrapped."""
        found = self.authority.around(subject, case_id)
        if self._baits.is_one(subject.tenant_id, case_id, found.baits):
            raise BaitTaken(case_id)
        if found.rows is None:
            raise AccessDenied("access.other_tenant", case_id=case_id)
        return self.authority.facts_in(found.rows), found.keys

    def _require_author(self, subject: Subject, author: uuid.UUID | None) -> None:
        own = ObjectFacts(kind=ObjectKind.OWN_RECORD, tenant_id=subject.tenant_id, author_id=author)
        decision = decide(subject, Action.OWN_RECORD, own, self._clock.now())
        if isinstance(decision, Refused):
            # No case and no record is named in the refusal: it must not tell of a report.
            raise AccessDenied(decision.rule)

    def _facts(self, subject: Subject, case_id: uuid.UUID) -> ObjectFacts:
        # As for a hidden case: the same refusal, question and entry. Existence is not told.
        facts = self.authority.facts_of(subject, [case_id]).get(case_id)
        if facts is None:
            raise AccessDenied("access.other_tenant", case_id=case_id)
        return facts

    def _make(self, tenant: uuid.UUID, case_id: uuid.UUID, compartments: Collection[str]) -> None:
        made = self._keys.create_case_keys(self._session, tenant, case_id, compartments)
        for compartment, key in made.items():
            self._vault.put_case(case_id, compartment, key)

    def _release_case(
        self, tenant: uuid.UUID, case_id: uuid.UUID, readable: frozenset[str]
    ) -> frozenset[str]:
        return self._release(self._keys.wrapped(self._session, tenant, case_id), readable)

    def _release(self, keys: Iterable[StoredDataKey], readable: frozenset[str]) -> frozenset[str]:
        released = set()
        for row in keys:
            if row.compartment in readable:
                key = self._keys.unwrap(self._session, row)
                active = row.state == "active"
                self._vault.put_case(row.case_id, row.compartment, key, active=active)
                released.add(row.compartment)
        return frozenset(released)
