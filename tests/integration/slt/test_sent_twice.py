"""A form that is sent twice makes one thing: whoever clicks twice finds what the first click made."""

import uuid

import pytest
from sqlalchemy import text

from bti.slt.body_change import import_bodies
from bti.slt.body_file import load as load_bodies
from bti.slt.release import publish_release
from tests.integration.slt.samples import a_release
from tests.integration.slt.test_pages import _enter, app, client, side  # noqa: F401 - fixtures
from tests.integration.slt.test_plan_pages import fill, inside  # noqa: F401 - fixture


@pytest.mark.parametrize(
    ("table", "address", "typed"),
    [
        ("slt_bodies", "/network/bodies/new", {"name": "Natteravnene", "kind": "network"}),
        (
            "slt_meetings",
            "/network/bodies/{body}/meetings/new",
            {"held_on": "2026-11-20", "title": "Høstmøtet"},
        ),
        ("year_tasks", "/network/year/tasks/new", {"title": "Planlegge"}),
        ("slt_reports", "/network/report/new", {}),
        ("plan_measures", "/network/plan/{plan}/measures/new", {"title": "Et nytt tiltak"}),
    ],
)
def test_a_form_that_is_sent_twice_makes_one(inside, side, table, address, typed):  # noqa: F811 - fixtures
    publish_release(side.runtime, a_release(150), by="Anne Ruud")
    import_bodies(side.runtime, load_bodies("nordre_land"), "9901")

    def asked(what):
        with side.runtime.engine.connect() as connection:
            return connection.execute(text(what)).scalars().first()

    def many():
        return asked(f"SELECT count(*) FROM {table}")

    address = address.format(
        plan=uuid.UUID(asked("SELECT id FROM slt_plans")),
        body=uuid.UUID(asked("SELECT id FROM slt_bodies")),
    )
    before, sent = many(), fill(inside.get(address), **typed)
    first, second = inside.post(address, sent), inside.post(address, sent)
    assert (first.status, second.status) == (303, 303), first.text
    assert first.response.location == second.response.location
    assert inside.follow(second).status == 200
    assert many() == before + 1
    inside.get(address)
    assert inside.post(address, fill(inside.get(address), **typed)).status == 303
    assert many() == before + 2
