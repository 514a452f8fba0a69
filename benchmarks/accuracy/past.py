"""What a method sees: the choices before a moment, in columns, and how scores become lists.

A row is one item of one basket of one user; a basket is a receipt, or a day where there are none.
Rows are sorted by user, then by time. Equal scores are put in the order of what is popular now:

    score + 1e-9 * max |score| * popularity / max popularity,    popularity = sum 2^(-age / 30 d)
"""

from collections.abc import Callable, Hashable
from typing import Any

import attrs
import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

DAY = np.timedelta64(86_400_000_000, "us")
CELLS = 20_000_000  # scores that are held at a time
TIE = 1e-9


@attrs.frozen(eq=False)
class Past:
    """Choices before `now`: user, item and basket are codes, `age` is in days.

    `back` is how many baskets of the same user came since: 0 for the last. What several points
    of a grid share is kept by `once`.
    """

    now: np.datetime64
    users: np.ndarray
    items: np.ndarray
    user: np.ndarray
    item: np.ndarray
    basket: np.ndarray
    age: np.ndarray
    back: np.ndarray
    kept: dict[Hashable, Any] = attrs.field(init=False, factory=dict)

    @classmethod
    def of(cls, events: pd.DataFrame, now: np.datetime64) -> "Past":
        """What was known at `now` of events with customer, time, item, basket."""
        held = events[events["time"].to_numpy() < now]
        time = held["time"].to_numpy()
        user, users = pd.factorize(held["customer"], sort=True)
        item, items = pd.factorize(held["item"], sort=True)
        bill, _ = pd.factorize(held["basket"])
        first = pd.Series(time).groupby([user, bill]).transform("min").to_numpy()
        order = np.lexsort((item, bill, first, user))
        user, item, bill, time = user[order], item[order], bill[order], first[order]
        new = np.append(True, (user[1:] != user[:-1]) | (bill[1:] != bill[:-1]))[: len(user)]
        basket = np.cumsum(new) - 1
        same = np.append(False, (basket[1:] == basket[:-1]) & (item[1:] == item[:-1]))[: len(user)]
        user, item, basket, time = (a[~same] for a in (user, item, basket, time))
        last = np.zeros(len(users), dtype=np.int64)
        np.maximum.at(last, user, basket)
        return cls(
            now=now,
            users=np.asarray(users),
            items=np.asarray(items),
            user=user,
            item=item,
            basket=basket,
            age=(now - time) / DAY,
            back=last[user] - basket,
        )

    @property
    def shape(self) -> tuple[int, int]:
        """(users, items)."""
        return len(self.users), len(self.items)

    def once(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What `make` gives, made when it is first asked for."""
        if key not in self.kept:
            self.kept[key] = make()
        return self.kept[key]

    def matrix(self, weights: np.ndarray) -> csr_matrix:
        """Weights of the rows, summed over each user and item."""
        held = csr_matrix((weights, (self.user, self.item)), shape=self.shape)
        held.sum_duplicates()
        return held

    def binary(self) -> csr_matrix:
        """One where a user has had an item."""
        return self.once("binary", lambda: self.matrix(np.ones(len(self.user))).sign())

    def decayed(self, half_life: float | None) -> csr_matrix:
        """How often a user has had an item: sum of 2^(-age / half-life), None for no decay."""
        return self.once(("decayed", half_life), lambda: self.matrix(decay(self.age, half_life)))

    def popularity(self, half_life: float | None) -> np.ndarray:
        """The same over all users."""
        return np.asarray(self.decayed(half_life).sum(axis=0)).ravel()


def decay(age: np.ndarray, half_life: float | None) -> np.ndarray:
    """2^(-age / half-life); ones without a half-life."""
    return np.ones(len(age)) if half_life is None else 2.0 ** (-age / half_life)


def ranked(
    past: Past,
    who: np.ndarray,
    n: int,
    repeats: bool,
    scores: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    """Lists (len(who), n) of item codes, best first; -1 where there are no more.

    Args:
        past: What is known.
        who: Users who are asked for.
        n: Length of a list.
        repeats: Whether items that a user has had may come.
        scores: From some of `who` to scores (so many, items).
    """
    tie = past.popularity(30.0)
    tie = tie / tie.max()
    out = np.full((len(who), n), -1, dtype=np.int64)
    step = max(1, CELLS // len(past.items))
    for a in range(0, len(who), step):
        some = who[a : a + step]
        held = np.array(scores(some), dtype=np.float64)
        most = np.abs(held).max(axis=1, keepdims=True)
        held += TIE * np.where(most > 0, most, 1.0) * tie
        if not repeats:
            held[past.binary()[some].nonzero()] = -np.inf
        k = min(n, held.shape[1])
        best = np.argpartition(held, -k, axis=1)[:, -k:]
        value = np.take_along_axis(held, best, axis=1)
        order = np.argsort(-value, axis=1, kind="stable")
        best, value = (np.take_along_axis(x, order, axis=1) for x in (best, value))
        out[a : a + step, :k] = np.where(np.isfinite(value), best, -1)
    return out
