"""Restricted incidents: to whom they are kept, and the log of who read them."""

from pathlib import Path

from shared.migrate import run_sql
from shared.store import RESTRICTED_SCHEMA

revision = "incident_0006"
down_revision = "incident_0005"


def upgrade(app: str) -> None:
    """Build both; `app` is the role that will use them."""
    run_sql(RESTRICTED_SCHEMA, app=app)
    run_sql(Path(__file__).with_name("schema_v6.sql"), app=app)
