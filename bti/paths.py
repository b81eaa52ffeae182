"""Where the folders beside the code are, in a checkout and in an installed wheel.

Only finds; reading is left to those who own the folders.
"""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def shipped(name: str) -> Path:
    """The folder ``name``: inside the package in a wheel, at the root in a checkout.

    A look beside this file decides. ``importlib.resources`` is not asked, because an editable
    install may leave an old copy of the folders where it would look first.
    """
    inside = PACKAGE / name
    return inside if inside.is_dir() else PACKAGE.parent / name


TEMPLATES = shipped("templates")
STATIC = shipped("static")
MIGRATIONS = shipped("migrations")
TRANSLATIONS = PACKAGE / "translations"
