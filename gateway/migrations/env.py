from gateway.tables import Base
from services.kit.migrations import run

run("gateway", Base.metadata)
