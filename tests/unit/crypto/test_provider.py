import hashlib
from typing import Any
from uuid import UUID, uuid4

import pytest

from bti.crypto.envelope import DataKey
from bti.crypto.errors import SealError
from bti.crypto.pae import pae
from bti.crypto.provider import (
    Health,
    KeyProvider,
    TenantPurpose,
    unwrap_tenant_key,
    wrap_tenant_key,
)

TENANT = uuid4()
KEY = DataKey.generate()
ROOT = "stafett/root/1"


class Forgetful(KeyProvider):
    """A hardware module without associated data: it gives back whatever it was given, for any context."""

    def __init__(self, name: str = "pkcs11") -> None:
        self._name = name

    @property
    def name(self):
        return self._name

    def health(self):
        return Health.READY

    def wrap(self, root_ref: str, key64: bytes, context: bytes):  # noqa: ARG002 - forgetting the context is the point
        return root_ref.encode() + b"|" + key64[::-1]

    def unwrap(self, root_ref: str, blob: bytes, context: bytes) -> bytes:  # noqa: ARG002 - forgetting the context is the point
        return blob.removeprefix(root_ref.encode() + b"|")[::-1]


def wrapped_by(provider: KeyProvider) -> bytes:
    return wrap_tenant_key(provider, ROOT, TENANT, TenantPurpose.KEK, 3, KEY)


def unwrap(
    wrapped: bytes,
    provider: KeyProvider | None = None,
    tenant: UUID = TENANT,
    purpose: TenantPurpose = TenantPurpose.KEK,
    generation: int = 3,
    key_id: bytes = KEY.key_id,
) -> DataKey:
    keeper = provider or Forgetful()
    return unwrap_tenant_key(keeper, ROOT, tenant, purpose, generation, key_id, wrapped)


def test_a_tenant_key_comes_back_as_it_was():
    key = unwrap(wrapped_by(Forgetful()))
    assert (key.key_id, key.secret_for_wrapping()) == (KEY.key_id, KEY.secret_for_wrapping())


def test_the_block_holds_the_key_and_the_hash_of_what_it_is_for():
    wrapped = wrapped_by(Forgetful())
    context = pae(b"tenant-key", TENANT.bytes, b"kek", (3).to_bytes(8, "little"), KEY.key_id)
    block = KEY.secret_for_wrapping() + hashlib.sha256(context).digest()
    assert wrapped == b"\x01\x12" + ROOT.encode() + b"|" + block[::-1]


@pytest.mark.parametrize(
    "otherwise",
    [
        {"tenant": uuid4()},
        *({"purpose": purpose} for purpose in TenantPurpose if purpose != TenantPurpose.KEK),
        {"generation": 2},
        {"generation": 4},
        {"key_id": bytes(16)},
        {"key_id": KEY.key_id[:15]},
    ],
    ids="-".join,  # never the values: they differ from run to run
)
def test_a_tenant_key_for_something_else_is_refused_by_a_provider_that_forgets_the_context(
    otherwise: dict[str, Any],
):
    with pytest.raises(SealError):
        unwrap(wrapped_by(Forgetful()), **otherwise)


def test_a_blob_of_another_provider_or_version_or_length_is_refused():
    wrapped = wrapped_by(Forgetful())
    for attempt in (
        b"",
        b"\x01",
        wrapped[:2],
        wrapped[:-1],
        b"\x02" + wrapped[1:],
        b"\x01\x10" + wrapped[2:],
    ):
        with pytest.raises(SealError):
            unwrap(attempt)
    with pytest.raises(SealError):
        unwrap(wrapped, provider=Forgetful("file"))


def test_a_provider_unknown_to_the_format_is_refused():
    with pytest.raises(ValueError, match="no key provider called 'usb'"):
        wrapped_by(Forgetful("usb"))
    with pytest.raises(SealError):
        unwrap(wrapped_by(Forgetful()), provider=Forgetful("usb"))


def test_a_blob_moves_to_another_root_key_without_a_provider_s_own_way_to_do_so():
    provider = Forgetful()
    moved = provider.rewrap(ROOT, "stafett/root/2", provider.wrap(ROOT, b"k" * 64, b"c"), b"c")
    assert provider.unwrap("stafett/root/2", moved, b"c") == b"k" * 64


def test_the_purposes_and_states_are_the_written_ones():
    assert [str(purpose) for purpose in TenantPurpose] == [
        "kek",
        "ops",
        "index",
        "audit",
        "directory",
    ]
    assert [str(health) for health in Health] == ["sealed", "ready", "error"]
