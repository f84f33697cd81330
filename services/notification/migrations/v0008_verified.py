"""Verified ways to reach contacts."""

from pathlib import Path

from shared.migrate import run_sql

revision = "notification_0008"
down_revision = "notification_0007"


def upgrade(app: str) -> None:
    """Build it; `app` is the role that will use it."""
    run_sql(Path(__file__).with_name("schema_v8.sql"), app=app)
