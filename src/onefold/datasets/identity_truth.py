"""A stream of which it is known who is who, and the scores of those who try to find out.

What a firm sees is `log`; whose history each event belongs to, and whose an identifier is, is
`truth`. Both are judged, with plain union-find beside:

    sim.scores(resolve(sim.log))          sim.scores(union_find(sim.log))
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import attrs
import numpy as np
import pandas as pd

from onefold._random import generator
from onefold._types import Array, Bools, Rng
from onefold.datasets.agreement import IdentityScores, Items, measured
from onefold.datasets.clusters import Bundles, main_parts
from onefold.datasets.failures import Failure
from onefold.datasets.plain import bundles_of, union_find
from onefold.datasets.script import BUILT_IN
from onefold.errors import ArgumentError
from onefold.events import EventLog

FOUND, PLAIN = "found", "union-find"


# ---------------------------------------------------------------- what is known


@attrs.frozen(eq=False, repr=False)
class IdentityTruth:
    """Who is who in a stream.

    `events` has one row for each of the log's, in its order: id, source, person (whose history it
    belongs to), named (whether it has an identifier), knowable (whether its identifiers belong to
    the main part of what the person's own events join; else nobody could know it), shared (whether
    its device is a shared one). `identifiers` has one row for each identifier and person who uses
    it: type, value, person (missing: nobody's), knowable.
    """

    _events: pd.DataFrame
    _identifiers: pd.DataFrame

    @property
    def events(self) -> pd.DataFrame:
        """One row an event, in the order of the log; a new frame."""
        return self._events.copy()

    @property
    def identifiers(self) -> pd.DataFrame:
        """One row for each identifier and person, sorted by type, value and person; a new frame."""
        return self._identifiers.copy()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, IdentityTruth):
            return NotImplemented
        same: bool = self._events.equals(other._events)
        return same and bool(self._identifiers.equals(other._identifiers))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        events, ids = self._events, self._identifiers
        n = len(ids.drop_duplicates(["type", "value"]))
        several = n - len(ids.drop_duplicates(["type", "value"], keep=False))
        without = int((~events["named"]).sum())
        unknown = int((events["named"] & ~events["knowable"]).sum())
        return (
            f"IdentityTruth({events['person'].nunique():,} people, {n:,} identifiers, "
            f"{several:,} of several; {without:,} events without any, "
            f"{unknown:,} that can't be known)"
        )


def _copied(failures: Mapping[str, Failure]) -> Mapping[str, Failure]:
    return MappingProxyType(dict(failures))


@attrs.frozen(eq=False, repr=False)
class IdentitySimulation:
    """Simulated people under many identifiers: what a firm sees, and who is who.

    Args:
        log: The events, with identifiers and without customers.
        frame: The same as a pandas frame, one row an event, in the order of the log.
        truth: Whose history each event belongs to, and whose each identifier is.
        failures: The failures that the stream holds, by name.
    """

    log: EventLog
    _frame: pd.DataFrame
    truth: IdentityTruth
    failures: Mapping[str, Failure] = attrs.field(converter=_copied)

    @property
    def frame(self) -> pd.DataFrame:
        """The events as a firm sees them; a new frame."""
        return self._frame.copy()

    @property
    def identifiers(self) -> Mapping[str, tuple[str, ...]]:
        """Type of identifier to its columns in `frame`, as `EventLog.from_frame` takes them."""
        return MappingProxyType(columns_of(self._frame))

    def scores(self, found: Any, *, rng: Rng = None) -> IdentityScores:
        """How well customers agree with the truth, with plain union-find beside.

        An event that was delivered several times is judged once; one without any identifier is
        nobody's, and not judged.

        Args:
            found: Identities (`to_pandas()` with type, value and customer, `customers(log)`), or
                the customer of each event (n,), missing for nobody's: only events are judged then.
            rng: Seed or Generator for the intervals.

        Returns:
            B-cubed precision, recall and F1 over events and identifiers, and the rates of what
            went wrong, each with an interval of 95 %.

        Raises:
            ArgumentError: If `found` is neither.

        Examples:
            >>> from onefold.datasets import failure, union_find
            >>> sim = failure("household_email", rng=1)
            >>> sim.scores(union_find(sim.log), rng=1).of("precision")
            0.5
        """
        source = generator(rng, "IdentitySimulation.scores: rng")
        judged = {FOUND: self._judged(found), PLAIN: self._judged(union_find(self.log))}
        tables, counts = [], {}
        for resolver, parts in judged.items():
            for over, items in parts.items():
                table = measured(items, source)
                table.insert(0, "over", over)
                table.insert(0, "resolver", resolver)
                tables.append(table)
            counts[resolver] = _counted(parts, self.truth)
        return IdentityScores(pd.concat(tables, ignore_index=True), MappingProxyType(counts))

    def _judged(self, found: Any) -> Mapping[str, Items]:
        told = hasattr(found, "customers") and hasattr(found, "to_pandas")
        customers = _by_event(found.customers(self.log) if told else found, len(self.log))
        events = self.truth._events
        once = ~events.duplicated(["source", "id"]).to_numpy() & events["named"].to_numpy()
        events = events[once]
        out = {"events": _items(customers[once], events["person"], events["knowable"])}
        if told:
            ids = self.truth._identifiers
            lone = ids[~ids.duplicated(["type", "value"], keep=False) & ids["person"].notna()]
            known = found.to_pandas().drop_duplicates(["type", "value"])
            cells = known.set_index(["type", "value"])["customer"]
            keys = pd.MultiIndex.from_frame(lone[["type", "value"]])
            out["identifiers"] = _items(cells.reindex(keys), lone["person"], lone["knowable"])
        return out

    def __repr__(self) -> str:
        lines = ["IdentitySimulation", f"  {self.log!r}", f"  {self.truth!r}"]
        return "\n".join([*lines, *(f"  {failure!r}" for failure in self.failures.values())])


def _by_event(customers: Any, n: int) -> Array:
    array = np.asarray(customers, dtype=object)
    if array.shape != (n,):
        raise ArgumentError(
            f"IdentitySimulation.scores: found has the shape {array.shape}; it takes identities, "
            f"or the customer of each of the {n:,} events of the log."
        )
    return array


def _items(customers: Any, person: pd.Series, knowable: pd.Series) -> Items:
    codes = pd.factorize(np.asarray(customers, dtype=object), use_na_sentinel=True)[0]
    people = pd.factorize(person.to_numpy(dtype=object))[0]
    known: Bools = knowable.to_numpy(dtype=bool)
    return Items(codes.astype(np.int64), people.astype(np.int64), known)


def _counted(parts: Mapping[str, Items], truth: IdentityTruth) -> Mapping[str, int]:
    events = parts["events"]
    out = {
        "customers": len(np.unique(events.customer[events.customer >= 0])),
        "people": len(np.unique(events.person)),
        "events": len(events.person),
        "of nobody": int((events.customer < 0).sum()),
        "not knowable": int((~events.knowable).sum()),
        "without identifiers left out": int((~truth._events["named"]).sum()),
    }
    if "identifiers" in parts:
        n = len(truth._identifiers.drop_duplicates(["type", "value"]))
        out["identifiers"] = len(parts["identifiers"].person)
        out["of several people left out"] = n - out["identifiers"]
    return MappingProxyType(out)


# ---------------------------------------------------------------- how it is made


def known_stream(
    frames: Sequence[pd.DataFrame],
    *,
    zone: str,
    failures: Mapping[str, Failure],
    owners: pd.DataFrame | None = None,
) -> IdentitySimulation:
    """Put streams together; `owners` and the failures' say whose an identifier is."""
    told = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]
    if "received" not in told:
        told = told.assign(received=pd.Series(pd.NaT, index=told.index, dtype=told["time"].dtype))
    seen = told.drop(columns=["person", "shared"])
    log = EventLog.from_frame(
        seen,
        time="time",
        event="event",
        item="item",
        channel="channel" if "channel" in seen else None,
        value="value",
        currency="EUR",
        basket="basket" if "basket" in seen else None,
        source="source",
        id="id",
        received="received",
        zone=zone,
        identifiers=columns_of(seen),
    )
    theirs = [pd.DataFrame(columns=["type", "value", "person"])] if owners is None else [owners]
    for failure in failures.values():
        rows = [(kind, value, name) for (kind, value), name in failure.owners.items()]
        theirs.append(pd.DataFrame(rows, columns=["type", "value", "person"]))
    truth = _truth(told, bundles_of(log), pd.concat(theirs, ignore_index=True).astype(object))
    return IdentitySimulation(log, seen, truth, failures)


def columns_of(frame: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Type of identifier to its columns in a frame."""
    out: dict[str, tuple[str, ...]] = {}
    for name in frame.columns:
        if name not in BUILT_IN:
            kind = str(name).split(":")[0]
            out[kind] = (*out.get(kind, ()), str(name))
    return out


def _truth(told: pd.DataFrame, found: Bundles, owners: pd.DataFrame) -> IdentityTruth:
    codes, people = pd.factorize(told["person"])
    _, main = main_parts(codes.astype(np.int64), found.numbers)
    events = told[["id", "source", "person"]].assign(
        named=np.asarray((found.numbers >= 0).any(axis=1)), knowable=main > 0, shared=told["shared"]
    )
    rows, columns = np.nonzero(found.numbers >= 0)
    every = pd.DataFrame(
        {
            "number": found.numbers[rows, columns],
            "person": codes[rows],
            "knowable": main[rows] > 0,
        }
    )
    pairs = every.groupby(["number", "person"], as_index=False).max()
    number = pairs["number"].to_numpy()
    names = pd.DataFrame(
        {
            "type": found.types[number],
            "value": found.values[number],
            "person": np.asarray(people, dtype=object)[pairs["person"]],
            "knowable": pairs["knowable"],
        }
    )
    given = pd.MultiIndex.from_frame(owners[["type", "value"]])
    here = pd.MultiIndex.from_frame(names[["type", "value"]])
    knowable = names.groupby(["type", "value"])["knowable"].max().reindex(given)
    replaced = owners.assign(knowable=knowable.fillna(False).to_numpy(dtype=bool))
    replaced = replaced[given.isin(here)]
    kept = names[~here.isin(given)]
    both = [part for part in (kept, replaced) if len(part)]
    all_ = pd.concat(both, ignore_index=True) if both else kept
    order = ["type", "value", "person"]
    return IdentityTruth(events, all_.sort_values(order, ignore_index=True))
