"""The event store: PostgreSQL, asyncio, group commit, positions in commit order."""

from pathlib import Path

SCHEMA = Path(__file__).with_name("schema_v1.sql")
"""The kernel's tables, executed by the first migration of every service."""

RESTRICTED_SCHEMA = Path(__file__).with_name("schema_restricted.sql")
"""Restrictions and the log of who read what they keep; executed by one migration of each."""
