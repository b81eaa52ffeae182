"""One key provider of each kind, set up for real, with what the conformance suite needs to try it."""

import os
import secrets
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bti.crypto.credential_provider import CredentialProvider
from bti.crypto.errors import Trouble
from bti.crypto.file_provider import NEXT, FileProvider, read_root_key, write_root_key
from bti.crypto.pkcs11_token import Way
from bti.crypto.plugin import load_plugin
from bti.crypto.provider import KeyProvider
from bti.crypto.root_key_document import LockCost, write_key
from bti.crypto.transit_http import KeyServer
from bti.crypto.transit_provider import TransitProvider
from bti.crypto.transit_token import Credentials
from tests.bad_line import BadLine
from tests.bao_server import BaoServer
from tests.soft_token import PIN, SoftTokens

FIRST = "stafett/root/1"
SECOND = "stafett/root/2"
CHEAP = LockCost(passes=1, memory_kib=64, lanes=1)


def nothing() -> None:
    """For providers whose key is in memory and cannot go away."""


def forked(act: Callable[[], bool]) -> bool:
    """Whether ``act`` holds in a child that is forked now. Nothing of pytest runs there."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if act() else 2
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@dataclass(slots=True)
class Keeper:
    """``provider`` holds FIRST and SECOND; ``stranger`` is of the same kind with other keys of those names.

    ``again`` makes the provider anew, as a restart would. ``secrets`` may be seen nowhere.
    """

    provider: KeyProvider
    stranger: KeyProvider
    again: Callable[[], KeyProvider]
    secrets: tuple[str, ...]
    holds_second: bool = True
    can_go: bool = False
    go: Callable[[], None] = nothing
    come_back: Callable[[], None] = nothing


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@contextmanager
def file_keeper(folder: Path, *_servers: object) -> Iterator[Keeper]:
    """The root key in a file, and the one that follows beside it."""

    def made(name: str) -> Path:
        path = folder / name / "root.key"
        FileProvider.create(path)
        write_root_key(path.with_name(path.name + NEXT), SECOND, secrets.token_bytes(32))
        return path

    path, other = made("one"), made("two")
    provider = FileProvider(path)
    hidden = b64encode(read_root_key(path)[1]).decode()
    yield Keeper(provider, FileProvider(other), lambda: FileProvider(path), (hidden,))


@contextmanager
def cred_keeper(folder: Path, *_servers: object) -> Iterator[Keeper]:
    """The root key as a credential; there is only one."""
    keys = [secrets.token_bytes(32) for _ in range(2)]
    path = folder / "root.key"
    path.write_bytes(write_key(FIRST, keys[0], None, CHEAP))
    path.chmod(0o400)
    other = CredentialProvider.from_text(write_key(FIRST, keys[1], None, CHEAP).decode())
    yield Keeper(
        CredentialProvider.from_file(path),
        other,
        lambda: CredentialProvider.from_file(path),
        (b64encode(keys[0]).decode(),),
        holds_second=False,
    )


@contextmanager
def pkcs11_keeper(way: Way, tokens: SoftTokens) -> Iterator[Keeper]:
    """Two tokens of SoftHSM whose keys wrap in one way."""
    labels = [f"{name}-{way.name.lower()}" for name in ("main", "other")]
    clock = Clock()
    for label in labels:
        if label not in tokens.made:
            tokens.add(label)
            for ref in (FIRST, SECOND):
                tokens.provider(label).make_root(ref, way)

    def come_back() -> None:
        tokens.plug_in()
        clock.now += 60

    yield Keeper(
        tokens.provider(labels[0], clock=clock),
        tokens.provider(labels[1], clock=clock),
        lambda: tokens.provider(labels[0], clock=clock),
        (PIN,),
        can_go=True,
        go=tokens.unplug,
        come_back=come_back,
    )
    tokens.plug_in()


@contextmanager
def transit_keeper(server: BaoServer) -> Iterator[Keeper]:
    """A real OpenBao behind a line that can be cut; the stranger is another engine of the same server."""
    secret_id, role_id = server.secret_id(), server.role_id()
    clock = Clock()
    line = BadLine(server.port)
    all_made: list[TransitProvider] = []

    def made(mount: str) -> TransitProvider:
        server_at_line = KeyServer(f"https://127.0.0.1:{line.port}", server.ca_file, 2.0)
        credentials = Credentials(role_id, lambda: secret_id)
        all_made.append(TransitProvider(server_at_line, credentials, mount, clock=clock))
        return all_made[-1]

    def come_back() -> None:
        line.mend()
        clock.now += 60

    yield Keeper(
        made("transit"),
        made("other"),
        lambda: made("transit"),
        (secret_id, server.root_token),
        can_go=True,
        go=line.cut,
        come_back=come_back,
    )
    for one in all_made:
        one.close()
    line.end()


@contextmanager
def plugin_keeper(*_servers: object) -> Iterator[Keeper]:
    """A stand-in for a cloud vault, through the plug-in point."""
    dotted, options = "tests.key_vault_double:VaultDouble", {"secret": "klient-hemmelighet"}
    provider = load_plugin(dotted, {**options, "installation": "ours"})
    stranger = load_plugin(dotted, {**options, "installation": "theirs"})

    def trouble(what: Trouble | None) -> None:
        provider.trouble = what

    yield Keeper(
        provider,
        stranger,
        lambda: provider,
        ("klient-hemmelighet",),
        can_go=True,
        go=lambda: trouble(Trouble.UNREACHABLE),
        come_back=lambda: trouble(None),
    )
