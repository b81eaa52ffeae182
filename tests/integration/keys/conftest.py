"""The tokens and the key service of one test worker, made at first use and taken away at the end."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bao_server import BaoServer, running_bao
from tests.soft_token import SoftTokens, make_tokens


@pytest.fixture(scope="session")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoftTokens]:
    """SoftHSM with a folder of its own."""
    before = os.environ.get("SOFTHSM2_CONF")
    yield make_tokens(tmp_path_factory.mktemp("softhsm"))
    os.environ.pop("SOFTHSM2_CONF")
    if before is not None:
        os.environ["SOFTHSM2_CONF"] = before


@pytest.fixture(scope="session")
def bao(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BaoServer]:
    """A real OpenBao, unsealed."""
    with running_bao(Path(tmp_path_factory.mktemp("bao"))) as server:
        yield server
