"""Subscriptions that page."""

from pathlib import Path

from shared.migrate import run_sql

revision = "notification_0011"
down_revision = "notification_0010"


def upgrade(app: str) -> None:
    """Build it; `app` is the role that will use it."""
    run_sql(Path(__file__).with_name("schema_v11.sql"), app=app)
