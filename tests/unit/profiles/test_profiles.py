import shutil
from datetime import date
from pathlib import Path

import pytest

import bti.profiles
from bti.domain.codes import StepForm, Who
from bti.domain.legal import basis_on
from bti.domain.levels import Level
from bti.domain.local_rules import YouthMode
from bti.profiles import ProfileError, available, legal_bases, load, load_from
from bti.profiles.loader import legal_bases_from

SHIPPED = Path(bti.profiles.__file__).parent
TODAY = date(2026, 11, 22)


def all_words(profile):
    yield profile.title
    yield from (profile.team.name, profile.team.lead)
    yield from (phone.label for phone in profile.phones)
    for guide in profile.levels:
        yield from (guide.label, guide.arena)
        for step in guide.steps:
            yield from (step.text, step.detail)


@pytest.mark.parametrize("name", available())
def test_every_shipped_profile_is_whole(name):
    profile = load(name)
    assert profile.name == name
    assert [guide.level for guide in profile.levels] == list(Level)
    assert all(guide.steps for guide in profile.levels)
    for words in all_words(profile):
        assert all(words[language].strip() for language in ("nb", "nn", "en"))
    codes = [step.code for guide in profile.levels for step in guide.steps]
    assert len(codes) == len(set(codes))


def test_the_standard_profile_has_the_agreed_defaults():
    standard = load("standard")
    assert standard.default_language == "nb"
    assert standard.log_opens_at_level == 1
    assert (standard.level_0_decision_days, standard.guardian_talk_days) == (14, 14)
    assert standard.guardian_talk_school_environment_days == 7
    assert (standard.evaluation_interval_days, standard.consent_validity_months) == (42, 12)
    assert standard.consent_reminder_days == 30
    assert (standard.youth_age, standard.youth_mode) == (15, YouthMode.ADDITIONAL)
    assert {phone.number for phone in standard.phones} == {"112", "116 111"}


def test_the_first_step_is_the_concern_and_the_referral_belongs_to_level_3():
    standard = load("standard")
    assert standard.step("0.1").form is StepForm.CONCERN
    assert standard.step("3.1").form is StepForm.REFERRAL
    assert standard.step("0.4").who is Who.LEAD
    assert standard.guide(1) is standard.levels[1]
    with pytest.raises(KeyError):
        standard.step("9.9")


def test_vaaler_says_only_what_its_plan_says():
    standard, vaaler = load("standard"), load("vaaler")
    assert vaaler.guide(2).arena.nb == "BTI-møte"
    assert vaaler.team.lead.nn == "Nestleiar i barnevernstenesta"
    different = {
        key
        for key in standard.__dataclass_fields__
        if getattr(standard, key) != getattr(vaaler, key)
    }
    assert different == {"name", "title", "valid_from", "levels", "team"}
    assert [guide.label for guide in vaaler.levels] == [guide.label for guide in standard.levels]


def test_words_fall_back_to_bokmal():
    assert load("standard").label(1, "se") == "Tiltak i egen tjeneste"


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


@pytest.fixture
def local(tmp_path):
    shutil.copy(SHIPPED / "standard.toml", tmp_path)

    def write(text):
        start = 'extends = "standard"\nname = "here"\n'
        (tmp_path / "here.toml").write_text(start + text, encoding="utf-8")
        return load_from(tmp_path, "here")

    return write


def test_a_local_profile_says_only_what_differs(local):
    profile = local('[consent]\nyouth_mode = "alone"\nyouth_age = 16\n')
    assert (profile.youth_age, profile.youth_mode) == (16, YouthMode.ALONE)
    assert profile.consent_validity_months == 12


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
        ("[deadline]\nsoon_days = 3", "deadline", "no such key"),
        ("deadlines = 14", "deadlines", "a table"),
        ("default_language = 'se'", "default_language", "one of nb, nn, en"),
        ("valid_from = 'now'", "valid_from", "a date"),
        ("valid_from = 2026-01-01T10:00:00", "valid_from", "a date"),
        ("version = ' '", "version", "a text"),
        ("[levels.1.label]\nse = 'x'", "levels.1.label.se", "no such key"),
        ("[levels.4.label]\nnb = 'x'", "levels.4", "no such key"),
        ("[levels.1.steps.x]\nwho = 'all'", "levels.1.steps.x", "steps keyed by number"),
        ("[levels.1.steps.6]\nwho = 'all'", "levels.1.steps.6.text", "a table"),
        ("[levels.1.steps.1]\nwho = 'nobody'", "levels.1.steps.1.who", "one of employee"),
        ("[levels.1.steps.1]\ndeadline_days = 0", "levels.1.steps.1.deadline_days", "from 1"),
        ("[phones.police]\nnumber = 112", "phones.police.number", "a text"),
        ("[team]\nlead = 'x'", "team.lead", "a table"),
    ],
)
def test_a_mistake_is_named_by_file_key_and_what_was_expected(local, text, key, expected):
    with pytest.raises(ProfileError) as found:
        local(text)
    assert (found.value.file, found.value.key) == ("here.toml", key)
    assert expected in found.value.expected
    assert all(part in str(found.value) for part in ("here.toml", key))


def test_a_missing_key_is_named_in_the_file_that_should_have_had_it(tmp_path):
    text = (SHIPPED / "standard.toml").read_text("utf-8").replace("team_wait_days = 14\n", "")
    (tmp_path / "standard.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ProfileError) as found:
        load_from(tmp_path, "standard")
    assert (found.value.file, found.value.key) == ("standard.toml", "deadlines.team_wait_days")
    assert "missing" in str(found.value)


@pytest.mark.parametrize(
    ("name", "text", "key"),
    [
        ("here", None, "(file)"),
        ("here", "= what", "(file)"),
        ("here", 'extends = "here"', "extends"),
        ("here", "extends = 1", "extends"),
        ("here", 'extends = "nowhere"', "(file)"),
        ("here", f'extends = "{"a" * 300}"', "(file)"),
        ("../standard", None, "(file)"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path, name, text, key):
    if text is not None:
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ProfileError) as found:
        load_from(tmp_path, name)
    assert found.value.key == key


def test_a_profile_that_is_not_shipped_is_refused_by_name():
    with pytest.raises(ProfileError, match="one of standard, vaaler"):
        load("oslo")
