"""What one of the family may be given on paper, and what a named person has decided about it.

No act has one age at which guardians' access to what is about a young person ends: it is a judgement on
record, with a reason, and is looked at again as the child grows. What the acts do say holds whatever the
judgement is. Sources: pasient- og brukerrettighetsloven §§ 3-4, 4-3; barnelova §§ 30, 47; vergemålsloven
§ 8; forvaltningsloven § 13 a nr. 1; GDPR art. 15.
"""

from __future__ import annotations

import uuid
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from bti.domain.ages import ADULT, age, birthday, day_in_norway, start_of_day
from bti.domain.codes import SHAREABLE, GuardianAccess, InfoType, Sector
from bti.domain.errors import RuleBroken
from bti.domain.realms import Realm, realm_of
from bti.domain.relations import HEALTH_OWN_SAY, GuardianFacts, guardian_may_read
from bti.domain.signers import GREAT_WEIGHT_FROM, HEARD_FROM

PARTY_FROM: Final = 15  # forvaltningsloven §§ 16-18
LOOK_AGAIN_AT: Final = (HEARD_FROM, GREAT_WEIGHT_FROM, PARTY_FROM, HEALTH_OWN_SAY, ADULT)
"""The birthdays on which some act gives the child more say: a judgement is looked at again."""


class StaysOut(StrEnum):
    """Why something is not in one person's copy, the weightiest first."""

    #: It is the service's own, or about a danger.
    OWN = "own"
    #: Guardians' access has ended, or never was there.
    CLOSED = "closed"
    #: Health, from 16.
    HEALTH = "health"
    #: The child wants it kept from the guardians, and it is respected.
    KEPT = "kept"
    #: It is about somebody's own circumstances, who has not agreed.
    SECRET = "secret"  # noqa: S105 - a reason, not a password
    #: The judgement leaves this kind out.
    JUDGED = "judged"


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyReader:
    """Somebody of the family: the child itself, or a guardian as registered in the case."""

    person_id: uuid.UUID
    is_child: bool
    parental_responsibility: bool = False
    #: A person has put a block, which wins over everything.
    blocked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgementFacts:
    """What was decided about one of the family, when. ``kinds`` is what LIMITED lets them read."""

    access: GuardianAccess
    at: datetime
    kinds: frozenset[InfoType] = frozenset()

    def reads(self, info_type: InfoType) -> bool:
        """Whether it lets this kind be read at all."""
        if self.access is GuardianAccess.LIMITED:
            return info_type in self.kinds
        return self.access is GuardianAccess.FULL


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One written thing. ``agreed``: the one it is about lets the family read it."""

    giver: Sector | None
    info_type: InfoType
    about: uuid.UUID | None = None
    agreed: bool = False
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the law would lead to where nothing special is known, and the bases that say why.

    A proposal opens nothing: a named person decides.
    """

    access: GuardianAccess
    kinds: frozenset[InfoType]
    why: tuple[str, ...]


def proposal(reader: FamilyReader, birth_date: date, at: datetime) -> Proposal:
    """Return what to begin from when access is judged."""
    years = age(birth_date, at)
    return _for_child(years) if reader.is_child else _for_guardian(reader, years)


def _for_child(years: int) -> Proposal:
    if years >= PARTY_FROM:
        why = "vgml-8" if years >= ADULT else "fvl-18"
        return Proposal(GuardianAccess.FULL, frozenset(), (why,))
    return Proposal(GuardianAccess.NONE, frozenset(), ("fvl-18", "barnelova-31"))


def _for_guardian(reader: FamilyReader, years: int) -> Proposal:
    if years >= ADULT:
        return Proposal(GuardianAccess.NONE, frozenset(), ("vgml-8",))
    if not reader.parental_responsibility:
        return Proposal(GuardianAccess.NONE, frozenset(), ("barnelova-47",))
    if years >= HEALTH_OWN_SAY:
        without = SHAREABLE - {InfoType.HEALTH}
        return Proposal(GuardianAccess.LIMITED, without, ("barnelova-30", "pbrl-4-3"))
    kept = ("pbrl-3-4",) if years >= GREAT_WEIGHT_FROM else ()
    return Proposal(GuardianAccess.FULL, frozenset(), ("barnelova-30", *kept))


def check_judgement(
    reader: FamilyReader,
    access: GuardianAccess,
    kinds: AbstractSet[InfoType],
    birth_date: date,
    at: datetime,
    *,
    has_reason: bool,
) -> None:
    """Raise ``RuleBroken`` unless this may be decided about one of the family.

    Codes: family.no_reason, family.no_kinds, family.blocked, family.adult (vergemålsloven § 8) and
    family.no_responsibility (barnelova § 47: who has none asks, and is answered by hand).
    """
    if not has_reason:
        raise RuleBroken("family.no_reason")
    if access is GuardianAccess.LIMITED and not kinds & SHAREABLE:
        raise RuleBroken("family.no_kinds")
    if reader.is_child or access is GuardianAccess.NONE:
        return
    if reader.blocked:
        raise RuleBroken("family.blocked")
    if age(birth_date, at) >= ADULT:
        raise RuleBroken("family.adult")
    if not reader.parental_responsibility:
        raise RuleBroken("family.no_responsibility")


def next_look(birth_date: date, at: datetime) -> date | None:
    """Return the next birthday on which access must be judged anew; None from 18."""
    today = day_in_norway(at)
    ahead = [birthday(birth_date, years) for years in LOOK_AGAIN_AT]
    return next((day for day in ahead if day > today), None)


def is_over(
    judgement: JudgementFacts, birth_date: date, at: datetime, *, protected: bool = False
) -> bool:
    """Whether a judgement must be made anew before anything is given.

    A birthday that changes the say has begun since, or the address is protected: who is kept from an
    address may be a parent, and then the judgement is made for each copy, on the same day.
    """
    day = next_look(birth_date, judgement.at)
    if day is not None and start_of_day(day) <= at:
        return True
    return protected and day_in_norway(judgement.at) != day_in_norway(at)


def stays_out(
    reader: FamilyReader,
    judgement: JudgementFacts,
    piece: Piece,
    birth_date: date,
    at: datetime,
) -> StaysOut | None:
    """Return why a piece is not in this person's copy, or None where it is in it.

    All that health personnel know is health here (``realm_of``), so that from 16 a nurse's note on
    absence stays out as well.
    """
    if piece.info_type not in SHAREABLE:
        return StaysOut.OWN
    years = age(birth_date, at)
    refused = None if reader.is_child else _from_guardian(reader, piece, years)
    if refused is not None:
        return refused
    if piece.about not in {None, reader.person_id} and not piece.agreed:
        return StaysOut.SECRET
    if reader.is_child:
        return None if judgement.reads(piece.info_type) else StaysOut.JUDGED
    # The very rule that a guardian who signs in will be asked by.
    signed_in = GuardianFacts(
        account_id=reader.person_id,
        parental_responsibility=reader.parental_responsibility,
        access=judgement.access,
        kinds=judgement.kinds,
        blocked=reader.blocked,
    )
    return None if guardian_may_read(signed_in, piece.info_type, years) else StaysOut.JUDGED


def _from_guardian(reader: FamilyReader, piece: Piece, years: int) -> StaysOut | None:
    """Return what the acts keep from a guardian, whatever was judged."""
    if years >= ADULT or not reader.parental_responsibility or reader.blocked:
        return StaysOut.CLOSED
    health = realm_of(piece.giver, piece.info_type) is Realm.HEALTH
    if health and years >= HEALTH_OWN_SAY:
        return StaysOut.HEALTH
    return StaysOut.KEPT if piece.kept else None


def check_copy(
    reader: FamilyReader,
    judgement: JudgementFacts | None,
    birth_date: date,
    at: datetime,
    *,
    protected: bool,
) -> JudgementFacts:
    """Return the judgement a copy rests on.

    Raises ``RuleBroken`` with family.blocked, family.no_judgement, family.over or family.closed.
    """
    if reader.blocked:
        raise RuleBroken("family.blocked")
    if judgement is None:
        raise RuleBroken("family.no_judgement")
    if is_over(judgement, birth_date, at, protected=protected):
        raise RuleBroken("family.over")
    lost = not reader.is_child and (
        not reader.parental_responsibility or age(birth_date, at) >= ADULT
    )
    if lost or judgement.access is GuardianAccess.NONE:
        raise RuleBroken("family.closed")
    return judgement
