"""The kernel's tables and the first read models."""

from pathlib import Path

from shared.migrate import run_sql
from shared.store import SCHEMA

revision = "problem_0001"
down_revision = None


def upgrade(app: str) -> None:
    """Build both; `app` is the role that will use them."""
    run_sql(SCHEMA, app=app)
    run_sql(Path(__file__).with_name("schema_v1.sql"), app=app)
