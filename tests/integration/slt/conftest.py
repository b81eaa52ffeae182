"""The network side on both database engines."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.slt.samples import Network, a_network


@pytest.fixture(params=["sqlite", "postgresql"])
def network_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty network database, on each engine in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/network.sqlite"
    return request.getfixturevalue("postgres_url")


@pytest.fixture
def network(network_url: str, tmp_path: Path) -> Iterator[Network]:
    """A migrated network side with one coordinator."""
    found = a_network(tmp_path, network_url)
    yield found
    found.runtime.close()
