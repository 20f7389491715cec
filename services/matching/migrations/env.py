from services.kit.migrations import run
from services.matching.adapters.tables import Base

run("matching", Base.metadata)
