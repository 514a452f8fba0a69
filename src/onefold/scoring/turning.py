"""Turning points: whether a customer's last visits look like another person's.

    z_k = a logistic of how the items of the last k visits agree with those before,    k = 1 to 5
    turned k visits ago:  the k of the largest z_k, where  z_k > ln((1 - c) / c)

The logistic is fitted on pairs (last k visits, what came before): a customer's own two against
one's last visits and another one's past, drawn so that both have pasts of the same lengths. c is
the share of customers who are expected to have changed. Of one who has turned, only the visits
since are looked at, by all levels.
"""

import attrs
import numpy as np

from onefold._check import fraction
from onefold._columns import frozen
from onefold._group import distinct
from onefold._types import Array, Bools, Floats, Ints
from onefold.errors import ArgumentError
from onefold.levels.due import logistic
from onefold.levels.protocol import Choices

MOST = 5  # visits after which a turn is no longer looked for: by then short horizons have it
LEAST = 200  # customers below whom it can't be told what agreement is usual
PEOPLE = 4000  # customers on whom the logistic is fitted, at most
RIDGE = 1.0
FAR = 4.0  # deviations beyond which a feature is held: what was never seen is not trusted


@attrs.frozen(eq=False)
class Turning:
    """How turns are told.

    Attributes:
        kinds: (v, n_items) what is compared, as codes of each item: the items themselves and,
            where the catalogue tells them, their categories.
        popular: (v, n_items) of each code, (choices + 1/2) / (all choices + 1/2).
        mean: (5, f) of the features, by k; `scale` their deviation.
        weights: (5, f + 1) of the logistics, the last the constant; -inf where there were too few
            customers.
        least: what z must pass.
    """

    kinds: Ints = attrs.field(converter=frozen)
    popular: Floats = attrs.field(converter=frozen)
    mean: Floats = attrs.field(converter=frozen)
    scale: Floats = attrs.field(converter=frozen)
    weights: Floats = attrs.field(converter=frozen)
    least: float

    def since(self, choices: Choices) -> Ints:
        """How many visits ago each row (n,) has turned; 0 where it has not."""
        best = np.full(len(choices), self.least)
        out = np.zeros(len(choices), dtype=np.int64)
        for k in range(1, MOST + 1):
            if not np.isfinite(self.weights[k - 1, -1]):
                continue
            features, known = _features(choices, k, choices.row, self.kinds, self.popular)
            held = _held(features, self.mean[k - 1], self.scale[k - 1])
            z = held @ self.weights[k - 1, :-1] + self.weights[k - 1, -1]
            better = known & (z > best)
            best[better], out[better] = z[better], k
        return out

    def cut(self, choices: Choices) -> Choices:
        """The same rows; of those that have turned only the visits since."""
        since = self.since(choices)
        if not since.any():
            return choices
        whole = np.iinfo(np.int64).max
        most = np.where(since > 0, since, whole)
        kept = np.flatnonzero(choices.age < most[choices.row])
        offsets = np.append(0, np.cumsum(np.bincount(choices.row[kept], minlength=len(choices))))
        starts = np.full(len(choices), np.datetime64(-(2**62), "us"))
        turned = np.flatnonzero(since)
        starts[turned] = choices.time[kept[offsets[:-1][turned]]]
        return attrs.evolve(
            choices,
            offsets=offsets,
            item=choices.item[kept],
            time=choices.time[kept],
            visit=choices.visit[kept],
            age=choices.age[kept],
            visits=np.minimum(choices.visits, most),
            history=choices.history.since(starts),
            whole=choices,
        )


def expected(share: float) -> float:
    """Return a share of customers who are expected to have changed."""
    number = share if isinstance(share, (int, float, np.number)) else None
    if number is not None and not isinstance(share, bool) and not 0 <= number <= 0.5:
        raise ArgumentError(f"Scorer: changes is {share!r}; it takes a number, 0 to 0.5.")
    return float(fraction(share, "Scorer: changes", ends=True))


def turning(history: Choices, *, share: float, rng: np.random.Generator) -> Turning | None:
    """Learn how turns are told; None where none are expected, or customers are few.

    Args:
        history: What everybody chose.
        share: c, the share of customers who are expected to have changed.
        rng: Source of chance: whose past is put before whose visits.
    """
    if not share:
        return None
    kinds = _kinds(history)
    counts = [np.bincount(codes[history.item], minlength=history.n_items) for codes in kinds]
    popular = (np.array(counts) + 0.5) / (np.sum(counts, axis=1, keepdims=True) + 0.5)
    fitted = []
    for k in range(1, MOST + 1):
        who = np.flatnonzero(history.visits > k)
        if len(who) > PEOPLE:
            who = np.sort(rng.choice(who, PEOPLE, replace=False))
        fitted.append(_learned(history.take(who), k, kinds, popular, rng))
    told = [found for found in fitted if found is not None]
    if not told:
        return None
    none = [np.zeros_like(told[0][0]), np.ones_like(told[0][1]), np.full_like(told[0][2], -np.inf)]
    mean, scale, weights = (
        np.stack([(none if found is None else found)[part] for found in fitted])
        for part in range(3)
    )
    return Turning(kinds, popular, mean, scale, weights, float(np.log((1 - share) / share)))


def _learned(
    rows: Choices, k: int, kinds: Ints, popular: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats] | None:
    """The logistic of k: own pasts against others', each past once on either side."""
    n = len(rows)
    if n < LEAST:
        return None
    order = rng.permutation(n)
    other = np.empty(n, dtype=np.int64)
    other[order] = np.roll(order, 1)  # whose last visits a past is put before: never its own
    sides = []
    for owner in (rows.row, other[rows.row]):
        features, known = _features(rows, k, owner, kinds, popular)
        sides.append(features[known])
    outcome = np.repeat([False, True], [len(side) for side in sides])
    return logistic(np.concatenate(sides), outcome, RIDGE)


def _kinds(history: Choices) -> Ints:
    """What is compared: items, and their categories; items without one are of one more."""
    items = np.arange(history.n_items)
    catalog = history.catalog
    if catalog is None or "category" not in catalog.columns:
        return items[None]
    codes = catalog.codes("category", history.items).astype(np.int64)
    place = np.unique(codes, return_inverse=True)[1]
    return np.stack([items, place.reshape(-1)])


def _features(
    rows: Choices, k: int, owner: Ints, kinds: Ints, popular: Floats
) -> tuple[Floats, Bools]:
    """What tells (n, f) of each row whether it turned k visits ago, and where it is known.

    `owner` (m,) is whose past each cell of a past is.
    """
    new = rows.age < k
    parts = []
    for codes, share in zip(kinds, popular, strict=True):
        what = codes[rows.item]
        last, past = _Cells(rows.row[new], what[new]), _Cells(owner[~new], what[~new])
        found, known = _agreement(last, past, share, len(rows))
        parts.append(found)
    return np.concatenate(parts, axis=1), known


@attrs.frozen(eq=False)
class _Cells:
    """Items (m,) and the rows (m,) they are of."""

    row: Ints
    item: Array


def _agreement(last: _Cells, past: _Cells, popular: Floats, n: int) -> tuple[Floats, Bools]:
    """What tells (n, f) whether the items of the last visits agree with the past; where known.

    Of the L distinct items of the last visits, o are in the past, where e would be in a past of
    this length drawn from what everybody chooses. s is how much likelier they are by half of the
    past's own shares and half of everybody's, than by everybody's alone.
    """
    width = np.int64(len(popular))
    mine = distinct(last.row * width + last.item)
    theirs, counts = np.unique(past.row * width + past.item, return_counts=True)
    length = np.bincount(past.row, minlength=n).astype(np.float64)
    row, share = mine // width, popular[mine % width]
    at = np.minimum(np.searchsorted(theirs, mine), max(len(theirs) - 1, 0))
    had = theirs[at] == mine if len(theirs) else np.zeros(len(mine), dtype=bool)
    own = np.where(had, counts[at] if len(theirs) else 0, 0) / np.maximum(length[row], 1)

    def total(weights: Array) -> Floats:
        return np.bincount(row, weights=weights, minlength=n).astype(np.float64)

    L, o, e = total(np.ones(len(row))), total(had), total(-np.expm1(-length[row] * share))
    s = total(np.log(0.5 + 0.5 * own / share))
    known = (L > 0) & (length > 0)
    different = np.bincount(theirs // width, minlength=n)
    habit = 1 - different / np.maximum(length, 1)
    beyond = (o - e) / np.sqrt(np.maximum(L, 1))
    columns = [
        s,
        s / np.maximum(L, 1),
        np.log((o + 0.5) / (L - o + 0.5)),
        np.log((o + 0.5) / (e + 0.5)),
        beyond,
        habit,
        habit * beyond,
        habit * np.log1p(L),
        np.log1p(L),
        np.log1p(length),
    ]
    return np.stack(columns, axis=1), known


def _held(features: Floats, mean: Floats, scale: Floats) -> Floats:
    out: Floats = np.clip((features - mean) / scale, -FAR, FAR)
    return out
