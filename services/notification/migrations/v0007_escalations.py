"""Escalations."""

from pathlib import Path

from shared.migrate import run_sql

revision = "notification_0007"
down_revision = "notification_0006"


def upgrade(app: str) -> None:
    """Build it; `app` is the role that will use it."""
    run_sql(Path(__file__).with_name("schema_v7.sql"), app=app)
