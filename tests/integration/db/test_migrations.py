"""Migrations go up and down with data in them, and their head is what the models say."""

import pytest
from alembic import command
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

import bti.audit.models
import bti.db.models
from bti.db import migrate
from bti.db.engine import make_engine
from bti.domain.breach import BreachStepKind
from bti.paths import MIGRATIONS
from tests.integration.workflows.test_breach import added, opened
from tests.world import build, settings_for

MODELS = (bti.audit.models.AuditEvent, bti.db.models.Case)


def newest():
    """The newest revision in the folder."""
    return max(path.name[:4] for path in (MIGRATIONS / "case" / "versions").glob("[0-9]*.py"))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """An empty database on each engine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/stafett.sqlite"
    return request.getfixturevalue("postgres_url")


def test_the_head_equals_the_models(url):
    engine = make_engine(url)
    migrate.upgrade(engine)
    with engine.begin() as connection:
        command.check(migrate.config_for(connection))
    engine.dispose()


def test_up_and_down_with_data_leaves_nothing_behind(url, tmp_path):
    world = build(settings_for(tmp_path / "world", url))
    assert migrate.current(world.runtime.engine) == newest()
    migrate.downgrade(world.runtime.engine, "base")
    left = set(inspect(world.runtime.engine).get_table_names())
    assert left <= {"alembic_version"}
    migrate.upgrade(world.runtime.engine)
    assert migrate.current(world.runtime.engine) == newest()
    world.close()


def test_a_table_that_others_refer_to_is_changed_while_there_are_rows(url, tmp_path):
    world = build(settings_for(tmp_path / "world", url))
    added(world, opened(world), BreachStepKind.NOTE)
    engine = world.runtime.engine
    migrate.downgrade(engine, "0011")
    migrate.upgrade(engine)
    with world.as_administrator() as connection:
        steps = "SELECT count(*) FROM desk_steps JOIN desk_matters ON matter_id = desk_matters.id"
        assert connection.execute(text(steps)).scalar_one() == 1
        if engine.dialect.name == "sqlite":
            assert connection.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
    world.close()


def test_a_migration_that_leaves_a_row_referring_to_nothing_is_undone(tmp_path):
    world = build(settings_for(tmp_path / "world"))
    with world.runtime.engine.connect() as connection:
        driver = connection.connection.driver_connection
        driver.execute("PRAGMA foreign_keys = OFF")
        driver.execute("DELETE FROM units")
        driver.execute("PRAGMA foreign_keys = ON")
    with pytest.raises(RuntimeError, match="refer to nothing"):
        migrate.downgrade(world.runtime.engine, "0011")
    assert migrate.current(world.runtime.engine) == newest()
    world.close()


@pytest.mark.parametrize("table", ["audit_events", "audit_subjects", "audit_checkpoints"])
@pytest.mark.parametrize("change", ["DELETE FROM {}", "UPDATE {} SET tenant_id = tenant_id"])
def test_the_audit_log_is_append_only_by_trigger(url, tmp_path, table, change):
    world = build(settings_for(tmp_path / "world", url))
    with pytest.raises(DBAPIError, match="append-only"), world.runtime.engine.begin() as connection:
        connection.execute(text(change.format(table)))
    world.close()
