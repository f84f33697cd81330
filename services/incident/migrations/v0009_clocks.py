"""The read model of clocks."""

from pathlib import Path

from shared.migrate import run_sql

revision = "incident_0009"
down_revision = "incident_0008"


def upgrade(app: str) -> None:
    """Build it; `app` is the role that will use it."""
    run_sql(Path(__file__).with_name("schema_v9.sql"), app=app)
