import subprocess
import sys

import pytest
from sqlalchemy import inspect, select
from sqlalchemy.exc import InvalidRequestError

from bti.slt import migrate
from bti.slt.models import NetworkBase, SltAccount
from bti.slt.secret_box import KeyFileError, SecretBox
from bti.slt.store import make_engine
from tests.integration.slt.samples import Network


def test_the_migrated_database_equals_the_models(network_url: str):
    migrate.upgrade(network_url)
    assert migrate.differences(network_url) == ()


def test_the_migrations_go_down_and_up_again_with_data(network: Network):
    url = network.settings.slt_database_url
    network.runtime.close()
    migrate.downgrade(url, "base")
    engine = make_engine(url)
    with engine.begin() as connection:
        assert set(inspect(connection).get_table_names()) <= {"alembic_version"}
    engine.dispose()
    migrate.upgrade(url)
    migrate.upgrade(url)
    assert migrate.differences(url) == ()


def test_no_column_could_hold_a_child_or_a_case():
    columns = {
        f"{table.name}.{column.name}"
        for table in NetworkBase.metadata.tables.values()
        for column in table.columns
    }
    forbidden = ("child", "case", "guardian", "birth", "national", "person", "unit", "school")
    assert not [name for name in columns if any(word in name for word in forbidden)]


def test_nothing_is_read_outside_a_transaction_that_was_opened_by_name(network: Network):
    with network.runtime.sessions() as session, pytest.raises(InvalidRequestError):
        session.scalars(select(SltAccount))


def test_the_network_key_file_is_made_for_its_owner_only(tmp_path):
    file = tmp_path / "keys" / "network.key"
    SecretBox.from_file(file)
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o644)
    with pytest.raises(KeyFileError):
        SecretBox.from_file(file)


def test_a_damaged_network_key_file_is_refused(tmp_path):
    file = tmp_path / "network.key"
    file.write_bytes(b"short")
    file.chmod(0o600)
    with pytest.raises(KeyFileError):
        SecretBox.from_file(file)


def test_the_network_side_loads_nothing_of_the_case_side():
    script = (
        "import sys, importlib, pkgutil\n"
        "import bti.slt, bti.web.views.slt\n"
        "for found in pkgutil.iter_modules(bti.slt.__path__):\n"
        "    importlib.import_module(f'bti.slt.{found.name}')\n"
        "barred = ('bti.db', 'bti.crypto', 'bti.keyd', 'bti.workflows', 'bti.audit')\n"
        "loaded = [name for name in sys.modules if name.startswith(barred)]\n"
        "sys.exit(' '.join(loaded) or None)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
