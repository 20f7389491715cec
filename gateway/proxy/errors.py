"""What the gateway says in the place of a service that does not answer."""

from services.kit.problems import Kind, Problem


class ServiceDown(Problem):
    """It took no connection, or broke it off before it answered."""

    slug = "service-down"
    kind = Kind.UNAVAILABLE


class ServiceResting(Problem):
    """It failed so often that it is left alone for a while."""

    slug = "service-resting"
    kind = Kind.UNAVAILABLE


class ServiceSlow(Problem):
    slug = "service-slow"
    kind = Kind.TIMEOUT
