"""Evidence of candidates as rows of its own, and what trend rules look at."""

from pathlib import Path

from shared.migrate import run_sql

revision = "problem_0008"
down_revision = "problem_0007"


def upgrade(app: str) -> None:
    """Build both; `app` is the role that will use them."""
    run_sql(Path(__file__).with_name("schema_v8.sql"), app=app)
