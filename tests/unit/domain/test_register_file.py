"""A file from a register: read whole or refused whole, with the line that is not understood."""

from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.domain.errors import RuleBroken
from bti.domain.protection import AddressGrade
from bti.domain.register_file import MOST_LINES, RegisterPerson, read_register

TODAY = date(2026, 8, 30)
HEAD = "stafett-register;1;2026-08-30"
CHILD = "child;04851312345;Jonas Berg Hansen;open"
MARIA = "guardian;02838412345;Maria  Hansen;mother;yes"


def test_a_file_says_who_decides_and_whether_the_address_is_protected():
    text = "\ufeff" + "\r\n".join(
        [HEAD, "", CHILD.replace("open", "confidential"), MARIA, "guardian;1;Bo Ek;co_mother;no"]
    )
    found = read_register(text, today=TODAY)
    assert (found.drawn_on, found.child_id) == (TODAY, "04851312345")
    assert found.address is AddressGrade.CONFIDENTIAL
    assert found.guardians == (
        RegisterPerson("02838412345", "Maria Hansen", "mother", decides=True),
        RegisterPerson("1", "Bo Ek", "parent", decides=False),
    )
    assert read_register(f"{HEAD}\n{CHILD}", today=TODAY).address is None


@pytest.mark.parametrize(
    ("rows", "code", "line"),
    [
        ([], "register.form", 1),
        (["stafett-register;2;2026-08-30", CHILD], "register.form", 1),
        (["stafett-register;1;30.08.2026", CHILD], "register.form", 1),
        ([HEAD], "register.no_child", None),
        ([HEAD, CHILD, MARIA, CHILD], "register.several_children", None),
        ([HEAD, CHILD, "", MARIA.replace("yes", "perhaps")], "register.form", 4),
        ([HEAD, CHILD, MARIA.replace("mother", "aunt")], "register.form", 3),
        ([HEAD, CHILD, MARIA + ";more"], "register.form", 3),
        ([HEAD, CHILD, "sibling;1;Emma;sister;no"], "register.form", 3),
        ([HEAD, CHILD, "guardian;1; ;mother;yes"], "register.form", 3),
        ([HEAD, CHILD.replace("open", "kode 6")], "register.form", 2),
        ([HEAD, CHILD + ";more"], "register.form", 2),
        ([HEAD, CHILD, *[MARIA] * (MOST_LINES - 1)], "register.too_long", None),
        (
            [HEAD.replace("2026-08-30", str(TODAY + timedelta(days=1))), CHILD],
            "register.day_in_future",
            None,
        ),
    ],
)
def test_what_is_not_understood_refuses_the_whole_file_and_says_which_line(rows, code, line):
    with pytest.raises(RuleBroken) as broken:
        read_register("\n".join(rows), today=TODAY)
    assert (broken.value.code, broken.value.facts.get("line")) == (code, line)


@given(
    st.text(max_size=200)
    | st.text("stafett-register;1child\n", max_size=80).map(f"{HEAD}\n".__add__)
)
def test_whatever_is_pasted_is_read_or_refused_in_the_one_way(text):
    with suppress(RuleBroken):
        assert read_register(text, today=TODAY).drawn_on <= TODAY
