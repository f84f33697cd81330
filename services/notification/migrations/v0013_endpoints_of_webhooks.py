"""Webhooks of other systems have endpoints too."""

from pathlib import Path

from shared.migrate import run_sql

revision = "notification_0013"
down_revision = "notification_0012"


def upgrade(app: str) -> None:
    """Build it; `app` is the role that will use it."""
    run_sql(Path(__file__).with_name("schema_v13.sql"), app=app)
