"""Webhooks of other systems: how far each has come, and each attempt."""

from pathlib import Path

from shared.migrate import run_sql

revision = "notification_0009"
down_revision = "notification_0008"


def upgrade(app: str) -> None:
    """Build it; `app` is the role that will use it."""
    run_sql(Path(__file__).with_name("schema_v9.sql"), app=app)
