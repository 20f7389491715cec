"""Every page of the hall. A new area adds its module here."""

from gateway.pages.views import (
    about,
    account,
    catalogue,
    deals,
    demands,
    desk,
    documents,
    home,
    live,
    matches,
    notifications,
    preferences,
    webhooks,
)

_AREAS = (
    home,
    catalogue,
    demands,
    account,
    about,
    live,
    desk,
    matches,
    deals,
    documents,
    notifications,
    preferences,
    webhooks,
)
PAGES = [page for module in _AREAS for page in module.area.pages]
