"""Forms of a meeting: the plan, the child's preparation, the minutes and their approval."""

from __future__ import annotations

import uuid
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from bti.domain import meetings
from bti.domain.ages import day_in_norway
from bti.domain.codes import Arena, MeasureType, NotHeardReason, Party
from bti.domain.meetings import (
    MINUTES_LENGTH,
    MOST_POINTS,
    AbsenceReason,
    AgreedPoint,
    Attendance,
    MeetingKind,
)
from bti.web.filters import bare_clock
from bti.web.forms.base import BaseForm
from bti.web.forms.clock_time import TimeField
from bti.web.forms.concern import StepForm
from bti.web.forms.fields import (
    AreaField,
    DateField,
    ListField,
    RadioField,
    TextField,
    TickField,
    TicksField,
)
from bti.web.labels import (
    ABSENCE,
    MEETING_KIND,
    NOT_HEARD,
    choices,
)
from bti.web.measure_labels import ARENA, MEASURE_TYPE, PARTY
from bti.workflows.meeting import ApproveMinutes, PlanMeeting, PrepareChild
from bti.workflows.meeting_measure import MakeMeasure

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bti.workflows.meeting_page import MeetingPage, MeetingsPage
    from bti.workflows.meeting_people import Invited

_LENGTHS: Final = (15, 20, 30, 40, 45, 60, 90, 120)
_POINT_LENGTH: Final = 300
_SPARE: Final = 3


def words_for(one: Invited) -> str:
    """Return what somebody invited is called in a list."""
    if one.masked:
        return str(_("Somebody from another service"))
    if one.role == "child":
        return str(_("%(name)s (the child)", name=one.name))
    if one.role == "guardian":
        return str(_("%(name)s (guardian)", name=one.name))
    return f"{one.name}, {one.title}" if one.title else one.name


def _rows(people: Iterable[Invited]) -> list[tuple[str, str]]:
    return [(one.key, words_for(one)) for one in people]


class PlanForm(BaseForm):
    """When, where and with whom."""

    kind = RadioField(_l("What kind of meeting?"), choices=choices(MEETING_KIND))
    day = DateField(_l("Which day?"))
    clock = TimeField(_l("At what time?"), description=_l("Such as 13:15."))
    minutes = ListField(_l("How long?"), blank=_l("Choose"))
    place = TextField(
        _l("Where?"),
        required=False,
        description=_l("A room, or that you meet on screen. Write no names."),
    )
    invited = TicksField(
        _l("Who is invited?"),
        required=_l("Tick at least one."),
        description=_l("The family, and those who have a place in the case."),
    )

    def prepare(self, page: MeetingsPage | MeetingPage, minutes: int = 45) -> None:
        """Offer those who can be invited; ``minutes`` is offered too."""
        self.invited.choices = _rows(page.people)
        self.minutes.choices = [
            (str(one), ngettext("%(num)d minute", "%(num)d minutes", one))
            for one in sorted({*_LENGTHS, minutes})
        ]
        if self.minutes.data is None and not self.minutes.raw_data:
            self.minutes.data = str(minutes)

    def to_command(self, case_id: uuid.UUID) -> PlanMeeting:
        """Return what was filled in. Raises ``RuleBroken("meeting.no_such_time")``."""
        clock = self.clock.time
        if clock is None:
            raise ValueError(self.clock.name)
        return PlanMeeting(
            case_id=case_id,
            version=self.version.data,
            submission=self.submission.data,
            kind=MeetingKind(self.kind.data),
            starts_at=meetings.starts_at(self.day.day, clock),
            minutes=int(self.minutes.data),
            place=self.place.data or "",
            invited=tuple(self.invited.data or ()),
        )


def plan_values(page: MeetingPage) -> dict[str, Any]:
    """Return a planned meeting as the form's first values."""
    return {
        "version": page.version,
        "kind": page.line.kind.value,
        "day": page.held_on,
        "clock": bare_clock(page.line.starts_at),
        "minutes": str(page.line.minutes),
        "place": page.line.place,
        "invited": [one.key for one in page.invited],
    }


class PrepareForm(BaseForm):
    """Who talks with the child before the meeting, or why nobody does."""

    by_whom = TextField(_l("Who talks with the child?"), required=False)
    on = DateField(_l("When?"), required=False)
    words = AreaField(
        _l("What does the child want said in the meeting?"),
        required=False,
        description=_l("In the child's own words. Ask what the others may hear."),
    )
    may_share = TickField(_l("The child is fine with those in the meeting reading this"))
    missing = ListField(
        _l("If nobody talks with the child: why?"),
        choices=choices(NOT_HEARD),
        blank=_l("Choose"),
        required=False,
    )

    def prepare(self, page: MeetingPage) -> None:
        """Put the child's name into the questions."""
        name = page.child
        self.by_whom.label.text = _("Who talks with %(name)s before the meeting?", name=name)
        self.words.label.text = _("What does %(name)s want said in the meeting?", name=name)
        self.missing.label.text = _("If nobody talks with %(name)s: why?", name=name)

    def to_command(self, case_id: uuid.UUID, meeting_id: uuid.UUID) -> PrepareChild:
        """Return what was filled in."""
        return PrepareChild(
            case_id=case_id,
            version=self.version.data,
            meeting_id=meeting_id,
            by_whom=self.by_whom.data or "",
            on=self.on.data,
            words=self.words.data or "",
            may_share=bool(self.may_share.data),
            missing=NotHeardReason(self.missing.data) if self.missing.data else None,
        )


class MinutesForm(StepForm):
    """Minutes while they are being written; the points come as rows of three fields."""

    present = TicksField(_l("Who is here?"), required=_l("Tick at least one."))
    text = AreaField(
        _l("In short"),
        required=False,
        max_length=MINUTES_LENGTH,
        description=_l("What was agreed, not what was said. Write so that the family can read it."),
    )
    next_on = DateField(_l("When do you meet next?"), required=False)

    @property
    def filled(self) -> int:
        """How many rows are needed for what is typed."""
        return max((n for n in range(1, MOST_POINTS + 1) if any(self._row(n))), default=0)

    def rows(self, more: int = 0) -> list[dict[str, Any]]:
        """Return the rows to draw: those with something in them, and some to spare."""
        shown = min(MOST_POINTS, self.filled + _SPARE + more)
        return [
            {part: self[f"point{n}_{part}"] for part in ("text", "responsible", "deadline")}
            for n in range(1, shown + 1)
        ]

    def _row(self, n: int) -> tuple[str, str, date | None]:
        row = self[f"point{n}_text"], self[f"point{n}_responsible"], self[f"point{n}_deadline"]
        return row[0].data or "", row[1].data or "", row[2].data

    def points(self) -> tuple[AgreedPoint, ...]:
        """Return the rows with something in them."""
        rows = (self._row(n) for n in range(1, MOST_POINTS + 1))
        return tuple(AgreedPoint(*row) for row in rows if any(row))

    def check_points(self, page: MeetingPage) -> None:
        """Refuse what could not be approved while it can be mended, as ``domain.meetings.check_points``."""
        has_text = bool((self.text.data or "").strip())
        on = day_in_norway(page.line.starts_at)
        meetings.check_points(self.points(), has_text=has_text, meeting_on=on)

    def prepare(self, page: MeetingPage) -> None:
        """Offer those who were invited."""
        self.present.choices = _rows(page.around_the_table)


for _n in range(1, MOST_POINTS + 1):
    _text = TextField(_l("We agree that"), required=False, max_length=_POINT_LENGTH)
    setattr(MinutesForm, f"point{_n}_text", _text)
    setattr(MinutesForm, f"point{_n}_responsible", TextField(_l("Who does it?"), required=False))
    setattr(MinutesForm, f"point{_n}_deadline", DateField(_l("By when?"), required=False))


class _ApproveForm(BaseForm):
    """Who approves the minutes that have been read out, and why somebody was not there."""

    approved = TicksField(_l("Who approves the minutes?"))
    disagreement = AreaField(
        _l("If somebody does not agree: to what?"),
        required=False,
        max_length=2_000,
    )


def approve_form(page: MeetingPage, minutes: MinutesForm) -> Any:  # noqa: ANN401 - a form made here, with fields of its own
    """Return the form of approval for those present, with a reason for each who was not."""
    present = set(minutes.present.data or ())
    absent = [one for one in page.around_the_table if one.key not in present]
    fields = {
        f"reason{n}": ListField(
            _("Why was %(name)s not here?", name=words_for(one)),
            choices=choices(ABSENCE),
            blank=_("Choose"),
            required=_("Choose a reason."),
        )
        for n, one in enumerate(absent)
    }
    form = type("ApproveForm", (_ApproveForm,), fields)(version=page.version)
    form.approved.choices = _rows(one for one in page.around_the_table if one.key in present)
    return form


def approval_of(page: MeetingPage, minutes: MinutesForm, form: Any) -> ApproveMinutes:  # noqa: ANN401 - as above
    """Return minutes and approval as a command; both forms have been validated."""
    present, approved = set(minutes.present.data or ()), set(form.approved.data or ())
    reasons = iter(AbsenceReason(form[name].data) for name in sorted(_reasons(form), key=_place_of))
    return ApproveMinutes(
        case_id=page.case_id,
        version=form.version.data,
        meeting_id=page.line.meeting_id,
        text=minutes.text.data or "",
        points=minutes.points(),
        attendance={
            one.key: Attendance(
                present=one.key in present,
                reason=None if one.key in present else next(reasons),
                approved=one.key in approved,
            )
            for one in page.around_the_table
        },
        disagreement=form.disagreement.data or "",
        next_on=minutes.next_on.data,
    )


def _reasons(form: Any) -> list[str]:  # noqa: ANN401 - as above
    return [field.name for field in form if field.name.startswith("reason")]


def _place_of(name: str) -> int:
    return int(name.removeprefix("reason"))


class PointMeasureForm(BaseForm):
    """What an agreed point lacks of a measure."""

    goal = RadioField(_l("Which goal is it for?"), required=False)
    new_goal = TextField(
        _l("Or a new goal"),
        required=False,
        max_length=_POINT_LENGTH,
        description=_l("Write it as the child would say it."),
    )
    kind = RadioField(_l("What sort of measure is it?"), choices=choices(MEASURE_TYPE))
    arena = RadioField(_l("Where?"), choices=choices(ARENA))
    party = RadioField(_l("Whose is it to carry out?"), choices=choices(PARTY))
    responsible = TextField(
        _l("As what?"),
        max_length=60,
        description=_l("A function, for instance contact teacher, mother or coach. Never a name."),
    )
    start_on = DateField(_l("When does it start?"))
    evaluate_on = DateField(_l("When do you evaluate?"))

    def prepare(self, page: MeetingPage) -> None:
        """Offer the goals one may read; the only one is chosen."""
        self.goal.choices = [(str(goal.id), goal.text) for goal in page.goals]
        if len(page.goals) == 1 and self.goal.data is None:
            self.goal.data = str(page.goals[0].id)

    def to_command(self, case_id: uuid.UUID, meeting_id: uuid.UUID, place: int) -> MakeMeasure:
        """Return what was filled in; the form has been validated."""
        return MakeMeasure(
            case_id=case_id,
            version=self.version.data,
            meeting_id=meeting_id,
            place=place,
            goal_id=uuid.UUID(self.goal.data) if self.goal.data else None,
            new_goal=self.new_goal.data or "",
            arena=Arena(self.arena.data),
            kind=MeasureType(self.kind.data),
            party=Party(self.party.data),
            responsible=self.responsible.data or "",
            start_on=self.start_on.day,
            evaluate_on=self.evaluate_on.day,
        )


class CancelForm(BaseForm):
    """Nothing to fill in: the version says which meeting was seen."""
