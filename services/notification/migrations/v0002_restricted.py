"""What is restricted, to whom, and the log of who read it."""

from shared.migrate import run_sql
from shared.store import RESTRICTED_SCHEMA

revision = "notification_0002"
down_revision = "notification_0001"


def upgrade(app: str) -> None:
    """Build both; `app` is the role that will use them."""
    run_sql(RESTRICTED_SCHEMA, app=app)
