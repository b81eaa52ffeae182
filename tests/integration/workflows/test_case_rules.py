"""A change of the local rules never changes what a running case has begun, on either engine."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import bti.profiles
from bti.audit.actions import Action as Act
from bti.domain.access import Action
from bti.domain.approval import ApprovalAct
from bti.domain.codes import ClosingCause, InfoType
from bti.domain.consent import ConsentStatus, Scope
from bti.domain.errors import RuleBroken
from bti.profiles import loader
from bti.workflows import level, municipality
from bti.workflows.case_file import Kind, case_row, of_kind, ops_of
from bti.workflows.case_file import entries as entries_of
from tests.approvals import two_say_yes
from tests.story import Story

LABELS = ["Undring", "Tiltak i egen tjeneste"]
SHIPPED = Path(bti.profiles.__file__).parent
SECOND = """
extends = "standard/1"
name = "standard"
version = 2
valid_from = 2026-10-01
[title]
nb = "Her"
nn = "Her"
en = "Here"
[sources.plan]
title = "Planen"
[facts]
levels = { source = "plan", place = "1" }
consent = { source = "plan", place = "4" }
deadlines = { source = "plan", place = "2" }
closing = { source = "plan", place = "3" }
[consent]
youth_age = 13
[deadlines]
evaluation_interval_days = 21
level_0_decision_days = 5
[closing]
by = ["lead"]
[levels.0.label]
nb = "Ny undring"
nn = "Ny undring"
en = "Ny wonder"
[levels.1.label]
nb = "Nye tiltak"
nn = "Nye tiltak"
en = "Ny measures"
"""


def forget():
    for cached in (loader.available, loader.load, loader.versions):
        cached.cache_clear()


@pytest.fixture
def two_versions(tmp_path, monkeypatch):
    """The standard in two versions; the second begins in October."""
    folder = tmp_path / "profiles"
    for name in ("standard", "aukra"):
        shutil.copytree(SHIPPED / name, folder / name)
    (folder / "standard" / "2.toml").write_text(SECOND, encoding="utf-8")
    monkeypatch.setattr(loader, "SHIPPED", folder)
    forget()
    yield
    monkeypatch.undo()
    forget()


def use(world, profile):
    """Two people decide that the municipality follows a profile."""
    wanted = {"name": "Lindvik kommune", "number": "9901", "profile": profile, "language": "nb"}
    agreed = two_say_yes(world, ApprovalAct.PROFILE_CHANGE, municipality.change_params(**wanted))
    world.system(municipality.change, tenant_id=world.tenant_id, approval_id=agreed, **wanted)
    for who in ("ingrid", "siv"):
        world.forget(who)


def kept(world, case_id, who="ingrid"):
    def read(context):
        context.verbs.open(case_id, Action.READ_CASE, entry=Act.CASE_OPEN_READ)
        case = case_row(context, case_id)
        ticks = of_kind(entries_of(context, case_id), Kind.STEP)
        return ops_of(case), [record.meta.get("made_under") for record in ticks]

    return world.run(who, read)


def labels(page):
    return [stage.label["nb"] for stage in page.stages[:2]]


def dues(page):
    return {row.code: row.due_on for row in page.guide.rows}


@pytest.mark.parametrize("engine", ["world", "postgres_world"])
def test_a_case_keeps_the_version_each_of_its_levels_was_begun_under(engine, request, two_versions):
    world = request.getfixturevalue(engine)
    story = Story(world)
    story.wonder()
    story.talk_with_leader()
    opening = story.consent_to(Scope.OPEN_LOG)
    before, began = story.page(), kept(world, story.case_id)[0]
    assert labels(before) == LABELS
    world.clock.set(datetime(2026, 10, 2, 8, 0, tzinfo=UTC))
    world.run("ingrid", level.record_step, case_id=story.case_id, step="0.2", note="")
    # Nothing of what had begun is different: neither steps nor deadlines nor what it was called.
    after, ticks = kept(world, story.case_id)
    assert (after.decision_due, labels(story.page())) == (began.decision_due, labels(before))
    assert dues(story.page()) == dues(before) | {"0.2": None}
    assert (after.made_under, ticks) == (("standard/1",), ["standard/1"])
    # A consent stands by the rules it was asked under; the next one asks the child of 13 too.
    (asked,) = story.page().consents.rows
    assert (asked.id, asked.status) == (opening, ConsentStatus.COMPLETE)
    # The next level is begun under what is in force by then; what is over keeps its name.
    story.open_log()
    page = story.page()
    assert labels(page) == ["Undring", "Nye tiltak"]
    assert page.suggested_evaluation == story.today + timedelta(days=21)
    assert dues(page)["1.5"] == story.today + timedelta(days=21)
    assert kept(world, story.case_id)[0].made_under == ("standard/1", "standard/2")
    story.ask(Scope.BRING_IN_SERVICE, world.units["pps"], frozenset({InfoType.MEASURES}))
    assert len(story.page().consents.rows[0].waiting_for) == 3


def test_a_municipality_that_takes_another_profile_changes_no_case_it_has(world, two_versions):
    old = Story(world)
    old.wonder()
    use(world, "aukra")
    page = old.page()
    assert (page.guide.profile, page.guide.version, labels(page)) == ("standard", 1, LABELS)
    new = Story(world)
    new.wonder()
    assert new.page().guide.profile == "aukra"
    world.run("siv", level.decide, closing(old))
    assert kept(world, old.case_id, "siv")[0].made_under == ("standard/1", "standard/1")
    assert labels(old.page("siv")) == LABELS


def closing(story):
    return level.Decide(
        case_id=story.case_id,
        version=None,
        to_level=None,
        reason=story.marks("slutt"),
        cause=ClosingCause.GOAL_REACHED,
    )


def test_who_may_close_is_as_the_municipality_has_decided(world, two_versions):
    world.clock.set(datetime(2026, 10, 2, 8, 0, tzinfo=UTC))
    story = Story(world)
    story.wonder()
    with pytest.raises(RuleBroken) as broken:
        world.run("ingrid", level.decide, closing(story))
    assert [one.code for one in broken.value.facts["unmet"]] == ["level.may_close"]
    closes = next(move for move in story.page().moves if move.to_level is None)
    assert not closes.ready
    world.run("siv", level.decide, closing(story))
    assert story.page("siv").status == "closed"
