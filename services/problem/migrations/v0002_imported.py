"""Which copies are of imported incidents: they make no trend."""

from pathlib import Path

from shared.migrate import run_sql

revision = "problem_0002"
down_revision = "problem_0001"


def upgrade(app: str) -> None:
    """Build it; `app` is the role that will use it."""
    run_sql(Path(__file__).with_name("schema_v2.sql"), app=app)
