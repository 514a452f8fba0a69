"""Ten streams that go wrong by order, time, number or what is asked of them later.

Each function writes its events into a script and returns what else there is to tell. What a right
answer has in common: it is a function of the set of events,

    resolve(any order of them, any of them twice) == resolve(them)
"""

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np
import pandas as pd

from onefold.datasets.script import LAST_LOGIN, Script
from onefold.identity import DEFAULT

CHURNED = 2500  # cookies of one person


def identify_out_of_order(s: Script) -> Mapping[str, Any]:
    """The login arrives before the browsing that it explains."""
    for k, who in enumerate(("ann", "bob")):
        s.add(who, 3.0 + k, "login", user_id=who, cookie=who, received=3.0 + k)
        s.add(who, 3.1 + k, "purchase", user_id=who, email=who, received=3.1 + k)
        s.add(who, 1.0 + k, "view", cookie=f"old-{who}", received=5.0 + k)
        s.add(who, 2.0 + k, "view", cookie=who, received=5.1 + k)
        s.add(who, 2.5 + k, "click", email=who, cookie=f"old-{who}", received=8.0 + k)
    return {
        "meaning": "A login arrives before the anonymous browsing that it explains.",
        "right": "Two customers with all their events, whatever the order of arrival.",
    }


def duplicate_delivery(s: Script) -> Mapping[str, Any]:
    """Everything is delivered up to three times; one browser has two users."""
    for k, who in enumerate(("ann", "bob")):
        for again in range(1 + 2 * (1 - k)):  # Ann's three times, Bob's once
            late = 1.0 + k + 10 * again
            s.add(
                who, 1.0 + k, "login", id=f"in-{who}", user_id=who, cookie="tablet", received=late
            )
            s.add(who, 1.1 + k, "view", id=f"see-{who}", cookie="tablet", received=late)
            s.add(who, 1.2 + k, "purchase", id=f"buy-{who}", user_id=who, email=who, received=late)
    return {
        "meaning": "Events are delivered up to three times, some much later.",
        "right": "The customers of one delivery, and six events: repetition is no evidence.",
        "policy": LAST_LOGIN,
        "owners": s.owners({("cookie", "tablet"): None}),
    }


def two_workers(s: Script) -> Mapping[str, Any]:
    """Two workers get every other event, and each thinks it has a new customer."""
    for k, who in enumerate(("ann", "bob")):
        s.add(who, 1.0 + k, "login", user_id=who, cookie=f"{who}1")
        s.add(who, 1.1 + k, "click", email=who, cookie=f"{who}2")
        s.add(who, 2.0 + k, "purchase", user_id=who, email=who)
        s.add(who, 2.1 + k, "view", source="app", device=who, cookie=f"{who}1")
        s.add(who, 3.0 + k, "view", cookie=f"{who}2")
        s.add(who, 3.1 + k, "view", source="app", device=who)
    return {
        "meaning": "Two workers resolve parts of one stream at the same time and are merged.",
        "right": "Merged in either order they are what one worker finds: two customers.",
        "workers": np.arange(len(s.rows)) % 2,
    }


def late_anchor(s: Script) -> Mapping[str, Any]:
    """An event earlier than all others arrives last."""
    s.add("ann", 10.0, "login", user_id="ann", cookie="ann", received=10.0)
    s.add("ann", 11.0, "purchase", user_id="ann", email="ann", received=11.0)
    s.add("bob", 12.0, "login", user_id="bob", cookie="bob", received=12.0)
    s.add("ann", 1.0, "click", email="ann", cookie="first", received=60.0)
    s.add("ann", 0.5, "view", cookie="first", received=60.0)
    return {
        "meaning": "An event earlier than a customer's first known one arrives late.",
        "right": "The same customer under the id of the earlier anchor; the old id is an alias.",
        "known_at": s.at(30.0),
    }


def cookie_churn(s: Script) -> Mapping[str, Any]:
    """One person signs in with a new cookie, 2,500 times in a year."""
    for k in range(CHURNED):
        day = k * 365 / CHURNED
        s.add("ann", day, "login", user_id="ann", cookie=f"ann{k}")
        s.add("ann", day + 0.01, "view", cookie=f"ann{k}")
    for day in range(5):
        s.add("bob", 100.0 + day, "login", user_id="bob", cookie="bob")
    return {
        "meaning": "One person has 2,500 cookies in a year.",
        "right": "One customer for all of their events, and it takes no longer than another log.",
    }


def consent_conflict(s: Script) -> Mapping[str, Any]:
    """Yes by e-mail, no in the app, and then they turn out to be one."""
    s.add("ann", 1.0, "click", email="ann", cookie="ann")
    s.add("ann", 2.0, "login", source="app", user_id="ann", device="ann")
    s.add("bob", 3.0, "click", email="bob", cookie="bob")
    s.add("ann", 9.0, "login", user_id="ann", cookie="ann")
    said = [
        ("email", s.value("email", "ann"), "newsletter", "yes", s.at(5.0)),
        ("user_id", s.value("user_id", "ann"), "newsletter", "no", s.at(4.0)),
        ("email", s.value("email", "bob"), "newsletter", "yes", s.at(4.0)),
    ]
    return {
        "meaning": "Somebody who said yes and somebody who said no turn out to be one person.",
        "right": "Ann is a no: of several answers in force when people are merged deny wins.",
        "consent": pd.DataFrame(said, columns=["type", "value", "purpose", "answer", "time"]),
        "known_at": s.at(8.0),
    }


def erase_then_replay(s: Script) -> Mapping[str, Any]:
    """Bob is erased; a backup is replayed, and one of his events arrives late."""
    for k, who in enumerate(("ann", "bob")):
        for again, late in enumerate((0.0, 60.0)):  # once as it came, once replayed
            got = 1.0 + k + late
            s.add(who, 1.0 + k, "sign_up", id=f"up-{who}", user_id=who, email=who, received=got)
            s.add(who, 1.1 + k, "purchase", id=f"buy-{who}", user_id=who, cookie=who, received=got)
            if again:
                s.add(who, 1.2 + k, "view", id=f"late-{who}", cookie=who, received=got)
    return {
        "meaning": "Somebody is erased, then a backup is replayed and a late event comes.",
        "right": "Nothing of Bob comes back; Ann has her three events.",
        "erased": (("user_id", s.value("user_id", "bob")),),
        "erased_at": s.at(30.0),
    }


def rule_tightened(s: Script) -> Mapping[str, Any]:
    """Two guests of one browser, glued by a rule that is tightened later."""
    loose = DEFAULT.with_types(attrs.evolve(DEFAULT.type("cookie"), vouches=True))
    for k, who in enumerate(("ann", "bob")):
        s.add(who, 1.0 + k, "purchase", email=who, cookie="family")
        s.add(who, 3.0 + k, "purchase", email=who, phone=f"{k}")
        s.add(who, 5.0 + k, "open", source="mail", email=who)
    s.add("eve", 9.0, "purchase", email="eve", cookie="eve")
    return {
        "meaning": "A rule that lets a customer have several addresses is tightened later.",
        "right": "The difference is shown first; then the past is as if the rule had always held.",
        "policy": loose,
        "tighter": loose.with_types(attrs.evolve(DEFAULT.type("email"), limit=1)),
        "owners": s.owners({("cookie", "family"): None}),
    }


def erased_shares_device(s: Script) -> Mapping[str, Any]:
    """Ann and Bob use one tablet, and Bob is erased."""
    for k, who in enumerate(("ann", "bob", "ann")):
        s.add(who, 1.0 + k, "login", source="app", user_id=who, device="tablet")
        s.add(who, 1.01 + k, "view", source="app", device="tablet")
        s.add(who, 1.02 + k, "purchase", source="app", user_id=who, email=who, device="tablet")
        s.add(who, 1.03 + k, "logout", source="app", user_id=who, device="tablet")
    return {
        "meaning": "Somebody who is erased shares a tablet with somebody who stays.",
        "right": "What Bob did is gone, also what the tablet alone tells of him; Ann keeps hers.",
        "owners": s.owners({("device", "tablet"): None}),
        "erased": (("user_id", s.value("user_id", "bob")),),
        "erased_at": s.at(30.0),
    }


def clock_skew(s: Script) -> Mapping[str, Any]:
    """Bob's old tablet, whose clock is ten years ahead, now is Ann's."""
    s.add("bob", 1.0, "login", source="app", user_id="bob", device="tablet", received=1.0)
    s.add("bob", 3650.0, "login", source="app", user_id="bob", device="tablet", received=2.0)
    s.add("bob", 4.0, "login", user_id="bob", cookie="bob", received=4.0)
    s.add("ann", 20.0, "login", source="app", user_id="ann", device="tablet", received=20.0)
    s.add("ann", 21.0, "view", source="app", device="tablet", received=21.0)
    s.add("ann", 25.0, "purchase", source="app", user_id="ann", device="tablet", received=25.0)
    return {
        "meaning": "An event from a clock that is ten years ahead looks like the latest of all.",
        "right": "Two customers; the tablet is Ann's, for Bob's event was there long before.",
        "policy": LAST_LOGIN,
        "owners": s.owners({("device", "tablet"): "ann"}),
        "known_at": s.at(30.0),
    }
