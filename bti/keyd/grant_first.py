"""The rules for an account that somebody else makes, who its person is, and how it comes into its owner's hands.

Made on a proof that the broker saw itself and used up for this one account. The owner's by a code of
their own secret, which the broker has seen too: nothing here rests on what the caller says it checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bti.crypto.values import json_to_bytes
from bti.db.models import Account
from bti.domain.access import Action
from bti.keyd import codes
from bti.keyd.grant_facts import SLOWEST, Columns, ident, moment, same

if TYPE_CHECKING:
    import uuid

    from bti.db.guards import Writing
    from bti.keyd.asking import Asking

#: With a password and code that somebody else made: to make one's own, and nothing more.
FIRST: Final = "first"
#: What is the owner's own from now on; all else stays as it is.
_OWN: Final = frozenset({"password_hash", "must_renew"})
#: What an account has none of that nobody has signed in to.
_LATER: Final = ("suspended_at", "first_until", "totp_next_ct", "first_code_ct")


def made(asking: Asking, row: Writing) -> bool:
    """Tell whether an account may be made so: weak, by an administrator who proved it for this one."""
    weak = row.columns["must_renew"] == b"1" and row.columns["active"] == b"1"
    clean = all(row.columns.get(name) is None and not row.beyond.get(name) for name in _LATER)
    if not (weak and clean and asking.may(Action.MANAGE_ACCOUNTS, None)):
        return False
    maker = asking.subject().account_id
    return codes.is_spent_on(asking.session, maker, row.row_id, asking.now)


def person(asking: Asking, row: Writing, old: Columns | None) -> bool:
    """Who a colleague is, is registered by an administrator who proved it for this one, and never changed."""
    noted = moment(row.columns, "noted_at")
    if old is not None or noted is None or not asking.now - SLOWEST < noted <= asking.now:
        return False
    account = asking.session.get(Account, ident(row.columns, "account_id"))
    if account is None or account.tenant_id != row.tenant:
        return False
    if not asking.may(Action.MANAGE_ACCOUNTS, None):
        return False
    maker = asking.subject().account_id
    return codes.is_spent_on(asking.session, maker, row.row_id, asking.now)


def changes_own(asking: Asking, row: Writing, old: Columns) -> bool:
    """Tell whether a person may change their own account so: a new code only when it is due."""
    if old["must_renew"] == b"1" and row.columns["must_renew"] == b"0":
        return _made_own(asking, row, old)
    return same(row.columns, old, "must_renew") and not row.beyond.get("totp_ct")


def _made_own(asking: Asking, row: Writing, old: Columns) -> bool:
    """Tell whether password and code are the person's own, and the code is one they have shown."""
    subject = asking.subject()
    rest = [name for name in old if name not in _OWN and not name.endswith("_ct")]
    kept = same(row.columns, old, *rest) and not row.beyond.get("profile_ct")
    new = row.columns["password_hash"] != old["password_hash"]
    done = row.columns["totp_next_ct"] is None and row.columns["first_code_ct"] is None
    if (subject.account_id, subject.strength) != (row.row_id, FIRST) or not (kept and new and done):
        return False
    shown = asking.shown_secret(asking.session.get_one(Account, row.row_id), "totp_next_ct")
    return shown is not None and row.beyond.get("totp_ct") == json_to_bytes(shown.hex())


def is_own(asking: Asking, account: uuid.UUID) -> bool:
    """Tell whether an account is in its owner's hands, who has just shown a code of their own."""
    found = asking.session.get_one(Account, account)
    asking.verbs.authority.genuine([found])
    return not found.must_renew and asking.shown_secret(found, "totp_ct") is not None
