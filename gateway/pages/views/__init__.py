"""Every page of the hall. A new area adds its module here."""

from gateway.pages.views import (
    about,
    account,
    catalogue,
    deals,
    demands,
    desk,
    home,
    live,
    matches,
    notifications,
    operator,
    operator_money,
)

_AREAS = (home, catalogue, demands, account, about, live, desk, matches, deals, notifications, operator, operator_money)
PAGES = [page for module in _AREAS for page in module.area.pages]
