"""Targets for files that Stafett writes itself and that somebody else may hand back."""

import hashlib
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

from bti.audit.state import Remembered, StateError, read_state, write_state
from bti.cli.release_file import CHECKLIST, Pending, PendingError, load, save
from bti.db.dump import FORMAT, VERSION
from bti.db.dump_load import DumpRefused, check_dump
from bti.papers import PapersError
from bti.papers import read as read_papers
from bti.profiles.loader import legal_bases_from
from bti.profiles.reader import ProfileError
from bti.slt.plan import is_said
from bti.slt.plan_file import plan_from
from bti.workflows.drill import DrillReport, Step
from fuzz.handed_in import RELEASE
from fuzz.target import AcceptedError, Target

_FOLDER = tempfile.TemporaryDirectory()
_FILE = Path(_FOLDER.name) / "tried"


def _written(data: bytes) -> Path:
    _FILE.unlink(missing_ok=True)  # a file cut short and written again is waited for by ext4
    _FILE.write_bytes(data)
    return _FILE


def _dumped() -> bytes:
    columns = [["id", "uuid"], ["at", "time"], ["day", "date"], ["version", "int"]]
    columns += [["open", "bool"], ["body_ct", "bytes"], ["code", "text"]]
    row = ["0" * 32, "2026-11-22T09:00:00+00:00", "2026-11-22", 1, True, "cm93cw==", None]
    lines = [
        {FORMAT: VERSION, "kind": "data", "set": "0" * 16, "revision": "1", "at": "2026"},
        {"table": "cases", "columns": columns},
        row,
        {"file": "0" * 32},
        "cm93cw==",
    ]
    content = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    digest = hashlib.sha256(content).hexdigest()
    last = {"end": {"cases": 1}, "files": 1, "sha256": digest}
    return content + json.dumps(last).encode() + b"\n"


DUMP = _dumped()


def _dump(data: bytes) -> None:
    found = check_dump([data])
    # The end is a checksum of what is before it: whoever can count may write another dump.
    if found.total != sum(found.rows.values()) or b"sha256" not in data:
        raise AcceptedError


def _signed(data: bytes) -> None:
    state = read_state(_written(data))
    if state.size < 0 or len(state.root) != len(Remembered("").root):
        raise AcceptedError


def _stored(write: Callable[[Path], None]) -> bytes:
    write(_FILE)
    return _FILE.read_bytes()


STATE = _stored(lambda path: write_state(path, Remembered("stafett/one", 0)))
_TEXT = RELEASE
_SHA256 = hashlib.sha256(_TEXT.encode()).hexdigest()
PENDING = _stored(
    lambda path: save(path, Pending(_TEXT, "Olav", "Anne", _SHA256, " ".join(CHECKLIST)))
)


def _pending(data: bytes) -> None:
    waiting = load(_written(data))
    release = waiting.ready()
    if release.sha256() != waiting.approved_sha256:
        raise AcceptedError


_STEP = Step("restored", 1.5, "12 rows")
DRILL = DrillReport(
    passed=True,
    began_at="2026",
    data_from="2026",
    tenant_id="0" * 32,
    case_id="1" * 32,
    steps=(_STEP,),
)
DRILL_TEXT = DRILL.to_json().encode()


def _drill(data: bytes) -> None:
    report = DrillReport.parse(data.decode("utf-8", "replace"))
    report.to_text()
    if not all(isinstance(one, str) for one in (report.tenant_id, report.case_id)):
        raise AcceptedError


LEGAL = b"""[acts.a]
source = "s"
in_force = 2026-07-01
[one.v1]
valid_from = 1990-01-01
until_act = "a"
reference = "r"
reference_nn = "n"
source = "s"
nb = "a"
nn = "b"
en = "c"
"""


def _legal(data: bytes) -> None:
    for basis in legal_bases_from(_written(data)):
        if not basis.code or not all(basis.label.values()):
            raise AcceptedError


PLAN = b"""form = 1
municipality = "m"
title = "t"
language = "nb"
first_day = 2026-01-01
last_day = 2026-12-31
[areas.a]
name = "n"
place = "p"
[measures."1.1"]
title = "t"
area = "a"
actions = ["x"]
status = { value = "started", own = "w" }
level = { value = ["universal"], inferred = true }
place = "p"
[indicators.i]
name = "n"
unit = "percent"
measure = "1.1"
target = 3.5
readings = [{ on = "2026-05", value = 4, national = 5 }]
place = "p"
"""


def _plan(data: bytes) -> None:
    plan = plan_from(data, "tried.toml")
    numbers = {measure.number for measure in plan.measures}
    mapped = [(one.status, one.level, one.strand) for one in plan.measures]
    said = all(is_said(one) for three in mapped for one in three)
    if not said or not numbers or not {one.measure for one in plan.indicators} <= numbers | {""}:
        raise AcceptedError


def _papers(data: bytes) -> None:
    if not all(number.isdecimal() for number in read_papers(_written(data))):
        raise AcceptedError


TARGETS: dict[str, Target] = {
    "opened dump": Target(_dump, (DumpRefused,), (DUMP,), 1024),
    "signed state": Target(_signed, (StateError,), (STATE,), 256),
    "prepared release": Target(_pending, (PendingError,), (PENDING,), 4096),
    "drill report": Target(_drill, (ValueError,), (DRILL_TEXT,), 512),
    "papers": Target(_papers, (PapersError,), (b"", b'["9901"]\n'), 512),
    "plan": Target(_plan, (ProfileError,), (PLAN,), 1024),
    "legal references": Target(_legal, (ProfileError,), (LEGAL,), 512),
}
