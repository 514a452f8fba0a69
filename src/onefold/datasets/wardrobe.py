"""The names under which simulated people are seen: accounts, addresses, cards, devices, cookies.

Who has what is drawn before anything happens; which of it an event shows is told by `encounters`.
A device is a thing in somebody's hand: its app sends a device id that stays, its browser a cookie
that churns. A `share` of devices is used by others too, who make half of the visits on it:

    P(a visit on a shared device is by somebody else) = 1/2
"""

import attrs
import numpy as np

from onefold._types import Bools, Floats, Ints

ACCOUNT, PHONE, CARD, SECOND = 0.85, 0.7, 0.6, 0.15  # share of people who have one
CARD_ONLINE = 0.7  # share of cards that are shown when an account is opened
CRM = 0.5  # share of people whom the customer desk's import holds
DEVICES = 0.8  # devices beside the first, on average; four at most
# How a person signs in on a device: never, when buying, when they come, once and for all.
NEVER, BUYING, COMING, STAYING = range(4)
OWN = (0.1, 0.4, 0.3, 0.2)
GUEST = (0.3, 0.4, 0.3, 0.0)


@attrs.frozen(eq=False)
class Wardrobe:
    """What n people have: (n,) each; and d devices with their owners, (d,) each.

    Args:
        account: Whether they ever open one.
        phone: Whether they tell their number.
        card: Whether they have a loyalty card.
        linked: Whether it is shown when the account is opened.
        second: Whether they have a second e-mail address.
        crm: Whether the import holds them.
        owner: (d,) the person whose device it is.
        weight: (d,) share of the owner's visits on this one of their devices.
        habit: (d,) how the owner signs in here.
        guest: (g,) people who use somebody else's device too.
        borrowed: (g,) the device.
        guest_habit: (g,) how they sign in there.
    """

    account: Bools
    phone: Bools
    card: Bools
    linked: Bools
    second: Bools
    crm: Bools
    owner: Ints
    weight: Floats
    habit: Ints
    guest: Ints
    borrowed: Ints
    guest_habit: Ints


def draw_wardrobe(rng: np.random.Generator, n: int, share: float) -> Wardrobe:
    """Draw what people have, and which devices others use too."""
    account, phone, card, linked, second, crm = (
        rng.random(n) < p for p in (ACCOUNT, PHONE, CARD, CARD_ONLINE, SECOND, CRM)
    )
    count = np.minimum(1 + rng.poisson(DEVICES, size=n), 4)
    owner = np.repeat(np.arange(n), count)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    weight = 0.5**place
    weight /= np.bincount(owner, weights=weight, minlength=n)[owner]
    shared = rng.permutation(len(owner))[: round(share * len(owner))]
    guests = np.minimum(1 + rng.poisson(0.7, size=len(shared)), n - 1)
    borrowed = np.repeat(shared, guests)
    guest = (owner[borrowed] + 1 + rng.integers(0, max(n - 1, 1), size=len(borrowed))) % n
    pairs = np.unique(np.stack([borrowed, guest]), axis=1)  # nobody is a guest twice
    return Wardrobe(
        account=account,
        phone=phone,
        card=card,
        linked=linked & card & account,
        second=second,
        crm=crm,
        owner=owner,
        weight=weight,
        habit=rng.choice(4, size=len(owner), p=OWN),
        guest=pairs[1],
        borrowed=pairs[0],
        guest_habit=np.asarray(rng.choice(4, size=pairs.shape[1], p=GUEST)),
    )


def draw_devices(rng: np.random.Generator, who: Ints, online: Bools, has: Wardrobe) -> Ints:
    """The device (v,) of each visit, -1 where none is used; half of a shared one's are by guests.

    A guest comes to the device as often as its owner does, shared out among the guests, but
    for no more than nine in ten of their visits.
    """
    n, d = len(has.account), len(has.owner)
    device = np.full(len(who), -1, dtype=np.int64)
    start = np.searchsorted(has.owner, np.arange(n + 1))
    ends = np.cumsum(has.weight)
    rows = np.flatnonzero(online)
    low = ends[start[who[rows]]] - has.weight[start[who[rows]]]
    drawn = np.searchsorted(ends, low + rng.random(len(rows)) * (1 - 1e-9), side="right")
    device[rows] = np.clip(drawn, start[who[rows]], start[who[rows] + 1] - 1)
    used = np.bincount(device[rows], minlength=d)
    visits = np.bincount(who[rows], minlength=n)
    crowd = np.bincount(has.borrowed, minlength=d)
    order = np.argsort(who, kind="stable")
    bounds = np.searchsorted(who[order], np.arange(n + 1))
    for guest, there in zip(has.guest, has.borrowed, strict=True):  # the few who share
        mine = order[bounds[guest] : bounds[guest + 1]]
        mine = mine[device[mine] >= 0]
        wanted = used[there] / crowd[there] / max(1, visits[guest])
        device[mine[rng.random(len(mine)) < min(0.9, wanted)]] = there
    return device


def draw_cookies(
    rng: np.random.Generator, device: Ints, time: Ints, *, life: float, private: float
) -> Ints:
    """The cookie (v,) of each visit: a device's own until it churns, or one for this visit only.

    Args:
        rng: Source of chance.
        device: (v,) device of the visit, -1 none.
        time: (v,) seconds, from 0 on.
        life: Mean days for which a cookie lives, exponential.
        private: Share of visits in a private window, whose cookie nobody sees again.
    """
    d, span = int(device.max(initial=-1)) + 1, int(time.max(initial=0)) + 1
    ends = rng.poisson(span / 86_400 / life, size=d)
    which = np.repeat(np.arange(d), ends)
    at = rng.integers(0, span, size=len(which))
    churned = np.sort(which * span + at)
    here = np.searchsorted(churned, np.maximum(device, 0) * span + time, side="right")
    cookie = here + np.maximum(device, 0)  # each end of one is the begin of the next
    alone = rng.random(len(device)) < private
    cookie = np.where(alone, len(churned) + d + np.arange(len(device)), cookie)
    return np.where(device < 0, -1, cookie)


def habits(who: Ints, device: Ints, has: Wardrobe) -> Ints:
    """How the person of each visit (v,) signs in there; who has no account never does."""
    out = np.where(device < 0, NEVER, has.habit[np.maximum(device, 0)])
    key = has.guest * len(has.owner) + has.borrowed
    order = np.argsort(key)
    mine = who * len(has.owner) + np.maximum(device, 0)
    place = np.minimum(np.searchsorted(key[order], mine), max(len(key) - 1, 0))
    if len(key):
        lent = (key[order][place] == mine) & (device >= 0)
        out = np.where(lent, has.guest_habit[order][place], out)
    return np.where(has.account[who], out, NEVER)
