"""Who and when: how many, of what kinds, from when to when, and what events don't tell.

The timeline counts events by step and kind, up to the moment as of which, so that silence since
the last event is seen. Of days, weeks, months, quarters, years and decades it takes the finest
that needs at most 40 steps:

    a month -> days          half a year -> weeks          a year -> months
"""

from collections.abc import Callable

import attrs
import numpy as np

from onefold import _time
from onefold._columns import Columns, missing
from onefold._types import Array, Ints, Times
from onefold.ledger import Ledger

STEPS = 40  # of a timeline
KINDS = 4  # that are told apart in it; all others are one
CHUNK = 4_000_000  # events at a time
TOLD = {
    "item": "item",
    "channel": "channel",
    "value": "amount",
    "basket": "basket",
    "local": "local hour",
}


@attrs.frozen(eq=False)
class Timeline:
    """Events by step and kind: counts (k, m) of k steps, from the first event to a moment."""

    step: str
    starts: tuple[str, ...]
    kinds: tuple[str, ...]
    counts: Ints


@attrs.frozen(eq=False)
class Overview:
    """What a ledger holds, in a few figures."""

    customers: int
    events: int
    facts: int
    first: np.datetime64 | None
    last: np.datetime64 | None
    as_of: np.datetime64
    currency: str | None
    kinds: tuple[tuple[str, int], ...]  # the most frequent first
    untold: tuple[tuple[str, float], ...]  # what events lack, and in which share of them
    timeline: Timeline | None
    older: int = 0  # events that were let go
    since: np.datetime64 | None = None  # those from here on are kept

    @classmethod
    def of(cls, ledger: Ledger, as_of: np.datetime64) -> "Overview":
        """The figures of a ledger as of a moment."""
        events = ledger.events
        time = events.array("time")
        kind = events.coded("kind")
        counts = np.bincount(kind.codes, minlength=len(kind.vocab))
        order = [k for k in np.argsort(-counts, kind="stable").tolist() if counts[k]]
        kinds = tuple((kind.vocab[k], int(counts[k])) for k in order)
        return cls(
            customers=len(ledger),
            events=len(events),
            facts=len(ledger.facts),
            first=time.min() if len(time) else None,
            last=time.max() if len(time) else None,
            as_of=as_of,
            currency=ledger.currency,
            kinds=kinds,
            untold=_untold(events),
            timeline=_timeline(time, kind.codes, order, kinds, as_of) if len(time) else None,
            older=int(ledger.cells.array("count").sum()),
            since=ledger.horizon,
        )


def _untold(events: Columns) -> tuple[tuple[str, float], ...]:
    if not len(events):
        return ()
    shares = [(word, float(missing(events.data[name]).mean())) for name, word in TOLD.items()]
    return tuple((word, share) for word, share in shares if share > 0)


def _timeline(
    time: Times,
    codes: Array,
    order: list[int],
    kinds: tuple[tuple[str, int], ...],
    as_of: np.datetime64,
) -> Timeline:
    ends = np.array([time.min(), max(time.max(), as_of - _time.MICROSECOND)])
    step, numbered, named = next(
        found for found in GRAINS if np.diff(found[1](ends))[0] < STEPS or found is GRAINS[-1]
    )
    first, last = numbered(ends).tolist()
    shown = order[:KINDS]
    column = np.full(max(order) + 1, len(shown))
    column[shown] = np.arange(len(shown))
    width, steps = len(shown) + 1, last - first + 1
    counts = np.zeros(steps * width, dtype=np.int64)
    for at in range(0, len(time), CHUNK):  # so that what is made on the way stays small
        part = slice(at, at + CHUNK)
        cell = (numbered(time[part]) - first) * width + column[codes[part]]
        counts += np.bincount(cell, minlength=len(counts))
    table = counts.reshape(steps, width)
    names = tuple(name for name, _ in kinds[:KINDS])
    if len(order) > KINDS:
        return Timeline(step, _names(named, first, last), (*names, "others"), table)
    return Timeline(step, _names(named, first, last), names, table[:, :-1])


def _names(named: Callable[[int], str], first: int, last: int) -> tuple[str, ...]:
    return tuple(named(number) for number in range(first, last + 1))


def _by(unit: str, many: int = 1, shift: int = 0) -> Callable[[Times], Ints]:
    """Numbers the spans of `many` calendar units, counted from one that starts `shift` before."""

    def numbered(time: Times) -> Ints:
        whole: Ints = time.astype(f"datetime64[{unit}]").astype(np.int64)
        return (whole + shift) // many

    return numbered


GRAINS: tuple[tuple[str, Callable[[Times], Ints], Callable[[int], str]], ...] = (
    ("day", _by("D"), lambda n: str(np.datetime64(n, "D"))),
    ("week", _by("D", 7, 3), lambda n: str(np.datetime64(7 * n - 3, "D"))),  # from Monday on
    ("month", _by("M"), lambda n: str(np.datetime64(n, "M"))),
    ("quarter", _by("M", 3), lambda n: f"{1970 + n // 4} Q{n % 4 + 1}"),
    ("year", _by("Y"), lambda n: str(1970 + n)),
    ("decade", _by("Y", 10, 1970), lambda n: f"{10 * n}s"),
)
