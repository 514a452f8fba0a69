"""The people, items and habits of a simulation, drawn before anything happens.

Nothing here depends on time but each customer's own span: when they joined, when they left,
when their interests changed. Items are popular by Zipf's law, with ranks of their own in each
segment; a segment prefers two categories; a customer has a repertoire of a few items, drawn
evenly from all, so that the three levels are told apart:

    everyone(i) ~ rank(i) ** -0.8        segment s: rank_s(i) ** -0.8, ten times as much if liked
"""

from collections.abc import Mapping

import attrs
import numpy as np

from onefold._types import Floats, Ints, Strings, Times

AGES = ("18-24", "25-34", "35-49", "50-64", "65+")
INCOMES = ("low", "middle", "high")
REGIONS = ("east", "north", "south", "west")
# Shares of the values where the segment plays no part, and whether it may play one.
FACTS: Mapping[str, tuple[tuple[str, ...], tuple[float, ...], bool]] = {
    "age": (AGES, (0.12, 0.22, 0.28, 0.23, 0.15), True),
    "income": (INCOMES, (0.35, 0.45, 0.20), True),
    "region": (REGIONS, (0.25, 0.30, 0.25, 0.20), False),
}
ZIPF = 0.8  # exponent of popularity
LIKED = 10.0  # how much more a segment takes of its two favourite categories
REPERTOIRE = 8  # items in a customer's own repertoire
STATED = 0.8  # share of customers whose facts the log holds
HOUR = np.timedelta64(1, "h")


@attrs.frozen(eq=False)
class Shop:
    """The m items: id, category, price; and how popular they are with everyone."""

    items: Strings
    categories: Ints
    prices: Floats
    everyone: Floats


@attrs.frozen(eq=False)
class Habits:
    """The s segments: taste (s, m), channels (s, c), hours (s, 168), size and activity (s,)."""

    taste: Floats
    channels: Floats
    rhythms: Floats
    sizes: Floats
    activity: Floats


@attrs.frozen(eq=False)
class People:
    """The n customers: segment, span, visits a year, repertoires before and after, devices."""

    segment: Ints
    joined: Times
    left: Times
    changed: Times
    visits: Floats
    own_items: Ints
    own_shares: Floats
    device: Ints
    borrowed: Ints  # a second device, which is somebody else's; -1 none


def draw_shop(rng: np.random.Generator, items: int, categories: int) -> Shop:
    """Items in categories of equal size, with prices to the cent around their category's."""
    category = rng.permutation(np.arange(items) % categories)
    level = np.exp(rng.normal(1.6, 0.7, size=categories))
    prices = np.maximum(level[category] * np.exp(rng.normal(0, 0.4, size=items)), 0.1)
    width = len(str(items - 1))
    names = np.array([f"i{i:0{width}d}" for i in range(items)], dtype=object)
    return Shop(names, category, np.round(prices, 2), _zipf(rng, items))


def draw_habits(
    rng: np.random.Generator, shop: Shop, categories: int, segments: int, channels: int
) -> Habits:
    """Segments that differ in what they like, where they come, when, and how often."""
    taste = np.stack([_zipf(rng, len(shop.items)) for _ in range(segments)])
    for s in range(segments):  # a handful
        liked = np.isin(shop.categories, [2 * s % categories, (2 * s + 1) % categories])
        taste[s] *= np.where(liked, LIKED, 1.0)
    taste /= taste.sum(axis=1, keepdims=True)
    sizes = 1 / (1 + 0.3 * np.arange(segments))
    sizes /= sizes.sum()
    activity = rng.uniform(0.6, 1.4, size=segments)
    return Habits(
        taste=taste,
        channels=rng.dirichlet(np.full(channels, 1.5), size=segments),
        rhythms=np.stack([_rhythm(s, segments) for s in range(segments)]),
        sizes=sizes,
        activity=activity / (activity @ sizes),
    )


def draw_people(
    rng: np.random.Generator,
    habits: Habits,
    n: int,
    *,
    items: int,
    start: np.datetime64,
    days: int,
    visits: float,
    change: float,
    shared_devices: float,
) -> People:
    """Customers, half of whom are there from the start; some leave, some change, some share."""
    segment = rng.choice(len(habits.sizes), size=n, p=habits.sizes)
    hours = days * 24.0
    came = np.where(rng.random(n) < 0.5, 0.0, rng.random(n) * hours / 2)
    went = came + rng.exponential(2 * hours, size=n)
    stays = np.minimum(went, hours) - came
    changed = came + stays * rng.uniform(0.4, 0.6, size=n)
    changes = np.zeros(n, dtype=bool)
    changes[rng.permutation(n)[: round(change * n)]] = True
    k = max(1, min(REPERTOIRE, items // 2))
    own_items = rng.permuted(_distinct(rng, n, 2 * k, items), axis=1).reshape(n, 2, k)
    own_shares = rng.standard_gamma(1.0, size=(n, 2, k)) + 1e-6
    own_items[~changes, 1] = own_items[~changes, 0]
    own_shares[~changes, 1] = own_shares[~changes, 0]
    device, borrowed = _devices(rng, n, shared_devices)
    return People(
        segment=segment,
        joined=_moments(start, came, np.ones(n, dtype=bool)),
        left=_moments(start, went, went < hours),
        changed=_moments(start, changed, changes),
        visits=visits * habits.activity[segment] * rng.standard_gamma(2.0, size=n) / 2,
        own_items=own_items,
        own_shares=own_shares / own_shares.sum(axis=2, keepdims=True),
        device=device,
        borrowed=borrowed,
    )


def fact_shares(segments: int, strength: float) -> dict[str, Floats]:
    """True shares (s, v) of each fact's values: strength * [typical] + (1 - strength) * base."""
    out = {}
    for name, (values, base, linked) in FACTS.items():
        typical = np.eye(len(values))[np.arange(segments) % len(values)]
        tied = strength if linked else 0.0
        out[name] = tied * typical + (1 - tied) * np.array(base)
    return out


def pick(rng: np.random.Generator, rows: Ints, shares: Floats) -> Ints:
    """One column for each row (n,) into `shares` (s, v), drawn by the shares of that row."""
    out = np.empty(len(rows), dtype=np.int64)
    u = rng.random(len(rows))
    for s in range(len(shares)):  # segments: a handful
        at = rows == s
        cumulative = np.cumsum(shares[s])
        found = np.searchsorted(cumulative, u[at] * cumulative[-1], side="right")
        out[at] = np.minimum(found, shares.shape[1] - 1)
    return out


def _zipf(rng: np.random.Generator, n: int) -> Floats:
    weights = np.arange(1, n + 1) ** -ZIPF
    return rng.permutation(weights / weights.sum())


def _rhythm(s: int, segments: int) -> Floats:
    """Hours of the week: quiet nights, a peak of the segment's own, more or fewer weekends."""
    hour = np.arange(24)
    peak = 8 + round(13 * s / max(1, segments - 1))  # 8 in the morning to 9 in the evening
    day = np.where((hour >= 7) & (hour < 23), 0.25, 0.01) + np.exp(-((hour - peak) ** 2) / 4.5)
    weekend = (0.5, 1.0, 2.0)[s % 3]
    week: Floats = np.concatenate([day if d < 5 else day * weekend for d in range(7)])
    return np.asarray(week / week.sum())


def _distinct(rng: np.random.Generator, n: int, k: int, m: int) -> Ints:
    """Draw k distinct numbers below m for each of n rows, in no random order (Floyd's sampling)."""
    out = np.full((n, k), -1, dtype=np.int64)
    for place, top in enumerate(range(m - k, m)):  # k steps, each for all rows
        drawn = rng.integers(0, top + 1, size=n)
        taken = (out[:, :place] == drawn[:, None]).any(axis=1)
        out[:, place] = np.where(taken, top, drawn)
    return out


def _devices(rng: np.random.Generator, n: int, share: float) -> tuple[Ints, Ints]:
    """A device for each customer; of a `share` of devices one or two others are guests."""
    device = rng.permutation(n)
    order = rng.permutation(n)
    shared = round(share * n)
    guests = order[shared : shared + shared + min(shared // 2, n - 2 * shared)]
    borrowed = np.full(n, -1, dtype=np.int64)
    if shared:
        borrowed[guests] = device[order[np.arange(len(guests)) % shared]]
    return device, borrowed


def _moments(start: np.datetime64, hours: Floats, known: np.ndarray) -> Times:
    """Instants, full hours after `start`; NaT where not known."""
    out = start + np.floor(hours).astype(np.int64) * HOUR
    return np.where(known, out, np.datetime64("NaT"))
