"""What known errors mean to an embedder, where one is installed."""

from pathlib import Path

from shared.migrate import run_sql

revision = "problem_0010"
down_revision = "problem_0009"


def upgrade(app: str) -> None:
    """Build it; `app` is the role that will use it."""
    run_sql(Path(__file__).with_name("schema_v10.sql"), app=app)
