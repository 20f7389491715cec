from services.kit.migrations import run
from services.listing.adapters.tables import Base

run("listing", Base.metadata)
