"""Search through one port with two adapters: PostgreSQL, always there, and Meilisearch where a site runs one.

declaration   what an index holds, as data; nothing else is ever indexed
port          what can be asked, and what is answered
analysis      text as terms: character pairs, stems, pinyin, numbers in one spelling
postgres      an index as a table of the service: written in its transactions, searched with one GIN index
meilisearch   an index on a Meilisearch server, over pooled connections
mirror        the job that carries what the table holds over to Meilisearch
fallback      Meilisearch while it answers, PostgreSQL within the same request when it does not
"""

from services.kit.search.declaration import Document, IndexDeclaration, RangeType, TextField
from services.kit.search.port import Finder, Hit, Order, Range, Results, Search, SearchQuery, Suggestion

__all__ = [
    "Document",
    "Finder",
    "Hit",
    "IndexDeclaration",
    "Order",
    "Range",
    "RangeType",
    "Results",
    "Search",
    "SearchQuery",
    "Suggestion",
    "TextField",
]
