"""The action guide in one case: where one is, what is missing and why, and what to do now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from bti.domain.ages import day_in_norway
from bti.domain.codes import StepForm
from bti.domain.levels import Level, LogStatus, gates
from bti.workflows.case_file import Kind, of_kind
from bti.workflows.case_rules import rules_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from bti.domain.levels import CaseFacts, Requirement
    from bti.profiles import Profile, Words
    from bti.profiles.profile import GuideStep
    from bti.workflows.case_file import Ops, Record
    from bti.workflows.context import Context


@dataclass(frozen=True, slots=True)
class SaidAt:
    """Where the municipality has said it. ``read``: the place in BTI is how it was read."""

    title: str
    place: str
    read: bool


@dataclass(frozen=True, slots=True)
class GuideRow:
    """A step of the action guide as it stands in this case. ``status`` is done, now or ahead."""

    code: str
    text: Mapping[str, str]
    detail: Mapping[str, str]
    who: str
    #: What the municipality calls the one who does it; empty for what everybody says.
    title: Mapping[str, str]
    tools: tuple[Mapping[str, str], ...]
    form: str
    due_on: date | None
    status: str
    gate: tuple[Requirement, ...]
    #: Empty where it is the standard's.
    said: tuple[SaidAt, ...]


@dataclass(frozen=True, slots=True)
class Guide:
    """The guide of the level the case is at, by the version it was begun under."""

    profile: str
    version: int
    rows: tuple[GuideRow, ...]

    @property
    def now(self) -> GuideRow | None:
        """The step one is on; None when all are done."""
        return next((row for row in self.rows if row.status == "now"), None)

    @property
    def place(self) -> int:
        """The number of that step among those of the level, from 1."""
        return next(
            (n for n, row in enumerate(self.rows, 1) if row.status == "now"), len(self.rows)
        )


def guide_of(context: Context, ops: Ops, records: tuple[Record, ...], facts: CaseFacts) -> Guide:
    """Return the guide as the reader's own service follows it."""
    rules = rules_of(context, ops)
    done = _steps_done(ops, records)
    standing = gates(facts)
    rows: list[GuideRow] = []
    for step in rules.guide(ops.level, context.person.sector).steps:
        finished = step.code in done or step.form.value in done
        here = any(row.status == "now" for row in rows)
        rows.append(
            _row(
                rules,
                step,
                status="done" if finished else ("ahead" if here else "now"),
                due_on=_due(ops, step),
                gate=tuple(standing[code] for code in step.gate),
            )
        )
    return Guide(rules.name, rules.version, tuple(rows))


def _row(
    rules: Profile,
    step: GuideStep,
    *,
    status: str,
    due_on: date | None,
    gate: tuple[Requirement, ...],
) -> GuideRow:
    return GuideRow(
        code=step.code,
        text=in_languages(step.text),
        detail=in_languages(step.detail),
        who=step.who.value,
        title=in_languages(step.title) if step.title is not None else {},
        tools=tuple(in_languages(tool) for tool in step.tools),
        form=step.form.value,
        due_on=due_on if status != "done" else None,
        status=status,
        gate=gate,
        said=said_at(rules, step),
    )


def said_at(rules: Profile, step: GuideStep) -> tuple[SaidAt, ...]:
    """Return where the municipality has said anything about a step, each place once."""
    places = {
        SaidAt(rules.sources[fact.source].title, fact.place, fact.said.value == "read"): None
        for fact in rules.said_of(step)
    }
    return tuple(places)


def in_languages(words: Words) -> dict[str, str]:
    """Return a text by language, for the filter ``words``."""
    return {"nb": words.nb, "nn": words.nn, "en": words.en}


def _due(ops: Ops, step: GuideStep) -> date | None:
    if step.deadline_days is None:
        return None
    return day_in_norway(ops.level_since) + timedelta(days=step.deadline_days)


def _steps_done(ops: Ops, records: tuple[Record, ...]) -> frozenset[str]:
    """Return codes of ticked steps and forms whose record exists since the level was entered."""
    # The talks that led to level 1 count there too: they are why the log could open.
    start = ops.opened_at if ops.level <= Level.OWN_SERVICE else ops.level_since
    since = [record for record in records if record.at >= start]
    kinds = {record.kind for record in since}
    forms = {
        StepForm.CONCERN: bool(of_kind(records, Kind.CONCERN)),
        StepForm.CONVERSATION: Kind.CONVERSATION in kinds,
        StepForm.CONSENT: ops.log == LogStatus.ACTIVE,
        StepForm.PLAN: Kind.MEASURE in kinds,
        StepForm.EVALUATION: Kind.EVALUATION in kinds,
        StepForm.REFERRAL: bool(ops.referral),
        StepForm.RIGHTS: Kind.RIGHTS in kinds,
    }
    ticked = {record.meta["step"] for record in since if record.kind is Kind.STEP}
    return frozenset(ticked | {form.value for form, there in forms.items() if there})
