"""A table that stands for whatever a service changes."""

from sqlalchemy import BigInteger, Column, Table, Text, Uuid

from services.kit.db import service_metadata

metadata = service_metadata()
effects = Table(
    "effects",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("aggregate_version", BigInteger, nullable=False, server_default="1"),
)
