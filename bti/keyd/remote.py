"""The broker as another process sees it: the same verbs, asked over the socket.

No provider, no tenant key and no MAC key ever come here. What comes are the keys of what was
opened, for one transaction.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

from bti.crypto.provider import TenantPurpose
from bti.db.base import stored_columns
from bti.db.guards import NOT_UNDER_MAC, Granted, note_opened
from bti.db.models import BaitMark
from bti.db.vault import Vault
from bti.domain.approval import ApprovalRefused
from bti.domain.control import Kin
from bti.domain.errors import AccessDenied, KeysUnavailable, Unavailable
from bti.domain.relations import Subject
from bti.keyd.broker import Opened, RanOut, is_persons
from bti.keyd.client import Channel
from bti.keyd.codec import CodecError, decode
from bti.keyd.parcel import receive
from bti.keyd.wire import MOST_CASES, MOST_PAIRS, MOST_ROWS, BadMessage, batched, pack, unpack
from bti.keyd.wired import packed, refusal, wired

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from sqlalchemy.orm import Session

    from bti.audit.actions import Action as AuditAction
    from bti.audit.note import Checkpoint
    from bti.audit.record import Recorder
    from bti.db.base import AuthorityRow
    from bti.db.guards import Writing
    from bti.db.models import Municipality
    from bti.db.models.oversight import ReviewedRow
    from bti.domain.access import Action
    from bti.domain.approval import ApprovalAct, Params
    from bti.domain.relations import Purpose
    from bti.keyd.broker import Credential
    from bti.keyd.generations import KeyLife
    from bti.keyd.kinship import Pair


class RemoteBroker:
    """Opens verbs that ask the process behind a socket."""

    def __init__(self, path: Path) -> None:
        """Ask at ``path``."""
        self._channel = Channel(path)

    def attach(self, session: Session, recorder: Recorder, credential: Credential) -> RemoteVerbs:
        """Return verbs bound to ``session``; its vault starts empty."""
        del recorder
        return RemoteVerbs(session, credential, self._channel)

    def close(self) -> None:
        """Close the connections."""
        self._channel.close()


class RemoteVerbs:
    """The broker's verbs for one transaction of this process."""

    def __init__(self, session: Session, credential: Credential, channel: Channel) -> None:
        """Bind to ``session`` and give it an empty vault."""
        self._session = session
        self._credential = credential
        self._channel = channel
        self._vault = Vault()
        self._subject: Subject | None = None
        self._noted: list[uuid.UUID] = []
        self._shown: bytes | None = None
        self._vault.learn_from(self._learn)
        session.info["vault"] = self._vault
        session.info["grant"] = self._grant

    def subject(self) -> Subject:
        """Return who the session belongs to. Raises ``AccessDenied`` for a dead or forged one."""
        if self._subject is None:
            if not is_persons(self._credential):
                raise AccessDenied("access.no_session")
            self._subject = _decoded(Subject, self._ask("subject")["subject"])
        return self._subject

    # -- cases -------------------------------------------------------------------------------

    def open(
        self,
        case_id: uuid.UUID,
        action: Action,
        *,
        entry: AuditAction | None,
        purpose: Purpose | None = None,
    ) -> Opened:
        """Have it decided and entered, and receive. Raises ``AccessDenied``."""
        self._live()
        answer = self._ask(
            "open",
            case=case_id.hex,
            action=action.value,
            entry=entry.value if entry is not None else None,
            purpose=purpose.value if purpose is not None else None,
        )
        if entry is None:
            # The broker has entered the opening; the workflow still owes its own, more telling act.
            note_opened(self._session, case_id)
        found: Opened = _decoded(Opened, answer["opened"])
        return found

    def may_see(self, case_id: uuid.UUID, action: Action) -> bool:
        """Tell whether ``open`` would be allowed, without releasing or logging anything."""
        self._live()
        return bool(self._ask("may_see", case=case_id.hex, action=action.value)["may"])

    def new_case(self, case_id: uuid.UUID, compartments: Collection[str]) -> None:
        """Receive keys for a case that is being created in this transaction."""
        self._live()
        self._ask("new_case", case=case_id.hex, compartments=sorted(compartments))
        self._noted.append(case_id)

    def new_compartments(self, opened: Opened, compartments: Collection[str]) -> None:
        """Receive keys for compartments of the person's own unit, made if there are none yet."""
        wanted = sorted(
            name for name in compartments if not self._vault.holds(opened.case_id, name)
        )
        if wanted:
            self._ask("new_compartments", case=opened.case_id.hex, compartments=wanted)

    def open_core(self, case_ids: Collection[uuid.UUID]) -> frozenset[uuid.UUID]:
        """Receive the core keys of own cases for a list or a search; returns those allowed."""
        self._live()
        allowed: set[uuid.UUID] = set()
        for some in batched(sorted(set(case_ids)), MOST_CASES):
            answer = self._ask("open_core", cases=[one.hex for one in some])
            allowed.update(uuid.UUID(hex=one) for one in answer["allowed"])
        if case_ids:
            note_opened(self._session, None)
        return frozenset(allowed)

    # -- own records, reviews and baits ------------------------------------------------------

    def new_own_record(self, record_id: uuid.UUID) -> None:
        """Receive the key of a new draft or duty record."""
        self._ask("new_own", record=record_id.hex)
        self._noted.append(record_id)

    def open_own_record(self, record_id: uuid.UUID) -> None:
        """Receive the key of the author's own record. Raises ``AccessDenied`` for others."""
        self._ask("open_own", record=record_id.hex)
        note_opened(self._session, None)

    def list_own_records(self, record_ids: Collection[uuid.UUID]) -> None:
        """Receive what tells the author which of their own records these are."""
        for some in batched(sorted(record_ids), MOST_CASES):
            self._ask("list_own", records=[one.hex for one in some])

    def forget_own_record(self, record_id: uuid.UUID) -> None:
        """Have the key of the author's own draft destroyed once its row is gone."""
        self._ask("forget_own", record=record_id.hex)
        note_opened(self._session, None)
        self._noted.append(record_id)

    def new_review(
        self,
        row_id: uuid.UUID,
        tenant: uuid.UUID | None = None,
        *,
        about: uuid.UUID | None = None,
    ) -> None:
        """Receive the key of something that somebody else must review."""
        named = {"tenant": tenant, "account": about}
        told = {name: one.hex if one is not None else None for name, one in named.items()}
        self._ask("new_review", row=row_id.hex, **told)
        self._noted.append(row_id)

    def open_review(self, row: ReviewedRow, action: Action) -> None:
        """Receive the key of one such row as its reviewer. Raises ``AccessDenied``."""
        self._ask("open_review", table=row.__tablename__, row=row.id.hex, action=action.value)
        note_opened(self._session, None)

    def watch(self, case_ids: Collection[uuid.UUID]) -> None:
        """Raise ``BaitTaken`` when one of the cases a person has been shown is a bait."""
        for some in batched(sorted(set(case_ids)), MOST_CASES):
            self._ask("watch", cases=[one.hex for one in some])

    def mark_baits(self, tenant: uuid.UUID, case_ids: Collection[uuid.UUID]) -> None:
        """Make these cases baits (system only)."""
        for some in batched(case_ids, MOST_CASES):
            answer = self._ask("bait_tokens", tenant=tenant.hex, cases=[one.hex for one in some])
            self._session.add_all(
                BaitMark(tenant_id=tenant, token=unpack(one)) for one in answer["tokens"]
            )

    def baits_among(
        self, tenant: uuid.UUID, case_ids: Collection[uuid.UUID]
    ) -> frozenset[uuid.UUID]:
        """Return those of the cases that are baits, so that nobody counts them (system only)."""
        found: set[uuid.UUID] = set()
        for some in batched(case_ids, MOST_CASES):
            answer = self._ask("baits_among", tenant=tenant.hex, cases=[one.hex for one in some])
            found.update(uuid.UUID(hex=one) for one in answer["baits"])
        return frozenset(found)

    def kin(self, tenant: uuid.UUID, pairs: Collection[Pair]) -> dict[Pair, frozenset[Kin]]:
        """Return for (account, case) how their names stand to each other (system only)."""
        found: dict[Pair, frozenset[Kin]] = {}
        for some in batched(sorted(set(pairs)), MOST_PAIRS):
            wire = [[account.hex, case.hex] for account, case in some]
            for account, case, kinds in self._ask("kin", tenant=tenant.hex, pairs=wire)["kin"]:
                pair = uuid.UUID(hex=account), uuid.UUID(hex=case)
                found[pair] = frozenset(Kin(one) for one in kinds)
        return found

    # -- tenants -----------------------------------------------------------------------------

    def create_tenant(self, row: Municipality) -> None:
        """Have a new municipality registered with its keys (system only)."""
        self._ask(
            "create_tenant",
            id=row.id.hex,
            name=row.name,
            number=row.number,
            profile=row.profile,
            language=row.language,
        )

    def open_directory(self, tenant: uuid.UUID, *, proof: bytes | None = None) -> None:
        """Receive what reads the directory. Raises ``AccessDenied`` without a session."""
        self._ask("open_directory", tenant=tenant.hex, proof=pack(proof))
        self._shown = proof

    def check(self, *rows: AuthorityRow) -> None:
        """Raise ``AccessDenied`` when a row that grants authority was not written by the program."""
        wire = [
            {
                "tenant": row.tenant_id.hex,
                "table": row.__tablename__,
                "row_id": row.id.hex,
                "version": row.version,
                "columns": packed(stored_columns(row, without=NOT_UNDER_MAC)),
                "mac": pack(row.mac),
            }
            for row in rows
        ]
        for some in batched(wire, MOST_ROWS):
            self._ask("check", rows=list(some))

    def prove_code(self, account_id: uuid.UUID, code: str) -> bool:
        """Have a one-time code looked at and used up; tells whether it was right and new."""
        return self._right("prove_code", account=account_id.hex, code=code[:_LONGEST_CODE])

    def prove_own_code(self, code: str) -> bool:
        """Have a code looked at of the secret that the person is about to take into use."""
        return self._right("prove_own_code", code=code[:_LONGEST_CODE])

    def _right(self, verb: str, **args: str) -> bool:
        try:
            return self._ask(verb, **args)["right"] is True
        except AccessDenied:
            # Too many wrong ones: answered as one more of them, and entered by the broker.
            return False

    def spend_proof(self, account_id: uuid.UUID) -> bool:
        """Have the person's fresh proof used up for this one account, for good."""
        return self._ask("spend_proof", account=account_id.hex)["spent"] is True

    def open_ops(self, tenant: uuid.UUID) -> None:
        """Receive what a job needs that counts or reminds (system only)."""
        self._ask("open_ops", tenant=tenant.hex)

    def open_addresses(self, tenant: uuid.UUID) -> None:
        """Receive what reads the addresses that reminders go to (system only)."""
        self._ask("open_addresses", tenant=tenant.hex)

    def key_life(self) -> KeyLife:
        """Refuse: keys are made, moved and ended by commands that have the provider themselves."""
        raise AccessDenied("access.role")

    def use_approval(
        self, tenant: uuid.UUID, approval_id: uuid.UUID | None, act: ApprovalAct, params: Params
    ) -> None:
        """Have an approval used up, for good. Raises ``ApprovalRefused``."""
        known = approval_id.hex if approval_id is not None else None
        try:
            self._ask(
                "use_approval",
                tenant=tenant.hex,
                approval=known,
                act=act.value,
                params=dict(params),
            )
        except AccessDenied as refusal:
            raise ApprovalRefused.again(refusal, approval_id, tenant) from None

    def username_tokens(self, tenant: uuid.UUID, username: str) -> tuple[bytes, ...]:
        """Return the blind tokens (16 bytes each) a user name may stand under."""
        answer = self._ask("username_token", tenant=tenant.hex, username=username[:_LONGEST_NAME])
        return tuple(unpack(one) for one in answer["tokens"])

    def national_id_tokens(self, tenant: uuid.UUID, kind: str, digits: str) -> tuple[bytes, ...]:
        """Return the blind tokens (16 bytes each) a national id may stand under."""
        answer = self._ask("national_id_token", tenant=tenant.hex, kind=kind, digits=digits)
        return tuple(unpack(one) for one in answer["tokens"])

    # -- the log -----------------------------------------------------------------------------

    def sign(self, tenant: uuid.UUID, checkpoint: Checkpoint) -> str:
        """Have a checkpoint of the municipality's own log signed."""
        answer = self._ask(
            "sign",
            tenant=tenant.hex,
            origin=checkpoint.origin,
            size=checkpoint.size,
            root=pack(checkpoint.root),
        )
        return str(answer["note"])

    def verifier_key(self, tenant: uuid.UUID, epoch: int = 1) -> str:
        """Return the public key that checkpoints of an epoch are verified with."""
        return str(self._ask("verifier_key", tenant=tenant.hex, epoch=epoch)["key"])

    def close(self) -> None:
        """Forget every key that was received."""
        self._vault.close()
        self._session.info.pop("vault", None)
        self._session.info.pop("grant", None)

    def settle(self) -> None:
        """Let the broker look what became of keys it has made or is to destroy."""
        noted, self._noted = self._noted, []
        if not noted or isinstance(self._credential, str):
            return
        try:
            for some in batched(noted, MOST_CASES):
                self._ask("settle", records=[one.hex for one in some])
        except (Unavailable, AccessDenied):
            return  # it sweeps by itself

    # -- within ------------------------------------------------------------------------------

    def _live(self) -> None:
        """Refuse a session that ran out before anything is asked in its name."""
        if isinstance(self._credential, RanOut):
            raise AccessDenied("access.no_session")
        self.subject()

    def _learn(self, tenant: uuid.UUID, purpose: TenantPurpose) -> None:
        """Receive what has come since: the key was changed while this transaction went on."""
        if is_persons(self._credential):
            self._ask("subject")
        elif purpose is TenantPurpose.OPS:
            self.open_ops(tenant)
        else:
            self.open_directory(tenant, proof=self._shown)

    def _grant(self, rows: Sequence[Writing]) -> Sequence[Granted]:
        granted: list[Granted] = []
        for some in batched(rows, MOST_ROWS):
            answer = self._ask("grant", rows=[wired(row) for row in some])
            granted += [
                Granted(
                    unpack(one["mac"]),
                    {name: unpack(blob) for name, blob in one["sealed"].items()},
                )
                for one in answer["granted"]
            ]
        return granted

    def _ask(self, verb: str, **args: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        answer = self._channel.ask(verb, self._credential, args)
        if "no" in answer:
            raise refusal(answer["no"])
        found: dict[str, Any] = answer["ok"]
        try:
            receive(self._vault, found["keys"])
        except (KeyError, ValueError, BadMessage):
            raise KeysUnavailable("broker") from None
        return found


_LONGEST_CODE: Final = 20
_LONGEST_NAME: Final = 200


def _decoded(kind: Any, given: object) -> Any:  # noqa: ANN401 - the codec's own
    try:
        return decode(kind, given)
    except CodecError:
        raise KeysUnavailable("broker") from None
