"""Every page of the hall. A new area adds its module here."""

from gateway.pages.views import (
    about,
    account,
    catalogue,
    deals,
    demands,
    desk,
    documents,
    holdings,
    home,
    imports,
    live,
    matches,
    notifications,
    operator,
    operator_money,
    organisation,
    payments,
    preferences,
    webhooks,
)

# Of two pages that fit an address the first one answers: /listings/mine is no listing.
_AREAS = (
    home,
    holdings,
    imports,
    catalogue,
    demands,
    account,
    about,
    live,
    desk,
    matches,
    deals,
    documents,
    payments,
    notifications,
    preferences,
    webhooks,
    organisation,
    operator,
    operator_money,
)
PAGES = [page for module in _AREAS for page in module.area.pages]
