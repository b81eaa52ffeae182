"""What the tests of the broker's parts begin with: an empty database, or a municipality with keys."""

import pytest

from bti.db.walls import EVERYWHERE, stand
from tests.unit.keyd.apart import Apart
from tests.unit.keyd.asked import Rows
from tests.unit.keyd.town import Town


@pytest.fixture(scope="module")
def empty():
    """A database in memory with every table and no row."""
    made = Rows()
    made.commit()
    yield made
    made.end()


@pytest.fixture
def rows(empty):
    """The empty database; what a test puts in is forgotten after it."""
    stand(empty, EVERYWHERE)
    yield empty
    empty.rollback()
    empty.info.clear()


@pytest.fixture(scope="module")
def built():
    """A municipality and its neighbour with their keys, and nobody in them."""
    made = Town()
    yield made
    made.end()


@pytest.fixture
def apart(town):
    """The broker as in a process of its own, over the ``town`` of a test."""
    return Apart(town)
