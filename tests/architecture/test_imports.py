"""The import contracts of pyproject.toml hold, and their names are sentences."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
    "importlinter"
]["contracts"]
FORBIDDEN_NAMES = {"utils", "helpers", "common", "manager", "service"}


def lint(root):
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(root), "PATH": "/usr/bin:/bin", "COLUMNS": "200"},
    )


def test_the_import_contracts_hold():
    linted = lint(ROOT)
    assert linted.returncode == 0, linted.stdout


def test_a_page_that_imports_a_table_breaks_a_contract(tmp_path):
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "bti", tmp_path / "bti", ignore=shutil.ignore_patterns("__pycache__"))
    stray = tmp_path / "bti" / "web" / "stray.py"
    stray.write_text('"""A short cut."""\n\nimport bti.db\n', encoding="utf-8")
    linted = lint(tmp_path)

    assert linted.returncode == 1
    assert "The web talks to workflows, never to tables, keys or the log BROKEN" in linted.stdout


def test_every_contract_is_a_sentence():
    assert [c["name"] for c in CONTRACTS if len(c["name"].split()) < 3] == []


def test_every_package_is_bound_by_a_contract():
    packages = {path.parent.name for path in ROOT.glob("bti/*/__init__.py")}
    text = str(CONTRACTS)
    assert {name for name in packages if f"bti.{name}" not in text} == set()


def test_no_module_has_a_name_that_says_nothing():
    names = {path.stem for path in (ROOT / "bti").rglob("*.py")}
    names |= {path.name for path in (ROOT / "bti").rglob("*") if path.is_dir()}
    assert names & FORBIDDEN_NAMES == set()


@pytest.mark.parametrize(("folder", "most"), [("bti", 400), ("tests", 500)])
def test_files_stay_short(folder, most):
    # Not migrations: a revision states a whole schema in one file.
    long = {
        str(path.relative_to(ROOT)): lines
        for path in (ROOT / folder).rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > most
    }
    assert set(long) == set(), long
