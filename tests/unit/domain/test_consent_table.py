"""The rules of consent against a table that was written from the acts: every combination."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bti.domain.codes import HeardMethod, InfoType, Kept, Sector
from bti.domain.consent import (
    Answer,
    AnswerFacts,
    ConsentFacts,
    Form,
    HeardFacts,
    Question,
    Scope,
    agreed_cells,
    ask,
    verdict,
)
from bti.domain.errors import RuleBroken
from bti.domain.events import CellRef
from bti.domain.realms import realms_of
from bti.domain.signers import ChildFacts, DeciderFacts, Hearing, SignerRole, required_signers
from tests.unit.domain import consent_table as table
from tests.unit.domain.samples import CONSENT, NOON, RULES, TODAY, an_id

KINDS = table.kinds()
CAPACITY = {
    table.VERGE: SignerRole.APPOINTED_GUARDIAN,
    table.WELFARE: SignerRole.CHILD_WELFARE,
    table.FOSTER: SignerRole.FOSTER_HOME,
}
GIVERS = {giver: an_id(950 + n) for n, giver in enumerate(sorted({one for one, _ in KINDS}))}
SECTORS = {unit: Sector(giver) for giver, unit in GIVERS.items()}
OTHER = an_id(999)
WORDS = ["yes", "no", "partly", "talk_first", "silent"]
HEARD = HeardFacts(on=TODAY, method=HeardMethod.CONVERSATION, weight_noted=True, kept=Kept.NOTHING)


def deciders(family):
    has_say, registered = table.FAMILIES[family]
    return tuple(
        DeciderFacts(
            one, one in has_say, TODAY, CAPACITY.get(one, SignerRole.PARENTAL_RESPONSIBILITY_HOLDER)
        )
        for one in (*has_say, *registered)
    )


def child_of(place):
    return ChildFacts(table.YOUNG, table.born_at(*place))


def cell(giver, what):
    return CellRef(GIVERS[giver], OTHER, InfoType(what))


def found(place, cells, family):
    realms = realms_of(cells, SECTORS)
    return required_signers(child_of(place), deciders(family), realms, RULES, NOON)


@pytest.mark.parametrize("family", table.FAMILIES)
@pytest.mark.parametrize("place", table.AGES, ids=str)
def test_who_signs_and_why_is_what_the_table_says_for_every_service_and_kind(place, family):
    years = table.years_of(*place)
    for (giver, what), kind in KINDS.items():
        must = table.expected(years, [kind], family)
        if must is None:
            with pytest.raises(RuleBroken, match=r"consent\.no_signer"):
                found(place, {cell(giver, what)}, family)
            continue
        signers = found(place, {cell(giver, what)}, family).signers
        assert {one.person_id: set(one.stand_ins) for one in signers} == must, (giver, what)
        for one in signers:
            assert one.why == (table.why(one.person_id, years, kind),), (giver, what)


@given(
    st.sampled_from(table.AGES),
    st.sampled_from(sorted(table.FAMILIES)),
    st.sets(st.sampled_from(sorted(KINDS)), min_size=1, max_size=4),
)
def test_a_question_of_several_kinds_asks_everybody_that_each_kind_asks(place, family, told):
    years = table.years_of(*place)
    asked = {KINDS[one] for one in told}
    must = table.expected(years, asked, family)
    cells = frozenset(cell(*one) for one in told)

    def question():
        return ask(
            Question(scope=Scope.BRING_IN_SERVICE, cells=cells, sectors=SECTORS),
            child=child_of(place),
            deciders=deciders(family),
            rules=RULES,
            at=NOON,
        )

    if years in {16, 17} and "health" in asked and len(asked) > 1:
        with pytest.raises(RuleBroken, match=r"consent\.health_alone"):
            question()
    elif must is None:
        with pytest.raises(RuleBroken, match=r"consent\.no_signer"):
            question()
    else:
        signers = question().signers
        assert {one.person_id: set(one.stand_ins) for one in signers} == must
        for one in signers:
            asks = [
                kind for kind in asked if one.person_id in table.expected(years, [kind], family)
            ]
            assert set(one.why) == {table.why(one.person_id, years, kind) for kind in asks}


@pytest.mark.parametrize(
    ("place", "how", "why"),
    [
        ((7, -1), Hearing.IF_ABLE, "grl-104"),
        ((7, 0), Hearing.REQUIRED, "barnelova-31"),
        ((12, -1), Hearing.REQUIRED, "barnelova-31"),
        ((12, 0), Hearing.REQUIRED_WITH_WEIGHT, "barnelova-31"),
        ((15, -1), Hearing.REQUIRED_WITH_WEIGHT, "barnelova-31"),
    ],
)
@pytest.mark.parametrize("kind", ["school", "health"])
def test_who_is_heard_and_why_follows_the_age(place, how, why, kind):
    [one] = found(place, {cell(kind, "wellbeing")}, "joint").heard
    assert (one.person_id, one.how) == (table.YOUNG, how)
    assert one.why == ((why, "pbrl-4-4") if kind == "health" else (why,))


def test_a_child_who_signs_has_been_heard_by_that():
    assert found((15, 0), {cell("school", "wellbeing")}, "joint").heard == ()


def consent(place, family, needed, words):
    """A consent where each of those who must has said one of the words."""
    cells = frozenset({cell("school", "measures"), cell("school", "wellbeing")})
    some = frozenset({cell("school", "measures")})
    answers = tuple(
        AnswerFacts(
            person_id=person,
            answer=Answer(word),
            at=NOON,
            form=Form.IN_PERSON,
            cells=some if word == "partly" else frozenset(),
        )
        for person, word in words.items()
        if word != "silent"
    )
    facts = ConsentFacts(
        consent_id=CONSENT,
        scope=Scope.BRING_IN_SERVICE,
        cells=cells,
        asked_at=NOON,
        valid_to=NOON.replace(year=2027),
        child=child_of(place),
        deciders=deciders(family),
        required=needed.person_ids,
        stand_ins=needed.stand_ins,
        heard=HEARD,
        answers=answers,
    )
    return facts, cells, some


@pytest.mark.parametrize("family", ["joint", "sole", "order, and parents with a say"])
@pytest.mark.parametrize("place", table.AGES, ids=str)
def test_every_set_of_answers_adds_up_as_the_table_says(place, family):
    needed = found(place, {cell("school", "measures")}, family)
    people = sorted(needed.person_ids)
    # Of many signers all sets of words, not all orders: who says what does not matter.
    choose = itertools.product if len(people) < 3 else itertools.combinations_with_replacement
    ways = choose(WORDS, repeat=len(people)) if len(people) < 3 else choose(WORDS, len(people))
    for way in ways:
        words = dict(zip(people, way, strict=True))
        facts, cells, some = consent(place, family, needed, words)
        stands = verdict(facts, NOON, RULES)
        assert stands.status == table.outcome(set(way)), words
        assert stands.against == {one for one, word in words.items() if word == "no"}
        assert stands.waits_for == {
            one for one, word in words.items() if word in {"silent", "talk_first"}
        }
        assert stands.why
        opens = {"complete": cells, "partly": some}.get(stands.status.value, frozenset())
        assert (agreed_cells(facts, NOON) == opens) or not opens


@settings(max_examples=40)
@given(st.sampled_from(WORDS), st.sampled_from(WORDS))
def test_child_welfares_word_wins_over_the_foster_homes_about_health(welfare, foster):
    place, family = (10, 0), "order and foster home"
    needed = found(place, {cell("health", "wellbeing")}, family)
    words = {table.WELFARE: welfare, table.FOSTER: foster}
    facts, _, _ = consent(place, family, needed, words)
    facts = replace(facts, realms=realms_of({cell("health", "wellbeing")}, SECTORS))
    counts = foster if welfare == "silent" else welfare
    assert verdict(facts, NOON, RULES).status == table.outcome({counts})
