"""A case lives through whatever Hypothesis thinks of, and the promises hold after every act."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bti.domain import baton, consent
from bti.domain.access import Action, Allowed, compartments_open_to, decide
from bti.domain.ages import age, birthday, is_adult, start_of_day
from bti.domain.codes import SHAREABLE, STAFF_SIDE, InfoType, Role
from bti.domain.compartments import CORE, SEALED, parse
from bti.domain.consent import Answer, CellFacts, ConsentStatus, Scope, WithdrawalFacts
from bti.domain.errors import RuleBroken
from bti.domain.events import CellRef
from bti.domain.levels import LogStatus
from bti.domain.realms import realms_of
from bti.domain.relations import GuardianFacts, PlaceFacts, Relation
from bti.domain.signers import ChildFacts, health_is_mixed, required_signers
from tests.unit.domain.samples import (
    ADVISER,
    BOTH,
    CHILD,
    FATHER,
    HEALTH,
    MOTHER,
    NOON,
    NURSE,
    PPS,
    PRINCIPAL,
    RULES,
    SCHOOL,
    SECTORS,
    TEACHER,
    a_consent,
    a_subject,
    an_account,
    an_answer,
    an_id,
    an_object,
    born,
)

UNIT_OF = {TEACHER: SCHOOL, PRINCIPAL: SCHOOL, NURSE: HEALTH, ADVISER: PPS}
STAFF = sorted(UNIT_OF)
PERSONS = [MOTHER, FATHER, CHILD]
GUARDIANS = [MOTHER, FATHER]
CELLS = [
    CellRef(giver, taker, info_type)
    for giver in (SCHOOL, HEALTH)
    for taker in (HEALTH, PPS)
    for info_type in (InfoType.ATTENDANCE, InfoType.MEASURES, InfoType.HEALTH)
    if giver != taker
]
OWN_NOTES = CellRef(SCHOOL, PPS, InfoType.OWN)
accounts = st.sampled_from(STAFF)
persons = st.sampled_from(PERSONS)


class LifeOfACase(RuleBasedStateMachine):
    """Facts as a database would hold them; every change is what a rule returned."""

    # Near the ages at which somebody else must sign, where rules go wrong.
    @initialize(years=st.sampled_from([6, 10, 14, 15, 17]), days=st.integers(0, 364))
    def a_case_begins(self, years, days):
        self.at = NOON
        self.birth_date = born(years, days)
        self.baton = baton.BatonFacts(LogStatus.ACTIVE, TEACHER, SCHOOL)
        self.questions = {}
        self.cells = ()
        self.ids = 1000

    # what people do

    @rule(days=st.integers(0, 60), seconds=st.integers(0, 86_399))
    def time_passes(self, days, seconds):
        self._wait_until(self.at + timedelta(days=days, seconds=seconds))

    @rule(early=st.booleans())
    def the_next_birthday_comes(self, early):
        years = age(self.birth_date, self.at) + 1
        begins = start_of_day(birthday(self.birth_date, years))
        self._wait_until(max(self.at, begins - timedelta(seconds=early)))

    def _wait_until(self, at):
        self.at = at
        lapsed = baton.expire(self.baton, at=self.at)
        if lapsed is not None:
            self.baton = baton.after(self.baton, lapsed)

    @rule(to=accounts)
    def the_holder_offers_the_baton(self, to):
        self.someone_offers_the_baton(to=to, by=self.baton.holder_id)

    @rule(to=accounts, by=accounts)
    def someone_offers_the_baton(self, to, by):
        try:
            event = baton.offer(self.baton, self._account(to), at=self.at, by=by, rules=RULES)
        except RuleBroken:
            return
        assert by == self.baton.holder_id
        self.baton = baton.after(self.baton, event, offer_id=self._new_id())

    @precondition(lambda self: self.baton.offer)
    @rule()
    def the_one_who_is_offered_it_accepts(self):
        self.someone_accepts(by=self.baton.offer.to_id)

    @rule(by=accounts)
    def someone_accepts(self, by):
        held_before, offer = self.baton.holder_id, self.baton.offer
        try:
            event = baton.accept(self.baton, self._account(by), at=self.at)
        except RuleBroken:
            return
        assert offer is not None
        assert self._account(by).unit_let_in
        assert (offer.to_id, event.from_id) == (by, held_before)
        self.baton = baton.after(self.baton, event)
        assert self.baton.holder_id == by

    @rule(by=accounts)
    def someone_declines(self, by):
        holder = self.baton.holder_id
        try:
            self.baton = baton.after(self.baton, baton.decline(self.baton, at=self.at, by=by))
        except RuleBroken:
            return
        assert self.baton.holder_id == holder

    @rule(to=accounts, reason=st.booleans())
    def the_leader_moves_the_baton(self, to, reason):
        try:
            event = baton.reassign(
                self.baton, self._account(to), at=self.at, by=PRINCIPAL, reason_written=reason
            )
        except RuleBroken:
            return
        assert reason
        self.baton = baton.after(self.baton, event)

    @rule(cells=st.sets(st.sampled_from([*CELLS, OWN_NOTES]), min_size=1, max_size=3))
    def consent_is_asked_for(self, cells):
        child = ChildFacts(CHILD, self.birth_date)
        try:
            needed = consent.ask(
                consent.Question(
                    scope=Scope.BRING_IN_SERVICE, cells=frozenset(cells), sectors=SECTORS
                ),
                child=child,
                deciders=BOTH,
                rules=RULES,
                at=self.at,
            )
        except RuleBroken:
            types = {cell.info_type for cell in cells}
            mixed = health_is_mixed(child, realms_of(cells, SECTORS), self.at)
            assert not types <= SHAREABLE or mixed
            return
        key = self._new_id()
        self.questions[key] = a_consent(
            self.birth_date,
            cells=cells,
            consent_id=key,
            asked_at=self.at,
            valid_to=consent.default_valid_to(self.at, RULES),
            required=needed.person_ids,
        )

    @precondition(lambda self: self.questions)
    @rule(
        data=st.data(),
        person=persons,
        said=st.sampled_from([Answer.YES, Answer.YES, Answer.YES, *Answer]),
    )
    def someone_answers(self, data, person, said):
        question = self._some_question(data)
        given = an_answer(person, said, at=self.at)
        if said is Answer.PARTLY:
            some = data.draw(st.sets(st.sampled_from(sorted(question.cells)), min_size=1))
            given = replace(given, cells=frozenset(some))
        try:
            kept = consent.answer(question, given, rules=RULES)
        except RuleBroken:
            return
        question = replace(question, answers=(*question.answers, kept))
        self.questions[question.consent_id] = question
        self._open_cells(question)

    @precondition(lambda self: self.questions)
    @rule(data=st.data())
    def everybody_who_must_says_yes(self, data):
        question = self._some_question(data)
        for person in sorted(question.required):
            try:
                kept = consent.answer(question, an_answer(person, at=self.at), rules=RULES)
            except RuleBroken:
                return
            question = replace(question, answers=(*question.answers, kept))
            self.questions[question.consent_id] = question
        self._open_cells(question)

    @precondition(lambda self: self.questions)
    @rule(data=st.data(), person=persons, all_of_it=st.booleans())
    def someone_withdraws(self, data, person, all_of_it):
        question = self._some_question(data)
        some = frozenset() if all_of_it else frozenset(sorted(question.cells)[:1])
        open_before = self._everything_open()
        try:
            event = consent.withdraw(question, person_id=person, at=self.at, by=None, cells=some)
        except RuleBroken:
            assert person not in question.required
            return
        back = WithdrawalFacts(person_id=person, at=self.at, cells=some)
        self.questions[question.consent_id] = replace(
            question, withdrawals=(*question.withdrawals, back)
        )
        self.cells = tuple(
            replace(cell, withdrawn_at=self.at)
            if cell.consent_id == event.consent_id
            and CellRef(cell.from_unit, cell.to_unit, cell.info_type) in event.cells
            and cell.withdrawn_at is None
            else cell
            for cell in self.cells
        )
        open_after = self._everything_open()
        for subject, compartments in open_after.items():
            assert compartments <= open_before[subject], "withdrawal widened"

    # what must always be true

    @invariant()
    def there_is_exactly_one_holder_and_at_most_one_offer_to_somebody_else(self):
        assert self.baton.holder_id in UNIT_OF
        assert self.baton.holder_unit_id == UNIT_OF[self.baton.holder_id]
        if self.baton.offer is not None:
            assert self.baton.offer.to_id != self.baton.holder_id

    @invariant()
    def nothing_is_shared_without_a_covering_complete_unexpired_consent(self):
        for subject, compartments in self._everything_open().items():
            for name in compartments - {CORE}:
                owner, info_type = parse(name)
                if owner == subject.unit_id:
                    continue
                assert self._consented(CellRef(owner, subject.unit_id, info_type)), name
            if CORE in compartments and subject.unit_id != SCHOOL:
                assert any(
                    self._consented(cell) for cell in CELLS if cell.to_unit == subject.unit_id
                )

    @invariant()
    def the_18th_birthday_ends_guardian_access(self):
        facts = self._facts()
        for person in GUARDIANS:
            verdict = decide(a_subject(Role.GUARDIAN, person), Action.READ_CASE, facts, self.at)
            assert isinstance(verdict, Allowed) is not is_adult(self.birth_date, self.at)

    @invariant()
    def the_way_to_report_danger_is_open(self):
        for role in STAFF_SIDE:
            subject = a_subject(role, an_id(77), an_id(78))
            assert isinstance(
                decide(subject, Action.REPORT_DANGER, self._facts(), self.at), Allowed
            )

    @invariant()
    def the_sealed_compartment_stays_shut(self):
        assert all(SEALED not in names for names in self._everything_open().values())

    # how the facts are put together

    def _new_id(self):
        self.ids += 1
        return an_id(self.ids)

    def _some_question(self, data):
        return self.questions[data.draw(st.sampled_from(sorted(self.questions)))]

    def _account(self, account):
        unit = UNIT_OF[account]
        let_in = unit == SCHOOL or any(
            cell.to_unit == unit and cell.is_live(self.at) for cell in self.cells
        )
        return an_account(account, unit, unit_let_in=let_in)

    def _open_cells(self, question):
        try:
            event = consent.complete(question, at=self.at, by=None, rules=RULES)
        except RuleBroken:
            return
        self.cells += tuple(
            CellFacts(
                event.consent_id,
                ref.from_unit,
                ref.to_unit,
                ref.info_type,
                event.valid_from,
                event.valid_to,
            )
            for ref in event.cells
        )

    def _facts(self):
        places = tuple(
            PlaceFacts(account, unit, Relation.PARTICIPANT, NOON)
            for account, unit in UNIT_OF.items()
        )
        offer = self.baton.offer
        return an_object(
            child_birth_date=self.birth_date,
            holder_id=self.baton.holder_id,
            holder_unit=self.baton.holder_unit_id,
            offered_to=offer.to_id if offer else None,
            offered_unit=offer.to_unit_id if offer else None,
            offer_expires_at=offer.expires_at if offer else None,
            places=places,
            cells=self.cells,
            guardians=tuple(
                GuardianFacts(account_id=person, parental_responsibility=True)
                for person in GUARDIANS
            ),
        )

    def _everything_open(self):
        facts = self._facts()
        subjects = [a_subject(account=account, unit=unit) for account, unit in UNIT_OF.items()]
        return {one: compartments_open_to(one, facts, self.at) for one in subjects}

    def _consented(self, cell):
        """Whether some question stands that everybody who must sign today has agreed to.

        Told from the answers themselves, not from the rule under test.
        """
        return any(self._agreed_by_all(question, cell) for question in self.questions.values())

    def _agreed_by_all(self, question, cell):
        child = ChildFacts(CHILD, self.birth_date)
        needed = required_signers(child, BOTH, question.realms, RULES, self.at).person_ids
        back = any(
            one.at <= self.at and (not one.cells or cell in one.cells)
            for one in question.withdrawals
        )
        if back or cell not in question.cells or self.at >= question.valid_to:
            return False
        last = {one.person_id: one for one in question.answers}
        return all(
            person in last
            and (
                last[person].answer is Answer.YES
                or (last[person].answer is Answer.PARTLY and cell in last[person].cells)
            )
            for person in needed
        )


LifeOfACase.TestCase.settings = settings(max_examples=150, stateful_step_count=50, deadline=None)
TestLifeOfACase = LifeOfACase.TestCase


def test_the_machine_can_reach_a_shared_case():
    """The promises above would hold for a product that never shares: it must share here."""
    life = LifeOfACase()
    life.a_case_begins(years=10, days=0)
    life.consent_is_asked_for({CellRef(SCHOOL, HEALTH, InfoType.ATTENDANCE)})
    [key] = life.questions
    for person in GUARDIANS:
        question = life.questions[key]
        kept = consent.answer(question, an_answer(person, at=life.at), rules=RULES)
        life.questions[key] = replace(question, answers=(*question.answers, kept))
    life._open_cells(life.questions[key])
    assert consent.status(life.questions[key], life.at, RULES) is ConsentStatus.COMPLETE
    nurse = a_subject(account=NURSE, unit=HEALTH)
    assert CORE in life._everything_open()[nurse]
    life.someone_offers_the_baton(to=NURSE, by=TEACHER)
    life.someone_accepts(by=NURSE)
    assert life.baton.holder_id == NURSE
    life.time_passes(days=366, seconds=0)
    assert life._everything_open()[nurse] == frozenset()


def test_the_machine_notices_a_cell_nobody_consented_to():
    life = LifeOfACase()
    life.a_case_begins(years=10, days=0)
    life.cells = (
        CellFacts(an_id(1), SCHOOL, HEALTH, InfoType.ATTENDANCE, NOON, NOON + timedelta(days=1)),
    )
    with pytest.raises(AssertionError):
        life.nothing_is_shared_without_a_covering_complete_unexpired_consent()
