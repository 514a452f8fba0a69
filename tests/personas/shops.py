"""Small shops for the tests of personas: customers with facts, tastes, hours and channels."""

import numpy as np
import pandas as pd

from onefold import Catalog, EventLog, Profiles, fold
from onefold.segments import Segmentation, segment
from onefold.traits import TRAITS, Age, Share

ITEMS = 12
CATEGORIES = ["tea", "jam", "nuts"]


def catalog() -> Catalog:
    items = [f"i{i}" for i in range(ITEMS)]
    frame = pd.DataFrame(
        {
            "item": items,
            "category": [CATEGORIES[i % 3] for i in range(ITEMS)],
            "brand": ["own" if i < 6 else "maker" for i in range(ITEMS)],
            "text": [f"Thing {i}" for i in range(ITEMS)],
        }
    )
    return Catalog.from_frame(
        frame, item="item", category="category", attributes=["brand"], text="text"
    )


def events(n: int = 200, seed: int = 0) -> pd.DataFrame:
    """Even customers like tea, shop in the evening and on the web; odd ones don't."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(n), rng.integers(3, 15, n))
    even = who % 2 == 0
    item = np.where(
        rng.random(len(who)) < np.where(even, 0.6, 0.2), 0, rng.integers(1, 12, len(who))
    )
    hour = np.where(even, rng.integers(17, 23, len(who)), rng.integers(7, 19, len(who)))
    start = np.datetime64("2024-01-01") + rng.integers(0, 90, len(who)).astype("timedelta64[D]")
    web = rng.random(len(who)) < np.where(even, 0.8, 0.3)
    return pd.DataFrame(
        {
            "who": [f"c{w:04d}" for w in who],
            "at": start + hour.astype("timedelta64[h]"),
            "item": [f"i{i}" for i in item],
            "channel": np.where(web, "web", "store"),
            "paid": rng.integers(1, 50, len(who)).astype(float),
        }
    )


def facts(n: int = 200, seed: int = 0, *, tied: bool = True) -> pd.DataFrame:
    """Even customers live more often in town, if `tied`; some say nothing."""
    rng = np.random.default_rng(seed + 1)
    even = np.arange(n) % 2 == 0
    town = rng.random(n) < (np.where(even, 0.8, 0.3) if tied else 0.5)
    size = rng.integers(1, 6, n).astype(float)
    size[rng.random(n) < 0.1] = np.nan
    born = [f"{y}-05-17" for y in rng.integers(1940, 2005, n)]
    return pd.DataFrame(
        {
            "who": [f"c{i:04d}" for i in range(n)],
            "home": np.where(rng.random(n) < 0.1, None, np.where(town, "town", "country")),
            "household": size,
            "income": rng.lognormal(10, 0.5, n),
            "birth_date": born,
            "dream": rng.choice(["travel", "garden"], n),
        }
    )


def profiles(frame: pd.DataFrame, stated: pd.DataFrame | None = None) -> Profiles:
    log = EventLog.from_frame(
        frame,
        customer="who",
        time="at",
        event="purchase",
        item="item",
        channel="channel",
        value="paid",
        currency="EUR",
        tz="UTC",
        zone="UTC",
    )
    if stated is not None:
        names = [c for c in stated.columns if c != "who"]
        log = log + EventLog.from_facts(
            stated, customer="who", time="2023-12-31", facts=names, tz="UTC"
        )
    traits = (*TRAITS, Age(), Share("brand", event="purchase", name="brands"))
    return fold(log, traits, catalog=catalog(), as_of="2024-04-01")


class Halves:
    """Segments by the number in the id: a strategy that imports nothing and reads no trait."""

    def __init__(self, small: int = 0) -> None:
        self.small = small

    def fit(self, table, *, rng):
        return self

    def assign(self, table):
        number = [int(i[1:]) for i in table.ids]
        return np.array(
            [
                "few" if n < self.small else None if n % 17 == 3 else ["even", "odd"][n % 2]
                for n in number
            ],
            dtype=object,
        )


def halves(n: int = 200, seed: int = 0, small: int = 0) -> Segmentation:
    return segment(profiles(events(n, seed), facts(n, seed)), Halves(small))


__all__ = ["Halves", "catalog", "events", "facts", "halves", "profiles"]
