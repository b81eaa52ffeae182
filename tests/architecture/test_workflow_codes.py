"""Every code a workflow refuses with has words."""

import ast
import re
from pathlib import Path

from bti.web.messages import RULES

WORKFLOWS = Path(__file__).parents[2] / "bti" / "workflows"
CODE = re.compile(r"[a-z_]+\.[a-z_]+")


def codes_in(path: Path) -> set[str]:
    """Every rule code in a module: given to RuleBroken, or to a name called code first."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "RuleBroken":
            values = node.args[:1]
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "code":
            values = [node.value]
        else:
            continue
        found |= {
            v.value for v in values if isinstance(v, ast.Constant) and isinstance(v.value, str)
        }
    return {code for code in found if CODE.fullmatch(code)}


def test_every_workflow_code_has_words():
    used = {code: path.name for path in WORKFLOWS.glob("*.py") for code in codes_in(path)}
    assert len(used) > 10
    assert {code: name for code, name in used.items() if code not in RULES} == {}
