"""What is wrong in a profile is named: which file, which key, what was expected, in the user's language."""

import gettext
import shutil
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bti.profiles
from bti import paths
from bti.domain.codes import Sector
from bti.domain.local_rules import YouthMode
from bti.profiles import ProfileError, load, load_file
from bti.profiles.builder import profile_of
from bti.profiles.loader import version_on, versions_in
from bti.profiles.reader import parse

SHIPPED = Path(bti.profiles.__file__).parent
START = 'extends = "standard/1"\nname = "here"\nversion = {version}\nvalid_from = {day}\n'
LOCAL = [
    "bodies",
    "closing",
    "consent",
    "deadlines",
    "default_language",
    "levels",
    "log",
    "measures",
    "of_age",
    "phones",
    "services",
    "teams",
    "templates",
]
WORDS = '{ nb = "a", nn = "b", en = "c" }'

PLAN = "[sources.plan]\ntitle = 'Planen'\n[facts]\n"
HERE = "{ source = 'plan', place = '1' }"
TWO_BODIES = "".join(f"[bodies.{code}]\nname = {WORDS}\nsectors = ['school']\n" for code in "ab")


@pytest.fixture
def folder(tmp_path):
    """A folder of profiles with the standard in it."""
    shutil.copytree(SHIPPED / "standard", tmp_path / "standard")
    (tmp_path / "here").mkdir()
    return tmp_path


def facts_for(text):
    """The rows of [facts] for what a text says, so that a test need say only what is wrong."""
    said = [f"{key} = {HERE}" for key in LOCAL if f"[{key}" in text or f"\n{key}" in f"\n{text}"]
    return PLAN + "\n".join(said) + "\n"


@pytest.fixture
def local(folder):
    def write(text, version=1, day="2026-08-01", facts=None):
        top = "".join(f"{row}\n" for row in text.splitlines() if row.startswith("!"))
        rest = "\n".join(row for row in text.splitlines() if not row.startswith("!"))
        path = folder / "here" / f"{version}.toml"
        path.write_text(
            START.format(version=version, day=day)
            + top.replace("!", "")
            + "[title]\nnb = 'Her'\nnn = 'Her'\nen = 'Here'\n"
            + (facts_for(rest + "\n" + top.replace("!", "")) if facts is None else facts)
            + rest
            + "\n",
            encoding="utf-8",
        )
        return load_file(path, shipped=folder)

    return write


def test_a_local_profile_says_only_what_differs(local):
    profile = local('[consent]\nyouth_mode = "alone"\nyouth_age = 16')
    assert (profile.youth_age, profile.youth_mode) == (16, YouthMode.ALONE)
    assert profile.consent_validity_months == 12
    assert profile.said("consent.youth_age").place == "1"
    assert profile.said("deadlines.soon_days") is None


@pytest.mark.parametrize(
    ("text", "key", "expected"),
    [
        ("[consent]\nyouth_age = 11", "consent.youth_age", "a whole number from 12 to 16"),
        ("[consent]\nyouth_age = true", "consent.youth_age", "a whole number from 12 to 16"),
        ('[consent]\nyouth_age = "15"', "consent.youth_age", "a whole number from 12 to 16"),
        ('[consent]\nyouth_mode = "never"', "consent.youth_mode", "one of additional, alone"),
        ("[consent]\nhealth_alone_age = 15", "consent.health_alone_age", "no such key"),
        ("[log]\nopens_at_level = 3", "log.opens_at_level", "from 1 to 2"),
        ("[deadlines]\nsoon_dys = 3", "deadlines.soon_dys", "no such key"),
        ("!deadlines = 14", "deadlines", "a table"),
        ("!default_language = 'se'", "default_language", "one of nb, nn, en"),
        ("[closing]\nby = []", "closing.by", "at least one who may close"),
        ("[closing]\nby = ['nobody']", "closing.by", "one of employee"),
        ("[closing]\nby = ['lead', 'lead']", "closing.by", "each once"),
        ("[closing]\nfamily_may_end_log = 1", "closing.family_may_end_log", "true or false"),
        (
            "[closing]\nindividual_plan_ends_log = 'ask'",
            "closing.individual_plan_ends_log",
            "true or false",
        ),
        ("[levels.1.label]\nse = 'x'", "levels.1.label.se", "no such key"),
        (f"[levels.4]\nlabel = {WORDS}", "levels.4", "no such key"),
        ("[levels.1.steps.x]\nwho = 'all'", "levels.1.steps.x", "steps keyed by number"),
        ("[levels.1.steps.6]\nwho = 'all'", "levels.1.steps.6.text", "a table"),
        ("[levels.1.steps.1]\nwho = 'nobody'", "levels.1.steps.1.who", "one of employee"),
        ("[levels.1.steps.1]\ndeadline = 0", "levels.1.steps.1.deadline", "from 1 to 365"),
        ("[levels.1.steps.1]\ndeadline = 'soo'", "levels.1.steps.1.deadline", "one of escalation"),
        ("[levels.1.steps.1]\ndeadline_days = 3", "levels.1.steps.1.deadline_days", "no such key"),
        ("[levels.0.steps.1]\ngate = ['level.x']", "levels.0.steps.1.gate", "one of level."),
        ("[levels.0.steps.2]\nafter = ['9']", "levels.0.steps.2.after", "steps of the same level"),
        ("[levels.0.steps.1]\nleft_out = 'yes'", "levels.0.steps.1.left_out", "true or false"),
        ("[phones.police]\nnumber = 112", "phones.police.number", "a text"),
        ("[teams.main]\nlead = 'x'", "teams.main.lead", "a table"),
        ("[teams.main]\nkind = 'x'", "teams.main.kind", "one of upbringing_team"),
        ("[teams.other]\nkind = 'other'", "teams.other.name", "a table"),
        (TWO_BODIES, "bodies.b.sectors", "in no other body"),
        (f"[services.shop.levels.0]\nlabel = {WORDS}", "services.shop", "one of kindergarten"),
        (
            "[services.school.levels.1.steps.1]\nwho = 'nobody'",
            "services.school.levels.1.steps.1.who",
            "one of employee",
        ),
        (
            "[services.school.levels.1.steps.7]\nwho = 'all'",
            "services.school.levels.1.steps.7.text",
            "a table",
        ),
        ("[services.school]\nwho = 'all'", "services.school.who", "no such key"),
        ("[services.team]\nwho = 'all'", "services.team.levels", "a table"),
        (
            "[levels.1.label]\nnb = '{the_tem}'\nnn = 'b'\nen = 'c'",
            "levels.1.label.nb",
            "no other names in braces",
        ),
        (
            "[levels.1.label]\nnb = 'a {'\nnn = 'b'\nen = 'c'",
            "levels.1.label.nb",
            "no other names in braces",
        ),
        ("[levels.1.label]\nnb = 'bare bokmål'", "levels.1.label.nn", "the text in every language"),
    ],
)
def test_a_mistake_is_named_by_file_key_and_what_was_expected(local, text, key, expected):
    with pytest.raises(ProfileError) as found:
        local(text)
    assert (found.value.file, found.value.key) == ("here/1.toml", key)
    assert expected in found.value.expected
    assert all(part in str(found.value) for part in ("here/1.toml", key))


@pytest.mark.parametrize(
    ("after", "way"),
    [
        ({"1": ["1"]}, "1 → 1"),
        ({"1": ["2"], "2": ["1"]}, "1 → 2 → 1"),
        ({"1": ["4"]}, "1 → 4 → 3 → 1"),
    ],
)
def test_a_guide_that_leads_back_to_itself_is_refused_with_the_way_round(local, after, way):
    rows = "".join(f"[levels.0.steps.{step}]\nafter = {to}\n" for step, to in after.items())
    with pytest.raises(ProfileError) as found:
        local(rows)
    assert found.value.key.startswith("levels.0.steps.")
    assert (found.value.found, found.value.expected) == (
        way,
        "steps that do not lead back to this one",
    )


def test_nothing_waits_for_a_step_that_is_left_out(local):
    profile = local("[levels.0.steps.1]\nleft_out = true")
    assert [step.code for step in profile.guide(0).steps] == ["0.2", "0.3", "0.4"]
    assert profile.step("0.2").after == ()


def test_what_is_said_of_a_step_counts_for_every_service_but_those_the_file_names(local):
    said = "nb = 'Alle'\nnn = 'Alle'\nen = 'All'\n"
    own = "nb = 'Helse'\nnn = 'Helse'\nen = 'Health'\n"
    profile = local(
        f"[levels.0.steps.3.detail]\n{said}[services.health.levels.0.steps.3.detail]\n{own}"
    )
    details = {one: profile.step("0.3", one).detail.nb for one in Sector}
    assert details.pop(Sector.HEALTH) == "Helse"
    assert set(details.values()) == {"Alle"}


def test_a_step_may_have_days_of_its_own(local):
    assert local("[levels.0.steps.4]\ndeadline = 3").step("0.4").deadline_days == 3


def test_steps_come_after_those_they_wait_for(local):
    profile = local("[levels.2.steps.1]\nafter = ['3']\n[levels.2.steps.3]\nafter = []\n")
    assert [step.code for step in profile.guide(2).steps] == ["2.3", "2.1", "2.2", "2.4", "2.5"]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("'now'", "a date"),
        ("2026-01-01T10:00:00", "a date"),
        ("2126-01-01", "a day from 1990-01-01 to before 2100-01-01"),
        ("2019-12-31", "a day that is not before 2020-01-01, when standard/1 begins"),
    ],
)
def test_an_impossible_day_is_refused(local, day, expected):
    with pytest.raises(ProfileError) as found:
        local("", day=day)
    assert found.value.key == "valid_from"
    assert expected in found.value.expected


def test_a_day_that_no_calendar_has_is_not_toml(local):
    with pytest.raises(ProfileError, match="valid TOML"):
        local("", day="2026-02-30")


@pytest.mark.parametrize(
    ("period", "key"),
    [
        ("first_day = 2026-01-01", "sources.plan.last_day"),
        ("last_day = 2026-01-01", "sources.plan.first_day"),
        ("first_day = 2026-01-01\nlast_day = 2025-12-31", "sources.plan.last_day"),
    ],
)
def test_the_period_of_a_source_has_two_ends_in_order(local, period, key):
    with pytest.raises(ProfileError) as found:
        local("", facts=f"[sources.plan]\ntitle = 'Planen'\n{period}\n")
    assert found.value.key == key


@pytest.mark.parametrize(
    ("facts", "key"),
    [
        ("", "deadlines.soon_days"),
        ("[facts]\n'deadlines.soon_days' = { source = 'x', place = '1' }\n", "facts.deadlines"),
        (f"{PLAN}deadlines = {HERE}\nlog = {HERE}\n", "facts.log"),
        (f"{PLAN}deadlines = {{ source = 'plan' }}\n", "facts.deadlines.place"),
        (f"{PLAN}deadlines = {HERE[:-1]}, said = 'maybe' }}\n", "facts.deadlines.said"),
    ],
)
def test_nothing_is_local_without_a_source_and_no_source_without_something_local(local, facts, key):
    with pytest.raises(ProfileError) as found:
        local("[deadlines]\nsoon_days = 3", facts=facts)
    assert found.value.key.startswith(key)


def test_versions_count_up_and_each_begins_later_than_the_one_before(folder, local):
    local("", day="2026-08-01")
    local("[deadlines]\nsoon_days = 3", version=2, day="2026-09-01")
    first, second = versions_in(folder / "here")
    assert (first.soon_days, second.soon_days) == (7, 3)
    assert second.valid_from == date(2026, 9, 1)
    assert version_on((first, second), date(2026, 8, 31)) is first
    assert version_on((first, second), date(2026, 9, 1)) is second
    assert version_on((first, second), date(2020, 1, 1)) is first
    local("", version=2, day="2026-08-01")
    with pytest.raises(ProfileError, match="a day after 2026-08-01, when version 1 begins"):
        versions_in(folder / "here")
    (folder / "here" / "2.toml").rename(folder / "here" / "3.toml")
    with pytest.raises(ProfileError, match="version 2 here"):
        versions_in(folder / "here")
    (folder / "here").rename(folder / "there")
    with pytest.raises(ProfileError, match="the name of its folder, there"):
        versions_in(folder / "there")


def test_a_missing_key_is_named_in_the_file_that_should_have_had_it(folder):
    path = folder / "standard" / "1.toml"
    path.write_text(path.read_text("utf-8").replace("team_wait_days = 14\n", ""), encoding="utf-8")
    with pytest.raises(ProfileError) as found:
        load_file(path, shipped=folder)
    assert (found.value.file, found.value.key) == ("standard/1.toml", "deadlines.team_wait_days")
    assert "missing" in str(found.value)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (None, "(file)"),
        ("= what", "(file)"),
        ('extends = "here/1"', "extends"),
        ('extends = "standard"', "extends"),
        ("extends = 1", "extends"),
        ('extends = "nowhere/1"', "(file)"),
        (f'extends = "{"a" * 300}/1"', "extends"),
        ('extends = "../standard/1"', "extends"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(folder, text, key):
    path = folder / "here" / "1.toml"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(ProfileError) as found:
        load_file(path, shipped=folder)
    assert found.value.key == key


def test_profiles_that_extend_each_other_in_a_ring_are_refused(folder):
    (folder / "there").mkdir()
    for name, other in (("here", "there"), ("there", "here")):
        (folder / name / "1.toml").write_text(f'extends = "{other}/1"\n', encoding="utf-8")
    with pytest.raises(ProfileError) as found:
        load_file(folder / "here" / "1.toml", shipped=folder)
    assert found.value.found == "here/1 → there/1 → here/1"


@pytest.mark.parametrize("key", ["oslo", "oslo/1", "standard/0", "standard/2", "../standard/1"])
def test_a_profile_that_is_not_shipped_is_refused_by_name(key):
    with pytest.raises(ProfileError):
        load(key)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("nb", "here/1.toml: consent.youth_age: forventet et helt tall fra 12 til 16, fant 11"),
        ("nn", "here/1.toml: consent.youth_age: venta eit heilt tal frå 12 til 16, fann 11"),
    ],
)
def test_the_complaint_is_in_the_users_language(local, language, words):
    catalogue = gettext.translation("messages", paths.TRANSLATIONS, [language])
    with pytest.raises(ProfileError) as found:
        local("[consent]\nyouth_age = 11")
    assert found.value.said(catalogue.gettext) == words
    assert str(found.value).endswith("expected a whole number from 12 to 16, found 11")


def test_a_long_value_is_cut_in_the_complaint(local):
    with pytest.raises(ProfileError) as found:
        local(f"[consent]\nyouth_mode = '{'x' * 5000}'")
    assert len(str(found.value)) < 250


#: Each is one slip in a copy of the standard, and the key it is told under.
SLIPS = {
    "deadlines.soon_days": ("soon_days = 7", "soon_days = 700"),
    "consent.youth_age": ("youth_age = 15", "youth_age = 9"),
    "closing.family_may_end_log": ("family_may_end_log = true", "family_may_end_log = 'no'"),
    "closing.individual_plan_ends_log": (
        "individual_plan_ends_log = true",
        "individual_plan_ends_log = 'ask'",
    ),
    "teams.main.kind": ('kind = "upbringing_team"', 'kind = "club"'),
    "levels.0.label.nn": ('nn = "Undring"', "nn = ''"),
    "levels.0.steps.1.gate": ("level.concern_written", "level.nothing"),
    "measures.steady_adult.weeks": ("weeks = 6", "weeks = 60"),
    "templates.absence.measures": ('["steady_adult"', '["nothing"'),
    "phones.police.number": ('number = "112"', "number = 112"),
    "levels.0.steps.2.after": ('after = ["1"]', 'after = ["2"]'),
    "sources": ("[log]", "[sources]\nplan = 1\n[log]"),
}


@given(slips=st.sets(st.sampled_from(sorted(SLIPS)), min_size=1))
@settings(max_examples=25, deadline=None)
def test_every_slip_is_told_however_many_there_are(slips):
    text = (SHIPPED / "standard" / "1.toml").read_text("utf-8")
    for key in slips:
        before, after = SLIPS[key]
        assert before in text
        text = text.replace(before, after, 1)
    with pytest.raises(ProfileError) as found:
        profile_of(parse(text.encode(), "standard/1.toml"), None)
    told = {one.key for one in found.value.faults}
    assert told == {"sources.plan" if key == "sources" else key for key in slips}
    assert found.value is found.value.faults[0]


def test_what_is_wrong_as_a_whole_is_told_once_and_not_for_each_of_its_parts():
    document = parse(b"name = 'x'\nlevels = 3\n", "x/1.toml")
    with pytest.raises(ProfileError) as found:
        profile_of(document, None)
    keys = [one.key for one in found.value.faults]
    assert keys.count("levels") == 1
    assert not [key for key in keys if key.startswith("levels.")]


def test_a_fault_common_to_all_services_is_told_once(folder):
    text = (folder / "standard" / "1.toml").read_text("utf-8")
    path = folder / "standard" / "1.toml"
    path.write_text(text.replace('who = "employee"', 'who = "x"', 1), "utf-8")
    with pytest.raises(ProfileError) as found:
        load_file(path, shipped=folder)
    assert [one.key for one in found.value.faults] == ["levels.0.steps.1.who"]
