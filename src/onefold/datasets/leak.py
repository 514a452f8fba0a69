"""A stream in which who buys has nothing to do with browsing, and a map of today betrays it.

People browse with several cookies. A coin decides who buys after a moment t; to buy is to sign in,
on every device. So today's map glues the earlier browsing of buyers, and theirs only:

    views before t:  buyer {c1, c2, c3} -> 9       others {c4} -> 3, {c5} -> 3, {c6} -> 3

A count of views then foretells purchases that nothing foretells. As of t nobody has bought yet.
"""

import attrs
import numpy as np
import pandas as pd

from onefold._check import fraction, whole
from onefold._random import generator
from onefold._types import Array, Bools, Floats, Ints, Rng
from onefold.datasets.identity_truth import IdentitySimulation, known_stream
from onefold.events import EventLog
from onefold.identity import Identities

START, T, END = (np.datetime64(day, "us") for day in ("2025-01-01", "2025-07-01", "2025-12-31"))
DRAWS = 1000


def identity_leak(
    customers: int = 2000,
    *,
    buyers: float = 0.4,
    known: float = 0.3,
    cookies: float = 1.0,
    views: float = 2.0,
    rng: Rng = None,
) -> IdentitySimulation:
    """Simulate people whose purchases after `T` do not depend on what they looked at before.

    Args:
        customers: Number of people.
        buyers: Share of people who buy after `T`: a coin, whatever they did.
        known: Share of people who had signed in before: another coin.
        cookies: Cookies beside the first, on average (Poisson).
        views: Views with a cookie beside the first, on average (Poisson).
        rng: Seed or Generator.
    """
    call = "identity_leak"
    n, source = whole(customers, f"{call}: customers"), generator(rng, f"{call}: rng")
    buys = source.random(n) < fraction(buyers, f"{call}: buyers", ends=True)
    came = source.random(n) < fraction(known, f"{call}: known", ends=True)
    owner = np.repeat(np.arange(n), 1 + source.poisson(cookies, size=n))
    seen = np.repeat(np.arange(len(owner)), 1 + source.poisson(views, size=len(owner)))
    early, late = np.flatnonzero(came[owner]), np.flatnonzero(buys[owner])
    cookie = np.concatenate([seen, early, late, late])
    kinds = ["view", "login", "login", "purchase"]
    sizes = [len(seen), len(early), len(late), len(late)]
    first = [START, START, T, T]
    last = [T, T, END, END]
    time = [
        begin + source.integers(0, int((end - begin).astype(np.int64)), size=size)
        for begin, end, size in zip(first, last, sizes, strict=True)
    ]
    event = np.repeat(np.array(kinds, dtype=object), sizes)
    signed = event != "view"
    user = pd.Series("u" + pd.Series(owner[cookie]).astype(str)).astype(object)
    frame = pd.DataFrame(
        {
            "id": np.arange(len(cookie)).astype(str).astype(object),
            "source": "web",
            "time": pd.DatetimeIndex(np.concatenate(time)).tz_localize("UTC"),
            "event": event,
            "item": None,
            "value": np.where(event == "purchase", 10.0, np.nan),
            "user_id": user.where(signed, None),
            "cookie": ("k" + pd.Series(cookie).astype(str)).astype(object),
            "person": ("p" + pd.Series(owner[cookie]).astype(str)).astype(object),
            "shared": False,
        }
    )
    return known_stream([frame], zone="UTC", failures={})


@attrs.frozen(eq=False)
class Foretold:
    """One row a customer with views before `T`: whether they buy later, and whose they are."""

    customer: Array
    buys: Bools
    person: Ints


def foretold(sim: IdentitySimulation, then: Identities, today: Identities) -> Foretold:
    """The customers of one map, with what today's map knows of their purchases after `T`."""
    log = sim.log
    early = log.events.array("time") < T
    before, after = (EventLog(log.events.take(m), log.facts, "EUR") for m in (early, ~early))
    bought = set(today.customers(after)[after.to_pandas()["event"].to_numpy() == "purchase"])
    rows = pd.DataFrame(
        {
            "customer": then.customers(before),
            "today": today.customers(before),
            "person": pd.factorize(sim.truth.events["person"])[0][early],
        }
    )
    one = rows.groupby("customer", as_index=False).first()
    return Foretold(
        one["customer"].to_numpy(dtype=object),
        one["today"].isin(bought).to_numpy(dtype=bool),
        one["person"].to_numpy(dtype=np.int64),
    )


def auc(
    score: Floats, label: Bools, group: Ints, *, rng: np.random.Generator
) -> tuple[float, float, float]:
    """Area under the curve of n scores, with a percentile bootstrap of 95 % over whole groups.

    P(score of a yes > score of a no), a tie counts half. Rows of one person are drawn together,
    for they have one label; DeLong's variance would take them for independent.

    Args:
        score: (n,) finite numbers.
        label: (n,) yes or no.
        group: (n,) whose each row is.
        rng: Source of chance.

    Source: Hanley and McNeil, "The meaning and use of the area under a receiver operating
    characteristic (ROC) curve", Radiology 143 (1982).
    """
    _, place = np.unique(score, return_inverse=True)
    _, who = np.unique(group, return_inverse=True)
    n, v = int(who.max()) + 1, int(place.max()) + 1
    counts = np.zeros((2, n, v))
    np.add.at(counts, (label.astype(np.int64), who, place), 1.0)
    drawn = np.array(
        [  # one draw of all people
            _area(np.bincount(rng.integers(n, size=n), minlength=n) @ counts) for _ in range(DRAWS)
        ]
    )
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return float(_area(counts.sum(axis=1))), float(low), float(high)


def area(score: Floats, label: Bools) -> float:
    """The area under the curve alone; not known where all labels are the same."""
    _, place = np.unique(score, return_inverse=True)
    counts = np.zeros((2, int(place.max()) + 1))
    np.add.at(counts, (label.astype(np.int64), place), 1.0)
    return _area(counts)


def _area(held: Floats) -> float:
    """The area from counts (2, v) of noes and yeses by ascending score."""
    noes, yeses = held
    below = np.cumsum(noes) - noes / 2
    total = noes.sum() * yeses.sum()
    return float((yeses * below).sum() / total) if total else np.nan
