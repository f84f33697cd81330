"""Words of messages are sealed."""

from pathlib import Path

from shared.migrate import run_sql

revision = "notification_0012"
down_revision = "notification_0011"


def upgrade(app: str) -> None:
    """Build it; `app` is the role that will use it."""
    run_sql(Path(__file__).with_name("schema_v12.sql"), app=app)
