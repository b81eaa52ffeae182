"""The closing note: its needs once and in order, and no need that nobody meets without a word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.domain.closing import ClosingNote, closing_note
from bti.domain.codes import ClosingCause, RemainingNeed
from bti.domain.errors import RuleBroken

causes = st.none() | st.sampled_from(ClosingCause)
needs = st.lists(st.sampled_from(RemainingNeed))
words = st.text(max_size=20)


@given(causes, needs, words, words)
def test_a_note_is_read_as_it_was_written_and_only_an_unmet_need_wants_words(
    cause, ticked, reason, remains
):
    if RemainingNeed.UNMET in ticked and not remains.strip():
        with pytest.raises(RuleBroken) as refused:
            closing_note(cause, ticked, reason, remains)
        assert refused.value.code == "closing.unmet_without_words"
        return
    note = closing_note(cause, ticked, reason, remains)
    assert note.cause is (cause or ClosingCause.OTHER)
    assert note.needs == tuple(one for one in RemainingNeed if one in ticked)
    read = ClosingNote.from_entry({"cause": note.cause.value}, {"reason": reason, **note.to_body()})
    assert (read.cause, read.needs, read.reason) == (note.cause, note.needs, reason)
    assert read.remains == remains.strip()


def test_a_note_from_before_needs_were_asked_for_reads_as_one_without_any():
    older = ClosingNote.from_entry({"cause": ""}, {"reason": "Det går bra."})
    assert older == ClosingNote(ClosingCause.OTHER, (), "Det går bra.", "")


def test_a_note_shows_none_of_its_words_in_a_log_of_faults():
    note = closing_note(None, (), "hemmelig grunn", "hemmelig plan")
    assert "hemmelig" not in repr(note)
