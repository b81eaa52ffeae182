"""Who is kept out of a case as partial, and what that closes."""

import uuid
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.domain.errors import RuleBroken
from bti.domain.partiality import KeptOut, Tie, keep_out, kept_out_in, let_in

ME, OTHER, HOLDER = (uuid.UUID(int=one) for one in (1, 2, 3))
WANTED = KeptOut(account_id=ME, tie=Tie.RELATIVE, by=OTHER, on=date(2026, 9, 1))


@given(
    accounts=st.lists(st.uuids(), unique=True, max_size=5),
    tie=st.sampled_from(Tie),
    on=st.dates(),
)
def test_whoever_was_kept_out_is_still_when_it_is_read_back(accounts, tie, on):
    known: tuple[KeptOut, ...] = ()
    for one in accounts:
        known = keep_out(known, KeptOut(account_id=one, tie=tie, by=OTHER, on=on), holder=None)
    assert kept_out_in([one.to_json() for one in known]) == known
    assert [one.account_id for one in known] == accounts


def test_it_is_declared_once_never_of_the_holder_and_never_lifted_by_oneself():
    known = keep_out((), WANTED, holder=HOLDER)
    with pytest.raises(RuleBroken, match=r"partial\.already"):
        keep_out(known, replace(WANTED, tie=Tie.OTHER), holder=HOLDER)
    with pytest.raises(RuleBroken, match=r"partial\.holder"):
        keep_out((), replace(WANTED, account_id=HOLDER), holder=HOLDER)
    with pytest.raises(RuleBroken, match=r"partial\.own"):
        let_in(known, ME, by=ME)
    with pytest.raises(RuleBroken, match=r"partial\.not_kept_out"):
        let_in(known, OTHER, by=HOLDER)
    assert let_in(known, ME, by=OTHER) == ()
