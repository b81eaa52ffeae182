from datetime import date
from pathlib import Path

import pytest

import bti.profiles
from bti.domain.codes import Sector, StepForm, Who
from bti.domain.legal import basis_on
from bti.domain.levels import GATES, Level
from bti.domain.local_rules import YouthMode
from bti.profiles import ProfileError, available, in_force, legal_bases, load, versions
from bti.profiles.loader import legal_bases_from

SHIPPED = Path(bti.profiles.__file__).parent
TODAY = date(2026, 11, 22)
LANGUAGES = ("nb", "nn", "en")


def guides(profile):
    return [profile.levels, *profile.services.values()]


def all_words(profile):
    yield profile.title
    for team in profile.teams:
        yield from (team.name, team.called, team.about)
        if team.lead:
            yield team.lead
    yield from (phone.label for phone in profile.phones)
    for one in profile.toolbox.measures:
        yield from (one.title, one.how, one.function)
    for one in profile.toolbox.templates:
        yield from (one.title, one.about, one.goal)
    for levels in guides(profile):
        for guide in levels:
            yield from (guide.label, guide.arena, guide.family)
            for step in guide.steps:
                yield from (step.text, step.detail, *step.tools)


@pytest.mark.parametrize("name", available())
def test_every_version_of_every_shipped_profile_is_whole(name):
    for profile in versions(name):
        assert profile.name == name
        assert profile == load(profile.key)
        for levels in guides(profile):
            assert [guide.level for guide in levels] == list(Level)
            steps = [step for guide in levels for step in guide.steps]
            assert len({step.code for step in steps}) == len(steps)
            assert all(guide.steps for guide in levels)
            assert {code for step in steps for code in step.gate} <= GATES
        for words in all_words(profile):
            assert all(words[language].strip() for language in LANGUAGES)
            assert not any(sign in words[language] for language in LANGUAGES for sign in "{}")


def test_the_standard_and_the_four_municipalities_are_there():
    assert available() == ("aukra", "moss", "nordre_land", "standard", "vaaler")
    assert {name: load(name).default_language for name in available()} == {
        "standard": "nb",
        "moss": "nb",
        "vaaler": "nb",
        "nordre_land": "nb",
        "aukra": "nn",
    }


def test_the_standard_profile_has_the_agreed_defaults():
    standard = load("standard")
    assert standard.log_opens_at_level == 1
    assert (standard.level_0_decision_days, standard.guardian_talk_days) == (14, 14)
    assert standard.guardian_talk_school_environment_days == 7
    assert (standard.evaluation_interval_days, standard.consent_validity_months) == (42, 12)
    assert standard.consent_reminder_days == 30
    assert (standard.youth_age, standard.youth_mode) == (15, YouthMode.ADDITIONAL)
    assert standard.family_may_end_log
    assert standard.may_close == {Who.EMPLOYEE, Who.HOLDER, Who.LEAD, Who.TEAM_LEAD}
    assert standard.bodies == ()
    assert {phone.number for phone in standard.phones} == {"112", "116 111"}
    assert not standard.facts


def test_a_step_says_what_who_tools_form_deadline_and_gate():
    step = load("standard").step("0.3")
    assert step.text.nb == "Snakk med barnet og foresatte"
    assert (step.who, step.form, step.deadline_days) == (Who.EMPLOYEE, StepForm.CONVERSATION, 14)
    assert step.gate == ("level.guardians_informed", "level.child_heard")
    assert step.after == ("1", "2")
    assert [tool.nn for tool in step.tools] == [
        "Rettleiar for den nødvendige samtalen",
        "Samtale med barnet, etter alder",
    ]


def test_the_first_step_is_the_concern_and_the_referral_belongs_to_level_3():
    standard = load("standard")
    assert standard.step("0.1").form is StepForm.CONCERN
    assert standard.step("3.1").form is StepForm.REFERRAL
    assert standard.step("0.4").who is Who.LEAD
    assert standard.guide(1) is standard.levels[1]
    with pytest.raises(KeyError):
        standard.step("9.9")


def test_a_step_follows_a_deadline_by_its_name():
    standard = load("standard")
    assert standard.step("1.5").deadline_days == standard.evaluation_interval_days
    assert standard.step("2.1").deadline_days == standard.level_2_invite_days


def test_a_service_has_the_common_steps_and_its_own_way_where_it_differs():
    standard = load("standard")
    common, own = standard.step("0.3"), standard.step("0.3", Sector.KINDERGARTEN)
    assert "lek" in own.detail.nb
    assert (own.text, own.tools, own.gate) == (common.text, common.tools, common.gate)
    assert standard.step("0.4", Sector.KINDERGARTEN) == standard.step("0.4")
    assert standard.guide(0, Sector.LEISURE) is standard.guide(0)


def test_what_a_municipality_says_comes_before_a_service_of_the_standard_and_its_own_service_first():
    vaaler, standard = load("vaaler"), load("standard")
    assert vaaler.step("0.1", Sector.SCHOOL).text.nb == "Definer bekymringen"
    assert vaaler.step("0.1", Sector.SCHOOL).detail == standard.step("0.1", Sector.SCHOOL).detail
    assert vaaler.step("2.1", Sector.SCHOOL).who is Who.LEAD
    assert vaaler.step("2.1", Sector.HEALTH).who is Who.HOLDER


def test_the_team_is_named_wherever_the_guide_speaks_of_it():
    assert load("nordre_land").step("3.1").text.nb == "Ta saken til kompetanseteamet"
    assert (
        load("moss").step("2.5").detail.nb.endswith("eller ta saken til det SLT-koordinerte møtet.")
    )
    assert load("nordre_land").label(3, "nb") == "Kompetanseteam"
    assert load("vaaler").step("3.1").detail.nb.startswith("Oppvekstteamet tar saker")


def test_words_fall_back_to_bokmal():
    assert load("standard").label(1, "se") == "Tiltak i egen tjeneste"


@pytest.mark.parametrize(
    ("day", "expected"),
    [(date(2019, 1, 1), 1), (date(2020, 1, 1), 1), (TODAY, 1)],
)
def test_a_day_has_the_version_that_is_in_force_and_a_day_before_all_the_first(day, expected):
    assert in_force("standard", day).version == expected


@pytest.mark.parametrize("basis", legal_bases(), ids=lambda basis: basis.code)
def test_every_legal_reference_has_three_languages_and_a_source(basis):
    if basis.in_force(TODAY):
        assert basis_on(legal_bases(), basis.code, TODAY) is basis
    assert set(basis.label) == {"nb", "nn", "en"}
    assert set(basis.reference) == {"nb", "nn", "en"}
    assert basis.source
    assert basis.valid_to is None or basis.valid_from < basis.valid_to


def test_every_code_has_a_reference_in_force_and_what_has_none_waits_for_a_date():
    now = {basis.code for basis in legal_bases() if basis.in_force(TODAY)}
    assert now == {basis.code for basis in legal_bases()}
    waiting = {basis.code for basis in legal_bases() if basis.valid_from is None}
    assert {"fvl-13a", "barnelova-30"} <= waiting


def test_the_health_act_of_2026_changed_what_is_cited_on_its_day():
    def cited_on(day):
        return basis_on(legal_bases(), "gate-health-care", day).reference["nb"]

    assert cited_on(date(2026, 6, 30)) == "helsepersonelloven §§ 25 og 45"
    assert cited_on(date(2026, 7, 1)) == "helsepersonelloven §§ 25 og 29"


@pytest.mark.parametrize(
    ("act", "code", "old", "new"),
    [
        (
            "forvaltningsloven-2025",
            "fvl-13a",
            "forvaltningsloven § 13 a nr. 1",
            "forvaltningsloven (2025) § 34 første ledd bokstav a",
        ),
        ("barnelova-2025", "barnelova-30", "barnelova § 30", "barnelova (2025) § 6-5"),
    ],
)
def test_the_day_a_passed_act_gets_a_date_is_one_line_of_data(tmp_path, act, code, old, new):
    path = tmp_path / "legal_bases.toml"
    text = (SHIPPED / path.name).read_text(encoding="utf-8")
    begun = text.replace(f"[acts.{act}]", f"[acts.{act}]\nin_force = 2027-07-01")
    assert len(begun.splitlines()) == len(text.splitlines()) + 1
    path.write_text(begun, encoding="utf-8")
    for bases, after in ((legal_bases(), old), (legal_bases_from(path), new)):
        assert basis_on(bases, code, date(2027, 6, 30)).reference["nb"] == old
        assert basis_on(bases, code, date(2027, 7, 1)).reference["nb"] == after


def test_an_act_that_is_named_and_not_there_is_told(tmp_path):
    path = tmp_path / "laws.toml"
    path.write_text(
        LAW.format(name="old", start="1970-01-01", end='until_act = "none"'), encoding="utf-8"
    )
    with pytest.raises(ProfileError, match=r"fvl\.old\.until_act"):
        legal_bases_from(path)


def test_a_law_is_called_by_its_nynorsk_name_in_nynorsk():
    basis = basis_on(legal_bases(), "bvl-13-2", TODAY)
    assert basis.reference["nb"] == basis.reference["en"] == "barnevernsloven § 13-2"
    assert basis.reference["nn"] == "barnevernslova § 13-2"


LAW = """
[fvl.{name}]
valid_from = {start}
{end}
reference = "{name}"
source = "law"
nb = "a"
nn = "b"
en = "c"
"""


def test_a_new_act_is_one_more_version_and_old_records_keep_the_old(tmp_path):
    path = tmp_path / "laws.toml"
    path.write_text(
        LAW.format(name="old", start="1970-01-01", end="valid_to = 2027-01-01")
        + LAW.format(name="new", start="2027-01-01", end=""),
        encoding="utf-8",
    )
    bases = legal_bases_from(path)
    assert basis_on(bases, "fvl", date(2026, 12, 31)).reference["nb"] == "old"
    assert basis_on(bases, "fvl", date(2027, 1, 1)).reference["nb"] == "new"
