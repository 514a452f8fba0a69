"""The contract of a trait: a pure function of one person's own events before a moment.

read(rows)[i] == read(row i alone)         read(history before t) knows nothing of t and later
"""

from typing import Any

import numpy as np

from onefold import _time
from onefold.profiles import Profiles, TraitTable
from onefold.testing.laws import Plug, Snapshot, differs, moments, named
from onefold.testing.sample import customers, fresh, past, rows
from onefold.traits.protocol import label_names
from onefold.traits.wide import Wide

SIGNATURE = "read(self, history, *, as_of): one row for each of len(history)"
OWN = (
    "A row may depend on its own events only, `history.offsets[i] : history.offsets[i + 1]`, and "
    "not on who else is there. Compare with others in a segment, not in a trait."
)
AHEAD = "Read the arrays of `history` and `as_of`; `history.ledger` also holds what came later."


def check_trait(trait: Any, *, profiles: Profiles | None = None) -> None:
    """Check that a trait of one's own keeps the laws that profiles rely on.

    The laws, in order: "name", "shape" ((n,) or (n, k)), "values" (numbers that are not infinite,
    text, or missing), "pure" (twice the same), "inputs stay as they are", "no events" (a newcomer
    has a row, and nobody has none), "no look-ahead", "order" (of rows), "own events", "one profile"
    (equals its row).

    Args:
        trait: An object with `name` and `read(history, *, as_of)`.
        profiles: Customers to check it on; simulated ones where they are left out.

    Raises:
        ContractError: If a law is broken: which, an example, and what to do.

    Examples:
        >>> import numpy as np
        >>> class Events:
        ...     name = "events"
        ...     def read(self, history, *, as_of):
        ...         return np.diff(history.offsets)
        >>> check_trait(Events())
        >>> class Share(Events):
        ...     def read(self, history, *, as_of):
        ...         return np.diff(history.offsets) / max(len(history.time), 1)
        >>> check_trait(Share())
        Traceback (most recent call last):
            ...
        onefold.errors.ContractError: trait 'events' breaks the law "own events": ...
    """
    plug = named(trait, "trait", "read", SIGNATURE)
    held = customers(profiles, "check_trait")
    whole = _read(plug, trait, fresh(held), "shape", "Asked for everybody")
    _pure(plug, trait, held, whole)
    _nobody(plug, trait, held)
    _look_ahead(plug, trait, held)
    _order(plug, trait, held, whole)
    _own(plug, trait, held, whole)
    _one(plug, trait, held, whole)


def _read(plug: Plug, trait: Any, table: TraitTable, law: str, when: str) -> list[Any]:
    """What a trait says of each row, as plain values, checked for shape and values."""
    before = Snapshot.of(table.history, as_of=table.as_of)
    with plug.asked(law, when, _ADVICE.get(law, "")):
        reading = trait.read(table.history, as_of=table.as_of)
        shape = np.shape(reading) if not isinstance(reading, Wide) else (len(reading),)
    before.check(plug)
    n = len(table)
    if len(shape) not in (1, 2) or shape[0] != n:
        said = f"{when.lower()}, it returned the shape {shape} for {n} rows."
        raise plug.breaks("shape", said, f"Return ({n},) or ({n}, k): one row each, also for none.")
    if isinstance(reading, Wide):
        return [reading.row(i) if reading.known[i] else None for i in range(n)]
    array = np.asarray(reading)
    labels = getattr(trait, "labels", None)
    if array.ndim == 2 and labels is not None and not callable(labels):
        if len(labels) != array.shape[1]:
            said = f"it has {len(labels)} labels, and {array.shape[1]} columns."
            raise plug.breaks("shape", said, "Give each column one label.")
        label_names(trait, array.shape[1])
    if array.dtype.kind not in "biufOU":
        said = f"it returned the dtype {array.dtype}."
        raise plug.breaks("values", said, "Return numbers (NaN: missing) or text (None: missing).")
    plain: list[Any] = array.tolist()
    for value in array.ravel().tolist():
        if not _allowed(value):
            said = f"it returned {value!r}, a {type(value).__name__}."
            advice = "Return finite numbers, text, or what is missing: NaN or None."
            raise plug.breaks("values", said, advice)
    return plain


def _allowed(value: Any) -> bool:
    if isinstance(value, (bool, int, float, np.number, np.bool_)):
        return not np.isinf(value)
    return value is None or isinstance(value, str)


def _pure(plug: Plug, trait: Any, held: Profiles, whole: list[Any]) -> None:
    again = _read(plug, trait, fresh(held), "pure", "Asked a second time")
    _same(plug, "pure", held.ids, whole, again, "the first time", "the second time")


def _nobody(plug: Plug, trait: Any, held: Profiles) -> None:
    law, when = "no events", "Asked for rows without an event"
    mixed = rows(held, np.array([-1, 0, -1]), np.full(3, held.as_of))
    for table in (held.new(" nobody ").table, fresh(held).rows(0, 0), mixed):
        _read(plug, trait, table, law, when)


def _look_ahead(plug: Plug, trait: Any, held: Profiles) -> None:
    law = "no look-ahead"
    for t in moments(held.ledger.events.array("time")):
        going_on, ended = past(held, t)
        when = f"As of {_time.show(t)}"
        knowing = _read(plug, trait, going_on, law, when)
        blind = _read(plug, trait, ended, law, when)
        words = (f"as of {t} while later events are in the ledger", "without them")
        _same(plug, law, ended.ids, knowing, blind, *words)


def _order(plug: Plug, trait: Any, held: Profiles, whole: list[Any]) -> None:
    people = np.arange(len(held))[::-1]
    turned = rows(held, people, np.full(len(people), held.as_of))
    found = _read(plug, trait, turned, "order", "With the rows in another order")
    expected = [whole[i] for i in people]
    _same(plug, "order", turned.ids, expected, found, "in order", "with the rows turned round")


def _own(plug: Plug, trait: Any, held: Profiles, whole: list[Any]) -> None:
    step = max(len(held) // 4, 1)
    some = held.select(held.ids[::step])  # so few that their vocabularies are smaller
    found = _read(plug, trait, fresh(some), "own events", "Asked for a few customers")
    words = ("among everybody", "among a few others")
    _same(plug, "own events", some.ids, whole[::step], found, *words)


def _one(plug: Plug, trait: Any, held: Profiles, whole: list[Any]) -> None:
    for i in range(0, len(held), max(len(held) // 8, 1)):  # a few profiles, one at a time
        alone = held[held.ids[i]].table
        found = _read(plug, trait, alone, "one profile", "Asked for one profile")
        words = ("among everybody", "as one profile")
        _same(plug, "one profile", alone.ids, [whole[i]], found, *words)


def _same(plug: Plug, law: str, ids: Any, first: list[Any], second: list[Any], *words: str) -> None:
    at = differs(first, second) if len(first) == len(second) else 0
    if at is None:
        return
    here, there = words
    said = f"customer {ids[at]!r} reads {first[at]!r} {here}, and {second[at]!r} {there}."
    raise plug.breaks(law, said, _ADVICE[law])


_ADVICE = {
    "no events": "A customer without events has a row too: NaN, None or 0.",
    "pure": "Keep nothing between calls, read no clock, and draw no random numbers.",
    "no look-ahead": AHEAD,
    "order": "Go by `history.offsets`: row i is whoever was asked for, in the order of asking.",
    "own events": OWN,
    "one profile": OWN,
}
