"""The whole site, made once for each file of tests that walks through all of it."""

from collections.abc import Iterator

import pytest

from tests.web.whole_site import WholeSite, open_whole_site


@pytest.fixture(scope="module")
def opened_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeSite]:
    """Both municipalities, served; shared by a file."""
    made = open_whole_site(tmp_path_factory.mktemp("whole"))
    yield made
    made.close()


@pytest.fixture
def whole(opened_site: WholeSite) -> Iterator[WholeSite]:
    """The same, put back as it was after each test."""
    yield opened_site
    opened_site.restore()
