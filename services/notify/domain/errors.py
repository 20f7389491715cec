from services.kit.problems import Kind, Problem


class NotificationNotFound(Problem):
    slug = "notification-not-found"
    kind = Kind.NOT_FOUND


class EndpointNotFound(Problem):
    slug = "webhook-endpoint-not-found"
    kind = Kind.NOT_FOUND


class DeliveryNotFound(Problem):
    slug = "delivery-not-found"
    kind = Kind.NOT_FOUND


class TooManyEndpoints(Problem):
    slug = "too-many-webhook-endpoints"
    kind = Kind.CONFLICT


class EndpointIsOff(Problem):
    """Nothing is sent to an endpoint that is off."""

    slug = "webhook-endpoint-off"
    kind = Kind.CONFLICT


class DeliveryUnderWay(Problem):
    slug = "delivery-under-way"
    kind = Kind.CONFLICT


class LinkNotFound(Problem):
    """A secret link that was never given, or was taken back."""

    slug = "link-not-found"
    kind = Kind.NOT_FOUND
