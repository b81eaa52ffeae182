"""Every table says who may do what with it and from where its rows are met."""

from pathlib import Path

import pytest

import bti.audit.models
import bti.db.models
from bti.db.base import AuthorWall, Base, CaseWall, TenantWall
from bti.db.inventory import SEALED
from bti.db.policies import WITHOUT_WALL, statements, walls_of
from bti.db.rights import RIGHTS, Deployment, Process, Right, Verb, grants, parse, rights_of, roles

GOLDEN = Path(__file__).parents[1] / "integration" / "db" / "golden"
MODELS = (bti.audit.models, bti.db.models)
TABLES = {table.name: table for table in Base.metadata.sorted_tables}
MAPPED = {mapper.local_table.name: mapper.class_ for mapper in Base.registry.mappers}

#: Sealed with a case's key or one of its own, and met before the case is open.
MET_UNOPENED = {
    "control_findings": "has a key of its own, and is about an account",
    "suspensions": "has a key of its own, and is about an account",
    "emergency_accesses": "has a key of its own, and is a notice to those who have not opened it",
    "baton_offers": "whoever is offered the baton sees that there is an offer before they open it",
}


def held(process, table, deployment=Deployment.APART):
    return {right.verb for right in rights_of(process, table, deployment)}


def test_every_table_has_a_row_of_rights_and_every_row_a_table():
    assert set(RIGHTS) == set(TABLES) | {"alembic_version"}, "write the table's row in RIGHTS"


def test_the_columns_that_rights_name_are_there():
    for table, row in RIGHTS.items():
        for written in row.values():
            for right in parse(written):
                known = set(TABLES[table].columns.keys()) if table in TABLES else set()
                assert set(right.columns) <= known, (table, right)


def test_every_table_of_a_municipality_is_behind_its_wall():
    for name, table in TABLES.items():
        walled = issubclass(MAPPED[name], TenantWall)
        assert walled == ("tenant_id" in table.columns), f"{name}: see TenantWall in bti/db/base.py"
        assert walled or name == "municipalities" or name in WITHOUT_WALL, name


def test_what_is_sealed_with_a_cases_key_is_behind_a_wall_of_its_own():
    for column, key in SEALED.items():
        table = column.split(".")[0]
        if key == "case" and table not in MET_UNOPENED:
            assert issubclass(MAPPED[table], CaseWall | AuthorWall), f"{table}: see CaseWall"


def test_a_table_without_a_wall_is_known_and_says_why():
    assert set(WITHOUT_WALL) <= set(TABLES) | {"alembic_version"}
    assert all(WITHOUT_WALL.values())


def test_policies_are_forced_and_restrictive():
    made = list(statements())
    for name, mapped in MAPPED.items():
        if name in WITHOUT_WALL:
            continue
        assert f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY" in made
        for policy in walls_of(mapped):
            found = [one for one in made if one.startswith(f"CREATE POLICY {policy} ON {name} ")]
            assert len(found) == 1
            assert " AS RESTRICTIVE FOR ALL TO PUBLIC " in found[0]


@pytest.mark.parametrize("deployment", Deployment)
@pytest.mark.parametrize("process", Process)
@pytest.mark.parametrize("table", ["audit_events", "audit_subjects", "audit_checkpoints"])
def test_nobody_changes_or_removes_an_entry_of_the_log(process, table, deployment):
    assert not held(process, table, deployment) & {Verb.UPDATE, Verb.DELETE}


@pytest.mark.parametrize("table", ["tenant_keys", "case_keys"])
def test_wrapped_keys_are_the_brokers_alone_when_processes_are_apart(table):
    # The sweeper may see that a compartment has a key, by column; never the key itself.
    of_others = [
        right
        for one in Process
        if one is not Process.KEYD
        for right in rights_of(one, table, Deployment.APART)
    ]
    assert all(
        right.verb is Verb.SELECT and set(right.columns) == {"tenant_id", "case_id", "compartment"}
        for right in of_others
    )
    assert len(of_others) <= 1
    assert held(Process.WEB, table, Deployment.ONE_PROCESS) == held(Process.KEYD, table)


def test_the_auditor_reads_the_log_and_nothing_else():
    other = {"municipalities", "alembic_version"}
    for table in RIGHTS:
        verbs = held(Process.AUDIT, table)
        assert verbs <= {Verb.SELECT}, table
        assert not verbs or table.startswith("audit_") or table in other, table


def test_texts_are_written_by_the_web_and_never_over():
    for table in ("entries", "consents", "consent_answers"):
        assert held(Process.WEB, table) == {Verb.SELECT, Verb.INSERT}
        for one in (one for one in Process if one is not Process.WEB):
            # At most which case it belongs to, and for the key broker, which decides on it, what a
            # consent covers: never what is sealed for those in the case.
            known = {"meta_ct"} if one is Process.KEYD and table != "entries" else set()
            for right in rights_of(one, table, Deployment.APART):
                assert right.verb is Verb.SELECT
                assert right.columns
                assert {name for name in right.columns if name.endswith("_ct")} <= known


def test_a_right_to_the_whole_table_is_not_narrowed_by_one_to_columns():
    whole = rights_of(Process.WEB, "audit_pending", Deployment.ONE_PROCESS)
    assert Right(Verb.SELECT) in whole
    assert Right(Verb.SELECT, ("id",)) in rights_of(Process.KEYD, "audit_pending", Deployment.APART)


@pytest.mark.parametrize("written", ["read", "select(", "select,insert", "all", "select(id)insert"])
def test_a_right_that_is_misspelt_is_refused(written):
    with pytest.raises(ValueError, match="not a right"):
        parse(written)


def test_no_password_and_no_way_round_the_walls_is_in_the_sql():
    made = " ".join([*roles('a "name"'), *grants(Deployment.APART)])
    assert '"a ""name"""' in made
    assert "PASSWORD" not in made.upper()
    assert " BYPASSRLS" not in made
    assert "SUPERUSER" not in made.replace("NOSUPERUSER", "")
    assert "GRANT OPTION" not in made


@pytest.mark.parametrize("deployment", Deployment)
def test_the_golden_matrix_has_been_made_from_this_table(deployment):
    golden = (GOLDEN / f"rights-{deployment.value}.txt").read_text(encoding="utf-8").splitlines()
    said = [line for line in golden if line.startswith(("table ", "column "))]
    meant = []
    for table in RIGHTS:
        for process in Process:
            rights = rights_of(process, table, deployment)
            whole = sorted(right.verb.value.upper() for right in rights if not right.columns)
            some = sorted(
                f"{column}:{right.verb.value.upper()}"
                for right in rights
                for column in right.columns
            )
            meant += [f"table {table} {process}: {' '.join(whole)}"] if whole else []
            meant += [f"column {table} {process}: {' '.join(some)}"] if some else []
    assert sorted(said) == sorted(meant), "run: python -m tools.render_rights"
