"""The punctuality of updates in the list of incidents."""

from pathlib import Path

from shared.migrate import run_sql

revision = "incident_0015"
down_revision = "incident_0014"


def upgrade(app: str) -> None:
    """Build it; `app` is the role that will use it."""
    run_sql(Path(__file__).with_name("schema_v15.sql"), app=app)
