"""What the case side remembers of its releases, under the ops key; see ``bti.db.models.release``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.crypto.entropy import random_bytes
from bti.db.models import ReleaseRecord
from bti.disclosure.release import SIGNED_AS, Signed

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping

    from bti.workflows.context import Context
    from bti.workflows.release_count import Counted

_KEYS: Final = "keys"
_BASIS: Final = "basis"
_PUBLISHED: Final = "published"
_KEY_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Keys:
    """The secrets of a municipality's releases: what signs them, and what its rounding is drawn with."""

    signing: bytes = field(repr=False)
    rounding: bytes = field(repr=False)

    def sign(self, text: str) -> Signed:
        """Sign the canonical text of a release."""
        key = Ed25519PrivateKey.from_private_bytes(self.signing)
        return Signed(
            text,
            signer=key.public_key().public_bytes_raw().hex(),
            signature=key.sign(SIGNED_AS + text.encode()).hex(),
        )


@dataclass(frozen=True, slots=True)
class Kept:
    """Everything remembered: the keys, who was counted by the digest of the text, and what went out."""

    keys: Keys
    bases: Mapping[str, Counted] = field(repr=False)
    published: frozenset[str]


def kept(context: Context, tenant_id: uuid.UUID) -> Kept:
    """Read it all; the first time the keys are made. The ops key must have been opened."""
    rows = context.session.scalars(
        select(ReleaseRecord)
        .where(ReleaseRecord.tenant_id == tenant_id)
        # Should two have made keys at once, all go by the same ones.
        .order_by(ReleaseRecord.id)
    ).all()
    by_kind: dict[str, list[dict[str, object]]] = {_KEYS: [], _BASIS: [], _PUBLISHED: []}
    for row in rows:
        by_kind[row.kind].append(row.body)
    bases = {
        str(body["sha256"]): tuple((name, tuple(codes)) for name, codes in _listed(body))
        for body in by_kind[_BASIS]
    }
    published = frozenset(str(body["sha256"]) for body in by_kind[_PUBLISHED])
    body = by_kind[_KEYS][0] if by_kind[_KEYS] else _make_keys(context, tenant_id)
    keys = Keys(bytes.fromhex(str(body["signing"])), bytes.fromhex(str(body["rounding"])))
    return Kept(keys, bases, published)


def keep_basis(context: Context, *, tenant_id: uuid.UUID, digest: str, children: Counted) -> None:
    """Remember who was counted in the release with this digest. For the system only."""
    context.verbs.open_ops(tenant_id)
    body: dict[str, object] = {
        "sha256": digest,
        "children": [[name, list(codes)] for name, codes in children],
    }
    _add(context, tenant_id, _BASIS, body)


def keep_published(context: Context, tenant_id: uuid.UUID, digest: str) -> None:
    """Remember that it went out."""
    _add(context, tenant_id, _PUBLISHED, {"sha256": digest})


def _listed(body: dict[str, object]) -> list[tuple[str, list[str]]]:
    children: list[tuple[str, list[str]]] = body["children"]  # type: ignore[assignment] # as kept
    return children


def _make_keys(context: Context, tenant_id: uuid.UUID) -> dict[str, object]:
    body: dict[str, object] = {
        "signing": random_bytes(_KEY_BYTES).hex(),
        "rounding": random_bytes(_KEY_BYTES).hex(),
    }
    _add(context, tenant_id, _KEYS, body)
    return body


def _add(context: Context, tenant_id: uuid.UUID, kind: str, body: dict[str, object]) -> None:
    row = ReleaseRecord(tenant_id=tenant_id, kind=kind)
    row.body = body
    context.session.add(row)
    context.session.flush()
    context.record(
        Act.RELEASE_COUNTS_PREPARE,
        Reference("tenant", tenant_id),
        Reference("release_record", row.id),
        tenant=tenant_id,
    )
