"""What sources state is kept as text."""

from pathlib import Path

from shared.migrate import run_sql

revision = "incident_0012"
down_revision = "incident_0011"


def upgrade(app: str) -> None:
    """Build it; `app` is the role that will use it."""
    run_sql(Path(__file__).with_name("schema_v12.sql"), app=app)
