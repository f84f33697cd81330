"""What is kept of problems and known errors: links are checked against it, holds decided on it."""

from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

_METADATA = MetaData()

PROBLEM_COPIES = Table(
    "problem_copies",
    _METADATA,
    Column("id", Uuid, primary_key=True),
    Column("number", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("status", Text),
    Column("duplicate_of", Uuid),
    Column("workaround", Integer),
)
"""`workaround` is the revision that is published; `status` is null where it was told long ago."""

KNOWN_ERROR_COPIES = Table(
    "known_error_copies",
    _METADATA,
    Column("id", Uuid, primary_key=True),
    Column("number", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("superseded_by", Text),
)

PROBLEM_NEWS = Table(
    "problem_news",
    _METADATA,
    Column("id", Uuid, primary_key=True),
    Column("told", JSONB, nullable=False),
)
"""What is being told to more incidents than one append holds; `id` is that of the work list."""

FEED_TABLES = (PROBLEM_COPIES, KNOWN_ERROR_COPIES, PROBLEM_NEWS)
