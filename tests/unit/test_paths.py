"""The folders beside the code are found in a checkout; test_wheel.py sees to the wheel."""

from pathlib import Path

from bti import paths

ROOT = Path(__file__).parents[2]


def test_a_checkout_has_its_folders_at_the_root():
    assert (ROOT / "templates", ROOT / "static", ROOT / "migrations") == (
        paths.TEMPLATES,
        paths.STATIC,
        paths.MIGRATIONS,
    )
