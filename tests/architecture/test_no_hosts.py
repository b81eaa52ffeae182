"""No tracked file names a package registry or a folder of somebody's machine.

The patterns are put together from halves, so that this file does not hold what it looks for.
"""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REGISTRIES = [
    "pypi" + r"\.org",
    "files" + r"\.pythonhosted",
    "registry" + r"\.npmjs",
    "registry" + r"\.yarnpkg",
    "deb" + r"\.debian\.org",
    "security" + r"\.debian\.org",
    "conda" + r"\.anaconda\.org",
    "crates" + r"\.io",
    r"\bindex" + r"-url\b",
    r"\btrusted" + r"-host\b",
]
MACHINE = [
    r"(?<![\w.])/" + r"work/",
    r"(?<![\w.])/" + r"root/",
    r"(?<![\w.])/" + r"home/\w",
    r"(?<![\w.])/" + r"opt/(?:pypi|wheels)",
    r"\.\./" + r"shared\b",
    r"\." + r"library\b",
    r"\." + r"pyenv\b",
]
UNWANTED = re.compile("|".join(REGISTRIES + MACHINE), re.IGNORECASE)


def unwanted(text):
    return [match.group() for match in UNWANTED.finditer(text)]


def tracked_files():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_no_tracked_file_names_a_registry_or_a_machine_path():
    found = {
        str(path.relative_to(ROOT)): names
        for path in tracked_files()
        if (names := unwanted(path.read_bytes().decode("utf-8", "replace")))
    }
    assert found == {}


@pytest.mark.parametrize(
    "text",
    [
        "https://" + "pypi" + ".org/simple",
        "resolved: https://" + "registry" + ".npmjs.org/x",
        "see .." + "/shared/design.md",
        "cd /" + "work/main",
        "--index" + "-url x",
    ],
)
def test_the_search_finds_what_it_is_for(text):
    assert unwanted(text)


@pytest.mark.parametrize(
    "text", ["/workflows/", "/workers", "framework/main", "root/child", "/rooted", "/srv/home"]
)
def test_the_search_leaves_ordinary_paths_alone(text):
    assert unwanted(text) == []
