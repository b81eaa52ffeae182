"""What a refused rule of the plan says to a person, by its code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask_babel import lazy_gettext as _l

if TYPE_CHECKING:
    from collections.abc import Mapping

MEASURE: Final[Mapping[str, Any]] = {
    "closing.plan_beside_log": _l(
        "In this municipality the log goes on beside an individual plan. Choose another cause."
    ),
    "closing.unmet_without_words": _l("Write what is done about the need that nobody meets yet."),
    "evaluation.before_start": _l("The evaluation cannot be before the measure started."),
    "evaluation.change_missing": _l("Write what changes."),
    "evaluation.future": _l("The evaluation cannot be in the future."),
    "evaluation.next_date_missing": _l("Choose when you will evaluate the next time."),
    "evaluation.next_date_not_needed": _l("A measure that ends has no next evaluation."),
    "evaluation.next_date_past": _l("The next evaluation must be after today."),
    "evaluation.view_missing": _l("Write each view, or why it is missing."),
    "evaluation.wrong_measure": _l("This evaluation belongs to another measure."),
    "goal.day_far": _l("Choose a day within three years."),
    "goal.day_missing": _l("Choose a new day for a goal that goes on."),
    "goal.day_not_needed": _l("A goal that has ended has no day to be reached by."),
    "goal.day_past": _l("The day the goal should be reached by has passed."),
    "goal.ended": _l("This goal has ended. Write a new one."),
    "goal.evaluation_before": _l("The goal was not written yet on that day."),
    "goal.evaluation_future": _l("The evaluation cannot be in the future."),
    "goal.view_missing": _l("Write each view, or why it is missing."),
    "goal.no_text": _l("Write what you want to achieve."),
    "measure.ended": _l("This measure has ended."),
    "measure.evaluation_before_start": _l("The evaluation must be after the start."),
    "measure.evaluation_past": _l("The evaluation day has passed already."),
    "measure.no_dates": _l("Choose when it starts and when you will evaluate."),
    "measure.no_goal": _l("Choose which goal the measure belongs to."),
    "measure.none_chosen": _l("Choose at least one measure."),
    "measure.names_somebody": _l("Write a function, and not a person's name or number."),
    "measure.no_responsible": _l("Write who is responsible."),
    "measure.no_title": _l("Give the measure a name."),
}
