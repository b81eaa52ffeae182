"""The municipality's own rules: written on a page, agreed to by two people, and a case goes on as it began."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from bti.audit.models import AuditEvent
from bti.domain.approval import ApprovalAct, ApprovalRefused
from bti.domain.errors import AccessDenied, Conflict, NotFound, RuleBroken
from bti.profiles import load
from bti.profiles.draft import Decision
from bti.profiles.own import own_version
from bti.profiles.sections import Added, Section
from bti.workflows import (
    approval,
    audit_check,
    case,
    measure_toolbox,
    municipality,
    own_rules,
    rules_draft,
)
from tests.approvals import freshly, two_say_yes
from tests.integration.workflows.cases import new_case
from tests.integration.workflows.states import today, with_log

SOON = ("deadlines", "soon_days")
LABEL = ("levels", "0", "label")
WORDS = {(*LABEL, "nb"): "Lurer på", (*LABEL, "nn"): "Lurer på", (*LABEL, "en"): "Wondering"}


def page(world, who="asta"):
    return world.run(who, rules_draft.show)


def fill(world, section, typed, version=None):
    here = page(world).version if version is None else version
    world.run("asta", rules_draft.fill, version=here, section=section, typed=typed)


def decide(world, days=1, title="Vedtak 7/26"):
    begins = (world.clock.now() + timedelta(days=days)).date()
    decision = Decision(title, "2026-08-20", "punkt 2", begins.isoformat())
    world.run("asta", rules_draft.decide, version=page(world).version, decision=decision)


def write(world):
    """A draft that can be asked for: a number, and what level 0 is called."""
    fill(world, Section.COMMON, {SOON: "9"})
    fill(world, Section.LEVEL_0, WORDS)
    decide(world)


def ask(world):
    freshly(world, "asta")
    return world.run("asta", rules_draft.ask, version=page(world).version, reason="Vedtatt")


def publish(world, asked):
    return world.run("asta", rules_draft.publish, approval_id=asked)


def said_yes(world):
    asked = ask(world)
    freshly(world, "anne")
    world.run("anne", approval.give, approval_id=asked)
    return asked


def agreed(world):
    return publish(world, said_yes(world))


def test_two_people_publish_it_and_a_case_goes_on_by_what_it_began_under(world):
    before = new_case(world)
    write(world)
    shown = page(world)
    assert (shown.key, shown.faults, shown.current) == ("own/1", (), "standard/1")
    assert {(one.path, one.old, one.new) for one in shown.changes} == {
        (SOON, 7, 9),
        ((*LABEL, "nb"), "Undring", "Lurer på"),
        ((*LABEL, "nn"), "Undring", "Lurer på"),
        ((*LABEL, "en"), "Wonder", "Wondering"),
    }
    assert {one.new_whose.title for one in shown.changes} == {"Vedtak 7/26"}
    assert {one.old_whose.title for one in shown.changes} == {""}
    asked = ask(world)
    with pytest.raises(ApprovalRefused, match="not_given"):
        publish(world, asked)
    freshly(world, "anne")
    proposal = world.run("anne", rules_draft.proposal, approval_id=asked)
    assert proposal.changes == shown.changes
    world.run("anne", approval.give, approval_id=asked)
    assert page(world).given
    assert publish(world, asked) == "own/1"
    assert page(world).current == "standard/1"
    assert not page(world).begun
    world.clock.advance(timedelta(days=1))
    followed = world.run("ingrid", rules_draft.followed)
    assert (followed.key, followed.soon_days, followed.label(0, "en")) == ("own/1", 9, "Wondering")
    assert followed.said("deadlines.soon_days").place == "punkt 2"
    assert followed.said("deadlines.escalation_days") is None
    public = world.system(municipality.public_rules, number="9901").rules
    assert public.key == "own/1"
    after = new_case(world)
    names = [
        world.run("ingrid", case.show_case, case_id=one).stages[0].label["en"]
        for one in (before, after)
    ]
    assert names == ["Wonder", "Wondering"]
    with world.looking() as session:
        acts = set(session.scalars(select(AuditEvent.act)))
    assert {"rules:draft:change", "rules:text:ask", "rules:version:publish"} <= acts
    assert world.system(audit_check.verify, tenant_id=world.tenant_id).findings == ()


def test_what_was_typed_is_kept_also_where_it_cannot_be_used_and_nothing_of_it_is_asked_for(world):
    fill(world, Section.COMMON, {SOON: "snart", ("consent", "youth_age"): "9"})
    decide(world, days=0)
    shown = page(world)
    assert shown.whole["deadlines"]["soon_days"] == "snart"
    assert {one.key for one in shown.faults} == {"deadlines.soon_days", "consent.youth_age"}
    with pytest.raises(RuleBroken, match="unfinished"):
        ask(world)
    fill(world, Section.COMMON, {SOON: "9", ("consent", "youth_age"): "15"})
    assert [one.key for one in page(world).faults] == ["valid_from"]
    with pytest.raises(RuleBroken, match="unfinished"):
        ask(world)
    decide(world)
    assert page(world).faults == ()
    ask(world)


def test_what_is_published_is_exactly_what_was_read_and_a_draft_that_goes_further_stays(world):
    write(world)
    first = said_yes(world)
    fill(world, Section.COMMON, {SOON: "8"})
    assert page(world).asked is None
    second = said_yes(world)
    with pytest.raises(ApprovalRefused, match="unknown"):
        world.run("anne", approval.params_of, second, ApprovalAct.PROFILE_CHANGE)
    assert publish(world, first) == "own/1"
    for over in (first, second):
        with pytest.raises(RuleBroken, match="overtaken"):
            publish(world, over)
    assert page(world).begun
    world.clock.advance(timedelta(days=1))
    assert world.run("ingrid", rules_draft.followed).soon_days == 9
    shown = page(world)
    assert [(one.path, one.old, one.new) for one in shown.changes] == [(SOON, 9, 8)]
    assert [one.key for one in shown.faults] == ["valid_from"]


def test_a_day_that_has_passed_since_is_not_published(world):
    write(world)
    asked = said_yes(world)
    world.clock.advance(timedelta(hours=20))
    with pytest.raises(RuleBroken, match="overtaken"):
        publish(world, asked)
    assert page(world).published == ()


def test_what_is_as_before_keeps_its_source_and_what_is_taken_back_is_the_standards_again(world):
    write(world)
    agreed(world)
    world.clock.advance(timedelta(days=1))
    fill(world, Section.COMMON, {SOON: "7", ("deadlines", "escalation_days"): "3"})
    decide(world, title="Vedtak 9/26")
    shown = page(world)
    assert [(one.path[-1], one.old, one.new) for one in shown.changes] == [
        ("soon_days", 9, 7),
        ("escalation_days", 7, 3),
    ]
    assert shown.changes[0].new_whose.title == ""
    assert agreed(world) == "own/2"
    world.clock.advance(timedelta(days=1))
    rules = world.run("ingrid", rules_draft.followed)
    titles = {key: rules.sources[fact.source].title for key, fact in rules.facts.items()}
    assert titles == {"levels.0.label": "Vedtak 7/26", "deadlines.escalation_days": "Vedtak 9/26"}
    content = world.run("asta", rules_draft.text, number=2)
    assert own_version(content).key == "own/2"


def test_a_step_and_a_team_are_added_filled_in_and_taken_away(world):
    level, teams = Section.LEVEL_1, Section.TEAMS
    world.run("asta", rules_draft.add, version=0, section=level, what=Added.STEP)
    here = ("levels", "1", "steps", "6")
    assert {one.key.rpartition(".")[0] for one in page(world).faults} >= {
        ".".join((*here, part)) for part in ("text", "detail")
    }
    words = {(*here, part, code): "x" for part in ("text", "detail") for code in ("nb", "nn", "en")}
    fill(world, level, words | {(*here, "after"): "1, 5", (*here, "deadline"): "soon"})
    decide(world)
    step = page(world).profile.step("1.6")
    assert (step.after, step.deadline_days, step.text.nb) == (("1", "5"), 7, "x")
    world.run("asta", rules_draft.add, version=page(world).version, section=teams, what=Added.TEAM)
    assert page(world).profile is None
    for path in (("teams", "own_1"), here):
        world.run("asta", rules_draft.take, version=page(world).version, path=path)
    assert page(world).changes == ()
    for path in (("teams", "main"), ("levels", "1", "steps", "1"), ("facts",)):
        with pytest.raises(NotFound):
            world.run("asta", rules_draft.take, version=page(world).version, path=path)


def test_somebody_else_was_first_and_a_draft_is_thrown_away(world):
    write(world)
    with pytest.raises(Conflict):
        fill(world, Section.COMMON, {SOON: "3"}, version=1)
    world.run("asta", rules_draft.discard, version=page(world).version)
    assert not page(world).begun
    with pytest.raises(RuleBroken, match="same"):
        ask(world)


@pytest.mark.parametrize("who", ["ingrid", "siv", "hege", "anne", "arne"])
def test_only_who_runs_the_installation_writes_them(world, who):
    for act, more in ((rules_draft.show, {}), (rules_draft.discard, {"version": 0})):
        with pytest.raises(AccessDenied):
            world.run(who, act, **more)


BROKEN = (
    # Another text with its right digest: only the MAC tells.
    (
        (
            "UPDATE rules_texts SET sha256 = :another, content = :changed;"
            "UPDATE own_rules SET sha256 = :another"
        ),
        (
            "UPDATE rules_texts SET sha256 = :sha256, content = :content;"
            "UPDATE own_rules SET sha256 = :sha256"
        ),
    ),
    ("UPDATE own_rules SET sha256 = :other", "UPDATE own_rules SET sha256 = :sha256"),
    ("UPDATE own_rules SET number = 2", "UPDATE own_rules SET number = 1"),
    ("UPDATE rules_texts SET content = 'name = 1'", "UPDATE rules_texts SET content = :content"),
    ("DELETE FROM rules_texts", ""),
)


def test_a_version_that_was_changed_in_sql_is_not_followed(world):
    write(world)
    agreed(world)
    world.token("ingrid")
    content = world.run("asta", rules_draft.text, number=1)
    changed = content.replace("soon_days = 9", "soon_days = 8")
    values = {"other": "0" * 64, "sha256": own_rules.digest(content), "content": content}
    values |= {"another": own_rules.digest(changed), "changed": changed}
    for broken, mended in BROKEN:
        _in_sql(world, broken, values)
        with pytest.raises(AccessDenied, match="forged_row"):
            world.run("ingrid", rules_draft.followed)
        assert world.system(audit_check.verify, tenant_id=world.tenant_id).findings
        if mended:
            _in_sql(world, mended, values)
            assert world.run("ingrid", rules_draft.followed).key == "standard/1"


def _in_sql(world, statement, values):
    with world.as_administrator() as connection:
        for one in statement.split(";"):
            named = {name: value for name, value in values.items() if f":{name}" in one}
            connection.execute(text(one), named)


def test_whoever_follows_another_profile_follows_no_version_of_the_one_before(world):
    write(world)
    agreed(world)
    world.clock.advance(timedelta(days=1))
    began = new_case(world)
    stands = world.system(municipality.stands, tenant_id=world.tenant_id)
    wanted = stands | {"profile": "vaaler"}
    yes = two_say_yes(world, ApprovalAct.PROFILE_CHANGE, municipality.change_params(**wanted))
    world.system(municipality.change, tenant_id=world.tenant_id, approval_id=yes, **wanted)
    assert world.run("ingrid", rules_draft.followed).key == "vaaler/1"
    assert page(world).draft.extends == "vaaler/1"
    shown = world.run("ingrid", case.show_case, case_id=began)
    assert shown.stages[0].label["en"] == "Wondering"


def test_a_measure_that_runs_keeps_the_text_it_was_begun_with_when_the_library_ends_it(world):
    case_id = with_log(world)
    template = load("standard/1").toolbox.template("absence")
    one = template.measures[0]
    taken = measure_toolbox.TakeUp(
        case_id=case_id,
        version=None,
        code=template.code,
        goal="På skolen hver dag",
        measures=[one.code],
        start_on=today(world),
    )
    world.run("ingrid", measure_toolbox.take_up, taken)
    fill(world, Section.MEASURES, {("measures", one.code, "ended"): True})
    decide(world)
    agreed(world)
    world.clock.advance(timedelta(days=2))
    offered = world.run("ingrid", measure_toolbox.toolbox_page, case_id=case_id).toolbox
    assert offered.measure(one.code) is None
    assert offered.template(template.code).measures == template.measures[1:]
    plan = world.run("ingrid", case.show_case, case_id=case_id).plan
    running = [(each.title, each.description) for goal in plan.goals for each in goal.measures]
    assert (one.title["nb"], one.how["nb"]) in running
