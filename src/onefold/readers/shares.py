"""Shares of a whole: whole millionths in proportion to weights, which add up again.

What is left over after rounding down goes to the largest remainders, the first of equal ones:

    spread(100, [1, 1, 1])  ==  [34, 33, 33]
"""

from collections.abc import Sequence


def spread(whole: int, weights: Sequence[int]) -> list[int]:
    """Parts of a whole in proportion to weights, none of which is negative."""
    total = sum(weights)
    if not total:
        return [0] * len(weights)
    parts = [divmod(whole * weight, total) for weight in weights]
    out = [part for part, _ in parts]
    left = whole - sum(out)
    for at in sorted(range(len(parts)), key=lambda i: -parts[i][1])[:left]:
        out[at] += 1
    return out
