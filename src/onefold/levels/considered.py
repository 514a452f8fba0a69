"""Considered: what this customer looked at, carted, opened or clicked, and has not chosen since.

    p(i | u) = h(u, i) / sum over considered items j of h(u, j)

h is the chance that u, who comes back, chooses i within the next stretch of time: a logistic of
what was done with i since u last chose it, by kind of event (how often, how lately, in hours, days
and active days), how often customers who consider i go on to choose it, and how popular it is.
How much each kind tells is learned on the last stretch of the history: from what came before it,
and, for what was done just now, from what came before each of its visits.

What is no likelier for having been considered than without it, such as what was sent back, is left
out. A customer whose hazards add up to little tells less than one who is about to choose, and
needs another weight: there are two such levels, parted at the sum that best tells those who choose
what they have considered from the others. With one kind of event there is nothing to say.
"""

from typing import Any

import attrs
import numpy as np

from onefold._columns import frozen
from onefold._group import distinct
from onefold._types import Bools, Floats, Ints
from onefold.levels.due import logistic
from onefold.levels.later import later_start
from onefold.levels.others import DAY, Deeds, Others, recency
from onefold.levels.protocol import Choices, normal_rows
from onefold.levels.settings import above_zero, counted, named

CUSTOMERS = 8000  # who come back, from whom the hazard is learned, at most
LEAST = 30  # considered items that were chosen, without which nothing is learned
DEEDS = {  # what is said of an item with events of a kind; of others the kind itself
    "view": "looked at",
    "cart": "put in the cart",
    "open": "opened",
    "click": "clicked",
    "return": "sent back",
}
SHARE = 0.01  # of all choices: below it the level would cost more than it tells


@attrs.frozen
class Considered:
    """What was considered and not chosen since, by how likely that is to follow.

    Args:
        prior: Customers that everybody's rate of conversion counts for beside an item's own.
        ridge: Of the coefficients, of standardised features.
        customers: Customers from whom the hazard is learned, at most.
        faint: Whether it speaks of customers whose hazards add up to little, and not of those whose
            hazards add up to much.
        name: The level's name.

    Raises:
        ArgumentError: If a setting is not allowed.
    """

    prior: float = attrs.field(default=20.0, kw_only=True, validator=above_zero)
    ridge: float = attrs.field(default=1.0, kw_only=True, validator=above_zero)
    customers: int = attrs.field(default=CUSTOMERS, kw_only=True, validator=counted)
    faint: bool = attrs.field(
        default=False, kw_only=True, validator=attrs.validators.instance_of(bool)
    )
    name: str = attrs.field(default="considered", kw_only=True, validator=named)

    def fit(
        self, history: Choices, *, as_of: np.datetime64, rng: np.random.Generator
    ) -> "FittedConsidered":
        start = later_start(history, as_of)
        past = history.before(start)
        late = history.time >= start
        back = distinct(history.row[late])
        if len(back) > self.customers:
            back = np.sort(rng.choice(back, self.customers, replace=False))
        other = Others.of(past)
        kinds = tuple(other.kinds[c] for c in np.unique(other.kind))
        silent = FittedConsidered(self.name, (), None, *(np.zeros(0),) * 4)
        if not kinds or not len(back):
            return silent
        items = Odds.of(past, kinds, prior=self.prior)
        width = np.int64(history.n_items)
        pairs = Pairs.of(past.take(back), kinds)
        after = distinct(history.row[late] * width + history.item[late])
        after = after[np.isin(after // width, back)]
        chosen = np.isin(back[pairs.row] * width + pairs.item, after)
        if chosen.sum() < max(LEAST, SHARE * len(after)):
            return silent
        visits = distinct(history.visit[late])
        if len(visits) > self.customers:
            visits = np.sort(rng.choice(visits, self.customers, replace=False))
        now = Pairs.of(_before(history, visits), kinds)
        bought = np.isin(
            visits[now.row] * width + now.item, history.visit[late] * width + history.item[late]
        )
        told = np.concatenate([_features(pairs, items), _features(now, items)])
        chosen = np.concatenate([chosen, bought])
        mean, scale, weights = logistic(told, chosen, self.ridge, free=told.shape[1])
        top = told.max(axis=0)
        found = FittedConsidered(self.name, kinds, items, mean, scale, weights, top)
        # Rows at the start of the stretch, and before each of its visits: is it there at all?
        total = np.append(found.total(pairs, len(back)), found.total(now, len(visits)))
        each = np.bincount(history.visit[late], minlength=int(visits.max()) + 1)[visits]
        asked = np.append(np.bincount(np.searchsorted(back, after // width)), each)
        row = np.append(pairs.row, now.row + len(back))
        hits = np.bincount(row, weights=chosen, minlength=len(total)).astype(np.float64)
        items = Odds.of(history, kinds, prior=self.prior)
        return attrs.evolve(found, items=items, least=_least(total, hits, asked), faint=self.faint)


@attrs.frozen(eq=False)
class FittedConsidered:
    """How often items are chosen once considered, and the coefficients of the hazard."""

    name: str
    kinds: tuple[str, ...]
    items: "Odds | None"
    mean: Floats = attrs.field(converter=frozen)
    scale: Floats = attrs.field(converter=frozen)
    weights: Floats = attrs.field(converter=frozen)
    top: Floats = attrs.field(converter=frozen)
    least: float = 0.0  # the sum of a row's hazards from which on it is about to choose
    faint: bool = False

    @property
    def silent(self) -> bool:
        """Whether there is nothing to say to anybody: one kind of event, or too few to learn of."""
        return self.items is None

    def own(self, rows: Choices) -> Any:
        """The hazards of each row's considered items as shares (n, n_items)."""
        from scipy.sparse import csr_matrix

        shape = (len(rows), rows.n_items)
        if self.items is None:
            return csr_matrix(shape, dtype=np.float64)
        pairs = Pairs.of(rows, self.kinds)
        hazard = self.hazard(pairs)
        speak = (self.total(pairs, len(rows)) >= self.least) ^ self.faint
        kept = np.flatnonzero((hazard > self.items.rate[pairs.item]) & speak[pairs.row])
        where = (pairs.row[kept], pairs.item[kept])
        return normal_rows(csr_matrix((hazard[kept], where), shape=shape))

    def total(self, pairs: "Pairs", n: int) -> Floats:
        """The sum (n,) of the hazards of each row's considered items."""
        assert self.items is not None
        hazard = self.hazard(pairs)
        told = np.where(hazard > self.items.rate[pairs.item], hazard, 0.0)
        return np.bincount(pairs.row, weights=told, minlength=n).astype(np.float64)

    def because(self, rows: Choices, row: Ints, items: Ints) -> list[str]:
        """What was done with each of some items (c,) by its row (c,), in words."""
        nothing = "not considered since it was chosen last, or never"
        if self.items is None:
            return [nothing] * len(items)
        pairs = Pairs.of(rows, self.kinds)
        width = np.int64(rows.n_items)
        keys = pairs.row * width + pairs.item
        asked = np.asarray(row, dtype=np.int64) * width + items
        order = np.argsort(keys, kind="stable")
        at = np.minimum(np.searchsorted(keys[order], asked), max(len(keys) - 1, 0))
        place = order[at] if len(keys) else np.zeros(len(asked), dtype=np.int64)
        found = keys[place] == asked if len(keys) else np.zeros(len(asked), dtype=bool)
        out = []
        for i, here in zip(place.tolist(), found.tolist(), strict=True):  # words, one by one
            if not here:
                out.append(nothing)
                continue
            count, since = pairs.deeds.count[i], pairs.deeds.since[i]
            done = [
                f"{DEEDS.get(k, k)} {_times(int(c))}"
                for k, c in zip(self.kinds, count, strict=True)
                if c
            ]
            out.append(f"it was {' and '.join(done)}, last {_ago(float(np.min(since)))}")
        return out

    def hazard(self, pairs: "Pairs") -> Floats:
        """The chance (c,) that each considered item is chosen."""
        from scipy.special import expit

        assert self.items is not None
        held = (np.minimum(_features(pairs, self.items), self.top) - self.mean) / self.scale
        # Summed row by row: a product of matrices rounds a row otherwise among others.
        out: Floats = expit((held * self.weights[:-1]).sum(axis=1) + self.weights[-1])
        return out


@attrs.frozen(eq=False)
class Pairs:
    """What each row has considered and not chosen since, sorted by row and item.

    `before` tells whether it was chosen earlier; `days` are the days with other events since.
    """

    row: Ints
    item: Ints
    deeds: Deeds
    before: Bools
    days: Floats

    @classmethod
    def of(cls, rows: Choices, kinds: tuple[str, ...]) -> "Pairs":
        """The considered items of some rows, each as of its moment."""
        other = Others.of(rows, kinds=kinds)
        width = np.int64(max(rows.n_items, 1))
        place = rows.row * width + rows.item
        order = np.argsort(place, kind="stable")
        held, times = place[order], rows.time[order]  # oldest first within one item
        asked = other.row * width + other.item
        at = np.searchsorted(held, asked, side="right") - 1
        before = at >= 0
        before[before] = held[at[before]] == asked[before]
        open_ = ~before  # not chosen since: never chosen, or chosen before it
        open_[before] = times[at[before]] < other.time[before]
        kept = attrs.evolve(
            other,
            row=other.row[open_],
            item=other.item[open_],
            kind=other.kind[open_],
            time=other.time[open_],
        )
        deeds = Deeds.of(kept, rows)
        again = np.isin(deeds.row * width + deeds.item, held)
        return cls(deeds.row, deeds.item, deeds, again, _active(other, rows, deeds))


@attrs.frozen(eq=False)
class Odds:
    """Of each item (n_items,): log odds to be chosen once considered; log and rate of choices.

    `rate` is the chance that somebody who comes back chooses it, whatever was done with it.
    """

    chosen: Floats = attrs.field(converter=frozen)
    popular: Floats = attrs.field(converter=frozen)
    rate: Floats = attrs.field(converter=frozen)

    @classmethod
    def of(cls, history: Choices, kinds: tuple[str, ...], *, prior: float) -> "Odds":
        """The odds in a history, drawn towards everybody's as if by `prior` customers."""
        n, width = history.n_items, np.int64(max(history.n_items, 1))
        other = Others.of(history, kinds=kinds)
        seen = distinct(other.row * width + other.item)
        had = distinct(history.row * width + history.item)
        many = np.bincount(seen % width, minlength=n).astype(np.float64)
        both = np.bincount(seen[np.isin(seen, had)] % width, minlength=n).astype(np.float64)
        share = (both.sum() + 1) / (many.sum() + 2)
        share = (both + prior * share) / (many + prior)
        month = np.exp2(-(history.moments[history.row] - history.time).astype(np.int64) / DAY / 30)
        counts = np.bincount(history.item, weights=month, minlength=n)
        popular = (counts + 1e-9) / max(counts.sum(), 1e-9)
        late = later_start(history, history.moments.max()) if len(history) else None
        return cls(np.log(share / (1 - share)), np.log(popular), _rate(history, late))


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count:,} times")


def _ago(days: float) -> str:
    whole = int(days)
    if whole < 1:
        return "less than a day ago"
    return "a day ago" if whole == 1 else f"{whole:,} days ago"


def _least(total: Floats, hits: Floats, asked: Ints) -> float:
    """The sum of hazards that best parts rows (n,), by how many of `asked` choices are `hits`."""
    told = total[total > 0]
    if not len(told):
        return 0.0

    def likelihood(some: Bools) -> float:
        n = float(asked[some].sum())
        k = min(float(hits[some].sum()), n)
        return float(xlogy(k, k / max(n, 1)) + xlogy(n - k, 1 - k / max(n, 1)))

    from scipy.special import xlogy

    edges = np.unique(np.quantile(told, np.arange(0, 1, 0.05)))
    gains = [likelihood(total >= edge) + likelihood(total < edge) for edge in edges]
    return float(edges[int(np.argmax(gains))])


def _before(history: Choices, visits: Ints) -> Choices:
    """A row for each of some visits: the choices of its customer before it, as of its start."""
    first = np.searchsorted(history.visit, visits)
    held = history.take(history.row[first])
    early = held.visit < visits[held.row]
    kept = np.bincount(held.row[early], minlength=len(held))
    return attrs.evolve(
        held,
        offsets=np.append(0, np.cumsum(kept)),
        item=held.item[early],
        time=held.time[early],
        visit=held.visit[early],
        age=held.age[early],
        moments=history.time[first],
    )


def _rate(history: Choices, start: Any) -> Floats:
    """The share (n_items,) of those who come back in the last stretch that choose each item."""
    late = history.time >= start if start is not None else np.zeros(0, dtype=bool)
    width = np.int64(max(history.n_items, 1))
    pairs = distinct(history.row[late] * width + history.item[late])
    counts = np.bincount(pairs % width, minlength=history.n_items)
    out: Floats = counts / max(len(distinct(history.row[late])), 1)
    return out


def _active(other: Others, rows: Choices, deeds: Deeds) -> Floats:
    """Days (d,) on which each row did anything after it last did something with the item."""
    ago = (rows.moments[other.row] - other.time).astype(np.int64) // DAY
    most = np.int64(ago.max(initial=0) + 2)
    days = distinct(other.row * most + ago)  # by row, the latest first
    last = np.floor(deeds.since.min(axis=1, initial=np.inf)).astype(np.int64)
    first = np.searchsorted(days, np.arange(len(rows)) * most)
    out: Floats = (np.searchsorted(days, deeds.row * most + last) - first[deeds.row]).astype(float)
    return out


def _features(pairs: Pairs, items: Odds) -> Floats:
    """What the hazard is a logistic of (c, 4 a kind and 5)."""
    deeds, i = pairs.deeds, pairs.item
    hours = np.log1p(1 / (24 * deeds.since + 0.1))
    columns = [np.log1p(deeds.count), np.log1p(deeds.week), recency(deeds.since), hours]
    more = [items.chosen[i], items.popular[i], pairs.before, np.log1p(pairs.days)]
    each = np.log1p(np.bincount(pairs.row, minlength=int(pairs.row.max(initial=-1)) + 1))
    held = [*columns, np.stack([*more, each[pairs.row]], axis=1)]
    return np.concatenate([np.asarray(column, dtype=np.float64) for column in held], axis=1)
