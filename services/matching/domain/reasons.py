"""Why a score is what it is: each reason a code, the facts in it, and what it adds to the score."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Reason:
    """`code` selects the sentence in messages.toml (`reason.<code>`), `parameters` fill it.

    `contribution` is added to the score; below 0 it speaks against the match, 0 only informs.
    """

    code: str
    contribution: float
    parameters: dict[str, str] = field(default_factory=dict)


# What only the demand's own organisation may read: the rest of the world is not told its budget.
PRIVATE_TO_DEMAND = frozenset(
    {
        "price_within_budget",
        "price_range_meets_budget",
        "price_above_budget",
        "price_in_other_currency",
        "like_dismissed",
    }
)


def public(reasons: tuple[Reason, ...]) -> tuple[Reason, ...]:
    return tuple(reason for reason in reasons if reason.code not in PRIVATE_TO_DEMAND)
