"""What is restricted, to whom, and the log of who read it."""

from shared.migrate import run_sql
from shared.store import RESTRICTED_SCHEMA

revision = "problem_0003"
down_revision = "problem_0002"


def upgrade(app: str) -> None:
    """Build both; `app` is the role that will use them."""
    run_sql(RESTRICTED_SCHEMA, app=app)
