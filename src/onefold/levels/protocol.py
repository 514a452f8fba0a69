"""What a level is: one view of a customer, as a probability over items.

A level is `shared` (one dense distribution for everyone, or for each segment or persona) or
`own` (sparse, from a customer's own choices). It needs to import nothing from here:

    class MyLevel:
        name = "mine"
        def fit(self, history, *, as_of, rng): ...    # -> has shared(group) or own(rows)

    shared(group) -> (n_items,), sums to 1        by = "everyone", "segment" or "persona"
    own(rows)     -> csr (n, n_items), non-negative, rows sum to 1, or to 0: nothing to say

A level with nothing to say of a customer passes its weight down to everyone.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import attrs
import numpy as np

from onefold._columns import frozen
from onefold._group import distinct
from onefold._types import Codes, Floats, Ints, Times
from onefold._vocab import Vocab
from onefold.catalog import Catalog
from onefold.errors import ContractError
from onefold.ledger import ranges
from onefold.traits.history import History

GROUPINGS = ("everyone", "segment", "persona")


class Level(Protocol):
    """Settings of a level; `fit` returns another value that can act."""

    @property
    def name(self) -> str:
        """What the level is called in weights and explanations."""
        ...

    def fit(self, history: "Choices", *, as_of: np.datetime64, rng: np.random.Generator) -> Any: ...


def _some(rows: Ints | None) -> Ints | None:
    return None if rows is None else frozen(rows)


@attrs.frozen(eq=False, repr=False)
class Choices:
    """What n customers chose: the distinct items of each of their visits, oldest first.

    A cell is one item of one visit. Row i has the cells `offsets[i] : offsets[i + 1]`; all
    arrays are read-only.

    Attributes:
        offsets: (n + 1,) bounds of each row's cells.
        item: (m,) codes into `items`.
        time: (m,) start of the visit.
        visit: (m,) number of the visit, over all rows, in order.
        age: (m,) visits of the same customer since: 0 for the last.
        visits: (n,) visits of each row, those without a known item included.
        moments: (n,) the moment as of which each row is asked.
        items: the catalogue of the scorer: what can be chosen.
        groups: (n,) codes by grouping ("segment", "persona"), -1 for none.
        names: names of the groups, by grouping.
        cards: the personas, if there are any.
        history: all events of these rows, of all kinds, and of more rows where some were taken.
        target: the kind of event that is a choice.
        at: (n,) the row in `history` of each row; None where they are the same.
        whole: the same rows with all they ever chose, where these are only their latest choices.
    """

    offsets: Ints = attrs.field(converter=frozen)
    item: Codes = attrs.field(converter=frozen)
    time: Times = attrs.field(converter=frozen)
    visit: Ints = attrs.field(converter=frozen)
    age: Ints = attrs.field(converter=frozen)
    visits: Ints = attrs.field(converter=frozen)
    moments: Times = attrs.field(converter=frozen)
    items: Vocab
    history: History
    groups: Mapping[str, Codes] = attrs.field(factory=dict)
    names: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)
    cards: Any = None
    target: str | None = None
    at: Ints | None = attrs.field(default=None, converter=_some)
    whole: "Choices | None" = None
    kept: dict[str, Any] = attrs.field(init=False, factory=dict)  # a cache

    @classmethod
    def of(
        cls,
        history: History,
        items: Vocab,
        *,
        target: str,
        moments: Times,
        groups: Mapping[str, Codes] | None = None,
        names: Mapping[str, tuple[str, ...]] | None = None,
        cards: Any = None,
    ) -> "Choices":
        """The choices in a history: its events of the kind `target`."""
        h = history.where(target)
        visit, bounds = h.visits
        code = np.append(items.translation(h.items), np.int32(-1))[h.item]
        start = np.zeros(len(visit) and int(visit.max()) + 1, dtype=np.int64)
        start[visit[::-1]] = np.arange(len(visit))[::-1]  # the first event of each visit
        known = code >= 0
        width = max(len(items), 1)
        cells = distinct(visit[known] * width + code[known])
        of_cell, item = cells // width, (cells % width).astype(np.int32)
        row = h.row[start][of_cell]
        offsets = np.zeros(len(h) + 1, dtype=np.int64)
        np.cumsum(np.bincount(row, minlength=len(h)), out=offsets[1:])
        return cls(
            offsets=offsets,
            item=item,
            time=h.time[start][of_cell],
            visit=of_cell,
            age=bounds[row + 1] - 1 - of_cell,
            visits=np.diff(bounds),
            moments=moments,
            items=items,
            history=history,
            groups=groups or {},
            names=names or {},
            cards=cards,
            target=target,
        )

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def before(self, start: np.datetime64) -> "Choices":
        """The same rows with only the visits that began before a moment."""
        late = self.time >= start
        new = late & np.append(True, self.visit[1:] != self.visit[:-1])[: len(late)]
        later = np.bincount(self.row[new], minlength=len(self))
        kept = np.flatnonzero(~late)
        offsets = np.append(0, np.cumsum(np.bincount(self.row[kept], minlength=len(self))))
        return attrs.evolve(
            self,
            offsets=offsets,
            item=self.item[kept],
            time=self.time[kept],
            visit=self.visit[kept],
            age=self.age[kept] - later[self.row[kept]],
            visits=self.visits - later,
            moments=np.full(len(self), start),
        )

    def take(self, rows: Ints) -> "Choices":
        """The choices of some rows, by position; their other events are found by way of `at`."""
        cells, offsets = ranges(self.offsets[:-1][rows], self.offsets[1:][rows])
        return attrs.evolve(
            self,
            offsets=offsets,
            item=self.item[cells],
            time=self.time[cells],
            visit=self.visit[cells],
            age=self.age[cells],
            visits=self.visits[rows],
            moments=self.moments[rows],
            at=rows if self.at is None else self.at[rows],
            groups={name: codes[rows] for name, codes in self.groups.items()},
            whole=None if self.whole is None else self.whole.take(rows),
        )

    @property
    def ever(self) -> "Choices":
        """The same rows with all that they ever chose."""
        return self if self.whole is None else self.whole

    @property
    def row(self) -> Ints:
        """The row (m,) of each cell."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))

    @property
    def n_items(self) -> int:
        """How many items there are to choose from."""
        return len(self.items)

    @property
    def catalog(self) -> Catalog | None:
        """What is known of the items."""
        return self.history.catalog


@attrs.frozen(eq=False)
class SharedLevel:
    """A fitted level with one distribution a group: rows (g + 1, n_items), the last for none."""

    name: str
    by: str
    names: tuple[str, ...]
    table: Floats

    def shared(self, group: str | None) -> Floats:
        """The distribution (n_items,) of a group, by name; None is a customer without one."""
        at = self.names.index(group) if group in self.names else len(self.names)
        row: Floats = self.table[at]
        return row


def normal(weights: Floats) -> Floats:
    """Non-negative weights (..., n_items) as probabilities; zeros stay zeros."""
    total = weights.sum(axis=-1, keepdims=True)
    out: Floats = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
    return out


def normal_rows(matrix: Any) -> Any:
    """A csr matrix whose rows sum to 1, or to 0 where they hold nothing."""
    total = np.asarray(matrix.sum(axis=1)).ravel()
    scale = np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)
    matrix.data = matrix.data * np.repeat(scale, np.diff(matrix.indptr))
    return matrix


def rows_of(rows: Choices, weights: Floats, *, power: float = 1.0) -> Any:
    """A csr matrix (n, n_items): weights by cell summed by item, to a power, rows normalised."""
    from scipy.sparse import csr_matrix

    kept = np.flatnonzero(weights > 0)
    shape = (len(rows), rows.n_items)
    matrix = csr_matrix((weights[kept], (rows.row[kept], rows.item[kept])), shape=shape)
    matrix.sum_duplicates()  # not every release of scipy does so by itself
    if power != 1.0:
        matrix.data = matrix.data**power
    return normal_rows(matrix)


def checked_shared(level: str, held: Any, n_items: int) -> Floats:
    """What a plug-in's `shared` returned, if it is a distribution; else an error naming it."""
    array = np.asarray(held, dtype=np.float64)
    if array.shape != (n_items,):
        raise ContractError(
            f"level {level!r}: shared returned an array of shape {array.shape}; it takes "
            f"({n_items},), one number an item."
        )
    if not np.isfinite(array).all() or (array < 0).any() or abs(array.sum() - 1) > 1e-6:
        raise ContractError(
            f"level {level!r}: shared returned numbers that are no distribution (smallest "
            f"{array.min():g}, sum {array.sum():g}); they must be non-negative and sum to 1."
        )
    return array


def checked_own(level: str, held: Any, shape: tuple[int, int]) -> Any:
    """What a plug-in's `own` returned, as a clean csr matrix; else an error naming it."""
    from scipy.sparse import csr_matrix

    matrix = csr_matrix(held, dtype=np.float64)
    if matrix.shape != shape:
        raise ContractError(
            f"level {level!r}: own returned a matrix of shape {matrix.shape}; it takes {shape}."
        )
    if not matrix.has_canonical_format or not matrix.data.all():
        matrix = matrix.copy()  # what a plug-in keeps stays its own
        matrix.sum_duplicates()
        matrix.eliminate_zeros()  # a row of zeros has nothing to say
    totals = np.asarray(matrix.sum(axis=1)).ravel()
    proper = (np.abs(totals - 1) <= 1e-6) | (totals == 0)
    if not np.isfinite(matrix.data).all() or (matrix.data < 0).any() or not proper.all():
        bad = float(totals[~proper][0]) if (~proper).any() else float(np.min(matrix.data))
        raise ContractError(
            f"level {level!r}: own returned rows that are no distributions ({bad:g}); each row "
            "must be non-negative and sum to 1, or be empty where it has nothing to say."
        )
    return matrix


def checked_names(levels: Any, name: str) -> tuple[Any, ...]:
    """Levels with a `fit` and names that differ."""
    if isinstance(levels, str) or not isinstance(levels, Iterable):
        raise ContractError(f"{name} is {levels!r}; it takes several levels: [Everyone(), ...].")
    chosen = tuple(levels)
    if not chosen:
        raise ContractError(f"{name} is empty; it takes at least onefold.levels.Everyone().")
    for level in chosen:
        if not isinstance(getattr(level, "name", None), str) or not callable(
            getattr(level, "fit", None)
        ):
            raise ContractError(
                f"{name} holds {level!r}, which is not a level. A level has a string `name` and a "
                "method `fit(history, *, as_of, rng)`; see onefold.testing.check_level."
            )
    names: list[str] = [level.name for level in chosen]
    if len(set(names)) < len(names):
        twice = next(n for n in names if names.count(n) > 1)
        raise ContractError(f"{name} holds the name {twice!r} twice; give one another name=.")
    return chosen
