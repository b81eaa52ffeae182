"""The tests as a trial runs them: always the same, and none that needs a server."""

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
#: A server or a browser of its own for each mutant would cost more than all the rest.
_TOO_DEAR = {"postgres_server", "browser"}


class Steady:
    """Hypothesis tries the same examples each time, and does not look for a smaller one."""

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
        items[:] = [one for one in items if not _TOO_DEAR & {*getattr(one, "fixturenames", ())}]
