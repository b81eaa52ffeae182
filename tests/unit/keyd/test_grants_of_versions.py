"""A row of a case gets its MAC for the version after the one that stands."""

import pytest

from bti.db.guards import Writing, mac_columns
from bti.db.models import Case
from bti.domain.errors import AccessDenied
from bti.keyd.grants import decide_rows
from tests.unit.domain.samples import CASE, TENANT
from tests.unit.keyd.asked import Asked, Rows


@pytest.mark.parametrize(("version", "follows"), [(2, False), (3, True), (4, False)])
def test_the_row_of_a_case_is_given_the_next_version_alone(version, follows):
    rows = Rows()
    rows.put("cases", id=CASE, tenant_id=TENANT, version=2)
    same = mac_columns(rows.get_one(Case, CASE))
    wanted = (Writing(TENANT, "cases", CASE, version, same, {}, None),)
    asking = Asked(rows, operator=True, signed_in=False)
    if follows:
        assert decide_rows(asking, wanted)[1] == []
    else:
        with pytest.raises(AccessDenied, match=r"^grant\.version$"):
            decide_rows(asking, wanted)
    rows.end()


def test_no_case_begins_with_its_second_version():
    rows = Rows()
    with pytest.raises(AccessDenied, match=r"^grant\.version$"):
        decide_rows(Asked(rows, operator=True), (Writing(TENANT, "cases", CASE, 2, {}, {}, None),))
    rows.end()
