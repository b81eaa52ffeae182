"""Who may reach which address: one table, and a gate before every request that denies by default.

This is the outer wall: signed in or not, and which role. Whether the person may act on this very
case is decided by the rules of the domain, inside the workflow.
"""

import logging
from collections.abc import Callable
from typing import Any, Final

from blinker import Namespace
from flask import Flask, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response

from bti.domain.codes import ClientScope
from bti.web import errors
from bti.web.access_network import NETWORK, NETWORK_ROUTES
from bti.web.access_rules import (
    COUNCIL_ROLE,
    MEMBER_ROLE,
    NETWORK_ROLE,
    NETWORK_ROLES,
    Access,
    Client,
    Network,
    Public,
    Roles,
    RouteRule,
    SignedIn,
    SignedInPerson,
)
from bti.web.api import problems
from bti.web.local_address import local_path

__all__ = [
    "COUNCIL_ROLE",
    "MEMBER_ROLE",
    "NETWORK",
    "NETWORK_ROLE",
    "NETWORK_ROLES",
    "ROUTES",
    "Access",
    "Client",
    "Network",
    "Public",
    "Roles",
    "RouteRule",
    "SignedIn",
    "SignedInPerson",
    "allows",
    "refused",
]

_log = logging.getLogger(__name__)

# Sent with actor=, endpoint= and reason= when someone who is signed in is turned away, so that the
# side that may write to the audit log can do it. The web layer may not reach the log itself.
refused: Final = Namespace().signal("bti-refused")


def _roles(*codes: str) -> Roles:
    return Roles(frozenset(codes))


PUBLIC: Final = RouteRule(Public())
SIGNED_IN: Final = RouteRule(SignedIn())
CASE_WORK: Final = RouteRule(_roles("staff", "unit_lead", "team_lead", "team_member"))
_NAMES: Final = RouteRule(_roles("unit_lead", "team_lead", "administrator"))
_JOIN: Final = RouteRule(CASE_WORK.access, "join_logs")
_TWO_PEOPLE: Final = _roles("dpo", "archivist", "administrator", "unit_lead", "team_lead")
_APPROVALS: Final = RouteRule(_TWO_PEOPLE)
_RULES: Final = RouteRule(_roles("administrator"), "edit_rules")

# Endpoint -> rule. A route that is not here answers 404; a row without a route fails
# tests/architecture/test_routes.py. Keep the rows of a feature together and sorted.
ROUTES: Final[dict[str, RouteRule]] = {
    # the shell of the site
    "language": PUBLIC,
    "static_file": PUBLIC,
    # a concern
    "concern.discard": RouteRule(CASE_WORK.access, "own_record"),
    "concern.home": RouteRule(CASE_WORK.access, "log_concern"),
    "concern.new": RouteRule(CASE_WORK.access, "log_concern"),
    "concern.review": RouteRule(CASE_WORK.access, "log_concern"),
    "concern.save_draft": RouteRule(CASE_WORK.access, "own_record", draft=True),
    "concern_import.example": RouteRule(CASE_WORK.access, "log_concern"),
    "concern_import.new": RouteRule(CASE_WORK.access, "log_concern"),
    # a child in danger: open to everyone signed in, whatever the role
    "duty.confirm": RouteRule(SignedIn(), "own_record"),
    "duty.discard": RouteRule(SignedIn(), "own_record"),
    "duty.mine": RouteRule(SignedIn(), "own_record"),
    "duty.received": RouteRule(SignedIn(), "own_record"),
    "duty.report": RouteRule(SignedIn(), "report_danger"),
    "duty.save_draft": RouteRule(SignedIn(), "own_record", draft=True),
    "duty.show": RouteRule(SignedIn(), "own_record"),
    "report.change": RouteRule(SignedIn(), "own_record"),
    "report.discard": RouteRule(SignedIn(), "own_record"),
    "report.file": RouteRule(SignedIn(), "own_record"),
    "report.paper": RouteRule(SignedIn(), "own_record"),
    "report.remove": RouteRule(SignedIn(), "own_record"),
    "report.save_draft": RouteRule(SignedIn(), "own_record", draft=True),
    "report.sent": RouteRule(SignedIn(), "own_record"),
    "report.show": RouteRule(SignedIn(), "own_record"),
    "report.write": RouteRule(SignedIn(), "report_danger"),
    # signing in
    "sign_in.show": PUBLIC,
    "sign_in.demo": PUBLIC,
    "sign_in.role": SIGNED_IN,
    "sign_in.enter_role": SIGNED_IN,
    "sign_in.out": SIGNED_IN,
    "sign_in.extend": SIGNED_IN,
    # who has seen what
    "insight.ask": RouteRule(_roles("dpo"), "export_audit"),
    "insight.case": RouteRule(SignedIn(), "see_case_accesses"),
    "insight.check": RouteRule(_roles("dpo"), "search_audit"),
    "insight.search": RouteRule(_roles("dpo"), "search_audit"),
    "insight.selection": RouteRule(_roles("dpo"), "export_audit"),
    # what the family may read, on paper
    "extract.new": RouteRule(CASE_WORK.access, "print_case"),
    "extract.paper": RouteRule(CASE_WORK.access, "print_case"),
    "extract.refer_to": RouteRule(CASE_WORK.access, "write_note"),
    "guardian.block": RouteRule(CASE_WORK.access, "change_child"),
    "guardian.lift": RouteRule(CASE_WORK.access, "lift_block"),
    "partiality.lift": RouteRule(CASE_WORK.access, "lift_block"),
    "partiality.show": RouteRule(CASE_WORK.access, "read_case"),
    "proposal.answer": RouteRule(CASE_WORK.access, "change_child"),
    "proposal.show": RouteRule(CASE_WORK.access, "change_child"),
    "family.copy": RouteRule(CASE_WORK.access, "print_case"),
    "family.judge": RouteRule(CASE_WORK.access, "change_child"),
    "family.paper": RouteRule(CASE_WORK.access, "print_case"),
    "family.show": RouteRule(CASE_WORK.access, "read_case"),
    "of_age.show": RouteRule(CASE_WORK.access, "read_case"),
    "mark.new": RouteRule(CASE_WORK.access, "correct_entry"),
    # emergency access, and looking at what others have done with theirs
    "rights_request.letter": RouteRule(_roles("dpo"), "keep_rights_requests"),
    "rights_request.new": RouteRule(_roles("dpo"), "keep_rights_requests"),
    "rights_request.show": RouteRule(_roles("dpo"), "keep_rights_requests"),
    "breach.extend": RouteRule(_roles("dpo"), "keep_breaches"),
    "breach.new": RouteRule(_roles("dpo"), "keep_breaches"),
    "breach.show": RouteRule(_roles("dpo"), "keep_breaches"),
    "desk.show": RouteRule(_roles("dpo"), "keep_breaches"),
    "control.finding": RouteRule(_roles("dpo", "unit_lead"), "review_use"),
    "control.month": RouteRule(_roles("dpo", "unit_lead"), "see_reviews"),
    "control.sign": RouteRule(_roles("dpo"), "sign_control"),
    "protection.lift": RouteRule(_roles("unit_lead"), "manage_protection"),
    "protection.readers": RouteRule(_roles("unit_lead"), "manage_protection"),
    "protection.show": RouteRule(CASE_WORK.access, "protect_case"),
    "emergency.seek": RouteRule(_roles("on_call"), "seek_emergency"),
    "emergency.show": RouteRule(_roles("on_call"), "read_core"),
    "review.suspension": RouteRule(_roles("dpo"), "lift_suspension"),
    "review.use": RouteRule(_roles("dpo", "unit_lead"), "review_use"),
    "review.waiting": RouteRule(_roles("dpo", "unit_lead"), "see_reviews"),
    # accounts
    "account.show": SIGNED_IN,
    "account.end_session": SIGNED_IN,
    "account.change_password": SIGNED_IN,
    "account.end_sessions": SIGNED_IN,
    "first_sign_in.show": SIGNED_IN,
    "confirm.prove": SIGNED_IN,
    "confirm.show": SIGNED_IN,
    "account.list": RouteRule(_roles("administrator"), "manage_accounts"),
    "account.new": RouteRule(_roles("administrator"), "manage_accounts"),
    "account.colleague": RouteRule(_roles("administrator"), "manage_accounts"),
    "account.note_person": RouteRule(_roles("administrator"), "manage_accounts"),
    "account.give_role": RouteRule(_roles("administrator"), "manage_accounts"),
    "account.end_role": RouteRule(_roles("administrator"), "manage_accounts"),
    "account.disable": RouteRule(_roles("administrator"), "manage_accounts"),
    # people who leave
    "leaving.mine": RouteRule(CASE_WORK.access, "see_worklist"),
    "leaving.plan": RouteRule(_roles("administrator"), "manage_accounts"),
    "leaving.restore": RouteRule(_roles("administrator"), "manage_accounts"),
    "leaving.suspend": RouteRule(_roles("administrator"), "manage_accounts"),
    "leaving.unit": RouteRule(_roles("unit_lead")),
    "leaving.withdraw": RouteRule(_roles("administrator"), "manage_accounts"),
    # people who are away
    "absence.show": RouteRule(CASE_WORK.access, "see_worklist"),
    "absence.withdraw": RouteRule(CASE_WORK.access, "see_worklist"),
    # questions without names
    "consultation.answer": RouteRule(CASE_WORK.access, "consult"),
    "consultation.ask": RouteRule(CASE_WORK.access, "consult"),
    "consultation.end_seat": RouteRule(_NAMES.access, "name_consultants"),
    "consultation.list_": RouteRule(CASE_WORK.access, "consult"),
    "consultation.members": RouteRule(_NAMES.access, "name_consultants"),
    "consultation.rewrite": RouteRule(CASE_WORK.access, "consult"),
    "consultation.send_back": RouteRule(CASE_WORK.access, "consult"),
    "consultation.settle": RouteRule(CASE_WORK.access, "consult"),
    "consultation.show": RouteRule(CASE_WORK.access, "consult"),
    "consultation.withdraw": RouteRule(CASE_WORK.access, "consult"),
    # reminders by e-mail
    "reminder.mine": RouteRule(CASE_WORK.access, "see_worklist"),
    # a lost phone or password
    "reset.ask": RouteRule(_roles("administrator"), "manage_accounts"),
    "reset.carry_out": RouteRule(_roles("administrator"), "manage_accounts"),
    "reset.code": RouteRule(_TWO_PEOPLE, "give_approval"),
    # what needs two people
    "approval.give": RouteRule(_TWO_PEOPLE, "give_approval"),
    "approval.list": _APPROVALS,
    "approval.refuse": RouteRule(_TWO_PEOPLE, "give_approval"),
    "approval.show": _APPROVALS,
    "approval.withdraw": RouteRule(_roles("dpo", "archivist", "administrator"), "ask_approval"),
    # the municipality's own rules
    "rules.add": _RULES,
    "rules.ask": _RULES,
    "rules.discard": _RULES,
    "rules.file": _RULES,
    "rules.preview": _RULES,
    "rules.proposal": _APPROVALS,
    "rules.proposed_guide": _APPROVALS,
    "rules.publish": _RULES,
    "rules.section": _RULES,
    "rules.show": _RULES,
    "rules.take": _RULES,
    # closed cases on their way to the archive
    "archive.waiting": RouteRule(_roles("archivist"), "archive_list"),
    # for families, without sign-in
    "families.show": PUBLIC,
    "families.start": PUBLIC,
    # about Stafett
    "pages.start": PUBLIC,
    "pages.privacy": PUBLIC,
    "pages.accessibility": PUBLIC,
    "pages.help": PUBLIC,
    "guide.show": SIGNED_IN,
    "pages.healthz": PUBLIC,
    "pages.readyz": PUBLIC,
    # the network side: see access_network.py
    **NETWORK_ROUTES,
    # professional systems that act for people
    "api.concern": RouteRule(Client(ClientScope.CONCERN_OPEN), "log_concern"),
    "api.document": PUBLIC,
    "api.reference": RouteRule(Client(ClientScope.REFERENCE_POST), "write_note"),
    "api.worklist": RouteRule(Client(ClientScope.WORKLIST_READ), "see_worklist"),
    "client.agree": RouteRule(CASE_WORK.access, "see_worklist"),
    "client.list_": RouteRule(_roles("administrator", "dpo"), "see_clients"),
    "client.make": RouteRule(_roles("administrator"), "manage_clients"),
    "client.mine": RouteRule(CASE_WORK.access, "see_worklist"),
    "client.new": RouteRule(_roles("administrator"), "manage_clients"),
    "client.revoke": RouteRule(_roles("administrator", "dpo"), "see_clients"),
    "client.show": RouteRule(_roles("administrator", "dpo"), "see_clients"),
    "client.withdraw": RouteRule(CASE_WORK.access, "see_worklist"),
    # the case
    "case.conversation": CASE_WORK,
    "case.decide": CASE_WORK,
    "case.open_log": CASE_WORK,
    "case.print_page": CASE_WORK,
    "case.show": CASE_WORK,
    "case.step": CASE_WORK,
    # the baton
    "baton.answer": RouteRule(CASE_WORK.access, "answer_offer"),
    "baton.offer": RouteRule(CASE_WORK.access, "offer_baton"),
    "baton.offer_for_leaver": RouteRule(CASE_WORK.access, "reassign_baton"),
    "baton.reassign": RouteRule(CASE_WORK.access, "reassign_baton"),
    "baton.withdraw": RouteRule(CASE_WORK.access, "withdraw_offer"),
    # a case that goes to another service
    "move.answer": RouteRule(CASE_WORK.access, "answer_offer"),
    "move.new": RouteRule(CASE_WORK.access, "move_case"),
    "move.package": RouteRule(CASE_WORK.access, "print_case"),
    # two logs about one child
    "join.settle": _JOIN,
    "join.show": _JOIN,
    # consent, guardians and participants
    "consent.answer": RouteRule(CASE_WORK.access, "record_answer"),
    "consent.ask": RouteRule(CASE_WORK.access, "ask_consent"),
    "consent.block": RouteRule(CASE_WORK.access, "ask_consent"),
    "consent.end_place": RouteRule(CASE_WORK.access, "revoke_participant"),
    "consent.guardian": RouteRule(CASE_WORK.access, "change_child"),
    "consent.invite": RouteRule(CASE_WORK.access, "invite_participant"),
    "consent.show": RouteRule(CASE_WORK.access, "read_case"),
    "consent.text": RouteRule(CASE_WORK.access, "read_case"),
    "consent.withdraw": RouteRule(CASE_WORK.access, "withdraw_consent"),
    # sharing without consent
    "sharing.open_now": RouteRule(CASE_WORK.access, "share_by_law"),
    "sharing.show": RouteRule(CASE_WORK.access, "share_by_law"),
    "sharing.stop": RouteRule(CASE_WORK.access, "share_by_law"),
    # goals, measures, evaluations and notes
    "measure.evaluate": RouteRule(CASE_WORK.access, "evaluate"),
    "measure.evaluate_goal": RouteRule(CASE_WORK.access, "evaluate"),
    "measure.goal": RouteRule(CASE_WORK.access, "write_plan"),
    "measure.new": RouteRule(CASE_WORK.access, "write_plan"),
    "measure.toolbox": RouteRule(CASE_WORK.access, "write_plan"),
    "measure.note": RouteRule(CASE_WORK.access, "write_note"),
    "measure.overview": RouteRule(CASE_WORK.access, "read_case"),
    "measure.template": RouteRule(CASE_WORK.access, "write_plan"),
    # meetings
    "meeting.approve": RouteRule(CASE_WORK.access, "keep_minutes"),
    "meeting.cancel": RouteRule(CASE_WORK.access, "plan_meeting"),
    "meeting.invitation": RouteRule(CASE_WORK.access, "read_case"),
    "meeting.list_": RouteRule(CASE_WORK.access, "read_case"),
    "meeting.measure": RouteRule(CASE_WORK.access, "write_plan"),
    "meeting.move": RouteRule(CASE_WORK.access, "plan_meeting"),
    "meeting.new": RouteRule(CASE_WORK.access, "plan_meeting"),
    "meeting.prepare": RouteRule(CASE_WORK.access, "prepare_child"),
    "meeting.save_draft": RouteRule(CASE_WORK.access, "own_record", draft=True),
    "meeting.show": RouteRule(CASE_WORK.access, "read_case"),
    "meeting.write": RouteRule(CASE_WORK.access, "keep_minutes"),
    # attached files
    "attachment.download": RouteRule(CASE_WORK.access, "read_case"),
    "attachment.new": RouteRule(CASE_WORK.access, "attach_file"),
    "attachment.remove": RouteRule(CASE_WORK.access, "remove_file"),
    "attachment.replace": RouteRule(CASE_WORK.access, "attach_file"),
    # what stands beside an entry
    "correction.new": RouteRule(CASE_WORK.access, "correct_entry"),
    # the upbringing team
    "referral.agenda": RouteRule(_roles("team_lead", "team_member"), "see_team_queue"),
    "referral.appoint": RouteRule(_roles("team_lead"), "appoint_holder"),
    "referral.give_back": RouteRule(_roles("team_lead"), "return_referral"),
    "referral.queue": RouteRule(_roles("team_lead", "team_member"), "see_team_queue"),
    "referral.refer": RouteRule(CASE_WORK.access, "refer"),
    "referral.rights": RouteRule(CASE_WORK.access, "record_rights"),
    "referral.show": RouteRule(_roles("team_lead", "team_member"), "read_case"),
    "referral.take": RouteRule(_roles("team_lead"), "take_referral"),
    # breaks in follow-up, for leaders
    "follow_up.unit": RouteRule(_roles("unit_lead"), "see_follow_up"),
    # my day
    "worklist.show": RouteRule(CASE_WORK.access, "see_worklist"),
}


def allows(rule: RouteRule, actor: SignedInPerson | None) -> bool:
    """Whether the rule lets this person through. Pure; None is someone signed out.

    Which scopes a client has is the key broker's to say.
    """
    if getattr(actor, "client_id", None) is not None:
        return isinstance(rule.access, Public | Client)
    match rule.access:
        case Public():
            return True
        case SignedIn():
            return actor is not None and actor.role not in NETWORK_ROLES
        case Roles(roles):
            return actor is not None and actor.role in roles
        case Network(roles):
            return actor is not None and actor.role in roles
        case Client():
            return False


def sign_in_endpoint(rule: RouteRule | None) -> str | None:
    """The sign-in page for an address: the network side has its own. None if not served here."""
    on_network_side = rule is not None and isinstance(rule.access, Network)
    order = ("slt.sign_in", "sign_in.show") if on_network_side else ("sign_in.show", "slt.sign_in")
    return next((name for name in order if name in current_app.view_functions), None)


def _ask_to_sign_in(rule: RouteRule) -> Response:
    if problems.asked_here():
        return problems.answer(401)
    endpoint = sign_in_endpoint(rule)
    if endpoint is None:
        return errors.answer(404)
    if request.method not in {"GET", "HEAD"}:
        # A redirect would throw away what was typed while the session ran out.
        return errors.signed_out_form(url_for(endpoint))
    here = local_path(request.full_path.rstrip("?"))
    return redirect(url_for(endpoint, next=here))


def gate(routes: dict[str, RouteRule]) -> Callable[[], Response | None]:
    """The `before_request` function that enforces `routes`.

    It answers with the same 404 for an address that does not exist, one that is missing from the
    table and one the person may not reach, so that nothing can be learnt from the difference.
    """

    def check() -> Response | None:
        endpoint = request.endpoint
        if endpoint is None:
            return None  # no such address: Flask raises 404 or 405 itself
        rule = routes.get(endpoint)
        actor: SignedInPerson | None = g.actor
        if rule is None:
            _log.error("endpoint %s has no access rule and is closed", endpoint)
            return errors.answer(404)
        if allows(rule, actor):
            return None
        if actor is None:
            return _ask_to_sign_in(rule)
        sender: Any = current_app
        refused.send(sender, actor=actor, endpoint=endpoint, reason="role")
        return errors.answer(404)

    return check


def register(app: Flask, routes: dict[str, RouteRule]) -> None:
    """Put the gate in front of every request. `g.actor` must have been set by then."""
    app.before_request(gate(routes))
