"""Targets for a package for the archive, which whoever received it hands to `bti archive verify`."""

import uuid
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bti.archive.extract import ExtractError, ProvenEntry, check, extract_text
from bti.archive.message import CaseFacts, FileFact, Party, message_xml
from bti.archive.package import PackageError, Statement, key_name, manifest_text, read_manifest
from bti.archive.structure import faults_of
from bti.audit.note import Checkpoint, NoteError, VerifierKey, sign_checkpoint, sign_note
from bti.audit.tree import inclusion_proof, leaf_hash, root_of
from bti.profiles.retention import RetentionError, read
from fuzz.target import AcceptedError, Target

_TENANT = uuid.UUID(int=7, version=4)
_AT = datetime(2026, 9, 1, 10, 0, tzinfo=UTC)
_KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
_PATH, _DIGEST = "log/stafettlogg.html", bytes(32)
MANIFEST = manifest_text({_PATH: _DIGEST})
STATEMENT = Statement.about(_TENANT, "1234-5678", MANIFEST)
NOTE = sign_note(STATEMENT.text, key_name(_TENANT), _KEY)
_VERIFIER = VerifierKey.of(key_name(_TENANT), _KEY)
_CASE = CaseFacts(
    case_id=uuid.UUID(int=9, version=4),
    number="1234-5678",
    title="Stafettlogg",
    unit="Bakken skole",
    opened_at=_AT,
    closed_at=_AT,
    closed_by="Bakken skole",
    secrecy="offentleglova § 13",
    parties=(Party("BARN", "Áhkku", "17841398765"),),
)
_FILE = FileFact(
    path=_PATH,
    title="Loggen",
    mime="text/html",
    size=5,
    sha256=_DIGEST,
    made_at=_AT,
    made_by="Ingrid",
    main=True,
)
MESSAGE = message_xml(_CASE, [_FILE])
_LEAVES = [leaf_hash(one) for one in (b"one", b"another", b"third")]
_CHECKPOINT = sign_checkpoint(Checkpoint("stafett/log/1", 3, root_of(_LEAVES)), _KEY)
_PROVEN = ProvenEntry(0, b"third", 2, inclusion_proof(_LEAVES, 2))
EXTRACT = extract_text([_CHECKPOINT], [_PROVEN]).encode()
RETENTION = b"""[rules.a]
columns = ["entries.body"]
fate = "dispose"
since = "case_closed"
years = 1
source = "s"
nb = "a"
nn = "b"
en = "c"
"""


def _note(data: bytes) -> None:
    if Statement.signed(data.decode("utf-8", "surrogateescape"), [_VERIFIER]) != STATEMENT:
        raise AcceptedError


def _manifest(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    if manifest_text(read_manifest(text)) != text:
        raise AcceptedError


def _message(data: bytes) -> None:
    faults = faults_of(data, {_PATH: _DIGEST}, {_PATH: 5})
    if not faults and "<!" in data.decode("utf-8"):
        raise AcceptedError


def _extract(data: bytes) -> None:
    key = VerifierKey.of("stafett/log/1", _KEY)
    check(data.splitlines(keepends=True), [key])


def _retention(data: bytes) -> None:
    for code, rule in read(data.decode("utf-8", "replace")).items():
        if rule.code != code:
            raise AcceptedError


TARGETS: dict[str, Target] = {
    "package note": Target(_note, (PackageError, NoteError), (NOTE.encode(),), 1024),
    "package manifest": Target(_manifest, (PackageError,), (MANIFEST.encode(),), 512),
    "archive message": Target(_message, (), (MESSAGE,), 4096),
    "log extract": Target(_extract, (ExtractError,), (EXTRACT,), 1024),
    "retention rules": Target(_retention, (RetentionError,), (RETENTION,), 512),
}
