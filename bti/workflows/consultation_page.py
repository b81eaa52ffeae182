"""What the pages of questions without names show: the teams, the lists, and one question opened."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.domain.access import Action
from bti.domain.ages import day_in_norway
from bti.domain.codes import Sector
from bti.domain.consultation import (
    BEFORE_THE_TEAM,
    ConsultationState,
    may_tell_service,
    passages,
)
from bti.workflows import directory
from bti.workflows.consultation_file import (
    asker_of,
    last_at_of,
    members_of,
    met,
    open_rows,
    places,
    state_of,
)
from bti.workflows.consultation_seat import Seat, seats, service_size
from bti.workflows.errors import NotFound
from bti.workflows.permission import require

if TYPE_CHECKING:
    from bti.db.models import ConsultationQuestion
    from bti.domain.consultation import Passage
    from bti.profiles import Team
    from bti.workflows.context import Context


@dataclass(frozen=True, slots=True)
class TeamLine:
    """A team one may ask, and who reads the question: name and what they are there."""

    team: Team
    members: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class QuestionLine:
    """A question in a list: whom it is for, where it stands and since when, and none of what is asked."""

    question_id: uuid.UUID
    team: str
    state: ConsultationState
    on: date
    dispose_on: date


@dataclass(frozen=True, slots=True)
class ConsultationPage:
    """The teams, one's own questions, and those that wait for a team one sits in."""

    teams: tuple[TeamLine, ...]
    mine: tuple[QuestionLine, ...]
    waiting: tuple[QuestionLine, ...]
    before_us: tuple[QuestionLine, ...]


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """An answer with its author; ``reason`` is why what may tell of somebody stands in it."""

    name: str
    title: str
    at: datetime
    passages: tuple[Passage, ...] = field(repr=False)
    reason: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionPage:
    """A question, opened. ``sector`` is the kind of service that asks, None where few work in it; ``mine``: the reader asked.

    ``asked_at`` is the day alone for the team: the minute would tell who sat at a computer.
    """

    question_id: uuid.UUID
    version: int
    team: str
    sector: Sector | None
    state: ConsultationState
    asked_at: datetime | date
    #: Nobody who sat in the team when it was asked is there any more.
    unread: bool
    dispose_on: date
    mine: bool
    text: str = field(repr=False)
    passages: tuple[Passage, ...] = field(repr=False)
    reason: str = field(repr=False)
    answers: tuple[AnswerLine, ...]


def show(context: Context) -> ConsultationPage:
    """Return whom one may ask and what one has asked or is asked. Raises ``AccessDenied``."""
    subject = require(context, Action.CONSULT)
    there = seats(context, subject.tenant_id, context.profile)
    rows = open_rows(context, subject.tenant_id)
    mine = [row for row in rows if asker_of(row) == subject.account_id]
    theirs = [
        row
        for row in rows
        if subject.account_id in members_of(row, there)
        and asker_of(row) != subject.account_id
        and state_of(row) in BEFORE_THE_TEAM
    ]
    context.record(Act.CONSULTATION_LIST_READ)
    return ConsultationPage(
        teams=tuple(_team_line(context, team, there) for team in context.profile.consulted),
        mine=_lines(mine),
        waiting=_lines([row for row in theirs if state_of(row) is ConsultationState.ASKED]),
        before_us=_lines([row for row in theirs if state_of(row) is ConsultationState.ANSWERED]),
    )


def team_to_ask(context: Context, *, team: str) -> TeamLine:
    """Return one team and who reads a question to it. Raises ``NotFound`` and ``AccessDenied``."""
    subject = require(context, Action.CONSULT)
    found = next((one for one in context.profile.consulted if one.code == team), None)
    if found is None:
        raise NotFound
    context.record(Act.CONSULTATION_LIST_READ)
    return _team_line(context, found, seats(context, subject.tenant_id, context.profile))


def looked_through(context: Context, *, text: str) -> tuple[Passage, ...]:
    """Return a text cut where it may tell who it is about, by the municipality's own schools too."""
    require(context, Action.CONSULT)
    return passages(text, places(context))


def read(context: Context, *, question_id: uuid.UUID) -> QuestionPage:
    """Return a question for its author, or for a member of the team. Raises ``NotFound`` for everybody else."""
    row, subject = met(context, question_id)
    body, schools = row.body, places(context)
    there = seats(context, subject.tenant_id, context.profile)
    titles = {one.account_id: one.title for one in there if one.team == body["team"]}
    mine, asked_at = asker_of(row) == subject.account_id, datetime.fromisoformat(body["asked_at"])
    context.record(Act.CONSULTATION_QUESTION_READ, Reference("consultation", row.id))
    return QuestionPage(
        question_id=row.id,
        version=row.version,
        team=body["team"],
        sector=_service(context, row, set(titles)),
        state=state_of(row),
        asked_at=asked_at if mine else day_in_norway(asked_at),
        unread=not members_of(row, there) - {asker_of(row)},
        dispose_on=row.dispose_on,
        mine=mine,
        text=body["text"],
        passages=passages(body["text"], schools),
        reason=body["reason"],
        answers=tuple(
            AnswerLine(
                directory.name_of(context, uuid.UUID(one["by"])),
                titles.get(uuid.UUID(one["by"]), ""),
                datetime.fromisoformat(one["at"]),
                passages(one["text"], schools),
                one["reason"],
            )
            for one in body["answers"]
        ),
    )


def _service(context: Context, row: ConsultationQuestion, team: set[uuid.UUID]) -> Sector | None:
    sector = Sector(row.body["sector"])
    people = service_size(context, row.tenant_id, sector, without=team)
    return sector if may_tell_service(people) else None


def _team_line(context: Context, team: Team, there: tuple[Seat, ...]) -> TeamLine:
    return TeamLine(
        team,
        tuple(
            (directory.name_of(context, one.account_id), one.title)
            for one in there
            if one.team == team.code
        ),
    )


def _lines(rows: list[ConsultationQuestion]) -> tuple[QuestionLine, ...]:
    return tuple(
        QuestionLine(
            row.id,
            row.body["team"],
            state_of(row),
            day_in_norway(last_at_of(row)),
            row.dispose_on,
        )
        for row in rows
    )
