"""Alembic's entry point. Run through `invigil.storage.database.migrate`, never by hand."""

from alembic import context

from invigil.storage.database import tables_access as _tables_access  # noqa: F401 - its tables
from invigil.storage.database.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
