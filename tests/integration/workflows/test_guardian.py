"""What is written about a guardian: what stood before stays beside what is written instead."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bti.domain.guardians import Source
from bti.domain.national_id import made_up
from bti.workflows import case, guardian
from tests.integration.workflows.cases import CHECKED, agreed, holds_together, new_case

NUMBER, ANOTHER = (made_up(date(2004, 3, day), range(500, 1000)) for day in (2, 9))


@pytest.fixture
def case_id(world):
    return new_case(world, guardians=(("Maria Hansen", True),))


def read(world, case_id, who="ingrid"):
    page = world.run(who, case.show_case, case_id=case_id)
    [person] = page.guardians
    return person, page.earlier.get(person.id, ())


def save(world, case_id, who="ingrid", **changes):
    known, _ = read(world, case_id, who)
    page = world.run(who, guardian.guardian_page, case_id=case_id, person_id=known.id)
    values = {
        "name": known.name,
        "relation": known.relation,
        "parental_responsibility": known.parental_responsibility,
        "checked_on": known.checked_on,
        "source": Source.REGISTER,
        **changes,
    }
    command = guardian.SaveGuardian(
        case_id=case_id, version=page.version, person_id=known.id, **values
    )
    world.run(who, guardian.save_guardian, command=command)


@pytest.mark.parametrize("engine", ["world", "postgres_world"])
def test_what_stood_before_is_kept_with_when_and_who(request, engine):
    world = request.getfixturevalue(engine)
    case_id = new_case(world, guardians=(("Maria Hansen", True),))
    assert read(world, case_id)[1] == ()
    world.clock.advance(timedelta(hours=1))
    save(world, case_id, who="siv", name="Maria Vik", relation="mother")
    changed = world.clock.now()
    world.clock.advance(timedelta(hours=1))
    save(world, case_id, parental_responsibility=False, checked_on=None)
    now, (newest, oldest) = read(world, case_id)
    assert (now.name, now.parental_responsibility, now.checked_on) == ("Maria Vik", False, None)
    assert (oldest.was.name, oldest.was.relation) == ("Maria Hansen", "parent")
    assert (oldest.was.at, oldest.by) == (changed, "Siv Aas")
    assert (newest.was.name, newest.was.relation) == ("Maria Vik", "mother")
    assert (newest.was.parental_responsibility, newest.was.checked_on) == (True, CHECKED)
    assert newest.by == "Ingrid Solberg"
    holds_together(world)


states = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["Maria Hansen", "Maria Vik", "Mária Ánte"]),
        "relation": st.sampled_from(["mother", "father"]),
        "parental_responsibility": st.booleans(),
        "checked_on": st.just(CHECKED),
    }
)


@settings(
    max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(st.lists(states, max_size=4))
def test_nothing_that_ever_stood_is_lost_and_a_save_that_changes_nothing_adds_nothing(
    world, written
):
    case_id = new_case(world, guardians=(("Maria Hansen", True),))
    stood = [("Maria Hansen", "parent", True)]
    for state in written:
        save(world, case_id, **state)
        new = (state["name"], state["relation"], state["parental_responsibility"])
        if new != stood[-1]:
            stood.append(new)
    person, earlier = read(world, case_id)
    told = [
        (one.name, one.relation, one.parental_responsibility)
        for one in (*(note.was for note in reversed(earlier)), person)
    ]
    assert told == stood


def test_a_number_that_is_registered_again_is_told_and_stays_when_the_field_is_empty(
    world, case_id
):
    save(world, case_id, national_id=NUMBER)
    save(world, case_id, national_id=NUMBER)
    save(world, case_id, name="Maria Vik")
    save(world, case_id, national_id=ANOTHER)
    person, earlier = read(world, case_id)
    assert person.registered
    assert [one.was.number_changed for one in earlier] == [True, False, True]


def test_a_language_that_the_form_does_not_ask_for_is_not_lost(world, case_id):
    save(world, case_id, language="se")
    save(world, case_id, name="Maria Vik")
    assert read(world, case_id)[0].language == "se"


def test_whoever_reads_the_case_by_consent_sees_what_stood_before(world, case_id):
    agreed(world, case_id, "pps")
    save(world, case_id, name="Maria Vik")
    assert [one.was.name for one in read(world, case_id)[1]] == ["Maria Hansen"]
