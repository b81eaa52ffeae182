"""What only a key service has: sealing, versions, policies, tokens that end, a network between us."""

import contextlib
import json
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bti.crypto.errors import ProviderUnavailable, SealError, Trouble
from bti.crypto.private_file import KeyFileRefused, read_secret_line
from bti.crypto.provider import Health, block_for
from bti.crypto.transit_http import KeyServer
from bti.crypto.transit_provider import TransitProvider, key_name
from bti.crypto.transit_token import Credentials
from tests.bad_line import BadLine
from tests.bao_server import BaoServer, write_certificate
from tests.integration.keys.keepers import FIRST, SECOND, Clock, forked
from tests.lying_server import answer, lying_server, saying

CONTEXT = b"what the key is for"
BLOCK = block_for(bytes(range(32)), CONTEXT)
ROUTINE = "transit/keys/stafett-root-1"


class Open:
    """Makes providers, and closes what they leave open."""

    def __init__(self, bao: BaoServer) -> None:
        self._bao = bao
        self.made: list[TransitProvider] = []
        self.clock = Clock()

    def __call__(
        self,
        read_secret: Callable[[], str] | None = None,
        *,
        role_id: str | None = "",
        port: int = 0,
        seconds: float = 10,
        ca_file: Path | None = None,
    ) -> TransitProvider:
        """A provider signed in by AppRole unless told otherwise."""
        if role_id == "":
            role_id = self._bao.role_id()
        if read_secret is None:
            secret = self._bao.secret_id() if role_id else self._bao.token("keyd")
            read_secret = lambda: secret  # noqa: E731 - one of two ways to give it
        url = f"https://127.0.0.1:{port or self._bao.port}"
        server = KeyServer(url, ca_file or self._bao.ca_file, seconds)
        self.made.append(
            TransitProvider(server, Credentials(role_id, read_secret), clock=self.clock)
        )
        return self.made[-1]


@pytest.fixture
def opened(bao: BaoServer) -> Iterator[Open]:
    """How a test gets its providers."""
    makes = Open(bao)
    yield makes
    for one in makes.made:
        one.close()


@contextlib.contextmanager
def sealed(bao: BaoServer) -> Iterator[None]:
    """The service, sealed for a while."""
    bao.seal()
    try:
        yield
    finally:
        bao.unseal()


def trouble(act: Callable[[], object]) -> Trouble:
    """What the provider says is wrong."""
    with pytest.raises(ProviderUnavailable) as fault:
        act()
    return fault.value.trouble


def requests_for(bao: BaoServer, path: str) -> int:
    """How many requests for a path the server has noted."""
    lines = bao.audit_log.read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in lines]
    return sum(one["type"] == "request" and one["request"]["path"] == path for one in entries)


def test_a_sealed_service_is_said_to_be_sealed_and_is_used_as_soon_as_it_is_opened(
    bao: BaoServer, opened: Open
):
    provider = opened()
    blob = provider.wrap(FIRST, BLOCK, CONTEXT)
    with sealed(bao):
        for _ in range(6):
            assert trouble(lambda: provider.unwrap(FIRST, blob, CONTEXT)) is Trouble.SEALED
        assert provider.health() is Health.SEALED
        newcomer = opened(lambda: "anything", role_id="any")
        assert trouble(lambda: newcomer.unwrap(FIRST, blob, CONTEXT)) is Trouble.SEALED
    assert provider.unwrap(FIRST, blob, CONTEXT) == BLOCK
    assert provider.health() is Health.READY


def test_a_rotated_key_opens_older_blobs_until_they_are_rewrapped_and_its_old_version_is_ended(
    bao: BaoServer, opened: Open
):
    provider = opened()
    old = provider.wrap(FIRST, BLOCK, CONTEXT)
    version = int(old.split(b":")[1][1:])
    bao.do("POST", f"{ROUTINE}/rotate")
    assert provider.unwrap(FIRST, old, CONTEXT) == BLOCK
    with pytest.raises(SealError):
        provider.rewrap(FIRST, FIRST, old, b"another")
    new = provider.rewrap(FIRST, FIRST, old, CONTEXT)
    assert new.startswith(f"vault:v{version + 1}:".encode())
    assert provider.unwrap(FIRST, new, CONTEXT) == BLOCK
    with pytest.raises(SealError):
        provider.unwrap(FIRST, new, b"another")
    bao.do("POST", f"{ROUTINE}/config", {"min_decryption_version": version + 1})
    with pytest.raises(SealError):
        provider.unwrap(FIRST, old, CONTEXT)
    assert provider.unwrap(FIRST, new, CONTEXT) == BLOCK


def test_keyd_may_use_its_keys_and_nothing_else(bao: BaoServer, opened: Open):
    provider = opened(lambda: bao.token("keyd"), role_id=None)
    provider.wrap(FIRST, BLOCK, CONTEXT)
    token = bao.token("keyd")
    for method, path in (
        ("GET", ROUTINE),
        ("POST", ROUTINE),
        ("DELETE", ROUTINE),
        ("POST", f"{ROUTINE}/config"),
        ("POST", f"{ROUTINE}/rotate"),
        ("GET", "transit/export/encryption-key/stafett-root-1"),
        ("GET", "transit/backup/stafett-root-1"),
        ("GET", "sys/mounts"),
    ):
        assert bao.call(method, path, token=token)[0] == 403, path


def test_what_the_policy_does_not_let_us_do_is_refused_and_not_taken_for_an_outage(
    bao: BaoServer, opened: Open
):
    blob = opened().wrap(FIRST, BLOCK, CONTEXT)
    other = opened().wrap(SECOND, BLOCK, CONTEXT)
    reader = opened(lambda: bao.token("reader"), role_id=None)
    assert reader.unwrap(FIRST, blob, CONTEXT) == BLOCK
    for _ in range(5):
        with pytest.raises(SealError):
            reader.unwrap(SECOND, other, CONTEXT)
        with pytest.raises(ValueError, match="does not wrap"):
            reader.wrap(FIRST, BLOCK, CONTEXT)
    assert reader.unwrap(FIRST, blob, CONTEXT) == BLOCK


def test_asking_for_a_key_that_is_not_there_does_not_make_it(bao: BaoServer, opened: Open):
    with pytest.raises(ValueError, match="does not wrap"):
        opened().wrap("stafett/root/77", BLOCK, CONTEXT)
    assert bao.do("LIST", "transit/keys")["data"]["keys"] == ["stafett-root-1", "stafett-root-2"]


def test_a_token_that_was_revoked_is_replaced_by_signing_in_again(bao: BaoServer, opened: Open):
    provider = opened()
    blob = provider.wrap(FIRST, BLOCK, CONTEXT)
    for _ in range(2):
        bao.do("POST", "auth/token/revoke", {"token": provider._token.current()})
        assert provider.unwrap(FIRST, blob, CONTEXT) == BLOCK


def test_a_token_is_renewed_when_two_thirds_of_its_time_have_passed(bao: BaoServer, opened: Open):
    provider = opened()
    blob = provider.wrap(FIRST, BLOCK, CONTEXT)
    token = provider._token.current()
    before = requests_for(bao, "auth/token/renew-self")
    opened.clock.now += 399
    provider.unwrap(FIRST, blob, CONTEXT)
    assert requests_for(bao, "auth/token/renew-self") == before
    opened.clock.now += 2
    provider.unwrap(FIRST, blob, CONTEXT)
    provider.unwrap(FIRST, blob, CONTEXT)
    assert requests_for(bao, "auth/token/renew-self") == before + 1
    assert provider._token.current() == token


def test_a_token_that_ended_shuts_us_out_until_its_file_holds_a_new_one(
    bao: BaoServer, opened: Open, tmp_path: Path
):
    file = tmp_path / "token"
    file.write_text(bao.token("keyd"), encoding="utf-8")
    file.chmod(0o600)
    provider = opened(lambda: read_secret_line(file, "token"), role_id=None)
    blob = provider.wrap(FIRST, BLOCK, CONTEXT)
    bao.do("POST", "auth/token/revoke", {"token": file.read_text(encoding="utf-8")})
    assert trouble(lambda: provider.unwrap(FIRST, blob, CONTEXT)) is Trouble.NOT_LET_IN
    assert provider.health() is Health.ERROR
    file.write_text(bao.token("keyd"), encoding="utf-8")
    assert provider.unwrap(FIRST, blob, CONTEXT) == BLOCK


def test_a_wrong_or_missing_secret_does_not_let_us_in_and_is_not_hammered(
    bao: BaoServer, opened: Open
):
    wrong = opened(lambda: "00000000-feil-feil-feil-000000000000")
    logins = requests_for(bao, "auth/approle/login")
    for _ in range(10):
        assert trouble(lambda: wrong.wrap(FIRST, BLOCK, CONTEXT)) is Trouble.NOT_LET_IN
    assert requests_for(bao, "auth/approle/login") == logins + 3

    def missing() -> str:
        raise KeyFileRefused("There is no such file.")

    lost = opened(missing)
    assert trouble(lambda: lost.wrap(FIRST, BLOCK, CONTEXT)) is Trouble.NOT_LET_IN


def test_the_service_s_log_holds_no_secret(bao: BaoServer, opened: Open):
    secret_id = bao.secret_id()
    provider = opened(lambda: secret_id)
    blob = provider.wrap(FIRST, BLOCK, CONTEXT)
    provider.unwrap_many(FIRST, [(blob, CONTEXT)])
    log = bao.audit_log.read_text(encoding="utf-8")
    assert log.count("transit/encrypt/stafett-root-1") > 0
    for secret in (
        secret_id,
        provider._token.current(),
        bao.root_token,
        b64encode(BLOCK).decode(),
        b64encode(BLOCK[:30]).decode(),
        *bao.unseal_keys,
    ):
        assert secret not in log


def test_a_start_with_2000_keys_asks_twenty_times(bao: BaoServer, opened: Open):
    provider = opened()
    blob = provider.wrap(FIRST, BLOCK, CONTEXT)
    before = requests_for(bao, "transit/decrypt/stafett-root-1")
    opened_blocks = provider.unwrap_many(FIRST, [(blob, CONTEXT)] * 1999 + [(blob, b"x")])
    assert opened_blocks == [BLOCK] * 1999 + [None]
    assert requests_for(bao, "transit/decrypt/stafett-root-1") == before + 20


def test_another_ca_than_the_named_one_is_not_trusted(bao: BaoServer, opened: Open, tmp_path: Path):
    write_certificate(tmp_path)
    provider = opened(lambda: "secret", role_id="role", ca_file=tmp_path / "server.pem")
    assert trouble(lambda: provider.wrap(FIRST, BLOCK, CONTEXT)) is Trouble.NOT_TRUSTED


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8200", "https://", "https://h/v1", "https://h?x=1", "ftp://h", ""]
)
def test_an_address_that_is_not_https_and_a_host_is_refused(url: str):
    with pytest.raises(ValueError, match="https"):
        KeyServer(url, None, 1)


def test_no_proxy_of_the_environment_comes_between(opened: Open, monkeypatch: pytest.MonkeyPatch):
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert opened().health() is Health.READY


def test_a_service_that_says_nothing_holds_nobody_longer_than_the_limit(
    bao: BaoServer, opened: Open
):
    with BadLine.to(bao.port) as line:
        provider = opened(port=line.port, seconds=0.3)
        blob = provider.wrap(FIRST, BLOCK, CONTEXT)
        line.silent = True
        for _ in range(10):
            assert trouble(lambda: provider.unwrap(FIRST, blob, CONTEXT)) is Trouble.TOO_SLOW
        assert line.connections <= 4, "after three failures it is left alone for a while"
        line.hang_up()
        line.mend()
        opened.clock.now += 60
        assert provider.unwrap(FIRST, blob, CONTEXT) == BLOCK


def test_a_connection_that_was_closed_while_idle_is_made_anew(bao: BaoServer, opened: Open):
    with BadLine.to(bao.port) as line:
        provider = opened(port=line.port)
        blob = provider.wrap(FIRST, BLOCK, CONTEXT)
        line.hang_up()
        assert provider.unwrap(FIRST, blob, CONTEXT) == BLOCK


def test_a_service_that_sends_a_byte_now_and_then_is_too_slow(bao: BaoServer, opened: Open):
    ended = threading.Event()

    def drip(_request: bytes, sock) -> None:
        for byte in answer("200 OK", b" " * 10_000):
            if ended.wait(0.05):
                return
            sock.sendall(bytes((byte,)))

    with lying_server(bao.folder, drip) as (port, _):
        provider = opened(lambda: "token", role_id=None, port=port, seconds=0.4)
        assert trouble(lambda: provider.wrap(FIRST, BLOCK, CONTEXT)) is Trouble.TOO_SLOW
        ended.set()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (b"hello\r\n\r\n", Trouble.UNREACHABLE),
        (answer("200 OK", b"not json"), Trouble.UNREACHABLE),
        (answer("200 OK", b"[" * 100_000), Trouble.UNREACHABLE),
        (answer("200 OK", b'["a list"]'), Trouble.UNREACHABLE),
        (answer("200 OK", b"{}"), Trouble.NOT_AS_NEEDED),
        (answer("200 OK", b'{"data": 7, "auth": 7}'), Trouble.NOT_AS_NEEDED),
        (answer("307 T", b"", "Location: https://127.0.0.1:1/"), Trouble.NOT_LET_IN),
        (answer("500 Oh", b"{}"), Trouble.UNREACHABLE),
        (answer("503 Oh", b'{"errors":["Vault is sealed"]}'), Trouble.SEALED),
        (answer("200 OK", b'{"a":"' + b"x" * 9_000_000 + b'"}'), Trouble.UNREACHABLE),
    ],
    ids=["garbage", "text", "deep", "list", "empty", "odd", "redirect", "fault", "sealed", "huge"],
)
def test_an_answer_that_makes_no_sense_is_an_outage(
    bao: BaoServer, opened: Open, said: bytes, expected: Trouble
):
    with lying_server(bao.folder, saying(said)) as (port, _):
        provider = opened(lambda: "hemmelig-id", role_id="role", port=port)
        assert trouble(lambda: provider.wrap(FIRST, BLOCK, CONTEXT)) is expected
        assert provider.health() in {Health.ERROR, Health.SEALED}


def test_an_answer_with_another_key_in_it_is_refused(bao: BaoServer, opened: Open):
    other = block_for(bytes(32), b"another context")
    data = {"plaintext": b64encode(other).decode(), "batch_results": None}
    told = {"data": data, "auth": {"client_token": "t", "lease_duration": 60}}
    batch = {**told, "data": {"batch_results": [{"plaintext": data["plaintext"]}]}}
    blob = opened().wrap(FIRST, BLOCK, CONTEXT)
    one = saying(answer("200 OK", json.dumps(told).encode()))
    with lying_server(bao.folder, one) as (port, _), pytest.raises(SealError):
        opened(lambda: "s", role_id="r", port=port).unwrap(FIRST, blob, CONTEXT)
    many = saying(answer("200 OK", json.dumps(batch).encode()))
    with lying_server(bao.folder, many) as (port, _):
        liar = opened(lambda: "s", role_id="r", port=port)
        assert liar.unwrap_many(FIRST, [(blob, CONTEXT)]) == [None]
        two = [(blob, CONTEXT), (blob, CONTEXT)]
        assert trouble(lambda: liar.unwrap_many(FIRST, two)) is Trouble.NOT_AS_NEEDED


@pytest.mark.parametrize("name", ["", "a", "../sys", "Root", "a b", "a\n", "-a-", "æøå"])
def test_a_root_key_s_name_cannot_lead_anywhere_else_in_the_service(name: str):
    with pytest.raises(ValueError, match="small letters"):
        key_name(name)
    assert key_name(FIRST) == "stafett-root-1"


def test_a_forked_child_does_not_speak_on_its_parent_s_connection(bao: BaoServer, opened: Open):
    with BadLine.to(bao.port) as line:
        provider = opened(port=line.port)
        blob = provider.wrap(FIRST, BLOCK, CONTEXT)
        before = line.connections
        assert forked(lambda: provider.unwrap(FIRST, blob, CONTEXT) == BLOCK)
        assert line.connections == before + 1
        assert provider.unwrap(FIRST, blob, CONTEXT) == BLOCK
        assert line.connections == before + 1, "the parent's connection still holds"
