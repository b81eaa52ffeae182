import ast
import re
from pathlib import Path

import pytest

import bti.domain
from bti.domain import rule_codes
from bti.domain.codes import SHAREABLE, STATISTICS_GROUP, ConcernCategory, InfoType, StatisticsGroup
from bti.domain.compartments import CORE, SEALED, parse, service_compartment, service_compartments
from bti.domain.errors import RuleBroken
from bti.domain.legal import basis_on
from bti.profiles import legal_bases
from tests.unit.domain.samples import SCHOOL, TODAY

SOURCES = sorted(Path(bti.domain.__file__).parent.glob("*.py"))
CALLS = [
    node
    for path in SOURCES
    for node in ast.walk(ast.parse(path.read_text("utf-8")))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
]
TEXTS = {
    node.value
    for path in SOURCES
    if path.name != "rule_codes.py"
    for node in ast.walk(ast.parse(path.read_text("utf-8")))
    if isinstance(node, ast.Constant) and isinstance(node.value, str)
}


def first_texts(name):
    return {
        call.args[0].value
        for call in CALLS
        if call.func.id == name and isinstance(call.args[0], ast.Constant)
    }


def test_the_register_holds_exactly_the_codes_the_rules_use():
    assert first_texts("RuleBroken") == rule_codes.RULE_CODES
    assert first_texts("Requirement") == rule_codes.REQUIREMENT_CODES
    assert {text for text in TEXTS if re.fullmatch(r"access\.\w+", text)} == rule_codes.ACCESS_RULES


def test_every_legal_basis_a_rule_cites_is_in_the_data():
    known = {basis.code for basis in legal_bases()}
    cited = {
        call.args[2].value
        for call in CALLS
        if call.func.id == "Requirement" and isinstance(call.args[2], ast.Constant)
    }
    signers = {"vgml-8", "pbrl-4-3", "oppl-24-5", "local-youth-consent", "barnelova-30"}
    assert signers <= TEXTS
    assert cited | signers <= known


def test_a_basis_that_is_not_in_force_is_not_cited():
    with pytest.raises(RuleBroken, match=r"legal\.unknown"):
        basis_on(legal_bases(), "bvl-13-2", TODAY.replace(year=2022))


def test_every_category_is_counted_in_one_of_at_most_eight_groups():
    assert set(STATISTICS_GROUP) == set(ConcernCategory)
    assert set(STATISTICS_GROUP.values()) == set(StatisticsGroup)
    assert len(StatisticsGroup) <= 8


def test_radicalisation_is_never_a_number_of_its_own():
    crime = STATISTICS_GROUP[ConcernCategory.CRIME]
    assert STATISTICS_GROUP[ConcernCategory.RADICALISATION] is crime


def test_everything_but_a_services_own_notes_can_be_asked_for():
    assert set(InfoType) - SHAREABLE == {InfoType.OWN}


def test_a_compartments_name_says_whose_and_of_what_kind():
    for info_type in InfoType:
        assert parse(service_compartment(SCHOOL, info_type)) == (SCHOOL, info_type)
    assert len(service_compartments(SCHOOL)) == len(InfoType)
    assert parse(CORE) is None
    assert parse(SEALED) is None


@pytest.mark.parametrize(
    "name",
    ["", "svc", "svc::", f"svc:{SCHOOL}:own", f"svc:{SCHOOL.hex}:x", f"xxx:{SCHOOL.hex}:own"],
)
def test_a_made_up_compartment_is_refused(name):
    with pytest.raises(RuleBroken, match=r"^compartment\.unknown$"):
        parse(name)


def test_the_compartments_of_no_service_are_called_as_in_every_database():
    assert (CORE, SEALED) == ("core", "sealed")
