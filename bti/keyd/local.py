"""The key broker in the same process: the embedded default for one machine and SQLite.

Weaker than a process of its own (whoever controls this process controls the root key), but the
same decisions, entries and formats.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.audit.note import VerifierKey, sign_checkpoint
from bti.audit.record import By, Reference, origin_of
from bti.crypto import blind_index
from bti.crypto.errors import SealError
from bti.crypto.provider import TenantPurpose
from bti.crypto.row_mac import row_mac
from bti.crypto.signing import signing_key_from
from bti.db.guards import note_opened
from bti.db.models import Case, OwnRecord
from bti.db.models.oversight import REVIEW_COMPARTMENT
from bti.db.models.own_record import OWN_COMPARTMENT
from bti.db.vault import Vault
from bti.domain.access import Action, Refused, compartments_open_to, decide
from bti.domain.compartments import CORE
from bti.domain.errors import AccessDenied, BaitTaken
from bti.domain.relations import ObjectFacts, ObjectKind, Purpose, acting_for
from bti.keyd.authority import Authority
from bti.keyd.baits import Baits
from bti.keyd.broker import Opened, RanOut
from bti.keyd.generations import KeyLife
from bti.keyd.ground import ground_of
from bti.keyd.keystore import FOUND, KeyStore

if TYPE_CHECKING:
    import uuid
    from collections.abc import Collection, Mapping

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from sqlalchemy.orm import Session

    from bti.audit.actions import Action as AuditAction
    from bti.audit.note import Checkpoint
    from bti.audit.record import Recorder
    from bti.clock import Clock
    from bti.crypto.provider import KeyProvider
    from bti.db.base import AuthorityRow
    from bti.db.models.oversight import ReviewedRow
    from bti.domain.relations import Subject
    from bti.keyd.broker import Credential


class LocalBroker:
    """Holds the key provider; opens verbs for one transaction at a time."""

    def __init__(self, provider: KeyProvider, clock: Clock, idle_minutes: int) -> None:
        """Use ``provider`` for the root key and ``clock`` for every decision."""
        self._keys = KeyStore(provider, clock=clock)
        self._clock = clock
        self._idle_minutes = idle_minutes

    def attach(self, session: Session, recorder: Recorder, credential: Credential) -> LocalVerbs:
        """Return verbs bound to ``session``; its vault starts empty."""
        return LocalVerbs(
            session, recorder, credential, self._keys, self._clock, self._idle_minutes
        )


class LocalVerbs:
    """The broker's verbs on the workflow's own session."""

    def __init__(
        self,
        session: Session,
        recorder: Recorder,
        credential: Credential,
        keys: KeyStore,
        clock: Clock,
        idle_minutes: int,
    ) -> None:
        """Bind to ``session`` and give it an empty vault and the MAC maker."""
        self._session = session
        self._recorder = recorder
        self._credential = credential
        self._keys = keys
        self._clock = clock
        self._vault = Vault()
        self._subject: Subject | None = None
        self._baits = Baits(session, keys)
        self._authority = Authority(session, clock, idle_minutes, self._mac)
        session.info["vault"] = self._vault
        session.info["grant"] = self._mac

    # -- who ---------------------------------------------------------------------------------

    def subject(self) -> Subject:
        """Return who the session belongs to. Raises ``AccessDenied`` for a dead or forged one."""
        if self._subject is None:
            if isinstance(self._credential, RanOut):
                return self._keeper(self._credential)
            if not isinstance(self._credential, bytes):
                raise AccessDenied("access.no_session")
            self._subject = self._authority.subject(self._credential)
            # Names of colleagues and the state of one's own cases are part of every page.
            for purpose in (TenantPurpose.DIRECTORY, TenantPurpose.OPS):
                self._release_tenant(self._subject.tenant_id, purpose)
        return self._subject

    def _keeper(self, credential: RanOut) -> Subject:
        """Return the owner of a session that ran out, with no more than own records need."""
        self._subject = self._authority.subject(credential.token_hash, ran_out=True)
        self._release_tenant(self._subject.tenant_id, TenantPurpose.OPS)
        return self._subject

    def _live(self) -> Subject:
        """Return the subject of a live session: only that may come near a case."""
        if isinstance(self._credential, RanOut):
            raise AccessDenied("access.no_session")
        return self.subject()

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
        self._refuse_baits(subject, [case_id])
        facts = self._facts(subject, case_id)
        decision = decide(subject, action, facts, self._clock.now())
        if isinstance(decision, Refused):
            raise AccessDenied(decision.rule, case_id=case_id)
        readable = compartments_open_to(subject, facts, self._clock.now())
        released = self._release_case(subject.tenant_id, case_id, readable)
        note_opened(self._session, case_id)
        ground = ground_of(decision.ground, subject, facts, self._clock.now())
        if entry is not None:
            self._recorder.record(
                entry,
                tenant=subject.tenant_id,
                by=self._by(subject),
                about=[Reference("case", case_id)],
                ground=ground,
                purpose=subject.purpose or Purpose.FOLLOW_UP,
            )
        return Opened(case_id, ground, facts, released)

    def may_see(self, case_id: uuid.UUID, action: Action) -> bool:
        """Tell whether ``open`` would be allowed, without releasing or logging anything."""
        subject = self._live()
        self._refuse_baits(subject, [case_id])
        facts = self._facts(subject, case_id)
        return not isinstance(decide(subject, action, facts, self._clock.now()), Refused)

    def new_case(self, case_id: uuid.UUID, compartments: Collection[str]) -> None:
        """Make and release keys for a case that is being created in this transaction."""
        subject = self._live()
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
        self._make(subject.tenant_id, opened.case_id, missing)

    def open_core(self, case_ids: Collection[uuid.UUID]) -> frozenset[uuid.UUID]:
        """Release the core keys of own cases for a list or a search; returns those allowed."""
        subject = self._live()
        if not case_ids:
            return frozenset()
        cases = list(
            self._session.scalars(
                select(Case).where(Case.id.in_(case_ids), Case.tenant_id == subject.tenant_id)
            )
        )
        now = self._clock.now()
        allowed = frozenset(
            case_id
            for case_id, facts in self._authority.facts_of(subject, cases).items()
            if CORE in compartments_open_to(subject, facts, now)
        )
        # A bait that is one's own may lie in the way of a search: it is shown, or nothing happens.
        self._refuse_baits(subject, frozenset(case_ids) - allowed)
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
            self._authority.genuine([record])
        # A record that is not there is nobody's, and refused by the same rule.
        own = ObjectFacts(
            kind=ObjectKind.OWN_RECORD,
            tenant_id=subject.tenant_id,
            author_id=None if record is None else record.account_id,
        )
        decision = decide(subject, Action.OWN_RECORD, own, self._clock.now())
        if isinstance(decision, Refused):
            # No case and no record is named in the refusal: it must not tell of a report.
            raise AccessDenied(decision.rule)
        self._release_case(subject.tenant_id, record_id, frozenset({OWN_COMPARTMENT}))
        note_opened(self._session, None)

    def forget_own_record(self, record_id: uuid.UUID) -> None:
        """Destroy the key of the author's own draft."""
        self.open_own_record(record_id)
        for row in self._keys.compartments(self._session, self.subject().tenant_id, record_id):
            self._session.delete(row)

    # -- reviews -----------------------------------------------------------------------------

    def new_review(self, row_id: uuid.UUID, tenant: uuid.UUID | None = None) -> None:
        """Make and release the key of something that somebody else must review."""
        if tenant is not None:
            self._require_system()
        self._make(tenant or self._live().tenant_id, row_id, [REVIEW_COMPARTMENT])

    def open_review(self, row: ReviewedRow, action: Action) -> None:
        """Release the key of one such row to its reviewer. Raises ``AccessDenied``."""
        subject = acting_for(self._live(), Purpose.OVERSIGHT)
        self._authority.genuine([row])
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

    # -- tenants -----------------------------------------------------------------------------

    def create_tenant(self, tenant: uuid.UUID) -> None:
        """Make the keys of a new municipality (system only)."""
        self._require_system()
        self._keys.create_tenant(self._session, tenant)
        self._release_tenant(tenant, TenantPurpose.DIRECTORY)

    def open_directory(self, tenant: uuid.UUID) -> None:
        """Release the directory key for sign-in or for the command line."""
        self._release_tenant(tenant, TenantPurpose.DIRECTORY)

    def check(self, row: AuthorityRow) -> None:
        """Raise ``AccessDenied`` when a row that grants authority was not written by the program."""
        self._authority.genuine([row])

    def open_ops(self, tenant: uuid.UUID) -> None:
        """Release the ops key to a job that counts or reminds (system only)."""
        self._require_system()
        self._release_tenant(tenant, TenantPurpose.OPS)

    def username_token(self, tenant: uuid.UUID, username: str) -> bytes:
        """Return the blind index of a user name (16 bytes)."""
        key = self._keys.tenant_key(self._session, tenant, TenantPurpose.DIRECTORY)
        return blind_index.username_token(key, username)

    def national_id_token(self, tenant: uuid.UUID, kind: str, digits: str) -> bytes:
        """Return the blind index of a national id (16 bytes)."""
        key = self._keys.tenant_key(self._session, tenant, TenantPurpose.INDEX)
        return blind_index.national_id_token(key, kind, digits)

    def key_life(self) -> KeyLife:
        """Return what makes, moves and ends keys of this installation (system only)."""
        self._require_system()
        return KeyLife(self._session, self._keys)

    # -- the log -----------------------------------------------------------------------------

    def sign(self, tenant: uuid.UUID, checkpoint: Checkpoint) -> str:
        """Sign a checkpoint of the municipality's own log. Raises ``AccessDenied`` for another's."""
        if checkpoint.origin.rpartition("/")[0] != origin_of(tenant).rpartition("/")[0]:
            raise AccessDenied("access.other_tenant")
        return sign_checkpoint(checkpoint, self._signer(tenant, checkpoint.origin))

    def verifier_key(self, tenant: uuid.UUID, epoch: int = 1) -> str:
        """Return the public key that checkpoints of an epoch are verified with."""
        origin = origin_of(tenant, epoch)
        return VerifierKey.of(origin, self._signer(tenant, origin)).encode()

    def close(self) -> None:
        """Forget every key that was released."""
        self._vault.close()
        self._session.info.pop("vault", None)
        self._session.info.pop(FOUND, None)
        self._session.info.pop("grant", None)

    # -- within ------------------------------------------------------------------------------

    def _refuse_baits(self, subject: Subject, case_ids: Collection[uuid.UUID]) -> None:
        for bait in self._baits.among(subject.tenant_id, case_ids):
            raise BaitTaken(bait)

    def _facts(self, subject: Subject, case_id: uuid.UUID) -> ObjectFacts:
        case = self._session.get(Case, case_id)
        if case is None or case.tenant_id != subject.tenant_id:
            # As for a hidden case: the same refusal, questions and entry. Existence is not told.
            self._authority.facts_of(subject, [], sought=[case_id])
            raise AccessDenied("access.other_tenant", case_id=case_id)
        return self._authority.facts(subject, case)

    def _by(self, subject: Subject) -> By:
        session = self._credential.hex()[:8] if isinstance(self._credential, bytes) else ""
        return By(str(subject.account_id), session, str(subject.unit_id))

    def _make(self, tenant: uuid.UUID, case_id: uuid.UUID, compartments: Collection[str]) -> None:
        made = self._keys.create_case_keys(self._session, tenant, case_id, compartments)
        for compartment, key in made.items():
            self._vault.put_case(case_id, compartment, key)

    def _release_case(
        self, tenant: uuid.UUID, case_id: uuid.UUID, readable: frozenset[str]
    ) -> frozenset[str]:
        released = set()
        for row in self._keys.compartments(self._session, tenant, case_id):
            if row.compartment in readable:
                key = self._keys.unwrap(self._session, row)
                active = row.state == "active"
                self._vault.put_case(case_id, row.compartment, key, active=active)
                released.add(row.compartment)
        return frozenset(released)

    def _release_tenant(self, tenant: uuid.UUID, purpose: TenantPurpose) -> None:
        self._vault.put_tenant(purpose, self._keys.tenant_key(self._session, tenant, purpose))
        for older in self._keys.older_tenant_keys(self._session, tenant, purpose):
            self._vault.put_tenant(purpose, older, active=False)

    def _require_system(self) -> None:
        if not isinstance(self._credential, str):
            raise AccessDenied("access.role")

    def _mac(
        self,
        tenant: uuid.UUID,
        table: str,
        row_id: uuid.UUID,
        version: int,
        columns: Mapping[str, bytes | None],
    ) -> bytes:
        key = self._keys.tenant_key(self._session, tenant, TenantPurpose.DIRECTORY)
        return row_mac(key, table, row_id, version, columns)

    def _signer(self, tenant: uuid.UUID, origin: str) -> Ed25519PrivateKey:
        try:
            key = self._keys.tenant_key(self._session, tenant, TenantPurpose.AUDIT)
        except SealError:
            # Nobody may act in a municipality whose log cannot be signed.
            raise AccessDenied("access.no_log_key") from None
        return signing_key_from(key, origin)
