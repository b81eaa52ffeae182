"""What a refused rule about consent, or about sharing without it, says to a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import lazy_gettext as _l

CONSENT: Final[Mapping[str, Any]] = {
    "consent.already_complete": _l("This has been answered by everybody already."),
    "consent.answer_before_question": _l("The answer cannot be from before the question."),
    "consent.day_in_future": _l("The day cannot be in the future."),
    "consent.ended": _l("This question is no longer open. Ask again."),
    "consent.health_alone": _l(
        "From 16 the young person alone decides over health, and over all that the health service "
        "tells. Ask about that by itself, one way at a time."
    ),
    "consent.decision_unnamed": _l("Write the decision's date and number."),
    "consent.hearing_missing": _l(
        "Write how the child was heard, or why not. From twelve, also how much weight it was given, "
        "and whether something must be kept from the guardians."
    ),
    "consent.blocked_still": _l(
        "The county governor has decided that this stays secret. It cannot be asked about now."
    ),
    "consent.kept_from_guardians": _l(
        "The child wants something kept from the guardians, so they are not asked. Talk with your "
        "leader first. What the child wants kept must not stand in what you share."
    ),
    "consent.mandate_expired": _l("The power of attorney does not cover this day."),
    "consent.mandate_no_effect": _l(
        "Nobody can sign for the young person, for child welfare services, or for somebody's own "
        "secrets."
    ),
    "consent.mandate_stranger": _l(
        "Only the other one who decides for the child can sign with a power of attorney."
    ),
    "consent.mandate_unnamed": _l("Write where the power of attorney is kept."),
    "consent.no_cells": _l("Choose at least one kind of information to share."),
    "consent.no_signer": _l("Nobody who may consent is registered. Add the guardians first."),
    "consent.not_a_signer": _l("This person does not have to answer this question."),
    "consent.not_colleague": _l("The one who noted it must work in the municipality."),
    "consent.not_complete": _l("Not everybody has said yes yet."),
    "consent.oral_not_minuted": _l("For an oral answer, write who was present and who noted it."),
    "consent.own_not_shareable": _l("A service's own notes cannot be shared."),
    "consent.partly_without_cells": _l("Choose what the person said yes to."),
    "consent.responsibility_not_checked": _l(
        "Somebody must check who has parental responsibility before you can ask."
    ),
    "consent.same_unit": _l("Choose another service than your own."),
    "consent.validity_past": _l("The last day must be in the future."),
    "consent.validity_too_long": _l("A consent cannot last that long."),
    "gate.child_not_told": _l("Write which day the child was told and could say what it thinks."),
    "gate.needs_leader": _l("The leader of the service must open this."),
    "gate.no_cells": _l("Choose at least one kind of information to share."),
    "gate.no_necessity": _l("Write why it is needed, in at least 40 characters."),
    "gate.no_proportionality": _l(
        "Write why the good it does is worth the intrusion, in at least 40 characters."
    ),
    "gate.not_for_service": _l("The law does not give your service this way to share."),
    "gate.not_to_service": _l("This way to share does not lead to that receiver."),
    "gate.opened": _l("This has been opened already."),
    "gate.over": _l("This is over. Write it down anew."),
    "gate.same_person": _l("Somebody else than the one who wrote it down must open it."),
    "gate.until_far": _l("It cannot be open that long without consent."),
    "gate.until_past": _l("The last day must be in the future."),
}
