"""Endpoints, and what waits for them."""

from pathlib import Path

from shared.migrate import run_sql

revision = "notification_0005"
down_revision = "notification_0004"


def upgrade(app: str) -> None:
    """Build it; `app` is the role that will use it."""
    run_sql(Path(__file__).with_name("schema_v5.sql"), app=app)
