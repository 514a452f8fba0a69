"""What a firm sees of who came: the identifiers on each event of simulated visits.

People act as in `behaviour`; here they are seen. A browser shows its cookie, an app its device id,
an account its user id from the login on, an order an e-mail address, a newsletter the address it
was sent to, the till a loyalty card or nothing:

    view {cookie}   login {user_id, cookie}   purchase {user_id, email, cookie}   store {card} or {}
"""

from collections.abc import Mapping

import attrs
import numpy as np
import pandas as pd

from onefold._types import Bools, Ints, Times
from onefold.datasets.behaviour import KINDS, SECOND, Rows, Visits
from onefold.datasets.wardrobe import (
    BUYING,
    COMING,
    STAYING,
    Wardrobe,
    draw_cookies,
    draw_devices,
    habits,
)

MORE_KINDS = ("login", "sign_up", "logout", "crm_import")
ALL_KINDS = (*KINDS, *MORE_KINDS)
TYPES = ("user_id", "crm_id", "loyalty_card", "email", "phone", "device", "cookie")
SOURCES = ("web", "app", "mail", "pos", "crm")
SHOWN = 0.8  # share of a card holder's store visits in which the card is shown
OTHER = 0.5  # share of guest orders with the second e-mail address, if there is one
TOLD = 0.3  # share of guest orders with a phone number, if there is one
BOTH = 0.1  # share of app visits whose web views send the cookie too
LOGOUT = (0.1, 0.6)  # share of logins that a logout ends: on a device of one's own, on a shared one


@attrs.frozen(eq=False)
class Seen:
    """Visits as they are seen, v of them.

    Args:
        device: (v,) the device, -1 none.
        cookie: (v,) its cookie.
        app: (v,) whether the app was used, which sends a device id.
        both: (v,) whether the app sent the cookie too.
        login: (v,) the moment from which on the user id is sent; not a time: never.
        said: (v,) whether a login was seen then (who stays signed in says it once).
        user: (v,) whose user id it is: somebody else's where they had stayed signed in.
        shared: (v,) whether the device has several users.
    """

    device: Ints
    cookie: Ints
    app: Bools
    both: Bools
    login: Times
    said: Bools
    user: Ints
    shared: Bools


def see(
    rng: np.random.Generator,
    visits: Visits,
    rows: Rows,
    has: Wardrobe,
    *,
    app: int,
    life: float,
    private: float,
) -> Seen:
    """How each visit is seen; `app` is the number of the channel that sends a device id."""
    who, online = visits.customer, visits.role != 1
    device = draw_devices(rng, who, online, has)
    since = (visits.time - visits.time[:1]) // SECOND  # visits are in order of time
    cookie = draw_cookies(rng, device, since, life=life, private=private)
    in_app = (visits.channel == app) & (visits.role == 0)
    habit = habits(who, device, has)
    bought = (rows.kind == KINDS.index("purchase")) & (visits.role[rows.visit] != 1)
    till = np.full(len(who), np.datetime64("NaT", "us"))
    till[rows.visit[bought]] = rows.time[bought]  # of one visit all purchases are at one time
    come = visits.time + np.where(visits.role == 2, 12, -1) * SECOND
    mailed = np.zeros(len(who), dtype=bool)  # an opened e-mail without a click is no visit
    mailed[rows.visit[rows.kind == KINDS.index("view")]] = True
    comes = (habit >= COMING) & online & ((visits.role == 0) | mailed)
    login = np.where(comes, come, np.datetime64("NaT", "us"))
    login = np.where((habit == BUYING) & online, till - 20 * SECOND, login)
    handle = np.where(in_app, device, len(has.owner) + cookie)  # what stays signed in
    stays = pd.DataFrame({"who": who, "handle": handle})[(habit == STAYING) & comes]
    said = ~np.isnat(login)
    said[stays.index[stays.duplicated().to_numpy()]] = False
    login = np.where((habit == STAYING) & comes & ~said, visits.time, login)
    shared = np.isin(device, has.borrowed) & (device >= 0)
    user, login = _in_whose_name(visits, has, device=device, handle=handle, login=login)
    both = in_app & (rng.random(len(who)) < BOTH)
    return Seen(device, cookie, in_app, both, login, said & (user == who), user, shared)


def _in_whose_name(
    visits: Visits, has: Wardrobe, *, device: Ints, handle: Ints, login: Times
) -> tuple[Ints, Times]:
    """Who comes to a device where its owner stayed signed in acts in the owner's name."""
    who = visits.customer
    owner = np.where(device < 0, -1, has.owner[np.maximum(device, 0)])
    stayed = (owner == who) & ~np.isnat(login)
    stayed &= (has.habit[np.maximum(device, 0)] == STAYING) & (device >= 0)
    since = pd.Series(visits.time[stayed]).groupby(handle[stayed]).min()
    begun = since.reindex(handle).to_numpy()
    borrows = (owner != who) & (device >= 0) & np.isnat(login) & (begun < visits.time)
    return np.where(borrows, owner, who), np.where(borrows, visits.time, login)


def encounters(
    rng: np.random.Generator, visits: Visits, rows: Rows, has: Wardrobe, seen: Seen
) -> pd.DataFrame:
    """Events in order of time with their identifiers as numbers (-1 none) and their person.

    Columns: visit (-1 none), person, time, kind (in ALL_KINDS), item, channel, quantity, source
    (in SOURCES), shared, and one for each of TYPES.
    """
    v = np.flatnonzero(seen.said)
    order = v[np.lexsort((seen.login[v], visits.customer[v]))]
    new = np.ones(len(order), dtype=bool)
    new[1:] = visits.customer[order][1:] != visits.customer[order][:-1]
    opened = np.zeros(len(seen.said), dtype=bool)
    opened[order[new]] = True
    last = np.full(len(seen.said), np.datetime64(0, "us"))
    np.maximum.at(last, rows.visit, rows.time)
    ends = v[rng.random(len(v)) < np.array(LOGOUT)[seen.shared[v].astype(np.int64)]]
    visit = np.concatenate([rows.visit, v, ends])
    said = np.where(opened[v], ALL_KINDS.index("sign_up"), ALL_KINDS.index("login"))
    frame = pd.DataFrame(
        {
            "visit": visit,
            "person": visits.customer[visit],
            "time": np.concatenate([rows.time, seen.login[v], last[ends] + 20 * SECOND]),
            "kind": np.concatenate(
                [rows.kind, said, np.full(len(ends), ALL_KINDS.index("logout"))]
            ),
            "item": np.concatenate([rows.item, np.full(len(v) + len(ends), -1)]),
            "channel": np.concatenate([rows.channel, visits.channel[v], visits.channel[ends]]),
            "quantity": np.concatenate([rows.quantity, np.zeros(len(v) + len(ends), np.int64)]),
            "shared": seen.shared[visit],
        }
    )
    frame = frame.assign(**_shown(rng, frame, visits, has, seen))
    frame = pd.concat([frame, _imported(rng, visits, has)], ignore_index=True)
    return frame.sort_values(["time", "visit", "kind"], kind="stable", ignore_index=True)


def _shown(
    rng: np.random.Generator, frame: pd.DataFrame, visits: Visits, has: Wardrobe, seen: Seen
) -> Mapping[str, Ints]:
    visit, kind = frame["visit"].to_numpy(), frame["kind"].to_numpy()
    person, time = frame["person"].to_numpy(), frame["time"].to_numpy()
    store = visits.role[visit] == 1
    mail = kind == ALL_KINDS.index("open")
    there = ~store & ~mail
    user = np.where(there & (seen.login[visit] <= time), seen.user[visit], -1)
    bought = there & (kind == ALL_KINDS.index("purchase"))
    signs = kind == ALL_KINDS.index("sign_up")
    click = kind == ALL_KINDS.index("click")
    u = rng.random((3, len(visits.customer)))[:, visit]  # one order, one address
    guest = bought & (user < 0)
    other = guest & has.second[person] & (u[0] < OTHER)
    email = np.where(mail | click | bought | signs, person, -1)
    # Who orders in somebody else's name finds that person's address filled in.
    email = np.where(bought & (user >= 0), user, email)
    email = np.where(other, person + len(has.account), email)
    tells = has.phone[person] & (signs | (guest & (u[1] < TOLD)))
    card = (store & has.card[person] & (u[2] < SHOWN)) | (signs & has.linked[person])
    app = seen.app[visit] & there
    return {
        "user_id": user,
        "crm_id": np.full(len(visit), -1),
        "loyalty_card": np.where(card, person, -1),
        "email": email,
        "phone": np.where(tells, person, -1),
        "device": np.where(app, seen.device[visit], -1),
        "cookie": np.where(there & (~app | seen.both[visit]), seen.cookie[visit], -1),
        "source": np.select([store, mail, app], [3, 2, 1], 0),
    }


def _imported(rng: np.random.Generator, visits: Visits, has: Wardrobe) -> pd.DataFrame:
    """The customer desk's import: for some people one row with what they have told it."""
    came = np.unique(visits.customer)
    person = came[has.crm[came]]
    first = visits.time.min() if len(visits.time) else np.datetime64(0, "us")
    span = int((visits.time.max() - first).astype(np.int64)) if len(visits.time) else 0
    n = len(person)
    return pd.DataFrame(
        {
            "visit": -1,
            "person": person,
            "time": first + rng.integers(0, span + 1, size=n).astype("timedelta64[us]"),
            "kind": ALL_KINDS.index("crm_import"),
            "item": -1,
            "channel": -1,
            "quantity": 0,
            "shared": False,
            "source": SOURCES.index("crm"),
            "user_id": -1,
            "crm_id": person,
            "loyalty_card": np.where(has.card[person], person, -1),
            "email": person,
            "phone": np.where(has.phone[person], person, -1),
            "device": -1,
            "cookie": -1,
        }
    )
