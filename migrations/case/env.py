"""Alembic environment of the case database; the connection comes from bti.db.migrate."""

from alembic import context

import bti.audit.models
import bti.db.models
from bti.db.base import Base

connection = context.config.attributes["connection"]
# Named so that a linter sees why they are imported: their tables are part of the metadata.
TABLES = (bti.audit.models.AuditEvent, bti.db.models.Case)

context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
    transaction_per_migration=False,
)
context.run_migrations()
