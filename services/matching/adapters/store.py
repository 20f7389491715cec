from services.matching.adapters.demands import Demands
from services.matching.adapters.listings import Listings
from services.matching.adapters.matches import Matches
from services.matching.adapters.statistics import StatisticsTables


class PgStore(Demands, Listings, StatisticsTables, Matches):
    """application.ports.Store on PostgreSQL, in the transaction of one session."""
