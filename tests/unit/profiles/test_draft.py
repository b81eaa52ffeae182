"""A draft of local rules: saving a page as it stands changes nothing, and a text is read back as it was written."""

import tomllib
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bti.domain.codes import Sector, StepForm, Who
from bti.domain.levels import Level
from bti.profiles import ProfileError, available, load
from bti.profiles.draft import Decision, Draft
from bti.profiles.loader import shipped_document
from bti.profiles.own import LONGEST, key_of, number_of, own_document, own_version
from bti.profiles.sections import (
    Added,
    Section,
    addable,
    added,
    at,
    filled,
    groups,
    section_of,
)
from bti.profiles.writer import written

DECIDED = Decision("Vedtak", "2026-08-20", "punkt 2", "2027-01-01")
KEYS = st.text(min_size=1, max_size=8)
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
PLAIN = (
    st.booleans()
    | st.integers(-(10**9), 10**9)
    | TEXTS
    | st.dates(date(1990, 1, 1), date(2100, 1, 1))
    | st.lists(TEXTS, max_size=3)
)
TABLES = st.recursive(
    st.dictionaries(TEXTS, PLAIN, max_size=4),
    lambda below: st.dictionaries(TEXTS, PLAIN | below, max_size=4),
    max_leaves=12,
)


@given(values=TABLES)
@settings(max_examples=150)
def test_what_is_written_is_read_back(values):
    assert tomllib.loads(written(values)) == values


def test_nothing_else_than_a_file_of_rules_holds_is_written():
    with pytest.raises(TypeError, match="float"):
        written({"a": 1.5})


@pytest.mark.parametrize("name", available())
def test_saving_every_page_as_it_stands_changes_nothing(name):
    key = load(name).key
    base = shipped_document(key).values
    draft = Draft.begun(key, "")
    for section in Section:
        typed = {slot: slot.value for one in groups(section, base, base) for slot in one.slots}
        draft = filled(draft, base, {slot: _as_sent(slot) for slot in typed})
    assert draft.values == {}


def _as_sent(slot):
    """A value as a form sends it."""
    if isinstance(slot.value, list):
        return slot.value if slot.options else ", ".join(slot.value)
    return slot.value if isinstance(slot.value, bool) else str(slot.value or "")


@given(
    typed=st.dictionaries(
        st.sampled_from(
            [
                slot
                for section in Section
                for one in groups(section, shipped_document("standard/1").values, {})
                for slot in one.slots
            ]
        ),
        st.sampled_from(["", "7", "-1", "1e3", "snart", "½", "2" * 40, "{team}", "{x}", "\n"]),
        max_size=5,
    )
)
@settings(max_examples=60, deadline=None)
def test_whatever_is_typed_is_kept_and_each_fault_is_on_a_page(typed):
    base = shipped_document("standard/1").values
    draft = replace(filled(Draft.begun("standard/1", ""), base, typed), decision=DECIDED)
    kept = Draft.read(draft.stored())
    assert kept.text(1, "Lindvik") == draft.text(1, "Lindvik")
    told = []
    try:
        own_version(draft.text(1, "Lindvik"))
    except ProfileError as error:
        told = [one.key for one in error.faults]
    assert [key for key in told if section_of(key) is None] == []


@pytest.mark.parametrize("day", ["2027-02-30", "0000-00-00", "i morgen", "", "2027-13-01", "%00"])
def test_a_day_that_is_none_is_kept_and_told(day):
    draft = Draft.begun("standard/1", "").put(("deadlines", "soon_days"), 9)
    draft = replace(draft, decision=replace(DECIDED, valid_from=day))
    with pytest.raises(ProfileError) as found:
        own_version(draft.text(1, "Lindvik"))
    assert [(one.key, one.found) for one in found.value.faults] == [("valid_from", day)]


def test_a_circle_of_steps_is_told_at_its_step():
    draft = replace(Draft.begun("standard/1", ""), decision=DECIDED)
    for step, before in (("1", "3"), ("2", "1"), ("3", "2")):
        draft = draft.put(("levels", "1", "steps", step, "after"), [before])
    with pytest.raises(ProfileError) as found:
        own_version(draft.text(1, "Lindvik"))
    [fault] = found.value.faults
    assert fault.key.startswith("levels.1.steps.")
    assert fault.found.count(" → ") == 3


@pytest.mark.parametrize("what", Added)
def test_what_is_added_asks_for_each_of_its_texts_and_is_gone_when_taken_away(what):
    base = shipped_document("standard/1").values
    own = {Added.STEP: Section.LEVEL_2, Added.BODY: Section.TEAMS}
    section = own.get(what) or Section(what.value)
    assert what in addable(section, base)
    begun = replace(Draft.begun("standard/1", ""), decision=DECIDED)
    draft = added(begun, base, section, what)
    document, _ = own_document(draft.text(1, "Lindvik"))
    more = added(draft, document.values, section, what)
    table = ("levels", "2", "steps") if what is Added.STEP else (what.value,)
    first, second = list(at(more.values, table))
    assert first != second
    with pytest.raises(ProfileError) as found:
        own_version(draft.text(1, "Lindvik"))
    assert {one.key.split(f".{first}.")[0] for one in found.value.faults} == {".".join(table)}
    assert draft.put((*table, first), None).values == {}


def test_a_service_does_a_step_in_its_own_way_and_the_others_go_on_as_before():
    base = shipped_document("standard/1").values
    begun = replace(Draft.begun("standard/1", ""), decision=DECIDED)
    assert {"1.2", "1.new", "0.1"} <= set(addable(Section.HEALTH, base))
    draft = added(begun, base, Section.HEALTH, "1.2")
    whole = own_document(draft.text(1, "Lindvik"))[0].values
    assert "1.2" not in addable(Section.HEALTH, whole)
    [group] = [one for one in groups(Section.HEALTH, base, whole) if one.own]
    slots = {slot.path[6:]: slot for slot in group.slots}
    # It begins as it is for all, and everything else is left open.
    assert slots[("text", "nb")].value == base["levels"]["1"]["steps"]["2"]["text"]["nb"]
    assert {slot.value for path, slot in slots.items() if path[0] != "text"} == {None}
    typed = {slots[("who",)]: "lead", slots[("gate",)]: ["level.holder"], slots[("form",)]: "step"}
    draft = filled(draft, base, typed)
    profile, standard = own_version(draft.text(1, "Lindvik")), load("standard")
    [own] = [
        one for one in profile.guide(Level.OWN_SERVICE, Sector.HEALTH).steps if one.code == "1.2"
    ]
    assert (own.who, own.gate, own.form) == (Who.LEAD, ("level.holder",), StepForm.STEP)
    for sector in set(Sector) - {Sector.HEALTH}:
        for level in Level:
            assert profile.guide(level, sector) == standard.guide(level, sector)
    assert draft.put(group.path, None).values == {}


def test_a_step_that_only_one_service_has_is_asked_for_whole():
    base = shipped_document("standard/1").values
    draft = replace(Draft.begun("standard/1", ""), decision=DECIDED)
    draft = added(draft, base, Section.SCHOOL, "2.new")
    number = max(base["levels"]["2"]["steps"], key=int)
    assert list(at(draft.values, ("services", "school", "levels", "2", "steps"))) == [
        str(int(number) + 1)
    ]
    with pytest.raises(ProfileError) as found:
        own_version(draft.text(1, "Lindvik"))
    assert {section_of(one.key) for one in found.value.faults} == {Section.SCHOOL}


def test_an_own_version_names_itself_and_extends_a_shipped_one():
    good = Draft.begun("standard/1", "").put(("deadlines", "soon_days"), 9)
    text = replace(good, decision=DECIDED).text(3, "Lindvik")
    assert own_version(text).key == key_of(3)
    assert (number_of("own/3"), number_of("moss/3"), number_of("own/x")) == (3, None, None)
    for changed, key in (
        (text.replace('name = "own"', 'name = "moss"'), "name"),
        (text.replace('extends = "standard/1"\n', ""), "extends"),
        (text.replace("standard/1", "own/2"), "(file)"),
        (text.replace("standard/1", "standard/9"), "(file)"),
    ):
        with pytest.raises(ProfileError) as found:
            own_version(changed)
        assert found.value.key == key
    with pytest.raises(ProfileError, match="at most 200000 signs"):
        own_version(text + "#" * LONGEST)


def test_an_own_measure_stands_in_the_library_until_it_is_ended_and_a_template_of_it_alone_goes_too():
    base = shipped_document("standard/1").values
    said = dict.fromkeys(("nb", "nn", "en"), "Gå tur i skogen")
    draft = replace(Draft.begun("standard/1", ""), decision=DECIDED)
    draft = added(draft, base, Section.MEASURES, "measures")
    for part in ("title", "how", "function"):
        draft = draft.put(("measures", "own_1", part), said)
    template = {"title": said, "about": said, "goal": said, "measures": ["own_1"]}
    draft = draft.put(("templates", "own_1"), template)
    toolbox = own_version(draft.text(1, "Lindvik")).toolbox
    assert toolbox.measure("own_1").title["nb"] == "Gå tur i skogen"
    assert toolbox.template("own_1").measures == (toolbox.measure("own_1"),)
    assert len(toolbox.measures) == len(load("standard/1").toolbox.measures) + 1

    ended = own_version(draft.put(("measures", "own_1", "ended"), value=True).text(1, "Lindvik"))
    assert (ended.toolbox.measure("own_1"), ended.toolbox.template("own_1")) == (None, None)
    assert ended.toolbox.measures == load("standard/1").toolbox.measures
    assert ended.toolbox.templates == load("standard/1").toolbox.templates


def test_a_measure_of_the_standard_is_ended_by_a_municipality_and_its_templates_go_on_without():
    draft = replace(Draft.begun("standard/1", ""), decision=DECIDED)
    template = load("standard/1").toolbox.templates[0]
    code = template.measures[0].code
    ended = own_version(
        draft.put(("measures", code, "ended"), value=True).text(1, "Lindvik")
    ).toolbox
    assert ended.measure(code) is None
    assert ended.template(template.code).measures == template.measures[1:]
