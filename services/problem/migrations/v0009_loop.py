"""On which incidents a problem's workaround was used, and whether it helped."""

from pathlib import Path

from shared.migrate import run_sql

revision = "problem_0009"
down_revision = "problem_0008"


def upgrade(app: str) -> None:
    """Build it; `app` is the role that will use it."""
    run_sql(Path(__file__).with_name("schema_v9.sql"), app=app)
