"""What becomes of problems, copies of known errors, and news that many incidents are told."""

from pathlib import Path

from shared.migrate import run_sql

revision = "incident_0014"
down_revision = "incident_0013"


def upgrade(app: str) -> None:
    """Build it; `app` is the role that will use it."""
    run_sql(Path(__file__).with_name("schema_v14.sql"), app=app)
