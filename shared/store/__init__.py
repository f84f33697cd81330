"""The event store: PostgreSQL, asyncio, group commit, positions in commit order."""

from pathlib import Path

SCHEMA = Path(__file__).with_name("schema_v1.sql")
"""The kernel's tables, executed by the first migration of every service."""
