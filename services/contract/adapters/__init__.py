"""PostgreSQL and Protobuf."""
