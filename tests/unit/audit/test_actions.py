import re

import pytest

from bti.audit.actions import READS, SYSTEM, WRITES, Action
from bti.audit.leaf import PATTERNS


@pytest.mark.parametrize("action", Action)
def test_an_action_has_three_parts_and_fits_a_leaf(action: Action):
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*(:[a-z]+(-[a-z]+)*){2}", action)
    assert re.fullmatch(PATTERNS["act"], action)


@pytest.mark.parametrize("action", Action)
def test_an_action_is_named_as_its_code(action: Action):
    assert action.name == re.sub("[:-]", "_", action).upper()


def test_every_action_is_exactly_one_of_read_write_and_system():
    assert frozenset(Action) == READS | WRITES | SYSTEM
    assert len(READS) + len(WRITES) + len(SYSTEM) == len(Action)


def test_no_action_says_that_a_duty_record_exists():
    assert not [action for action in Action if "duty" in action or "danger" in action]
