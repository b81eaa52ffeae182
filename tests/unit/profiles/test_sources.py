"""Each fact that a municipality's own document states is in its profile, with the place it stands.

The tables below were read out of the documents by hand, apart from the profiles. What they do not
have is the standard's, word for word.
"""

import pytest

from bti.domain.codes import Sector, Who
from bti.domain.levels import Level
from bti.domain.local_rules import ProfileRules
from bti.profiles import Said, TeamKind, available, load

MUNICIPALITIES = ("aukra", "moss", "nordre_land", "vaaler")
STATED, READ = Said.STATED, Said.READ

# Profile, where in it, the place in the document, how sure, and what is said there (in its language).
FACTS = [
    ("vaaler", "teams.main", "Tiltak 8", STATED, "Oppvekstteam"),
    ("vaaler", "teams.main.lead", "Tiltak 8", STATED, "Nestleder i barneverntjenesten"),
    ("vaaler", "teams.main.about", "Tiltak 8", STATED, "tverrfaglig støtte"),
    ("vaaler", "levels.3.steps.1.detail", "Tiltak 8", STATED, "ikke lar seg løse i virksomheten"),
    ("vaaler", "levels.2.arena", "Tiltak 7", STATED, "BTI-møte"),
    (
        "vaaler",
        "services.school.levels.2.steps.1.detail",
        "Tiltak 7",
        STATED,
        "barnevern, helse, PPT",
    ),
    ("vaaler", "services.school.levels.2.steps.1.title", "Tiltak 7", STATED, "Virksomhetslederen"),
    ("vaaler", "levels.1.steps.3.tools", "Tiltak 23", READ, "Stafettloggen"),
    ("vaaler", "levels.2.steps.2.tools", "Tiltak 23", STATED, "Stafettloggen"),
    ("vaaler", "levels.0.steps.1.text", "1.2 Fremgangsmåte, utførende nivå", READ, "bekymringen"),
    ("vaaler", "levels.0.steps.3.tools", "Tiltak 24", READ, "dialogiske samtalemetoden"),
    ("vaaler", "levels.0.steps.3.tools", "Tiltak 24", READ, "RBUP"),
    ("vaaler", "levels.0.steps.4.detail", "Tiltak 21", READ, "rus eller vold i familien"),
    (
        "vaaler",
        "services.school.levels.1.steps.3.tools",
        "Tiltak 2 og 6",
        READ,
        "bekymringsfullt fravær",
    ),
    ("vaaler", "services.school.levels.1.steps.3.tools", "Tiltak 2 og 6", READ, "Skolelos"),
    ("vaaler", "services.health.levels.1.steps.3.tools", "Tiltak 26", READ, "helsesykepleier"),
    ("vaaler", "teams.drug_advice", "1.1 Organisering, utøvende nivå", STATED, "russaker"),
    (
        "vaaler",
        "teams.drug_advice.without_names",
        "1.1 Organisering, utøvende nivå",
        READ,
        "True",
    ),
    ("vaaler", "teams.coordinating_unit", "Tiltak 30", STATED, "spesialisthelsetjenesten"),
    ("moss", "teams.main", "Innsatsområde 3, tiltak 10", READ, "SLT-koordinert møte"),
    ("moss", "teams.main.about", "Innsatsområde 3, tiltak 10", READ, "10 og 25 år"),
    ("moss", "levels.3.arena", "Innsatsområde 3, tiltak 10", READ, "SLT-koordinert møte"),
    (
        "moss",
        "teams.drug_advice",
        "Innsatsområde 3, tiltak 12",
        STATED,
        "Rådgivende enhet for russaker (RER)",
    ),
    (
        "moss",
        "teams.drug_advice.without_names",
        "Innsatsområde 3, tiltak 12",
        READ,
        "True",
    ),
    ("moss", "levels.0.steps.2.tools", "Innsatsområde 3, tiltak 13", READ, "radikalisering"),
    (
        "moss",
        "services.school.levels.0.steps.1.tools",
        "Innsatsområde 1, tiltak 1 (ansatte)",
        READ,
        "rusforebyggende",
    ),
    (
        "moss",
        "services.school.levels.0.steps.3.tools",
        "Innsatsområde 1, tiltak 1 (foresatte)",
        READ,
        "Snakk om rus",
    ),
    ("moss", "levels.2.steps.1.detail", "Taushetsplikten", READ, "selv vurdere"),
    ("moss", "levels.2.steps.2.detail", "Innsatsområde 3, mål", READ, "Laget rundt barnet"),
    ("nordre_land", "teams.main", "Konkrete tiltak, BTI og kompetanseteam", READ, "Kompetanseteam"),
    (
        "nordre_land",
        "teams.main.about",
        "Konkrete tiltak, BTI og kompetanseteam",
        READ,
        "skole, barnehage",
    ),
    (
        "nordre_land",
        "levels.3.steps.1.detail",
        "Koordineringsgruppe, mandat",
        READ,
        "Enkeltsaker drøftes ikke",
    ),
    (
        "nordre_land",
        "levels.2.steps.3.tools",
        "Konkrete tiltak, bekymringssamtaler",
        READ,
        "politiet",
    ),
    (
        "nordre_land",
        "levels.2.steps.1.tools",
        "Konkrete tiltak, oppfølgingstjenesten",
        READ,
        "læreplass",
    ),
    (
        "nordre_land",
        "services.school.levels.1.steps.3.tools",
        "Konkrete tiltak, Ungdoms Coach",
        READ,
        "coach",
    ),
    ("aukra", "log.opens_at_level", "Tiltak 4.2, nivå 1", STATED, "1"),
    ("aukra", "levels.1.steps.2.detail", "Tiltak 4.2, nivå 1", STATED, "avklart"),
    ("aukra", "levels.2.steps.1.detail", "Tiltak 4.2, nivå 2", STATED, "inn i stafettloggen"),
    (
        "aukra",
        "levels.3.steps.2.detail",
        "Tiltak 4.1 og 4.2, nivå 3",
        STATED,
        "koordinator eller barnekoordinator",
    ),
    ("aukra", "levels.3.steps.2.detail", "Tiltak 4.1 og 4.2, nivå 3", STATED, "individuell plan"),
    (
        "aukra",
        "levels.3.steps.2.tools",
        "Tiltak 4.1 og 4.2, nivå 3",
        STATED,
        "nasjonale rettleiaren",
    ),
    ("aukra", "levels.0.steps.1.tools", "Tiltak 4.2", READ, "handlingsrettleiaren"),
    ("aukra", "levels.1.steps.1.detail", "Tiltak 4.1", READ, "kva kommunen har ansvar for"),
    ("aukra", "teams.bti_team", "Tiltak 4.1", STATED, "BTI-team"),
    ("aukra", "teams.coordinating_unit", "Tiltak 4.1", STATED, "Koordinerande eining"),
    ("aukra", "levels.2.steps.1.tools", "Tiltak 4.4", READ, "Tiltakskorta"),
    ("aukra", "levels.0.steps.2.tools", "Tiltak 4.5", READ, "valdeleg ekstremisme"),
    ("aukra", "levels.2.steps.3.tools", "Tiltak 4.3", READ, "Møre og Romsdal"),
    ("aukra", "services.school.levels.1.steps.3.tools", "Tiltak 3.1", READ, "rusførebygging"),
    ("aukra", "default_language", "Heile planen", STATED, "nn"),
    ("aukra", "levels.1.family", "Heile planen (skrivemåten skole)", STATED, "skolen"),
]
DOCUMENTS = {
    "aukra": ("2026-01-01", "2026-12-31"),
    "moss": ("2025-01-01", "2028-12-31"),
    "nordre_land": ("2022-01-01", "2025-12-31"),
    "vaaler": ("2023-01-01", "2026-12-31"),
}
_NUMBERS = tuple(ProfileRules.__dataclass_fields__)


def value_at(profile, key):
    """What a profile says at a key, in its own language."""
    language = profile.default_language
    parts = key.split(".")
    sector = None
    if parts[0] == "services":
        sector, parts = Sector(parts[1]), parts[2:]
    if parts[0] == "teams":
        team = next(one for one in profile.teams if one.code == parts[1])
        fields = (
            [team.name, team.about, team.lead] if len(parts) == 2 else [getattr(team, parts[2])]
        )
        return " ".join(str(one) if one is True else one[language] for one in fields if one)
    if parts[0] == "levels":
        guide = profile.guide(int(parts[1]), sector)
        if parts[2] != "steps":
            return getattr(guide, parts[2])[language]
        step = profile.step(f"{parts[1]}.{parts[3]}", sector)
        found = getattr(step, parts[4])
        return " ".join(one[language] for one in found) if parts[4] == "tools" else found[language]
    return str({"log.opens_at_level": profile.log_opens_at_level}.get(key, language))


@pytest.mark.parametrize(("name", "key", "place", "said", "words"), FACTS)
def test_a_fact_of_the_document_is_there_and_says_where_it_stands(name, key, place, said, words):
    profile = load(f"{name}/1")
    assert words in value_at(profile, key)
    fact = profile.said(key)
    assert (fact.place, fact.said) == (place, said)
    assert profile.sources[fact.source].title


@pytest.mark.parametrize("name", MUNICIPALITIES)
def test_nothing_is_said_to_stand_in_a_document_that_the_table_does_not_have(name):
    known = {key for other, key, *_ in FACTS if other == name}
    for key in load(f"{name}/1").facts:
        assert any(one == key or one.startswith(f"{key}.") for one in known), key


@pytest.mark.parametrize(
    ("name", "levels"),
    [("aukra", {1, 2, 3}), ("moss", set()), ("nordre_land", set()), ("vaaler", {2, 3})],
)
def test_only_a_document_that_names_a_level_is_said_to_state_something_at_it(name, levels):
    stated = [key for key, fact in load(f"{name}/1").facts.items() if fact.said is STATED]
    assert {int(key.split("levels.")[1][0]) for key in stated if "levels." in key} == levels


@pytest.mark.parametrize("name", MUNICIPALITIES)
def test_the_document_is_named_with_its_period(name):
    (source,) = load(f"{name}/1").sources.values()
    assert tuple(day.isoformat() for day in source.period) == DOCUMENTS[name]


def test_only_vaaler_says_when_its_plan_was_adopted():
    adopted = {name: load(f"{name}/1").sources["plan"].adopted for name in MUNICIPALITIES}
    assert {name for name, day in adopted.items() if day} == {"vaaler"}
    assert load("vaaler/1").valid_from == adopted["vaaler"]


@pytest.mark.parametrize("name", MUNICIPALITIES)
def test_no_document_gives_deadlines_ages_or_who_closes_so_those_are_the_standards(name):
    profile, standard = load(f"{name}/1"), load("standard/1")
    for number in _NUMBERS:
        assert getattr(profile, number) == getattr(standard, number)
    for key in ("deadlines.soon_days", "consent.youth_age", "closing.by", "phones.police"):
        assert profile.said(key) is None
    assert profile.phones == standard.phones
    assert profile.family_may_end_log == standard.family_may_end_log


@pytest.mark.parametrize("name", MUNICIPALITIES)
@pytest.mark.parametrize("sector", Sector)
def test_a_step_that_is_not_said_anything_about_is_the_standards_word_for_word(name, sector):
    profile, standard = load(f"{name}/1"), load("standard/1")
    ours = profile.team.called
    for level in Level:
        for step in profile.guide(level, sector).steps:
            if profile.said_of(step):
                continue
            same = standard.step(step.code, sector)
            for language in ("nb", "nn", "en"):
                theirs = standard.team.called[language]
                for mine, its in ((step.text, same.text), (step.detail, same.detail)):
                    assert mine[language].replace(ours[language], theirs) == its[language]
            assert (step.who, step.form, step.deadline_days) == (
                same.who,
                same.form,
                same.deadline_days,
            )


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("standard", [TeamKind.UPBRINGING_TEAM]),
        ("moss", [TeamKind.SLT_MEETING, TeamKind.DRUG_ADVICE]),
        (
            "vaaler",
            [TeamKind.UPBRINGING_TEAM, TeamKind.COORDINATING_UNIT, TeamKind.DRUG_ADVICE],
        ),
        ("nordre_land", [TeamKind.COMPETENCE_TEAM]),
        ("aukra", [TeamKind.UPBRINGING_TEAM, TeamKind.BTI_TEAM, TeamKind.COORDINATING_UNIT]),
    ],
)
def test_the_teams_are_those_the_document_names(name, kinds):
    teams = load(f"{name}/1").teams
    assert [team.kind for team in teams if team.code != "resource"] == kinds
    # The standard's own, in no municipality's document.
    assert [one.code for one in teams].count("resource") == 1
    assert load(f"{name}/1").said("teams.resource") is None


def test_aukra_names_no_team_of_level_3_so_it_is_the_standards():
    aukra = load("aukra/1")
    assert aukra.team == load("standard/1").team
    assert aukra.said("teams.main.name") is None


def test_at_a_school_in_vaaler_the_head_calls_the_meeting_and_elsewhere_the_standard_holds():
    vaaler = load("vaaler/1")
    assert vaaler.step("2.1", Sector.SCHOOL).who is Who.LEAD
    assert vaaler.step("2.1", Sector.KINDERGARTEN).title is None


def test_every_shipped_name_is_in_the_table():
    assert set(available()) == {*MUNICIPALITIES, "standard"}
