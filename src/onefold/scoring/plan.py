"""A plan: a fitted scorer laid out for the kernel, one customer after another.

Rows of one kind (segment, persona, evidence, what is empty) share the weights and the order of
the base, which is kept: its first items are all that a list can need of it,

    base(i) = sum over shared levels l of w_l p_l(i),    with what empty levels pass down

Levels that the kernel does not know, plug-ins among them, come as their rows (csr).
"""

from functools import cache
from threading import get_ident
from typing import Any, final

import attrs
import numpy as np

from onefold._types import Array, Bools, Codes, Floats, Ints
from onefold.levels.due import FittedDue
from onefold.levels.ease import FAINT, FittedEase
from onefold.levels.individual import Individual
from onefold.levels.neighbours import FittedNeighbours
from onefold.levels.protocol import Choices
from onefold.scoring.heads import DEPTH
from onefold.scoring.refine import SMALL, TINY, Refinement
from onefold.scoring.views import Views
from onefold.scoring.weights import buckets

NEVER = -2
FIRST = 1024  # items of a base that are put in order to begin with
THREADS = 64  # whose boards are kept
ROOM = 32_000_000  # probabilities of bases that are kept: 256 MB


KINDS = {
    Individual: Individual,
    FittedDue: FittedDue,
    FittedNeighbours: FittedNeighbours,
    FittedEase: FittedNeighbours,
}


@cache
def compiled() -> Any:
    """The kernel, or None where numba is not installed."""
    try:
        from onefold.scoring import kernel
    except ImportError:
        return None
    return kernel


@final
class _Kept:
    """Caches of a plan, which are left behind where it is copied or sent to another process."""

    __slots__ = ("boards", "heads", "kinds", "masked", "tables")

    def __init__(self) -> None:
        self.heads: dict[Any, Any] = {}  # of the base, by kind of rows
        self.kinds: dict[Any, Any] = {}  # weights and columns, by kind of rows
        self.tables: dict[Any, Floats] = {}  # of the refinement, by groups and what is empty
        self.masked: tuple[Bools, dict[Any, Any]] | None = None  # a mask, and heads within it
        self.boards: dict[int, Codes] = {}  # where the kernel notes what it touched, by thread

    def __reduce__(self) -> Any:
        return _Kept, ()


@attrs.frozen(eq=False)
class Plan:
    """What the kernel reads of a scorer."""

    views: Views
    weights: Floats
    natives: tuple[Any, ...]  # individuals, neighbours, links, due
    pattern: Ints  # (levels,) the bit of emptiness each goes by; -1 shared, -2 never says anything
    own: Ints  # own levels in the kernel's order: individuals, due, neighbours, others
    others: tuple[int, ...]  # levels that the kernel does not know
    shared: Floats  # (n_items, columns)
    starts: Ints  # the first column of each shared level
    refined: tuple[Any, ...] | None
    kept: _Kept = attrs.field(init=False, factory=_Kept)

    @classmethod
    def of(cls, views: Views, weights: Floats, refinement: Refinement | None) -> "Plan":
        """Lay out the levels of a scorer."""
        kinds: dict[Any, list[int]] = {
            Individual: [],
            FittedDue: [],
            FittedNeighbours: [],
            None: [],
        }
        silent = [at for at, x in views.fitted.items() if getattr(x, "silent", False)]
        for at, level in views.fitted.items():
            kind = KINDS.get(type(level))
            known = kind is not FittedDue or (level.told is None and not kinds[FittedDue])
            if at not in silent:
                kinds[kind if known else None].append(at)
        singles, dues, linked, others = kinds.values()
        pattern = np.full(len(views.names), -1)
        pattern[silent] = NEVER
        pattern[[*singles, *dues]] = 0
        pattern[linked] = 1 + np.arange(len(linked))
        pattern[others] = 1 + len(linked) + np.arange(len(others))
        own = np.array([*singles, *dues, *linked, *others], dtype=np.int64)
        tables = [table for _, _, table in views.shared.values()]
        starts = np.append(0, np.cumsum([len(table) for table in tables]))[:-1]
        shared = np.ascontiguousarray(np.concatenate(tables).T)
        refined = None
        if refinement is not None:
            refined = _refined(refinement, views, own, shared, starts)
        return cls(
            views=views,
            weights=weights,
            natives=(
                _individuals([views.fitted[at] for at in singles]),
                *_neighbours([views.fitted[at] for at in linked], views.n_items),
                _due([views.fitted[at] for at in dues]),
            ),
            pattern=pattern,
            own=own,
            others=tuple(others),
            shared=shared,
            starts=starts,
            refined=refined,
        )

    def ranked(
        self,
        choices: Choices,
        n: int,
        *,
        allowed: Bools | None = None,
        repeats: bool = True,
        own_only: bool = False,
    ) -> tuple[Codes, Floats, Ints]:
        """The n best items of each row (rows, n), their scores, and how many there are (rows,)."""
        out = (
            np.empty((len(choices), n), dtype=np.int32),
            np.empty((len(choices), n)),
            np.empty(len(choices), dtype=np.int64),
        )
        asked = (n, DEPTH, repeats, own_only, self.refined is not None, compiled().LISTS)
        self._fill(choices, asked, allowed, NO_PAIRS, out)
        return out

    def dense(self, choices: Choices) -> Floats:
        """All probabilities (rows, n_items)."""
        out = np.empty((len(choices), self.views.n_items))
        counts = np.empty(len(choices), dtype=np.int64)
        asked = (0, DEPTH, True, False, self.refined is not None, compiled().DENSE)
        self._fill(choices, asked, None, NO_PAIRS, (NO_CODES, out, counts))
        return out

    def pairs(self, choices: Choices, row: Ints, code: Codes) -> Floats:
        """The probability (c,) of some items for some rows, ascending by row."""
        out: Floats = np.empty((1, len(row)))
        counts = np.empty(len(choices), dtype=np.int64)
        bounds = np.searchsorted(row, np.arange(len(choices) + 1))
        asked = (0, DEPTH, True, False, self.refined is not None, compiled().PAIRS)
        pairs = (bounds, code.astype(np.int32))
        self._fill(choices, asked, None, pairs, (NO_CODES, out, counts))
        return out.ravel()

    def _fill(
        self,
        choices: Choices,
        asked: tuple[Any, ...],
        allowed: Bools | None,
        pairs: tuple[Ints, Codes],
        out: tuple[Codes, Floats, Ints],
    ) -> None:
        """Rank the rows, kind by kind."""
        kernel = compiled()
        rows = np.arange(len(choices))
        cells = _cells(choices)
        generic, entries = self._entries(choices)
        bits = np.empty(len(rows), dtype=np.int64)
        kernel.emptiness(rows, cells[0], cells[1], cells[2], self.natives[1], generic, bits)
        kept = self.kept.heads if allowed is None else self._masked(allowed)
        for key, some in self._kinds(choices, bits):
            self._rank(key, some, cells, generic, entries, allowed, kept, asked, pairs, out)

    def one(
        self,
        cells: tuple[Array, ...],
        groups: tuple[int, ...],
        n: int,
        *,
        allowed: Bools | None,
        repeats: bool,
    ) -> tuple[Codes, Floats, int]:
        """The list of a single row (1, n), its scores and its length; no level is a plug-in."""
        out = (
            np.empty((1, n), dtype=np.int32),
            np.empty((1, n)),
            np.empty(1, dtype=np.int64),
        )
        bits = np.empty(1, dtype=np.int64)
        compiled().emptiness(ROW, *cells[:3], self.natives[1], NO_ROWS, bits)
        visits = int(cells[4][0])
        bucket = min(visits.bit_length(), len(self.weights) - 1)
        asked = (n, DEPTH, repeats, False, self.refined is not None, compiled().LISTS)
        kept = self.kept.heads if allowed is None else self._masked(allowed)
        key = (bucket, int(bits[0]), *groups)
        self._rank(key, ROW, cells, NO_ROWS, NOTHING, allowed, kept, asked, NO_PAIRS, out)
        return out[0], out[1], int(out[2][0])

    def _rank(
        self,
        key: tuple[int, ...],
        rows: Ints,
        cells: tuple[Array, ...],
        generic: Ints,
        entries: tuple[Codes, Floats],
        allowed: Bools | None,
        kept: dict[Any, Any],
        asked: tuple[Any, ...],
        pairs: tuple[Ints, Codes],
        out: tuple[Codes, Floats, Ints],
    ) -> None:
        """Rows of one kind, with longer heads of the base until they are long enough."""
        kind = key if key in self.kept.kinds else self._kind(key)
        w_own, w_shared, columns = self.kept.kinds[kind]
        refined = UNREFINED if self.refined is None else self._factors(key[1:], columns)
        long = FIRST
        while len(rows):
            base, *head = self._head(key, columns, w_shared, None, self.kept.heads, long)
            few = head
            if allowed is not None:
                _, *few = self._head(key, columns, w_shared, allowed, kept, long)
            compiled().rank_rows(
                rows,
                cells,
                *self.natives,
                generic,
                entries,
                w_own,
                base,
                tuple(head),
                NONE if allowed is None else allowed,
                tuple(few),
                refined,
                asked,
                pairs,
                self._board(),
                *out,
            )
            rows = rows[out[2][rows] < 0]
            long *= 8

    def _masked(self, allowed: Bools) -> dict[Any, Any]:
        """Heads of bases within a mask: those of the last one are kept, for the next rows."""
        held = self.kept.masked
        if held is None or held[0] is not allowed:
            held = self.kept.masked = (allowed, {})
        return held[1]

    def _board(self) -> Codes:
        """Where the kernel notes what it touched: one of each thread."""
        board = self.kept.boards.get(get_ident())
        if board is None:
            if len(self.kept.boards) >= THREADS:
                self.kept.boards.clear()  # who is at work holds its own
            board = self.kept.boards[get_ident()] = np.zeros(self.views.n_items, dtype=np.int32)
        return board

    def _kind(self, key: tuple[int, ...]) -> tuple[int, ...]:
        """Note what rows of a kind share: weights of the levels, columns of their groups."""
        bucket, bits, *groups = key
        weights = self.weights[bucket].copy()
        empty = (self.pattern >= 0) & ((bits >> np.maximum(self.pattern, 0)) & 1 > 0)
        gone = empty | (self.pattern == NEVER)
        weights[self.views.everyone] += weights[gone].sum()
        weights[gone] = 0.0
        columns = self.starts + np.array(groups, dtype=np.int64)
        self.kept.kinds[key] = weights[self.own], weights[list(self.views.shared)], columns
        return key

    def _factors(self, key: tuple[int, ...], columns: Ints) -> tuple[Floats, Floats, Floats]:
        """What the refinement says of items of which the own levels say nothing, by groups.

        A table (n_items, 4), and the weights of the own levels' logs for items that are new and
        for those that the customer has had. In the table: the log of the factor of a new item,
        that of one that was had before its individual levels are added, the log of what a level
        says that leaves the item out, and everyone's probability.
        """
        assert self.refined is not None
        logs, floor, passed, p0, b_shared, d_shared, b, d, constant = self.refined
        table = self.kept.tables.get(key)
        if table is None:
            if (len(self.kept.tables) + 1) * 4 * len(p0) > ROOM:
                self.kept.tables.clear()
            silent = [
                passed if key[0] >> bit & 1 else floor for bit in self.pattern[self.own].tolist()
            ]
            new = logs[:, columns] @ b_shared
            had = logs[:, columns] @ (b_shared + d_shared) + constant
            for v, said in enumerate(silent):
                new += b[v] * said
                had += (b[v] + d[v]) * said * (self.pattern[self.own[v]] > 0)
            table = self.kept.tables[key] = np.stack([new, had, floor, p0], axis=1)
        return table, b, b + d

    def _head(
        self,
        key: tuple[int, ...],
        columns: Ints,
        weights: Floats,
        allowed: Bools | None,
        kept: dict[Any, Any],
        long: int,
    ) -> tuple[Floats, Codes, bool]:
        """The base of a kind of rows, its first items, best first, and whether that is all."""
        found = kept.get(key)
        if found is None or not (found[2] or len(found[1]) >= min(long, self.views.n_items)):
            if (len(kept) + 1) * self.views.n_items > ROOM:
                kept.clear()
            scores = np.zeros(self.views.n_items)
            for column, weight in zip(columns.tolist(), weights.tolist(), strict=True):
                if weight:
                    scores += weight * self.shared[:, column]
            found = kept[key] = (scores, *first(scores, allowed, long))
        head: tuple[Floats, Codes, bool] = found
        return head

    def _kinds(self, choices: Choices, bits: Ints) -> list[tuple[tuple[int, ...], Ints]]:
        """Rows by kind: bucket of evidence, what is empty, and the group of each shared level."""
        evidence = np.minimum(buckets(choices.visits), len(self.weights) - 1)
        columns = [evidence, bits, *self.views.group_columns(choices)]
        if len(bits) == 1:
            return [(tuple(int(column[0]) for column in columns), np.zeros(1, dtype=np.int64))]
        code = np.zeros(len(bits), dtype=np.int64)
        for column in columns:
            code = code * (int(column.max(initial=0)) + 1) + column
        order = np.argsort(code, kind="stable")
        starts = np.flatnonzero(np.diff(code[order], prepend=-1))
        return [
            (tuple(int(column[some[0]]) for column in columns), some)
            for some in np.split(order, starts[1:])
            if len(some)
        ]

    def _entries(self, choices: Choices) -> tuple[Ints, tuple[Codes, Floats]]:
        """The rows of the levels that the kernel does not know, one matrix behind another."""
        if not self.others:
            return np.zeros((0, len(choices) + 1), dtype=np.int64), NOTHING
        each = self.views.each(choices, self.others)
        matrices = [each[at] for at in self.others]
        ends = np.append(0, np.cumsum([matrix.nnz for matrix in matrices]))
        bounds = [m.indptr.astype(np.int64) + e for m, e in zip(matrices, ends[:-1], strict=True)]
        items = np.concatenate([m.indices for m in matrices]).astype(np.int32)
        return np.array(bounds), (items, np.concatenate([m.data for m in matrices]))


NONE = np.zeros(0, dtype=bool)
ROW = np.zeros(1, dtype=np.int64)
NO_CODES = np.zeros((0, 0), dtype=np.int32)
NO_PAIRS = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int32)
NO_ROWS = np.zeros((0, 2), dtype=np.int64)
NOTHING = np.zeros(0, dtype=np.int32), np.zeros(0)
GAP = np.zeros(0)
UNREFINED = np.zeros((0, 4)), GAP, GAP


def first(scores: Floats, allowed: Bools | None, k: int) -> tuple[Codes, bool]:
    """The first k allowed items with a score above zero, best first, and whether that is all."""
    held = scores if allowed is None else np.where(allowed, scores, 0.0)
    cut = np.partition(held, len(held) - k)[len(held) - k] if k < len(held) else 0.0
    near = np.flatnonzero(held >= cut if cut > 0 else held > 0)
    order = np.lexsort((near, -held[near]))
    return near[order].astype(np.int32), bool(cut <= 0)


def _cells(choices: Choices) -> tuple[Array, ...]:
    return (
        choices.offsets,
        choices.item,
        choices.age,
        choices.time.view(np.int64),
        choices.visits,
        choices.moments.view(np.int64),
    )


def _individuals(levels: list[Individual]) -> tuple[Array, ...]:
    lives = [0.0 if x.half_life is None else x.half_life.astype(np.int64) for x in levels]
    return (
        np.array(lives, dtype=np.float64),
        np.array([0.0 if x.decay is None else x.decay for x in levels]),
        np.array([x.power for x in levels], dtype=np.float64),
    )


def _neighbours(
    levels: list[FittedNeighbours | FittedEase], n_items: int
) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    """How each asks, its bounds (v, n_items + 1), and the links of all one behind another.

    Asked are own items fewer than `oldest` visits ago, from now or from the last one with an item
    (`relative`), by e^{-(visits ago) / reach}.
    """
    near = [type(x) is FittedNeighbours for x in levels]
    reach = [x.reach if isinstance(x, FittedNeighbours) else x.tau for x in levels]
    oldest = [3 * r if n else FAINT * r for r, n in zip(reach, near, strict=True)]
    ends = np.append(0, np.cumsum([x.table.nnz for x in levels])).astype(np.int64)
    bounds = np.zeros((len(levels), n_items + 1), dtype=np.int64)
    for v, level in enumerate(levels):
        bounds[v] = level.table.indptr + ends[v]
    items = [x.table.indices.astype(np.int32) for x in levels]
    return (
        (
            np.array(reach, dtype=np.float64),
            np.array(oldest, dtype=np.float64),
            1 - np.array(near, dtype=np.int64),
            bounds,
        ),
        (
            np.concatenate([*items, NOTHING[0]]),
            np.concatenate([*(x.table.data for x in levels), NOTHING[1]]).astype(np.float32),
        ),
    )


def _due(levels: list[FittedDue]) -> tuple[Any, ...]:
    if not levels:
        return (GAP, GAP, GAP, GAP, 0.0, GAP, GAP, GAP)
    (level,) = levels
    items = level.items
    return (
        items.days,
        items.visits,
        np.log(items.again / (1 - items.again)),
        np.log(items.share + 1e-9),
        float(level.prior),
        level.mean,
        1 / level.scale,
        level.weights,
    )


def _refined(
    found: Refinement, views: Views, own: Ints, shared: Floats, starts: Ints
) -> tuple[Any, ...]:
    """Logs of the shared levels, and the weights of the logs as they are, not standardised."""
    place = list(views.shared).index(views.everyone)
    p0 = np.ascontiguousarray(shared[:, starts[place]])
    logs = np.log(shared + (SMALL * p0 + TINY)[:, None])
    b, d = found.weights / found.scale, found.had[:-1] / found.scale
    some = list(views.shared)
    return (
        logs,
        np.log(SMALL * p0 + TINY),
        np.log((1 + SMALL) * p0 + TINY),
        p0,
        b[some],
        d[some],
        b[own],
        d[own],
        float(found.had[-1] - d @ found.mean),
    )
