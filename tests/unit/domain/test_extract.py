"""A part of a case for another record: what goes there, held against a table of this test's own."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.domain.codes import InfoType, Sector
from bti.domain.errors import RuleBroken
from bti.domain.extract import LeftOut, Receiver, check_extract, left_out, receivers_for
from bti.domain.family import Piece
from tests.unit.domain.samples import MOTHER

PPT, JOURNAL, FOLDER = Receiver.PPT_REFERRAL, Receiver.JOURNAL, Receiver.PUPIL_FOLDER
MOVES = Receiver.NEW_SERVICE
ATTENDANCE = frozenset({InfoType.ATTENDANCE})

TABLE = {
    # receiver: (own notes, another service's, without consent, kept by the child, secrets, with a yes)
    "ppt_referral": (False, True, False, False, False, True),
    "journal": (True, False, True, True, True, True),
    "pupil_folder": (False, False, True, False, False, False),
    "new_service": (False, False, False, True, False, True),
}


@given(
    receiver=st.sampled_from(list(Receiver)),
    info_type=st.sampled_from(list(InfoType)),
    about=st.sampled_from([None, MOTHER]),
    kept=st.booleans(),
    ours=st.booleans(),
    covered=st.booleans(),
    agreed=st.booleans(),
)
def test_what_goes_into_a_part_is_what_the_table_says_of_where_it_goes(
    receiver, info_type, about, kept, ours, covered, agreed
):
    own, others, uncovered, kept_too, secrets, with_yes = TABLE[receiver.value]
    wanted = (
        (own or info_type.value != "own")
        and (others or ours)
        and (uncovered or covered)
        and (kept_too or not kept)
        and (about is None or secrets or (with_yes and agreed))
    )
    piece = Piece(giver=Sector.SCHOOL, info_type=info_type, about=about, kept=kept)
    out = left_out(receiver, piece, is_ours=ours, covered=covered, agreed=agreed)
    assert (out is None) == wanted


@pytest.mark.parametrize(
    ("receiver", "more", "why"),
    [
        (PPT, {"covered": False}, LeftOut.NO_CONSENT),
        (FOLDER, {"is_ours": False}, LeftOut.ELSEWHERE),
        (JOURNAL, {"is_ours": False}, LeftOut.ELSEWHERE),
        (PPT, {"kept": True}, LeftOut.KEPT),
        (PPT, {"about": MOTHER}, LeftOut.SECRET),
        (FOLDER, {"about": MOTHER, "agreed": True}, LeftOut.SECRET),
        (FOLDER, {"info_type": InfoType.OWN}, LeftOut.OWN),
        (MOVES, {"is_ours": False}, LeftOut.ELSEWHERE),
        (MOVES, {"covered": False}, LeftOut.NO_CONSENT),
        (MOVES, {"about": MOTHER}, LeftOut.SECRET),
    ],
)
def test_each_thing_that_stays_out_has_its_own_reason(receiver, more, why):
    values = {"giver": Sector.SCHOOL, "info_type": InfoType.LEARNING, "about": None, "kept": False}
    flow = {"is_ours": True, "covered": True, "agreed": False}
    piece = Piece(**{name: more.get(name, value) for name, value in values.items()})
    told = {name: more.get(name, value) for name, value in flow.items()}
    assert left_out(receiver, piece, **told) is why


def test_a_school_has_pupils_folders_and_the_psychology_service_refers_to_nobody_here():
    for sector in (Sector.SCHOOL, Sector.KINDERGARTEN):
        assert receivers_for(sector) == (PPT, FOLDER)
    assert receivers_for(Sector.PPS) == (JOURNAL,)
    assert receivers_for(Sector.HEALTH) == (PPT, JOURNAL)
    # What goes along with a case is proposed to somebody, and taken out by nobody.
    assert not any(MOVES in receivers_for(sector) for sector in Sector)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"receiver": JOURNAL}, "extract.receiver"),
        ({"kinds": frozenset()}, "extract.no_kinds"),
        ({"since": date(2026, 3, 2), "until": date(2026, 3, 1)}, "extract.period"),
        ({"has_purpose": False}, "extract.no_purpose"),
    ],
)
def test_a_part_goes_somewhere_for_something(changed, code):
    day = date(2026, 3, 2)
    fine = {
        "receiver": FOLDER,
        "sector": Sector.SCHOOL,
        "kinds": ATTENDANCE,
        "since": day,
        "until": day,
        "has_purpose": True,
    }
    check_extract(**fine)
    check_extract(**{**fine, "since": None, "until": None})
    with pytest.raises(RuleBroken) as broken:
        check_extract(**{**fine, **changed})
    assert broken.value.code == code
