"""A wheel holds all that the program needs at run time, and finds it there."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHIPPED = ("templates", "static", "migrations")


def run(*command, cwd):
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def tracked(*folders):
    return run("git", "ls-files", "-z", "--", *folders, cwd=ROOT).rstrip("\0").split("\0")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build from a copy of what git tracks, so that stray files do not help."""
    source = tmp_path_factory.mktemp("source")
    for name in tracked("bti", *SHIPPED, "pyproject.toml", "README.md", "LICENSE"):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, source / name)
    # Compiled and copied by `make`, git-ignored, needed all the same.
    shutil.copytree(ROOT / "static" / "vendor", source / "static" / "vendor")
    for compiled in (ROOT / "bti" / "translations").rglob("*.mo"):
        shutil.copy(compiled, source / compiled.relative_to(ROOT))
    run(
        *(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", "out", "."),
        cwd=source,
    )
    return next((source / "out").glob("*.whl"))


def test_the_wheel_has_every_template_static_file_and_migration(wheel):
    inside = set(zipfile.ZipFile(wheel).namelist())
    expected = {f"bti/{name}" for name in tracked(*SHIPPED) if (ROOT / name).is_file()}

    assert expected - inside == set()


def test_the_wheel_has_every_file_of_the_package(wheel):
    inside = set(zipfile.ZipFile(wheel).namelist())
    expected = {name for name in tracked("bti") if (ROOT / name).is_file()}

    assert expected - inside == set()


def test_the_wheel_has_the_style_sheets_and_fonts_it_serves(wheel):
    inside = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "bti/static/vendor/designsystemet.css",
        "bti/static/vendor/theme.css",
        "bti/static/vendor/inter-latin-wght-normal.woff2",
        "bti/static/vendor/inter-latin-ext-wght-normal.woff2",
        "bti/static/vendor/LICENSE.designsystemet.txt",
        "bti/static/vendor/LICENSE.inter.txt",
    } <= inside


def test_the_wheel_has_a_compiled_text_for_every_language(wheel):
    inside = set(zipfile.ZipFile(wheel).namelist())
    catalogues = [name for name in tracked("bti/translations") if name.endswith(".po")]

    assert {name.removesuffix("po") + "mo" for name in catalogues} - inside == set()


def test_an_installed_wheel_finds_its_folders_inside_itself(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from bti import paths; "
        "print(paths.TEMPLATES, paths.STATIC, paths.MIGRATIONS)"
    )
    found = run(sys.executable, "-c", code, str(tmp_path), cwd=tmp_path).split()

    assert found == [str(tmp_path / "bti" / name) for name in SHIPPED]
    assert all(Path(folder).is_dir() for folder in found)


def test_the_wheel_carries_no_test_and_no_state(wheel):
    inside = zipfile.ZipFile(wheel).namelist()
    assert [name for name in inside if name.startswith(("tests/", "var/", "benchmarks/"))] == []
