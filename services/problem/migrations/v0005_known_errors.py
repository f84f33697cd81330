"""Known errors, and what they are searched by."""

from pathlib import Path

from shared.migrate import run_sql

revision = "problem_0005"
down_revision = "problem_0004"


def upgrade(app: str) -> None:
    """Build it; `app` is the role that will use it."""
    run_sql(Path(__file__).with_name("schema_v5.sql"), app=app)
