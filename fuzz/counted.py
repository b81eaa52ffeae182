"""Targets for disclosure control: what anybody hands to `bti protect` and `bti attack`."""

from math import prod

from bti.disclosure.linked.cells import Universe
from bti.disclosure.linked.counts import codes_in, count, read_known, read_rows
from bti.disclosure.linked.engine import protect
from bti.disclosure.linked.export import ReleaseTextError, files, read_release
from bti.disclosure.linked.spec_file import open_dimensions, read_spec
from bti.disclosure.tables import TableError
from fuzz.target import AcceptedError, Target

#: A spec is laid out where that takes a moment; the limits of larger ones are tested elsewhere.
_FEW = 2_000

SPEC = """title = "Logs"
period = "2026"
[[dimension]]
name = "level"
codes = ["1", "2", "3"]
groups = { high = ["2", "3"] }
[[dimension]]
name = "service"
[[table]]
dimensions = ["level", "service"]
[[structural]]
level = "3"
service = ["care"]
[rules]
threshold = 5
known_cases = 0
"""
FULL_SPEC = """margins = 1
count = "n"
percentages = ["a"]
[rules]
zeros = "show"
methods = ["suppression"]
coalition = 1
least_population = 10
[[dimension]]
name = "a"
codes = ["x", "y"]
harmless = true
[[dimension]]
name = "b"
codes = ["1", "2"]
[[population]]
base = 900
[population.where]
a = "x"
[[quantile]]
dimension = "b"
within = ["a"]
parts = [25, 50]
[[published]]
release = "earlier"
counts = "earlier.csv"
where = { a = "x" }
[catalogue]
address = "https://a.example"
publisher = "https://b.example"
contact = "mailto:c@d.example"
"""
_CODES = {"service": ("care", "school")}
_SPACE = Universe(read_spec(SPEC, _CODES))
COUNTS = "level;service\n" + "1;school\n" * 7 + "2;care\n" * 6 + "3;school\n" * 5
KNOWN = "level,service\n1,school\n2,care\n"
_MADE = protect(count(_SPACE, read_rows(COUNTS)), key=None)
RELEASE = files(_MADE)["release.json"]


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _spec(data: bytes) -> None:
    text = _text(data)
    spec = read_spec(text, dict.fromkeys(open_dimensions(text), ("care", "school")))
    if prod(len(one.codes) for one in spec.used()) <= _FEW:
        Universe(spec)


def _counts(data: bytes) -> None:
    rows = read_rows(_text(data))
    codes_in(rows, ("level", "service"))
    counted = count(_SPACE, rows)
    # Every row is a child or a sum that was looked at: nobody is counted twice.
    if not 0 <= int(counted.children.sum()) <= len(rows):
        raise AcceptedError


def _known(data: bytes) -> None:
    for column in read_known(_SPACE, _text(data)):
        if not 0 <= column < len(_SPACE.possible):
            raise AcceptedError


def _release(data: bytes) -> None:
    publication = read_release(_text(data))
    if len(publication.shown) != len(publication.universe.cells):
        raise AcceptedError


TARGETS: dict[str, Target] = {
    "protected spec": Target(_spec, (TableError,), (SPEC.encode(), FULL_SPEC.encode()), 1024),
    "protected counts": Target(_counts, (TableError,), (COUNTS.encode(),), 512),
    "known children": Target(_known, (TableError,), (KNOWN.encode(),), 256),
    "linked release": Target(_release, (ReleaseTextError, TableError), (RELEASE,), 2048),
}
