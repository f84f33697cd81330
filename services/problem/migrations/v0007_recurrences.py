"""Which fixes did not help, as version rows."""

from pathlib import Path

from shared.migrate import run_sql

revision = "problem_0007"
down_revision = "problem_0006"


def upgrade(app: str) -> None:
    """Build it; `app` is the role that will use it."""
    run_sql(Path(__file__).with_name("schema_v7.sql"), app=app)
