"""What the head of every page links to. A new area of pages adds its line here."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """`name` is its text `nav.<name>`; `path` without the language. `badge` shows the number of unread notices."""

    name: str
    path: str
    members_only: bool = False
    operators_only: bool = False
    badge: bool = False

    def is_current(self, path: str) -> bool:
        return path == self.path or path.startswith(f"{self.path}/")


MAIN = (
    Entry("desk", "/desk", members_only=True),
    Entry("matches", "/matches", members_only=True),
    Entry("deals", "/deals", members_only=True),
    Entry("operator", "/operator", operators_only=True),
    Entry("listings", "/listings"),
    Entry("demands", "/demands"),
    Entry("about", "/about"),
)
# Of the member who is signed in; beside their name.
OWN: tuple[Entry, ...] = (
    Entry("notifications", "/notifications", members_only=True, badge=True),
    Entry("holdings", "/listings/mine", members_only=True),
    Entry("imports", "/imports", members_only=True),
    Entry("payments", "/payments", members_only=True),
    Entry("organisation", "/organisation", members_only=True),
    Entry("preferences", "/preferences", members_only=True),
    Entry("account", "/account", members_only=True),
)
