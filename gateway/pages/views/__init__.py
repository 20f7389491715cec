"""Every page of the hall. A new area adds its module here."""

from gateway.pages.views import about, account, home, live

PAGES = [page for module in (home, account, about, live) for page in module.area.pages]
