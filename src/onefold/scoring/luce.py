"""Lists drawn by chance, and the exact probability of each item in them.

An urn holds candidates with weights w. Items are drawn one after another without replacement,

    P(i at rank r | the items before it) = w_i / (sum of w over what is left)

(Plackett 1975, Luce 1959), which is the order of log w + Gumbel noise (Yellott 1977). A second urn
may be drawn from with a given chance at each rank; an item that was shown leaves both:

    P(i at rank r | ...) = (1 - share) P_first(i | ...) + share P_second(i | ...)

Everything is in logarithms; what is left is summed, never subtracted.
"""

import attrs
import numpy as np

from onefold._columns import frozen
from onefold._random import mix64
from onefold._types import Bools, Codes, Floats, Hashes, Ints

NOBODY = -1  # the code where an urn has no candidate
NOTHING = -2  # the code where a list has come to its end
CELLS = 1_000_000  # that are compared at a time


@attrs.frozen(eq=False)
class Urn:
    """The candidates of n rows: `codes` (n, width), `log` (n, width) of their weights.

    Where a row has fewer, the code is -1 and the weight 0 (-inf). A code is in a row once.
    """

    codes: Codes = attrs.field(converter=frozen)
    log: Floats = attrs.field(converter=frozen)

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def sizes(self) -> Ints:
        """How many candidates each row (n,) has."""
        counts: Ints = np.isfinite(self.log).sum(axis=1).astype(np.int64)
        return counts

    def order(self, noise: Floats, n: int) -> Codes:
        """The first n candidates (n_rows, up to n) by log weight + noise; -2 after the last."""
        keys = self.log + noise
        width = keys.shape[1]
        if n < width:
            near = np.argpartition(-keys, n - 1, axis=1)[:, :n]
            keys, codes = np.take_along_axis(keys, near, 1), np.take_along_axis(self.codes, near, 1)
        else:
            codes = self.codes
        place = np.argsort(-keys, axis=1, kind="stable")
        found = np.take_along_axis(codes, place, 1)
        drawn: Codes = np.where(np.take_along_axis(keys, place, 1) > -np.inf, found, NOTHING)
        return drawn

    def told(self, shown: Codes) -> tuple[Floats, Floats, Bools]:
        """The log-probability of what was shown, each given what was shown before it.

        Args:
            shown: Codes (n_rows, k), -2 after the end of a list.

        Returns:
            The log-probability (n_rows, k) that this urn gives each item at its rank; the same at
            rank 1; and whether the urn had anything left at each rank.
        """
        log = np.full(shown.shape, -np.inf)
        left = self.log.copy()
        at = places(self.codes, shown)
        held = np.nonzero(at >= 0)
        column = at[held]
        log[held] = left[held[0], column]
        left[held[0], column] = -np.inf
        total = np.empty(shown.shape)
        rest = _log_sum(left)
        for rank in range(shown.shape[1] - 1, -1, -1):
            rest = np.logaddexp(rest, log[:, rank])
            total[:, rank] = rest
        filled = total > -np.inf
        safe = np.where(filled, total, 0.0)
        first = safe[:, :1] if safe.shape[1] else safe
        return np.minimum(log - safe, 0.0), np.minimum(log - first, 0.0), filled


def merged(first: Codes, second: Codes, coin: Bools) -> tuple[Codes, Bools]:
    """Lists from two orders, of which `coin` says at each rank which is asked.

    Args:
        first: Codes (n_rows, a), -2 after the last; `second` (n_rows, b) likewise.
        second: The other order.
        coin: (n_rows, k) whether the second is asked; one that has nothing left gives way.

    Returns:
        Codes (n_rows, k), -2 after the end, and whether each came from the second.
    """
    rows = np.arange(len(coin))
    shown = np.full(coin.shape, NOTHING, dtype=np.int32)
    orders = [np.column_stack([o, np.full(len(o), NOTHING, np.int32)]) for o in (first, second)]
    taken = np.zeros(coin.shape, dtype=bool)
    for rank in range(coin.shape[1]):  # ranks are few
        heads = [o[rows, np.argmax(o != NOBODY, axis=1)] for o in orders]
        ask = np.where(coin[:, rank], heads[1] != NOTHING, heads[0] == NOTHING)
        code = np.where(ask, heads[1], heads[0])
        taken[:, rank] = ask & (code != NOTHING)
        shown[:, rank] = code
        gone = (code != NOTHING)[:, None]
        orders = [np.where(gone & (o == code[:, None]), NOBODY, o) for o in orders]
    return shown, taken


def places(codes: Codes, shown: Codes) -> Ints:
    """The column (n_rows, k) in which each shown item is among the codes of its row, -1 if not."""
    n, width = codes.shape
    at = np.full(shown.shape, -1, dtype=np.int64)
    step = max(CELLS // max(n * width, 1), 1)
    for start in range(0, shown.shape[1] if width else 0, step):  # ranks are few
        same = shown[:, start : start + step, None] == codes[:, None]
        first = np.argmax(same, axis=2)  # a code is in a row once
        hit = np.take_along_axis(same, first[:, :, None], axis=2)[:, :, 0]
        at[:, start : start + step] = np.where(hit, first, -1)
    return at


def propensities(
    first: Urn, second: Urn | None, shown: Codes, share: float
) -> tuple[Floats, Floats]:
    """The exact log-probability (n_rows, k) of each shown item at its rank, and at rank 1.

    Args:
        first: The urn that is asked with a chance of 1 - `share`.
        second: The other; None where there is none.
        shown: Codes (n_rows, k), -2 after the end of a list.
        share: The chance with which the second is asked, where both have something left.
    """
    one, one_first, has = first.told(shown)
    if second is None:
        return one, one_first
    other, other_first, too = second.told(shown)
    asked = np.where(has & too, share, np.where(too, 1.0, 0.0))
    with np.errstate(divide="ignore"):  # log 0 is -inf: what is never asked
        log = np.logaddexp(np.log1p(-asked) + one, np.log(asked) + other)
        start = asked[:, :1]
        top = np.logaddexp(np.log1p(-start) + one_first, np.log(start) + other_first)
    return log, top


def uniform(state: Hashes, of: Hashes) -> Floats:
    """Numbers above 0 and below 1, a function of a row's state and of what they are drawn for.

    Args:
        state: (n_rows,) of the row: seed, customer, moment.
        of: (width,) or (n_rows, width): the item's hash, or the rank.
    """
    bits = mix64(state[:, None], of)
    drawn: Floats = ((bits >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52
    return drawn


def gumbel(state: Hashes, of: Hashes) -> Floats:
    """Standard Gumbel noise, likewise."""
    return -np.log(-np.log(uniform(state, of)))


def _log_sum(log: Floats) -> Floats:
    """The logarithm (n_rows,) of the sum of each row's exponentials."""
    if not log.shape[1]:
        return np.full(len(log), -np.inf)
    most = log.max(axis=1)
    shift = np.where(np.isfinite(most), most, 0.0)
    with np.errstate(divide="ignore"):
        total: Floats = np.log(np.exp(log - shift[:, None]).sum(axis=1)) + shift
    return total
