"""Problem
├── DemandNotFound, ListingNotFound, MatchNotFound     it does not exist, or it is another organisation's
├── DemandNotOpen                                      it was closed or has expired
├── MatchLapsed                                        what it matched is no longer to be had
└── MatchDismissed                                     a "no" is final: the pair never comes back
"""

from services.kit.problems import Kind, Problem


class DemandNotFound(Problem):
    slug = "demand-not-found"
    kind = Kind.NOT_FOUND


class ListingNotFound(Problem):
    slug = "listing-not-found"
    kind = Kind.NOT_FOUND


class MatchNotFound(Problem):
    slug = "match-not-found"
    kind = Kind.NOT_FOUND


class DemandNotOpen(Problem):
    slug = "demand-not-open"
    kind = Kind.CONFLICT


class MatchLapsed(Problem):
    slug = "match-lapsed"
    kind = Kind.CONFLICT


class MatchDismissed(Problem):
    slug = "match-dismissed"
    kind = Kind.CONFLICT
