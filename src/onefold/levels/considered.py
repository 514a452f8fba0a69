"""Considered: what this customer looked at, carted, opened or clicked, and has not chosen since.

    p(i | u) = h(u, i) / sum over considered items j of h(u, j)

h is the chance that u, who comes back, chooses i within the next stretch of time: a logistic of
what was done with i since u last chose it, by kind of event (how often, how lately, in hours, days
and active days), how often customers who consider i go on to choose it, and how popular it is.
How much each kind tells is learned on the last stretch of the history: from what came before it,
and, for what was done just now, from what came before each of its visits.

What is no likelier for having been considered than without it, such as what was sent back, is left
out; with one kind of event there is nothing to say.
"""

from typing import Any

import attrs
import numpy as np

from onefold._columns import frozen
from onefold._display import number, percent
from onefold._group import distinct
from onefold._types import Bools, Floats, Ints
from onefold.levels.due import logistic
from onefold.levels.later import later_start
from onefold.levels.others import DAY, Deeds, Others, recency
from onefold.levels.protocol import Choices, normal_rows
from onefold.levels.settings import above_zero, counted, named

CUSTOMERS = 8000  # who come back, from whom the hazard is learned, at most
LEAST = 30  # considered items that were chosen, without which nothing is learned
SHARE = 0.01  # of all choices: below it the level would cost more than it tells


@attrs.frozen
class Considered:
    """What was considered and not chosen since, by how likely that is to follow.

    Args:
        prior: Customers that everybody's rate of conversion counts for beside an item's own.
        ridge: Of the coefficients, of standardised features.
        customers: Customers from whom the hazard is learned, at most.
        name: The level's name.

    Raises:
        ArgumentError: If a setting is not allowed.
    """

    prior: float = attrs.field(default=20.0, kw_only=True, validator=above_zero)
    ridge: float = attrs.field(default=1.0, kw_only=True, validator=above_zero)
    customers: int = attrs.field(default=CUSTOMERS, kw_only=True, validator=counted)
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
        items = Odds.of(history, kinds, prior=self.prior)
        return FittedConsidered(self.name, kinds, items, mean, scale, weights, told.max(axis=0))


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
        kept = np.flatnonzero(hazard > self.items.rate[pairs.item])
        where = (pairs.row[kept], pairs.item[kept])
        return normal_rows(csr_matrix((hazard[kept], where), shape=shape))

    def because(self, rows: Choices, item: int) -> str:
        """What was done with the item, in words, for the first row."""
        pairs = Pairs.of(rows, self.kinds)
        here = np.flatnonzero((pairs.row == 0) & (pairs.item == item))
        if self.items is None or not len(here):
            return "not considered since it was chosen last, or never"
        held = pairs.deeds
        count, since = held.count[here[0]], held.since[here[0]]
        done = [f"{k} {int(c)}x" for k, c in zip(self.kinds, count, strict=True) if c]
        chance = percent(self.hazard(pairs)[here[0]])
        when = "just now" if since.min() < 1e-3 else f"{number(since.min())} days ago"
        return f"{', '.join(done)}, last {when}; chance {chance}"

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
