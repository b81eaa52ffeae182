"""The log's signer as a process of its own: asked over a socket file, in the words of a witness.

The socket is for its owner's group alone; whoever may write to it may have a tree signed that
continues the last one, and nothing else.
"""

from __future__ import annotations

import http.client
import json
import re
import socket
import uuid
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bti.audit.asking import BodyError, body_of, read_body
from bti.audit.event import origin_of
from bti.audit.note import Checkpoint, NoteError
from bti.audit.signer import Begun, SignerRefusedError
from bti.audit.state import Remembered, StaleError
from bti.jobs.witness import TIMEOUT, body_from, reply

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from wsgiref.types import StartResponse, WSGIEnvironment

    from bti.audit.signer import LogSigner
    from bti.jobs.witness import App

_ADDRESS: Final = re.compile(
    r"/(sign|key|begin|state)/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/([0-9]{1,6})"
)
_REFUSED: Final = 403
_STALE: Final = 409


def signer_app(signer: LogSigner) -> App:
    """Return the web application of a signer."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        found = _ADDRESS.fullmatch(environ.get("PATH_INFO", ""))
        if found is None or environ.get("REQUEST_METHOD") != "POST":
            return reply(start_response, 404, "not here\n")
        act, tenant, epoch = found[1], uuid.UUID(found[2]), int(found[3])
        try:
            text = _act(signer, act, tenant, epoch, body_from(environ))
        except StaleError as stale:
            return reply(start_response, _STALE, f"{stale.size}\n")
        except (SignerRefusedError, BodyError, NoteError) as refusal:
            return reply(start_response, _REFUSED, f"{refusal}\n")
        return reply(start_response, 200, text)

    return app


def _act(signer: LogSigner, act: str, tenant: uuid.UUID, epoch: int, body: bytes) -> str:
    if act == "key":
        return signer.verifier_key(tenant, epoch)
    if act == "begin":
        begun = signer.begin(tenant, epoch)
        return json.dumps([begun.verifier_key, _told(begun.before)])
    if act == "state":
        return json.dumps(_told(signer.remembered(tenant)))
    old, proof, text = read_body(body)
    asked = Checkpoint.parse(text)
    if asked.origin != origin_of(tenant, epoch):
        raise SignerRefusedError("the checkpoint is of another log")
    return signer.sign(tenant, epoch, (asked.size, asked.root), old, proof)


def _told(known: Remembered | None) -> list[str | int] | None:
    if known is None:
        return None
    return [known.origin, known.size, b64encode(known.root).decode(), known.note]


def _heard(told: list[str | int] | None) -> Remembered | None:
    if told is None:
        return None
    origin, size, root, note = told
    return Remembered(str(origin), int(size), b64decode(str(root)), str(note))


@dataclass(frozen=True, slots=True)
class SocketSigner:
    """A signer behind a socket file. Raises ``OSError`` when nobody answers there."""

    path: Path

    def verifier_key(self, tenant: uuid.UUID, epoch: int) -> str:
        """Return the public key of an epoch; the first is made when nothing is known of the log."""
        return self._ask("key", tenant, epoch)

    def sign(
        self,
        tenant: uuid.UUID,
        epoch: int,
        state: tuple[int, bytes],
        old: int,
        proof: Sequence[bytes],
    ) -> str:
        """Return the note over size and root. Raises ``StaleError`` and ``SignerRefusedError``."""
        checkpoint = Checkpoint(origin_of(tenant, epoch), *state)
        return self._ask("sign", tenant, epoch, body_of(old, proof, checkpoint.text))

    def remembered(self, tenant: uuid.UUID) -> Remembered | None:
        """Return the newest state that was signed, or None for a log that is new there."""
        return _heard(json.loads(self._ask("state", tenant, 0)))

    def begin(self, tenant: uuid.UUID, epoch: int) -> Begun:
        """Begin another epoch with a new key. Asked twice for the same one it answers the same."""
        key, before = json.loads(self._ask("begin", tenant, epoch))
        return Begun(str(key), _heard(before))

    def _ask(self, act: str, tenant: uuid.UUID, epoch: int, body: bytes = b"") -> str:
        connection = _SocketConnection(self.path)
        try:
            connection.request("POST", f"/{act}/{tenant}/{epoch}", body)
            answer = connection.getresponse()
            status, text = answer.status, answer.read().decode()
        except http.client.HTTPException as fault:
            raise OSError(f"the signer does not answer: {type(fault).__name__}") from fault
        finally:
            connection.close()
        if status == _STALE:
            raise StaleError(int(text))
        if status != 200:  # noqa: PLR2004 - HTTP's own number
            raise SignerRefusedError(text.strip()[:300])
        return text


class _SocketConnection(http.client.HTTPConnection):
    """HTTP over a socket file."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=TIMEOUT)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(TIMEOUT)
        self.sock.connect(str(self._path))
