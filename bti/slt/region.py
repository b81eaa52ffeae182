"""Published releases of several municipalities, for a coordinator who works for all of them.

A grant opens published releases and nothing else: plans, bodies, minutes and indicators ask for the account's own
municipality, and never for this table.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import select

from bti.disclosure.release import ReleaseError, checked_reason
from bti.slt.account import known_as
from bti.slt.models import NAME_LENGTH, SltAccount
from bti.slt.perform import Context, Happening, perform
from bti.slt.region_models import ReleaseGrantRow
from bti.slt.release import PublishedRelease, standing_releases
from bti.slt.role import NetworkRole
from bti.slt.runtime import SltRuntime
from bti.slt.sign_in import Coordinator, only_coordinator

_NUMBER_LENGTH = 4
MOST_GRANTS = 12
"""More than any politiråd region has. What is read at once is shown at once."""


class GrantRefusedError(Exception):
    """Nothing was granted or ended.

    `code` is `grant.` followed by `account` (no such account in use), `role` (not a coordinator's), `municipality` (no four
    digits and a name, or the account's own), `reason` (10 to 500 signs), `there` (granted already), `full` or `unknown`.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class MunicipalReleases:
    """What stands of each half-year of one municipality, the oldest first."""

    number: str
    name: str
    releases: tuple[PublishedRelease, ...]


def grant_releases(runtime: SltRuntime, username: str, number: str, name: str, reason: str) -> None:
    """Let a coordinator read the published releases of one municipality more; an operator's act, entered in the log.

    Raises GrantRefusedError.
    """
    perform(runtime, _grant, username, (number, name.strip()), reason)


def end_grant(runtime: SltRuntime, username: str, number: str, reason: str) -> None:
    """End what `grant_releases` gave, with a reason. Raises GrantRefusedError."""
    perform(runtime, _end, username, number, reason)


def reads_more(runtime: SltRuntime, who: Coordinator) -> bool:
    """Whether somebody reads releases of more than one municipality now."""
    return perform(runtime, lambda context: bool(_standing(context, who.account_id)))


def show_region(runtime: SltRuntime, who: Coordinator) -> tuple[MunicipalReleases, ...]:
    """The own municipality, and then each that was granted, by name. Each reading is recorded.

    Raises AccessDenied for everybody but a coordinator, and ReleaseDamagedError if one is not what was signed.
    """
    return perform(runtime, _show, who)


def _grant(context: Context, username: str, place: tuple[str, str], reason: str) -> None:
    number, name = place
    account = _account(context, username)
    right = len(number) == _NUMBER_LENGTH and number.isascii() and number.isdigit()
    named = bool(name) and len(name) <= NAME_LENGTH and name.isprintable()
    if not right or not named or number == account.municipality_number:
        raise GrantRefusedError("grant.municipality")
    standing = _standing(context, account.id)
    if number in {one.municipality_number for one in standing}:
        raise GrantRefusedError("grant.there")
    if len(standing) >= MOST_GRANTS:
        raise GrantRefusedError("grant.full")
    context.session.add(
        ReleaseGrantRow(
            account_id=account.id,
            municipality_number=number,
            municipality_name=name,
            granted_at=context.at,
            reason=_reason(reason),
        )
    )
    context.record(Happening.RELEASES_GRANTED, account_id=account.id, code=number)


def _end(context: Context, username: str, number: str, reason: str) -> None:
    account = _account(context, username)
    found = [one for one in _standing(context, account.id) if one.municipality_number == number]
    if not found:
        raise GrantRefusedError("grant.unknown")
    found[0].ended_at, found[0].ended_why = context.at, _reason(reason)
    context.record(Happening.RELEASES_GRANT_ENDED, account_id=account.id, code=number)


def _show(context: Context, who: Coordinator) -> tuple[MunicipalReleases, ...]:
    only_coordinator(who)
    granted = sorted(
        (one.municipality_name, one.municipality_number)
        for one in _standing(context, who.account_id)
    )
    places = [(who.municipality_name, who.municipality_number), *granted]
    return tuple(
        MunicipalReleases(number, name, _read(context, who, number)) for name, number in places
    )


def _read(context: Context, who: Coordinator, number: str) -> tuple[PublishedRelease, ...]:
    found = standing_releases(context, number)
    for one in found:
        context.record(Happening.RELEASE_READ, account_id=who.account_id, release_id=one.id)
    return found


def _standing(context: Context, account_id: uuid.UUID) -> list[ReleaseGrantRow]:
    of_account = ReleaseGrantRow.account_id == account_id
    asked = select(ReleaseGrantRow).where(of_account, ReleaseGrantRow.ended_at.is_(None))
    return list(context.session.scalars(asked))


def _account(context: Context, username: str) -> SltAccount:
    # Held until the commit, so that an account that is being ended is given nothing.
    named = select(SltAccount).where(SltAccount.username == known_as(username), SltAccount.active)
    account = context.session.scalar(named.with_for_update())
    if account is None:
        raise GrantRefusedError("grant.account")
    if account.role != NetworkRole.COORDINATOR:
        raise GrantRefusedError("grant.role")
    return account


def _reason(reason: str) -> str:
    try:
        return checked_reason(reason)
    except ReleaseError:
        raise GrantRefusedError("grant.reason") from None
