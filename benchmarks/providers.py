"""Unwrapping in a hardware module's library and in a key service, beside the rates that are asked for."""

from __future__ import annotations

import os
import uuid
from contextlib import closing
from typing import TYPE_CHECKING

from benchmarks.side_by_side import Figure, compare
from bti.crypto.credential_provider import CredentialProvider
from bti.crypto.envelope import DataKey
from bti.crypto.pkcs11_token import Way
from bti.crypto.provider import (
    FIRST_ROOT_REF,
    TenantPurpose,
    WrappedTenantKey,
    unwrap_tenant_keys,
    wrap_tenant_key,
)
from bti.crypto.transit_http import KeyServer
from bti.crypto.transit_provider import TransitProvider
from bti.crypto.transit_token import Credentials
from tests.bao_server import running_bao
from tests.soft_token import make_tokens

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bti.crypto.provider import KeyProvider
    from tests.bao_server import BaoServer

ASKED_PER_SECOND = 4000
TENANTS = 400
START_SECONDS = 5
ROUNDS = 3


def figures(directory: Path) -> Iterator[Figure]:
    """SoftHSM both ways, a key service in batches, and the start of a broker for 400 municipalities."""
    memory = CredentialProvider({FIRST_ROOT_REF: os.urandom(32)})
    beside = _keys(memory, TENANTS)
    tokens = make_tokens(directory / "softhsm")
    module = tokens.provider(tokens.add("bench"))
    module.make_root(FIRST_ROOT_REF, Way.GCM)
    yield _rate("Unwrap in SoftHSM", module, _keys(module, TENANTS), memory, beside)
    folder = directory / "bao"
    folder.mkdir()
    with running_bao(folder) as bao, closing(_service(bao)) as service:
        stored = _keys(service, TENANTS)
        yield _rate("Unwrap in OpenBao in batches", service, stored, memory, beside)
        yield _start(service, stored, memory, beside)


def _service(bao: BaoServer) -> TransitProvider:
    secret = bao.secret_id()
    server = KeyServer(bao.url, bao.ca_file, 10)
    return TransitProvider(server, Credentials(bao.role_id(), lambda: secret))


def _keys(provider: KeyProvider, tenants: int) -> list[WrappedTenantKey]:
    """Every municipality's five keys, as the database has them."""
    stored = []
    for _ in range(tenants):
        tenant = uuid.uuid4()
        for purpose in TenantPurpose:
            key = DataKey.generate()
            wrapped = wrap_tenant_key(provider, FIRST_ROOT_REF, tenant, purpose, 1, key)
            stored.append(WrappedTenantKey(FIRST_ROOT_REF, tenant, purpose, 1, key.key_id, wrapped))
    return stored


def _rate(
    name: str,
    provider: KeyProvider,
    stored: list[WrappedTenantKey],
    memory: KeyProvider,
    beside: list[WrappedTenantKey],
) -> Figure:
    ours, control, _ = compare(
        lambda: _open(provider, stored), lambda: _open(memory, beside), rounds=ROUNDS
    )
    return Figure(
        f"{name} / {ASKED_PER_SECOND:,} per s", "per s", ours, control, ours / ASKED_PER_SECOND, 1
    )


def _start(
    provider: KeyProvider,
    stored: list[WrappedTenantKey],
    memory: KeyProvider,
    beside: list[WrappedTenantKey],
) -> Figure:
    """How many municipalities a second a broker that has just begun opens all keys of."""
    ours, control, _ = compare(
        lambda: _open(provider, stored) // len(TenantPurpose),
        lambda: _open(memory, beside) // len(TenantPurpose),
        rounds=ROUNDS,
    )
    asked = TENANTS / START_SECONDS
    name = f"Start with {TENANTS} municipalities / {START_SECONDS} s"
    return Figure(name, "per s", ours, control, ours / asked, 1)


def _open(provider: KeyProvider, stored: list[WrappedTenantKey]) -> int:
    opened = unwrap_tenant_keys(provider, stored)
    if None in opened:
        raise RuntimeError("a key did not open")
    return len(opened)
