"""The demonstration: every state is there, the log is whole, and nothing else is touched."""

import json
import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from bti.audit.models import AuditEvent
from bti.bootstrap import Runtime, open_runtime, upgrade_database
from bti.cli import demo, main
from bti.cli.demo_load import Loaded, SignInWay, ended_half_years, load
from bti.cli.demo_people import synthetic_number
from bti.cli.demo_stage import Stage
from bti.cli.release_file import CHECKLIST
from bti.cli.wiring import OPERATOR
from bti.clock import FixedClock
from bti.db.models import Case
from bti.disclosure.menu import AGE, DIMENSIONS
from bti.disclosure.tables import HalfYear
from bti.domain.duties import DutyState
from bti.domain.errors import AccessDenied
from bti.domain.national_id import validate
from bti.identity.totp import code_at
from bti.settings import Settings
from bti.slt import migrate
from bti.slt.release import show_release
from bti.slt.runtime import SltRuntime
from bti.slt.runtime import open_runtime as open_network
from bti.slt.sign_in import Attempt, SignedIn, sign_in, who_is
from bti.web.site import open_site
from bti.workflows import audit_check, case, duty, referral, report, worklist
from bti.workflows.case_file import ops_of
from bti.workflows.worklist_rows import TaskKind
from tests.integration.slt.samples import CHEAP as CHEAP_PASSWORDS
from tests.web.critic import CriticClient
from tests.world import CHEAP

NOW = datetime(2026, 11, 22, 7, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Demo:
    """What was loaded, opened again on a clock that stands where the load ended."""

    settings: Settings
    clock: FixedClock
    runtime: Runtime
    network: SltRuntime
    loaded: Loaded

    @property
    def stage(self) -> Stage:
        return self.loaded.stage

    def system(self, workflow, **kwargs):
        return self.runtime.doorway.perform(workflow, OPERATOR, **kwargs)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory):
    """The small demonstration, loaded once for this file."""
    settings = Settings(mode="demo", var_dir=tmp_path_factory.mktemp("demo"))
    upgrade_database(settings)
    migrate.upgrade(settings.slt_database_url)
    clock = FixedClock(NOW)
    runtime = open_runtime(settings, clock=clock, cost=CHEAP)
    network = open_network(settings, clock, passwords=CHEAP_PASSWORDS)
    loaded = load(runtime, network, clock, "small")
    yield Demo(settings, clock, runtime, network, loaded)
    runtime.close()
    network.close()


def _states(context, *, tenant_id):
    context.verbs.open_ops(tenant_id)
    return [
        ops_of(row)
        for row in context.session.scalars(select(Case).where(Case.tenant_id == tenant_id))
    ]


@pytest.fixture(scope="module")
def states(shown: Demo):
    return shown.system(_states, tenant_id=shown.stage.tenant_id)


def test_there_are_children_at_every_level_and_closed_ones(states):
    assert len(states) >= 25
    is_open = Counter(ops.level for ops in states if ops.status == "open")
    assert set(is_open) == {0, 1, 2, 3}
    assert Counter(ops.status for ops in states)["closed"] >= 5


def test_every_state_the_product_knows_is_there(states):
    today = date(2026, 11, 22)
    found = {
        "wonder overdue": any(o.decision_due and o.decision_due < today for o in states),
        "wonder in time": any(o.decision_due and o.decision_due > today for o in states),
        "reopened": any(o.status == "open" and -1 in {lv for _, lv in o.trail} for o in states),
        "went down": any([lv for _, lv in o.trail][-2:] == [2, 1] for o in states),
        "evaluation overdue": any(o.next_evaluation and o.next_evaluation < today for o in states),
        "evaluation soon": any(
            o.next_evaluation and today <= o.next_evaluation <= today + timedelta(days=3)
            for o in states
        ),
    }
    assert {name for name, there in found.items() if not there} == set()
    assert {o.log for o in states} == {"none", "active", "suspended", "closed"}
    assert {o.referral for o in states} == {"", "waiting", "taken", "returned"}
    causes = {o.closing_cause for o in states}
    assert causes >= {"goal_reached", "concern_gone", "family_ended", "individual_plan", "moved"}
    refused = [o for o in states if o.level == 1 and o.log == "none" and o.status == "open"]
    assert refused, "a family said no to a log and gets help all the same"


def test_the_access_log_of_both_municipalities_is_intact(shown: Demo):
    for tenant_id in (shown.stage.tenant_id, shown.loaded.neighbour.tenant_id):
        outcome = shown.system(audit_check.verify, tenant_id=tenant_id)
        assert outcome.intact, outcome.findings
        assert outcome.complete
        assert outcome.size > 10


def test_the_log_grew_through_two_years(shown: Demo):
    first, last = shown.system(_ends, tenant_id=shown.stage.tenant_id)
    assert NOW - timedelta(days=735) < first < NOW - timedelta(days=725)
    assert NOW - timedelta(days=4) < last <= NOW
    assert shown.clock.now() == NOW


def _ends(context, *, tenant_id):
    times = context.session.scalars(
        select(AuditEvent.at).where(AuditEvent.tenant_id == tenant_id).order_by(AuditEvent.at)
    ).all()
    return times[0], times[-1]


def test_ingrids_day_has_something_of_everything(shown: Demo):
    page = shown.stage.act("ingrid", worklist.my_day)
    kinds = {task.kind for task in page.tasks}
    assert kinds >= {
        TaskKind.OFFER,
        TaskKind.DRAFT,
        TaskKind.EVALUATION,
        TaskKind.BROKEN,
    }
    assert {row.level for row in page.rows} == {0, 1, 2, 3}


_ID_OF = {report.show: "report_id", duty.show_record: "record_id"}


def test_a_report_of_danger_is_there_for_its_author_alone(shown: Demo):
    records = shown.stage.act("lars", duty.my_records)
    assert {one.state for one in records} == {
        DutyState.NOT_SENT,
        DutyState.AWAITING_CONFIRMATION,
        DutyState.DONE,
    }
    assert shown.stage.act("siv", duty.my_records) == ()
    for one in records:
        show = report.show if one.state is DutyState.NOT_SENT else duty.show_record
        with pytest.raises(AccessDenied):
            shown.stage.act("siv", show, **{_ID_OF[show]: one.record_id})


def test_the_team_sees_who_waits_and_who_it_has(shown: Demo):
    rows = shown.stage.act("hege", referral.queue).rows
    assert len(rows) == 3


def test_the_neighbour_sees_only_its_own_case(shown: Demo):
    own = shown.system(_states, tenant_id=shown.loaded.neighbour.tenant_id)
    assert len(own) == 1
    other = shown.system(_some_case, tenant_id=shown.stage.tenant_id)
    with pytest.raises(AccessDenied):
        shown.loaded.neighbour.act("berit", case.show_case, case_id=other)


def _some_case(context, *, tenant_id):
    return context.session.scalars(select(Case.id).where(Case.tenant_id == tenant_id)).first()


def test_the_coordinator_signs_in_with_a_code_and_reads_the_half_year(shown: Demo):
    way = shown.loaded.network
    outcome = sign_in(
        shown.network,
        Attempt(way.username, demo.PASSWORD, code_at(way.totp_secret, NOW), "127.0.0.1"),
    )
    assert isinstance(outcome, SignedIn)
    reader = who_is(shown.network, outcome.token)
    assert reader is not None
    page = show_release(shown.network, reader)
    assert [row.period for row in page.periods] == ["2026H1"]
    assert page.release is not None
    assert page.release.published_by == "Hege Moen"


def test_each_made_up_person_signs_in_with_one_click(shown: Demo):
    app = open_site(shown.settings, clock=shown.clock, cost=CHEAP)
    visitor = CriticClient(app)
    buttons = visitor.get("/sign-in").all("button", name="account")
    assert len(buttons) == len(shown.loaded.staff)
    for button in buttons:
        client = CriticClient(app)
        client.get("/sign-in")
        entered = client.post("/sign-in/demo", {"account": button.get("value")})
        assert entered.status == 303
        assert client.get("/account").status == 200
    visitor.post("/network/sign-in/demo")
    assert visitor.get("/network/").heading == "Numbers and trends"


@given(st.dates(date(2001, 1, 1), date(2026, 11, 1)))
def test_national_ids_are_valid_and_nobodys(born: date):
    number = synthetic_number(born)
    found = validate(number, today=date(2026, 11, 22), synthetic="only")
    assert found.synthetic
    assert int(number[2:4]) == born.month + 80


@pytest.mark.parametrize(
    ("now", "periods"),
    [
        (datetime(2026, 11, 22, tzinfo=UTC), ["2025H1", "2025H2", "2026H1"]),
        (datetime(2027, 2, 1, tzinfo=UTC), ["2025H2", "2026H1"]),
        (datetime(2027, 3, 1, tzinfo=UTC), ["2025H2", "2026H1", "2026H2"]),
    ],
)
def test_half_years_are_published_when_the_month_of_waiting_is_over(now, periods):
    start = now - timedelta(days=731)
    assert [str(one) for one in ended_half_years(start, now)] == periods


# -- the command -------------------------------------------------------------------------------


@pytest.fixture
def var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for the demonstration, with the small one in place of the whole."""
    monkeypatch.setattr(demo, "load", partial(load, scale="small"))
    monkeypatch.setattr(demo, "open_runtime", partial(open_runtime, cost=CHEAP))
    monkeypatch.setattr(demo, "open_network", partial(open_network, passwords=CHEAP_PASSWORDS))
    return tmp_path / "var"


def _digest(path: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in sorted(path.rglob("*")) if one.is_file()}


def test_a_second_run_keeps_everything_and_reset_deletes_only_what_was_made(var: Path):
    chosen = Settings(mode="demo", var_dir=var)
    demo.prepare(chosen)
    _prints_codes(var)
    before = _digest(var)
    assert "demo.json" in before
    assert (var / "demo.json").stat().st_mode & 0o077 == 0
    demo.prepare(chosen)
    assert _digest(var)["demo.json"] == before["demo.json"]
    assert _digest(var)["root.key"] == before["root.key"]
    own = var / "mine.txt"
    own.write_text("mitt eget")
    demo.throw_away(chosen)
    assert _digest(var) == {"mine.txt": b"mitt eget"}


def test_an_interrupted_loading_is_begun_anew(var: Path, monkeypatch: pytest.MonkeyPatch):
    chosen = Settings(mode="demo", var_dir=var)

    def pulled_plug(*_args, **_kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(demo, "load", pulled_plug)
        with pytest.raises(KeyboardInterrupt):
            demo.prepare(chosen)
    assert json.loads((var / "demo.json").read_text())["loaded"] is False
    whole = SignInWay("Lindvik kommune", "olav", "Olav Lien", "SLT-koordinator", b"0" * 20)
    monkeypatch.setattr(
        demo, "load", lambda *_args, **_kwargs: SimpleNamespace(staff=(), network=whole, readers=())
    )
    demo.prepare(chosen)
    assert json.loads((var / "demo.json").read_text())["loaded"] is True


def test_reset_touches_nothing_that_the_demonstration_has_not_made(tmp_path: Path):
    chosen = Settings(mode="demo", var_dir=tmp_path)
    upgrade_database(chosen)
    before = _digest(tmp_path)
    with pytest.raises(click.ClickException, match="was not made by the demonstration"):
        demo.throw_away(chosen)
    assert _digest(tmp_path) == before


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"mode": "test"}, "demo mode only"),
        ({"mode": "production", "base_url": "https://stafett.example"}, "demo mode only"),
        ({"mode": "demo", "database_url": "postgresql+psycopg://u@localhost/x"}, "its own folder"),
    ],
)
def test_the_demonstration_refuses_other_modes_and_other_databases(tmp_path: Path, more, said):
    chosen = Settings(var_dir=tmp_path, **more)
    with pytest.raises(click.ClickException, match=said):
        demo.throw_away(chosen)
    env = {"BTI_VAR_DIR": str(tmp_path), **{f"BTI_{k.upper()}": v for k, v in more.items()}}
    ran = CliRunner().invoke(main, ["demo", "--reset"], env=env)
    assert ran.exit_code == 1
    assert said in ran.output
    assert list(tmp_path.iterdir()) == []


def _prints_codes(var: Path) -> None:
    env = {"BTI_MODE": "demo", "BTI_VAR_DIR": str(var)}
    ran = CliRunner().invoke(main, ["demo", "--code", "ingrid"], env=env)
    assert ran.exit_code == 0
    assert len(ran.output.strip()) == 6
    nobody = CliRunner().invoke(main, ["demo", "--code", "nobody"], env=env)
    assert nobody.exit_code == 1


# -- releases from the command line ------------------------------------------------------------


@pytest.fixture
def operator(shown: Demo):
    """Runs `bti release` on the loaded demonstration, about what it has published."""
    env = {"BTI_MODE": "demo", "BTI_VAR_DIR": str(shown.settings.var_dir)}

    people = shown.settings.var_dir / "people.csv"
    people.write_text("".join(f"{band};420\n" for band in DIMENSIONS[AGE]))

    def run(*words: str, period: str = "2026H1", said: str = ""):
        command = ["release", words[0], "--municipality", "9901", "--period", period, *words[1:]]
        if words[0] == "prepare":
            command += ["--population", str(people)]
        return CliRunner().invoke(main, command, env=env, input=said)

    return run


def _ticked() -> list[str]:
    return [word for point in CHECKLIST for word in ("--tick", point)]


REASON = "Feil tall fra en skole."
GARBAGE = uuid.UUID(int=7)


def test_a_correction_needs_two_persons_and_every_point_of_the_checklist(operator, shown: Demo):
    assert "bti release prepare" in operator("approve", "--by", "Hege Moen").output
    assert "To correct it" in operator("prepare", "--by", "Asta Berg").output
    prepared = operator("prepare", "--by", "Asta Berg", "--correct", REASON)
    assert prepared.exit_code == 0, prepared.output
    assert "too few children" in prepared.output
    waiting = shown.settings.var_dir / "releases" / "9901-2026H1.json"
    assert waiting.stat().st_mode & 0o077 == 0
    before = operator("preview")
    assert before.exit_code == 0, before.output
    assert "Proven together with 1 earlier releases" in before.output
    assert all(words in before.output for words in CHECKLIST.values())
    too_soon = operator("publish")
    assert too_soon.exit_code == 1
    assert "Nobody has approved" in too_soon.output
    alone = operator("approve", "--by", " asta  BERG ", *_ticked())
    assert alone.exit_code == 1
    assert "other than the one who prepared" in alone.output
    unlooked = operator("approve", "--by", "Hege Moen", *_ticked()[:-2], said="n\n")
    assert unlooked.exit_code == 1
    assert "needed is not ticked" in unlooked.output
    assert operator("approve", "--by", "Hege Moen", *_ticked()[:-2], said="y\n").exit_code == 0
    approved = waiting.read_text()
    content = json.loads(approved)
    for change in ((REASON, "Noe annet gikk galt."), ("null", "5")):
        waiting.write_text(json.dumps({**content, "text": content["text"].replace(*change, 1)}))
        exchanged = operator("publish")
        assert exchanged.exit_code == 1, change
        assert "bti release approve" in exchanged.output or "damaged" in exchanged.output
    waiting.write_text(approved)
    # Taken back in the meantime: what is known is the same, and the new version may go out.
    assert "10 to 500 characters" in operator("withdraw", "--reason", "kort").output
    gone = operator("withdraw", "--reason", REASON)
    assert gone.exit_code == 0, gone.output
    assert "Nothing is published" in operator("withdraw", "--reason", REASON).output
    published = operator("publish")
    assert published.exit_code == 0, published.output
    assert not waiting.exists()
    outcome = shown.system(audit_check.verify, tenant_id=shown.stage.tenant_id)
    assert outcome.intact


def test_what_is_kept_of_releases_and_makes_no_sense_stops_the_next(operator, shown: Demo):
    with shown.runtime.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO release_records (id, tenant_id, version, kind, body_ct) "
                "SELECT :id, tenant_id, 1, 'basis', x'00' FROM release_records LIMIT 1"
            ),
            {"id": GARBAGE.hex},
        )
    try:
        stopped = operator("prepare", "--by", "Asta Berg", "--correct", REASON)
    finally:
        with shown.runtime.engine.begin() as connection:
            gone = text("DELETE FROM release_records WHERE id = :id")
            connection.execute(gone, {"id": GARBAGE.hex})
    assert stopped.exit_code == 1
    assert f"damaged (record {GARBAGE})" in stopped.output
    assert not (shown.settings.var_dir / "releases" / "9901-2026H1.json").exists()


def test_a_half_year_that_is_not_over_is_refused(operator):
    year = datetime.now(UTC).year + 1
    for words in (("prepare", "--by", "Asta Berg"), ("publish",)):
        refused = operator(*words, period=f"{year}H1")
        assert refused.exit_code == 1
        assert str(year) in refused.output


def test_a_period_must_be_a_half_year(operator):
    assert operator("publish", period="2026").exit_code == 2
    assert HalfYear.parse("2026H1").half == 1
