"""Choosing: a list out of candidates that stand in order, within limits.

Step by step each list takes its best candidate that is still open: the first one, or with a
taste for categories the one that adds most to

    (1 - w) * (score of the list) / (score of the n best)  -  w * KL(p || q),     q = list's shares

and closes those of a group that is full. All lists take their k-th step at once. Candidates are
the head of all items by score; a step for which an item beyond them might have been better is
not taken: the list is not settled, and wants more candidates.

Source: Steck, "Calibrated recommendations", RecSys 2018: equations 2 (shares), 6 (smoothed q),
7 and its greedy maximisation.
"""

from collections.abc import Sequence

import attrs
import numpy as np

from onefold._types import Array, Bools, Codes, Floats, Ints

SMOOTH = 0.01  # of p that is mixed into q, so that a missing category is bad and not infinitely so


@attrs.frozen(eq=False)
class Group:
    """Candidates by group: of a column of the catalogue, or had before and new.

    Attributes:
        of: (r, d) the group of each candidate, from 0; the last is of those without one.
        unlisted: (r, g) at most so many items of each group that are not among the candidates.
    """

    of: Array
    unlisted: Ints

    def take(self, rows: Ints) -> "Group":
        """Those of some rows."""
        return Group(self.of[rows], self.unlisted[rows])


@attrs.frozen(eq=False)
class Cap:
    """At most so many of each group (g,) in a list."""

    groups: Group
    most: Ints

    def take(self, rows: Ints) -> "Cap":
        """Those of some rows."""
        return Cap(self.groups.take(rows), self.most)

    def full(self, picked: Bools) -> Bools:
        """Which groups (r, g) are full when these candidates (r, d) are picked."""
        full: Bools = self._count(picked) >= self.most
        return full

    def _count(self, picked: Bools) -> Ints:
        n, width = self.groups.unlisted.shape
        row, at = np.nonzero(picked)
        counts = np.bincount(row * width + self.groups.of[row, at], minlength=n * width)
        return counts.reshape(n, width)


@attrs.frozen(eq=False)
class Taste:
    """The shares p (r, g) that a list should have of the groups, and what that weighs, 0 to 1.

    A row of zeros has no taste: its list goes by the scores. `most` (g,) is how many of a group
    there may be, where these groups have a cap too.
    """

    groups: Group
    shares: Floats
    weight: float
    most: Ints | None = None

    def take(self, rows: Ints) -> "Taste":
        """That of some rows."""
        return attrs.evolve(self, groups=self.groups.take(rows), shares=self.shares[rows])


@attrs.frozen(eq=False)
class Candidates:
    """The best items of r rows, best first.

    Attributes:
        codes: (r, d), -1 beyond the end.
        scores: (r, d), descending.
        can: (r, d) which may be chosen.
        more: (r,) whether there may be items beyond, none better than the last.
    """

    codes: Codes
    scores: Floats
    can: Bools
    more: Bools

    @classmethod
    def of(cls, lists: Sequence[tuple[Codes, Floats]], depth: int) -> "Candidates":
        """Lists of at most `depth` as one table."""
        sizes = np.array([len(codes) for codes, _ in lists], dtype=np.int64)
        inside = np.arange(max(int(sizes.max(initial=0)), 1)) < sizes[:, None]
        codes = np.full(inside.shape, -1, dtype=np.int32)
        scores = np.zeros(inside.shape)
        if lists:
            codes[inside] = np.concatenate([c for c, _ in lists])
            scores[inside] = np.concatenate([s for _, s in lists])
        return cls(codes, scores, inside, sizes >= depth)

    def take(self, rows: Ints) -> "Candidates":
        """Those of some rows."""
        return Candidates(self.codes[rows], self.scores[rows], self.can[rows], self.more[rows])


@attrs.frozen(eq=False)
class Chosen:
    """What was chosen for r rows.

    Attributes:
        at: (r, n) places among the candidates, in the order of the list; -1 where there is none.
        settled: (r,) whether no item beyond the candidates could change it.
    """

    at: Ints
    settled: Bools

    @property
    def given(self) -> Ints:
        """How many (r,) were chosen."""
        return np.asarray((self.at >= 0).sum(axis=1))


def choose(
    candidates: Candidates, *, n: int, caps: Sequence[Cap] = (), taste: Taste | None = None
) -> Chosen:
    """The best n of each row's candidates, as a greedy choice takes them.

    Equal worth goes by the candidates' order. The result is that of the same choice among all
    items, wherever `settled`.

    Args:
        candidates: Of r rows.
        n: Length of a list.
        caps: None of which may be passed.
        taste: For shares of groups; None: by score alone.
    """
    can, more = candidates.can.copy(), candidates.more
    rows = np.arange(len(can))
    at = np.full((len(can), n), -1)
    settled = np.ones(len(can), dtype=bool)
    picked = np.zeros_like(can)
    going = rows
    for cap in caps:
        can &= cap.most[cap.groups.of] > 0
    worth = None if taste is None else _Worth.of(candidates, taste, n)
    for step in range(n):
        if worth is None:
            best = can.argmax(axis=1)
        else:
            best, bound = worth.best(can, step)
            settled[going] &= ~(more[going] & bound[going] & can[going, best[going]])
        going = going[can[going, best[going]] & settled[going]]
        if not len(going):
            break
        chosen = best[going]
        at[going, step] = chosen
        can[going, chosen] = False
        picked[going, chosen] = True
        for cap in caps:
            _close(can, picked, cap, going, chosen)
        if worth is not None:
            worth.add(going, chosen)
    short = more & (at[:, -1] < 0)
    if short.any():
        few = candidates.can.sum(axis=1) < n if worth is not None else np.zeros_like(short)
        settled &= ~short | (_nothing_beyond(picked, caps) & ~few)
    return Chosen(at, settled)


def _close(can: Bools, picked: Bools, cap: Cap, going: Ints, chosen: Ints) -> None:
    """Close the candidates of the groups that are full with what was chosen now."""
    group = cap.groups.of[going, chosen]
    same = cap.groups.of[going] == group[:, None]
    full = (same & picked[going]).sum(axis=1) >= cap.most[group]
    can[going] &= ~(same & full[:, None])


def _nothing_beyond(picked: Bools, caps: Sequence[Cap]) -> Bools:
    """Whether (r,) every item beyond the candidates is of a group that is full."""
    out = np.zeros(len(picked), dtype=bool)
    for cap in caps:
        out |= (np.where(cap.full(picked), 0, cap.groups.unlisted) <= 0).all(axis=1)
    return out


@attrs.frozen(eq=False)
class _Worth:
    """What each candidate adds to a list, as it grows."""

    taste: Taste
    scores: Floats  # (r, d) weighed, as shares of the n best
    last: Floats  # (r,) at most that of an item beyond the candidates
    held: Ints  # (r, g) items of each group so far

    @classmethod
    def of(cls, candidates: Candidates, taste: Taste, n: int) -> "_Worth":
        can, scores = candidates.can, candidates.scores
        best = can & (np.cumsum(can, axis=1) <= n)
        whole = np.where(best, scores, 0.0).sum(axis=1, keepdims=True)
        weighed = (1 - taste.weight) * np.divide(
            scores, whole, out=np.zeros_like(scores), where=whole > 0
        )
        return cls(taste, weighed, weighed[:, -1], np.zeros(taste.shares.shape, dtype=np.int64))

    def best(self, can: Bools, step: int) -> tuple[Ints, Bools]:
        """The best open candidate (r,), and whether one beyond them might be better (r,)."""
        gain = self._gain(step)
        value = self.scores + np.take_along_axis(gain, self.taste.groups.of, axis=1)
        value[~can] = -np.inf
        best = value.argmax(axis=1)
        there = self.taste.groups.unlisted > 0
        if self.taste.most is not None:
            there &= self.held < self.taste.most
        beyond = np.where(there, gain, -np.inf).max(axis=1)
        return best, value[np.arange(len(best)), best] < self.last + beyond

    def _gain(self, step: int) -> Floats:
        """By how much one more of each group (r, g) lowers KL(p || q), weighed.

        q = (1 - SMOOTH) held / size + SMOOTH p; all other terms are the same for every candidate.
        """
        p = self.taste.shares
        now = (1 - SMOOTH) * self.held / (step + 1) + SMOOTH * p
        ratio = np.ones_like(p)
        np.divide(now + (1 - SMOOTH) / (step + 1), now, out=ratio, where=p > 0)
        out: Floats = self.taste.weight * p * np.log(ratio)
        return out

    def add(self, rows: Ints, chosen: Ints) -> None:
        """Count what was chosen."""
        self.held[rows, self.taste.groups.of[rows, chosen]] += 1
