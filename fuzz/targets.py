"""What is fuzzed: each parser with what it may raise, sound examples, and what may never be true.

A parser reads bytes or text that an attacker may have written. It may refuse with its one error;
any other exception, and any acceptance of what was not made by us, is a fault.
"""

import json
import tempfile
from datetime import date
from io import BytesIO
from itertools import zip_longest
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bti.audit import tree
from bti.audit.leaf import Leaf, LeafError, row_written
from bti.audit.note import (
    COSIGNATURE_TYPE,
    Checkpoint,
    NoteError,
    VerifierKey,
    cosign,
    open_cosignature,
    open_note,
    sign_checkpoint,
)
from bti.audit.single import proof_text
from bti.audit.verify import (
    checkpoint_line,
    leaf_line,
    verify_export,
    verify_leaves,
    verify_proof,
)
from bti.crypto import blind_index
from bti.crypto.backup_key import BackupKeyRefused, BackupPrivateKey, BackupPublicKey
from bti.crypto.envelope import DataKey, Place, key_id_of, open_sealed, seal
from bti.crypto.errors import SealError
from bti.crypto.fold import fold
from bti.crypto.padding import unpad
from bti.crypto.provider import (
    TenantPurpose,
    WrappedTenantKey,
    unwrap_tenant_key,
    unwrap_tenant_keys,
    wrap_tenant_key,
)
from bti.crypto.root_key_document import DocumentRefused, LockCost, read_key, write_key
from bti.crypto.sealed_dump import DumpHead, open_dump, seal_dump
from bti.crypto.shares import ShareError, combine, split
from bti.crypto.software_root import SoftwareRoot
from bti.crypto.stream import decrypt_stream, encrypt_stream
from bti.crypto.values import json_from_bytes, text_from_bytes
from bti.crypto.wrapping import unwrap_key, wrap_key
from bti.domain.errors import RuleBroken
from bti.domain.national_id import validate
from bti.keyd.wire import BadMessage, parse_answer, parse_request, request
from fuzz import archived, counted, handed_in, network_side, own_files
from fuzz.target import AcceptedError, Target


class _Root(SoftwareRoot):
    name = "file"


TENANT, CASE = UUID(int=1), UUID(int=2)
PLACE = Place(TENANT, CASE, "entries", "body_ct", UUID(int=3), 7)
KEY = DataKey(b"i" * 16, b"k" * 32)
INNER = DataKey(b"j" * 16, b"l" * 32)
SIGNER = Ed25519PrivateKey.from_private_bytes(b"s" * 32)
ORIGIN = f"stafett/{TENANT}/1"
VERIFIER = VerifierKey.of(ORIGIN, SIGNER)

SEALED = seal(KEY, PLACE, b"what was seen at school")
WRAPPED = wrap_key(KEY, TENANT, CASE, "core", INNER)
ROOT = _Root({"stafett/root/1": b"r" * 32})
LEAF = Leaf(
    ten=str(TENANT),
    t="2026-11-22T09:00:00.000000Z",
    act="case:page:read",
    who=str(UUID(int=4)),
    pur="follow-up",
    dec="allow",
    obj=(f"case:{CASE}",),
    grd="holder",
    rows=(row_written("entries", UUID(int=5), version=2, digest=bytes(32)),),
).to_bytes()
_FRONTIER = tree.Frontier()
for _one in range(11):
    _FRONTIER.append(tree.leaf_hash(bytes([_one])))
HASHES = [tree.leaf_hash(bytes([one])) for one in range(11)]
NOTE = sign_checkpoint(Checkpoint(ORIGIN, 11, _FRONTIER.root()), SIGNER)


def _sealed(data: bytes) -> None:
    key_id_of(data)
    open_sealed(KEY, PLACE, data)
    if data != SEALED:
        raise AcceptedError


def _wrapped(data: bytes) -> None:
    unwrap_key(KEY, TENANT, CASE, "core", INNER.key_id, data)
    if data != WRAPPED:
        raise AcceptedError


def _stream(data: bytes) -> None:
    for _ in decrypt_stream(b"k" * 32, b"context", BytesIO(data)):
        pass
    if data not in STREAMS:
        raise AcceptedError


def _stored_stream(content: bytes) -> bytes:
    sealed = BytesIO()
    encrypt_stream(b"k" * 32, b"context", BytesIO(content), sealed)
    return sealed.getvalue()


STREAMS = tuple(_stored_stream(content) for content in (b"", b"scan", b"s" * 700))


def _leaf(data: bytes) -> None:
    if Leaf.parse(data).to_bytes() != data:
        raise AcceptedError


def _note(data: bytes) -> None:
    checkpoint = open_note(data.decode("utf-8", "surrogateescape"), [VERIFIER])
    if (checkpoint.size, checkpoint.root) != (11, _FRONTIER.root()):
        raise AcceptedError


def _verifier_key(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    if VerifierKey.parse(text).encode() != text:
        raise AcceptedError


def _frontier(data: bytes) -> None:
    if tree.Frontier.from_bytes(data).to_bytes() != data:
        raise AcceptedError


def _inclusion(data: bytes) -> None:
    index, size, rest = data[:1], data[1:2], data[2:]
    proof = [rest[at : at + 32] for at in range(0, len(rest), 32)]
    place, count = int.from_bytes(index, "big"), int.from_bytes(size, "big")
    held = tree.verify_inclusion(HASHES[3], place, count, proof, _FRONTIER.root())
    # A path says where a leaf stands, and the size only within a power of two: the checkpoint has it.
    if held and (place != 3 or not 8 < count <= 16):
        raise AcceptedError


def _consistency(data: bytes) -> None:
    proof = [data[at : at + 32] for at in range(1, len(data), 32)]
    earlier = int.from_bytes(data[:1], "big")
    claimed = tree.root_of(HASHES[:5])
    held = tree.verify_consistency(earlier, 11, claimed, _FRONTIER.root(), proof)
    if held and earlier != 5:
        raise AcceptedError


def _offline(data: bytes) -> None:
    leaf, _, note = data.partition(b"\0")
    report = verify_leaves([(0, leaf)], [note.decode("utf-8", "replace")], VERIFIER.encode())
    if report.intact and data != OFFLINE:
        raise AcceptedError


def _one_leaf_log() -> bytes:
    frontier = tree.Frontier()
    frontier.append(tree.leaf_hash(LEAF))
    return LEAF + b"\0" + sign_checkpoint(Checkpoint(ORIGIN, 1, frontier.root()), SIGNER).encode()


OFFLINE = _one_leaf_log()
_EXPORT = tempfile.TemporaryDirectory()
_FILES = ("leaves.ndjson", "checkpoints.ndjson", "checkpoint", "cosignatures.ndjson", "keys")


def _export(data: bytes) -> None:
    folder = Path(_EXPORT.name)
    for name, content in zip_longest(_FILES, data.split(b"\0")[: len(_FILES)], fillvalue=b""):
        (folder / name).unlink(
            missing_ok=True
        )  # a file cut short and written again is waited for by ext4
        (folder / name).write_bytes(content)
    report = verify_export(folder, VERIFIER.encode())
    if report.intact and report.size != 1:
        raise AcceptedError


def _exported() -> bytes:
    leaf, _, note = OFFLINE.partition(b"\0")
    line = checkpoint_line(note.decode()).encode()
    return b"\0".join((leaf_line(leaf).encode(), line, note, line, VERIFIER.encode().encode()))


def _tenant_key(data: bytes) -> None:
    stored = WrappedTenantKey("stafett/root/1", TENANT, TenantPurpose.KEK, 1, KEY.key_id, data)
    opened = unwrap_tenant_keys(ROOT, [stored, stored])
    if any(opened) and data != TENANT_KEY:
        raise AcceptedError
    unwrap_tenant_key(ROOT, "stafett/root/1", TENANT, TenantPurpose.KEK, 1, KEY.key_id, data)
    if not all(opened):
        raise AcceptedError


TENANT_KEY = wrap_tenant_key(ROOT, "stafett/root/1", TENANT, TenantPurpose.KEK, 1, KEY)


def _shares(data: bytes) -> None:
    if combine(data.decode("utf-8", "replace").splitlines()) != b"the root key":
        raise AcceptedError


CHEAP = LockCost(memory_kib=8, passes=1, lanes=1)
DOCUMENT = write_key("stafett/root/1", b"k" * 32, None, CHEAP)
LOCKED = write_key("stafett/root/1", b"k" * 32, "a passphrase", CHEAP)


def _document(data: bytes) -> None:
    name, key = read_key(data, None)
    if len(key) != 32 or not name:
        raise AcceptedError


def _unpad(data: bytes) -> None:
    unpad(data)


def _json(data: bytes) -> None:
    json.dumps(json_from_bytes(data))


def _text(data: bytes) -> None:
    text_from_bytes(data).encode()


def _national_id(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    found = validate(text, today=date(2026, 11, 22), synthetic="only")
    if len(found.digits) != 11 or not found.digits.isascii():
        raise AcceptedError


def _national_id_token(data: bytes) -> None:
    if len(blind_index.national_id_token(KEY, "fnr", data.decode("utf-8", "replace"))) != 16:
        raise AcceptedError


def _fold(data: bytes) -> None:
    words = fold(data.decode("utf-8", "replace"))
    if fold(" ".join(words)) != words:
        raise AcceptedError


COSIGNED = Checkpoint(ORIGIN, 11, _FRONTIER.root()).text
WITNESS = VerifierKey.of("vitne.example", SIGNER, COSIGNATURE_TYPE)
COSIGNATURE = cosign(COSIGNED, WITNESS.name, SIGNER, 1_790_000_000)


def _cosignature(data: bytes) -> None:
    when = open_cosignature(COSIGNED, data.decode("utf-8", "surrogateescape"), WITNESS)
    if when != 1_790_000_000:
        raise AcceptedError


def _single_proof() -> bytes:
    entries = [b"another", LEAF, b"a third"]
    hashes = [tree.leaf_hash(one) for one in entries]
    note = sign_checkpoint(Checkpoint(ORIGIN, 3, tree.root_of(hashes)), SIGNER)
    return proof_text(LEAF, 1, tree.inclusion_proof(hashes, 1), note).encode()


def _proof(data: bytes) -> None:
    proven = verify_proof(data.decode("utf-8", "surrogateescape"), VERIFIER.encode())
    if proven.entry != LEAF:
        raise AcceptedError


PROOF = _single_proof()
BACKUP_KEY = BackupPrivateKey(b"b" * 32)
BACKUP_PUBLIC = BACKUP_KEY.public.encode().encode()
BACKUP_PRIVATE = BACKUP_KEY.encode().encode()
HEAD = DumpHead("data", "2026-11-22T09:00:00+00:00", "0" * 16, BACKUP_KEY.public.key_id)


def _sealed_dump() -> bytes:
    file = BytesIO()
    seal_dump(BACKUP_KEY.public, HEAD, [b"rows"], file)
    return file.getvalue()


DUMP = _sealed_dump()


def _dump(data: bytes) -> None:
    _, pieces = open_dump(BACKUP_KEY, BytesIO(data))
    if b"".join(pieces) != b"rows" or data != DUMP:
        raise AcceptedError


def _backup_public(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    key = BackupPublicKey.parse(text)
    # Anybody may make a key; its id is a checksum. A line may not go by another key's id.
    if key.key_id not in text or BackupPublicKey.parse(key.encode()).key_id != key.key_id:
        raise AcceptedError


def _backup_private(data: bytes) -> None:
    BackupPrivateKey.parse(data.decode("utf-8", "replace"))


REQUEST = request(
    "open",
    b"t" * 32,
    {"case": CASE.hex, "action": "read_case", "entry": None, "purpose": "follow-up"},
)


def _request(data: bytes) -> None:
    parse_request(data)


def _broker_answer(data: bytes) -> None:
    parse_answer(data)


TARGETS: dict[str, Target] = {
    "sealed value": Target(_sealed, (SealError,), (SEALED, SEALED[:46]), 400),
    "wrapped key": Target(_wrapped, (SealError,), (WRAPPED,), 200),
    "tenant key": Target(_tenant_key, (SealError,), (TENANT_KEY,), 200),
    "stream": Target(_stream, (SealError,), STREAMS, 2048),
    "root key document": Target(_document, (DocumentRefused,), (DOCUMENT, LOCKED), 600),
    "shares": Target(
        _shares,
        (ShareError,),
        ("\n".join(split(b"the root key", 2, 3, "set-1")[:2]).encode(),),
        400,
    ),
    "padding": Target(_unpad, (SealError, ValueError), (b"a\x80" + bytes(62),), 128),
    "sealed json": Target(_json, (SealError, ValueError), (b'{"a":["b",1,null,true]}',)),
    "sealed text": Target(_text, (SealError, ValueError), ("blåbær".encode(),)),
    "leaf": Target(_leaf, (LeafError,), (LEAF,), 2048),
    "checkpoint note": Target(_note, (NoteError,), (NOTE.encode(),), 2048),
    "verifier key": Target(_verifier_key, (NoteError,), (VERIFIER.encode().encode(),), 256),
    "frontier": Target(_frontier, (tree.TreeError,), (_FRONTIER.to_bytes(),), 2048),
    "inclusion proof": Target(
        _inclusion,
        (),
        (bytes((3, 11)) + b"".join(tree.inclusion_proof(HASHES, 3)),),
    ),
    "consistency proof": Target(
        _consistency,
        (),
        (bytes((5,)) + b"".join(tree.consistency_proof(HASHES, 5, 11)),),
    ),
    "offline verifier": Target(_offline, (), (OFFLINE, b'{"v":1' + OFFLINE), 3000),
    "exported log": Target(_export, (), (_exported(),), 4000),
    "cosignature": Target(_cosignature, (NoteError,), (COSIGNATURE.encode(),), 256),
    "single proof": Target(_proof, (ValueError,), (PROOF,), 3000),
    "backup": Target(_dump, (SealError,), (DUMP,), 3000),
    "backup key": Target(_backup_public, (BackupKeyRefused,), (BACKUP_PUBLIC,), 2048),
    "private backup key": Target(_backup_private, (BackupKeyRefused,), (BACKUP_PRIVATE,), 256),
    "broker request": Target(_request, (BadMessage,), (REQUEST,), 2048),
    "broker answer": Target(_broker_answer, (BadMessage,), (b'{"ok":{"a":[1,"b"]}}',)),
    "national id": Target(_national_id, (RuleBroken,), (b"018119 00008", b"41819012345"), 32),
    "national id token": Target(_national_id_token, (ValueError,), (b"01819012345",), 32),
    **handed_in.TARGETS,
    **own_files.TARGETS,
    **archived.TARGETS,
    **counted.TARGETS,
    **network_side.TARGETS,
    "name": Target(_fold, (), ("Åse-Marie Čáhppe".encode(),), 128),
}
