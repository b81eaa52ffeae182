"""Who a guardian is said to be, and by whom: the source, the day it was checked, a block, and what a register proposes.

A relation decides nothing (barnelova §§ 30, 47), and a register lags behind the courts. So what somebody decides for
the child rests on a source that was looked at, and what a register says is a proposal that a person accepts or
refuses, one by one. A block that a person has put stands until a person lifts it: nothing from a register moves it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from bti.domain.errors import RuleBroken


class Source(StrEnum):
    """Who said so."""

    #: Somebody in the family.
    FAMILY = "family"
    #: Folkeregisteret, looked up or in a file from it.
    REGISTER = "register"
    #: A judgment, a decision or another document that a member of staff has seen.
    DOCUMENT = "document"


CHECKED: Final = frozenset({Source.REGISTER, Source.DOCUMENT})
"""What may be leant on for who decides for a child."""


class BlockReason(StrEnum):
    """Why somebody is kept from what is about the child."""

    COURT = "court"
    CONTACT_BAN = "contact_ban"
    CHILD_WELFARE = "child_welfare"
    PROTECTED_ADDRESS = "protected_address"


def check_guardian(
    *, decides: bool, source: Source | None, checked_on: date | None, today: date
) -> None:
    """Raise ``RuleBroken`` unless it stands who said so, and when it was checked.

    Codes: guardian.not_checked, guardian.no_source, guardian.only_said (what the family says is written, and decides
    nothing before it is checked) and guardian.day_in_future.
    """
    if checked_on is not None and checked_on > today:
        raise RuleBroken("guardian.day_in_future")
    if not decides:
        return
    if checked_on is None:
        raise RuleBroken("guardian.not_checked")
    if source is None:
        raise RuleBroken("guardian.no_source")
    if source not in CHECKED:
        raise RuleBroken("guardian.only_said")


def check_block(*, blocked: bool, has_reason: bool) -> None:
    """Raise ``RuleBroken`` unless a block may be put: guardian.blocked_already, guardian.no_reason."""
    if blocked:
        raise RuleBroken("guardian.blocked_already")
    if not has_reason:
        raise RuleBroken("guardian.no_reason")


def check_lift(*, blocked: bool, has_reason: bool) -> None:
    """Raise ``RuleBroken`` unless a block may be lifted: guardian.not_blocked, guardian.no_reason."""
    if not blocked:
        raise RuleBroken("guardian.not_blocked")
    if not has_reason:
        raise RuleBroken("guardian.no_reason")


# -- what a register says ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownGuardian:
    """A guardian of a case. ``token`` is the keyed token of the national id, empty where none is registered."""

    person_id: uuid.UUID
    name: str = field(repr=False)
    decides: bool
    checked_on: date | None
    token: str = field(default="", repr=False)
    blocked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterLine:
    """One guardian as a register says."""

    name: str = field(repr=False)
    relation: str
    decides: bool
    token: str = field(repr=False)


class ProposalKind(StrEnum):
    """What a register would have changed."""

    #: Nobody in the case has this national id or name.
    ADD = "add"
    #: Somebody decides for the child who did not.
    DECIDES = "decides"
    #: Somebody does not decide any more, or is not named at all.
    DECIDES_NOT = "decides_not"
    #: As it stands: only the day of the check is newer.
    CHECKED = "checked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """One thing to accept or refuse. ``person_id`` is None for somebody new.

    ``stopped``: a block on the person keeps it from being accepted. ``unsure``: told apart by name alone.
    """

    kind: ProposalKind
    line: RegisterLine | None
    person_id: uuid.UUID | None = None
    stopped: bool = False
    unsure: bool = False


def proposals(
    known: Iterable[KnownGuardian], lines: Iterable[RegisterLine], drawn_on: date
) -> tuple[Proposed, ...]:
    """Return what a register, as it was on a day, would have changed in a case. Changes nothing.

    A person is known by the national id; where none is registered, by the name. Nothing older than what was checked
    here is proposed. Where a person in the case is blocked, every proposal about them is stopped, and so is one about
    somebody new with a blocked person's number, or first and last name: it may be the same one.
    """
    everybody = tuple(known)
    left = list(everybody)
    found: list[Proposed] = []
    for line in lines:
        match = next((one for one in left if one.token and one.token == line.token), None)
        unsure = match is None
        match = match or next(
            (one for one in left if not one.token and _same_name(one.name, line.name)), None
        )
        if match is None:
            stopped = is_kept_out(everybody, None, line)
            found.append(Proposed(kind=ProposalKind.ADD, line=line, stopped=stopped))
            continue
        left.remove(match)
        found += _about(match, line, drawn_on, unsure=unsure)
    for gone in left:
        if gone.decides and _is_newer(gone, drawn_on):
            found.append(
                Proposed(
                    kind=ProposalKind.DECIDES_NOT,
                    line=None,
                    person_id=gone.person_id,
                    stopped=gone.blocked,
                )
            )
    return tuple(found)


def is_kept_out(
    known: Iterable[KnownGuardian], person_id: uuid.UUID | None, line: RegisterLine | None
) -> bool:
    """Whether a block stops what is said of somebody: it is on them, or on one whom somebody new may be."""
    for one in known:
        mine = person_id is not None and one.person_id == person_id
        new = person_id is None and line is not None and _may_be(one, line)
        if one.blocked and (mine or new):
            return True
    return False


def check_accept(proposed: Proposed) -> None:
    """Raise ``RuleBroken("guardian.blocked")`` for a proposal that a block stops. To refuse it is always free."""
    if proposed.stopped:
        raise RuleBroken("guardian.blocked")


def _about(
    match: KnownGuardian, line: RegisterLine, drawn_on: date, *, unsure: bool
) -> list[Proposed]:
    if not _is_newer(match, drawn_on):
        return []
    kind = ProposalKind.CHECKED
    if line.decides != match.decides:
        kind = ProposalKind.DECIDES if line.decides else ProposalKind.DECIDES_NOT
    return [
        Proposed(
            kind=kind,
            line=line,
            person_id=match.person_id,
            stopped=match.blocked,
            unsure=unsure,
        )
    ]


def _is_newer(one: KnownGuardian, drawn_on: date) -> bool:
    return one.checked_on is None or one.checked_on < drawn_on


def _same_name(one: str, other: str) -> bool:
    return one.casefold().split() == other.casefold().split()


def _may_be(one: KnownGuardian, line: RegisterLine) -> bool:
    """Whether somebody new may be this one: by the number, or the first and last of the names.

    A register has the names in between, which a family never says. The number may have been registered here since
    the file was read.
    """
    if one.token and one.token == line.token:
        return True
    mine, theirs = (name.casefold().split() for name in (one.name, line.name))
    return bool(mine and theirs) and (mine[0], mine[-1]) == (theirs[0], theirs[-1])
