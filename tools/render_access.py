"""Writes the access table of docs/access.md from the code: `python -m tools.render_access`.

The table is never edited by hand; tests/architecture/test_docs.py holds the two equal.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from bti.domain.access import ALLOWED_WHEN_CLOSED, POLICY, Action, Grant
from bti.domain.codes import CASE_WORKERS, STAFF_SIDE, Role
from bti.domain.relations import Relation

DOC: Final = Path(__file__).parents[1] / "docs" / "access.md"
BEGIN: Final = "<!-- policy: written by tools/render_access.py -->"
END: Final = "<!-- end of policy -->"

_GROUPS: Final = {STAFF_SIDE: "everyone employed", CASE_WORKERS: "case workers"}
# What a relation stands for without saying: the document tells it once, above the table.
_UNDERSTOOD: Final = {
    Relation.GUARDIAN: (frozenset({Role.GUARDIAN}),),
    Relation.YOUTH: (frozenset({Role.YOUTH}),),
    Relation.LEAD: (frozenset({Role.UNIT_LEAD}),),
    Relation.TEAM: (frozenset({Role.TEAM_LEAD, Role.TEAM_MEMBER}),),
    Relation.AUTHOR: (STAFF_SIDE,),
}


def table() -> str:
    """The policy as a Markdown table, one row for each act in the order of the code."""
    rows = [
        f"| `{action.value}` | {'; '.join(_granted(one) for one in POLICY[action])} "
        f"| {'yes' if action in ALLOWED_WHEN_CLOSED else 'no'} |"
        for action in Action
    ]
    return "\n".join(["| Act | Who | In a closed case |", "| --- | --- | --- |", *rows])


def with_table(document: str) -> str:
    """``document`` with the table of today between its two marks. ValueError without them."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("docs/access.md has lost the marks around its table")
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"


def _granted(grant: Grant) -> str:
    if grant.relation is Relation.ROLE:
        return _roles(grant.roles)
    if grant.roles in _UNDERSTOOD.get(grant.relation, (CASE_WORKERS,)):
        return f"**{grant.relation.value}**"
    return f"**{grant.relation.value}** ({_roles(grant.roles)})"


def _roles(roles: frozenset[Role]) -> str:
    named = _GROUPS.get(roles)
    return named or ", ".join(role.value for role in Role if role in roles)


if __name__ == "__main__":
    DOC.write_text(with_table(DOC.read_text(encoding="utf-8")), encoding="utf-8")
