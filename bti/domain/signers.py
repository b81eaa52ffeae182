"""Who must consent, who must be heard, and why. What is local comes from ``ProfileRules``.

Consent here lifts confidentiality (forvaltningsloven § 13 a nr. 1); it is not the basis for
processing under the GDPR, and its absence never touches the duty to report. The ages of an act are
constants here: a municipality's profile can ask more people, and never fewer than the law does.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from bti.domain.ages import ADULT, age, birthday, start_of_day
from bti.domain.errors import RuleBroken
from bti.domain.local_rules import ProfileRules, YouthMode
from bti.domain.realms import Realm

HEARD_FROM: Final = 7  # barnelova § 31
GREAT_WEIGHT_FROM: Final = 12  # barnelova § 31
EDUCATION_ALONE_FROM: Final = 15  # opplæringslova § 24-5
HEALTH_ALONE_FROM: Final = 16  # pasient- og brukerrettighetsloven § 4-3
#: No act sets the age for what is in no realm of its own. A profile may ask the young from another
#: age than 15, but not leave them out any longer than this, nor the guardians any earlier.
YOUTH_LATEST: Final = 16
YOUTH_ALONE_EARLIEST: Final = 16


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
    """One person whose yes is needed, in what capacity, and by which legal-basis codes.

    One of ``stand_ins`` may answer instead, as long as the person has not.
    """

    person_id: uuid.UUID
    role: SignerRole
    why: tuple[str, ...]
    stand_ins: frozenset[uuid.UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class ToBeHeard:
    """Somebody who is heard and does not sign: how it must be recorded, and by which codes."""

    person_id: uuid.UUID
    how: Hearing
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SignersRequired:
    """The answer of ``required_signers``: all of ``signers`` must say yes, after ``heard``."""

    signers: tuple[RequiredSigner, ...]
    heard: tuple[ToBeHeard, ...]

    @property
    def person_ids(self) -> frozenset[uuid.UUID]:
        """Those whose yes is needed."""
        return frozenset(signer.person_id for signer in self.signers)

    @property
    def stand_ins(self) -> frozenset[tuple[uuid.UUID, uuid.UUID]]:
        """Who may answer for whom: (the one standing in, the signer)."""
        return frozenset(
            (one, signer.person_id) for signer in self.signers for one in signer.stand_ins
        )


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
    realms: AbstractSet[Realm],
    rules: ProfileRules,
    at: datetime | date,
    *,
    about: AbstractSet[uuid.UUID] = frozenset(),
) -> SignersRequired:
    """Everyone who must say yes before information of these realms may be shared, and why they.

    Each realm asks its own, and a question that touches several asks them all. Joint holders sign
    both, a sole holder alone; child welfare under a care order, see ``_under_order``. ``about`` are
    persons whose own secrets are included, who sign for themselves whatever the child's age.

    Raises ``RuleBroken("consent.no_signer")`` when nobody may decide: silence must not count as
    everybody agreeing. Sources: barnelova §§ 30-31, pasient- og brukerrettighetsloven §§ 4-3, 4-4,
    opplæringslova §§ 24-4, 24-5, vergemålsloven §§ 8, 16, forvaltningsloven § 13 a nr. 1.
    """
    years = age(child.birth_date, at)
    found: dict[uuid.UUID, RequiredSigner] = {}
    for realm in [one for one in Realm if one in realms] or [Realm.GENERAL]:
        for signer in _in_realm(realm, years, child, deciders, rules):
            found[signer.person_id] = _with(found.get(signer.person_id), signer)
    for person in sorted(about):
        own = RequiredSigner(person, SignerRole.SELF, ("fvl-13a",))
        # For their own secrets nobody stands in: see ``_with``.
        found[person] = _with(found.get(person), own)
    return SignersRequired(tuple(found.values()), _to_be_heard(child, realms, found, at))


def _in_realm(
    realm: Realm,
    years: int,
    child: ChildFacts,
    deciders: Sequence[DeciderFacts],
    rules: ProfileRules,
) -> Iterator[RequiredSigner]:
    alone = _alone(realm, years, rules)
    youth = alone or ("local-youth-consent" if _youth_signs(years, rules) else None)
    if alone is None:
        yield from _adults(realm, deciders)
    if youth is not None:
        yield RequiredSigner(child.person_id, SignerRole.YOUTH, (youth,))


def _alone(realm: Realm, years: int, rules: ProfileRules) -> str | None:
    """The basis on which the young decide alone here, or None where they do not."""
    if years >= ADULT:
        return "vgml-8"
    if realm is Realm.HEALTH:
        return "pbrl-4-3" if years >= HEALTH_ALONE_FROM else None
    if realm is Realm.EDUCATION:
        return "oppl-24-5" if years >= EDUCATION_ALONE_FROM else None
    local = rules.youth_mode is YouthMode.ALONE and years >= YOUTH_ALONE_EARLIEST
    return "local-youth-consent" if local and _youth_signs(years, rules) else None


def _youth_signs(years: int, rules: ProfileRules) -> bool:
    return years >= min(rules.youth_age, YOUTH_LATEST)


def _adults(realm: Realm, deciders: Sequence[DeciderFacts]) -> Iterator[RequiredSigner]:
    deciding = [one for one in deciders if one.decides]
    welfare = [one for one in deciding if one.role is SignerRole.CHILD_WELFARE]
    foster = [one for one in deciding if one.role is SignerRole.FOSTER_HOME]
    family = [one for one in deciding if one not in welfare and one not in foster]
    if welfare:
        return _under_order(realm, welfare, foster, family)
    if not family:
        # A foster home without a care order has the child, and not the say.
        raise RuleBroken("consent.no_signer")
    return _family(realm, family)


def _family(realm: Realm, family: Sequence[DeciderFacts]) -> Iterator[RequiredSigner]:
    parent = "pbrl-4-4" if realm is Realm.HEALTH else "barnelova-30"
    for one in family:
        appointed = one.role is SignerRole.APPOINTED_GUARDIAN
        yield RequiredSigner(one.person_id, one.role, ("vgml-16" if appointed else parent,))


def _under_order(
    realm: Realm,
    welfare: Sequence[DeciderFacts],
    foster: Sequence[DeciderFacts],
    family: Sequence[DeciderFacts],
) -> Iterator[RequiredSigner]:
    """Those who sign under a care order.

    School matters: child welfare and the foster home or institution (opplæringslova § 24-4).
    Health: either, and child welfare's view wins (pasient- og brukerrettighetsloven § 4-4). What is
    left over: they, and the parents who still are registered as deciding, because no text says that
    a care order takes parental responsibility away.
    """
    if realm is Realm.HEALTH:
        instead = frozenset(one.person_id for one in foster)
        for one in welfare:
            yield RequiredSigner(one.person_id, one.role, ("pbrl-4-4",), instead)
        return
    why = "oppl-24-4" if realm is Realm.EDUCATION else "bvl-5"
    for one in (*welfare, *foster):
        yield RequiredSigner(one.person_id, one.role, (why,))
    if realm is not Realm.EDUCATION:
        yield from _family(realm, family)


def _with(known: RequiredSigner | None, more: RequiredSigner) -> RequiredSigner:
    if known is None:
        return more
    # Whoever must sign in one realm must sign: a stand-in is only enough where it is in all of them.
    both = known.stand_ins & more.stand_ins
    return replace(known, why=tuple(dict.fromkeys((*known.why, *more.why))), stand_ins=both)


def _to_be_heard(
    child: ChildFacts,
    realms: AbstractSet[Realm],
    signing: Mapping[uuid.UUID, RequiredSigner],
    at: datetime | date,
) -> tuple[ToBeHeard, ...]:
    """The child, unless it signs: by that it has been heard."""
    if child.person_id in signing:
        return ()
    how = hearing_needed(child.birth_date, at)
    why = ["grl-104" if how is Hearing.IF_ABLE else "barnelova-31"]
    if Realm.HEALTH in realms:
        why.append("pbrl-4-4")
    return (ToBeHeard(child.person_id, how, tuple(why)),)


def health_is_mixed(child: ChildFacts, realms: AbstractSet[Realm], at: datetime | date) -> bool:
    """Whether guardians would be asked about health that the youth decides on alone.

    Source: pasient- og brukerrettighetsloven § 4-3. An adult decides on everything alone.
    """
    alone = HEALTH_ALONE_FROM <= age(child.birth_date, at) < ADULT
    return alone and Realm.HEALTH in realms and len(realms) > 1


def next_change(
    child: ChildFacts,
    deciders: Sequence[DeciderFacts],
    realms: AbstractSet[Realm],
    rules: ProfileRules,
    at: datetime,
) -> datetime | None:
    """When a birthday next changes who must sign: the start of that day in Norway, or None."""
    now = required_signers(child, deciders, realms, rules, at)
    for day in birthdays_after(child, at):
        then = required_signers(child, deciders, realms, rules, day)
        if then.person_ids != now.person_ids:
            return start_of_day(day)
    return None


def birthdays_after(child: ChildFacts, at: datetime) -> tuple[date, ...]:
    """The birthdays still ahead, to the 18th."""
    first = age(child.birth_date, at) + 1
    return tuple(birthday(child.birth_date, years) for years in range(first, ADULT + 1))


def say_changes(child: ChildFacts, realms: AbstractSet[Realm], at: datetime) -> datetime | None:
    """When an act next gives the say to somebody else, whatever a profile says; None from 18.

    The start of that birthday in Norway: 15 for education, 16 for health, 18 for everything.
    """
    ages = {ADULT}
    ages |= {EDUCATION_ALONE_FROM} if Realm.EDUCATION in realms else set()
    ages |= {HEALTH_ALONE_FROM} if Realm.HEALTH in realms else set()
    now = age(child.birth_date, at)
    ahead = [years for years in ages if years > now]
    return start_of_day(birthday(child.birth_date, min(ahead))) if ahead else None
