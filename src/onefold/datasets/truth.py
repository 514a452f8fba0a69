"""What a simulation knows and data never tell: who wants what, and why.

Every item in a simulated log is one draw from its customer's tastes, and these are a mixture
of three known distributions with known weights:

    p(item | customer, t) = w_everyone * everyone + w_segment * segment's own + w_own * own[t]

`own` is a repertoire of a few items; for some customers it is exchanged at a known moment.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import attrs
import numpy as np
import pandas as pd

from onefold import _time
from onefold._check import hint, one_of
from onefold._columns import frozen
from onefold._types import Array, Bools, Floats, Instant, Ints, Strings, Times
from onefold.catalog import Catalog
from onefold.errors import UnknownCustomer
from onefold.events import EventLog

LEVELS = ("everyone", "segment", "own")


def _shares(shares: Mapping[str, float]) -> Mapping[str, float]:
    return MappingProxyType(dict(shares))


@attrs.frozen(eq=False, repr=False)
class Truth:
    """The truth behind a simulated log of n customers, m items and s segments.

    Args:
        items: (m,) ids of the items, sorted as in the catalogue.
        segments: Names of the segments, s of them.
        weights: Share of choices by level: everyone, segment, own. They add up to one.
        everyone: (m,) shares of the items, equal for all.
        segment: (s, m) shares of the items within each segment's own taste.
        own_items: (n, 2, k) positions in `items` of each customer's repertoire, before and
            after the change of interests; for who doesn't change both are the same.
        own_shares: (n, 2, k) shares within the repertoire; each row of k adds up to one.
        channels: (s, c) share of visits by channel, in the order of the argument `channels`.
        rhythms: (s, 168) share of visits by local hour of the week, Monday 00 first.
    """

    items: Strings = attrs.field(converter=frozen)
    segments: tuple[str, ...]
    weights: Mapping[str, float] = attrs.field(converter=_shares)
    everyone: Floats = attrs.field(converter=frozen)
    segment: Floats = attrs.field(converter=frozen)
    own_items: Ints = attrs.field(converter=frozen)
    own_shares: Floats = attrs.field(converter=frozen)
    channels: Floats = attrs.field(converter=frozen)
    rhythms: Floats = attrs.field(converter=frozen)
    _customers: pd.DataFrame
    _devices: pd.DataFrame
    _facts: pd.DataFrame

    @property
    def customers(self) -> pd.DataFrame:
        """One row a customer, sorted by id, those without any event included.

        Columns: customer, segment, joined_at, left_at (missing: stayed), changed_at (missing:
        no change of interests), device (the customer's own), visits (expected, a year), age,
        income, region, and stated (whether the log holds these three as facts). Times are UTC.
        """
        return self._customers.copy()

    @property
    def devices(self) -> pd.DataFrame:
        """One row for each device and customer who uses it: device, customer, owner, shared."""
        return self._devices.copy()

    @property
    def facts(self) -> pd.DataFrame:
        """True share of each value of each fact in each segment: fact, segment, value, share."""
        return self._facts.copy()

    def tastes(
        self, customers: Iterable[str] | None = None, *, at: Instant | None = None
    ) -> Floats:
        """The true probability of each item as a customer's next choice.

        Args:
            customers: Ids of customers; None is everyone, in the order of `customers`.
            at: The moment; a customer's change of interests counts from its own moment on. None
                is the end, after all changes.

        Returns:
            (n, m) shares; each row adds up to one.

        Raises:
            UnknownCustomer: If an id is not among the simulated customers.

        Examples:
            >>> from onefold.datasets import simulate
            >>> truth = simulate(50, days=30, rng=1).truth
            >>> truth.tastes().shape
            (50, 200)
        """
        rows = self._rows(customers)
        return sum(
            (w * self._level(name, rows, at) for name, w in self.weights.items()),
            start=np.zeros((len(rows), len(self.items))),
        )

    def level(
        self, name: str, customers: Iterable[str] | None = None, *, at: Instant | None = None
    ) -> Floats:
        """One of the distributions that are mixed, "everyone", "segment" or "own".

        Args:
            name: Name of the level.
            customers: As in `tastes`.
            at: As in `tastes`.

        Returns:
            (n, m) shares; each row adds up to one.

        Raises:
            ArgumentError: If there is no such level.
            UnknownCustomer: If an id is not among the simulated customers.

        Examples:
            >>> from onefold.datasets import simulate
            >>> truth = simulate(50, days=30, rng=1).truth
            >>> own = truth.level("own", ["c07"])
            >>> int((own > 0).sum())
            8
        """
        one_of(name, LEVELS, "Truth.level: name")
        return self._level(name, self._rows(customers), at)

    def _level(self, name: str, rows: Ints, at: Instant | None) -> Floats:
        if name == "everyone":
            return np.tile(self.everyone, (len(rows), 1))
        if name == "segment":
            return self.segment[self._segment_codes[rows]]
        out = np.zeros((len(rows), len(self.items)))
        after = self._changed(rows, at).astype(np.int64)
        places = (np.arange(len(rows))[:, None], self.own_items[rows, after])
        out[places] = self.own_shares[rows, after]
        return out

    def _changed(self, rows: Ints, at: Instant | None) -> Bools:
        changed: Times = self._customers["changed_at"].dt.tz_localize(None).to_numpy()[rows]
        if at is None:
            return np.asarray(~np.isnat(changed))
        moment = _time.instant(at, "Truth.tastes: at")
        passed: Bools = changed <= moment  # NaT compares as false
        return passed

    def _rows(self, customers: Iterable[str] | None) -> Ints:
        known = self._customers["customer"].to_numpy(dtype=object)
        if customers is None:
            return np.arange(len(known))
        asked = np.array([str(customer) for customer in customers], dtype=object)
        places = np.minimum(np.searchsorted(known, asked), len(known) - 1)
        wrong = np.flatnonzero(known[places] != asked)
        if len(wrong):
            first = asked[wrong[0]]
            raise UnknownCustomer(
                f"Truth: no customer {first!r}; ids run from {known[0]!r} to {known[-1]!r}."
                f"{hint(first, known[:5000])}"
            )
        return places.astype(np.int64)

    @property
    def _segment_codes(self) -> Array:
        return pd.Categorical(self._customers["segment"], categories=list(self.segments)).codes

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Truth):
            return NotImplemented
        return all(
            _alike(getattr(self, field.name), getattr(other, field.name))
            for field in attrs.fields(Truth)
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        n, m, s = len(self._customers), len(self.items), len(self.segments)
        shares = ", ".join(f"{name} {w:.3g}" for name, w in self.weights.items())
        changes = int(self._customers["changed_at"].notna().sum())
        shared = self._devices.loc[self._devices["shared"], "device"].nunique()
        return (
            f"Truth({n:,} customers, {m:,} items, {s} segments; {shares}; "
            f"{changes:,} change, {shared:,} devices shared)"
        )


@attrs.frozen(repr=False)
class Simulation:
    """Simulated customers: what a firm would see, and the truth behind it.

    Args:
        log: Events and facts.
        catalog: The items, with categories and prices.
        truth: Who is who and wants what.
    """

    log: EventLog
    catalog: Catalog = attrs.field(eq=False)  # made of the same draws as the log and the truth
    truth: Truth

    def __repr__(self) -> str:
        return f"Simulation\n  {self.log!r}\n  {self.catalog!r}\n  {self.truth!r}"


def _alike(a: object, b: object) -> bool:
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return np.array_equal(a, b)
    if isinstance(a, pd.DataFrame) and isinstance(b, pd.DataFrame):
        return a.equals(b)
    return a == b
