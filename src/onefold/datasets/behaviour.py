"""What simulated customers do: visits, the items they consider, and the events that follow.

Visits are a Poisson process whose rate follows the segment's hours of the week. In a visit the
customer considers one or more items, each an independent draw from the customer's tastes at
that moment. What becomes of an item depends on the channel and on chance, never on the item:

    store: purchase        e-mail: open -> click -> view        else: view -> cart -> purchase
"""

import attrs
import numpy as np
import pandas as pd

from onefold._types import Bools, Floats, Ints, Times
from onefold.datasets.population import Habits, People, Shop, pick

KINDS = ("open", "click", "view", "cart", "purchase")
STORE, EMAIL = "store", "email"  # the channels that work in a way of their own
CLICK, CART, BUY = 0.3, 0.3, 0.6  # open -> click, view -> cart, cart -> purchase
MORE = {STORE: 3.0, EMAIL: 0.0}  # items beside the first in a visit, on average
MORE_ELSEWHERE = 2.0
EXTRA = 0.2  # further pieces of the same item, on average
BORROWS = 0.5  # share of a guest's visits on the device that is somebody else's
SECOND = np.timedelta64(1, "s")
WEEK = np.timedelta64(7, "D")


@attrs.frozen(eq=False)
class Visits:
    """Visits in order of time, v of them: who, when, on which channel and device, how long."""

    customer: Ints
    time: Times
    channel: Ints
    device: Ints  # -1 in the store
    changed: Bools  # whether the customer's interests have changed by then
    size: Ints  # items considered
    role: Ints  # 0 online, 1 store, 2 e-mail
    online: int  # the channel to which a click leads, -1 none


@attrs.frozen(eq=False)
class Rows:
    """Events in order of time, e of them; kinds are positions in KINDS, quantities pieces."""

    visit: Ints
    item: Ints
    kind: Ints
    time: Times
    channel: Ints
    quantity: Ints


def draw_visits(
    rng: np.random.Generator,
    people: People,
    habits: Habits,
    names: tuple[str, ...],
    *,
    span: tuple[np.datetime64, int],
    zone: str,
) -> Visits:
    """All visits: drawn over whole weeks by local hours, kept within each customer's span."""
    begin, days = span
    day = pd.Timestamp(begin, tz="UTC").tz_convert(zone).tz_localize(None)
    monday = (day - pd.Timedelta(day.weekday(), "D")).to_datetime64().astype("datetime64[us]")
    weeks = days // 7 + 2
    who = np.repeat(
        np.arange(len(people.segment)), rng.poisson(people.visits * (weeks * 7 / 365.0))
    )
    hour = pick(rng, people.segment[who], habits.rhythms)
    week = rng.integers(0, weeks, size=len(who))
    seconds = rng.integers(0, 3600, size=len(who))
    local = monday + week * WEEK + (hour * 3600 + seconds) * SECOND
    time = _utc(local, zone)
    end = begin + np.timedelta64(days, "D")
    until = np.where(np.isnat(people.left), end, people.left)
    # What lies outside is dropped, which leaves a Poisson process on the span.
    kept = np.flatnonzero((time >= people.joined[who]) & (time < until[who]))
    kept = kept[np.lexsort((who[kept], time[kept]))]
    who, time = who[kept], time[kept]
    channel = pick(rng, people.segment[who], habits.channels)
    roles = np.array([{STORE: 1, EMAIL: 2}.get(name, 0) for name in names])
    more = np.array([MORE.get(name, MORE_ELSEWHERE) for name in names])
    guest = (people.borrowed[who] >= 0) & (rng.random(len(who)) < BORROWS)
    device = np.where(guest, people.borrowed[who], people.device[who])
    online = [names.index("web")] if "web" in names else np.flatnonzero(roles == 0).tolist()
    return Visits(
        customer=who,
        time=time,
        channel=channel,
        device=np.where(roles[channel] == 1, -1, device),
        changed=people.changed[who] <= time,
        size=1 + rng.poisson(more[channel]),
        role=roles[channel],
        online=online[0] if online else -1,
    )


def draw_items(
    rng: np.random.Generator,
    visits: Visits,
    people: People,
    habits: Habits,
    shop: Shop,
    weights: Floats,
) -> Ints:
    """The items considered, visit after visit: first the level that speaks, then its item."""
    visit = np.repeat(np.arange(len(visits.size)), visits.size)
    who = visits.customer[visit]
    level = np.searchsorted(np.cumsum(weights), rng.random(len(visit)), side="right")
    level = np.minimum(level, np.flatnonzero(weights)[-1])
    item = np.empty(len(visit), dtype=np.int64)
    all_, segment, own = (np.flatnonzero(level == k) for k in range(3))
    item[all_] = pick(rng, np.zeros(len(all_), dtype=np.int64), shop.everyone[None, :])
    item[segment] = pick(rng, people.segment[who[segment]], habits.taste)
    after = visits.changed[visit[own]].astype(np.int64)
    cumulative = np.cumsum(people.own_shares, axis=2)[who[own], after]
    u = rng.random(len(own)) * cumulative[:, -1]
    place = np.minimum((cumulative <= u[:, None]).sum(axis=1), cumulative.shape[1] - 1)
    item[own] = people.own_items[who[own], after, place]
    return item


def follow(rng: np.random.Generator, visits: Visits, item: Ints) -> Rows:
    """The events that come of the items considered, in order of time."""
    visit = np.repeat(np.arange(len(visits.size)), visits.size)
    first = np.repeat(np.cumsum(visits.size) - visits.size, visits.size)
    role = visits.role[visit]
    turn = 45 * (np.arange(len(visit)) - first)  # seconds since the visit began
    u = rng.random((3, len(visit)))
    opened = role == 2
    clicked = opened & (u[0] < CLICK)
    viewed = (role == 0) | (clicked & (visits.online >= 0))
    carted = viewed & (u[1] < CART)
    bought = (role == 1) | (carted & (u[2] < BUY))
    checkout = np.where(role == 1, 0, 45 * visits.size[visit] + 60)
    steps = (  # in the order of KINDS: who takes it, after how many seconds
        (opened, np.zeros(len(visit), dtype=np.int64)),
        (clicked, np.full(len(visit), 10)),
        (viewed, turn + np.where(opened, 15, 0)),
        (carted, turn + np.where(opened, 35, 20)),
        (bought, checkout),
    )
    rows = [np.flatnonzero(taken) for taken, _ in steps]
    at = np.concatenate(rows)
    kind = np.repeat(np.arange(len(KINDS)), [len(r) for r in rows])
    late = np.concatenate([after[r] for (_, after), r in zip(steps, rows, strict=True)])
    time = visits.time[visit[at]] + late * SECOND
    order = np.lexsort((at, kind, visit[at], time))
    at, kind, time = at[order], kind[order], time[order]
    mailed = (role[at] == 2) & (kind >= KINDS.index("view"))
    channel = np.where(mailed, visits.online, visits.channel[visit[at]])
    return Rows(visit[at], item[at], kind, time, channel, 1 + rng.poisson(EXTRA, size=len(at)))


def midnight(moment: np.datetime64, zone: str) -> np.datetime64:
    """The instant at which the local day named by `moment` begins."""
    day = np.array([moment.astype("datetime64[D]")], dtype="datetime64[us]")
    first: np.datetime64 = _utc(day, zone)[0]
    return first


def _utc(local: Times, zone: str) -> Times:
    """Instants (n,) of local clocks; an hour that happened twice is its first pass."""
    first = np.ones(len(local), dtype=bool)
    aware = pd.DatetimeIndex(local).tz_localize(zone, ambiguous=first, nonexistent="shift_forward")
    out: Times = aware.tz_convert("UTC").tz_localize(None).to_numpy()
    return out.astype("datetime64[us]")
