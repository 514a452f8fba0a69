"""Simulated customers on several channels, of whom the truth is known.

Real data never tell why somebody chose something; here it is known, so that whatever claims to
find it out can be tested. The population is drawn first (`population`), then what it does
(`behaviour`); the log shows the second, `truth` both:

    sim = simulate(rng=1);    sim.log, sim.catalog    what a firm would see
    sim.truth.tastes(["c007"], at="2025-06-01")       what it would like to know
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from onefold import _time
from onefold._check import fraction, text, whole
from onefold._random import generator
from onefold._types import Codes, Floats, Instant, Ints, Rng, Strings
from onefold.catalog import Catalog
from onefold.datasets.behaviour import (
    KINDS,
    Rows,
    Visits,
    draw_items,
    draw_visits,
    follow,
    midnight,
)
from onefold.datasets.population import (
    FACTS,
    STATED,
    People,
    Shop,
    draw_habits,
    draw_people,
    draw_shop,
    fact_shares,
    pick,
)
from onefold.datasets.truth import LEVELS, Simulation, Truth
from onefold.errors import ArgumentError
from onefold.events import EventLog


def simulate(
    customers: int = 1000,
    *,
    days: int = 365,
    items: int = 200,
    categories: int = 8,
    channels: Sequence[str] = ("web", "app", "store", "email"),
    segments: int = 4,
    weights: Sequence[float] = (0.3, 0.3, 0.4),
    visits: float = 24.0,
    change: float = 0.1,
    shared_devices: float = 0.01,
    fact_strength: float = 0.5,
    start: Instant = "2025-01-01",
    zone: str = "Europe/Berlin",
    rng: Rng = None,
) -> Simulation:
    """Simulate what customers do, and keep the truth about why they do it.

    Each item in the log is one draw from its customer's tastes at that moment,
    `weights[0] * everyone + weights[1] * segment + weights[2] * own`. Tastes, segments, hours,
    changes, facts and devices are in `truth`.

    Events are views, carts, purchases, opens and clicks (0.3 of views go to the cart, 0.6 of
    carts are bought, 0.3 of opens are clicked; whatever the item). They carry an id, the visit
    as `basket`, and, but for the channel "store", the property `device`. Facts are age,
    income (both tied to the segment) and region (not tied: what is claimed of it is chance),
    stated for four of five customers at the moment when they join.

    Args:
        customers: Number of customers, n; a few of them may make no visit.
        days: Length of the log, in days; a visit that begins in time is told to its end.
        items: Number of items, m.
        categories: Number of categories.
        channels: Names of the channels. "store" and "email" work as above, others as shops online.
        segments: Number of segments, s. The first is the largest.
        weights: Shares of choices by level: everyone, segment, own. They add up to one.
        visits: Visits that a customer makes in a year while they are one, on average, opened
            e-mails included.
        change: Share of customers whose own repertoire is exchanged, at a moment of their own
            in the middle fifth of their time.
        shared_devices: Share of devices that one or two others use beside the owner, for half
            of their visits; at most 0.5.
        fact_strength: How far the segment determines age and income: the share of members who
            have their segment's typical value for this reason alone; the others have it by
            chance.
        start: The day on which the log begins.
        zone: Time zone of all customers.
        rng: Seed or Generator. The same seed gives the same log, event for event.

    Returns:
        The log (in the currency "EUR"), the catalogue and the truth.

    Raises:
        ArgumentError: If an argument is not allowed.

    Examples:
        >>> sim = simulate(100, days=90, rng=1)
        >>> sim.log
        EventLog(1,470 events, 261 facts, 98 customers)
        >>> sim.truth.customers.loc[:2, ["customer", "segment", "device"]]
          customer    segment device
        0      c00  segment 2    d42
        1      c01  segment 3    d39
        2      c02  segment 2    d78
    """
    n = whole(customers, "simulate: customers")
    whole(days, "simulate: days", least=7)
    whole(items, "simulate: items", least=2)
    whole(categories, "simulate: categories", most=items)
    s = whole(segments, "simulate: segments")
    names, mixture = _channels(channels), _weights(weights)
    _rate(visits)
    fraction(change, "simulate: change", ends=True)
    fraction(fact_strength, "simulate: fact_strength", ends=True)
    if fraction(shared_devices, "simulate: shared_devices", ends=True) > 0.5:
        raise ArgumentError(f"simulate: shared_devices is {shared_devices!r}; allowed: 0 to 0.5.")
    _time.zone(zone, "simulate: zone")
    begin = midnight(_time.instant(start, "simulate: start"), zone)

    source = generator(rng, "simulate: rng")
    shop = draw_shop(source, items, categories)
    habits = draw_habits(source, shop, categories, s, len(names))
    people = draw_people(
        source,
        habits,
        n,
        items=items,
        start=begin,
        days=days,
        visits=visits,
        change=change,
        shared_devices=shared_devices,
    )
    done = draw_visits(source, people, habits, names, span=(begin, days), zone=zone)
    rows = follow(source, done, draw_items(source, done, people, habits, shop, mixture))
    groups, shares = _names("segment ", s), fact_shares(s, fact_strength)
    known = _customers(source, people, shares, groups)
    return Simulation(
        log=_log(rows, done, known, shop=shop, channels=names, zone=zone),
        catalog=_catalog(shop),
        truth=Truth(
            items=shop.items,
            segments=tuple(groups),
            weights=dict(zip(LEVELS, mixture.tolist(), strict=True)),
            everyone=shop.everyone,
            segment=habits.taste,
            own_items=people.own_items,
            own_shares=people.own_shares,
            channels=habits.channels,
            rhythms=habits.rhythms,
            customers=known,
            devices=_devices(people, known),
            facts=_facts(shares, groups),
        ),
    )


# ---------------------------------------------------------------- what comes out


def _log(
    rows: Rows,
    visits: Visits,
    known: pd.DataFrame,
    *,
    shop: Shop,
    channels: tuple[str, ...],
    zone: str,
) -> EventLog:
    """The events, numbered in order of time, and the facts of those who stated them."""
    ids = known["customer"].to_numpy(dtype=object)
    bought = rows.kind == KINDS.index("purchase")
    quantity = np.where(bought, rows.quantity, np.nan)
    table = pa.table(
        {
            "customer": _words(visits.customer[rows.visit], ids),
            "time": rows.time,
            "event": _words(rows.kind, KINDS),
            "item": _words(rows.item, shop.items),
            "channel": _words(rows.channel, channels),
            "value": pa.array(quantity * shop.prices[rows.item], from_pandas=True),
            "quantity": pa.array(quantity, from_pandas=True),
            "visit": rows.visit,
            "device": _words(visits.device[rows.visit], _names("d", len(ids))),
            "id": np.arange(len(rows.kind)),
        }
    )
    events = EventLog.from_frame(
        table,
        customer="customer",
        time="time",
        event="event",
        item="item",
        channel="channel",
        value="value",
        currency="EUR",
        quantity="quantity",
        basket="visit",
        properties=["device"],
        source="simulation",
        id="id",
        tz="UTC",
        zone=zone,
    )
    stated = known[known["stated"]]
    return events + EventLog.from_facts(
        stated, customer="customer", time="joined_at", facts=list(FACTS)
    )


def _catalog(shop: Shop) -> Catalog:
    names = _names("category ", int(shop.categories.max()) + 1)
    frame = pd.DataFrame(
        {"item": shop.items, "category": names[shop.categories], "price": shop.prices}
    )
    return Catalog.from_frame(
        frame, item="item", kind="product", category="category", price="price"
    )


def _customers(
    rng: np.random.Generator, people: People, shares: Mapping[str, Floats], segments: Strings
) -> pd.DataFrame:
    """What is true of each customer, facts drawn by the shares of the segment included."""
    n = len(people.segment)
    frame = pd.DataFrame(
        {
            "customer": _names("c", n),
            "segment": segments[people.segment],
            "joined_at": pd.DatetimeIndex(people.joined).tz_localize("UTC"),
            "left_at": pd.DatetimeIndex(people.left).tz_localize("UTC"),
            "changed_at": pd.DatetimeIndex(people.changed).tz_localize("UTC"),
            "device": _names("d", n)[people.device],
            "visits": people.visits,
        }
    )
    for name, (values, _, _) in FACTS.items():
        frame[name] = np.array(values, dtype=object)[pick(rng, people.segment, shares[name])]
    frame["stated"] = rng.random(n) < STATED
    return frame


def _devices(people: People, customers: pd.DataFrame) -> pd.DataFrame:
    guests = np.flatnonzero(people.borrowed >= 0)
    names = _names("d", len(customers))
    ids = customers["customer"].to_numpy(dtype=object)
    frame = pd.DataFrame(
        {
            "device": np.concatenate([names[people.device], names[people.borrowed[guests]]]),
            "customer": np.concatenate([ids, ids[guests]]),
            "owner": np.arange(len(ids) + len(guests)) < len(ids),
        }
    )
    frame["shared"] = frame.duplicated("device", keep=False)
    return frame.sort_values(["device", "customer"], ignore_index=True)


def _facts(shares: Mapping[str, Floats], segments: Strings) -> pd.DataFrame:
    return pd.DataFrame(
        [
            (name, segment, value, share)
            for name, table in shares.items()
            for segment, row in zip(segments, table, strict=True)
            for value, share in zip(FACTS[name][0], row, strict=True)
        ],
        columns=["fact", "segment", "value", "share"],
    )


def _words(codes: Ints | Codes, names: Iterable[str]) -> pa.DictionaryArray:
    """Codes (n,) into names as an Arrow column; -1 is missing."""
    places = pa.array(codes.astype(np.int32), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(places, pa.array(list(names), pa.string()))


def _names(prefix: str, n: int) -> Strings:
    """prefix0, prefix1, ... with zeros, so that they sort as they count."""
    width = len(str(n - 1))
    return np.array([f"{prefix}{i:0{width}d}" for i in range(n)], dtype=object)


# ---------------------------------------------------------------- what goes in


def _channels(channels: Sequence[str]) -> tuple[str, ...]:
    if isinstance(channels, str):
        raise ArgumentError(
            f"simulate: channels is {channels!r}; it takes several names: [{channels!r}]."
        )
    names = tuple(text(name, "simulate: channels") for name in channels)
    if not names or len(set(names)) < len(names):
        raise ArgumentError(
            f"simulate: channels is {channels!r}; it takes at least one name, each once."
        )
    return names


def _rate(visits: Any) -> None:
    if not isinstance(visits, (int, float)) or not 0 < visits <= 10_000:
        raise ArgumentError(
            f"simulate: visits is {visits!r}; it takes a number, above 0 and up to 10,000 a year."
        )


def _weights(weights: Sequence[float]) -> Floats:
    shares: Floats = np.asarray(weights, dtype=np.float64)
    if shares.shape != (3,) or not (shares >= 0).all() or abs(shares.sum() - 1) > 1e-9:
        raise ArgumentError(
            f"simulate: weights is {weights!r}; it takes three shares that add up to 1, for "
            "everyone, the segment and the customer's own, such as (0.3, 0.3, 0.4)."
        )
    return np.asarray(shares / shares.sum())
