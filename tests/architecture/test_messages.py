"""Every code a person can meet has words, and every vocabulary member a label."""

import pytest

from bti.domain import codes
from bti.domain.approval import APPROVAL_RULES
from bti.domain.rule_codes import REQUIREMENT_CODES, RULE_CODES
from bti.web.labels import VOCABULARIES
from bti.web.messages import REQUIREMENTS, RULES


def test_every_rule_code_has_words():
    assert RULE_CODES - set(RULES) == set()


def test_every_reason_an_approval_is_refused_for_has_words():
    assert APPROVAL_RULES - set(RULES) == set()


def test_every_requirement_has_words_and_a_reason():
    assert set(REQUIREMENT_CODES) == set(REQUIREMENTS)


@pytest.mark.parametrize("name", sorted(VOCABULARIES))
def test_every_member_of_a_vocabulary_has_a_label(name):
    words = VOCABULARIES[name]
    enumeration = type(next(iter(words)))
    assert set(words) == set(enumeration)


def test_every_vocabulary_people_meet_is_labelled():
    unseen = {"StatisticsGroup", "AgeBand", "StepForm"}
    labelled = {type(next(iter(words))).__name__ for words in VOCABULARIES.values()}
    declared = {
        name
        for name, value in vars(codes).items()
        if isinstance(value, type)
        and issubclass(value, codes.StrEnum)
        and value is not codes.StrEnum
    }
    assert declared - unseen == labelled & declared
