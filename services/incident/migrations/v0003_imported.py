"""Imported incidents in the list, with what their source states."""

from pathlib import Path

from shared.migrate import run_sql

revision = "incident_0003"
down_revision = "incident_0002"


def upgrade(app: str) -> None:
    """Build it; `app` is the role that will use it."""
    run_sql(Path(__file__).with_name("schema_v3.sql"), app=app)
