"""Alembic environment of the network database; the connection comes from bti.slt.migrate."""

from alembic import context

from bti.slt.models import NetworkBase

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=NetworkBase.metadata,
    render_as_batch=True,
    compare_type=True,
)
context.run_migrations()
