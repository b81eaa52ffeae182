"""What the case side remembers of its releases, under the ops key; see ``bti.db.models.release``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.crypto.entropy import random_bytes
from bti.crypto.errors import SealError
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
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


class RecordDamagedError(Exception):
    """What is kept of releases is not as it was kept: nothing may be proven against it.

    ``record`` is the row's id. Met by operators only.
    """

    def __init__(self, record: uuid.UUID) -> None:
        super().__init__(f"the record {record} of releases is damaged")
        self.record = record


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
    """Read it all; the first time the keys are made. The ops key must have been opened.

    Raises ``RecordDamagedError`` if one of them does not open or is not what is kept here: without it
    a release would be proven against less than what readers know.
    """
    rows = context.session.scalars(
        select(ReleaseRecord)
        .where(ReleaseRecord.tenant_id == tenant_id)
        # Should two have made keys at once, all go by the same ones.
        .order_by(ReleaseRecord.id)
    ).all()
    bases: dict[str, Counted] = {}
    published = set[str]()
    keys: Keys | None = None
    for row in rows:
        body = _opened(row)
        try:
            if row.kind == _KEYS:
                keys = keys or _keys(body)
            elif row.kind == _BASIS:
                bases[_digest(body)] = _children(body)
            else:
                published.add(_digest(body))
        except (KeyError, TypeError, ValueError):
            raise RecordDamagedError(row.id) from None
    return Kept(keys or _keys(_make_keys(context, tenant_id)), bases, frozenset(published))


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


def _opened(row: ReleaseRecord) -> dict[str, object]:
    try:
        body = row.body
    except SealError:
        raise RecordDamagedError(row.id) from None
    if not isinstance(body, dict):
        raise RecordDamagedError(row.id)
    return body


def _keys(body: dict[str, object]) -> Keys:
    """Raise KeyError, TypeError or ValueError when it is not two keys."""
    signing, rounding = (bytes.fromhex(_text(body[name])) for name in ("signing", "rounding"))
    if not len(signing) == len(rounding) == _KEY_BYTES:
        raise ValueError("not a key")
    return Keys(signing, rounding)


def _digest(body: dict[str, object]) -> str:
    digest = _text(body["sha256"])
    if not _DIGEST.fullmatch(digest):
        raise ValueError("not a digest")
    return digest


def _children(body: dict[str, object]) -> Counted:
    listed = body["children"]
    if not isinstance(listed, list):
        raise TypeError("not a list of children")
    return tuple((_text(name), tuple(map(_text, codes))) for name, codes in listed)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


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
