from collections.abc import Collection

from sqlalchemy import delete, func, insert, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import BigInteger, Text

from services.matching.adapters.tables import TERMS, CorpusRow, TermRow
from services.matching.application.ports import Corpus
from services.matching.domain.relevance import Statistics
from services.matching.domain.text import Script


class StatisticsTables:
    _session: AsyncSession

    async def lock_statistics(self) -> None:
        await self._session.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '.terms', 0))")
        )

    async def corpus(self) -> Corpus | None:
        row = await self._session.get(CorpusRow, 1, populate_existing=True)
        return None if row is None else Corpus(row.listings, row.measured_at)

    async def statistics(self, terms: Collection[str]) -> Statistics:
        row = await self._session.get(CorpusRow, 1)
        if row is None:
            return Statistics()
        statement = select(TERMS.c.term, TERMS.c.documents).where(
            TERMS.c.term == func.any(literal(list(terms), ARRAY(Text())))
        )
        frequencies = dict((await self._session.execute(statement)).all())
        lengths = {Script(script): length for script, length in row.mean_lengths.items()}
        return Statistics(row.documents, lengths, frequencies)

    async def save_statistics(self, statistics: Statistics, corpus: Corpus) -> None:
        known = [(term, number) for term, number in statistics.frequencies.items() if number > 1]
        await self._session.execute(delete(TermRow))
        rows = select(
            func.unnest(literal([term for term, _ in known], ARRAY(Text()))),
            func.unnest(literal([number for _, number in known], ARRAY(BigInteger()))),
        )
        await self._session.execute(insert(TERMS).from_select(["term", "documents"], rows))
        await self._session.merge(
            CorpusRow(
                id=1,
                listings=corpus.listings,
                documents=statistics.documents,
                mean_lengths={str(script): length for script, length in statistics.mean_lengths.items()},
                measured_at=corpus.measured_at,
            )
        )
