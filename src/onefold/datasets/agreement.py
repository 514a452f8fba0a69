"""How far customers agree with the people they stand for, beside plain union-find.

Each event and each identifier is judged by B-cubed, and the mean taken over them; what belongs to
one person is drawn together for the interval. Rates say what goes wrong:

    over-merged: customers that hold several people      glued: people in a customer with others
    split: people spread over several customers
"""

from collections.abc import Mapping

import attrs
import numpy as np
import pandas as pd

from onefold._check import one_of
from onefold._display import Html, html_card, number, text_table
from onefold._stats import wilson
from onefold._types import Array, Bools, Floats, Ints
from onefold.datasets.clusters import b_cubed

DRAWS = 1000
MEASURES = (
    "precision",
    "recall",
    "knowable precision",
    "knowable recall",
    "f1",
    "over-merged",
    "glued",
    "split",
    "knowable split",
)
BY_PERSON = "percentile bootstrap over people, {:,} draws"
_CELLS = 1 << 22  # weights held at a time: 32 MB


@attrs.frozen(eq=False)
class Items:
    """What is judged, n events or identifiers: customer (-1 none), person, and what is knowable."""

    customer: Ints
    person: Ints
    knowable: Bools


def measured(items: Items, rng: np.random.Generator) -> pd.DataFrame:
    """One row a measure: measure, estimate, low, high, n, method."""
    sums, counts = _by_person(items)
    estimate = _all(sums.sum(axis=0), counts.sum(axis=0))
    low, high = _bounds(sums, counts, rng)
    frame = pd.DataFrame(
        {"measure": MEASURES, "estimate": estimate, "low": low, "high": high, "n": 0}
    )
    frame["method"] = BY_PERSON.format(DRAWS)
    total = counts.sum(axis=0).astype(np.int64)
    frame["n"] = [*total[:4], total[1], 0, *total[4:]]
    return _with_customers(frame, items)


def _with_customers(frame: pd.DataFrame, items: Items) -> pd.DataFrame:
    """Over-merged is a share of customers, not of people: counted, with Wilson's interval."""
    held = items.customer >= 0
    pairs = np.unique(np.stack([items.customer[held], items.person[held]]), axis=1)
    _, people = np.unique(pairs[0], return_counts=True)
    n, several = len(people), int((people > 1).sum())
    at = MEASURES.index("over-merged")
    frame.loc[at, ["estimate", "low", "high"]] = np.nan
    if n:
        low, high = wilson(several, n)
        frame.loc[at, ["estimate", "low", "high"]] = [several / n, float(low), float(high)]
    frame.loc[at, "n"] = n
    frame.loc[at, "method"] = "Wilson's interval"
    return frame


def _by_person(items: Items) -> tuple[Floats, Floats]:
    """Sums and counts (people, 7): precision and recall, both of the knowable, and three rates."""
    n = int(items.person.max(initial=-1)) + 1
    who, cell, knowable = items.person, items.customer, items.knowable
    held = cell >= 0
    precise, recalled = b_cubed(cell, who)
    known = np.zeros((2, len(who)))
    known[:, knowable] = b_cubed(cell[knowable], who[knowable])

    def total(weights: Array) -> Floats:
        return np.asarray(np.bincount(who, weights=weights, minlength=n), dtype=np.float64)

    both = knowable & held
    sums = [total(precise * held), total(recalled), total(known[0] * both), total(known[1])]
    counts = [total(held), total(np.ones(len(who))), total(both), total(knowable)]
    some, customers = _spread(cell[held], who[held], n)
    crowd = _crowds(cell[held], who[held], n)
    _, knowns = _spread(cell[both], who[both], n)
    wrong = [(x > 1).astype(np.float64) for x in (crowd, customers, knowns)]
    there = [x.astype(np.float64) for x in (some, some, knowns > 0)]
    return np.stack([*sums, *wrong], axis=1), np.stack([*counts, *there], axis=1)


def _spread(cell: Ints, who: Ints, n: int) -> tuple[Bools, Ints]:
    """Whether each person has an item in a customer, and in how many customers."""
    pairs = np.unique(np.stack([who, cell]), axis=1)
    customers = np.bincount(pairs[0], minlength=n)
    return customers > 0, customers


def _crowds(cell: Ints, who: Ints, n: int) -> Ints:
    """The most people in a customer that holds something of each person (n,)."""
    pairs = np.unique(np.stack([who, cell]), axis=1)
    people = np.bincount(pairs[1])
    out = np.zeros(n, dtype=np.int64)
    np.maximum.at(out, pairs[0], people[pairs[1]])
    return out


def _all(sums: Floats, counts: Floats) -> Floats:
    """The measures (..., 9) of sums and counts (..., 7); over-merged is not among them."""
    with np.errstate(invalid="ignore", divide="ignore"):
        r = sums / counts
        f1 = 2 * r[..., 0] * r[..., 1] / (r[..., 0] + r[..., 1])
    empty = np.full(f1.shape, np.nan)
    return np.stack(
        [*np.moveaxis(r[..., :4], -1, 0), f1, empty, *np.moveaxis(r[..., 4:], -1, 0)], -1
    )


def _bounds(sums: Floats, counts: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Quantiles of 2.5 and 97.5 % over draws of people; not known for fewer than two."""
    some = np.flatnonzero(counts[:, 1] > 0)
    n = len(some)
    if n < 2:
        unknown = np.full(len(MEASURES), np.nan)
        return unknown, unknown
    table = np.concatenate([sums[some], counts[some]], axis=1)
    drawn = np.empty((DRAWS, table.shape[1]))
    step = max(1, _CELLS // n)
    for start in range(0, DRAWS, step):
        k = min(step, DRAWS - start)
        who = rng.integers(n, size=(k, n)) + n * np.arange(k)[:, None]
        weights = np.bincount(who.ravel(), minlength=k * n).reshape(k, n)
        drawn[start : start + step] = weights.astype(np.float64) @ table
    measures = _all(*np.split(drawn, 2, axis=1))
    out = np.full((2, len(MEASURES)), np.nan)
    told = ~np.isnan(measures).all(axis=0)
    out[:, told] = np.nanquantile(measures[:, told], [0.025, 0.975], axis=0)
    return out[0], out[1]


# ---------------------------------------------------------------- what is shown


@attrs.frozen(eq=False, repr=False)
class IdentityScores:
    """How well customers agree with the truth, with plain union-find beside.

    Rows of `to_pandas`: `resolver` ("found" or "union-find"), `over` ("events" or
    "identifiers"), `measure`, `estimate`, `low`, `high` (95 %), `n` (what it is a mean or share
    of) and `method` of the interval.

    - precision, recall: B-cubed means. Precision is over what has a customer; in recall what has
      none is alone. `knowable precision` and `knowable recall` are the same among each person's
      main part: what nothing that they did ever joined to it (a browser without any login, a
      visit in somebody else's name) can be known by nobody.
    - f1: 2 * precision * recall / (precision + recall).
    - over-merged: share of customers that hold several people. glued: share of people of whom a
      customer also holds somebody else's. split: share of people spread over several customers;
      `knowable split` of their main parts.

    Over identifiers those of several people (a shared device's) are left out: no partition is
    right about them. `counts` says how many, and what else was counted, by resolver.
    """

    _table: pd.DataFrame
    counts: Mapping[str, Mapping[str, int]]

    def to_pandas(self) -> pd.DataFrame:
        """One row for each resolver, kind of item and measure; a new frame."""
        return self._table.copy()

    def of(self, measure: str, *, over: str = "events", resolver: str = "found") -> float:
        """One estimate.

        Args:
            measure: "precision", "recall", "knowable precision", "knowable recall", "f1",
                "over-merged", "glued", "split" or "knowable split".
            over: "events" or "identifiers".
            resolver: "found" or "union-find".

        Raises:
            ArgumentError: If a name is none of these.
        """
        call = "IdentityScores.of"
        one_of(measure, MEASURES, f"{call}: measure")
        one_of(resolver, tuple(self.counts), f"{call}: resolver")
        t = self._table[self._table["resolver"] == resolver]
        one_of(over, tuple(t["over"].unique()), f"{call}: over")
        return float(t.loc[(t["measure"] == measure) & (t["over"] == over), "estimate"].iloc[0])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, IdentityScores):
            return NotImplemented
        return self._table.equals(other._table) and self.counts == other.counts

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        head = "How well customers agree with the truth (95 % intervals)"
        return "\n".join([head, text_table(self._shown()), *self._notes()])

    def _repr_html_(self) -> Html:
        return html_card(
            "How well customers agree with the truth",
            [("", self._shown()), ("counts", "; ".join(self._notes()))],
        )

    def _shown(self) -> pd.DataFrame:
        table = self._table.assign(said=[_said(*row) for row in self._bounds()])
        wide = table.pivot(index=["over", "measure"], columns="resolver", values="said")
        order = table[["over", "measure"]].drop_duplicates()
        out = wide.reindex(pd.MultiIndex.from_frame(order)).reset_index()
        return out[["over", "measure", *self.counts]]

    def _bounds(self) -> list[tuple[str, float, float, float]]:
        t = self._table
        return list(zip(t["measure"], t["estimate"], t["low"], t["high"], strict=True))

    def _notes(self) -> list[str]:
        return [
            f"{resolver}: " + ", ".join(f"{number(n)} {what}" for what, n in counted.items())
            for resolver, counted in self.counts.items()
        ]


def _said(measure: str, estimate: float, low: float, high: float) -> str:
    """A score with four digits, for what matters is how much is missing to one; a rate in %."""
    if np.isnan(estimate):
        return "no data"
    if measure in MEASURES[:5]:
        bounds = f" [{low:.4f}, {high:.4f}]" if not np.isnan(low) else ""
        return f"{estimate:.4f}{bounds}"
    bounds = f" [{100 * low:.2f}, {100 * high:.2f}]" if not np.isnan(low) else ""
    return f"{100 * estimate:.2f}%{bounds}"
