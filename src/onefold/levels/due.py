"""Due: what this customer is about to choose again, by each item's own rhythm.

    p(i | u) = h(u, i) / sum over own items j of h(u, j)

h is a hazard: the chance that u, who comes back, chooses i again within the next stretch of time.
It is a logistic of what is known of the customer's own cell of i: how often, how long since, in
days and in visits, and how that compares with the usual gap, which is the customer's own where
there is one, drawn towards the item's, drawn towards everybody's:

    gap(u, i) = (sum of own gaps + a gap(i)) / (own gaps + a)

What else was done with the item, such as views and returns, is added to the logistic where there
is any: a return lowers the chance, if that is what returns foretell here. The coefficients are
learned on the last stretch of the history, from what came before it.
"""

from typing import Any

import attrs
import numpy as np

from onefold._columns import frozen
from onefold._types import Bools, Floats, Ints
from onefold.levels.later import later_start
from onefold.levels.others import Others
from onefold.levels.protocol import Choices, normal, normal_rows
from onefold.levels.settings import above_zero, counted, named
from onefold.levels.told import Told, deeds

DAY = 86_400_000_000  # microseconds
CUSTOMERS = 8000  # who come back, from whom the hazard is learned, at most
STEPS = 200
FAR = 4.0  # standard deviations


@attrs.frozen
class Due:
    """What is due again: the hazard of each of a customer's own items.

    Args:
        own: a, the gaps that the item's usual gap counts for beside the customer's own.
        item: Gaps that everybody's usual gap counts for beside an item's.
        ridge: Of the coefficients, of standardised features.
        customers: Customers from whom the hazard is learned, at most.
        name: The level's name.

    Raises:
        ArgumentError: If a setting is not allowed.
    """

    own: float = attrs.field(default=2.0, kw_only=True, validator=above_zero)
    item: float = attrs.field(default=5.0, kw_only=True, validator=above_zero)
    ridge: float = attrs.field(default=1.0, kw_only=True, validator=above_zero)
    customers: int = attrs.field(default=CUSTOMERS, kw_only=True, validator=counted)
    name: str = attrs.field(default="due", kw_only=True, validator=named)

    def fit(
        self, history: Choices, *, as_of: np.datetime64, rng: np.random.Generator
    ) -> "FittedDue":
        start = later_start(history, as_of)
        past = history.before(start)
        late = history.time >= start
        back = np.unique(history.row[late])
        back = back[np.diff(past.offsets)[back] > 0]
        if len(back) > self.customers:
            back = np.sort(rng.choice(back, self.customers, replace=False))
        items = Rhythms.of(past, self.item)
        seen = past.take(back)
        cells = Cells.of(seen)
        wanted = history.row[late].astype(np.int64) * history.n_items + history.item[late]
        asked = back[cells.row] * history.n_items + cells.item
        again = np.isin(asked, wanted)
        native, other = _features(cells, items, self.own), Others.of(seen)
        k, kinds = native.shape[1], tuple(other.kinds[c] for c in np.unique(other.kind))
        more = deeds(seen, kinds, row=cells.row, item=cells.item, chosen=cells.since)
        both = np.concatenate([native, more], axis=1)
        mean, scale, weights = logistic(both, again, self.ridge, free=more.shape[1])
        rhythms, own = Rhythms.of(history, self.item), np.append(weights[:k], weights[-1])
        told = Told.of(kinds, more, mean[k:], scale[k:], weights[k:-1])
        return FittedDue(self.name, rhythms, self.own, mean[:k], scale[:k], own, told)


@attrs.frozen(eq=False)
class FittedDue:
    """The rhythms of the items, and the coefficients of the hazard."""

    name: str
    items: "Rhythms"
    prior: float
    mean: Floats = attrs.field(converter=frozen)
    scale: Floats = attrs.field(converter=frozen)
    weights: Floats = attrs.field(converter=frozen)
    told: Told | None = None

    def own(self, rows: Choices) -> Any:
        """The hazards of each row's own items as shares (n, n_items)."""
        from scipy.sparse import csr_matrix

        cells = Cells.of(rows)
        hazard = self.hazard(cells, rows)
        bounds = np.append(0, np.cumsum(np.bincount(cells.row, minlength=len(rows))))
        return normal_rows(
            csr_matrix((hazard, cells.item, bounds), shape=(len(rows), rows.n_items))
        )

    def usual(self, cells: "Cells") -> Floats:
        """The usual gap (c,) of each cell, in days."""
        return _usual(cells, self.items, self.prior)

    def hazard(self, cells: "Cells", rows: Choices) -> Floats:
        """The chance (c,) that each cell's item is chosen again."""
        from scipy.special import expit

        held = _standard(_features(cells, self.items, self.prior), self.mean, self.scale)
        # row by row, so that a customer has the same chances alone as among others
        said = np.einsum("ij,j->i", held, self.weights[:-1]) + self.weights[-1]
        if self.told is not None:
            said = said + self.told.said(rows, row=cells.row, item=cells.item, chosen=cells.since)
        out: Floats = expit(said)
        return out


@attrs.frozen(eq=False)
class Cells:
    """Each row's distinct items: how often and when they were chosen.

    Sorted by row and item. `since` and `first` are in days before the row's moment, `ago` in
    visits after the last one with the item, `span` in days and `across` in visits from the first
    to the last one with it.
    """

    row: Ints
    item: Ints
    count: Floats
    since: Floats
    first: Floats
    ago: Floats
    across: Floats
    month: Floats  # choices, each counting half for 30 days
    near: Floats  # choices, each counting .8 for a visit since
    visits: Floats

    @classmethod
    def of(cls, rows: Choices) -> "Cells":
        """The cells of some rows, each as of its moment."""
        who = rows.row
        order = np.lexsort((rows.item, who))  # stable: oldest first within a cell
        owner, item = who[order], rows.item[order]
        new = np.ones(len(order), dtype=bool)
        new[1:] = (owner[1:] != owner[:-1]) | (item[1:] != item[:-1])
        heads = np.flatnonzero(new)
        count = np.diff(np.append(heads, len(order)))
        ends = heads + count - 1
        age = rows.age[order].astype(np.float64)
        days = (rows.moments[owner] - rows.time[order]).astype(np.int64) / DAY
        return cls(
            row=owner[heads],
            item=item[heads].astype(np.int64),
            count=count.astype(np.float64),
            since=days[ends],
            first=days[heads],
            ago=age[ends],
            across=age[heads] - age[ends],
            month=_sums(np.exp2(-days / 30), heads),
            near=_sums(0.8**age, heads),
            visits=rows.visits[owner[heads]].astype(np.float64),
        )


@attrs.frozen(eq=False)
class Rhythms:
    """Of each item (n_items,): its usual gap in days and visits, how often it is chosen again."""

    days: Floats = attrs.field(converter=frozen)
    visits: Floats = attrs.field(converter=frozen)
    again: Floats = attrs.field(converter=frozen)
    share: Floats = attrs.field(converter=frozen)

    @classmethod
    def of(cls, history: Choices, prior: float) -> "Rhythms":
        """The rhythms in a history, drawn towards everybody's as if by `prior` gaps."""
        cells = Cells.of(history)
        n = history.n_items
        gaps = np.bincount(cells.item, weights=cells.count - 1, minlength=n)

        def usual(length: Floats) -> Floats:
            total = np.bincount(cells.item, weights=length, minlength=n)
            all_of_them = total.sum() / max(gaps.sum(), 1.0)
            out: Floats = (total + prior * all_of_them) / (gaps + prior)
            return out

        buyers = np.bincount(cells.item, minlength=n).astype(np.float64)
        back = np.bincount(cells.item, weights=cells.count > 1, minlength=n)
        rate = (back.sum() + 1) / (buyers.sum() + 2)
        chosen = np.bincount(cells.item, weights=cells.count, minlength=n).astype(np.float64)
        days, visits = usual(cells.first - cells.since), usual(cells.across)
        again = (back + 2 * prior * rate) / (buyers + 2 * prior)
        return cls(days, visits, again, normal(chosen))


def _usual(cells: Cells, items: Rhythms, prior: float) -> Floats:
    """The usual gap (c,) in days: the customer's own, drawn towards the item's."""
    out: Floats = (cells.first - cells.since + prior * items.days[cells.item]) / (
        cells.count - 1 + prior
    )
    return out


def _features(cells: Cells, items: Rhythms, prior: float) -> Floats:
    """What the hazard is a logistic of (c, k)."""
    gaps, i = cells.count - 1, cells.item
    usual = _usual(cells, items, prior)
    visits = (cells.across + prior * items.visits[i]) / (gaps + prior)
    late = np.log((cells.since + 0.5) / (usual + 0.5))
    over = np.log((cells.ago + 1) / (visits + 0.5))
    again = items.again[i]
    columns = [
        np.log(cells.count),
        np.log(cells.since + 0.5),
        np.log(cells.ago + 1),
        late,
        np.maximum(late, 0),
        late**2,
        over,
        np.maximum(over, 0),
        over**2,
        np.log(again / (1 - again)),
        np.log(items.share[i] + 1e-9),
        np.log(cells.month + 1e-3),
        np.log(cells.near + 1e-3),
        np.log(cells.count / np.maximum(cells.visits, 1)),
        cells.count == 1,
        np.log(np.maximum(cells.visits, 1)),
        np.log(cells.first + 1),
        cells.ago == 0,
    ]
    return np.stack([np.asarray(column, dtype=np.float64) for column in columns], axis=1)


def logistic(
    features: Floats, outcome: Bools, ridge: float, *, free: int = 0
) -> tuple[Floats, Floats, Floats]:
    """Mean and scale (k,) of the features, and the weights (k + 1,), the last the constant.

    Maximum likelihood with a ridge on standardised features, by L-BFGS. The last `free` features
    may lie as far out as they do: what is rare always lies far out.
    """
    from scipy.optimize import minimize
    from scipy.special import expit

    width = features.shape[1]
    if not len(outcome) or outcome.all() or not outcome.any():  # nothing to tell apart
        return np.zeros(width), np.ones(width), np.zeros(width + 1)
    mean, scale = features.mean(axis=0), features.std(axis=0)
    scale[scale == 0] = 1.0
    held = np.column_stack([_standard(features, mean, scale), np.ones(len(features))])
    if free:
        last = slice(width - free, width)
        held[:, last] = (features[:, last] - mean[last]) / scale[last]
    rise = outcome.astype(np.float64)

    def loss(weights: Floats) -> tuple[float, Floats]:
        said = held @ weights
        slope = held.T @ (expit(said) - rise)
        slope[:-1] += ridge * weights[:-1]
        total = (np.logaddexp(0, said) - rise * said).sum() + ridge * weights[:-1] @ weights[
            :-1
        ] / 2
        return float(total), slope

    found = minimize(
        loss, np.zeros(width + 1), jac=True, method="L-BFGS-B", options={"maxiter": STEPS}
    )
    weights: Floats = found.x
    return mean, scale, weights


def _standard(features: Floats, mean: Floats, scale: Floats) -> Floats:
    """Features as deviations, no farther out than `FAR`: what was never seen is not trusted."""
    out: Floats = np.clip((features - mean) / scale, -FAR, FAR)
    return out


def _sums(numbers: Floats, heads: Ints) -> Floats:
    out: Floats = np.add.reduceat(numbers, heads) if len(heads) else numbers[:0]
    return out
