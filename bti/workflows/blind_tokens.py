"""The blind tokens a value may stand under, held until the transaction ends.

While a key is changed there are two; the first is what is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bti.crypto.blind_index import PERSON
from bti.db.hold import hold_tokens

if TYPE_CHECKING:
    import uuid

    from bti.domain.national_id import NationalId
    from bti.workflows.context import Context


def of_username(context: Context, tenant_id: uuid.UUID, username: str) -> tuple[bytes, ...]:
    """Return the tokens of a user name."""
    hold_tokens(context.session, tenant_id)
    return context.verbs.username_tokens(tenant_id, username)


def of_national_id(context: Context, tenant_id: uuid.UUID, number: NationalId) -> tuple[bytes, ...]:
    """Return the tokens of a national id. Raises ``AccessDenied``."""
    hold_tokens(context.session, tenant_id)
    return context.verbs.national_id_tokens(tenant_id, number.kind.value, number.digits)


def of_person(context: Context, tenant_id: uuid.UUID, number: NationalId) -> bytes:
    """Return the one token of who somebody is, employee or guardian. Raises ``AccessDenied``."""
    hold_tokens(context.session, tenant_id)
    return context.verbs.national_id_tokens(tenant_id, PERSON, number.digits)[0]
