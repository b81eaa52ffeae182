"""The whole story with each process in its own database role, as an installation runs it."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from bti.db.rights import Process
from bti.domain.levels import Level
from tests.keyd_world import remote_world
from tests.story import Story
from tests.walled import Deployment, walled


@pytest.fixture(scope="module")
def remote(postgres_server, tmp_path_factory):
    """Web and broker apart: processes, roles and rights."""
    directory = tmp_path_factory.mktemp("apart")
    with (
        walled(postgres_server, Deployment.APART) as made,
        remote_world(
            directory,
            made.admin,
            keyd_url=made.url(Process.KEYD),
            web_url=made.url(Process.WEB),
        ) as asked,
    ):
        yield asked


def test_the_story_is_told_with_no_more_rights_than_each_process_has(remote):
    story = Story(remote.world)
    story.tell()
    assert story.page().level == Level.TEAM
    assert "could not be answered" not in remote.keyd.said()


@pytest.mark.parametrize(
    "table", ["tenant_keys", "case_keys", "broker_codes", "broker_marks", "broker_notes"]
)
def test_the_webs_role_cannot_read_rows_that_are_the_brokers(remote, table):
    with (
        remote.world.runtime.engine.begin() as connection,
        pytest.raises(ProgrammingError, match="permission denied"),
    ):
        connection.execute(text(f"SELECT * FROM {table}"))
