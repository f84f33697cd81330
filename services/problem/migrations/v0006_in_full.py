"""What a problem in full is listed, searched and measured by."""

from pathlib import Path

from shared.migrate import run_sql

revision = "problem_0006"
down_revision = "problem_0005"


def upgrade(app: str) -> None:
    """Build it; `app` is the role that will use it."""
    run_sql(Path(__file__).with_name("schema_v6.sql"), app=app)
