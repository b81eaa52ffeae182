"""The messages between a process and the key broker, and the check that comes before all else.

One message is one JSON object of at most 64 KiB. A request names its verb, on whose behalf it
comes, and exactly the arguments of that verb; anything else is refused in one and the same way.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType
from typing import Any, Final, TypeVar

from bti.keyd.broker import Credential, OnBehalf, RanOut

T = TypeVar("T")

VERSION: Final = 1
MOST_BYTES: Final = 64 * 1024
#: Cases in one question about a list, and rows in one flush: more are asked for in several.
MOST_CASES: Final = 100
MOST_ROWS: Final = 12
MOST_PAIRS: Final = 300
#: Signs of a share as it may be typed: the longest has some 1 750, and spaces between them.
MOST_SHARE: Final = 4000
_MOST_DEPTH: Final = 6
_MOST_PARAMS: Final = 20
_PARAM: Final = 4000

_DIGEST: Final = 32
_WORD: Final = re.compile(r"[a-z](?:[a-z-]{0,30}[a-z])?")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
_CODE: Final = re.compile(r"[a-z][a-z_:-]{0,63}")
_COMPARTMENT: Final = re.compile(r"[a-z0-9:_-]{1,60}")


class BadMessage(Exception):  # noqa: N818 - a verdict; says nothing of what was wrong
    """Not a message of this protocol."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request that has the right form. Nothing in it is believed yet."""

    verb: str
    credential: Credential
    args: Mapping[str, Any]


Check = Callable[[Any], Any]


def _text(most: int) -> Check:
    def check(given: Any) -> str:  # noqa: ANN401 - JSON
        if type(given) is not str or len(given) > most or "\0" in given:
            raise BadMessage
        return given

    return check


def _match(pattern: re.Pattern[str]) -> Check:
    def check(given: Any) -> str:  # noqa: ANN401 - JSON
        if type(given) is not str or not pattern.fullmatch(given):
            raise BadMessage
        return given

    return check


def _id(given: Any) -> uuid.UUID:  # noqa: ANN401 - JSON
    if type(given) is not str or len(given) != 32:  # noqa: PLR2004 - hexadecimal digits of an id
        raise BadMessage
    try:
        return uuid.UUID(hex=given)
    except ValueError:
        raise BadMessage from None


def _whole(given: Any) -> int:  # noqa: ANN401 - JSON
    if type(given) is not int or not 0 <= given < 2**53:
        raise BadMessage
    return given


def unpack(given: Any) -> bytes:  # noqa: ANN401 - JSON
    """Return the bytes in a base64 string. Raises ``BadMessage``."""
    if type(given) is not str:
        raise BadMessage
    try:
        return base64.b64decode(given, validate=True)
    except (binascii.Error, ValueError):
        raise BadMessage from None


def pack(value: bytes | None) -> str | None:
    """Return bytes as the wire has them."""
    return None if value is None else base64.b64encode(value).decode()


def _digest(given: Any) -> bytes:  # noqa: ANN401 - JSON
    value = unpack(given)
    if len(value) != _DIGEST:
        raise BadMessage
    return value


def _maybe(check: Check) -> Check:
    return lambda given: None if given is None else check(given)


def _many(check: Check, most: int) -> Check:
    def checked(given: Any) -> tuple[Any, ...]:  # noqa: ANN401 - JSON
        if type(given) is not list or len(given) > most:
            raise BadMessage
        return tuple(check(one) for one in given)

    return checked


def _pair(given: Any) -> tuple[Any, ...]:  # noqa: ANN401 - JSON
    found: tuple[Any, ...] = _many(_id, 2)(given)
    if len(found) != 2:  # noqa: PLR2004 - two are a pair
        raise BadMessage
    return found


def _columns(given: Any) -> dict[str, bytes | None]:  # noqa: ANN401 - JSON
    if type(given) is not dict:
        raise BadMessage
    return {_match(_NAME)(name): _maybe(unpack)(value) for name, value in given.items()}


def _shape(**checks: Check) -> Check:
    def checked(given: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        if type(given) is not dict or given.keys() != checks.keys():
            raise BadMessage
        return {name: check(given[name]) for name, check in checks.items()}

    return checked


def _params(given: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """What an approval is for: at most twenty plain values, or lists of texts."""
    if type(given) is not dict or len(given) > _MOST_PARAMS:
        raise BadMessage
    return {_match(_NAME)(name): _param(value) for name, value in given.items()}


def _param(given: Any) -> Any:  # noqa: ANN401 - JSON
    if given is None or type(given) is bool:
        return given
    if type(given) is int:
        return _whole(given)
    return list(_many(_text(_PARAM), 100)(given)) if type(given) is list else _text(_PARAM)(given)


_ROW: Final = _shape(
    tenant=_id,
    table=_match(_NAME),
    row_id=_id,
    version=_whole,
    columns=_columns,
    mac=_digest,
)
_WRITING: Final = _shape(
    tenant=_id,
    table=_match(_NAME),
    row_id=_id,
    version=_whole,
    columns=_columns,
    beyond=_columns,
)
_COMPARTMENTS: Final = _many(_match(_COMPARTMENT), 40)

VERBS: Final[Mapping[str, Check]] = MappingProxyType(
    {
        "subject": _shape(),
        "open": _shape(
            case=_id,
            action=_match(_CODE),
            entry=_maybe(_match(_CODE)),
            purpose=_maybe(_match(_CODE)),
        ),
        "may_see": _shape(case=_id, action=_match(_CODE)),
        "new_case": _shape(case=_id, compartments=_COMPARTMENTS),
        "new_compartments": _shape(case=_id, compartments=_COMPARTMENTS),
        "open_core": _shape(cases=_many(_id, MOST_CASES)),
        "new_own": _shape(record=_id),
        "open_own": _shape(record=_id),
        "list_own": _shape(records=_many(_id, MOST_CASES)),
        "forget_own": _shape(record=_id),
        "new_review": _shape(row=_id, tenant=_maybe(_id), account=_maybe(_id)),
        "open_review": _shape(table=_match(_NAME), row=_id, action=_match(_CODE)),
        "watch": _shape(cases=_many(_id, MOST_CASES)),
        "baits_among": _shape(tenant=_id, cases=_many(_id, MOST_CASES)),
        "kin": _shape(tenant=_id, pairs=_many(_pair, MOST_PAIRS)),
        "bait_tokens": _shape(tenant=_id, cases=_many(_id, MOST_CASES)),
        "create_tenant": _shape(
            id=_id, name=_text(120), number=_text(4), profile=_text(40), language=_text(2)
        ),
        "open_directory": _shape(tenant=_id, proof=_maybe(_digest)),
        "open_ops": _shape(tenant=_id),
        "open_addresses": _shape(tenant=_id),
        "check": _shape(rows=_many(_ROW, MOST_ROWS)),
        "grant": _shape(rows=_many(_WRITING, MOST_ROWS)),
        "prove_code": _shape(account=_id, code=_text(20)),
        "prove_own_code": _shape(code=_text(20)),
        "spend_proof": _shape(account=_id),
        "use_approval": _shape(tenant=_id, approval=_maybe(_id), act=_match(_NAME), params=_params),
        "username_token": _shape(tenant=_id, username=_text(200)),
        "national_id_token": _shape(tenant=_id, kind=_text(20), digits=_text(11)),
        "sign": _shape(tenant=_id, origin=_text(100), size=_whole, root=_digest),
        "verifier_key": _shape(tenant=_id, epoch=_whole),
        "settle": _shape(records=_many(_id, MOST_CASES)),
        "status": _shape(),
        "unseal": _shape(share=_text(MOST_SHARE)),
        "unsealing": _shape(),
    }
)
"""Every verb with the exact form of its arguments."""

_CREDENTIALS: Final[Mapping[str, Check]] = MappingProxyType(
    {
        "session": _shape(kind=_text(10), proof=_digest),
        "ran-out": _shape(kind=_text(10), proof=_digest),
        "client": _shape(kind=_text(10), proof=_digest, agreement=_id),
        "system": _shape(kind=_text(10), name=_match(_WORD)),
        "visitor": _shape(kind=_text(10)),
    }
)


def parse_request(message: bytes) -> Request:
    """Return the request in ``message``. Raises ``BadMessage``, and nothing else."""
    given = _json(message)
    if type(given) is not dict or given.keys() != {"v", "verb", "who", "args"}:
        raise BadMessage
    verb = given["verb"]
    check = VERBS.get(verb) if type(verb) is str else None
    if type(given["v"]) is not int or given["v"] != VERSION or check is None:
        raise BadMessage
    return Request(verb, _credential(given["who"]), check(given["args"]))


def request(verb: str, credential: Credential, args: Mapping[str, Any]) -> bytes:
    """Return a request as bytes. Raises ``BadMessage`` when it is too large to send."""
    return message_of({"v": VERSION, "verb": verb, "who": _who(credential), "args": args})


def message_of(content: Mapping[str, Any]) -> bytes:
    """Return a message as bytes. Raises ``BadMessage`` when it is too large."""
    encoded = json.dumps(content, separators=(",", ":")).encode()
    if len(encoded) > MOST_BYTES:
        raise BadMessage
    return encoded


def parse_answer(message: bytes) -> dict[str, Any]:
    """Return the broker's answer. Raises ``BadMessage``."""
    given = _json(message)
    if type(given) is not dict or len(given) != 1 or not given.keys() <= {"ok", "no"}:
        raise BadMessage
    return given


def _json(message: bytes) -> Any:  # noqa: ANN401 - JSON
    # Depth first: the parser's own limit is the stack's, and a deep message costs before it fails.
    if not message or len(message) > MOST_BYTES or _depth(message) > _MOST_DEPTH:
        raise BadMessage
    try:
        return json.loads(message.decode(), object_pairs_hook=_no_twins, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise BadMessage from None


def _depth(message: bytes) -> int:
    """Return how deep brackets nest at most; counts those in strings too, which only refuses more."""
    depth = deepest = 0
    for byte in message:
        if byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadMessage
    return found


def _refuse(_name: str) -> None:
    raise BadMessage


def _credential(given: Any) -> Credential:  # noqa: ANN401 - JSON
    kind = given.get("kind") if type(given) is dict else None
    check = _CREDENTIALS.get(kind) if type(kind) is str else None
    if check is None:
        raise BadMessage
    found = check(given)
    if kind == "session":
        proof: bytes = found["proof"]
        return proof
    if kind == "ran-out":
        return RanOut(found["proof"])
    if kind == "client":
        return OnBehalf(found["proof"], found["agreement"])
    return str(found["name"]) if kind == "system" else None


def _who(credential: Credential) -> dict[str, str | None]:
    if isinstance(credential, bytes):
        return {"kind": "session", "proof": pack(credential)}
    if isinstance(credential, RanOut):
        return {"kind": "ran-out", "proof": pack(credential.proof)}
    if isinstance(credential, OnBehalf):
        proof, agreement = pack(credential.proof), credential.agreement.hex
        return {"kind": "client", "proof": proof, "agreement": agreement}
    if isinstance(credential, str):
        return {"kind": "system", "name": credential}
    return {"kind": "visitor"}


def batched(rows: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """Yield rows in tuples of at most ``size``; itertools has it from Python 3.12 on."""
    rest = iter(rows)
    while some := tuple(islice(rest, size)):
        yield some
