"""What a refused rule says to a person, by its code; and what each requirement means and why.

A test holds every code of the domain against these tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from flask_babel import get_locale
from flask_babel import lazy_gettext as _l

from bti.domain.errors import RuleBroken
from bti.domain.legal import basis_on
from bti.domain.levels import Requirement
from bti.profiles import legal_bases
from bti.web.client_messages import CLIENT
from bti.web.consent_messages import CONSENT
from bti.web.consultation_words import CONSULTATION
from bti.web.duty_messages import DUTY
from bti.web.filters import day_year
from bti.web.guardian_words import GUARDIAN
from bti.web.join_messages import JOIN
from bti.web.measure_messages import MEASURE
from bti.web.meeting_messages import MEETING
from bti.web.move_messages import MOVE
from bti.web.people_messages import PEOPLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flask import Flask

    from bti.domain.legal import LegalBasis
    from bti.web.forms.base import BaseForm

RULES: Final[Mapping[str, Any]] = {
    **CLIENT,
    **CONSENT,
    **CONSULTATION,
    **DUTY,
    **MEASURE,
    **MEETING,
    **PEOPLE,
    **GUARDIAN,
    **JOIN,
    **MOVE,
    "account.code_wrong": _l(
        "The code was not right. Scan the new square, and write what the app shows."
    ),
    "account.holds_baton": _l("This person still has a baton. Hand it over first."),
    "absence.long": _l("Somebody who is away for more than a year hands the baton over."),
    "absence.order": _l("The last day cannot be before the first."),
    "absence.overlaps": _l(
        "Another substitute is set for some of these days. Take that back first."
    ),
    "absence.past": _l("The days are over."),
    "absence.self": _l("Choose somebody else to stand in."),
    "absence.not_colleague": _l("Choose somebody who works in the unit."),
    "rules.overtaken": _l(
        "The day or the number has been passed. Write a later day, and ask again."
    ),
    "rules.same": _l("Nothing is changed yet."),
    "rules.too_long": _l("The rules have become too long. Make the texts shorter."),
    "rules.unfinished": _l("Something cannot be used yet. It stands at the top of the page."),
    "reminder.address": _l("Write an e-mail address, such as name@municipality.no."),
    "leaving.not_leaving": _l("The holder stays, so the baton is theirs to offer."),
    "leaving.past": _l("The last day cannot be in the past."),
    "leaving.planned": _l("A last day is set already. Take it back first."),
    "account.no_role": _l("The person has no role, so the sign-in would lead nowhere."),
    "reset.no_reason": _l("Write what has happened."),
    "insight.no_reason": _l("Write what the file is for."),
    "retention.kept": _l("The rule keeps it: it takes a permission."),
    "retention.other_content": _l("The rule is not about all of it."),
    "retention.too_early": _l("The rule has not run out. It does:"),
    "retention.unknown_rule": _l("There is no such rule."),
    "correction.no_reason": _l("Write why."),
    "correction.no_text": _l("Write what is right, or what the view is."),
    "correction.no_voice": _l("Choose whose view it is."),
    "correction.not_told": _l("Write how those were told who can no longer read it."),
    "extract.no_kinds": _l("Choose at least one kind of information."),
    "extract.no_purpose": _l("Write what it is for."),
    "extract.period": _l("The first day cannot be after the last."),
    "extract.receiver": _l("Your service does not take a part there."),
    "reference.incomplete": _l("Write which system it is in, and the number there."),
    "family.adult": _l("The child is of age. Guardians have no access any more."),
    "family.closed": _l("This person is not given a copy, as it has been decided."),
    "family.no_judgement": _l("Decide first what this person may read."),
    "family.no_kinds": _l("Choose which kinds the person may read."),
    "family.no_reason": _l("Write why."),
    "family.no_responsibility": _l(
        "Without parental responsibility a parent asks for information, and is answered by hand."
    ),
    "family.over": _l("It must be decided anew what this person may read."),
    "mark.day_in_future": _l("The day cannot be in the future."),
    "mark.no_reason": _l("Write why."),
    "mark.nobody_agreed": _l("A yes belongs to somebody: choose whom it is about."),
    "mark.stranger": _l("Choose somebody who is in the case."),
    "rights_request.answered": _l("The request has been answered already."),
    "rights_request.extended_already": _l("The time has been extended already."),
    "rights_request.in_future": _l("The day cannot be in the future."),
    "rights_request.letter_missing": _l("Choose the letter that the refusal rests on."),
    "rights_request.letter_not_needed": _l("A letter is only for what is refused."),
    "rights_request.name_missing": _l("Write who asks."),
    "rights_request.no_case": _l("There is no case with this number."),
    "rights_request.other_right": _l("This does not answer what was asked for."),
    "rights_request.recipients_missing": _l(
        "Write how those who had received it were told, or that nobody had."
    ),
    "rights_request.representative": _l("Only what letter c keeps back goes to a representative."),
    "rights_request.text_missing": _l("Write what was given, or why it was not."),
    "rights_request.told_late": _l("The person must be told within the first month."),
    "rights_request.told_missing": _l("Write which day the person was told."),
    "account.not_active": _l("This account is closed."),
    "account.own": _l("You cannot close your own account. Ask another administrator."),
    "account.own_role": _l("You cannot give yourself a role. Ask another administrator."),
    "account.password_same": _l("This is the password you have now. Choose a new one."),
    "account.role_given": _l("This person has that role in that unit already."),
    "account.role_needs_two": _l(
        "Make the account with another role first. This role is given afterwards, by two people."
    ),
    "approval.waiting": _l("It is asked for already, and waits for a colleague's answer."),
    "account.role_not_here": _l("This role cannot be given in this unit."),
    "account.username_taken": _l("Somebody already has this username."),
    "approval.changed": _l("The approval was given for something else. Ask again."),
    "approval.expired": _l("The approval ran out: it lives for a day. Ask again."),
    "approval.made_by_requester": _l(
        "You have your role from the one who asks. Somebody else must answer."
    ),
    "approval.not_given": _l("Nobody has approved this yet."),
    "approval.not_requester": _l("Only the one who asked can use the approval."),
    "approval.not_waiting": _l("This has been answered already."),
    "approval.other_act": _l("The approval was given for another kind of act."),
    "approval.person_gone": _l("One of the two can no longer sign in. Ask again."),
    "approval.role": _l("This role cannot do that."),
    "approval.same_person": _l(
        "The one who asks has the same name as you. Somebody else must answer."
    ),
    "approval.self": _l("You cannot approve what you ask for yourself."),
    "approval.unknown": _l("There is no such approval."),
    "approval.used": _l("The approval has been used already."),
    "attachment.bomb": _l(
        "The file would become far too large when it is opened. It is not taken."
    ),
    "attachment.broken": _l(
        "The file is not complete, is locked with a password, or is two files in one. "
        "Save it anew, and choose it again."
    ),
    "attachment.empty": _l("The file is empty. Choose another."),
    "attachment.kind": _l("This kind of file is not taken. Save it as PDF, and choose it again."),
    "attachment.macros": _l(
        "The document has macros, which can do harm. Save it without them or as PDF."
    ),
    "attachment.no_room": _l(
        "There was no room for the file. Nothing has been saved. Tell those who run Stafett."
    ),
    "attachment.too_large": _l("The file is too large. Make it smaller, or divide it."),
    "attachment.too_many": _l("This case has as many files as it can have."),
    "baton.log_not_active": _l("The log is not open, so there is no baton to hand over."),
    "baton.moves_case": _l("The case goes along with this offer. Answer it where that is asked."),
    "baton.must_accept": _l("Whoever opens the log takes the baton first."),
    "baton.no_consent": _l("This person's service is not let in by a consent yet."),
    "baton.no_offer": _l("There is no open offer any more."),
    "baton.not_active": _l("This person cannot sign in any more."),
    "baton.not_holder": _l("Only the baton holder can do this."),
    "baton.not_offered": _l("The baton was offered to somebody else."),
    "baton.offer_expired": _l("The offer ran out. Ask for a new one."),
    "baton.offer_open": _l("The baton is already offered to somebody. Take that offer back first."),
    "baton.reason_missing": _l("Write why the baton must be moved."),
    "baton.to_holder": _l("This person already has the baton."),
    "baton.wrong_role": _l("This role cannot hold the baton."),
    "breach.authority_open": _l("Say first whether Datatilsynet was told."),
    "breach.before_known": _l("This cannot be from before the breach was known."),
    "breach.closed": _l("The record is closed. Nothing more can be added."),
    "breach.ground_missing": _l("Choose the provision."),
    "breach.in_future": _l("The time cannot be in the future."),
    "breach.late_reason": _l("The report came after 72 hours. Write why."),
    "breach.no_selection": _l("Say which events: a case, a person, a kind or some days."),
    "breach.people_open": _l("Say first whether those affected were told."),
    "breach.reference_missing": _l("Write Datatilsynet's reference."),
    "breach.reported_already": _l("It was reported already."),
    "breach.text_missing": _l("Write what this is about."),
    "breach.time_missing": _l("Write which day and at what time."),
    "breach.too_many": _l("The selection is too large to keep. Narrow it by person, case or days."),
    "compartment.unknown": _l("This kind of information is not known."),
    "concern.birth_date_in_future": _l("The birth date is ahead in time. Check the year."),
    "concern.day_in_future": _l("The date is ahead in time. Choose today or an earlier day."),
    "concern.no_category": _l("Tick at least one thing the concern is about."),
    "concern.no_child": _l("Write the child's name."),
    "concern.nothing_seen": _l("Write what you have seen or heard."),
    "concern.too_old": _l("Stafett is for children and young people under 24."),
    "conversation.future": _l("The conversation cannot be in the future."),
    "conversation.reason_missing": _l("Write why you have not talked together."),
    "control.not_over": _l("The month is not over yet."),
    "control.unsettled": _l("Review every finding first."),
    "emergency.blocked": _l(
        "You have used emergency access twice, and nobody has reviewed it yet. You must wait until "
        "the data protection officer or your leader has done so. If a child is in danger now, "
        "call the police or child welfare services."
    ),
    "emergency.nothing_said": _l("Write a case number or a national identity number."),
    "emergency.reason_short": _l("Write why, in at least 20 characters."),
    "emergency.review_reason": _l("Write what you have found out."),
    "guardian.day_in_future": _l("The day cannot be in the future."),
    "guardian.not_checked": _l("Write which day parental responsibility was checked."),
    "legal.unknown": _l("The legal reference is not known for this date."),
    "level.case_closed": _l("The case is closed."),
    "level.case_open": _l("The case is open already."),
    "level.no_such_step": _l("The case cannot go there from where it is now."),
    "level.requirements": _l("Something is missing before you can do this."),
    "log.resting": _l(
        "The log is resting, because a consent to it is missing. Ask for consent first."
    ),
    "log.already_open": _l("The log is open already."),
    "national_id.check_digits": _l("The number is not right. Check each digit."),
    "national_id.date": _l("The first six digits are not a possible date."),
    "national_id.form": _l("A national identity number has eleven digits."),
    "national_id.not_synthetic": _l("Only synthetic numbers are allowed here."),
    "national_id.synthetic": _l("This is a test number. It cannot be used here."),
    "participant.not_colleague": _l("This person does not work in that service now."),
    "participant.not_let_in": _l("This service is not let in by a consent yet."),
    "protection.holder_unnamed": _l(
        "The baton holder must be able to open the case. Hand the baton over first."
    ),
    "protection.leader_opens": _l(
        "The address is strictly confidential: only the leader of the unit opens the log."
    ),
    "protection.nobody": _l("Somebody must be able to open the case."),
    "protection.not_named": _l(
        "This person is not among those who may open the case. The leader of the unit decides that."
    ),
    "protection.reason": _l("Write why the protection ends, in at least 20 characters."),
    "protection.until_far": _l("This date is too far off. Look at the decision again."),
    "protection.until_past": _l(
        "This date has passed. If you do not know the new one, ask whoever made the decision."
    ),
    "password.control": _l("The password has a sign that cannot be typed."),
    "password.guessable": _l("This password is easy to guess. Use several words of your own."),
    "password.too_long": _l("The password can have at most 128 characters."),
    "password.too_short": _l("The password must have at least 15 characters."),
    "note.no_text": _l("Write something before you save."),
    "referral.plan_untold": _l(
        "An individual plan is made with the family. Say that it has been told."
    ),
    "referral.criteria_missing": _l("Answer all five, if only with not settled."),
    "referral.no_team": _l("Choose a team of this municipality."),
    "referral.not_open": _l("The case does not wait for the team any more."),
    "referral.not_taken": _l("The team must take the case first."),
    "referral.not_waiting": _l("The case does not wait for the team any more."),
    "referral.open": _l("The case is with the team already."),
    "referral.question_missing": _l("Write what you ask the team."),
    "referral.reason_missing": _l("Write why."),
    "step.unknown": _l("This step is not in the guide."),
}


@dataclass(frozen=True, slots=True)
class Explained:
    """A requirement in words. ``why`` ends with the source in force today."""

    code: str
    met: bool
    title: Any
    why: str


REQUIREMENTS: Final[Mapping[str, tuple[Any, Any]]] = {
    "level.concern_written": (
        _l("The concern is written down"),
        _l("What was seen, when and how often is what everything else builds on."),
    ),
    "level.guardians_informed": (
        _l("The guardians are informed, or you have written why not"),
        _l("Those it concerns shall know what is written about them, unless it is unsafe."),
    ),
    "level.child_heard": (
        _l("The child is heard, or you have written why not"),
        _l("Ask what the child thinks before you decide."),
    ),
    "level.leader_informed": (
        _l("Your leader is informed"),
        _l("A leader decides with you who does what, and helps when it gets hard."),
    ),
    "level.opening_consent": (
        _l("Everybody who must has said yes to the log"),
        _l("The log is opened by those with parental responsibility, and by the youth too."),
    ),
    "level.holder": (
        _l("Somebody has the baton"),
        _l("One adult always has the baton, so that nothing is forgotten on the way."),
    ),
    "level.goal": (
        _l("There is at least one goal"),
        _l("Without a goal nobody can tell whether it helps."),
    ),
    "level.measure": (
        _l("There is a measure with somebody responsible, a start and an evaluation day"),
        _l("A measure nobody has agreed to follow up is not a measure."),
    ),
    "level.measures_evaluated": (
        _l("The measures are evaluated"),
        _l("We try what we can do in our own service before more people are told."),
    ),
    "level.consent_per_service": (
        _l("Consent for each service you invite"),
        _l("The family may say yes to one service and no to another."),
    ),
    "level.danger_assessed_again": (
        _l("You have asked again whether the child is in danger"),
        _l("The question is asked anew when more services come in."),
    ),
    "level.cooperation_not_enough": (
        _l("You have written why the cooperation so far is not enough"),
        _l("The team takes cases that the services cannot solve together by themselves."),
    ),
    "level.may_close": (
        _l("You are among those who may close a case here"),
        _l("The municipality has decided who closes a case. Ask one of them."),
    ),
    "level.rights_told": (
        _l("The family has been told what it has a right to"),
        _l("Coordinator, child coordinator and individual plan. The family chooses."),
    ),
    "level.reason": (
        _l("You have written why"),
        _l("The family and those who come after you shall be able to see the reason."),
    ),
}


def explain(requirements: Iterable[Requirement]) -> tuple[Explained, ...]:
    """Return the requirements in words, in their order."""
    return tuple(_explained(one) for one in requirements)


def unmet(broken: RuleBroken) -> tuple[Explained, ...]:
    """Return what a refused move is missing, in words."""
    missing = broken.facts.get("unmet", ())
    return (
        explain(one for one in missing if isinstance(one, Requirement))
        if isinstance(missing, tuple)
        else ()
    )


def _explained(one: Requirement) -> Explained:
    title, why = REQUIREMENTS[one.code]
    source = legal_reference(one.basis)
    return Explained(one.code, one.met, title, f"{why} {source}".strip())


def legal_reference(code: str, on: date | None = None) -> str:
    """Return the reference in force as a sentence, empty for the guide itself."""
    if code == "guide":
        return ""
    return cited(basis_on(legal_bases(), code, on or date.today()))  # noqa: DTZ011 - a day is enough


def cited(basis: LegalBasis) -> str:
    """Return what the law says and where, as one sentence in the language of the page."""
    language = str(get_locale() or "nb")
    label = basis.label.get(language, basis.label["nb"])
    reference = basis.reference.get(language, basis.reference["nb"])
    return f"{label.removesuffix('.')} ({reference})."


def message(broken: RuleBroken) -> str:
    """Return what to tell the person. Facts are only dates and numbers."""
    text = str(RULES.get(broken.code, _l("This cannot be done now.")))
    latest, line = broken.facts.get("latest"), broken.facts.get("line")
    if isinstance(line, int):
        return f"{text} {line}"
    return f"{text} {day_year(latest)}" if isinstance(latest, date) else text


def refuse(form: BaseForm, broken: RuleBroken) -> None:
    """Put a refused rule on the form, so that nothing typed is lost."""
    form.refuse(message(broken))


def register(app: Flask) -> None:
    """Add the filters."""
    app.add_template_filter(explain, "explained")
    app.add_template_filter(legal_reference, "legal")
    app.add_template_filter(cited)
