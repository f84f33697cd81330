"""Imported problems in the list, with what their source states."""

from pathlib import Path

from shared.migrate import run_sql

revision = "problem_0004"
down_revision = "problem_0003"


def upgrade(app: str) -> None:
    """Build it; `app` is the role that will use it."""
    run_sql(Path(__file__).with_name("schema_v4.sql"), app=app)
