"""The forms of the local rules: one for each part, made of what stands there, and one for where it is decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask_babel import gettext, lazy_gettext

from bti.profiles.draft import Decision
from bti.profiles.profile import LANGUAGES
from bti.profiles.sections import Kind
from bti.web import i18n
from bti.web import rules_words as words
from bti.web.forms.base import BaseForm
from bti.web.forms.fields import AreaField, ListField, TextField, TickField, TicksField

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wtforms.fields.core import Field

    from bti.profiles import ProfileError
    from bti.profiles.own import Whose
    from bti.profiles.sections import Group, Slot

LONGEST_TEXT = 2000


@dataclass(frozen=True, slots=True)
class Row:
    """One thing to fill in; a text has a field for each language under one legend."""

    legend: str
    whose: str
    fields: tuple[Field, ...]

    @property
    def narrow(self) -> bool:
        """Whether it may stand beside others: one field of one line."""
        return len(self.fields) == 1 and getattr(self.fields[0], "shape", "") == "line"


class DecisionForm(BaseForm):
    """Where it is decided and from when. Nothing is needed to save it; all of it to ask."""

    title = TextField(
        lazy_gettext("Which decision"),
        required=False,
        description=lazy_gettext("The title of the paper, and its number in the archive."),
    )
    adopted = TextField(
        lazy_gettext("Decided on"),
        required=False,
        max_length=10,
        description=lazy_gettext("Year-month-day, such as 2027-02-01."),
    )
    place = TextField(
        lazy_gettext("Where in it"),
        required=False,
        description=lazy_gettext("A point, a chapter or a page."),
    )
    valid_from = TextField(
        lazy_gettext("In force from"),
        required=False,
        max_length=10,
        description=lazy_gettext("Year-month-day, such as 2027-02-01."),
    )

    def to_decision(self) -> Decision:
        """What was typed."""
        typed = (self.title, self.adopted, self.place, self.valid_from)
        return Decision(*(str(one.data or "") for one in typed))


class AskForm(BaseForm):
    """Why a colleague should say yes."""

    reason = AreaField(lazy_gettext("Why"), required=False, max_length=LONGEST_TEXT)


class MoreForm(BaseForm):
    """What is to be added."""

    what = ListField(lazy_gettext("What"))


class TakeForm(BaseForm):
    """What is to be taken away."""

    taken = ListField(lazy_gettext("What"))


def section_form(groups: Sequence[Group], version: int) -> BaseForm:
    """Return a form with a field for each slot, filled with what stands there."""
    fields = {name_of(slot): _field(slot) for one in groups for slot in one.slots}
    made: type[BaseForm] = type("SectionForm", (BaseForm,), fields)
    return made(version=version, data={name_of(s): _shown(s) for one in groups for s in one.slots})


def name_of(slot: Slot) -> str:
    """Return the name of a slot's field."""
    return ".".join(("rule", *slot.path))


def typed(form: BaseForm, groups: Sequence[Group]) -> dict[tuple[str, ...], object]:
    """Return what was typed, by path."""
    return {slot.path: form[name_of(slot)].data for one in groups for slot in one.slots}


def rows(form: BaseForm, group: Group, whose: dict[tuple[str, ...], Whose]) -> tuple[Row, ...]:
    """Return the rows of a group: a text in three languages is one."""
    found: dict[tuple[str, ...], list[Slot]] = {}
    for slot in group.slots:
        path = slot.path[:-1] if slot.path[-1] in LANGUAGES else slot.path
        found.setdefault(path, []).append(slot)
    return tuple(
        Row(
            words.part(path),
            words.whose(whose[slots[0].path]) if _is_said(slots[0], whose) else "",
            tuple(form[name_of(slot)] for slot in slots),
        )
        for path, slots in found.items()
    )


def show_faults(
    form: BaseForm, groups: Sequence[Group], faults: Sequence[ProfileError]
) -> tuple[tuple[str, str], ...]:
    """Say at each field what is wrong with what stands in it. Returns all of it, with where to go."""
    slots = [slot for one in groups for slot in one.slots]
    told = []
    for fault in faults:
        slot = next((s for s in slots if _is_about(fault.key, s)), None)
        if slot is not None:
            field = form[name_of(slot)]
            field.errors = (*field.errors, words.fault(fault))
            told.append((f"{words.whole(slot.path)}: {words.fault(fault)}", f"#{field.id}"))
    return tuple(told)


def _is_about(key: str, slot: Slot) -> bool:
    own = ".".join(slot.path)
    return own == key or own.startswith(f"{key}.")


def _shown(slot: Slot) -> Any:  # noqa: ANN401 - as its field takes it
    if slot.kind is Kind.STEPS:
        return ", ".join(map(str, slot.value)) if isinstance(slot.value, list) else ""
    if slot.kind is Kind.MANY:
        return [str(one) for one in slot.value] if isinstance(slot.value, list) else []
    if slot.kind is Kind.YES:
        return slot.value is True
    return "" if slot.value is None else str(slot.value)


def _field(slot: Slot) -> Any:  # noqa: ANN401 - WTForms' unbound field has no type of its own
    path = slot.path
    text = words.tongue(path[-1]) if path[-1] in LANGUAGES else words.part(path)
    if path[-1] in LANGUAGES:
        text = f"{words.part(path)}, {text}"
    note = words.help_for(path)
    own = {code: said.get(i18n.language()) for code, said in slot.called.items()}
    choices = [(code, own.get(code) or words.option(path, code)) for code in slot.options]
    match slot.kind:
        case Kind.AREA:
            return AreaField(text, required=False, max_length=LONGEST_TEXT)
        case Kind.CHOICE:
            return ListField(text, choices=choices, required=False, blank=_blank(slot))
        case Kind.MANY:
            return TicksField(text, choices=choices, required=False)
        case Kind.YES:
            return TickField(text)
        case _:
            return TextField(text, required=False, description=note)


def _is_said(slot: Slot, whose: dict[tuple[str, ...], Whose]) -> bool:
    """Whether it is anybody's word: what a service leaves open is nobody's."""
    return slot.path in whose and not (slot.path[0] == "services" and slot.value is None)


def _blank(slot: Slot) -> str | None:
    """What a list begins with while nothing is chosen; what a service leaves open is as for all."""
    if slot.path[0] == "services":
        return str(gettext("As for all services"))
    return None if slot.value else str(gettext("Choose"))
