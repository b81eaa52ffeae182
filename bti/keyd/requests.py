"""What each verb of the wire does, on the broker's own transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from bti.audit.actions import OPENINGS
from bti.audit.actions import Action as Act
from bti.audit.note import Checkpoint
from bti.audit.record import Reference
from bti.audit.way import way_of
from bti.db.guards import Stood, Writing
from bti.db.models import Account, CaseKey, Municipality
from bti.domain.access import Action
from bti.domain.approval import ApprovalAct
from bti.domain.errors import AccessDenied
from bti.domain.relations import Purpose
from bti.keyd import grants, notes, unsealing
from bti.keyd.asking import Asking
from bti.keyd.broker import Opened
from bti.keyd.codec import encode
from bti.keyd.notes import REVIEWED
from bti.keyd.row_macs import case_of
from bti.keyd.wire import BadMessage, pack

if TYPE_CHECKING:
    import uuid

    from bti.keyd.work import Work

Answer = dict[str, Any]


def _subject(work: Work) -> Answer:
    return {"subject": encode(work.verbs.subject())}


def _open(
    work: Work, *, case: uuid.UUID, action: str, entry: str | None, purpose: str | None
) -> Answer:
    act = _known(Act, entry) if entry is not None else Act.KEY_CASE_RELEASE
    # Not any reading: some are in no list, and the caller could open a case under the name of a draft.
    if act not in OPENINGS:
        raise AccessDenied("grant.entry", case_id=case)
    opened = work.verbs.open(
        case,
        _known(Action, action),
        entry=act,
        purpose=_known(Purpose, purpose) if purpose is not None else None,
    )
    return {"opened": encode(opened)}


def _may_see(work: Work, *, case: uuid.UUID, action: str) -> Answer:
    return {"may": work.verbs.may_see(case, _known(Action, action))}


def _new_case(work: Work, *, case: uuid.UUID, compartments: tuple[str, ...]) -> Answer:
    work.verbs.new_case(case, compartments)
    notes.begin(work.session, work.verbs.subject(), case, work.now)
    work.record(Act.KEY_DATA_CREATE, Reference("case", case))
    return {}


def _new_compartments(work: Work, *, case: uuid.UUID, compartments: tuple[str, ...]) -> Answer:
    facts = work.verbs.facts(case)
    there = frozenset(
        work.session.scalars(select(CaseKey.compartment).where(CaseKey.case_id == case))
    )
    work.verbs.new_compartments(Opened(case, "", facts, frozenset()), compartments)
    # Also those that somebody else has made since the caller opened the case: that is told as what it
    # is, else whoever asked for them in the name of new ones would read a case without an entry.
    released = work.verbs.release(case, frozenset(compartments))
    if released - there:
        work.record(Act.KEY_DATA_CREATE, Reference("case", case))
    if released & there:
        work.record(Act.KEY_CASE_RELEASE, Reference("case", case))
    return {}


def _open_core(work: Work, *, cases: tuple[uuid.UUID, ...]) -> Answer:
    allowed = work.verbs.open_core(cases)
    if allowed:
        about = [Reference("case", one) for one in sorted(allowed)]
        work.record(Act.KEY_LIST_RELEASE, *about)
    return {"allowed": [one.hex for one in sorted(allowed)]}


def _new_own(work: Work, *, record: uuid.UUID) -> Answer:
    work.verbs.require(Action.REPORT_DANGER)
    notes.begin(work.session, work.verbs.subject(), record, work.now)
    work.verbs.new_own_record(record)
    work.record(Act.OWN_RECORD_WRITE, Reference("own", record))
    return {}


def _open_own(work: Work, *, record: uuid.UUID) -> Answer:
    work.verbs.open_own_record(record)
    work.record(Act.OWN_RECORD_READ, Reference("own", record))
    return {}


def _list_own(work: Work, *, records: tuple[uuid.UUID, ...]) -> Answer:
    # Not entered: that the author has seen their own list is told by the page, in neutral words.
    work.verbs.list_own_records(records)
    return {}


def _forget_own(work: Work, *, record: uuid.UUID) -> Answer:
    work.verbs.open_own_record(record)
    work.record(Act.OWN_RECORD_READ, Reference("own", record))
    # Destroyed when its row is gone: whoever asks may still change their mind.
    notes.forget(work.session, work.verbs.subject(), record, work.now)
    return {}


def _new_review(
    work: Work, *, row: uuid.UUID, tenant: uuid.UUID | None, account: uuid.UUID | None
) -> Answer:
    system = isinstance(work.verbs.credential, str)
    owner = tenant if system and tenant is not None else work.verbs.subject().tenant_id
    if not system:
        notes.begin(work.session, work.verbs.subject(), row, work.now)
    elif not work.operator:
        # In nobody's name a browser's process may only close an account that the broker saw take a bait.
        whose = work.session.get(Account, account) if account is not None else None
        taken = whose is not None and work.evidence.has_taken(whose.id, work.now)
        if whose is None or whose.tenant_id != owner or not taken:
            raise AccessDenied("grant.review")
        notes.begin_for(work.session, owner, whose.id, row, work.now)
    elif notes.is_there(work.session, row):
        raise AccessDenied("access.not_a_new_case")
    work.verbs.new_review(row, owner if system else None)
    work.record(Act.KEY_DATA_CREATE, Reference("review", row), tenant=owner)
    return {}


def _open_review(work: Work, *, table: str, row: uuid.UUID, action: str) -> Answer:
    mapped = {one.__tablename__: one for one in REVIEWED}.get(table)
    found = work.session.get(mapped, row) if mapped is not None else None
    if found is None:
        raise AccessDenied("access.no_relation")
    work.verbs.open_review(found, _known(Action, action))
    work.record(Act.KEY_CASE_RELEASE, Reference("review", row))
    return {}


def _watch(work: Work, *, cases: tuple[uuid.UUID, ...]) -> Answer:
    work.verbs.watch(cases)
    return {}


def _baits_among(work: Work, *, tenant: uuid.UUID, cases: tuple[uuid.UUID, ...]) -> Answer:
    return {"baits": [one.hex for one in sorted(work.verbs.baits_among(tenant, cases))]}


def _kin(
    work: Work, *, tenant: uuid.UUID, pairs: tuple[tuple[uuid.UUID, uuid.UUID], ...]
) -> Answer:
    kin = [
        [account.hex, case.hex, sorted(one.value for one in kinds)]
        for (account, case), kinds in work.verbs.kin(tenant, pairs).items()
    ]
    return {"kin": kin}


def _bait_tokens(work: Work, *, tenant: uuid.UUID, cases: tuple[uuid.UUID, ...]) -> Answer:
    return {"tokens": [pack(one) for one in work.verbs.bait_tokens(tenant, cases)]}


def _create_tenant(work: Work, **columns: Any) -> Answer:  # noqa: ANN401 - checked by the wire
    work.verbs.create_tenant(Municipality(**columns))
    tenant = columns["id"]
    work.record(Act.KEY_TENANT_CREATE, Reference("tenant", tenant), tenant=tenant)
    return {}


def _open_directory(work: Work, *, tenant: uuid.UUID, proof: bytes | None) -> Answer:
    if isinstance(work.verbs.credential, str) and not work.operator:
        return {}  # the program may go on; what it cannot read is sealed here, see row_macs
    if work.verbs.credential is None and proof is None:
        raise AccessDenied("access.no_session")
    work.verbs.open_directory(tenant, proof=proof)
    return {}


def _open_ops(work: Work, *, tenant: uuid.UUID) -> Answer:
    work.verbs.open_ops(tenant)
    return {}


def _open_addresses(work: Work, *, tenant: uuid.UUID) -> Answer:
    work.verbs.open_addresses(tenant)
    return {}


def _check(work: Work, *, rows: tuple[dict[str, Any], ...]) -> Answer:
    for row in rows:
        stood = Stood(row["version"], row["columns"], row["mac"])
        work.verbs.macs.require_genuine(_writing(row, {}), stood)
    return {}


def _grant(work: Work, *, rows: tuple[dict[str, Any], ...]) -> Answer:
    asking = Asking(work.session, work.verbs, work.evidence, work.now, work.operator)
    wanted = tuple(_writing(row, row["beyond"]) for row in rows)
    ready, changed = grants.decide_rows(asking, wanted)
    granted = work.verbs.macs.grant(ready)
    for tenant in {row.tenant for row in changed}:
        rest = [row for row in changed if row.tenant == tenant]
        own = [Reference("own", row.row_id) for row in rest if row.table == "own_records"]
        if own:
            work.record(Act.OWN_RECORD_WRITE, *own, tenant=tenant)
        about = [_about(row) for row in rest if row.table != "own_records"]
        if about:
            work.record(Act.AUTHORITY_ROW_GRANT, *about, tenant=tenant)
    return {
        "granted": [
            {
                "mac": pack(one.mac),
                "sealed": {name: pack(blob) for name, blob in one.sealed.items()},
            }
            for one in granted
        ]
    }


def _about(row: Writing) -> Reference:
    case_id = case_of(row)
    if case_id is not None:
        return Reference("case", case_id)
    if row.table == "accounts":
        return Reference("account", row.row_id)
    account = row.columns.get("account_id")
    if account is not None:
        return Reference("account", notes.as_id(account))
    return Reference("row", row.row_id)


def _prove_code(work: Work, *, account: uuid.UUID, code: str) -> Answer:
    work.meter.proving(account)
    if work.session.get(Account, account) is None:
        return {"right": False}
    right = work.verbs.prove_code(account, code)
    if right:
        work.evidence.show(account, work.now)
    else:
        work.meter.wrong_code(account)
    return {"right": right}


def _prove_own_code(work: Work, *, code: str) -> Answer:
    account = work.verbs.subject().account_id
    work.meter.proving(account)
    right = work.verbs.prove_own_code(code)
    if not right:
        work.meter.wrong_code(account)
    return {"right": right}


def _spend_proof(work: Work, *, account: uuid.UUID) -> Answer:
    return {"spent": work.verbs.spend_proof(account)}


def _use_approval(
    work: Work,
    *,
    tenant: uuid.UUID,
    approval: uuid.UUID | None,
    act: str,
    params: dict[str, Any],
) -> Answer:
    work.verbs.use_approval(tenant, approval, _known(ApprovalAct, act), params)
    return {}


def _username_token(work: Work, *, tenant: uuid.UUID, username: str) -> Answer:
    return {"tokens": [pack(one) for one in work.verbs.username_tokens(tenant, username)]}


def _national_id_token(work: Work, *, tenant: uuid.UUID, kind: str, digits: str) -> Answer:
    try:
        tokens = work.verbs.national_id_tokens(tenant, kind, digits)
    except ValueError:
        raise AccessDenied("grant.digits") from None
    return {"tokens": [pack(one) for one in tokens]}


def _sign(work: Work, *, tenant: uuid.UUID, origin: str, size: int, root: bytes) -> Answer:
    if way_of(work.session).sequenced:
        raise AccessDenied("grant.checkpoint")  # nobody signs here but the log's own process
    notes.require_growth(work.session, tenant, origin, size)
    return {"note": work.verbs.sign(tenant, Checkpoint(origin, size, root))}


def _verifier_key(work: Work, *, tenant: uuid.UUID, epoch: int) -> Answer:
    return {"key": work.verbs.verifier_key(tenant, epoch)}


def _settle(work: Work, *, records: tuple[uuid.UUID, ...]) -> Answer:
    account = work.verbs.subject().account_id
    return {"settled": notes.settle(work.session, work.recorder, account, records)}


def _sweep(work: Work) -> Answer:
    return {"settled": notes.sweep(work.session, work.recorder, work.now)}


def _status(work: Work) -> Answer:
    return {"counts": dict(work.counts)}


def _note_shares(work: Work, *, owed: unsealing.Owed) -> Answer:
    unsealing.enter(work.session, work.recorder, owed)
    return {}


def _writing(row: dict[str, Any], beyond: dict[str, bytes | None]) -> Writing:
    if set(beyond) & set(row["columns"]) or row["table"] not in grants.RULES:
        raise AccessDenied("grant.no_rule")
    return Writing(
        row["tenant"], row["table"], row["row_id"], row["version"], row["columns"], beyond, None
    )


def _known(kind: Any, code: str) -> Any:  # noqa: ANN401 - one of three lists of codes
    try:
        return kind(code)
    except ValueError:
        raise BadMessage from None


REQUESTS: Final[Mapping[str, Callable[..., Answer]]] = MappingProxyType(
    {
        "subject": _subject,
        "open": _open,
        "may_see": _may_see,
        "new_case": _new_case,
        "new_compartments": _new_compartments,
        "open_core": _open_core,
        "new_own": _new_own,
        "open_own": _open_own,
        "list_own": _list_own,
        "forget_own": _forget_own,
        "new_review": _new_review,
        "open_review": _open_review,
        "watch": _watch,
        "baits_among": _baits_among,
        "bait_tokens": _bait_tokens,
        "kin": _kin,
        "create_tenant": _create_tenant,
        "open_directory": _open_directory,
        "open_ops": _open_ops,
        "open_addresses": _open_addresses,
        "check": _check,
        "grant": _grant,
        "prove_code": _prove_code,
        "prove_own_code": _prove_own_code,
        "spend_proof": _spend_proof,
        "use_approval": _use_approval,
        "username_token": _username_token,
        "national_id_token": _national_id_token,
        "sign": _sign,
        "verifier_key": _verifier_key,
        "settle": _settle,
        "status": _status,
        "sweep": _sweep,
        "note_shares": _note_shares,
    }
)
"""Verb → what it does. ``sweep`` and ``note_shares`` are the broker's own and not on the wire."""
