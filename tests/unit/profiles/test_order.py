"""Whatever steps are said to come after which, the guide is in such an order, or is refused for a circle."""

from copy import deepcopy
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import bti.profiles
from bti.profiles import ProfileError
from bti.profiles.builder import profile_of
from bti.profiles.reader import Document, read

STANDARD = read(Path(bti.profiles.__file__).parent / "standard" / "1.toml")
NUMBERS = [str(number) for number in range(1, 6)]
AFTER = st.fixed_dictionaries(
    {number: st.lists(st.sampled_from(NUMBERS), unique=True, max_size=2) for number in NUMBERS}
)


def guide_with(after):
    values = deepcopy(STANDARD.values)
    for number, before in after.items():
        values["levels"]["2"]["steps"][number]["after"] = before
    return profile_of(Document("here/1.toml", values), None).guide(2).steps


@settings(max_examples=60)
@given(after=AFTER)
@example(after=dict.fromkeys(NUMBERS, ()))
def test_steps_stand_after_what_they_come_after_or_a_circle_is_named(after):
    after = {number: list(before) for number, before in after.items()}
    try:
        TopologicalSorter(after).prepare()
    except CycleError:
        with pytest.raises(ProfileError) as found:
            guide_with(after)
        way = found.value.found.split(" → ")
        assert way[0] == way[-1]
        assert all(before in after[step] for step, before in pairwise(way))
        return
    order = [step.code.removeprefix("2.") for step in guide_with(after)]
    assert sorted(order) == NUMBERS
    assert all(order.index(before) < order.index(one) for one in order for before in after[one])
    free = [one for one in order if not after[one]]
    assert free == sorted(free)
