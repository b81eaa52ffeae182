"""A whole site whose key provider is away, slow, sealed, shut to us or another's: calm, and silent about it.

Attack 77 of the threat model, with a real hardware module's library and a real key service.
"""

import contextlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bti.bootstrap import open_runtime
from bti.crypto.shares import split
from bti.crypto.unsealing_provider import UnsealingProvider
from bti.key_provider import key_provider
from bti.settings import Settings
from bti.web.site import open_site
from bti.workflows.readiness import is_ready
from tests.bad_line import BadLine
from tests.bao_server import BaoServer
from tests.integration.keys.keepers import FIRST
from tests.soft_token import PIN, SoftTokens
from tests.web.critic import CriticClient
from tests.world import CHEAP, World, build, settings_for

TELLING = ("transit", "pkcs11", "vault", "token", "sealed", "PIN", "provider", "Traceback", "key ")


@dataclass(slots=True)
class Installation:
    """A municipality whose keys are kept by a real provider, and a session of somebody's."""

    world: World
    session: str
    settings: Settings
    secret_file: Path
    secrets: tuple[str, ...]

    @contextlib.contextmanager
    def restarted(self, **changed: object) -> Iterator[CriticClient]:
        """Somebody signed in, and the process begun anew with no key in memory."""
        settings = self.settings.model_copy(update=changed)
        app = open_site(settings, clock=self.world.clock, cost=CHEAP)
        client = CriticClient(app)
        client.client.set_cookie("st_session", self.session)
        try:
            yield client
        finally:
            app.extensions["bti"].close()


def private(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


def installed(folder: Path, secret_file: Path, secrets: tuple[str, ...], **more) -> Installation:
    settings = settings_for(folder, serve="case", **more)
    world = build(settings)
    return Installation(world, world.token("ingrid"), settings, secret_file, secrets)


@pytest.fixture(scope="module")
def line(bao: BaoServer) -> Iterator[BadLine]:
    with BadLine.to(bao.port) as made:
        yield made


@pytest.fixture(scope="module")
def with_bao(
    bao: BaoServer, line: BadLine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """Keys in OpenBao."""
    folder = tmp_path_factory.mktemp("with-bao")
    secret = bao.secret_id()
    made = installed(
        folder,
        private(folder / "secret-id", secret),
        (secret, bao.root_token),
        key_provider="transit",
        transit_url=f"https://127.0.0.1:{line.port}",
        transit_ca_file=bao.ca_file,
        transit_role_id=bao.role_id(),
        transit_secret_file=folder / "secret-id",
    )
    yield made
    made.world.close()


@pytest.fixture(scope="module")
def with_token(
    tokens: SoftTokens, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """Keys in a hardware module."""
    folder = tmp_path_factory.mktemp("with-token")
    tokens.provider(tokens.add("web")).make_root(FIRST)
    made = installed(
        folder,
        private(folder / "pin", PIN),
        (PIN,),
        key_provider="pkcs11",
        pkcs11_module=tokens.module,
        pkcs11_token="web",
        pkcs11_pin_file=folder / "pin",
    )
    yield made
    made.world.close()


def is_calm(
    client: CriticClient, caplog: pytest.LogCaptureFixture, installation: Installation, reason: str
) -> None:
    """Every kind of request gets the same quiet page, and the operator's log the reason."""
    with caplog.at_level(logging.DEBUG):
        pages = [
            client.get("/account"),
            client.get("/cases/new"),
            client.get("/"),
        ]
        ready, alive = client.get("/readyz"), client.get("/healthz")
    for page in pages:
        assert page.status == 503
        assert page.heading == "Stafett is not available just now"
        assert [word for word in TELLING if word in page.text] == []
    assert (ready.status, ready.response.data) == (503, b"not ready\n")
    assert alive.status == 200
    assert f"the keys cannot be had: {reason}" in caplog.text
    for secret in installation.secrets:
        assert secret not in caplog.text
        assert all(secret.encode() not in page.response.data for page in pages)


def works(client: CriticClient) -> bool:
    return client.get("/account").status == 200 and client.get("/readyz").status == 200


def test_with_the_provider_there_it_works(with_bao: Installation, with_token: Installation):
    for installation in (with_bao, with_token):
        with installation.restarted() as client:
            assert works(client)


def test_a_key_service_that_is_down(with_bao: Installation, line: BadLine, caplog):
    line.cut()
    try:
        with with_bao.restarted() as client:
            is_calm(client, caplog, with_bao, "unreachable")
    finally:
        line.mend()
    with with_bao.restarted() as client:
        assert works(client)


def test_a_key_service_that_says_nothing(
    with_bao: Installation, line: BadLine, caplog, monkeypatch
):
    monkeypatch.setattr("bti.key_provider.SECONDS", 0.2)
    line.silent = True
    try:
        with with_bao.restarted() as client:
            is_calm(client, caplog, with_bao, "too slow")
    finally:
        line.hang_up()
        line.mend()


def test_a_sealed_key_service_and_that_it_works_as_soon_as_it_is_opened(
    with_bao: Installation, bao: BaoServer, caplog
):
    with with_bao.restarted() as client:
        bao.seal()
        try:
            is_calm(client, caplog, with_bao, "sealed")
        finally:
            bao.unseal()
        assert works(client)


def test_a_secret_that_has_ended(with_bao: Installation, bao: BaoServer, caplog, tmp_path: Path):
    ended = bao.secret_id()
    bao.do("POST", "auth/approle/role/keyd/secret-id/destroy", {"secret_id": ended})
    file = private(tmp_path / "secret-id", ended)
    with with_bao.restarted(transit_secret_file=file) as client:
        is_calm(client, caplog, with_bao, "it does not let us in")


def test_a_key_service_with_other_keys_opens_nothing_and_leaks_nothing(with_bao: Installation):
    with with_bao.restarted(transit_mount="other") as client:
        page = client.get("/account")
        assert page.status == 500
        assert page.heading == "Something went wrong on our side"
        assert [word for word in TELLING if word in page.text] == []
        assert client.get("/readyz").status == 503


def test_a_hardware_module_that_was_pulled_out(
    with_token: Installation, tokens: SoftTokens, caplog
):
    tokens.unplug()
    try:
        with with_token.restarted() as client:
            is_calm(client, caplog, with_token, "unreachable")
    finally:
        tokens.plug_in()
    with with_token.restarted() as client:
        assert works(client)


def test_a_wrong_pin_ten_restarts_long_costs_one_try(
    with_token: Installation, tokens: SoftTokens, caplog, tmp_path: Path
):
    tokens.restart()
    wrong = private(tmp_path / "pin", "0000-galt")
    for _ in range(10):
        with with_token.restarted(pkcs11_pin_file=wrong) as client:
            assert client.get("/account").status == 503
    with with_token.restarted(pkcs11_pin_file=wrong) as client:
        is_calm(client, caplog, with_token, "it does not let us in")
    tokens.provider("web").log_in_by_hand()
    with with_token.restarted() as client:
        assert works(client)


def test_a_sealed_start_is_calm_until_the_shares_have_been_given(
    with_token: Installation, tokens: SoftTokens
):
    tokens.restart()
    settings = with_token.settings.model_copy(
        update={"key_start": "sealed", "pkcs11_pin_file": None}
    )
    provider = key_provider(settings)
    assert isinstance(provider, UnsealingProvider)
    runtime = open_runtime(settings, clock=with_token.world.clock, provider=provider, cost=CHEAP)
    shares = split(PIN.encode(), 2, 3, "start")
    try:
        for share in shares[:2]:
            assert not is_ready(runtime.doorway)
            provider.offer_share(share)
        assert is_ready(runtime.doorway)
    finally:
        runtime.close()
