"""What a workflow may ask the key broker: in its own process, or over a socket (ADR 0020).

The broker believes nothing it is told about rights: it looks up session, participant and
consent itself, checks their MACs, writes the read entry, and only then releases keys.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from bti.domain.relations import ObjectFacts
from bti.keyd.quota import Limits

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy.orm import Session

    from bti.audit.actions import Action as AuditAction
    from bti.audit.note import Checkpoint
    from bti.audit.record import Recorder
    from bti.db.base import AuthorityRow
    from bti.db.models import Municipality
    from bti.db.models.oversight import ReviewedRow
    from bti.db.vault import Vault
    from bti.domain.access import Action
    from bti.domain.approval import ApprovalAct, Params
    from bti.domain.control import Kin
    from bti.domain.relations import Purpose, Subject
    from bti.keyd.generations import KeyLife
    from bti.keyd.kinship import Pair
    from bti.keyd.quota import Meter


@dataclass(frozen=True, slots=True)
class RanOut:
    """A session that ran out by itself. It opens its owner's own records and nothing else."""

    proof: bytes


@dataclass(frozen=True, slots=True)
class OnBehalf:
    """A professional system's key, and the agreement of the person it acts for."""

    proof: bytes
    agreement: uuid.UUID


#: What proves a signed-in session, one that ran out, a client with somebody's yes, a system name, or None for a visitor.
Credential = bytes | RanOut | OnBehalf | str | None


def is_persons(credential: Credential) -> bool:
    """Tell whether somebody's session or yes stands behind it, and not the program or a visitor."""
    return isinstance(credential, bytes | RanOut | OnBehalf)


@dataclass(frozen=True, slots=True)
class Opened:
    """What was released: the ground it rests on and the compartments now readable."""

    case_id: uuid.UUID
    ground: str
    facts: ObjectFacts
    compartments: frozenset[str]


@dataclass(frozen=True, slots=True)
class Rules:
    """What an installation decides about the broker."""

    idle_minutes: int
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Ties:
    """What the verbs of one transaction are tied to."""

    session: Session
    recorder: Recorder
    meter: Meter
    vault: Vault


class Verbs(Protocol):
    """The broker as one transaction sees it. Keys land in the session's vault, never in results."""

    def subject(self) -> Subject:
        """Return who the session belongs to. Raises ``AccessDenied`` for a dead or forged one."""

    def open(
        self,
        case_id: uuid.UUID,
        action: Action,
        *,
        entry: AuditAction | None,
        purpose: Purpose | None = None,
    ) -> Opened:
        """Decide, write the entry and release. Raises ``AccessDenied``.

        ``entry`` is the act to log; None when the workflow logs its own, more telling one.
        ``purpose`` is what it is for, when that is not what the person's role is for.
        """

    def may_see(self, case_id: uuid.UUID, action: Action) -> bool:
        """Tell whether ``open`` would be allowed, without releasing or logging anything."""

    def new_case(self, case_id: uuid.UUID, compartments: Collection[str]) -> None:
        """Make and release keys for a case that is being created in this transaction."""

    def new_compartments(self, opened: Opened, compartments: Collection[str]) -> None:
        """Make and release keys for compartments of the person's own unit that have none yet."""

    def open_core(self, case_ids: Collection[uuid.UUID]) -> frozenset[uuid.UUID]:
        """Release the core keys of own cases for a list or a search; returns those allowed."""

    def new_own_record(self, record_id: uuid.UUID) -> None:
        """Make and release the key of a new draft or duty record."""

    def open_own_record(self, record_id: uuid.UUID) -> None:
        """Release the key of the author's own record. Raises ``AccessDenied`` for others."""

    def list_own_records(self, record_ids: Collection[uuid.UUID]) -> None:
        """Release what tells the author which of their own records these are, not what they say."""

    def forget_own_record(self, record_id: uuid.UUID) -> None:
        """Destroy the key of the author's own draft."""

    def new_review(
        self,
        row_id: uuid.UUID,
        tenant: uuid.UUID | None = None,
        *,
        about: uuid.UUID | None = None,
    ) -> None:
        """Make and release the key of something that somebody else must review.

        ``tenant`` is for the system, which belongs to no municipality; ``about`` is whose account it closes, for
        who took a bait.
        """

    def open_review(self, row: ReviewedRow, action: Action) -> None:
        """Release the key of one such row to its reviewer. Raises ``AccessDenied``."""

    def watch(self, case_ids: Collection[uuid.UUID]) -> None:
        """Raise ``BaitTaken`` when one of the cases a person has been shown is a bait."""

    def mark_baits(self, tenant: uuid.UUID, case_ids: Collection[uuid.UUID]) -> None:
        """Make these cases baits (system only)."""

    def baits_among(
        self, tenant: uuid.UUID, case_ids: Collection[uuid.UUID]
    ) -> frozenset[uuid.UUID]:
        """Return those of the cases that are baits, so that nobody counts them (system only)."""

    def kin(self, tenant: uuid.UUID, pairs: Collection[Pair]) -> dict[Pair, frozenset[Kin]]:
        """Return for (account, case) how their names stand to each other (system only).

        Names are compared where the keys are; no name leaves.
        """

    def create_tenant(self, row: Municipality) -> None:
        """Register a new municipality and make its keys (system only)."""

    def open_directory(self, tenant: uuid.UUID, *, proof: bytes | None = None) -> None:
        """Release what reads the directory: to the command line, or whom ``proof`` signs in.

        Raises ``AccessDenied`` for anybody else.
        """

    def check(self, *rows: AuthorityRow) -> None:
        """Raise ``AccessDenied`` when a row that grants authority was not written by the program."""

    def prove_code(self, account_id: uuid.UUID, code: str) -> bool:
        """Tell whether a one-time code of this account is right and new, and use it up.

        The proof of possession without which a broker in its own process grants no new session.
        """

    def prove_own_code(self, code: str) -> bool:
        """Tell whether a code is of the secret that the person is about to take into use.

        Without it a first password and code are never made one's own.
        """

    def spend_proof(self, account_id: uuid.UUID) -> bool:
        """Use up a code shown in the last quarter of an hour for making this one account.

        False where there is none that was not used up before.
        """

    def open_ops(self, tenant: uuid.UUID) -> None:
        """Release the ops key to a job that counts or reminds (system only)."""

    def open_addresses(self, tenant: uuid.UUID) -> None:
        """Release what reads the addresses that reminders go to, and nothing else (system only)."""

    def key_life(self) -> KeyLife:
        """Return what makes, moves and ends keys of this installation (system only)."""

    def use_approval(
        self, tenant: uuid.UUID, approval_id: uuid.UUID | None, act: ApprovalAct, params: Params
    ) -> None:
        """Use up two people's approval of exactly this act. Raises ``ApprovalRefused``."""

    def username_tokens(self, tenant: uuid.UUID, username: str) -> tuple[bytes, ...]:
        """Return the blind tokens (16 bytes each) a user name may stand under.

        The first is what is written; there are others while the key has older generations.
        """

    def national_id_tokens(self, tenant: uuid.UUID, kind: str, digits: str) -> tuple[bytes, ...]:
        """Return the blind tokens (16 bytes each) a national id may stand under, as for user names."""

    def sign(self, tenant: uuid.UUID, checkpoint: Checkpoint) -> str:
        """Sign a checkpoint of the municipality's own log. Raises ``AccessDenied`` for another's."""

    def verifier_key(self, tenant: uuid.UUID, epoch: int = 1) -> str:
        """Return the public key that checkpoints of an epoch are verified with."""

    def close(self) -> None:
        """Forget every key that was released."""

    def settle(self) -> None:
        """Say that the transaction has ended, so that the broker can look what became of it."""


class Broker(Protocol):
    """Opens the verbs for one transaction."""

    def attach(self, session: Session, recorder: Recorder, credential: Credential) -> Verbs:
        """Return verbs bound to ``session``; its vault starts empty."""


class IsGenuine(Protocol):
    """Looks whether an authority row was written by the program."""

    def __call__(
        self,
        tenant: uuid.UUID,
        table: str,
        row_id: uuid.UUID,
        version: int,
        columns: Mapping[str, bytes | None],
        mac: bytes,
    ) -> bool:
        """Tell whether ``mac`` is the row's."""
