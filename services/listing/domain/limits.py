"""How much of anything is taken, in characters or entries."""

from enum import IntEnum


class Limit(IntEnum):
    NUMBER = 64
    TITLE = 500
    ABSTRACT = 20_000
    SUMMARY = 500
    NAME = 300
    SYMBOLS = 100
    INDUSTRIES = 1_000  # real sheets go up to 661
    TERRITORIES = 200
    REASON = 1_000
    WARNINGS = 20
    IMPORT_ROWS = 50_000
    IMPORT_BYTES = 64 * 1024 * 1024
    IMPORT_LINE = 1024 * 1024
