"""How many examples a law gets that needs a number of its own: its share of the profile's.

few(20) == 20 where the profile gives 100 examples to others, and 4 where it gives 20
"""

from hypothesis import settings


def few(examples: int) -> int:
    """So many for every 100 of the profile."""
    return max(examples * settings().max_examples // 100, 1)
