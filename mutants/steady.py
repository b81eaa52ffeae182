"""The tests as a trial runs them: always the same, on one server, and none that is too dear."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

ROOT = Path(__file__).parents[1]
ARGUMENTS = (
    "--quiet",
    "--capture=no",
    *("-p", "no:cacheprovider"),
    *("-p", "no:xdist"),
    # What is imported before pytest has no plain asserts that a test relies on.
    *("-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning"),
)
#: A browser, or a whole municipality on PostgreSQL, for each mutant would cost more than all the rest.
_TOO_DEAR = {"postgres_walls", "postgres_world", "sequenced_image", "browser"}


class Steady:
    """Hypothesis tries the same examples each time, and does not look for a smaller one."""

    def __init__(self, shared: Path) -> None:
        """Find, or leave, in ``shared`` what all trials use: the PostgreSQL of the first that needs it."""
        self._shared = shared

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Be one of several workers: none of them stops the server."""
        config.workerinput = {"run_folder": str(self._shared)}  # type: ignore[attr-defined]  # as xdist

    def pytest_collection(self) -> None:
        """Set this after the tests' own profile, and before a test reads it."""
        settings.register_profile(
            "mutants",
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=[HealthCheck.too_slow],
        )
        settings.load_profile("mutants")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out what is too dear."""
        items[:] = [one for one in items if not _TOO_DEAR & _asked_for(one)]


def _asked_for(item: pytest.Item) -> set[object]:
    """Return the fixtures of a test, also one that it asks for by its parameter."""
    call = getattr(item, "callspec", None)
    values = call.params.values() if call is not None else ()
    named = {one for one in values if isinstance(one, str)}
    return named | {*getattr(item, "fixturenames", ())}
