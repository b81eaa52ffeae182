"""Approvals, read and used up by the broker itself: what two people agreed to, and that they did.

Whoever asks shows an id and the parameters of the act. Row, MAC, digest, people, time and use are
looked at here, in the broker's own transaction, so that nobody can act on a yes of their own making.
"""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import select

from bti.audit.actions import Action
from bti.audit.record import Reference
from bti.crypto.envelope import TENANT_WIDE, Place, key_id_of, open_sealed
from bti.crypto.provider import TenantPurpose
from bti.crypto.values import json_from_bytes
from bti.db.guards import mac_columns
from bti.db.models import Account, Approval
from bti.db.vault import Vault
from bti.domain import approval as rules
from bti.domain.approval import (
    ApprovalAct,
    ApprovalFacts,
    ApprovalRefused,
    ApprovalState,
    PersonFacts,
)
from bti.domain.errors import AccessDenied
from bti.keyd.grant_facts import ident, moment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy.orm import Session

    from bti.audit.record import By, Recorder
    from bti.domain.approval import Params
    from bti.domain.relations import Subject
    from bti.keyd.authority import Authority
    from bti.keyd.grant_facts import Columns
    from bti.keyd.keystore import KeyStore

Code = TypeVar("Code", ApprovalAct, ApprovalState)


class Approvals:
    """What one transaction of the broker may know and do about approvals."""

    def __init__(
        self, session: Session, keys: KeyStore, recorder: Recorder, authority: Authority
    ) -> None:
        """Read through ``session`` with ``keys``; ``authority`` checks MACs."""
        self._session = session
        self._keys = keys
        self._recorder = recorder
        self._authority = authority

    def use(
        self,
        tenant: uuid.UUID,
        approval_id: uuid.UUID | None,
        act: ApprovalAct,
        params: Params,
        *,
        account: uuid.UUID | None,
        by: By,
        at: datetime,
    ) -> None:
        """Use an approval up for exactly this act, and enter it.

        ``account`` is who acts, None for the command line. Raises ``ApprovalRefused`` as
        ``bti.domain.approval.check_use``, and with approval.unknown, approval.self or
        approval.person_gone.
        """
        try:
            row = self._held(tenant, approval_id)
            facts = self.facts(tenant, row.id, row.version, mac_columns(row))
            rules.check_use(facts, act, params, by=account, at=at)
            both = self._both_still_here(row)
        except ApprovalRefused as refused:
            refused.tenant_id, refused.approval_id = tenant, approval_id
            raise
        with self._directory(tenant):
            row.state = ApprovalState.USED.value
            row.used_at = at
            self._session.flush()
        about = [Reference("approval", row.id), *(Reference("account", one.id) for one in both)]
        self._recorder.record(
            Action.APPROVAL_ACT_USE, tenant=tenant, by=by, about=about, ground=f"gate:{act}"
        )

    def facts(
        self, tenant: uuid.UUID, row_id: uuid.UUID, version: int, columns: Columns
    ) -> ApprovalFacts:
        """Return what an approval with these stored columns is about.

        Raises ``ApprovalRefused("approval.changed")`` when what the approver reads is not what the
        digest binds.
        """
        act, state = _code(ApprovalAct, columns, "act"), _code(ApprovalState, columns, "state")
        opened = self.opened(tenant, "approvals", "params_ct", row_id, version, columns)
        digest = rules.digest_of(act, opened["params"])
        if digest != columns["params_sha256"]:
            raise ApprovalRefused("approval.changed", approval_id=row_id)
        asked, expires_at = ident(columns, "requested_by_id"), moment(columns, "expires_at")
        if expires_at is None:
            raise AccessDenied("grant.columns")
        return ApprovalFacts(
            approval_id=row_id,
            act=act,
            digest=digest,
            state=state,
            requested_by=asked,
            requester_name=self._name(tenant, asked),
            expires_at=expires_at,
            **rules.facts_from(opened["params"]),
        )

    def person(self, subject: Subject) -> PersonFacts:
        """Return one of the two, as they are known now."""
        return PersonFacts(
            account_id=subject.account_id,
            role=subject.role,
            unit_id=subject.unit_id,
            name=self._name(subject.tenant_id, subject.account_id),
            proven_at=subject.proven_at,
            role_given_by=self._authority.given_by,
        )

    def _held(self, tenant: uuid.UUID, approval_id: uuid.UUID | None) -> Approval:
        """Return the row, held against a second use at the same time. Must be genuine."""
        row = self._session.scalars(
            select(Approval)
            .where(Approval.id == approval_id, Approval.tenant_id == tenant)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).one_or_none()
        if row is None:
            raise ApprovalRefused("approval.unknown", approval_id=approval_id)
        self._authority.genuine([row])
        return row

    def _both_still_here(self, row: Approval) -> list[Account]:
        """Return the two: a yes by or for somebody whose account has ended since is worth nothing."""
        if row.requested_by_id == row.answered_by_id:
            raise ApprovalRefused("approval.self", approval_id=row.id)
        both = []
        for account_id in (row.requested_by_id, row.answered_by_id):
            account = self._session.get(Account, account_id) if account_id else None
            if account is None or not account.can_sign_in:
                raise ApprovalRefused("approval.person_gone", approval_id=row.id)
            both += self._authority.genuine([account])
        return both

    def _name(self, tenant: uuid.UUID, account_id: uuid.UUID) -> str:
        row = self._session.get(Account, account_id)
        if row is None or row.tenant_id != tenant:
            raise AccessDenied("access.other_tenant")
        columns = {"profile_ct": row.profile_ct.blob}
        opened = self.opened(tenant, "accounts", "profile_ct", row.id, row.version, columns)
        return str(opened["name"])

    def opened(
        self,
        tenant: uuid.UUID,
        table: str,
        column: str,
        row_id: uuid.UUID,
        version: int,
        columns: Columns,
    ) -> dict[str, Any]:
        """Return what is sealed in a column under the directory key. Raises ``SealError``, ``AccessDenied``."""
        blob = columns.get(column)
        if blob is None:
            raise AccessDenied("grant.columns")
        key = self._keys.tenant_key_by_id(
            self._session, tenant, TenantPurpose.DIRECTORY, key_id_of(blob)
        )
        place = Place(tenant, TENANT_WIDE, table, column, row_id, version)
        found = json_from_bytes(open_sealed(key, place, blob))
        if not isinstance(found, dict):
            raise AccessDenied("grant.columns")
        return found

    @contextmanager
    def _directory(self, tenant: uuid.UUID) -> Iterator[None]:
        """Seal with the directory key in a vault of one's own: nothing of it reaches the caller."""
        self._session.flush()
        self._keys.changed(self._session, tenant)
        before, own = self._session.info.get("vault"), Vault()
        self._session.info["vault"] = own
        try:
            own.put_tenant(
                TenantPurpose.DIRECTORY,
                self._keys.tenant_key(self._session, tenant, TenantPurpose.DIRECTORY),
            )
            for older in self._keys.older_tenant_keys(
                self._session, tenant, TenantPurpose.DIRECTORY
            ):
                own.put_tenant(TenantPurpose.DIRECTORY, older, active=False)
            yield
        finally:
            own.close()
            self._session.info["vault"] = before


def _code(kind: type[Code], columns: Columns, name: str) -> Code:
    try:
        return kind((columns.get(name) or b"").decode())
    except ValueError:
        raise AccessDenied("grant.columns") from None
