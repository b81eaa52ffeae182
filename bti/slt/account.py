"""Accounts of the network side: made by an operator, used there only."""

import uuid
from dataclasses import dataclass, field

from sqlalchemy import select

from bti.identity.password import check_new
from bti.identity.totp import new_secret, provisioning_uri
from bti.slt.models import NAME_LENGTH, SltAccount
from bti.slt.perform import Context, Happening, perform
from bti.slt.role import NetworkRole
from bti.slt.runtime import SltRuntime

LANGUAGES = frozenset({"nb", "nn", "en"})
USERNAME_LENGTH = 60
_MUNICIPALITY_NUMBER_LENGTH = 4
_ISSUER = "Stafett"


class AccountRefusedError(Exception):
    """The account cannot be made.

    `code` is `account.` followed by `taken`, `username`, `name`, `municipality` or `language`.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What an operator gives for whoever is to sign in."""

    username: str
    display_name: str
    municipality_number: str
    municipality_name: str
    password: str = field(repr=False)
    language: str = "nb"
    role: NetworkRole = NetworkRole.COORDINATOR


@dataclass(frozen=True, slots=True)
class CreatedAccount:
    """The new account and the secret for its authenticator app, shown once."""

    id: uuid.UUID
    totp_secret: bytes = field(repr=False)
    totp_uri: str = field(repr=False)


def create_account(
    runtime: SltRuntime, new: NewAccount, *, totp_secret: bytes | None = None
) -> CreatedAccount:
    """Make an account and record it.

    `totp_secret` is for the demonstration; otherwise it is drawn. Raises AccountRefusedError, and
    PasswordRefusedError for a password that is too short or easy to guess.
    """
    username = known_as(new.username)
    _check(new, username)
    check_new(new.password, context=(username, new.display_name, new.municipality_name))
    # Hashing is slow on purpose and must not hold the transaction.
    password_hash = runtime.passwords.hash(new.password)
    secret = new_secret() if totp_secret is None else totp_secret
    account_id = perform(runtime, _add, new, username, password_hash, secret)
    return CreatedAccount(
        id=account_id,
        totp_secret=secret,
        totp_uri=provisioning_uri(secret, account=username, issuer=_ISSUER),
    )


def known_as(username: str) -> str:
    """The form in which usernames are compared and stored."""
    return username.strip().casefold()


def _check(new: NewAccount, username: str) -> None:
    number = new.municipality_number
    if not 0 < len(username) <= USERNAME_LENGTH or not username.isprintable() or " " in username:
        raise AccountRefusedError("account.username")
    if not _is_name(new.display_name):
        raise AccountRefusedError("account.name")
    right_number = len(number) == _MUNICIPALITY_NUMBER_LENGTH and number.isascii()
    if not right_number or not number.isdigit() or not _is_name(new.municipality_name):
        raise AccountRefusedError("account.municipality")
    if new.language not in LANGUAGES:
        raise AccountRefusedError("account.language")


def _is_name(text: str) -> bool:
    return bool(text.strip()) and len(text) <= NAME_LENGTH and text.isprintable()


def _add(
    context: Context, new: NewAccount, username: str, password_hash: str, secret: bytes
) -> uuid.UUID:
    taken = context.session.scalar(select(SltAccount.id).where(SltAccount.username == username))
    if taken is not None:
        raise AccountRefusedError("account.taken")
    account_id = uuid.uuid4()
    context.session.add(
        SltAccount(
            id=account_id,
            username=username,
            display_name=new.display_name.strip(),
            municipality_number=new.municipality_number,
            municipality_name=new.municipality_name.strip(),
            language=new.language,
            role=new.role,
            password_hash=password_hash,
            totp_sealed=context.box.seal(secret, account_id=account_id),
            created_at=context.at,
        )
    )
    context.record(Happening.ACCOUNT_CREATED, account_id=account_id)
    return account_id
