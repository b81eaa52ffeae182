"""Every form of the product: who may send it, where it stands, and what a sound answer to it is."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

from bti.clock import norwegian_date
from bti.domain.national_id import made_up
from tests.web.filled import Blank, blanks, filled
from tests.web.multipart import SentFile
from tests.web.watched import CUT, LEAVER, NEWCOMER
from tests.world import SECRET

if TYPE_CHECKING:
    from tests.web.critic import CriticClient, Page
    from tests.web.whole_site import Ids, WholeSite

NEW_SECRET = "tolv runde steiner i ei bekk"


@dataclass(frozen=True, slots=True)
class Door:
    """Where the form of an endpoint is: on its own page, or on another one (`page`, `form`).

    ``known`` are the fields whose sound answer only the town knows.
    """

    who: str
    state: str = "late"
    page: str = ""
    form: str = ""
    answers: dict[str, object] = field(default_factory=dict)
    known: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A form as it lies in front of somebody, and a sound answer to it."""

    client: CriticClient
    address: str
    page: Page
    fields: dict[str, Blank]
    answers: dict[str, object]


_PHONE = "12 34 56 78"
_NUMBER = made_up(date(2004, 3, 2), range(500, 1000))
_SEEN = {
    "birth_date": "2014-03-04",
    "national_id": "",
    "group": "5B Čáhci",
    "categories": ["ABS", "SOC"],
}
_HOME = {"tried": ["talked_alone"], "guardian1_relation": "mor", "guardian2_relation": "áhčči"}
# A function: words that may be a name are refused.
_AS = {"responsible": "Kontaktlærer"}
_DANGER = {"case_number": ""}
_LIST = {
    "danger": "no",
    "table": "",
    "file": SentFile(
        "liste.csv",
        "Barnets navn;Fødselsdato;Hva er sett eller hørt;Det gjelder\n"
        "Áhkku Čáhppes;04.03.2014;Ŋuorra på øya.;ABS\n".encode(),
    ),
}
# Short fields have limits of their own; what they refuse is in test_report.py.
_SHORT_ONES = (
    "national_id",
    "child_phone",
    "child_postal",
    "guardian1_phone",
    "guardian2_phone",
    "organisation_number",
    "body_postal",
)
_REPORT = {
    **dict.fromkeys(_SHORT_ONES, ""),
    "own_phone": _PHONE,
    "own_email": "per@lindvik.example",
}
_FOLLOWED = {"name": "Besøk", "group": "", "source": "", "baseline": "40", "target": "25,5"}
_AREA = {"name": "Et område", "challenges": "", "goals": "Ett\nTo", "approach": ""}
_BODY = {
    "name": "Et råd",
    "purpose": "",
    "ends": "",
    "seats": "Ordfører; Varaordfører",
    "decides_to": "10 000",
    "decides_above": "",
    "meetings_a_year": "4",
    "individuals_forbidden": "yes",
    **dict.fromkeys(("mandate", "leader", "limits", "frequency", "individuals", "neighbours"), ""),
}
_COUNCIL_REPORT = {
    "foreword": "Rådet bør se på tallene.",
    "contact": "SLT-koordinator",
    **{f"what_{at}": "Bruke penger på lys i parken" for at in range(1, 6)},
    **{f"sum_{at}": "12 000" for at in range(1, 6)},
}
_MEETING = {
    "title": "Vårmøtet",
    "agenda": "Ett\nTo",
    "present": "Ordfører",
    "guests": "",
    "minutes": "Vi ble enige.",
}
_BROUGHT_IN = {
    "address": "https://ungdata.example/aukra",
    "table": "",
    "reason": "Det står slik i kilden.",
    "file": SentFile(
        "tal.csv", "Kode;Indikator;Enhet;År;Verdi\na;Ŋuorra;prosent;2024;5\n".encode()
    ),
}
_AGREED = {"what": "Spørre alle", "responsible": "Ordfører", "other": ""}
_TASK = {
    "title": "Søke tilskudd",
    **dict.fromkeys(("purpose", "responsible", "day", "which", "weekday", "only_year"), ""),
    "lead_days": "30",
}
_NEXT = {
    "title": "Ny plan",
    "first_day": "2029-01-01",
    "last_day": "2030-12-31",
    "others": "carry_on",
}
_MEASURE = {
    "title": "Et tiltak",
    "description": "",
    "actions": "Ett\nTo",
    "responsible": "",
    "when": "",
}
_SELECTION = {"number": "", "who": "ingrid"}
_PAPER = {"title": "Prøve i lesing"}

_SHARED = {
    "gate": "other_body",
    "told_on": "",
    "necessity": "Helsesykepleieren må vite det for at vi skal kunne følge opp fraværet.",
    "proportionality": "Bare fraværet, i to uker. Familien svarer ikke på telefon eller brev.",
}
# About nobody: what may tell who it is about goes on with a reason alone.
_ADVICE = {"danger": "no", "text": "Et barn på øya er trist. Hva kan vi gjøre?"}
_DECIDED = {"adopted": "2026-08-20", "valid_from": "2030-01-01"}

DOORS: dict[str, Door] = {
    "account.change_password": Door(
        "per",
        page="account.show",
        answers={"old": SECRET, "new": NEW_SECRET, "again": NEW_SECRET},
    ),
    "account.disable": Door("asta", page="account.colleague"),
    "account.end_role": Door("asta", page="account.colleague"),
    "account.end_session": Door("per", page="account.show"),
    "account.end_sessions": Door("per", page="account.show"),
    "account.give_role": Door("asta", page="account.colleague"),
    "account.note_person": Door("asta", page="account.colleague", answers={"national_id": _NUMBER}),
    "account.new": Door("asta", answers={"username": "ola.nes", "phone": _PHONE}),
    "approval.give": Door("anne", page="approval.show"),
    "approval.refuse": Door("anne", page="approval.show"),
    "approval.withdraw": Door("arne", page="approval.show"),
    "attachment.new": Door("ingrid", "middle", answers=_PAPER),
    "attachment.remove": Door("ingrid", "middle"),
    "attachment.replace": Door("ingrid", "middle", answers=_PAPER),
    "baton.answer": Door("per", "middle", answers={"answer": "no"}),
    "baton.offer": Door("ingrid", "referred"),
    "baton.offer_for_leaver": Door("siv", "ready"),
    "baton.reassign": Door("siv", "middle"),
    "baton.withdraw": Door("ingrid", "middle"),
    "correction.new": Door("ingrid", "middle", answers={"stance": "correction"}),
    "extract.new": Door("ingrid", "middle", answers={"shape": "pdf"}),
    "extract.refer_to": Door("ingrid", "middle"),
    "guardian.block": Door("ingrid", "middle"),
    "proposal.answer": Door("ingrid", "moving", page="proposal.show"),
    "proposal.show": Door("ingrid", "moving", known=("text",)),
    "partiality.lift": Door("siv", "moving", page="partiality.show"),
    "partiality.show": Door("ingrid", "middle", known=("who",)),
    "guardian.lift": Door("siv", "moving", page="guardian.block"),
    "family.copy": Door("ingrid", "middle"),
    "family.judge": Door("ingrid", "middle", answers={"access": "full"}),
    "of_age.show": Door("ingrid", "middle", answers={"settling": "later", "service": ""}),
    "mark.new": Door("ingrid", "middle", answers={"agreed_on": ""}),
    "rights_request.new": Door("anne", answers={"number": "", "language": "nb"}),
    "rights_request.show": Door(
        "anne", answers={"kind": "refused", "letter": "d", "representative": "", "told_on": ""}
    ),
    "breach.extend": Door("anne", page="breach.show", answers=_SELECTION),
    "breach.new": Door("anne", answers={**_SELECTION, "known_time": "00:01"}),
    "breach.show": Door("anne", answers={"at_time": ""}),
    "case.conversation": Door("ingrid", "new"),
    "case.decide": Door("ingrid", "middle", answers={"to": "close", "cause": "goal_reached"}),
    "case.open_log": Door("ingrid", "new", answers=_AS),
    "case.step": Door("ingrid", "new", page="case.show"),
    "concern.discard": Door("per", page="concern.home"),
    "concern.home": Door("kari", answers=_HOME),
    "concern.new": Door("kari", answers=_SEEN),
    "concern.review": Door("kari"),
    "concern_import.new": Door("ingrid", answers=_LIST),
    "concern.save_draft": Door("kari", page="concern.new", form="concern.new", answers=_SEEN),
    "confirm.prove": Door(
        "per", page="confirm.show", answers={"password": SECRET}, known=("code",)
    ),
    "consent.answer": Door("ingrid", "middle"),
    "consent.ask": Door("ingrid", "middle"),
    "consent.block": Door("ingrid", "middle"),
    "consent.end_place": Door("ingrid", "middle", page="consent.invite"),
    "consent.guardian": Door("ingrid", "middle", answers={"national_id": ""}),
    "consent.invite": Door("ingrid", "middle"),
    "consent.withdraw": Door("ingrid", "middle"),
    "client.agree": Door("per", page="client.mine"),
    "client.make": Door("asta", page="approval.show"),
    "client.new": Door("asta", answers={"ends_on": "2028-06-30"}),
    "client.revoke": Door("anne", page="client.show"),
    "client.withdraw": Door("mona", page="client.mine"),
    "control.finding": Door("anne"),
    "control.sign": Door("anne", page="control.month"),
    "protection.lift": Door("siv", "guarded", page="protection.readers"),
    "protection.readers": Door("siv", "guarded"),
    "protection.show": Door("ingrid", "middle"),
    "duty.confirm": Door("per", page="duty.show"),
    "duty.discard": Door("per", page="duty.report"),
    "duty.received": Door("per", page="duty.show"),
    "report.change": Door("per", answers=_REPORT),
    "report.discard": Door("per", page="report.write"),
    "report.remove": Door("per", page="report.show"),
    "report.save_draft": Door("per", page="report.write", form="report.write", answers=_REPORT),
    "report.sent": Door("per", page="report.show"),
    "report.write": Door("per", answers=_REPORT),
    "duty.report": Door("per", answers=_DANGER),
    "duty.save_draft": Door("per", page="duty.report", form="duty.report", answers=_DANGER),
    "emergency.seek": Door("vera", "middle", answers={"national_id": ""}, known=("number",)),
    "first_sign_in.show": Door(
        NEWCOMER, answers={"new": NEW_SECRET, "again": NEW_SECRET}, known=("code",)
    ),
    "reset.ask": Door("asta", page="account.colleague", answers={"lost": "phone"}),
    "reset.carry_out": Door("asta", page="approval.show"),
    "insight.ask": Door("anne", page="insight.search"),
    "insight.selection": Door("anne", page="approval.show"),
    "insight.check": Door("anne", page="insight.search"),
    "language": Door("per", page="worklist.show"),
    "rules.add": Door("asta", page="rules.section"),
    "rules.ask": Door("asta", page="rules.show"),
    "rules.discard": Door("asta", page="rules.show"),
    "rules.publish": Door("asta", page="approval.show"),
    "rules.section": Door("asta"),
    "rules.show": Door("asta", answers=_DECIDED),
    "rules.take": Door("asta", page="rules.section"),
    "absence.show": Door("ingrid"),
    "absence.withdraw": Door("per", page="absence.show"),
    "consultation.answer": Door("kari", page="consultation.show", answers=_ADVICE),
    "consultation.ask": Door("ingrid", answers=_ADVICE),
    "consultation.end_seat": Door("asta", page="consultation.members"),
    "consultation.members": Door("asta"),
    "consultation.rewrite": Door("ingrid", answers=_ADVICE),
    "consultation.send_back": Door("kari", page="consultation.show"),
    "consultation.settle": Door("ingrid", page="consultation.show"),
    "consultation.withdraw": Door("ingrid", page="consultation.show"),
    "reminder.mine": Door("mona", answers={"address": "mona@lindvik.example"}),
    "leaving.plan": Door("asta", page="account.colleague"),
    "leaving.restore": Door("asta", CUT, page="account.colleague"),
    "leaving.suspend": Door("asta", page="account.colleague"),
    "leaving.withdraw": Door("asta", LEAVER, page="account.colleague"),
    "measure.evaluate": Door("ingrid", "middle"),
    "measure.evaluate_goal": Door("ingrid", "middle"),
    "measure.goal": Door("ingrid", "middle"),
    "measure.new": Door("ingrid", "middle", answers=_AS),
    "measure.template": Door("ingrid", "middle"),
    "measure.note": Door("ingrid", "middle"),
    "meeting.approve": Door("ingrid", "middle"),
    "meeting.cancel": Door("ingrid", "middle", page="meeting.show"),
    "meeting.measure": Door("ingrid", "late", answers=_AS),
    "meeting.move": Door("ingrid", "middle", answers={"clock": "12:30"}),
    "meeting.new": Door("ingrid", "middle", answers={"clock": "12:30"}),
    "meeting.prepare": Door("ingrid", "middle"),
    "meeting.save_draft": Door("ingrid", "middle", page="meeting.write", form="meeting.write"),
    "meeting.write": Door("ingrid", "middle"),
    "join.settle": Door("kari", page="join.show"),
    "join.show": Door("ingrid", known=("number",)),
    "move.answer": Door("mona", "moving", answers={"answer": "no"}),
    "move.new": Door("ingrid", "referred", answers={"shape": "ask"}),
    "sharing.open_now": Door("siv", "middle", page="sharing.show"),
    "sharing.show": Door("ingrid", "middle", answers=_SHARED),
    "sharing.stop": Door("siv", "middle", page="sharing.show"),
    "referral.appoint": Door("hege"),
    "referral.give_back": Door("hege", "referred"),
    "referral.refer": Door("ingrid", "ready"),
    "referral.rights": Door("hege", "referred"),
    "referral.take": Door("hege", "referred", page="referral.show"),
    "review.suspension": Door("anne"),
    "review.use": Door("anne"),
    "sign_in.demo": Door("", page="sign_in.show"),
    "sign_in.enter_role": Door("per", page="sign_in.role"),
    "sign_in.extend": Door("per", page="worklist.show"),
    "sign_in.out": Door("per", page="worklist.show"),
    "sign_in.show": Door("", answers={"username": "per", "password": SECRET, "code": "123456"}),
    "slt.body.dissolve": Door("network", page="slt.body.show"),
    "slt.body.edit": Door("network", answers=_BODY),
    "slt.body.new": Door("network", answers=_BODY),
    "slt.demo_sign_in": Door("", page="slt.sign_in"),
    "slt.extend": Door("network", page="slt.show"),
    "slt.indicator.end": Door("network", page="slt.indicator.file"),
    "slt.indicator.new": Door("network", answers=_BROUGHT_IN),
    "slt.feed.end": Door("network", page="slt.feed.show"),
    "slt.feed.make": Door("network", page="slt.feed.show"),
    "slt.mail.show": Door("network", answers={"address": "olav@lindvik.example"}),
    "slt.mail.stop": Door("network", page="slt.mail.show"),
    "slt.meeting.action": Door("network", answers=_AGREED),
    "slt.meeting.addition": Door("network", answers={"text": "Vi glemte ett punkt."}),
    "slt.meeting.discard": Door("network", page="slt.meeting.show"),
    "slt.meeting.edit": Door("network", answers=_MEETING),
    "slt.meeting.finish": Door("network", page="slt.meeting.show"),
    "slt.meeting.follow_up": Door("network", answers={"note": "Det er gjort."}),
    "slt.meeting.new": Door("network", answers=_MEETING),
    "slt.meeting.share": Door("network", page="slt.meeting.show"),
    "slt.appendix.new": Door("network", answers={"title": "Avtale", "link": ""}),
    "slt.appendix.remove": Door("network"),
    "slt.plan.area": Door("network", answers=_AREA),
    "slt.plan.edit": Door("network", answers=_MEASURE),
    "slt.plan.evaluate": Door(
        "network", answers={"finding": "Det gikk bra.", "why": "Det virker."}
    ),
    "slt.plan.indicator": Door("network", answers=_FOLLOWED),
    "slt.plan.new_area": Door("network", answers=_AREA),
    "slt.plan.new_measure": Door("network", answers=_MEASURE),
    "slt.plan.next": Door("network", answers=_NEXT),
    "slt.plan.reading": Door("network", answers={"on": "2026-05", "value": "12,5"}),
    "slt.report.discard": Door("network", page="slt.report.show"),
    "slt.report.edit": Door("network", answers=_COUNCIL_REPORT),
    "slt.report.make": Door("network", page="slt.report.show"),
    "slt.report.new": Door("network", answers=_COUNCIL_REPORT),
    "slt.year.edit": Door("network", answers=_TASK),
    "slt.year.end": Door("network", page="slt.year.task"),
    "slt.year.mark": Door("network", page="slt.year.task"),
    "slt.year.new": Door("network", answers=_TASK),
    "slt.sign_in": Door("", answers={"username": "olav", "password": SECRET, "code": "123456"}),
    "slt.sign_out": Door("network", page="slt.show"),
}
# Outside the demonstration there is no such sign-in, and a wrong code lets nobody in.
NEVER_LET_IN = frozenset({"sign_in.demo", "slt.demo_sign_in", "sign_in.show", "slt.sign_in"})


def ids_of(site: WholeSite, endpoint: str) -> Ids:
    """The ids in the address of a door, the neighbour's people and records included."""
    ids = dict(site.home.ids[DOORS[endpoint].state])
    if endpoint == "concern.save_draft":
        ids["step"] = "seen"
    came_back = {"consultation.rewrite": "returned", "consultation.settle": "answered"}
    if endpoint in came_back:
        ids["question_id"] = ids[came_back[endpoint]]
    ids |= {"join.settle": site.home.asked, "join.show": site.home.asking}.get(endpoint, {})
    if endpoint == "insight.selection":
        ids["approval_id"] = site.home.selection_id
    if endpoint == "rules.publish":
        ids["approval_id"] = site.home.rules_id
    if endpoint == "slt.meeting.finish":
        ids["body_meeting_id"] = ids["under_way"]
    if endpoint == "slt.meeting.addition":
        ids["body_meeting_id"] = ids["ended"]
    if endpoint == "client.make":
        ids["approval_id"] = site.home.key_id
    if endpoint == "reset.carry_out":
        ids["approval_id"] = site.home.reset_id
    return ids


def sheet_of(site: WholeSite, endpoint: str) -> Sheet:
    """Open the page with the form, and fill it in soundly."""
    door = DOORS[endpoint]
    ids = ids_of(site, endpoint)
    client = site.client(door.who)
    page = client.get(site.address(door.page or endpoint, ids))
    fields = blanks(page, site.address(door.form or endpoint, ids))
    known = {**ids, "code": site.code(door.who)} if door.known else {}
    answers = {
        **filled(fields, today(site)),
        **door.answers,
        **{name: known[name] for name in door.known},
    }
    return Sheet(client, site.address(endpoint, ids), page, fields, answers)


def kept_sheet(site: WholeSite, endpoint: str) -> Sheet:
    """The form as it was first opened, in a new browser, for a site that is put back after each test."""
    if endpoint not in site.sheets:
        site.sheets[endpoint] = sheet_of(site, endpoint)
    return again(site, endpoint, site.sheets[endpoint])


def today(site: WholeSite) -> date:
    """The day in Norway."""
    return norwegian_date(site.home.world.clock.now())


def begin_a_concern(site: WholeSite) -> None:
    """Kari has filled in the two first steps of a concern, and stands before the third."""
    for endpoint in ("concern.new", "concern.home"):
        sheet = sheet_of(site, endpoint)
        answer = sheet.client.post(sheet.address, sheet.answers)
        assert answer.status == 303, answer.text


def again(site: WholeSite, endpoint: str, sheet: Sheet) -> Sheet:
    """The same form in front of the same person, in a browser nothing has happened to since."""
    client = site.client(DOORS[endpoint].who)
    form_cookie = sheet.client.client.get_cookie("st_form")
    if form_cookie is not None:
        client.client.set_cookie("st_form", form_cookie.value)
    return replace(sheet, client=client)
