"""The municipality's library of measures, taken up in a case: one measure, or a template with its goal."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from bti.domain.access import Action
from bti.workflows import measure
from bti.workflows.errors import NotFound
from bti.workflows.plan_view import PlanPage, plan_page

if TYPE_CHECKING:
    from collections.abc import Collection

    from bti.profiles.toolbox import LocalMeasure, PlanTemplate, Toolbox
    from bti.workflows.context import Context


@dataclass(frozen=True, slots=True)
class ToolboxPage:
    """The library beside a case. ``language`` is the municipality's: what is taken up is written in it."""

    plan: PlanPage
    toolbox: Toolbox
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeUp:
    """A template taken up: the goal as it was changed, and which of its measures from which day."""

    case_id: uuid.UUID
    version: int | None
    code: str
    goal: str = field(repr=False)
    measures: Collection[str]
    start_on: date


def toolbox_page(context: Context, *, case_id: uuid.UUID) -> ToolboxPage:
    """Open the library beside a case one may plan in. Raises ``AccessDenied``."""
    page = plan_page(context, case_id=case_id, action=Action.WRITE_PLAN)
    profile = context.profile
    return ToolboxPage(page, profile.toolbox, profile.default_language)


def take_up(context: Context, command: TakeUp) -> uuid.UUID:
    """Write a template's goal and the chosen measures; returns the goal's id.

    Each is evaluated as many weeks after its start as the library says. Raises ``NotFound`` for a template
    the municipality does not have, ``RuleBroken`` and ``Conflict`` as ``measure.add_plan``.
    """
    profile = context.profile
    template = template_in(profile.toolbox, command.code)
    chosen = [one for one in template.measures if one.code in command.measures]
    return measure.add_plan(
        context,
        case_id=command.case_id,
        version=command.version,
        goal=command.goal,
        measures=[_measure(one, command, profile.default_language) for one in chosen],
    )


def template_in(toolbox: Toolbox, code: str) -> PlanTemplate:
    """Return a template. Raises ``NotFound``."""
    template = toolbox.template(code)
    if template is None:
        raise NotFound
    return template


def evaluate_on(one: LocalMeasure, start_on: date) -> date:
    """Return when a measure of the library is evaluated that begins on a day."""
    return start_on + timedelta(weeks=one.weeks)


def _measure(one: LocalMeasure, command: TakeUp, language: str) -> measure.AddMeasure:
    return measure.AddMeasure(
        case_id=command.case_id,
        version=command.version,
        goal_id=None,
        title=one.title[language],
        description=one.how[language],
        arena=one.arena,
        kind=one.kind,
        party=one.party,
        responsible=one.function[language],
        start_on=command.start_on,
        evaluate_on=evaluate_on(one, command.start_on),
    )
