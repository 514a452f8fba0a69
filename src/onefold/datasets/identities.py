"""People who are seen under many names, of whom it is known who is who.

`simulate` tells what customers want; here the same visits are seen as a firm sees them, without
knowing the customer: browsers with cookies that churn, apps, newsletters, guest orders, tills. What
people do is `behaviour`'s, what they carry `wardrobe`'s, what of it an event shows `encounters`'.

    sim = simulate_identities(rng=1);    sim.scores(resolve(sim.log))    against sim.truth
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from onefold import _time
from onefold._check import fraction, one_of, whole
from onefold._random import generator
from onefold._types import Floats, Instant, Ints, Rng, Strings
from onefold.datasets.behaviour import draw_items, draw_visits, follow, midnight
from onefold.datasets.encounters import ALL_KINDS, SOURCES, TYPES, encounters, see
from onefold.datasets.failures import FAILURES, failure_of
from onefold.datasets.identity_truth import IdentitySimulation, known_stream
from onefold.datasets.population import Shop, draw_habits, draw_people, draw_shop
from onefold.datasets.wardrobe import draw_wardrobe
from onefold.errors import ArgumentError

CHANNELS = ("web", "app", "store", "email")
WEIGHTS = (0.3, 0.3, 0.4)
ITEMS, CATEGORIES, SEGMENTS = 200, 8, 4
OWNED = ("user_id", "crm_id", "loyalty_card", "email", "phone")  # the rest is whose it is used by
IDS = {  # how the identifiers of each type are written
    "user_id": "u{}",
    "crm_id": "crm-{}",
    "loyalty_card": "card-{}",
    "device": "dev-{}",
    "cookie": "ck-{}",
}


def simulate_identities(
    customers: int = 1000,
    *,
    days: int = 365,
    visits: float = 24.0,
    shared_devices: float = 0.01,
    cookie_life: float = 60.0,
    private: float = 0.03,
    failures: Iterable[str] = (),
    start: Instant = "2025-01-01",
    zone: str = "Europe/Berlin",
    rng: Rng = None,
) -> IdentitySimulation:
    """Simulate people who are seen under many identifiers, and keep the truth about who is who.

    The events are those of `simulate`: opened newsletters, clicks, views, carts, purchases; with
    logins, sign-ups, logouts and one import of the customer desk beside. None tells a customer.

    - 85 % open an account; the others order as guests, with an e-mail address. On each of their
      devices people sign in never (10 %), to buy (40 %), when they come (30 %) or once and for all
      (20 %), which is forgotten with the cookie. 15 % have a second address, for guest orders.
    - A person has 1.8 devices on average, four at most. The web shows the cookie of the browser,
      the app the device id, and one app visit in ten both.
    - 60 % have a loyalty card and show it in 80 % of their store visits; otherwise the till
      tells nothing. 70 % of cards are told to the account.
    - Half of the visits on a shared device are by others: they sign in less, and who comes where
      the owner stayed signed in acts in the owner's name.

    Args:
        customers: Number of people, n; a few of them may make no visit.
        days: Length of the log, in days.
        visits: Visits that a person makes in a year, on average, opened newsletters included.
        shared_devices: Share of devices that one to several others use too, at most 0.5.
        cookie_life: Days for which a cookie lives on average.
        private: Share of visits in a private window, whose cookie is never seen again.
        failures: Names from `FAILURES`: small scenarios with people of their own to add.
        start: The day on which the log begins.
        zone: Time zone of all people.
        rng: Seed or Generator. The same seed gives the same log, event for event.

    Returns:
        The log, the same as a frame, and the truth; `scores` judges customers by it.

    Raises:
        ArgumentError: If an argument is not allowed.

    Examples:
        >>> from onefold import resolve
        >>> sim = simulate_identities(300, days=90, rng=1)
        >>> scores = sim.scores(resolve(sim.log), rng=1)
        >>> round(scores.of("knowable precision"), 3)
        1.0
        >>> scores.of("knowable recall", resolver="union-find")
        1.0
    """
    call = "simulate_identities"
    n = whole(customers, f"{call}: customers")
    whole(days, f"{call}: days", least=7)
    _positive(visits, "visits", 10_000)
    _positive(cookie_life, "cookie_life", 36_500)
    fraction(private, f"{call}: private", ends=True)
    if fraction(shared_devices, f"{call}: shared_devices", ends=True) > 0.5:
        raise ArgumentError(f"{call}: shared_devices is {shared_devices!r}; allowed: 0 to 0.5.")
    _time.zone(zone, f"{call}: zone")
    names = _failures(failures)
    begin = midnight(_time.instant(start, f"{call}: start"), zone)
    source = generator(rng, f"{call}: rng")

    shop = draw_shop(source, ITEMS, CATEGORIES)
    habits = draw_habits(source, shop, CATEGORIES, SEGMENTS, len(CHANNELS))
    people = draw_people(
        source,
        habits,
        n,
        items=ITEMS,
        start=begin,
        days=days,
        visits=visits,
        change=0.0,
        shared_devices=0.0,
    )
    done = draw_visits(source, people, habits, CHANNELS, span=(begin, days), zone=zone)
    rows = follow(source, done, draw_items(source, done, people, habits, shop, _weights()))
    has = draw_wardrobe(source, n, shared_devices)
    seen = see(
        source, done, rows, has, app=CHANNELS.index("app"), life=cookie_life, private=private
    )
    numbers = encounters(source, done, rows, has, seen)
    frame = _written(numbers, shop, n)
    added = {name: failure_of(name, source, begin) for name in names}
    return known_stream(
        [frame, *(f.frame for f in added.values())],
        zone=zone,
        failures=added,
        owners=_owners(numbers, n),
    )


def failure(name: str, *, start: Instant = "2025-01-01", rng: Rng = None) -> IdentitySimulation:
    """One of the twenty failures as a small stream of its own, with its truth.

    What to ask of a resolver stands in `.failures[name]`: what is meant, what a right answer looks
    like, settings of the policy, what is to be erased, whose part is whose.

    Args:
        name: A name in `FAILURES`.
        start: The day on which the log begins.
        rng: Seed or Generator; it draws names and moments, never what happens.

    Raises:
        ArgumentError: If there is no such failure.

    Examples:
        >>> sim = failure("shared_kiosk", rng=1)
        >>> sim.failures["shared_kiosk"].meaning
        'A tablet in the shop on which many customers sign in.'
    """
    one_of(name, tuple(FAILURES), "failure: name")
    begin = _time.instant(start, "failure: start")
    found = failure_of(name, generator(rng, "failure: rng"), begin)
    return known_stream([found.frame], zone="UTC", failures={name: found})


# ---------------------------------------------------------------- how it is written


def _written(rows: pd.DataFrame, shop: Shop, n: int) -> pd.DataFrame:
    """Numbers as the ids and words of a log; None where there is none."""
    bought = rows["kind"].to_numpy() == ALL_KINDS.index("purchase")
    item = rows["item"].to_numpy()
    price = shop.prices[np.maximum(item, 0)] * rows["quantity"].to_numpy()
    out = {
        "id": _texts(np.arange(len(rows)), "e{}"),
        "source": np.array(SOURCES, dtype=object)[rows["source"]],
        "time": pd.DatetimeIndex(rows["time"].to_numpy()).tz_localize("UTC"),
        "event": np.array(ALL_KINDS, dtype=object)[rows["kind"]],
        "item": _chosen(shop.items, item),
        "channel": _chosen(np.array(CHANNELS, dtype=object), rows["channel"].to_numpy()),
        "value": np.where(bought, price, np.nan),
        "basket": _texts(rows["visit"].to_numpy(), "v{}"),
    }
    for kind in TYPES:
        out[kind] = _identifiers(kind, rows[kind].to_numpy(), n)
    out["person"] = _texts(rows["person"].to_numpy(), "p{}")
    out["shared"] = rows["shared"].to_numpy(dtype=bool)
    return pd.DataFrame(out)


def _identifiers(kind: str, numbers: Ints, n: int) -> Strings:
    if kind == "phone":
        return _texts(np.where(numbers < 0, -1, 15_100_000_000 + numbers), "+49{}")
    if kind != "email":
        return _texts(numbers, IDS[kind])
    first = _texts(np.where(numbers < n, numbers, -1), "c{}@mail.sim")
    second = _texts(np.where(numbers >= n, numbers - n, -1), "c{}@post.sim")
    return np.asarray(np.where(numbers < n, first, second))


def _owners(rows: pd.DataFrame, n: int) -> pd.DataFrame:
    """Whose an account, address, number or card is, whoever acts under it."""
    tables = []
    for kind in OWNED:
        numbers = np.unique(rows[kind].to_numpy())
        numbers = numbers[numbers >= 0]
        values, person = _identifiers(kind, numbers, n), _texts(numbers % n, "p{}")
        tables.append(pd.DataFrame({"type": kind, "value": values, "person": person}))
    return pd.concat(tables, ignore_index=True)


def _texts(numbers: Ints, form: str) -> Strings:
    """Each number (n,) in words, None where it is below 0; as many words as numbers that differ."""
    distinct, which = np.unique(numbers, return_inverse=True)
    words = [form.format(x) if x >= 0 else None for x in distinct.tolist()]
    return np.array(words, dtype=object)[which.ravel()]


def _chosen(names: Strings, numbers: Ints) -> Strings:
    out = np.array(names[np.maximum(numbers, 0)], dtype=object)
    out[numbers < 0] = None
    return out


# ---------------------------------------------------------------- what goes in


def _weights() -> Floats:
    return np.array(WEIGHTS)


def _positive(value: object, name: str, most: float) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= most:
        raise ArgumentError(
            f"simulate_identities: {name} is {value!r}; it takes a number above 0, up to {most:,}."
        )


def _failures(failures: Iterable[str]) -> tuple[str, ...]:
    if isinstance(failures, str):
        raise ArgumentError(
            f"simulate_identities: failures is {failures!r}; it takes several names: "
            f"[{failures!r}]."
        )
    names = tuple(failures)
    for name in names:
        one_of(name, tuple(FAILURES), "simulate_identities: failures")
    return tuple(dict.fromkeys(names))
