"""Every page of the hall. A new area adds its module here."""

from gateway.pages.views import about, account, catalogue, demands, home, live

PAGES = [page for module in (home, catalogue, demands, account, about, live) for page in module.area.pages]
