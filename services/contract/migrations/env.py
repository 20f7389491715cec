from services.contract.adapters.tables import Base
from services.kit.migrations import run

run("contract", Base.metadata)
