"""A key with known bytes and one place for a value; everything else is made where it is used."""

from uuid import UUID

import pytest

from bti.crypto.envelope import DataKey, Place


@pytest.fixture(scope="module")
def key() -> DataKey:
    return DataKey(bytes(range(16)), bytes(range(32)))


@pytest.fixture(scope="module")
def place() -> Place:
    return Place(
        tenant=UUID("11111111-1111-4111-8111-111111111111"),
        case=UUID("22222222-2222-4222-8222-222222222222"),
        table="entry",
        column="body",
        row_id=UUID("33333333-3333-4333-8333-333333333333"),
        row_version=7,
    )
