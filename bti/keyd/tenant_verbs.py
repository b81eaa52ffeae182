"""The part of the broker's verbs that is about no case: who asks, a municipality's own keys, the log.

Cases, own records and reviews are in ``local``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bti.audit.note import VerifierKey, sign_checkpoint
from bti.audit.record import By, origin_of
from bti.audit.signer import epoch_of
from bti.crypto import blind_index
from bti.crypto.errors import SealError
from bti.crypto.provider import TenantPurpose
from bti.crypto.signing import signing_key_from
from bti.db.models import Account
from bti.domain.access import Action, Refused, decide
from bti.domain.approval import ApprovalRefused
from bti.domain.codes import Role
from bti.domain.errors import AccessDenied
from bti.domain.relations import ObjectFacts, ObjectKind
from bti.domain.step_up import DEMO, is_fresh
from bti.identity.tokens import digest_of_proof
from bti.keyd import codes, on_behalf
from bti.keyd.approvals import Approvals
from bti.keyd.authority import Authority
from bti.keyd.baits import Baits
from bti.keyd.broker import OnBehalf, RanOut, Ties, is_persons
from bti.keyd.generations import KeyLife
from bti.keyd.grant_first import FIRST
from bti.keyd.keystore import FOUND, KeyStore
from bti.keyd.log_keys import log_key
from bti.keyd.parcel import ADDRESS
from bti.keyd.row_macs import RowMacs

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from bti.audit.note import Checkpoint
    from bti.clock import Clock
    from bti.crypto.envelope import DataKey
    from bti.db.base import AuthorityRow
    from bti.db.models import Municipality
    from bti.domain.approval import ApprovalAct, Params
    from bti.domain.relations import Subject
    from bti.keyd.broker import Credential, Rules
    from bti.keyd.keystore import StoredKey


class TenantVerbs:
    """Who asks, and what belongs to a municipality as a whole."""

    def __init__(
        self, ties: Ties, credential: Credential, keys: KeyStore, clock: Clock, rules: Rules
    ) -> None:
        """Bind to a session and give it the vault and the MAC maker."""
        self._session = ties.session
        self._recorder = ties.recorder
        self._meter = ties.meter
        self._vault = ties.vault
        self._credential = credential
        self._keys = keys
        self._clock = clock
        self._subject: Subject | None = None
        self.macs = RowMacs(ties.session, keys)
        self._baits = Baits(ties.session, keys)
        self.authority = Authority(
            ties.session,
            clock,
            rules.idle_minutes,
            self.macs.genuine,
            self._ops_key,
            self._keep_keys,
        )
        self.approvals = Approvals(ties.session, keys, ties.recorder, self.authority)
        self._vault.learn_from(self._learn)
        self._session.info["vault"] = self._vault
        self._session.info["grant"] = self.macs.grant

    # -- who ---------------------------------------------------------------------------------

    def subject(self) -> Subject:
        """Return who the session belongs to. Raises ``AccessDenied`` for a dead or forged one."""
        if self._subject is None:
            if isinstance(self._credential, RanOut):
                return self._keeper(self._credential)
            self._subject = self._found()
            # Names of colleagues and the state of one's own cases are part of every page.
            for purpose in (TenantPurpose.DIRECTORY, TenantPurpose.OPS):
                self._release_tenant(self._subject.tenant_id, purpose)
        return self._subject

    def _found(self) -> Subject:
        if isinstance(self._credential, OnBehalf):
            now = self._clock.now()
            return on_behalf.subject_of(self._session, self.authority, self._credential, now)
        if not isinstance(self._credential, bytes):
            raise AccessDenied("access.no_session")
        return self.authority.subject(self._credential)

    def _keeps_the_desk(self) -> bool:
        """Tell whether the session may read the data protection officer's words, as workflows ask it."""
        subject = self._subject
        if subject is None:
            return False
        desk = ObjectFacts(kind=ObjectKind.INSTALLATION, tenant_id=subject.tenant_id)
        acts = (Action.KEEP_BREACHES, Action.KEEP_RIGHTS_REQUESTS)
        now = self._clock.now()
        return any(not isinstance(decide(subject, act, desk, now), Refused) for act in acts)

    def _keeper(self, credential: RanOut) -> Subject:
        """Return the owner of a session that ran out: own records have keys of their own."""
        self._subject = self.authority.subject(credential.proof, ran_out=True)
        return self._subject

    def _live(self) -> Subject:
        """Return the subject of a live session: only that may come near a case."""
        if isinstance(self._credential, RanOut):
            raise AccessDenied("access.no_session")
        return self.subject()

    # -- tenants -----------------------------------------------------------------------------

    def create_tenant(self, row: Municipality) -> None:
        """Register a new municipality and make its keys (system only)."""
        self._require_system()
        self._session.add(row)
        self._session.flush()
        self._keys.create_tenant(self._session, row.id)
        self._release_tenant(row.id, TenantPurpose.DIRECTORY)

    def open_directory(self, tenant: uuid.UUID, *, proof: bytes | None = None) -> None:
        """Release the directory key to the command line, or to whom ``proof`` signs in.

        In one process with its caller it asks no visitor for proof: the key is here anyway. A session that ran out
        is given it by neither way.
        """
        theirs = tenant
        if proof is not None:
            theirs = self.authority.subject(proof).tenant_id
        elif is_persons(self._credential):
            theirs = self._live().tenant_id
        if theirs != tenant:
            raise AccessDenied("access.other_tenant")
        self._release_tenant(tenant, TenantPurpose.DIRECTORY)

    def check(self, *rows: AuthorityRow) -> None:
        """Raise ``AccessDenied`` when a row that grants authority was not written by the program."""
        self.authority.genuine(rows)

    def prove_code(self, account_id: uuid.UUID, code: str) -> bool:
        """Tell whether a one-time code of this account is right and new, and use it up."""
        row = self._session.get_one(Account, account_id)
        self.authority.genuine([row])
        return codes.accept(self._session, self._keys, row, code, self._clock.now())

    def prove_own_code(self, code: str) -> bool:
        """Tell whether a code is of the secret that the person is about to take into use."""
        row = self._session.get_one(Account, self._live().account_id)
        self.authority.genuine([row])
        if not row.must_renew or row.totp_next_ct is None:
            return False
        now = self._clock.now()
        return codes.accept(self._session, self._keys, row, code, now, column="totp_next_ct")

    def spend_proof(self, account_id: uuid.UUID) -> bool:
        """Use the person's fresh proof up for making this one account; tells whether there was one."""
        subject, now = self._live(), self._clock.now()
        if not is_fresh(subject.proven_at, now):
            return False
        # A demonstration has no codes to show; behind a socket there is no such session.
        if subject.strength == DEMO:
            return True
        return codes.spend(self._session, subject.account_id, account_id, now)

    def open_ops(self, tenant: uuid.UUID) -> None:
        """Release the ops key to a job that counts or reminds (system only)."""
        self._require_system()
        self._release_tenant(tenant, TenantPurpose.OPS)

    def open_addresses(self, tenant: uuid.UUID) -> None:
        """Release one column of the directory to who sends reminders (system only)."""
        self._require_system()
        key = self._keys.tenant_key(self._session, tenant, TenantPurpose.DIRECTORY)
        older = self._keys.older_tenant_keys(self._session, tenant, TenantPurpose.DIRECTORY)
        for one in (key, *older):
            self._vault.put_some(one, [ADDRESS])

    def username_tokens(self, tenant: uuid.UUID, username: str) -> tuple[bytes, ...]:
        """Return the blind tokens (16 bytes each) a user name may stand under."""
        self._meter.naming()
        keys = self._keys.opening_keys(self._session, tenant, TenantPurpose.DIRECTORY, again=True)
        return tuple(blind_index.username_token(key, username) for key in keys)

    def national_id_tokens(self, tenant: uuid.UUID, kind: str, digits: str) -> tuple[bytes, ...]:
        """Return the blind tokens (16 bytes each) a national id may stand under.

        To who looks for a child, also in an emergency. For kind ``person`` to who manages accounts
        too: they say who a colleague is.
        """
        subject = self._live()
        act = Action.SEARCH_CHILD
        if subject.role is Role.ON_CALL:
            act = Action.SEEK_EMERGENCY
        elif kind == blind_index.PERSON and subject.role is Role.ADMINISTRATOR:
            act = Action.MANAGE_ACCOUNTS
        self.require(act)
        if subject.tenant_id != tenant:
            raise AccessDenied("access.other_tenant")
        self._meter.looking_up(subject.account_id)
        keys = self._keys.opening_keys(self._session, tenant, TenantPurpose.INDEX, again=True)
        if kind == blind_index.PERSON:
            # The digits are kept nowhere, so these tokens cannot be made anew: all stay under one key.
            keys = keys[-1:]
        return tuple(blind_index.national_id_token(key, kind, digits) for key in keys)

    def key_life(self) -> KeyLife:
        """Return what makes, moves and ends keys of this installation (system only)."""
        self._require_system()
        return KeyLife(self._session, self._keys, self.use_approval)

    def use_approval(
        self, tenant: uuid.UUID, approval_id: uuid.UUID | None, act: ApprovalAct, params: Params
    ) -> None:
        """Use up two people's approval of exactly this act. Raises ``ApprovalRefused``."""
        account = None
        if not isinstance(self._credential, str):
            subject = self._live()
            if subject.tenant_id != tenant:
                raise ApprovalRefused("approval.unknown", approval_id=approval_id)
            account = subject.account_id
        now = self._clock.now()
        self.approvals.use(tenant, approval_id, act, params, account=account, by=self.by(), at=now)

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

    def settle(self) -> None:
        """Nothing to do: keys are made and destroyed in the caller's own transaction."""

    # -- within ------------------------------------------------------------------------------

    def require(self, action: Action) -> None:
        """Raise ``AccessDenied`` when the session may not do this at all, whatever the case."""
        subject = self.subject()
        facts = ObjectFacts(kind=ObjectKind.INSTALLATION, tenant_id=subject.tenant_id)
        decision = decide(subject, action, facts, self._clock.now())
        if isinstance(decision, Refused):
            raise AccessDenied(decision.rule)

    def by(self) -> By:
        """Return how the log names whoever's credential this is."""
        if isinstance(self._credential, str):
            return By(f"system:{self._credential}")
        if self._credential is None:
            return By("system:visitor")
        proof = self._credential if isinstance(self._credential, bytes) else self._credential.proof
        subject = self.subject()
        session = digest_of_proof(proof).hex()[:8]
        return By(str(subject.account_id), session, str(subject.unit_id), subject.client_id)

    def shown_secret(self, account: Account, column: str) -> bytes | None:
        """Return the secret in a column of a genuine account, if a code of it was shown just now."""
        now = self._clock.now()
        return codes.shown_secret(self._session, self._keys, account, now, column=column)

    def tenant_key(self, tenant: uuid.UUID, purpose: TenantPurpose, key_id: bytes) -> DataKey:
        """Return a tenant key for the broker's own use. Raises ``SealError``."""
        return self._keys.tenant_key_by_id(self._session, tenant, purpose, key_id)

    @property
    def credential(self) -> Credential:
        """On whose behalf this is."""
        return self._credential

    def _keep_keys(self, tenant: uuid.UUID, keys: Sequence[StoredKey]) -> None:
        self._keys.remember(self._session, tenant, keys)

    def _ops_key(self, tenant: uuid.UUID, key_id: bytes) -> DataKey:
        return self.tenant_key(tenant, TenantPurpose.OPS, key_id)

    def _learn(self, tenant: uuid.UUID, purpose: TenantPurpose) -> None:
        """Release what has come since: the key was changed while this transaction went on."""
        self._keys.changed(self._session, tenant)
        self._release_tenant(tenant, purpose)

    def _release_tenant(self, tenant: uuid.UUID, purpose: TenantPurpose) -> None:
        reserved = purpose is TenantPurpose.OPS and self._keeps_the_desk()
        if purpose is TenantPurpose.DIRECTORY:
            reserved = self._subject is not None and self._subject.strength == FIRST
        who = {"reserved": reserved, "program": isinstance(self._credential, str)}
        key = self._keys.tenant_key(self._session, tenant, purpose)
        self._vault.put_tenant(purpose, key, **who)
        for older in self._keys.older_tenant_keys(self._session, tenant, purpose):
            self._vault.put_tenant(purpose, older, active=False, **who)

    def _require_system(self) -> None:
        if not isinstance(self._credential, str):
            raise AccessDenied("access.role")

    def _signer(self, tenant: uuid.UUID, origin: str) -> Ed25519PrivateKey:
        try:
            key = log_key(self._session, self._keys, tenant, epoch_of(origin))
        except SealError:
            # Nobody may act in a municipality whose log cannot be signed.
            raise AccessDenied("access.no_log_key") from None
        return signing_key_from(key, origin)
