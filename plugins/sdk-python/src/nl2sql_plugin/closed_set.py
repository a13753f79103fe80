"""Closed sets of the contract."""

from enum import Enum


class ClosedSet(Enum):
    """An enum of the contract: members have the numbers that the contract gives them."""

    def __str__(self) -> str:
        """The name as the contract spells it, e.g. `higher-is-better`."""
        return self.name.lower().replace("_", "-")
