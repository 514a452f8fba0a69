"""Other events: what customers did with items besides choosing them, by kind.

What was viewed, carted, opened, clicked or returned informs what is chosen next. An event here
is one of another kind than the target, with an item that can be chosen, before its row's moment.
A deed sums up those of one row, item and kind:

    views of tea 3, 2 and 1 days ago: count 3, since 1 day, week 2^(-3/7) + 2^(-2/7) + 2^(-1/7)
"""

from collections.abc import Sequence

import attrs
import numpy as np

from onefold._columns import frozen
from onefold._group import changes
from onefold._types import Codes, Floats, Ints, Times
from onefold.levels.protocol import Choices

DAY = 86_400_000_000  # microseconds


@attrs.frozen(eq=False)
class Others:
    """The other events (e,) of some rows, sorted by row and time; `kind` is a code in `kinds`."""

    row: Ints = attrs.field(converter=frozen)
    item: Codes = attrs.field(converter=frozen)
    kind: Codes = attrs.field(converter=frozen)
    time: Times = attrs.field(converter=frozen)
    kinds: tuple[str, ...]

    @classmethod
    def of(cls, rows: Choices, *, kinds: Sequence[str] | None = None) -> "Others":
        """The other events of some rows.

        Args:
            rows: The rows, each as of its moment.
            kinds: Those that are wanted, in the order of their codes; all that there are where
                it is left out.
        """
        history = rows.history
        known = [str(k) for k in history.kinds.values]
        wanted = [k for k in (known if kinds is None else kinds) if k != rows.target]
        place = np.full(len(known) + 1, -1, dtype=np.int32)
        for number, kind in enumerate(wanted):
            place[history.kinds.code(kind)] = number  # a kind that is not here lands on the last
        place[-1] = -1
        none = np.zeros(0, dtype=np.int64)
        if not (place >= 0).any() or rows.target is None:
            few = none.astype(np.int32)
            return cls(none, few, few, none.astype("datetime64[us]"), tuple(wanted))
        other = history.matching(lambda held: place[held.kind] >= 0)
        item = np.append(rows.items.translation(other.items), np.int32(-1))[other.item]
        row = other.row
        kept = np.flatnonzero(item >= 0)
        if rows.at is not None:
            # A row may have been taken more than once.
            order = np.argsort(rows.at, kind="stable")
            first = np.searchsorted(rows.at[order], row[kept])
            times = np.searchsorted(rows.at[order], row[kept], side="right") - first
            at = np.repeat(first, times) + np.arange(times.sum())
            at -= np.repeat(np.cumsum(times) - times, times)
            kept, row = np.repeat(kept, times), order[at]
        else:
            row = row[kept]
        time = other.time[kept]
        early = np.flatnonzero(time < rows.moments[row])
        early = early[np.argsort(row[early], kind="stable")]
        some = kept[early]
        return cls(row[early], item[some], place[other.kind[some]], time[early], tuple(wanted))

    def since(self, start: np.datetime64) -> "Others":
        """Only those from a moment on."""
        late = self.time >= start
        return attrs.evolve(
            self,
            row=self.row[late],
            item=self.item[late],
            kind=self.kind[late],
            time=self.time[late],
        )


@attrs.frozen(eq=False)
class Deeds:
    """The distinct (row, item) of other events (d,), sorted, and what was done, (d, kinds) each.

    `count` events in all; `week` and `month`, those that count half for 7 and for 30 days;
    `since` days since the last one, infinite where there is none.
    """

    row: Ints
    item: Ints
    count: Floats
    week: Floats
    month: Floats
    since: Floats

    @classmethod
    def of(cls, others: Others, rows: Choices) -> "Deeds":
        """The deeds of some rows, each as of its moment."""
        n_kinds = max(len(others.kinds), 1)
        order = np.lexsort((others.time, others.item, others.row))
        who, item = others.row[order], others.item[order].astype(np.int64)
        new = changes(who, item)
        heads = np.flatnonzero(new)
        place = (np.cumsum(new) - 1) * n_kinds + others.kind[order]
        days = (rows.moments[who] - others.time[order]).astype(np.int64) / DAY
        shape = (len(heads), n_kinds)

        def sums(weights: Floats | None) -> Floats:
            held = np.bincount(place, weights=weights, minlength=shape[0] * shape[1])
            return held.reshape(shape).astype(np.float64)

        since = np.full(shape[0] * shape[1], np.inf)
        since[place] = days  # the last one of each: oldest first
        return cls(
            row=who[heads],
            item=item[heads],
            count=sums(None),
            week=sums(np.exp2(-days / 7)),
            month=sums(np.exp2(-days / 30)),
            since=since.reshape(shape),
        )

    def at(self, row: Ints, item: Ints, *, width: int) -> Ints:
        """The place (c,) of each of some rows' items among the deeds, -1 where there is none."""
        held = self.row * np.int64(width) + self.item
        asked = row * np.int64(width) + item
        if not len(held):
            return np.full(len(asked), -1, dtype=np.int64)
        found = np.minimum(np.searchsorted(held, asked), len(held) - 1)
        return np.where(held[found] == asked, found, -1)


def recency(since: Floats) -> Floats:
    """How lately, from 0 for never to above 2 for just now: ln(1 + 7 / (days + 1))."""
    out: Floats = np.log1p(7 / (since + 1))
    return out
