"""What of a log is older than a rule, and what still needs it."""

import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bti.audit.models import AuditEvent
from bti.domain.errors import AccessDenied
from bti.workflows import audit_check, case, sign_in
from tests.integration.workflows.cases import new_case


def age(world, years):
    return world.system(audit_check.age, tenant_id=world.tenant_id, years=years)


def entries(world):
    with world.looking() as session:
        mine = AuditEvent.tenant_id == world.tenant_id
        return session.scalar(select(func.count()).select_from(AuditEvent).where(mine))


@pytest.mark.parametrize("engine", ["world", "postgres_world"])
def test_every_old_entry_is_counted_once_and_young_ones_not_at_all(request, engine):
    world = request.getfixturevalue(engine)
    case_id = new_case(world)
    for _ in range(3):
        world.run("ingrid", case.show_case, case_id=case_id)
    made = entries(world)
    assert age(world, 1).older == 0
    world.clock.advance(timedelta(days=370))
    found = age(world, 1)
    assert found.older == made
    assert found.rows + found.cases + found.rest == made
    # Accounts, units, roles and the case stand as they were written; looks speak for no row.
    assert found.rows > 10
    assert found.cases == 3
    assert age(world, 2).older == 0


def test_a_row_that_is_written_again_is_spoken_for_by_the_newer_entry(world):
    world.clock.advance(timedelta(days=370))
    before = age(world, 1)
    world.run("siv", sign_in.choose_language, language="en")
    after = age(world, 1)
    assert after.older == before.older
    assert (after.rows, after.rest) == (before.rows - 1, before.rest + 1)


def test_a_look_at_a_case_that_is_gone_is_needed_by_nobody(world):
    case_id = new_case(world)
    world.run("ingrid", case.show_case, case_id=case_id)
    world.clock.advance(timedelta(days=370))
    kept = age(world, 1)
    world.runtime.engine.dispose()
    file = world.runtime.settings.var_dir / "stafett.sqlite"
    with closing(sqlite3.connect(file)) as connection, connection:  # foreign keys are off there
        connection.execute("DELETE FROM cases WHERE id = ?", [case_id.hex])
    gone = age(world, 1)
    assert (kept.cases, gone.cases) == (1, 0)
    assert gone.rest == kept.rest + 1


def test_nobody_signed_in_is_told(world):
    for who in ("anne", "asta"):
        with pytest.raises(AccessDenied):
            world.run(who, audit_check.age, tenant_id=world.tenant_id, years=1)
