"""Base of all tables: metadata of their own, constraints with names that migrations can count on."""

from typing import Any, ClassVar

from sqlalchemy import MetaData
from sqlmodel import SQLModel

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)

NEVER_REUSED: dict[str, Any] = {"sqlite_autoincrement": True}
CLUSTERED: dict[str, Any] = {"sqlite_with_rowid": False}


class Table(SQLModel):
    """Base of all tables: own metadata, with named constraints."""

    metadata: ClassVar[MetaData] = metadata
