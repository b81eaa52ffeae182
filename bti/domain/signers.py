"""Who must consent, by age and kind of information. Local choices come from ``ProfileRules``.

Consent here lifts confidentiality (forvaltningsloven § 13 a nr. 1); it is not the basis for
processing under the GDPR, and its absence never touches the duty to report.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from bti.domain.ages import ADULT, age, birthday, start_of_day
from bti.domain.codes import EDUCATION, InfoType
from bti.domain.errors import RuleBroken
from bti.domain.local_rules import ProfileRules, YouthMode

HEARD_FROM = 7  # barnelova § 31
GREAT_WEIGHT_FROM = 12  # barnelova § 31


class SignerRole(StrEnum):
    """In what capacity somebody signs."""

    PARENTAL_RESPONSIBILITY_HOLDER = "parental_responsibility_holder"
    APPOINTED_GUARDIAN = "appointed_guardian"
    CHILD_WELFARE = "child_welfare"
    FOSTER_HOME = "foster_home"
    YOUTH = "youth"
    SELF = "self"


class Hearing(StrEnum):
    """How the child's own view must be recorded."""

    IF_ABLE = "if_able"
    REQUIRED = "required"
    REQUIRED_WITH_WEIGHT = "required_with_weight"
    SIGNS_SELF = "signs_self"


@dataclass(frozen=True, slots=True)
class ChildFacts:
    """The child as a possible signer."""

    person_id: uuid.UUID
    birth_date: date = field(repr=False)


@dataclass(frozen=True, slots=True)
class DeciderFacts:
    """Somebody who decides for the child: a guardian, or child welfare under a care order.

    A parent without parental responsibility has ``decides`` False and never signs
    (barnelova §§ 30, 47). ``checked_on`` is when a person checked it against a source.
    """

    person_id: uuid.UUID
    decides: bool
    checked_on: date | None
    role: SignerRole = SignerRole.PARENTAL_RESPONSIBILITY_HOLDER


@dataclass(frozen=True, slots=True)
class RequiredSigner:
    """One person whose yes is needed, and in what capacity."""

    person_id: uuid.UUID
    role: SignerRole


@dataclass(frozen=True, slots=True)
class SignersRequired:
    """The answer of ``required_signers``: all must say yes. ``basis`` is a legal-basis code."""

    signers: tuple[RequiredSigner, ...]
    hearing: Hearing
    basis: str

    @property
    def person_ids(self) -> frozenset[uuid.UUID]:
        """Those whose yes is needed."""
        return frozenset(signer.person_id for signer in self.signers)


def hearing_needed(birth_date: date, at: datetime | date) -> Hearing:
    """How the child must be heard at this age (barnelova § 31)."""
    years = age(birth_date, at)
    if years >= ADULT:
        return Hearing.SIGNS_SELF
    if years >= GREAT_WEIGHT_FROM:
        return Hearing.REQUIRED_WITH_WEIGHT
    return Hearing.REQUIRED if years >= HEARD_FROM else Hearing.IF_ABLE


def required_signers(
    child: ChildFacts,
    deciders: Sequence[DeciderFacts],
    info_types: AbstractSet[InfoType],
    rules: ProfileRules,
    at: datetime | date,
    *,
    about: AbstractSet[uuid.UUID] = frozenset(),
) -> SignersRequired:
    """Everyone who must say yes before information of these types may be shared.

    Joint holders sign both, a sole holder alone; the youth signs by the municipality's age and
    mode; from 16 the youth alone for health only; from 18 the youth alone. ``about`` are persons
    whose own secrets are included, who sign for themselves whatever the child's age.

    Raises ``RuleBroken("consent.no_signer")`` when nobody may decide: silence must not count as
    everybody agreeing. Sources: barnelova §§ 30-31, pasient- og brukerrettighetsloven § 4-3,
    opplæringslova § 24-5, vergemålsloven § 8, forvaltningsloven § 13 a nr. 1.
    """
    youth, guardians, basis = _who(age(child.birth_date, at), frozenset(info_types), rules)
    signers: list[RequiredSigner] = []
    if guardians:
        deciding = [one for one in deciders if one.decides]
        if not deciding:
            raise RuleBroken("consent.no_signer")
        signers += [RequiredSigner(one.person_id, one.role) for one in deciding]
    if youth:
        signers.append(RequiredSigner(child.person_id, SignerRole.YOUTH))
    already = {signer.person_id for signer in signers}
    signers += [RequiredSigner(one, SignerRole.SELF) for one in sorted(about - already)]
    return SignersRequired(tuple(signers), hearing_needed(child.birth_date, at), basis)


def _who(
    years: int, info_types: frozenset[InfoType], rules: ProfileRules
) -> tuple[bool, bool, str]:
    """Whether the youth signs, whether the guardians sign, and on which basis."""
    if years >= ADULT:
        return True, False, "vgml-8"
    if info_types == {InfoType.HEALTH} and years >= rules.health_alone_age:
        return True, False, "pbrl-4-3"
    education = rules.education_alone_age
    if info_types and info_types <= EDUCATION and education is not None and years >= education:
        return True, False, "oppl-24-5"
    if years >= rules.youth_age:
        alone = rules.youth_mode is YouthMode.ALONE
        return True, not alone, "local-youth-consent"
    return False, True, "barnelova-30"


def health_is_mixed(
    child: ChildFacts, types: AbstractSet[InfoType], rules: ProfileRules, at: datetime
) -> bool:
    """Whether guardians would be asked about health that the youth decides on alone.

    Source: pasient- og brukerrettighetsloven § 4-3. An adult decides on everything alone.
    """
    alone = rules.health_alone_age <= age(child.birth_date, at) < ADULT
    return alone and InfoType.HEALTH in types and len(types) > 1


def next_change(
    child: ChildFacts,
    deciders: Sequence[DeciderFacts],
    info_types: AbstractSet[InfoType],
    rules: ProfileRules,
    at: datetime,
) -> datetime | None:
    """When a birthday next changes who must sign: the start of that day in Norway, or None."""
    now = required_signers(child, deciders, info_types, rules, at)
    for years in range(age(child.birth_date, at) + 1, ADULT + 1):
        day = birthday(child.birth_date, years)
        then = required_signers(child, deciders, info_types, rules, day)
        if then.person_ids != now.person_ids:
            return start_of_day(day)
    return None
