from services.kit.migrations import run
from services.notify.adapters.tables import Base

run("notify", Base.metadata)
