"""A part of a case for another record: what goes into it, and why the rest stays out.

To another service by consent alone (forvaltningsloven § 13 a nr. 1). Into a service's own record goes what
that service wrote. A pupil's folder is read by the pupil and the guardians, so what is kept from one of them
does not go there.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import date
from enum import StrEnum
from typing import Final

from bti.domain.codes import SHAREABLE, InfoType, Sector
from bti.domain.errors import RuleBroken
from bti.domain.family import Piece


class Receiver(StrEnum):
    """Where a part of a case goes."""

    #: With a referral to the educational psychology service (opplæringslova § 11-7).
    PPT_REFERRAL = "ppt_referral"
    #: The record that the service keeps of its own work.
    JOURNAL = "journal"
    #: The folder of a pupil, or of a child in kindergarten.
    PUPIL_FOLDER = "pupil_folder"
    #: Along with the case to the service that the child moves to. Proposed and accepted, never taken out.
    NEW_SERVICE = "new_service"


class LeftOut(StrEnum):
    """Why something does not go into a part."""

    OWN = "own"
    ELSEWHERE = "elsewhere"
    NO_CONSENT = "no_consent"
    KEPT = "kept"
    SECRET = "secret"  # noqa: S105 - a reason, not a password


_OURS_ALONE: Final = frozenset({Receiver.PUPIL_FOLDER, Receiver.NEW_SERVICE})
_BY_CONSENT: Final = frozenset({Receiver.PPT_REFERRAL, Receiver.NEW_SERVICE})
_TEACHES: Final = frozenset({Sector.SCHOOL, Sector.KINDERGARTEN})


def receivers_for(sector: Sector) -> tuple[Receiver, ...]:
    """Return where somebody of this kind of service takes a part to."""
    if sector in _TEACHES:
        return (Receiver.PPT_REFERRAL, Receiver.PUPIL_FOLDER)
    own = (Receiver.JOURNAL,)
    return own if sector is Sector.PPS else (Receiver.PPT_REFERRAL, *own)


def check_extract(
    receiver: Receiver,
    sector: Sector,
    kinds: AbstractSet[InfoType],
    since: date | None,
    until: date | None,
    *,
    has_purpose: bool,
) -> None:
    """Raise ``RuleBroken`` with extract.receiver, extract.no_kinds, extract.period or extract.no_purpose."""
    if receiver not in receivers_for(sector):
        raise RuleBroken("extract.receiver")
    if not kinds:
        raise RuleBroken("extract.no_kinds")
    if since is not None and until is not None and since > until:
        raise RuleBroken("extract.period")
    if not has_purpose:
        raise RuleBroken("extract.no_purpose")


def left_out(
    receiver: Receiver, piece: Piece, *, is_ours: bool, covered: bool, agreed: bool
) -> LeftOut | None:
    """Return why a piece does not go there, or None where it goes.

    ``is_ours``: the service that takes it out wrote it. ``covered``: consent lets the receiver have this
    kind from the one who wrote it. ``agreed``: the one whose own circumstances it tells of has said yes to
    that receiver.
    """
    if receiver is Receiver.JOURNAL:
        return None if is_ours else LeftOut.ELSEWHERE
    if piece.info_type not in SHAREABLE:
        return LeftOut.OWN
    if receiver in _OURS_ALONE and not is_ours:
        return LeftOut.ELSEWHERE
    if receiver in _BY_CONSENT and not covered:
        return LeftOut.NO_CONSENT
    if piece.kept and receiver is not Receiver.NEW_SERVICE:
        # A referral is written with the guardians and read by them. The new service must know what to keep.
        return LeftOut.KEPT
    told = receiver in _BY_CONSENT and agreed
    return None if piece.about is None or told else LeftOut.SECRET
