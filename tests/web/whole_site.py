"""The whole product on a municipality where things have happened, and on its neighbour.

Everything is served from one database that can be put back as it was after each try.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import uuid
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.audit.actions import Action as Act
from bti.audit.way import way_of
from bti.crypto.errors import Locked
from bti.db.models import (
    Account,
    BatonOffer,
    Consent,
    ConsentAnswer,
    ControlFinding,
    EmergencyAccess,
    Entry,
    Person,
    Suspension,
)
from bti.domain.access import Action
from bti.domain.codes import Role
from bti.domain.duties import DutyState
from bti.domain.errors import AccessDenied
from bti.identity import totp
from bti.slt import migrate
from bti.slt.account import NewAccount, create_account
from bti.slt.appendix import Attach, attach
from bti.slt.body_change import import_bodies
from bti.slt.body_file import load as load_bodies
from bti.slt.body_stored import show_bodies
from bti.slt.indicator_change import BringIn, bring_in
from bti.slt.indicator_file import load as load_indicators
from bti.slt.plan import Indicator, Unit
from bti.slt.plan_change import import_plan
from bti.slt.plan_file import load
from bti.slt.release import publish_release
from bti.slt.report_change import begin_report
from bti.slt.runtime import SltRuntime
from bti.slt.sign_in import SignedIn, demo_sign_in, who_is
from bti.slt.year_change import import_year
from bti.slt.year_feed import make_feed
from bti.slt.year_file import load as load_year
from bti.slt.year_mail import choose
from bti.slt.year_stored import show_year
from bti.web.site import open_site
from bti.workflows import duty, meeting_page, own_account, proposal, sign_in
from bti.workflows.case_file import Kind
from tests.files import pdf
from tests.integration.slt.report_site import a_draft
from tests.integration.slt.samples import a_release
from tests.story import Story
from tests.web import watched
from tests.web.critic import CriticClient
from tests.web.meeting_site import three_meetings
from tests.web.town import NOBODY, Ids, Town, file_about, neighbour_of, tell
from tests.world import CHEAP, PEOPLE, SECRET, build, settings_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from flask import Flask
    from werkzeug.routing import Rule

    from bti.bootstrap import Runtime
    from bti.workflows.context import Context
    from tests.web.doors import Sheet

SESSION = "st_session"
NETWORK_SESSION = "st_network"
# Written for their own sake in every request, or by refusals: they say nothing of what was done.
_KEPT_BY_ITSELF = frozenset(
    {
        "alembic_version",
        "audit_checkpoints",
        "audit_events",
        "audit_heads",
        "audit_subjects",
        "broker_counts",
        "broker_marks",
        "throttles",
        "web_sessions",
    }
)
# Where a draft and its key are kept; a refused concern may, and shall, end up there.
DRAFT_TABLES = frozenset({"own_records", "case_keys"})


@dataclass(slots=True)
class WholeSite:
    """The application, two municipalities, and a copy of the database to go back to."""

    app: Flask
    database: Path
    home: Town
    neighbour: Town
    network_token: str
    network_ids: dict[str, uuid.UUID]
    tokens: dict[str, str]
    sheets: dict[str, Sheet] = field(default_factory=dict)
    _saved: dict[Path, sqlite3.Connection] = field(default_factory=dict)

    def client(self, who: str = "") -> CriticClient:
        """A browser with somebody's session: a colleague, "network", or nobody."""
        client = CriticClient(self.app)
        client.client.set_cookie("st_language", "en")
        if who == "network":
            client.client.set_cookie(NETWORK_SESSION, self.network_token)
        elif who:
            client.client.set_cookie(SESSION, self.tokens[who])
        return client

    def address(self, endpoint: str, ids: Mapping[str, object]) -> str:
        """The address of an endpoint; ids that its address does not hold are left out."""
        return self.address_of(next(self.app.url_map.iter_rules(endpoint)), ids)

    def address_of(self, rule: Rule, ids: Mapping[str, object]) -> str:
        """The address of one rule of the URL map."""
        with self.app.test_request_context():
            return self.app.url_for(rule.endpoint, **{name: ids[name] for name in rule.arguments})

    def save(self) -> None:
        """Remember both sides' databases as they are."""
        for path in (self.database, self.database.with_name("slt.sqlite")):
            copy = self._saved.setdefault(path, sqlite3.connect(":memory:"))
            with closing(sqlite3.connect(path)) as live:
                live.backup(copy)

    def restore(self) -> None:
        """Put them back as they were."""
        for path, copy in self._saved.items():
            with closing(sqlite3.connect(path)) as live:
                copy.backup(live)
        for runtime in (self.app.extensions["bti"], self.home.world.runtime):
            _forget_the_log(runtime)

    def written(self, leave_out: frozenset[str] = frozenset()) -> dict[str, str]:
        """A digest of every row of every table where acts leave something."""
        with closing(sqlite3.connect(self.database)) as live:
            return {
                name: _digest(live, name)
                for name in _tables(live)
                if name not in _KEPT_BY_ITSELF | leave_out
            }

    def counted(self) -> dict[str, int]:
        """How many rows there are in the same tables."""
        with closing(sqlite3.connect(self.database)) as live:
            return {
                name: live.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
                for name in _tables(live)
                if name not in _KEPT_BY_ITSELF
            }

    def rows_of(self, tenant: uuid.UUID) -> int:
        """How many rows any table has in a municipality's name."""
        with closing(sqlite3.connect(self.database)) as live:
            return sum(
                live.execute(
                    f'SELECT count(*) FROM "{name}" WHERE tenant_id=?', [tenant.hex]
                ).fetchone()[0]
                for name in _tables(live)
                if any(
                    row[1] == "tenant_id" for row in live.execute(f'PRAGMA table_info("{name}")')
                )
            )

    def denials(self, town: Town | None = None) -> int:
        """How many refusals are in a municipality's log."""
        tenant = (town or self.home).world.tenant_id
        return self.ask(
            "SELECT count(*) FROM audit_events WHERE tenant_id=? AND dec='deny'", tenant
        )[0][0]

    def code(self, who: str) -> str:
        """The code that somebody's app shows now."""
        world = self.home.world
        seed = self.home.new_seed if who == watched.NEWCOMER else world.seeds[who]
        return totp.code_at(seed, world.clock.now())

    def entries_about(self, case_id: object) -> int:
        """How many entries of the log name a case."""
        return self.ask("SELECT count(*) FROM audit_subjects WHERE object_id=?", case_id)[0][0]

    def close(self) -> None:
        """Give back the databases."""
        for copy in self._saved.values():
            copy.close()
        self.home.world.close()
        self.app.extensions["bti"].close()
        self.app.extensions["bti.slt"].close()

    def kept_in(self, case_id: uuid.UUID | str, who: str) -> str:
        """Everything sealed that the keys of this person open: of a case, and of colleagues."""
        actor = self.home.world.runtime.doorway.perform(
            sign_in.identify, None, token=self.tokens[who]
        )
        try:
            return self.home.world.runtime.doorway.perform(_unsealed, actor, case_id)
        except AccessDenied:
            return ""

    def reviewed(self) -> str:
        """Everything sealed in what the data protection officer reviews."""
        perform = self.home.world.runtime.doorway.perform
        return perform(_reviewed, perform(sign_in.identify, None, token=self.tokens["anne"]))

    def ask(self, question: str, *values: object) -> list[tuple]:
        """Put a question to the database behind the application's back."""
        plain = [one.hex if isinstance(one, uuid.UUID) else one for one in values]
        with closing(sqlite3.connect(self.database)) as live:
            return live.execute(question, plain).fetchall()


def open_whole_site(directory: Path) -> WholeSite:
    """Make both municipalities, tell the stories in them and serve them."""
    settings = settings_for(directory)
    home = Town(build(settings))
    neighbour = Town(neighbour_of(home.world))
    tell(neighbour, whole=False)
    tell(home, whole=True)
    migrate.upgrade(settings.slt_database_url)
    app = open_site(settings, clock=home.world.clock, cost=CHEAP)
    token, network_ids = _network_session(app)
    site = WholeSite(
        app=app,
        database=directory / "stafett.sqlite",
        home=home,
        neighbour=neighbour,
        network_token=token,
        network_ids=network_ids,
        tokens={who: home.world.token(who) for who in (*PEOPLE, watched.NEWCOMER)},
    )
    site.tokens["neighbour"] = neighbour.world.token("ingrid")
    watched.fresh_tokens(neighbour.world)
    site.tokens.update(watched.fresh_tokens(home.world))
    for town in (home, neighbour):
        town.ids.update({state: _ids(site, town, story) for state, story in town.stories.items()})
        for state in (watched.LEAVER, watched.CUT):
            town.ids[state] = {**town.ids["late"], "account_id": town.world.accounts[state]}
    site.save()
    return site


def _forget_the_log(runtime: Runtime) -> None:
    """Let the guard of the log forget how far it had signed: a log that is put back stops it."""
    with runtime.doorway.sessions() as session:
        guard = way_of(session).guard
    guard.__init__(guard._directory)
    for kept in guard._directory.glob("*.state") if guard._directory else ():
        kept.unlink()


def _network_session(app: Flask) -> tuple[str, dict[str, uuid.UUID | str]]:
    """The coordinator's token, and the ids of a body and its meetings."""
    runtime = app.extensions["bti.slt"]
    create_account(
        runtime,
        NewAccount(
            username="olav.lien",
            display_name="Olav Lien",
            municipality_number="9901",
            municipality_name="Lindvik kommune",
            password=SECRET,
            language="en",
        ),
    )
    publish_release(runtime, a_release(150), by="Anne Ruud")
    plan_id = _plan(runtime)
    import_bodies(runtime, load_bodies("nordre_land"), "9901")
    import_year(runtime, load_year("standard"), "9901")
    demonstration = type(runtime)(
        **{name: getattr(runtime, name) for name in runtime.__slots__ if name != "demo"}, demo=True
    )
    opened = demo_sign_in(demonstration)
    assert isinstance(opened, SignedIn)
    olav = who_is(runtime, opened.token)
    assert olav is not None
    body = next(one for one in show_bodies(runtime, olav) if one.body.code == "steering")
    file = Attach(uuid.uuid4(), "Avtale", "avtale.pdf", pdf(), "", "")
    attach(runtime, olav, plan_id, file)
    about, table = load_indicators("aukra-ungdata-2024")
    brought = bring_in(runtime, olav, BringIn(table, about))
    (line, *_) = show_year(runtime, olav, None).lines
    choose(runtime, olav, "olav@lindvik.example")
    ids = {
        "year_task_id": line.id,
        "secret": make_feed(runtime, olav),
        "body_id": body.id,
        "appendix_id": file.id,
        "indicator_file_id": brought.id,
        "council_report_id": begin_report(runtime, olav, a_draft(), ""),
    }
    return opened.token, {**ids, **three_meetings(runtime, olav, body.id)}


def _plan(runtime: SltRuntime) -> uuid.UUID:
    """A plan with one measure that a number is followed for."""
    plan = load("moss-2025")
    followed = Indicator("debut", "Debut", Unit.PERCENT, measure="1", place="1")
    return import_plan(runtime, replace(plan, indicators=(followed,)), "9901")


def _plan_ids(site: WholeSite) -> Ids:
    """The ids of the plan on the network side, and of the measure that a number is followed for."""
    measure = "SELECT m.plan_id, m.id FROM plan_measures m WHERE m.number='1'"
    with closing(sqlite3.connect(site.database.with_name("slt.sqlite"))) as live:
        plan_id, measure_id = live.execute(measure).fetchone()
    return {
        **site.network_ids,
        "plan_id": uuid.UUID(plan_id),
        "plan_measure_id": uuid.UUID(measure_id),
        "year": 2026,
        "area_code": "1",
        "indicator_code": "truancy",
        "paper": "report.pdf",
    }


def _ids(site: WholeSite, town: Town, story: Story) -> Ids:
    """Real ids for every argument an address may hold, those that are still open where it matters."""
    found: Ids = {
        "case_id": story.case_id,
        "step": "own",
        "part": "teams",
        "own": 1,
        "period": "2026H1",
        "name": "favicon.svg",
        **_plan_ids(site),
    }
    questions = {
        "offer_id": "SELECT id FROM baton_offers WHERE case_id=? ORDER BY open_slot IS NULL",
        "consent_id": (
            "SELECT id FROM consents WHERE case_id=? ORDER BY"
            " (SELECT count(*) FROM consent_answers a WHERE a.consent_id = consents.id)"
        ),
        "request_id": (
            "SELECT m.id FROM desk_matters m JOIN cases c ON c.tenant_id = m.tenant_id"
            " WHERE m.kind='access' AND c.id=?"
        ),
        "breach_id": (
            "SELECT m.id FROM desk_matters m JOIN cases c ON c.tenant_id = m.tenant_id"
            " WHERE m.kind='breach' AND c.id=?"
        ),
        "attachment_id": "SELECT id FROM attachments WHERE case_id=?",
        "participant_id": "SELECT id FROM participants WHERE case_id=? AND relation='participant'",
    }
    for name, question in questions.items():
        rows = site.ask(question, story.case_id)
        # What is shared without consent lies among the consents, and is none.
        rows = [row for row in rows if uuid.UUID(row[0]) != story.sharing]
        found[name] = uuid.UUID(rows[0][0]) if rows else NOBODY
    of_town = {
        "absence_id": "SELECT id FROM absence_periods WHERE tenant_id=?",
        "control_id": "SELECT id FROM controls WHERE tenant_id=? ORDER BY month DESC",
        "finding_id": "SELECT id FROM control_findings WHERE tenant_id=?",
        "suspension_id": "SELECT id FROM suspensions WHERE tenant_id=?",
        "row_id": "SELECT id FROM emergency_accesses WHERE tenant_id=?",
    }
    for name, question in of_town.items():
        found[name] = uuid.UUID(site.ask(question, town.world.tenant_id)[0][0])
    found["sharing_id"] = story.sharing
    found["text"] = file_about(story, "Bo Ek")
    found["batch_id"] = _batch(town, story.case_id)
    page = story.page()
    found["number"] = page.number
    found["code"] = "absence"
    found["person_id"] = page.guardians[0].id
    measures = [one for goal in page.plan.goals for one in goal.measures] if page.plan else []
    found["measure_id"] = measures[0].id if measures else NOBODY
    found["goal_id"] = page.plan.goals[0].id if page.plan and page.plan.goals else NOBODY
    found["meeting_id"], found["place"] = _meeting(town, story.case_id), "0"
    found["entry_id"] = page.happenings[-1].id
    found["entry_id"] = next(one.id for one in page.happenings if one.may_correct)
    copies = [one for one in page.happenings if one.kind is Kind.COPY]
    for name, family in (("copy_id", True), ("part_id", False)):
        made = [one.id for one in copies if (one.meta["for"] == "family") is family]
        found[name] = made[0] if made else NOBODY
    found["record_id"], found["report_id"] = _own(town, "per")
    found["approval_id"] = town.approval_id
    found.update({**town.advice, "team": "resource"})
    found["client_id"], found["agreement_id"] = town.client_id, town.agreement_id
    sessions = town.world.run("per", own_account.show).sessions
    found["session_id"] = next(one.session_id for one in sessions if not one.current)
    found["who"] = str(town.world.accounts["per"])
    found["account_id"] = town.world.accounts["mona"]
    found["grant_id"] = uuid.UUID(
        site.ask("SELECT id FROM role_grants WHERE account_id=?", found["account_id"])[0][0]
    )
    return found


def _batch(town: Town, case_id: uuid.UUID) -> uuid.UUID:
    page = town.world.run("ingrid", proposal.proposal_page, case_id=case_id)
    return page.batches[0].id if page.batches else NOBODY


def _meeting(town: Town, case_id: uuid.UUID) -> uuid.UUID:
    page = town.world.run(
        "ingrid", meeting_page.meetings_page, case_id=case_id, action=Action.READ_CASE
    )
    return page.lines[0].meeting_id if page.lines else NOBODY


def _own(town: Town, who: str) -> tuple[uuid.UUID, uuid.UUID]:
    """What was recorded as done, and the report that is written and not sent."""
    lines = town.world.run(who, duty.my_records)
    sent = {one.state is not DutyState.NOT_SENT: one.record_id for one in lines}
    return sent[True], sent[False]


def _tables(live: sqlite3.Connection) -> Iterator[str]:
    rows = live.execute(
        "SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite_%'"
    )
    yield from sorted(name for (name,) in rows)


def _unsealed(context: Context, case_id: uuid.UUID) -> str:
    context.verbs.open(case_id, Action.READ_CASE, entry=Act.CASE_OPEN_READ)
    rows: list[object] = list(context.session.scalars(select(Account)))
    for model in (BatonOffer, Consent, ConsentAnswer, Entry, Person):
        rows.extend(context.session.scalars(select(model).where(model.case_id == case_id)))
    found = []
    for row in rows:
        with suppress(Locked):
            found.append(row.profile if isinstance(row, Account) else row.body)
    return json.dumps(found, ensure_ascii=False, default=str)


def _reviewed(context: Context) -> str:
    found = []
    for model in (EmergencyAccess, Suspension, ControlFinding):
        for row in context.session.scalars(
            select(model).where(model.tenant_id == context.person.tenant_id)
        ):
            context.verbs.open_review(row, Action.REVIEW_USE)
            found.append(row.body)
    # A look leaves an entry, as everywhere.
    context.record(Act.REVIEW_LIST_READ)
    return json.dumps(found, ensure_ascii=False, default=str)


def _digest(live: sqlite3.Connection, table: str) -> str:
    rows = sorted(repr(row) for row in live.execute(f'SELECT * FROM "{table}"'))
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def roles_of(who: str) -> str:
    """The role code of one of the twelve people."""
    return str(Role(PEOPLE[who][3]).value)
