"""Blind tokens made anew under a newer index key: all of one child at once, and no token that is not the number's."""

import pytest
from sqlalchemy import select

from bti.crypto.blind_index import national_id_token
from bti.crypto.envelope import Place, seal
from bti.crypto.provider import TenantPurpose
from bti.crypto.values import json_to_bytes
from bti.db.models import AccountPerson, BaitMark, ChildIndex, Person, TenantKey
from bti.db.sealed_value import Sealed
from bti.keyd import retoken
from bti.keyd.baits import mark_of
from bti.keyd.reseal import Left, Position, Resealed
from bti.keyd.retoken import end_tokens, retoken_batch, tokens_under
from tests.unit.domain.samples import NOON, OTHER_TENANT, SCHOOL, TENANT, an_id
from tests.unit.keyd.town import Town

INDEX = TenantPurpose.INDEX
#: Of three children, and of a fourth that nobody has the number of. The first has two cases.
ONE, TWO, AGAIN, THREE, NAMELESS = (an_id(500 + number) for number in range(5))
ELSEWHERE = an_id(510)
NUMBERS = {ONE: "01841312345", TWO: "02841312345", AGAIN: "01841312345", THREE: "03841312345"}
MARKS = Position("bait_marks")


def rows_at(number):
    """The place after one row of the index."""
    return Position("child_index", an_id(600 + number))


@pytest.fixture(scope="module")
def built():
    """An index key with two successors; each child's case with its numbers, sealed."""
    made = Town()
    for generation in (2, 3):
        found = {"tenant_id": TENANT, "purpose": INDEX.value, "state": "active"}
        made.query(TenantKey).filter_by(**found).update({"state": "open-only", "retired_at": NOON})
        made.flush()
        made.keys.add_generation(made, TENANT, INDEX, generation)
    made.flush()
    for number, case in enumerate((*NUMBERS, NAMELESS)):
        made.case(case, SCHOOL)
        core = made.keys.create_case_keys(made, TENANT, case, ("core",))["core"]
        child = {"kind": "child", "national_id": NUMBERS.get(case, "")}
        guardian = {"kind": "guardian", "national_id": "09841312345"}
        # The guardian is written last: whose number counts is told by the kind alone.
        for of, body in ((800, child), (900, guardian)):
            put_person(made, an_id(of + number), case, core, body)
    made.case(ELSEWHERE, SCHOOL, OTHER_TENANT)
    made.commit()
    yield made
    made.end()


@pytest.fixture
def town(built):
    yield built
    built.begin_anew()


def put_person(town, row, case, key, body):
    place = Place(TENANT, case, "persons", "body_ct", row, 1)
    sealed = Sealed(seal(key, place, json_to_bytes(body)))
    town.put("persons", id=row, case_id=case, compartment="core", body_ct=sealed)


def generations(town):
    """The index keys that open, the newest first."""
    return town.keys.opening_keys(town, TENANT, INDEX, again=True)


def put_token(town, number, case, key, tenant=TENANT, kind="child", digits=None):
    token = national_id_token(key, "child", digits or NUMBERS.get(case, "01841312345"))
    of = {"tenant_id": tenant, "case_id": case, "kind": kind, "token": token}
    town.put("child_index", id=an_id(600 + number), **of)
    return token


def put_index(town):
    """The rows of the four cases: the first two and the last older ones, the third of the second generation."""
    newest, middle, oldest = generations(town)
    for number, case in ((0, ONE), (1, TWO), (2, AGAIN)):
        put_token(town, number, case, oldest)
    put_token(town, 3, THREE, middle)
    put_token(town, 4, ELSEWHERE, oldest, OTHER_TENANT)
    # The same token, of another kind of number.
    put_token(town, 5, NAMELESS, oldest, kind="other", digits=NUMBERS[ONE])
    return newest, middle, oldest


def tokens(town):
    town.flush()
    return dict(map(tuple, town.execute(select(ChildIndex.case_id, ChildIndex.token))))


def batch(town, most, at=None):
    return retoken_batch(town, town.keys, TENANT, most, at)


def test_all_rows_of_one_child_move_together_and_nobody_elses(town):
    newest, _, _ = put_index(town)
    before = tokens(town)
    # The two of the first child, of which one lies behind, and the second child's.
    assert batch(town, 2) == Resealed(3, rows_at(1))
    after = tokens(town)
    for case in (ONE, TWO, AGAIN):
        assert after[case] == national_id_token(newest, "child", NUMBERS[case])
    assert {one: after[one] for one in (THREE, ELSEWHERE, NAMELESS)} == {
        one: before[one] for one in (THREE, ELSEWHERE, NAMELESS)
    }
    assert batch(town, 2, rows_at(1)) == Resealed(1, rows_at(3))
    assert tokens(town)[THREE] == national_id_token(newest, "child", NUMBERS[THREE])
    assert batch(town, 1, rows_at(2)) == Resealed(0, rows_at(3))
    assert batch(town, 7, rows_at(5)) == Resealed(0, MARKS)


def gone_round(number):
    return Left("child_index", an_id(600 + number))


def test_a_token_that_is_not_the_childs_is_gone_round_and_the_rest_is_done(town):
    newest, _, oldest = generations(town)
    # It says that the first child is the second one, whose own row moves from the same token.
    planted = put_token(town, 0, ONE, oldest, digits=NUMBERS[TWO])
    assert put_token(town, 1, TWO, oldest) == planted
    nameless = put_token(town, 2, NAMELESS, oldest, digits="09841312345")
    assert batch(town, 5) == Resealed(1, MARKS, (gone_round(0), gone_round(2)))
    moved = national_id_token(newest, "child", NUMBERS[TWO])
    assert tokens(town) == {ONE: planted, TWO: moved, NAMELESS: nameless}
    assert batch(town, 5) == Resealed(0, MARKS, (gone_round(0), gone_round(2)))
    # They say nothing of anybody, and keep no key.
    assert tokens_under(town, town.keys, TENANT, oldest) == 0


def test_a_token_is_gone_round_when_what_is_sealed_of_the_child_says_nothing(town):
    key = town.keys.wrapped(town, TENANT, THREE)[0]
    core = town.keys.unwrap(town, key)
    for number, blob in enumerate((b"x" * 110, seal_of(core, THREE, "no person"))):
        town.query(Person).filter_by(case_id=THREE).update({"body_ct": Sealed(blob)})
        put_token(town, number, THREE, generations(town)[2])
        assert batch(town, 5).left[-1] == gone_round(number)
        town.query(ChildIndex).delete()


def seal_of(key, case, body):
    """Sealed in the place of the child of the fourth case."""
    place = Place(TENANT, case, "persons", "body_ct", an_id(803), 1)
    return seal(key, place, json_to_bytes(body))


def test_somebody_added_to_a_case_and_a_number_that_is_none_hide_no_child(town):
    newest, _, oldest = generations(town)
    core = town.keys.unwrap(town, town.keys.wrapped(town, TENANT, ONE)[0])
    for row, digits in ((810, NUMBERS[TWO]), (811, "not a number"), (812, 5)):
        put_person(town, an_id(row), ONE, core, {"kind": "child", "national_id": digits})
    put_token(town, 0, ONE, oldest)
    assert batch(town, 5) == Resealed(1, MARKS)
    assert tokens(town) == {ONE: national_id_token(newest, "child", NUMBERS[ONE])}


def test_a_token_that_stands_there_under_both_keys_is_there_once_afterwards(town):
    newest, _, oldest = generations(town)
    put_token(town, 0, ONE, oldest)
    put_token(town, 1, ONE, newest)
    put_token(town, 2, AGAIN, oldest)
    assert batch(town, 5) == Resealed(2, MARKS)
    town.flush()
    assert sorted(town.scalars(select(ChildIndex.id))) == [an_id(601), an_id(602)]
    assert len(set(tokens(town).values())) == 1


def test_keys_are_taken_as_they_stand_now_and_the_tokens_held_before(town, monkeypatch):
    held = []
    monkeypatch.setattr(retoken, "hold_tokens", lambda *given, **how: held.append((given, how)))
    newest, _, _ = generations(town)
    put_token(town, 0, ONE, newest)
    known = town.info["tenant_keys"][TENANT]
    # This transaction has found the keys before there was a newer one.
    town.info["tenant_keys"][TENANT] = [
        one._replace(state="active") for one in known if one.generation < 3
    ]
    assert batch(town, 5) == Resealed(0, MARKS)
    assert held == [((town, TENANT), {"alone": True})]


def put_marks(town, *of):
    for number, (case, key) in enumerate(of):
        town.put("bait_marks", id=an_id(650 + number), token=mark_of(key, case))


def marks(town):
    town.flush()
    return {*town.scalars(select(BaitMark.token).where(BaitMark.tenant_id == TENANT))}


def test_a_bait_has_a_mark_of_the_newest_beside_its_older_one(town):
    newest, middle, oldest = generations(town)
    assert batch(town, 5, MARKS) == Resealed(0, None)
    put_marks(town, (ONE, oldest), (TWO, middle), (THREE, newest))
    before = marks(town)
    assert batch(town, 5, MARKS) == Resealed(2, None)
    assert marks(town) == before | {mark_of(newest, ONE), mark_of(newest, TWO)}
    assert batch(town, 5, MARKS) == Resealed(0, None)


def test_marks_and_cases_of_another_municipality_are_not_looked_at(town):
    newest, _, oldest = generations(town)
    token = mark_of(oldest, ONE)
    town.put("bait_marks", id=an_id(650), tenant_id=OTHER_TENANT, token=token)
    town.put("bait_marks", id=an_id(651), token=mark_of(oldest, ELSEWHERE))
    assert batch(town, 5, MARKS) == Resealed(0, None)
    assert tokens_under(town, town.keys, TENANT, oldest) == 0
    end_tokens(town, town.keys, TENANT, oldest)
    assert len([*town.scalars(select(BaitMark.id))]) == 2
    assert mark_of(newest, ONE) not in marks(town)


def test_what_is_under_a_generation_alone_is_counted(town, monkeypatch):
    newest, middle, oldest = put_index(town)
    town.query(ChildIndex).filter_by(id=an_id(605)).delete()
    put_marks(town, (ONE, oldest), (TWO, oldest), (TWO, newest), (THREE, middle))
    for size in (1, 2, retoken._AT_ONCE):
        monkeypatch.setattr(retoken, "_AT_ONCE", size)
        under = [tokens_under(town, town.keys, TENANT, key) for key in (newest, middle, oldest)]
        assert under == [0, 1 + 1, 3 + 1]


def test_with_a_generation_its_marks_end_and_with_the_oldest_who_people_are(town):
    newest, middle, oldest = generations(town)
    put_marks(town, (ONE, oldest), (ONE, newest), (TWO, middle), (THREE, newest))
    for number, tenant in enumerate((TENANT, OTHER_TENANT)):
        town.put("account_persons", id=an_id(660 + number), tenant_id=tenant, token=b"t" * 16)
    before = marks(town)
    end_tokens(town, town.keys, TENANT, middle)
    assert marks(town) == before - {mark_of(middle, TWO)}
    assert len([*town.scalars(select(AccountPerson.id))]) == 2
    known = town.info["tenant_keys"][TENANT]
    # This transaction has found the keys before the oldest was one of them.
    town.info["tenant_keys"][TENANT] = [one for one in known if one.generation > 1]
    end_tokens(town, town.keys, TENANT, oldest)
    assert marks(town) == {mark_of(newest, ONE), mark_of(newest, THREE)}
    assert [*town.scalars(select(AccountPerson.tenant_id))] == [OTHER_TENANT]
