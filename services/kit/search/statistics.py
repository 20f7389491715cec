"""How common terms are, as PostgreSQL's own ANALYZE knows it: nothing of ours has to be kept up to date."""

import time

from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import AsyncSession

_KEPT_S = 60.0
_UNSEEN = 0.001  # share of documents assumed of a term that ANALYZE did not find common, or knows nothing of


class Statistics:
    def __init__(self, table: str) -> None:
        self._table = table
        self._read_at = float("-inf")
        self._documents = 0
        self._shares: dict[str, float] = {}
        self._rare = _UNSEEN

    async def refresh(self, session: AsyncSession) -> None:
        if time.monotonic() - self._read_at < _KEPT_S:
            return
        self._read_at = time.monotonic()
        of_table = {"table": self._table}
        documents = await session.scalar(
            sql("SELECT reltuples FROM pg_class WHERE oid = to_regclass(:table)"), of_table
        )
        self._documents = max(0, int(documents or 0))
        statement = sql(
            "SELECT CAST(CAST(most_common_elems AS text) AS text[]) AS terms, most_common_elem_freqs AS shares"
            " FROM pg_stats WHERE schemaname = current_schema() AND tablename = :table AND attname = 'terms'"
        )
        row = (await session.execute(statement, of_table)).one_or_none()
        if row is not None and row.terms:
            # Behind the shares of the elements come their least and their greatest.
            self._shares = dict(zip(row.terms, row.shares, strict=False))
            self._rare = min(min(self._shares.values()) / 2, _UNSEEN)

    def share(self, term: str) -> float:
        """Of the documents, that hold a term."""
        return self._shares.get(term, self._rare)

    def documents_with(self, term: str) -> float:
        return self.share(term) * self._documents
