"""The documents say what the code says: glossary, access table, audit acts, columns, commands."""

import re
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import click
import pytest

import bti.audit.models
import bti.db.models
import bti.domain
from bti.audit.actions import Action
from bti.cli import main
from bti.db.base import Base
from bti.db.inventory import SEALED
from bti.slt.models import NetworkBase
from tools.render_access import with_table

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PICTURES = {"worklist-1440.png", "case-1440.png", "concern-390.png", "network-1440.png"}
MODELS = (bti.audit.models, bti.db.models)


def read(name):
    return (DOCS / name).read_text(encoding="utf-8")


def terms(text):
    """Everything in the first column of the tables that stands in back quotes."""
    first = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    return [term for cell in first for term in re.findall(r"`([^`]+)`", cell)]


def domain_classes():
    for module in iter_modules(bti.domain.__path__, "bti.domain."):
        for name, thing in vars(import_module(module.name)).items():
            if isinstance(thing, type) and thing.__module__ == module.name:
                yield name


def test_every_class_of_the_rules_is_in_the_glossary():
    public = {name for name in domain_classes() if not name.startswith("_")}
    listed = terms(read("glossary.md").partition("## Classes of the rules")[2])

    assert sorted(listed) == sorted(public)


def test_the_access_table_is_the_policy():
    document = read("access.md")

    assert document == with_table(document), "run: python -m tools.render_access"


def test_every_act_of_the_log_is_explained_once():
    listed = terms(read("audit-events.md").partition("## The acts")[2].partition("## Tree")[0])

    assert sorted(listed) == sorted(action.value for action in Action)


def test_reserved_are_the_acts_that_nothing_enters():
    rows = [line for line in read("audit-events.md").splitlines() if "*reserved:*" in line]
    rooms = ("workflows", "keyd", "cli", "jobs")
    code = " ".join(
        path.read_text(encoding="utf-8")
        for room in rooms
        for path in (ROOT / "bti" / room).rglob("*.py")
    )
    unused = {one.value for one in Action if not re.search(rf"\b{one.name}\b", code)}

    assert sorted(terms("\n".join(rows))) == sorted(unused)


def test_every_plain_column_says_why_it_is_plain_and_what_it_tells():
    table = read("threat-model.md").partition("## Plain columns")[2]
    plain, _, sealed = table.partition("### Sealed, for comparison")
    listed = terms(plain)
    columns = {f"{one.name}.{c.name}" for one in Base.metadata.sorted_tables for c in one.columns}
    everywhere = {term.removeprefix("*.") for term in listed if term.startswith("*.")}
    meant = {name for name in columns - set(SEALED) if name.partition(".")[2] not in everywhere}

    assert sorted(term for term in listed if not term.startswith("*.")) == sorted(meant)
    assert sorted(terms(sealed)) == sorted(SEALED)


def test_every_row_of_the_column_table_is_filled_in():
    table = read("threat-model.md").partition("## Plain columns")[2]
    rows = [line for line in table.splitlines() if line.startswith("| `")]

    assert [row for row in rows if "" in [cell.strip() for cell in row.split("|")[1:-1]]] == []


def test_the_tables_of_the_network_side_are_named():
    text = read("threat-model.md")

    assert [t.name for t in NetworkBase.metadata.sorted_tables if f"`{t.name}`" not in text] == []


def commands(group, words):
    for name in group.list_commands(click.Context(group)):
        found = group.get_command(click.Context(group), name)
        if isinstance(found, click.Group):
            yield from commands(found, [*words, name])
        else:
            yield " ".join([*words, name])


def test_every_command_is_in_the_operators_manual():
    manual = read("operations.md")

    assert [one for one in commands(main, ["bti"]) if one not in manual] == []


@pytest.mark.parametrize(
    "document", sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")]), ids=lambda path: path.name
)
def test_links_between_documents_lead_somewhere(document):
    links = re.findall(r"(?<!!)\[[^\]]*\]\(([^)#]+)", document.read_text(encoding="utf-8"))
    local = [link for link in links if "://" not in link]

    assert [link for link in local if not (document.parent / link).exists()] == []


def test_the_front_page_shows_the_four_pictures():
    shown = re.findall(r"!\[[^\]]+\]\(docs/screenshots/([^)]+)\)", (ROOT / "README.md").read_text())

    assert sorted(shown) == sorted(PICTURES)


def test_decisions_have_date_and_parts():
    needed = ("## Context", "## Decision", "## Consequences")
    decisions = sorted((DOCS / "adr").glob("*.md"))
    numbers = [path.name[:4] for path in decisions]

    assert len(set(numbers)) == len(numbers)
    for path in decisions:
        text = path.read_text(encoding="utf-8")
        assert re.search(r"^Date: \d{4}-\d\d-\d\d\. Status: \w+", text, re.MULTILINE), path.name
        if path.name != "0012-first-release-table.md":
            assert [part for part in needed if part not in text] == [], path.name
