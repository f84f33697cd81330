"""On which incidents a problem's workaround was used, and whether it helped."""

from sqlalchemy import Boolean, Column, Integer, MetaData, Table, Uuid

from shared.store.tables import version_columns

WORKAROUND_USES = Table(
    "workaround_uses",
    MetaData(),
    *version_columns(),
    Column("problem", Uuid, nullable=False),
    Column("incident", Uuid, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("helped", Boolean),
)
