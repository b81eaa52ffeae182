"""What every key provider must do, tried with each of them for real."""

import copy
import logging
import pickle
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bti.crypto.envelope import DataKey
from bti.crypto.errors import ProviderUnavailable, SealError
from bti.crypto.pkcs11_token import Way
from bti.crypto.provider import (
    Health,
    KeyProvider,
    TenantPurpose,
    WrappedTenantKey,
    block_for,
    unwrap_tenant_key,
    unwrap_tenant_keys,
    wrap_tenant_key,
)
from tests.integration.keys import keepers
from tests.integration.keys.keepers import FIRST, SECOND, Keeper, forked

CONTEXT = b"what the key is for"
BLOCK = block_for(bytes(range(32)), CONTEXT)
KINDS = ("file", "cred", "pkcs11-gcm", "pkcs11-wrap", "transit", "plugin")
THREADS = 40


@pytest.fixture(params=KINDS)
def keeper(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Keeper]:
    """One provider of each kind."""
    kind: str = request.param
    made: Callable[[], AbstractContextManager[Keeper]] = {
        "file": lambda: keepers.file_keeper(tmp_path),
        "cred": lambda: keepers.cred_keeper(tmp_path),
        "pkcs11-gcm": lambda: keepers.pkcs11_keeper(Way.GCM, request.getfixturevalue("tokens")),
        "pkcs11-wrap": lambda: keepers.pkcs11_keeper(
            Way.KEY_WRAP, request.getfixturevalue("tokens")
        ),
        "transit": lambda: keepers.transit_keeper(request.getfixturevalue("bao")),
        "plugin": keepers.plugin_keeper,
    }[kind]
    with made() as one:
        yield one


def refuses(provider: KeyProvider, blob: bytes, ref: str = FIRST, context: bytes = CONTEXT) -> bool:
    """Whether the provider refuses, in the one way it may."""
    try:
        provider.unwrap(ref, blob, context)
    except SealError as refusal:
        return refusal.__cause__ is None and str(refusal) == str(SealError())
    return False


def test_a_block_comes_back_after_a_restart_and_is_not_in_the_blob(keeper: Keeper):
    blob = keeper.provider.wrap(FIRST, BLOCK, CONTEXT)
    assert keeper.again().unwrap(FIRST, blob, CONTEXT) == BLOCK
    assert BLOCK[:16] not in blob
    assert keeper.provider.health() is Health.READY
    assert keeper.provider.root_ref == FIRST


def test_another_context_root_key_or_installation_opens_nothing(keeper: Keeper):
    blob = keeper.provider.wrap(FIRST, BLOCK, CONTEXT)
    assert refuses(keeper.provider, blob, context=CONTEXT + b"x")
    assert refuses(keeper.provider, blob, context=b"")
    assert refuses(keeper.provider, blob, ref=SECOND)
    assert refuses(keeper.provider, blob, ref="stafett/root/3")
    assert refuses(keeper.stranger, blob)


def test_one_changed_bit_in_any_byte_opens_nothing(keeper: Keeper):
    blob = keeper.provider.wrap(FIRST, BLOCK, CONTEXT)
    for place in range(len(blob)):
        for bit in (0x01, 0x80):
            changed = bytearray(blob)
            changed[place] ^= bit
            assert refuses(keeper.provider, bytes(changed)), (place, bit)
    assert keeper.provider.unwrap(FIRST, blob, CONTEXT) == BLOCK


def test_a_cut_or_lengthened_blob_opens_nothing(keeper: Keeper):
    blob = keeper.provider.wrap(FIRST, BLOCK, CONTEXT)
    for length in range(len(blob)):
        assert refuses(keeper.provider, blob[:length]), length
    for more in (b"\x00", b"=", b"\n", blob):
        assert refuses(keeper.provider, blob + more)
    assert refuses(keeper.provider, blob[1:])


def test_a_blob_that_another_kind_of_provider_made_opens_nothing(keeper: Keeper, tmp_path: Path):
    path = tmp_path / "foreign" / "root.key"
    foreign = keepers.FileProvider.create(path).wrap(FIRST, BLOCK, CONTEXT)
    assert refuses(keeper.provider, foreign)
    assert refuses(keeper.provider, b"vault:v1:" + b"QUJD" * 40)
    assert refuses(keeper.provider, b"\x01" + foreign)
    assert refuses(keeper.provider, b"\x02" + bytes(72))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(blob=st.binary(max_size=300))
def test_whatever_the_bytes_are_the_answer_is_the_one_refusal(keeper: Keeper, blob: bytes):
    assert refuses(keeper.provider, blob)


def test_only_whole_blocks_are_wrapped_and_only_under_keys_that_are_there(keeper: Keeper):
    for ref, block in (("stafett/root/9", BLOCK), (FIRST, BLOCK[:63]), (FIRST, b"")):
        with pytest.raises(ValueError, match=r".+") as refused:
            keeper.provider.wrap(ref, block, CONTEXT)
        assert BLOCK.hex()[:32] not in str(refused.value)
    assert keeper.provider.health() is Health.READY, "a refusal is not a failure"


def test_forty_threads_at_once_get_each_their_own(keeper: Keeper):
    def there_and_back(number: int) -> bool:
        context = f"thread {number}".encode()
        block = block_for(number.to_bytes(32, "big"), context)
        blob = keeper.provider.wrap(FIRST, block, context)
        return keeper.provider.unwrap(FIRST, blob, context) == block

    with ThreadPoolExecutor(THREADS) as threads:
        assert all(threads.map(there_and_back, range(THREADS)))


def test_a_child_that_was_forked_after_the_first_use_works_and_so_does_its_parent(keeper: Keeper):
    blob = keeper.provider.wrap(FIRST, BLOCK, CONTEXT)

    def in_child() -> bool:
        own = keeper.provider.wrap(FIRST, BLOCK, CONTEXT)
        return all(keeper.provider.unwrap(FIRST, one, CONTEXT) == BLOCK for one in (blob, own))

    assert forked(in_child)
    assert keeper.provider.unwrap(FIRST, blob, CONTEXT) == BLOCK


def test_one_that_is_away_says_so_and_works_again_when_it_is_back(keeper: Keeper):
    blob = keeper.provider.wrap(FIRST, BLOCK, CONTEXT)
    keeper.go()
    if keeper.can_go:
        for _ in range(5):
            with pytest.raises(ProviderUnavailable) as away:
                keeper.provider.unwrap(FIRST, blob, CONTEXT)
            assert away.value.__cause__ is None
        with pytest.raises(ProviderUnavailable):
            keeper.provider.wrap(FIRST, BLOCK, CONTEXT)
        with pytest.raises(ProviderUnavailable):
            keeper.provider.unwrap_many(FIRST, [(blob, CONTEXT)])
        assert keeper.provider.health() is Health.ERROR
        keeper.come_back()
    assert keeper.provider.unwrap(FIRST, blob, CONTEXT) == BLOCK
    assert keeper.provider.health() is Health.READY


def test_a_blob_moves_to_a_new_root_key_and_stays_bound_to_its_context(keeper: Keeper):
    blob = keeper.provider.wrap(FIRST, BLOCK, CONTEXT)
    target = SECOND if keeper.holds_second else FIRST
    moved = keeper.provider.rewrap(FIRST, target, blob, CONTEXT)
    assert keeper.provider.unwrap(target, moved, CONTEXT) == BLOCK
    assert refuses(keeper.provider, moved, ref=target, context=b"another")
    if keeper.holds_second:
        assert refuses(keeper.provider, moved, ref=FIRST)
    with pytest.raises(SealError):
        keeper.provider.rewrap(FIRST, target, blob, b"another")
    with pytest.raises(SealError):
        keeper.provider.rewrap("stafett/root/3", target, blob, CONTEXT)


def test_of_many_each_is_judged_by_itself(keeper: Keeper):
    contexts = [f"context {number}".encode() for number in range(7)]
    blocks = [block_for(bytes(32), context) for context in contexts]
    items = [
        (keeper.provider.wrap(FIRST, block, context), context)
        for block, context in zip(blocks, contexts, strict=True)
    ]
    items[1] = (items[1][0], b"another")
    items[3] = (b"", contexts[3])
    items[5] = (items[4][0], contexts[5])
    opened = keeper.provider.unwrap_many(FIRST, items)
    assert opened == [blocks[0], None, blocks[2], None, blocks[4], None, blocks[6]]
    assert keeper.provider.unwrap_many(FIRST, []) == []
    assert keeper.provider.unwrap_many("stafett/root/3", items[:2]) == [None, None]


def test_tenant_keys_open_together_and_for_their_own_purpose_only(keeper: Keeper):
    tenant, key = uuid.uuid4(), DataKey.generate()
    wrapped = wrap_tenant_key(keeper.provider, FIRST, tenant, TenantPurpose.KEK, 1, key)
    right = WrappedTenantKey(FIRST, tenant, TenantPurpose.KEK, 1, key.key_id, wrapped)
    wrong = WrappedTenantKey(FIRST, tenant, TenantPurpose.OPS, 1, key.key_id, wrapped)
    other = WrappedTenantKey(FIRST, tenant, TenantPurpose.KEK, 1, key.key_id, b"\x01\x1f" + wrapped)
    opened = unwrap_tenant_keys(keeper.provider, [wrong, right, other])
    assert [one and one.secret_for_wrapping() for one in opened] == [
        None,
        key.secret_for_wrapping(),
        None,
    ]
    with pytest.raises(SealError):
        unwrap_tenant_key(keeper.stranger, FIRST, tenant, TenantPurpose.KEK, 1, key.key_id, wrapped)


def test_nothing_it_says_holds_a_secret(keeper: Keeper, caplog: pytest.LogCaptureFixture):
    provider = keeper.provider
    with caplog.at_level(logging.DEBUG):
        blob = provider.wrap(FIRST, BLOCK, CONTEXT)
        said = [repr(provider), str(provider)]
        for act in (
            lambda: provider.unwrap(FIRST, blob, b"another"),
            lambda: provider.wrap("stafett/root/9", BLOCK, CONTEXT),
            keeper.go,
            lambda: provider.unwrap(FIRST, blob, CONTEXT),
            lambda: provider.wrap(FIRST, BLOCK, CONTEXT),
        ):
            try:
                act()
            except (SealError, ProviderUnavailable, ValueError) as fault:
                said += [repr(fault), str(fault), repr(fault.__cause__)]
                said += [repr(fault.__context__)] if not fault.__suppress_context__ else []
        keeper.come_back()
    said.append(caplog.text)
    for secret in (*keeper.secrets, BLOCK[:32].hex(), repr(BLOCK[:32])[2:40]):
        assert secret not in "\n".join(said)


def test_it_is_never_copied_or_pickled(keeper: Keeper):
    if keeper.provider.name == "akv":
        return  # what a plug-in does about it is its maker's choice
    for attempt in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match=r"never copied|cannot pickle"):
            attempt(keeper.provider)
