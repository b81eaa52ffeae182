"""Forms about consent: the question, an answer, taking it back, guardians and participants."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from bti.domain.codes import SHAREABLE, HeardMethod, InfoType, Kept, NotHeardReason
from bti.domain.consent import Answer, Form, Scope
from bti.domain.signers import Hearing
from bti.web import i18n
from bti.web.forms.base import BaseForm
from bti.web.forms.fields import (
    AreaField,
    DateField,
    ListField,
    RadioField,
    TextField,
    TicksField,
)
from bti.web.labels import (
    ANSWER,
    ANSWER_FORM,
    HEARD,
    INFO_TYPE,
    KEPT,
    NOT_HEARD,
    SCOPE,
    choices,
)
from bti.workflows.consent import AskConsent, Heard, RecordAnswer, ShownText, SignedBy, Way

if TYPE_CHECKING:
    from bti.workflows.consent import ConsentPage
    from bti.workflows.consent_page import AskPage

_LANGUAGES = list(i18n.LANGUAGES.items())


def what_is_shared() -> TicksField:
    """The kinds of information another service may be told, with or without consent."""
    return TicksField(
        _l("What will be shared?"),
        description=_l("Only what is needed. Everything else stays closed to the other service."),
        choices=choices(INFO_TYPE, SHAREABLE),
    )


class AskForm(BaseForm):
    """A question to those who must consent."""

    scope = RadioField(
        _l("What do you ask about?"),
        choices=choices(SCOPE, [Scope.OPEN_LOG, Scope.BRING_IN_SERVICE]),
    )
    to_unit = ListField(
        _l("Which service?"),
        description=_l("Only when you bring one in. One question for each service."),
        blank=_l("Choose"),
        required=False,
    )
    info_types = what_is_shared()
    direction = RadioField(
        _l("Which way?"),
        choices=[
            (Way.BOTH.value, _l("We tell each other")),
            (Way.OUT.value, _l("Only we tell them")),
            (Way.IN.value, _l("Only they tell us")),
        ],
        default=Way.BOTH.value,
        required=False,
    )
    purpose = AreaField(
        _l("Why?"),
        description=_l("The family reads this. Write what it can help with, in plain words."),
        max_length=1000,
    )
    about = TicksField(
        _l("Does it say something about one of the adults themselves?"),
        description=_l(
            "Their own health, money or other troubles. Whoever you tick answers for that alone."
        ),
    )
    valid_to = DateField(_l("Until when?"), description=_l("Then the sharing stops by itself."))
    language = ListField(_l("Which language do they read?"), choices=_LANGUAGES)
    interpreter = TextField(
        _l("Interpreter"), description=_l("Name and language, if there is one."), required=False
    )
    heard = RadioField(
        _l("Has the child been asked what it thinks?"),
        choices=[("yes", _l("Yes")), ("no", _l("No, and I will write why"))],
        required=False,
    )
    heard_on = DateField(
        _l("When?"), too_late=_l("The day cannot be in the future."), required=False
    )
    method = ListField(_l("How?"), choices=choices(HEARD), blank=_l("Choose"), required=False)
    not_heard = ListField(
        _l("If not: why?"), choices=choices(NOT_HEARD), blank=_l("Choose"), required=False
    )
    words = AreaField(
        _l("What does the child say?"),
        description=_l("As near to the child's own words as you can."),
        required=False,
    )
    weight = AreaField(
        _l("How much weight have you given it?"),
        description=_l("Needed from twelve years."),
        required=False,
    )
    kept = RadioField(
        _l("Is there something the child wants kept from the guardians?"),
        description=_l("Ask when you are alone with the child. Needed from twelve years."),
        choices=choices(KEPT),
        required=False,
    )

    def prepare(self, page: AskPage) -> None:
        """Offer the services and the adults there are; ask of a child's age what it may be asked."""
        self.to_unit.choices = [(str(unit_id), name) for unit_id, name in page.services]
        self.about.choices = [(str(one.id), one.name) for one in page.guardians]
        if not page.guardians:
            del self.about
        if page.hearing is not Hearing.REQUIRED_WITH_WEIGHT:
            del self.kept

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        """Also ask for what one choice makes necessary."""
        fine = super().validate(extra_validators)
        wanted = {
            self.to_unit: self.scope.data == Scope.BRING_IN_SERVICE and not self.to_unit.data,
            self.heard_on: bool(self.heard.data) and self.heard_on.data is None,
            self.method: self.heard.data == "yes" and not self.method.data,
            self.not_heard: self.heard.data == "no" and not self.not_heard.data,
        }
        for field, missing in wanted.items():
            if missing and not field.errors:
                self.refuse(gettext("This must be filled in."), field)
                fine = False
        return fine

    @property
    def unit_id(self) -> uuid.UUID | None:
        """The service to bring in, None for the log."""
        bringing_in = self.scope.data == Scope.BRING_IN_SERVICE and self.to_unit.data
        return uuid.UUID(self.to_unit.data) if bringing_in else None

    @property
    def types(self) -> tuple[InfoType, ...]:
        """What will be shared, none for the log."""
        chosen = self.info_types.data or () if self.unit_id is not None else ()
        return tuple(InfoType(one) for one in chosen)

    @property
    def way(self) -> Way:
        """Which way."""
        return Way(self.direction.data or Way.BOTH)

    def to_command(self, case_id: uuid.UUID, text: ShownText) -> AskConsent:
        """What was chosen, for the workflow."""
        return AskConsent(
            case_id=case_id,
            submission=self.submission.data or uuid.uuid4(),
            version=self.version.data,
            scope=Scope(self.scope.data),
            to_unit=self.unit_id,
            info_types=frozenset(self.types),
            direction=self.way,
            purpose=self.purpose.data or "",
            valid_to=self.valid_to.data,
            language=self.language.data or "nb",
            interpreter=self.interpreter.data or "",
            heard=self._heard(),
            about=frozenset(uuid.UUID(one) for one in self._ticked("about")),
            text=text,
        )

    def _ticked(self, name: str) -> list[str]:
        return list(self[name].data or ()) if name in self else []

    def _heard(self) -> Heard | None:
        if not self.heard.data or self.heard_on.data is None:
            return None
        yes = self.heard.data == "yes"
        return Heard(
            on=self.heard_on.data,
            method=HeardMethod(self.method.data) if yes else None,
            not_heard=None if yes else NotHeardReason(self.not_heard.data),
            words=self.words.data or "",
            weight=self.weight.data or "",
            kept=Kept(self.kept.data) if "kept" in self and self.kept.data else None,
        )


class AnswerForm(BaseForm):
    """What one signer said."""

    answer = RadioField(_l("What is the answer?"), choices=choices(ANSWER))
    info_types = TicksField(
        _l("If a part: what did they say yes to?"), choices=choices(INFO_TYPE, SHAREABLE)
    )
    form = RadioField(
        _l("How did they answer?"),
        choices=choices(ANSWER_FORM, [Form.IN_PERSON, Form.PAPER, Form.ORAL]),
    )
    on = DateField(_l("Which day?"), too_late=_l("The day cannot be in the future."))
    minuted_by = ListField(_l("If they said it: who noted it?"), blank=_l("Choose"), required=False)
    present = TextField(
        _l("If they said it: who was present?"),
        description=_l("An answer that is said binds when it is noted who was there."),
        required=False,
    )
    interpreter = TextField(
        _l("Interpreter"), description=_l("Name and language, if there is one."), required=False
    )
    signed_by = ListField(
        _l("Did somebody else sign for them, with a power of attorney?"),
        description=_l("Only the other one who decides for the child can do that."),
        blank=_l("No"),
        required=False,
    )
    mandate_from = DateField(_l("The power of attorney holds from"), required=False)
    mandate_to = DateField(_l("and to"), required=False)
    mandate_reference = TextField(
        _l("Where is the power of attorney kept?"),
        description=_l("The number it has in the archive, for instance."),
        required=False,
    )
    note = AreaField(_l("Something we should remember?"), required=False, max_length=1000)

    def prepare(self, page: ConsentPage, person_id: uuid.UUID) -> None:
        """Offer the types asked about, one's own colleagues, and who might sign for another."""
        self.signed_by.choices = [
            (str(one), name) for one, name in page.attorneys if one != person_id
        ]
        if not self.signed_by.choices:
            for name in ("signed_by", "mandate_from", "mandate_to", "mandate_reference"):
                del self[name]
        self.info_types.choices = choices(INFO_TYPE, page.types)
        if not page.types:
            del self.info_types
            self.answer.choices = choices(ANSWER, set(Answer) - {Answer.PARTLY})
        self.minuted_by.choices = [(str(account_id), name) for account_id, name in page.colleagues]

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        """Also ask for the days of a power of attorney."""
        fine = super().validate(extra_validators)
        if "signed_by" not in self or not self.signed_by.data:
            return fine
        for field in (self.mandate_from, self.mandate_to, self.mandate_reference):
            if not field.data and not field.errors:
                self.refuse(gettext("This must be filled in."), field)
                fine = False
        return fine

    def _mandate(self) -> SignedBy | None:
        if "signed_by" not in self or not self.signed_by.data:
            return None
        return SignedBy(
            person_id=uuid.UUID(self.signed_by.data),
            valid_from=self.mandate_from.data or date.max,
            valid_to=self.mandate_to.data or date.min,
            reference=self.mandate_reference.data or "",
        )

    def to_command(self, page: ConsentPage, person_id: uuid.UUID) -> RecordAnswer:
        """What was said, for the workflow."""
        ticked = self.info_types.data or () if "info_types" in self else ()
        oral = self.form.data == Form.ORAL
        return RecordAnswer(
            case_id=page.case_id,
            consent_id=page.row.id,
            person_id=person_id,
            submission=self.submission.data or uuid.uuid4(),
            answer=Answer(self.answer.data),
            form=Form(self.form.data),
            on=self.on.data or date.max,
            info_types=frozenset(InfoType(one) for one in ticked),
            minuted_by=uuid.UUID(self.minuted_by.data) if oral and self.minuted_by.data else None,
            present=(self.present.data or "") if oral else "",
            interpreter=self.interpreter.data or "",
            mandate=self._mandate(),
            note=self.note.data or "",
        )


class WithdrawForm(BaseForm):
    """Who takes it back, and if it is only some of it. Nothing else is asked."""

    person = RadioField(_l("Who takes it back?"))
    cells = TicksField(
        _l("Only some of it?"), description=_l("Tick nothing, and all of it is taken back.")
    )

    def prepare(self, page: ConsentPage) -> None:
        """Offer those who may, and what flows; a single person is chosen already."""
        self.cells.choices = [
            (
                one.name,
                gettext(
                    "%(what)s: %(giver)s tells %(taker)s",
                    what=INFO_TYPE[one.info_type],
                    giver=one.giver,
                    taker=one.taker,
                ),
            )
            for one in page.flows
        ]
        if len(page.flows) <= 1:
            del self.cells
        self.person.choices = [(str(person_id), name) for person_id, name in page.may_take_back]
        if len(page.may_take_back) == 1 and self.person.data is None:
            self.person.data = str(page.may_take_back[0][0])

    @property
    def some(self) -> frozenset[str]:
        """What is taken back, empty for all of it."""
        return frozenset(self.cells.data or ()) if "cells" in self else frozenset()


class BlockForm(BaseForm):
    """Which decision of the county governor it is."""

    reference = TextField(
        _l("Which decision?"),
        required=_l("Write the decision's date and number."),
        description=_l("Date and number, so that others can find it."),
    )


class InviteForm(BaseForm):
    """Whom to let in: ``person`` is an account and its service."""

    person = ListField(_l("Who will take part?"), blank=_l("Choose"))

    @property
    def account_and_unit(self) -> tuple[uuid.UUID, uuid.UUID]:
        """The account and the service chosen."""
        account, _, unit = str(self.person.data).partition(":")
        return uuid.UUID(account), uuid.UUID(unit)
