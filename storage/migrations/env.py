"""Alembic's entry: runs the revisions on the connection that `migrations.upgrade` passes in."""

from alembic import context

from storage.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
