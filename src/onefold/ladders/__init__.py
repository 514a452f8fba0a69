"""The ladder: what each picture of a customer is worth, on the user's own data."""

from onefold.ladders.climb import ladder
from onefold.ladders.curve import Recovery
from onefold.ladders.recover import recovery
from onefold.ladders.result import Ladder

__all__ = ["Ladder", "Recovery", "ladder", "recovery"]
