"""`zayton doctor`: looks at everything a hall needs, and says of what is wrong what to do about it."""

from deploy.local.doctor.examine import examine
from deploy.local.doctor.findings import Finding, Level

__all__ = ["Finding", "Level", "examine"]
