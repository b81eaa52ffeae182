"""What only a hardware module has: a PIN, a token that can be pulled out, keys with abilities."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pkcs11
import pytest
from pkcs11 import Attribute, KeyType, MechanismFlag

from bti.crypto import pkcs11_provider, pkcs11_token
from bti.crypto.errors import ProviderUnavailable, Trouble
from bti.crypto.pkcs11_provider import Pkcs11Provider
from bti.crypto.pkcs11_token import Way
from bti.crypto.private_file import KeyFileRefused
from bti.crypto.provider import Health, block_for
from tests.integration.keys.keepers import FIRST, Clock, forked
from tests.soft_token import PIN, SoftTokens

CONTEXT = b"what the key is for"
BLOCK = block_for(bytes(range(32)), CONTEXT)
SAFE = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False}
TWO = MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT


class Pins:
    """Gives out PINs and counts how often it was asked."""

    def __init__(self, pin: str) -> None:
        self.pin = pin
        self.asked = 0

    def __call__(self) -> str:
        self.asked += 1
        return self.pin


@pytest.fixture
def label(tokens: SoftTokens, request: pytest.FixtureRequest) -> str:
    """An empty token of the test's own."""
    return tokens.add(request.node.name[-32:])


def trouble(act: Callable[[], object]) -> Trouble:
    """What the provider says is wrong."""
    with pytest.raises(ProviderUnavailable) as fault:
        act()
    return fault.value.trouble


def make_by_hand(tokens: SoftTokens, label: str, **more) -> None:
    """A key as somebody might make it with another program."""
    tokens.restart()
    with (
        pkcs11.lib(str(tokens.module))
        .get_token(token_label=label)
        .open(user_pin=PIN, rw=True) as session
    ):
        session.generate_key(KeyType.AES, 256, **{"label": FIRST, "store": True, **more})


@pytest.mark.parametrize("way", Way)
def test_a_root_key_never_leaves_the_token_and_has_one_ability_only(
    tokens: SoftTokens, label: str, way: Way
):
    assert tokens.provider(label).make_root(FIRST, way) is way
    token = pkcs11.lib(str(tokens.module)).get_token(token_label=label)
    tokens.restart()
    with token.open(user_pin=PIN) as session:
        key = session.get_key(label=FIRST)
        assert key[Attribute.SENSITIVE]
        assert key[Attribute.NEVER_EXTRACTABLE]
        assert not key[Attribute.MODIFIABLE]
        assert key[Attribute.DECRYPT] is (way is Way.GCM)
        assert key[Attribute.UNWRAP] is (way is Way.KEY_WRAP)
        assert key[Attribute.WRAP] is (way is Way.KEY_WRAP)
        with pytest.raises(pkcs11.AttributeSensitive):
            _ = key[Attribute.VALUE]


def test_a_name_is_used_once(tokens: SoftTokens, label: str):
    provider = tokens.provider(label)
    provider.make_root(FIRST)
    with pytest.raises(ValueError, match="already holds"):
        provider.make_root(FIRST)


@pytest.mark.parametrize(
    "abilities",
    [
        {"capabilities": TWO, "template": {Attribute.EXTRACTABLE: True}},
        {"capabilities": TWO, "template": {**SAFE, Attribute.SENSITIVE: False}},
        {"capabilities": TWO | MechanismFlag.WRAP, "template": SAFE},
        {"capabilities": TWO | MechanismFlag.WRAP | MechanismFlag.UNWRAP, "template": SAFE},
        {"capabilities": MechanismFlag.SIGN, "template": SAFE},
    ],
    ids=["extractable", "not sensitive", "wraps and decrypts", "does everything", "does nothing"],
)
def test_a_key_that_could_be_led_out_of_the_token_is_not_used(
    tokens: SoftTokens, label: str, abilities: dict[str, object]
):
    make_by_hand(tokens, label, **abilities)
    provider = tokens.provider(label)
    assert trouble(lambda: provider.wrap(FIRST, BLOCK, CONTEXT)) is Trouble.NOT_AS_NEEDED
    assert provider.health() is Health.ERROR


def test_of_two_keys_with_one_name_none_is_used(tokens: SoftTokens, label: str):
    provider = tokens.provider(label)
    provider.make_root(FIRST)
    make_by_hand(tokens, label, capabilities=TWO, template=SAFE)
    tokens.restart()
    fresh = tokens.provider(label)
    assert trouble(lambda: fresh.wrap(FIRST, BLOCK, CONTEXT)) is Trouble.NOT_AS_NEEDED


def test_a_wrong_pin_is_tried_once_however_often_the_program_is_asked_or_restarted(
    tokens: SoftTokens, label: str
):
    tokens.provider(label).make_root(FIRST)
    tokens.restart()
    wrong = Pins("0000-galt")
    clock = Clock()
    provider = Pkcs11Provider(tokens.module, label, wrong, clock=clock)
    for _ in range(10):
        clock.now += 60
        assert trouble(lambda: provider.wrap(FIRST, BLOCK, CONTEXT)) is Trouble.NOT_LET_IN
        assert provider.health() is Health.ERROR
    assert wrong.asked == 1
    for _ in range(10):
        # The token remembers that a wrong PIN was given, so a restarted program does not try again.
        restarted = Pkcs11Provider(tokens.module, label, wrong)
        assert (
            trouble(lambda made=restarted: made.wrap(FIRST, BLOCK, CONTEXT)) is Trouble.NOT_LET_IN
        )
    assert wrong.asked == 1
    corrected = tokens.provider(label)
    assert corrected.health() is Health.ERROR
    corrected.log_in_by_hand()
    assert corrected.health() is Health.READY
    tokens.restart()
    assert tokens.provider(label).health() is Health.READY


def test_a_pin_that_is_wrong_by_hand_too_is_not_tried_again(tokens: SoftTokens, label: str):
    pins = Pins("0000-galt")
    provider = Pkcs11Provider(tokens.module, label, pins)
    assert trouble(provider.log_in_by_hand) is Trouble.NOT_LET_IN
    assert trouble(lambda: provider.wrap(FIRST, BLOCK, CONTEXT)) is Trouble.NOT_LET_IN
    assert pins.asked == 1


def test_a_pin_that_cannot_be_read_costs_no_try(tokens: SoftTokens, label: str):
    def unreadable() -> str:
        raise KeyFileRefused("The PIN file is not there.")

    tokens.provider(label).make_root(FIRST)
    tokens.restart()
    provider = Pkcs11Provider(tokens.module, label, unreadable)
    assert trouble(lambda: provider.wrap(FIRST, BLOCK, CONTEXT)) is Trouble.NOT_LET_IN
    assert tokens.provider(label).health() is Health.READY


def test_a_module_that_was_restarted_is_signed_in_to_again(tokens: SoftTokens, label: str):
    provider = tokens.provider(label)
    provider.make_root(FIRST)
    blob = provider.wrap(FIRST, BLOCK, CONTEXT)
    for _ in range(3):
        tokens.restart()
        assert provider.unwrap(FIRST, blob, CONTEXT) == BLOCK


def test_nothing_is_opened_before_it_is_used_and_what_is_missing_is_only_away(
    tokens: SoftTokens, tmp_path: Path
):
    lost = Pkcs11Provider(tmp_path / "no-such-library.so", "stafett", lambda: PIN)
    assert trouble(lambda: lost.wrap(FIRST, BLOCK, CONTEXT)) is Trouble.UNREACHABLE
    assert lost.health() is Health.ERROR
    nameless = tokens.provider("no such token")
    assert trouble(lambda: nameless.wrap(FIRST, BLOCK, CONTEXT)) is Trouble.UNREACHABLE


def test_a_token_without_the_root_key_is_not_ready(tokens: SoftTokens, label: str):
    provider = tokens.provider(label)
    assert provider.health() is Health.ERROR
    with pytest.raises(ValueError, match="no root key"):
        provider.wrap(FIRST, BLOCK, CONTEXT)


def test_a_module_that_hangs_holds_nobody_longer_than_the_limit(
    tokens: SoftTokens, label: str, monkeypatch: pytest.MonkeyPatch
):
    clock = Clock()
    provider = tokens.provider(label, clock=clock)
    provider.make_root(FIRST)
    blob = provider.wrap(FIRST, BLOCK, CONTEXT)
    release, begun = threading.Event(), []
    monkeypatch.setattr(pkcs11_provider, "SECONDS", 0.05)
    thread = provider._thread
    stuck = thread._executor.submit(release.wait)
    real = thread.do
    monkeypatch.setattr(thread, "do", lambda *work: begun.append(1) or real(*work))
    for _ in range(5):
        assert trouble(lambda: provider.unwrap(FIRST, blob, CONTEXT)) is Trouble.TOO_SLOW
    assert len(begun) == 3, "after three failures it is left alone for a while"
    release.set()
    stuck.result()
    monkeypatch.setattr(pkcs11_provider, "SECONDS", 10)
    clock.now += 60
    assert provider.unwrap(FIRST, blob, CONTEXT) == BLOCK


def test_a_token_that_takes_no_vector_of_ours_gets_a_key_that_wraps(
    tokens: SoftTokens, label: str, monkeypatch: pytest.MonkeyPatch
):
    real = pkcs11_provider._wrap

    def strict(key, block, context):
        if key.way is Way.GCM:
            raise pkcs11.MechanismParamInvalid
        return real(key, block, context)

    monkeypatch.setattr(pkcs11_provider, "_wrap", strict)
    provider = tokens.provider(label)
    assert provider.make_root(FIRST) is Way.KEY_WRAP
    blob = provider.wrap(FIRST, BLOCK, CONTEXT)
    assert (blob[0], len(blob)) == (2, 73)
    assert provider.unwrap(FIRST, blob, CONTEXT) == BLOCK
    with pytest.raises(ProviderUnavailable):
        provider.make_root("stafett/root/2", Way.GCM)


def test_a_pin_that_was_refused_is_not_tried_again_where_the_token_does_not_remember(
    tokens: SoftTokens, label: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pkcs11_token, "_DO_NOT_TRY", 0)
    clock, wrong = Clock(), Pins("0000-galt")
    provider = Pkcs11Provider(tokens.module, label, wrong, clock=clock)
    for _ in range(4):
        clock.now += 60
        assert trouble(lambda: provider.wrap(FIRST, BLOCK, CONTEXT)) is Trouble.NOT_LET_IN
    assert wrong.asked == 1


def test_a_forked_child_initialises_the_library_and_signs_in_for_itself(
    tokens: SoftTokens, label: str
):
    pins = Pins(PIN)
    provider = Pkcs11Provider(tokens.module, label, pins)
    provider.make_root(FIRST)
    blob = provider.wrap(FIRST, BLOCK, CONTEXT)
    asked = pins.asked

    def in_child() -> bool:
        return (
            provider.unwrap(FIRST, blob, CONTEXT) == BLOCK
            and pkcs11_token._initialised[str(tokens.module)] == os.getpid()
            and pins.asked == asked + 1
        )

    assert forked(in_child)
    assert provider.unwrap(FIRST, blob, CONTEXT) == BLOCK
    assert pins.asked == asked
