"""Consents of a case, rebuilt from rows. Writes nothing and decides nothing.

Everything a status depends on is sealed under the ops key, so that worklists and level rules can
ask without opening the case; what was said and shown is sealed with the case. The stored form is
in ``bti.domain.consent_record``: the key broker reads it too.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.crypto.errors import Locked
from bti.db.models import Consent, ConsentAnswer
from bti.domain.codes import InfoType, Sector
from bti.domain.consent import AnswerFacts, ConsentFacts, ConsentStatus, Verdict, verdict
from bti.domain.consent_record import (
    BLOCKED,
    LAPSED,
    UNBLOCKED,
    WITHDRAWN,
    Way,
    cell_name,
    cells_between,
    facts_from,
    of_names,
    of_types,
)
from bti.domain.gates import BY_LAW
from bti.domain.signers import DeciderFacts, SignerRole
from bti.workflows import directory, own_rules
from bti.workflows.case_file import case_row, ops_of, persons

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bti.profiles import Profile
    from bti.workflows.case_file import PersonRecord
    from bti.workflows.context import Context


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that was put, with everything said to it so far, and where it stands now."""

    facts: ConsentFacts
    owner: uuid.UUID
    to_unit: uuid.UUID | None
    direction: Way
    language: str
    withdrawn_at: datetime | None
    #: The version of the local rules that it was put under.
    rules: Profile
    verdict: Verdict
    #: Whether an authority's decision that this stays secret is still in force.
    block_in_force: bool

    @property
    def status(self) -> ConsentStatus:
        """Where it stands."""
        return self.verdict.status

    @property
    def id(self) -> uuid.UUID:
        """The consent's id."""
        return self.facts.consent_id

    @property
    def types(self) -> tuple[InfoType, ...]:
        """The types of information asked about, in the order of the vocabulary."""
        return tuple(one for one in InfoType if one in self.facts.info_types)

    def newest(self, person_id: uuid.UUID) -> AnswerFacts | None:
        """What this signer said last, or None."""
        mine = [one for one in self.facts.answers if one.person_id == person_id]
        return max(mine, key=lambda one: one.at, default=None)


def asked_in(
    context: Context, case_id: uuid.UUID, people: tuple[PersonRecord, ...] | None = None
) -> tuple[Asked, ...]:
    """Return every consent of a case, oldest first.

    ``people`` is who decides for the child now. Without it they are read if the case is open,
    else those who decided when the question was put.
    """
    if people is None:
        people = _people_if_open(context, case_id)
    answers: dict[uuid.UUID, list[ConsentAnswer]] = {}
    for row in context.session.scalars(
        select(ConsentAnswer).where(ConsentAnswer.case_id == case_id)
    ):
        answers.setdefault(row.consent_id, []).append(row)
    rows = context.session.scalars(select(Consent).where(Consent.case_id == case_id))
    found = [
        _asked(context, row, answers.get(row.id, []), people)
        for row in rows
        if row.meta["scope"] != BY_LAW
    ]
    return tuple(sorted(found, key=lambda one: (one.facts.asked_at, str(one.id))))


def decider_of(person: PersonRecord) -> DeciderFacts:
    """Return a guardian as the rules see them. Parental responsibility is what decides."""
    return DeciderFacts(
        person.id, person.parental_responsibility, person.checked_on, role_of(person.relation)
    )


def role_of(relation: str) -> SignerRole:
    """Return in what capacity somebody with this relation to the child signs."""
    known = {
        SignerRole.APPOINTED_GUARDIAN,
        SignerRole.CHILD_WELFARE,
        SignerRole.FOSTER_HOME,
    }
    return next(
        (role for role in known if role.value == relation),
        SignerRole.PARENTAL_RESPONSIBILITY_HOLDER,
    )


def deciders_in(people: Iterable[PersonRecord]) -> tuple[DeciderFacts, ...]:
    """Return those who may decide for the child."""
    return tuple(decider_of(one) for one in people if one.kind == "guardian")


def sectors_in(context: Context) -> dict[uuid.UUID, Sector]:
    """Return what kind of service each unit is."""
    return {unit.id: unit.sector for unit in directory.units(context).values()}


def _people_if_open(context: Context, case_id: uuid.UUID) -> tuple[PersonRecord, ...] | None:
    try:
        return persons(context, case_id)
    except Locked:
        return None


def _asked(
    context: Context,
    row: Consent,
    answers: list[ConsentAnswer],
    people: tuple[PersonRecord, ...] | None,
) -> Asked:
    meta = row.meta
    # Who must sign was asked by the rules of that day; new ones are for the next question.
    rules = context.profile
    if "made_under" in meta:
        rules = own_rules.version(context, row.tenant_id, meta["made_under"])
    said = tuple((answer.person_id, answer.meta) for answer in answers)
    facts = facts_from(
        row.id,
        meta,
        said,
        birth_date=ops_of(case_row(context, row.case_id)).birth_date,
        deciders=None if people is None else deciders_in(people),
    )
    kinds = [one["answer"] for _, one in sorted(said, key=lambda pair: str(pair[1]["at"]))]
    blocks = [one for one in kinds if one in {BLOCKED, UNBLOCKED}]
    return Asked(
        facts=facts,
        owner=uuid.UUID(meta["owner"]),
        to_unit=uuid.UUID(meta["to_unit"]) if meta["to_unit"] else None,
        direction=Way(meta["direction"]),
        language=meta["language"],
        withdrawn_at=min((one.at for one in facts.withdrawals), default=None),
        rules=rules,
        verdict=verdict(facts, context.now, rules),
        block_in_force=blocks[-1:] == [BLOCKED],
    )


__all__ = [
    "BLOCKED",
    "LAPSED",
    "UNBLOCKED",
    "WITHDRAWN",
    "Asked",
    "Way",
    "asked_in",
    "cell_name",
    "cells_between",
    "decider_of",
    "deciders_in",
    "of_names",
    "of_types",
    "role_of",
    "sectors_in",
]
