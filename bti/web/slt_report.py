"""The report to the politiråd and the fact sheet for the press, in words. What they say is decided in bti.slt.report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from flask_babel import force_locale, gettext, lazy_gettext, ngettext

from bti.slt.body import Body
from bti.slt.document import Block, Cell, Document, Grid, Heading, Points, Words
from bti.slt.meeting import Action
from bti.slt.plan import Indicator, Plan, Reading, Unit
from bti.slt.plan_follow_up import FollowUp, FollowUpRow
from bti.slt.plan_stored import Evaluation
from bti.slt.report import Part, Reach
from bti.slt.report_stored import Asked, Basis
from bti.web.filters import amount, day_year, number
from bti.web.slt_body_labels import body_label
from bti.web.slt_fact_sheet import fact_sheet
from bti.web.slt_labels import plan_label
from bti.web.slt_numbers import half_year
from bti.web.slt_paper_numbers import sources, trend_blocks

PART: Final[Mapping[Part, Any]] = {
    Part.DECISIONS: lazy_gettext("Decisions needed"),
    Part.NUMBERS: lazy_gettext("Numbers and trends"),
    Part.PLAN: lazy_gettext("The plan"),
    Part.EVALUATIONS: lazy_gettext("Evaluations"),
    Part.ACTIONS: lazy_gettext("Agreed before, and not done"),
}


def lay_out(basis: Basis) -> tuple[Document, Document]:
    """The report and the fact sheet, in the language of the report."""
    with force_locale(basis.draft.language):
        return report(basis), fact_sheet(basis)


def report(basis: Basis) -> Document:
    """The report in the language that is in force."""
    draft = basis.draft
    return Document(
        title=gettext("Report to the politiråd"),
        name=f"report-{draft.period}-{draft.language}",
        language=draft.language,
        made_on=basis.today,
        facts=(
            (gettext("Municipality"), basis.municipality),
            (gettext("Half-year"), half_year(draft.period)),
            (gettext("Made"), day_year(basis.today)),
            (gettext("Made by"), gettext("SLT coordinator")),
        ),
        blocks=tuple(_blocks(basis)),
        note=gettext("Only counts that are published, and nothing about any single child."),
    )


def _blocks(basis: Basis) -> Iterator[Block]:
    if basis.draft.foreword:
        yield Heading(gettext("Foreword"))
        yield from (Words(one) for one in basis.draft.foreword.split("\n") if one.strip())
    parts = {
        Part.DECISIONS: _decisions,
        Part.NUMBERS: _numbers,
        Part.PLAN: _plan,
        Part.EVALUATIONS: _evaluations,
        Part.ACTIONS: _actions,
    }
    for part, blocks in parts.items():
        if part in basis.draft.parts:
            yield Heading(str(PART[part]))
            yield from blocks(basis)


def _decisions(basis: Basis) -> Iterator[Block]:
    if not basis.decisions:
        yield Words(gettext("No decision is asked for."))
        return
    yield Grid(
        caption=gettext("Decisions needed"),
        columns=(
            gettext("What is to be decided"),
            gettext("Who decides"),
            gettext("Kroner"),
            gettext("Limit for decisions"),
        ),
        rows=tuple(
            (
                Cell(one.needed.what),
                Cell(one.body.name, language=one.body.language),
                Cell("–" if one.needed.amount is None else number(one.needed.amount)),
                _limit(one),
            )
            for one in basis.decisions
        ),
    )


def _limit(one: Asked) -> Cell:
    """The body's limit, and what it means for the sum."""
    body = one.body
    said = []
    if body.decides_to is not None:
        said.append(gettext("Decides about up to kr %(sum)s.", sum=number(body.decides_to)))
    if body.decides_above is not None:
        said.append(gettext("Decides about more than kr %(sum)s.", sum=number(body.decides_above)))
    if not said:
        said.append(
            " ".join(body.limits.lines) or gettext("Its documents say nothing about a limit.")
        )
    told = {
        Reach.WITHIN: gettext("The sum is within."),
        Reach.TOO_LARGE: gettext("The sum is larger: another body decides."),
        Reach.TOO_SMALL: gettext("The sum is smaller: another body may decide."),
    }
    if one.reach in told:
        said.append(told[one.reach])
    return Cell(" ".join(said))


def _numbers(basis: Basis) -> Iterator[Block]:
    yield from trend_blocks(basis.releases, basis.draft.period)
    if basis.releases:
        yield Words(
            gettext(
                "What has been published, and nothing else. That two numbers move together does not say that one is the cause of the other."
            ),
            quiet=True,
        )
        yield from sources(basis.releases)


def _plan(basis: Basis) -> Iterator[Block]:
    if basis.plan is None:
        yield _no_plan(basis)
        return
    stored, year = basis.plan
    plan = stored.plan
    yield Words(plan.title, plan.language)
    yield Points(
        (
            ngettext("%(num)d measure.", "%(num)d measures.", len(year.rows)),
            gettext("Evaluated in %(year)s: %(count)s.", year=year.year, count=year.evaluated),
            *_by_status(year),
        )
    )
    yield Grid(
        caption=gettext("Measures in %(year)s", year=year.year),
        columns=(
            gettext("Measure"),
            gettext("Responsible"),
            gettext("Status"),
            gettext("Measured"),
            gettext("Missing"),
        ),
        rows=tuple(_measure(one, plan) for one in year.rows),
    )
    yield Words(gettext("Status is as it was the day the report was made."), quiet=True)


def _no_plan(basis: Basis) -> Words:
    return Words(gettext("There is no plan here for %(year)s.", year=basis.draft.period.year))


def _by_status(year: FollowUp) -> tuple[str, ...]:
    not_said = gettext("Status not said")
    return tuple(
        f"{plan_label(status, 'status') if status else not_said}: {count}"
        for status, count in year.by_status.items()
    )


def _measure(row: FollowUpRow, plan: Plan) -> tuple[Cell, ...]:
    one = row.measure
    status = ", ".join(plan_label(value, "status") for value in one.status.values)
    missing = ", ".join(plan_label(code, "missing") for code in row.missing)
    return (
        Cell(f"{one.number}. {one.title}", language=plan.language),
        Cell(", ".join(one.responsible) or "–", language=plan.language),
        Cell(status or gettext("Not said")),
        Cell("; ".join(_reading(*found) for found in row.readings) or "–", language=plan.language),
        Cell(missing or "–"),
    )


def _reading(indicator: Indicator, reading: Reading) -> str:
    sign = " %" if indicator.unit is Unit.PERCENT else ""
    return f"{indicator.name}: {amount(reading.value)}{sign}"


def _evaluations(basis: Basis) -> Iterator[Block]:
    found = [] if basis.plan is None else list(_evaluated(basis.plan[1]))
    if not found or basis.plan is None:
        year = basis.draft.period.year
        yield Words(gettext("No measure was evaluated in %(year)s.", year=year))
        return
    plan = basis.plan[0].plan
    for row, one in found:
        yield Heading(f"{row.measure.number}. {row.measure.title}", 2, plan.language)
        yield Words(f"{day_year(one.on)}. {plan_label(one.kind, 'kind')}", quiet=True)
        yield from (Words(line, plan.language) for line in one.finding.split("\n") if line.strip())
        yield Words(
            gettext("Decision: %(decision)s.", decision=plan_label(one.decision, "decision"))
        )
        yield from (Words(line, plan.language) for line in one.why.split("\n") if line.strip())


def _evaluated(year: FollowUp) -> Iterator[tuple[FollowUpRow, Evaluation]]:
    return ((row, one) for row in year.rows for one in row.evaluations)


def _actions(basis: Basis) -> Iterator[Block]:
    if not basis.actions:
        yield Words(gettext("Nothing that was agreed on in finished minutes is waiting."))
        return
    yield Grid(
        caption=gettext("Agreed before, and not done"),
        columns=(
            gettext("What was agreed"),
            gettext("Responsible"),
            gettext("By"),
            gettext("How it stands"),
        ),
        rows=tuple(_action(body, one, basis) for body, one in basis.actions),
    )


def _action(body: Body, one: Action, basis: Basis) -> tuple[Cell, ...]:
    stands = body_label(one.status, "action")
    if one.is_late(basis.today):
        late = gettext("Late")
        stands = f"{stands}. {late}"
    return (
        Cell(one.what, language=body.language),
        Cell(one.responsible, language=body.language),
        Cell(day_year(one.due)),
        Cell(f"{stands}. {one.note}" if one.note else stands),
    )
