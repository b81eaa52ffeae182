"""Migrations of the network database, without an ini file: everything is said here."""

from typing import Final

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from bti import paths
from bti.slt import (  # noqa: F401 - their tables belong to what is compared
    appendix_models,
    body_models,
    indicator_models,
    meeting_models,
    region_models,
    report_models,
    year_mail_models,
    year_models,
)
from bti.slt.models import NetworkBase
from bti.slt.store import make_engine

_SCRIPTS: Final = paths.MIGRATIONS / "network"


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the network database at `url` to `revision`; does nothing if it is there."""
    _run(url, "upgrade", revision)


def downgrade(url: str, revision: str) -> None:
    """Take the network database at `url` back to `revision` ("base" removes every table)."""
    _run(url, "downgrade", revision)


def differences(url: str) -> tuple[str, ...]:
    """How the database at `url` differs from the models; empty when they agree."""
    engine = make_engine(url)
    try:
        with engine.begin() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            return tuple(str(row) for row in compare_metadata(context, NetworkBase.metadata))
    finally:
        engine.dispose()


def _run(url: str, direction: str, revision: str) -> None:
    engine = make_engine(url)
    try:
        with engine.begin() as connection:
            config = Config()
            config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
            config.set_main_option("path_separator", "os")
            config.attributes["connection"] = connection
            getattr(command, direction)(config, revision)
    finally:
        engine.dispose()
