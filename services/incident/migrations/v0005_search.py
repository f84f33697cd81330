"""More to filter by, and a search that knows parts of words, other scripts and titles."""

from pathlib import Path

from shared.migrate import run_sql

revision = "incident_0005"
down_revision = "incident_0004"


def upgrade(app: str) -> None:
    """Build it; `app` is the role that will use it."""
    run_sql(Path(__file__).with_name("schema_v5.sql"), app=app)
