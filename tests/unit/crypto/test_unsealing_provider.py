"""A provider that starts closed, and the shares that open it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.crypto.errors import ProviderUnavailable, Trouble
from bti.crypto.file_provider import FileProvider
from bti.crypto.provider import Health, KeyProvider, block_for
from bti.crypto.root_key_document import LockCost
from bti.crypto.shares import split
from bti.crypto.unsealing_provider import Progress, UnsealingProvider

ROOT = "stafett/root/1"
CHEAP = LockCost(passes=1, memory_kib=64, lanes=1)
CONTEXT = b"what the key is for"
BLOCK = block_for(bytes(range(32)), CONTEXT)
PHRASE = "en hemmelig remse om vinterveier"
SHARES = split(PHRASE.encode(), 3, 5, "start-a")


@pytest.fixture
def sealed(tmp_path: Path) -> UnsealingProvider:
    """A locked root key file whose passphrase five people share, of whom three are needed."""
    path = tmp_path / "keys" / "root.key"
    FileProvider.create(path, passphrase=PHRASE, cost=CHEAP)
    return UnsealingProvider("file", lambda secret: FileProvider(path, passphrase=secret.decode()))


@pytest.mark.parametrize(
    "use",
    [
        lambda provider: provider.wrap(ROOT, BLOCK, CONTEXT),
        lambda provider: provider.unwrap(ROOT, bytes(92), CONTEXT),
        lambda provider: provider.unwrap_many(ROOT, []),
        lambda provider: provider.rewrap(ROOT, ROOT, bytes(92), CONTEXT),
        lambda provider: provider.root_ref,
    ],
    ids=["wrap", "unwrap", "unwrap_many", "rewrap", "root_ref"],
)
def test_sealed_it_does_nothing_but_say_so(
    sealed: UnsealingProvider, use: Callable[[KeyProvider], object]
):
    assert (sealed.name, sealed.health()) == ("file", Health.SEALED)
    for share in SHARES[:2]:
        sealed.offer_share(share)
        with pytest.raises(ProviderUnavailable) as fault:
            use(sealed)
        assert fault.value.trouble is Trouble.SEALED


def test_three_of_five_open_it_in_any_order_and_from_then_on_it_works(sealed: UnsealingProvider):
    told = [sealed.offer_share(SHARES[place]) for place in (4, 0, 2)]
    assert told == [
        Progress(1, 3, opened=False, refused=0),
        Progress(2, 3, opened=False, refused=0),
        Progress(0, 0, opened=True, refused=0),
    ]
    blob = sealed.wrap(ROOT, BLOCK, CONTEXT)
    assert sealed.unwrap(ROOT, blob, CONTEXT) == BLOCK
    assert (sealed.health(), sealed.root_ref) == (Health.READY, ROOT)


def test_a_share_as_it_was_typed_from_paper_counts(sealed: UnsealingProvider):
    for share in SHARES[:3]:
        sealed.offer_share("  " + share.lower().replace("|", " | ") + "\n")
    assert sealed.health() is Health.READY


def test_the_same_share_again_is_no_progress(sealed: UnsealingProvider):
    for _ in range(5):
        assert sealed.offer_share(SHARES[0]) == Progress(1, 3, opened=False, refused=0)


def test_a_mistyped_share_is_counted_and_those_given_before_stay(sealed: UnsealingProvider):
    sealed.offer_share(SHARES[0])
    typed = SHARES[1][:-1] + ("0" if SHARES[1][-1] != "0" else "1")
    for number, text in enumerate((typed, "", "hei", "x" * 100_000), 1):
        assert sealed.offer_share(text) == Progress(1, 3, opened=False, refused=number)


def test_of_shares_that_do_not_belong_together_none_is_named(sealed: UnsealingProvider):
    stranger = split(PHRASE.encode(), 3, 5, "start-b")[1]
    forged = split(b"another secret of thirty-three by", 3, 5, "start-a")[1]
    for wrong in (stranger, forged):
        before = sealed.progress().refused
        sealed.offer_share(SHARES[0])
        sealed.offer_share(wrong)
        told = sealed.offer_share(SHARES[2])
        assert told == Progress(0, 0, opened=False, refused=before + 1)
    for share in SHARES[:3]:
        told = sealed.offer_share(share)
    assert told.opened


def test_shares_of_another_secret_do_not_open_it(sealed: UnsealingProvider):
    for share in split(b"another secret", 2, 2, "other"):
        told = sealed.offer_share(share)
    assert told == Progress(0, 0, opened=False, refused=1)


def test_a_share_that_asks_for_many_more_cannot_hold_the_others_up(sealed: UnsealingProvider):
    greedy = split(b"x", 200, 250, "start-a")[200]
    for share in (*SHARES[:2], greedy):
        told = sealed.offer_share(share)
    assert told == Progress(0, 0, opened=False, refused=1)
    for share in (greedy, *SHARES[:2]):
        told = sealed.offer_share(share)
    assert told == Progress(0, 0, opened=False, refused=2)
    for share in SHARES[:3]:
        told = sealed.offer_share(share)
    assert told.opened


def test_it_can_be_sealed_again_and_then_needs_all_shares_anew(sealed: UnsealingProvider):
    for share in SHARES[:3]:
        sealed.offer_share(share)
    sealed.seal()
    assert sealed.health() is Health.SEALED
    for share in SHARES[:2]:
        assert not sealed.offer_share(share).opened
    assert sealed.offer_share(SHARES[4]).opened


def test_a_provider_that_is_away_is_not_held_against_the_shares():
    def away(_secret: bytes) -> KeyProvider:
        raise ProviderUnavailable(Trouble.UNREACHABLE)

    provider = UnsealingProvider("pkcs11", away)
    for share in SHARES[:2]:
        provider.offer_share(share)
    with pytest.raises(ProviderUnavailable):
        provider.offer_share(SHARES[2])
    assert provider.progress() == Progress(0, 0, opened=False, refused=0)


def test_a_secret_that_does_not_let_us_in_is_a_wrong_one():
    def shut(_secret: bytes) -> KeyProvider:
        raise ProviderUnavailable(Trouble.NOT_LET_IN)

    provider = UnsealingProvider("pkcs11", shut)
    for share in SHARES[:3]:
        told = provider.offer_share(share)
    assert told == Progress(0, 0, opened=False, refused=1)


def test_people_who_give_their_shares_at_once_open_it(sealed: UnsealingProvider):
    with ThreadPoolExecutor(5) as people:
        told = list(people.map(sealed.offer_share, SHARES))
    assert sum(one.opened for one in told) >= 1
    assert sealed.health() is Health.READY


@given(st.text(max_size=200))
def test_whatever_is_typed_it_stays_shut_and_nothing_is_raised(text: str):
    provider = UnsealingProvider("file", lambda _: pytest.fail("opened"))
    assert not provider.offer_share(text).opened


def test_it_shows_no_share(sealed: UnsealingProvider):
    sealed.offer_share(SHARES[0])
    body = SHARES[0].split("|")[4]
    assert body not in repr(sealed) + str(sealed.progress())
    with pytest.raises(TypeError, match="never copied"):
        sealed.__getstate__()
