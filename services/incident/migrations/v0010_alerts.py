"""Alerts of incidents with their latest state, and changes that were told of."""

from pathlib import Path

from shared.migrate import run_sql

revision = "incident_0010"
down_revision = "incident_0009"


def upgrade(app: str) -> None:
    """Build both; `app` is the role that will use them."""
    run_sql(Path(__file__).with_name("schema_v10.sql"), app=app)
