"""Targets for what comes from outside: uploads, releases, profiles, tiles, a log that asks, addresses."""

import json
import struct
import tempfile
import zipfile
from base64 import b64encode
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from bti.audit import tiles, tree
from bti.audit.asking import BodyError, read_body
from bti.disclosure.menu import MENU
from bti.disclosure.release import FORMAT, Release, ReleaseError
from bti.domain.errors import RuleBroken
from bti.domain.file_kinds import HEAD_BYTES, MIME, MOST_PIXELS, TAIL_BYTES, FileKind, recognise
from bti.profiles.loader import load_file
from bti.profiles.reader import ProfileError
from bti.table_file import BadTable, decoded, rows_of
from bti.web.api.bodies import CONCERN, to_concern
from bti.web.api.fields import BadBody
from bti.web.api.strict_json import BadJson, parse_object
from bti.web.local_address import local_path
from fuzz.target import AcceptedError, Target

_SIZE_OF_PNG = struct.Struct(">2L")


def _archive(first: str, content: str, *others: str) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as made:
        for name in (first, *others):
            made.writestr(zipfile.ZipInfo(name), content)
    return out.getvalue()


PDF = b"%PDF-1.7\n1 0 obj\nendobj\n%%EOF\n"
PNG = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
    + _SIZE_OF_PNG.pack(2, 2)
    + b"\x08\0\0\0\0crc.\0\0\0\0IEND\xaeB`\x82"
)
JPEG = b"\xff\xd8\xff\xe0\x00\x04JF\xff\xc0\x00\x0b\x08\x00\x02\x00\x02\x01\x01\x11\x00\xff\xd9"
DOCX = _archive("[Content_Types].xml", "<Types/>", "word/document.xml")
ODT = _archive("mimetype", MIME[FileKind.ODT], "content.xml")


def _attached(data: bytes) -> None:
    kind = recognise(data[:HEAD_BYTES], data[-TAIL_BYTES:], len(data))
    if kind is FileKind.PNG:
        width, height = _SIZE_OF_PNG.unpack_from(data, 16)
        if not 0 < width * height <= MOST_PIXELS:
            raise AcceptedError
    if data.lstrip()[:1] == b"<":
        raise AcceptedError  # what a browser may take for a page


RELEASE = json.dumps(
    {
        "format": FORMAT,
        "menu": MENU,
        "municipality": {"name": "Lindvik", "number": "9901"},
        "period": "2026H1",
        "version": 2,
        "reason": "Fem barn manglet.",
        "known": ["0" * 64],
        "population": [["age_0_5", 400]],
        "numbers": {
            "period": "2026H1",
            "method": "rounding",
            "rules": {"threshold": 5, "base": 5},
            "dimensions": [{"name": "level", "codes": ["level_0", "level_1"], "groups": {}}],
            "tables": [{"dimensions": ["level"], "shown": [None, 15, 20]}],
        },
    },
    sort_keys=True,
    separators=(",", ":"),
)


def _release(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    if Release.reopen(text).canonical_json() != text:
        raise AcceptedError


def _profile_in(folder: Path) -> Callable[[bytes], None]:
    def run(data: bytes) -> None:
        tried = folder / "tried.toml"
        tried.unlink(missing_ok=True)  # a file cut short and written again is waited for by ext4
        tried.write_bytes(data)
        profile = load_file(tried, shipped=folder)
        if not 1 <= profile.evaluation_interval_days <= 365 or not profile.levels:
            raise AcceptedError

    return run


_WORDS = '{ nb = "a", nn = "a", en = "a" }'


def _level(number: int) -> str:
    return f"""
[levels.{number}]
label = {_WORDS}
arena = {_WORDS}
family = {_WORDS}
steps.1 = {{ who = "holder", form = "step", deadline = 1, text = {_WORDS}, detail = {_WORDS} }}
"""


# The least whole profile. What is shipped takes the TOML parser ten times as long for every input.
WHOLE_PROFILE = f"""name = "standard"
version = 1
valid_from = 2026-08-01
default_language = "nb"
title = {_WORDS}
log.opens_at_level = 1
phones.police = {{ number = "112", label = {_WORDS} }}
closing = {{ by = ["lead"], family_may_end_log = true, individual_plan_ends_log = true }}
of_age = {{ first_months = 6, last_months = 2 }}
[teams.main]
kind = "other"
name = {_WORDS}
called = {_WORDS}
lead = {_WORDS}
about = {_WORDS}
[deadlines]
level_0_decision_days = 14
guardian_talk_days = 14
guardian_talk_school_environment_days = 7
level_2_invite_days = 14
team_wait_days = 14
evaluation_interval_days = 42
offer_expiry_days = 7
soon_days = 7
escalation_days = 7
[consent]
validity_months = 12
reminder_days = 30
youth_age = 15
youth_mode = "additional"
[bodies.care]
name = {_WORDS}
sectors = ["child_welfare"]
[services.school.levels.1.steps.2]
who = "holder"
form = "step"
title = {_WORDS}
text = {{ nb = "{{the_team}} a", nn = "a", en = "{{team}}" }}
detail = {_WORDS}
after = ["1"]
gate = ["level.holder"]
deadline = "team_wait"
tools.a = {_WORDS}
{"".join(map(_level, range(4)))}""".encode()
_FOLDER = tempfile.TemporaryDirectory()
_STANDARD = Path(_FOLDER.name) / "standard"
_STANDARD.mkdir()
(_STANDARD / "1.toml").write_bytes(WHOLE_PROFILE)
PROFILE = (
    b'extends = "standard/1"\nversion = 2\nsources.a.title = "A"\n[facts]\n'
    b'deadlines = { source = "a", place = "1" }\n[deadlines]\nevaluation_interval_days = 30\n'
)


TILE_HASHES = [tree.leaf_hash(bytes([one])) for one in range(11)]
TILE = b"".join(TILE_HASHES)
_NODE = tree.root_of(TILE_HASHES[:8])


def _tile(data: bytes) -> None:
    held = tiles.loaded({(0, 0): data})
    if held.node(3, 0) == _NODE and data[: 8 * 32] != TILE[: 8 * 32]:
        raise AcceptedError
    if held.extend(11, [TILE_HASHES[0]]) != 12 or len(data) != len(TILE):
        raise AcceptedError


ASKED = b"old 0\n\nstafett/one\n11\nroot\n"
ASKED_WITH_PROOF = b"old 3\n" + b64encode(_NODE) + b"\n\nstafett/one\n11\nroot\n"


def _asked(data: bytes) -> None:
    old, proof, _ = read_body(data)
    if old < 0 or any(len(step) != 32 for step in proof):
        raise AcceptedError


def _next(data: bytes) -> None:
    here = local_path(data.decode("utf-8", "surrogateescape"))
    # As a browser would: joined to our own address it must still be ours.
    if urlsplit(urljoin("https://stafett.example/a", here)).netloc != "stafett.example":
        raise AcceptedError


CALL = json.dumps(
    {
        "in_danger": False,
        "child": {"name": "Oda Vik", "birth_date": "2014-03-04", "group": "5B"},
        "seen": "Har vært borte fem mandager på rad.",
        "categories": ["ABS", "SOC"],
        "since": "2026-08-31",
        "talked_with_child": "not_yet",
        "contact_with_guardians": "one",
        "tried": ["talked_alone"],
        "guardians": [{"name": "Kari Vik", "parental_responsibility": True}],
    },
    ensure_ascii=False,
).encode()


LIST = "Barnets navn;Fødselsdato\r\nÅse Øygård;04.03.2014\r\n"


def _list(data: bytes) -> None:
    text, _signs = decoded(data)
    if not all(any(row.cells) for row in rows_of(text)):
        raise AcceptedError


def _call(data: bytes) -> None:
    given = parse_object(data)
    if parse_object(json.dumps(given).encode()) != given:
        raise AcceptedError  # it means one thing, however it is spelt
    found = to_concern(given)
    if not found.observation.seen.strip() or set(given) - set(CONCERN.fields):
        raise AcceptedError


TARGETS: dict[str, Target] = {
    "list from a spreadsheet": Target(
        _list, (BadTable,), (LIST.encode("utf-8-sig"), LIST.encode("cp1252")), 2048
    ),
    "call of a professional system": Target(_call, (BadJson, BadBody), (CALL,), 2048),
    "attached file": Target(_attached, (RuleBroken,), (PDF, PNG, JPEG, DOCX, ODT), 4096),
    "release": Target(_release, (ReleaseError,), (RELEASE.encode(),), 8192),
    "profile": Target(
        _profile_in(Path(_FOLDER.name)), (ProfileError,), (PROFILE, WHOLE_PROFILE), 3072
    ),
    "tile": Target(_tile, (tree.TreeError,), (TILE,), 512),
    "witness request": Target(_asked, (BodyError,), (ASKED, ASKED_WITH_PROOF), 1024),
    "next address": Target(_next, (), (b"/cases/1?page=2", b"//elsewhere.example"), 256),
}
