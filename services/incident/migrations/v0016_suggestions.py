"""Known errors that were suggested, and when each was over."""

from pathlib import Path

from shared.migrate import run_sql

revision = "incident_0016"
down_revision = "incident_0015"


def upgrade(app: str) -> None:
    """Build it; `app` is the role that will use it."""
    run_sql(Path(__file__).with_name("schema_v16.sql"), app=app)
