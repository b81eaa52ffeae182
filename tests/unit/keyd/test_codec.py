"""Facts come out of the wire as they went in, and nothing else comes out."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.domain.relations import ObjectFacts, Subject
from bti.keyd.codec import CodecError, decode, encode

facts = st.from_type(ObjectFacts)
subjects = st.from_type(Subject)


@given(subjects)
def test_a_subject_is_the_same_on_the_other_side(subject):
    assert decode(Subject, encode(subject)) == subject


@given(subjects, st.sampled_from(["role", "tenant_id", "strength"]))
def test_a_field_that_is_missing_or_of_another_kind_is_refused(subject, name):
    wired = encode(subject)
    for spoilt in ({**wired, name: 7}, {k: v for k, v in wired.items() if k != name}):
        with pytest.raises(CodecError):
            decode(Subject, spoilt)
    with pytest.raises(CodecError):
        decode(Subject, {**wired, "more": 1})


@given(facts)
def test_facts_are_the_same_on_the_other_side(found):
    assert decode(ObjectFacts, encode(found)) == found
    assert decode(ObjectFacts, encode(replace(found, places=()))).places == ()
