"""Lists within limits: candidates are asked for, as many as it takes.

    depth = 64, 256, 1024, ...   until every list is settled, or has no more items

What is chosen from the best `depth` items is what would be chosen from all of them, wherever
`choose` says so; only the other rows are asked again. Units in stock are set aside in the order
of the customers: each is chosen for out of what those before have left.
"""

from collections.abc import Sequence

import attrs
import numpy as np

from onefold._group import distinct
from onefold._types import Array, Bools, Codes, Floats, Ints
from onefold.levels.protocol import Choices
from onefold.profiles import TraitTable
from onefold.scoring.choose import Candidates, Cap, Chosen, Group, Taste, choose
from onefold.scoring.limits import WITHOUT, Column
from onefold.scoring.matching import matching
from onefold.scoring.sources import Lists, Source, catalogue, own_items
from onefold.scoring.wanted import Wanted

DEEPER = 4  # times as many at each further asking
CELLS = 1 << 21  # candidates, or groups, of all rows that are looked at together


def lists_of(
    wanted: Wanted, table: TraitTable, allowed: Bools | None
) -> tuple[Lists, list[str | None]]:
    """The lists of the rows of a table, and of those that are short the reason.

    Args:
        wanted: What is asked for.
        table: Some customers, few enough to be looked at together.
        allowed: (n_items,) what can be had; None: everything.
    """
    scorer = wanted.scorer
    choices = scorer.groups.choices(table, scorer.items, scorer.settings.target)
    out = matching(wanted.exclude, table, scorer.items) if wanted.exclude is not None else None
    width = len(scorer.items)
    keys = np.zeros(0, np.int64) if out is None else out[0] * width + out[1]
    if wanted.among is None:
        source = catalogue(scorer, choices, repeats=wanted.repeats)
    else:
        pairs = matching(wanted.among, table, scorer.items)
        source = own_items(scorer, choices, pairs, allowed=allowed, repeats=wanted.repeats)
    ever = choices.ever
    had = distinct(ever.row * width + ever.item)
    asking = _Asking(wanted, choices, keys, source, allowed, had)
    return asking.in_turn() if wanted.left is not None else asking.together()


@attrs.frozen(eq=False)
class _Asking:
    """The rows of one table: what they have had, what is left out, where candidates come from."""

    wanted: Wanted
    choices: Choices
    out: Ints  # keys of (row, item) that are left out
    source: Source
    allowed: Bools | None
    had: Ints  # keys of (row, item) that were chosen before

    def together(self) -> tuple[Lists, list[str | None]]:
        """The lists of all rows, deeper for those that are not settled."""
        lists: Lists = [(np.zeros(0, np.int32), np.zeros(0))] * len(self.choices)
        reasons: list[str | None] = [None] * len(self.choices)
        rows, depth = np.arange(len(self.choices)), self.wanted.first
        while len(rows):
            unsettled = []
            for some in _pieces(rows, max(depth, self._width)):
                made = self._ask(some, depth, self.allowed)
                for i in np.flatnonzero(made.chosen.settled).tolist():  # lists differ in length
                    lists[some[i]], reasons[some[i]] = made.of_row(i), self._reason(made, i)
                unsettled.append(some[~made.chosen.settled])
            rows, depth = np.concatenate(unsettled), self._deeper(depth)
        return lists, reasons

    def in_turn(self) -> tuple[Lists, list[str | None]]:
        """The lists of the rows one after another, each out of what those before have left."""
        left = self.wanted.left
        assert left is not None
        lists: Lists = []
        reasons: list[str | None] = []
        depth, many = self.wanted.first, len(self.choices)
        while len(lists) < len(self.choices):
            rows = np.arange(len(lists), min(len(lists) + many, len(self.choices)))
            rows = _pieces(rows, max(depth, self._width))[0]
            mask = left > 0 if self.allowed is None else self.allowed & (left > 0)
            made = self._ask(rows, depth, mask)
            for done in range(len(rows)):  # what one row takes, the next can't have
                one, i = made.still(left, done)
                if not one.chosen.settled[i]:
                    break
                reasons.append(self._reason(one, i))
                lists.append(one.of_row(i))
                taken = lists[-1][0]
                left[taken] -= left[taken] < WITHOUT
            else:
                done = len(rows)
            # Who found too little is asked for anew, without what has run out by then.
            depth = self.wanted.first if done else self._deeper(depth)
            many = max(2 * done, 16)
        return lists, reasons

    @property
    def _width(self) -> int:
        limits = self.wanted.limits
        columns = [column for column, _ in limits.at_most]
        columns += [] if limits.calibration is None else [limits.calibration[0]]
        return max((column.width for column in columns), default=1)

    def _deeper(self, depth: int) -> int:
        return min(DEEPER * depth, self.choices.n_items + 1)

    def _ask(self, rows: Ints, depth: int, mask: Bools | None) -> "_Made":
        """Choose from the best `depth` items of some rows."""
        every = self.wanted.among is not None  # own items are few, and come all at once
        depth = self.choices.n_items + 1 if every else depth
        held = Candidates.of(self.source(rows, depth, mask), depth)
        key = rows[:, None] * np.int64(self.choices.n_items) + held.codes
        can = held.can & ~_among(key, self.out)
        candidates = attrs.evolve(held, can=can)
        caps, taste = self._limits(rows, candidates, key, mask)
        return _Made.of(self.wanted.n, candidates, caps, taste)

    def _limits(
        self, rows: Ints, candidates: Candidates, key: Ints, mask: Bools | None
    ) -> tuple[list[Cap], Taste | None]:
        """The limits over some candidates."""
        wanted, limits = self.wanted, self.wanted.limits
        caps = [
            Cap(_groups(candidates, column, mask), _most(column, most))
            for column, most in limits.at_most
        ]
        if limits.new:
            old = np.array([wanted.n - limits.new, WITHOUT])
            caps.append(Cap(self._old_and_new(rows, candidates, key, mask), old))
        if limits.calibration is None:
            return caps, None
        column, asked = limits.calibration
        mosts = [_most(column, m) for other, m in limits.at_most if other.name == column.name]
        shares = limits.shares(self.choices.take(rows))
        groups = _groups(candidates, column, mask)
        return caps, Taste(groups, shares, asked.weight, mosts[0] if mosts else None)

    def _old_and_new(
        self, rows: Ints, candidates: Candidates, key: Ints, mask: Bools | None
    ) -> Group:
        """Candidates that were chosen before, 0, and those that are new, 1."""
        width = self.choices.n_items
        had = self.had if mask is None else self.had[mask[self.had % width]]
        owned = np.diff(np.searchsorted(had, np.arange(len(self.choices) + 1) * width))[rows]
        every = width if mask is None else int(mask.sum())
        inside = candidates.codes >= 0
        old = _among(key, self.had)
        listed = np.stack([(inside & old).sum(axis=1), (inside & ~old).sum(axis=1)], axis=1)
        return Group(np.where(old, 0, 1), np.stack([owned, every - owned], axis=1) - listed)

    def _reason(self, made: "_Made", i: int) -> str | None:
        """Why a row has fewer than n items; None where it has n."""
        wanted, given = self.wanted, int(made.chosen.given[i])
        if given == wanted.n:
            return None
        limits = wanted.limits
        names = [f"at_most= of {column.name!r}" for column, _ in limits.at_most]
        names += [f"new={limits.new}"] if limits.new else []
        said = [f"{name} left {given}" for name in made.closed(i, names)]
        can = int(made.candidates.can[i].sum())
        if wanted.among is not None and can < wanted.n:
            said.insert(0, f"only {can} items match among={wanted.within}")
        if wanted.left is not None and not wanted.left.all():
            said.append("stock= ran out")
        if not said:
            said.append(wanted.reason)
        return "; ".join(said)


@attrs.frozen(eq=False)
class _Made:
    """What was chosen for some rows, and of what."""

    n: int
    candidates: Candidates
    caps: list[Cap]
    taste: Taste | None
    chosen: Chosen

    @classmethod
    def of(cls, n: int, candidates: Candidates, caps: list[Cap], taste: Taste | None) -> "_Made":
        """Choose n of each row's candidates."""
        return cls(n, candidates, caps, taste, choose(candidates, n=n, caps=caps, taste=taste))

    def of_row(self, i: int) -> tuple[Codes, Floats]:
        """The list of one row."""
        at = self.chosen.at[i]
        at = at[at >= 0]
        return self.candidates.codes[i, at], self.candidates.scores[i, at]

    def still(self, left: Ints, i: int) -> tuple["_Made", int]:
        """This, and i; or only row i, chosen anew, where a candidate of it is left no more."""
        gone = self.candidates.can[i] & (left[self.candidates.codes[i]] <= 0)
        if not gone.any():
            return self, i
        row = np.array([i])
        held = self.candidates.take(row)
        candidates = attrs.evolve(held, can=held.can & ~gone)
        caps = [cap.take(row) for cap in self.caps]
        return _Made.of(self.n, candidates, caps, self.taste and self.taste.take(row)), 0

    def closed(self, i: int, names: Sequence[str]) -> list[str]:
        """The names of the caps that kept items from the list of a row."""
        row, picked = np.array([i]), np.zeros((1, self.candidates.codes.shape[1]), dtype=bool)
        picked[0, self.chosen.at[i][self.chosen.at[i] >= 0]] = True
        rest = self.candidates.can[row] & ~picked
        out = []
        for cap, name in zip(self.caps, names, strict=True):
            here = cap.take(row)
            full = here.full(picked)[0]
            beyond = self.candidates.more[i] and (here.groups.unlisted[0][full] > 0).any()
            if beyond or full[here.groups.of[rest]].any():
                out.append(name)
        return out


def _pieces(rows: Ints, width: int) -> list[Ints]:
    """Rows, so many at a time that they can be looked at together."""
    many = max(CELLS // width, 1)
    return [rows[start : start + many] for start in range(0, len(rows), many)]


def _among(keys: Array, few: Ints) -> Bools:
    """Which keys are among a few others, which are ascending."""
    if not len(few):
        return np.zeros(keys.shape, dtype=bool)
    at = np.minimum(np.searchsorted(few, keys), len(few) - 1)
    found: Bools = few[at] == keys
    return found


def _groups(candidates: Candidates, column: Column, mask: Bools | None) -> Group:
    """The groups of candidates by a column, and how many items there are beyond."""
    held = column.of if mask is None else column.of[mask]
    every = np.bincount(held, minlength=column.width)
    of, n = column.of[candidates.codes], len(candidates.codes)
    row, at = np.nonzero(candidates.codes >= 0)
    listed = np.bincount(row * column.width + of[row, at], minlength=n * column.width)
    return Group(of, every - listed.reshape(n, -1))


def _most(column: Column, most: int) -> Ints:
    """How many (g,) there may be of each group; of those without one, any number."""
    out = np.full(column.width, most)
    out[-1] = WITHOUT
    return out
