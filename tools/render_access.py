"""Writes the access table of docs/access.md from the code: `python -m tools.render_access`.

The table is never edited by hand; tests/architecture/test_docs.py holds the two equal.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from bti.domain.codes import CASE_WORKERS, STAFF_SIDE, Role
from bti.domain.policy import POLICY, Action, Grant, Rule, Strength
from bti.domain.relations import ObjectKind, Purpose, Relation

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
    Relation.EMERGENCY: (frozenset({Role.ON_CALL}),),
    Relation.IMPARTIAL: (frozenset({Role.DPO}),),
    Relation.OWN_STAFF: (frozenset({Role.UNIT_LEAD}),),
}


_SIGN_IN: Final = {
    Strength.WEAK: "any",
    Strength.TWO_FACTORS: "two factors",
    Strength.FRESH: "fresh",
}
_HEAD: Final = (
    "Act",
    "Kind",
    "Who",
    "By consent",
    "Purpose",
    "Sign-in",
    "In a closed case",
    "Archived",
)


def table() -> str:
    """The policy as a Markdown table, one row for each act in the order of the code."""
    rows = [_row(action, POLICY[action]) for action in Action]
    return "\n".join([_line(_HEAD), _line(("---",) * len(_HEAD)), *rows])


def _left(rule: Rule) -> str:
    if rule.kind is not ObjectKind.CASE:
        return "–"
    return "; ".join(_granted(one) for one in rule.archived) or "nobody"


def _row(action: Action, rule: Rule) -> str:
    every = rule.purposes == frozenset(Purpose)
    return _line(
        (
            f"`{action.value}`",
            rule.kind.value.replace("_", " ")
            + (", not protected" if rule.unprotected_only else ""),
            "; ".join(_granted(one) for one in rule.grants),
            _by_consent(rule),
            "any" if every else ", ".join(one.value for one in Purpose if one in rule.purposes),
            _SIGN_IN[rule.strength],
            "yes" if rule.when_closed else "no",
            _left(rule),
        )
    )


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _by_consent(rule: Rule) -> str:
    """Whether somebody outside the owner's unit needs a live cell, for all or some grants."""
    needing = [grant for grant in rule.grants if grant.by_consent]
    if not needing:
        return "no"
    if len(needing) == len(rule.grants):
        return "yes"
    return f"yes, not {', '.join(g.relation.value for g in rule.grants if not g.by_consent)}"


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
