"""Ten streams in which strangers share an identifier.

Each function writes its events into a script and returns what else there is to tell: the meaning,
a right answer, and what a policy must know. A right answer keeps the people apart:

    ann {u1, k}   bob {u2, k}   ->   two customers; k belongs to one of them, or to none
"""

from collections.abc import Mapping
from typing import Any

import attrs

from onefold.datasets.script import LAST_LOGIN, Script
from onefold.identity import DEFAULT

HOUR = 1 / 24


def shared_kiosk(s: Script) -> Mapping[str, Any]:
    """A tablet in the shop, and what its visitors do at home."""
    for k in range(12):
        who, day = f"visitor{k}", 1.0 + k
        s.add(who, day - 0.5, "view", cookie=f"home{k}")
        s.add(who, day - 0.4, "login", user_id=who, cookie=f"home{k}")
        s.add(who, day, "login", source="app", user_id=who, device="kiosk")
        s.add(who, day + HOUR / 6, "view", source="app", device="kiosk")
        s.add(who, day + HOUR / 5, "purchase", source="app", user_id=who, email=who, device="kiosk")
        if k % 2:
            s.add(who, day + HOUR / 4, "logout", source="app", user_id=who, device="kiosk")
    s.add("passer-by", 13.5, "view", source="app", device="kiosk")
    return {
        "meaning": "A tablet in the shop on which many customers sign in.",
        "right": "Twelve customers; the tablet links nobody, what was seen between a login and "
        "the next is that visitor's, and who only passes by is nobody known.",
        "owners": s.owners({("device", "kiosk"): None}),
    }


def household_email(s: Script) -> Mapping[str, Any]:
    """Two people with accounts of their own give the family's address."""
    for k, who in enumerate(("ann", "bob")):
        s.add(who, 1.0 + k, "view", cookie=who)
        s.add(who, 1.1 + k, "sign_up", user_id=who, email="family", cookie=who)
        s.add(who, 5.0 + k, "purchase", user_id=who, email="family", cookie=who)
        s.add(who, 5.1 + k, "open", source="mail", email="family")
        s.add(who, 9.0 + k, "view", cookie=who)
    return {
        "meaning": "Two people with accounts of their own share the family's e-mail address.",
        "right": "Two customers; a newsletter that was opened is the last buyer's.",
        "policy": LAST_LOGIN,
        "owners": s.owners({("email", "family"): None}),
    }


def call_centre_cookie(s: Script) -> Mapping[str, Any]:
    """An agent types in the orders of thirty callers, none of whom has an account."""
    for k in range(30):
        who = f"caller{k}"
        s.add(who, 1.0 + k / 10, "purchase", email=who, phone=f"{k}", cookie="agent")
        s.add(who, 9.0 + k / 10, "view", cookie=f"home{k}")
        s.add(who, 9.01 + k / 10, "purchase", email=who, cookie=f"home{k}")
    return {
        "meaning": "A call centre's agent orders for many customers in one browser.",
        "right": "Thirty customers; the agent's cookie links none of them.",
        "owners": s.owners({("cookie", "agent"): None}),
    }


def hard_coded_ids(s: Script) -> Mapping[str, Any]:
    """A broken client sends the same words for everyone."""
    wrong = {
        "user_id": "=null",
        "phone": "=0000",
        "email": "=test@test.com",
        "device": "=00000000-0000-0000-0000-000000000000",
    }
    for k in range(8):
        who, own = f"victim{k}", f"victim{k}"
        kind, value = list(wrong.items())[k % 4]
        s.add(who, 1.0 + k, "login", user_id=own, cookie=own)
        s.add(who, 2.0 + k, "view", cookie=own, also={kind: value})
        s.add(who, 3.0 + k, "view", cookie=own, also={"phone": "=0000", kind: value})
    return {
        "meaning": "A broken client sends 'null', '0000' or 'test@test.com' as everyone's id.",
        "right": "Eight customers; such values are nobody's and link nothing.",
        "owners": s.owners(dict.fromkeys(wrong.items())),
    }


def recycled_phone(s: Script) -> Mapping[str, Any]:
    """A number lapses and is given to somebody else, two and a half years later."""
    for who, day in (("ann", 1.0), ("bob", 900.0)):
        s.add(who, day, "sign_up", user_id=who, email=who, phone="7", cookie=who)
        s.add(who, day + 1, "view", cookie=who)
        s.add(who, day + 2, "purchase", user_id=who, email=who)
    s.add("ann", 950.0, "purchase", user_id="ann", email="ann")
    return {
        "meaning": "A phone number lapses and is given to somebody else years later.",
        "right": "Two customers; the number is one's at most.",
        "owners": s.owners({("phone", "7"): None}),
    }


def support_login_as(s: Script) -> Mapping[str, Any]:
    """Support opens eight customers' accounts in one browser."""
    s.add("agent", 0.5, "login", user_id="agent", cookie="desk")
    for k in range(8):
        who = f"customer{k}"
        s.add(who, 1.0 + k, "login", user_id=who, cookie=f"home{k}")
        s.add(who, 2.0 + k, "login_as", user_id=who, cookie="desk")
        s.add("agent", 2.1 + k, "view", cookie="desk")
    return {
        "meaning": "Support looks at customers' accounts by 'log in as' in one browser.",
        "right": "Eight customers and the agent; what is done in an account is its customer's, "
        "the browser stays the agent's.",
        "policy": attrs.evolve(DEFAULT, not_evidence=("login_as",)),
        "owners": s.owners({("cookie", "desk"): "agent"}),
    }


def alias_of_two_users(s: Script) -> Mapping[str, Any]:
    """A call says that two accounts are one, which they are not."""
    for k, who in enumerate(("ann", "bob")):
        s.add(who, 1.0 + k, "sign_up", user_id=who, email=who, cookie=who)
        s.add(who, 4.0 + k, "view", cookie=who)
    s.add("ann", 6.0, "alias", user_id="ann", user_id_2="bob")
    s.add("bob", 7.0, "purchase", user_id="bob", email="bob")
    return {
        "meaning": "An alias call names two accounts that are two people's.",
        "right": "Two customers; a call of one's own does not join two accounts.",
        "owners": s.owners({("user_id", "bob"): "bob"}),
    }


def crm_import_gluing(s: Script) -> Mapping[str, Any]:
    """A row of the customer desk has one person's address and the other's number."""
    for k, who in enumerate(("ann", "bob")):
        s.add(who, 1.0 + k, "sign_up", user_id=who, email=who, phone=f"{k}", cookie=who)
        s.add(who, 4.0 + k, "view", cookie=who)
    s.add("ann", 6.0, "crm_import", source="crm", crm_id="both", email="ann", phone="1")
    s.add("bob", 7.0, "purchase", user_id="bob", email="bob")
    return {
        "meaning": "An import gives one number the e-mail of one person and the phone of another.",
        "right": "Two customers; the number belongs to one of them.",
        "owners": s.owners({("crm_id", "both"): None, ("phone", "1"): "bob"}),
    }


def gift_order(s: Script) -> Mapping[str, Any]:
    """Ann sends something to Bob, and types his address."""
    s.add("ann", 1.0, "sign_up", user_id="ann", email="ann", cookie="ann")
    s.add("bob", 2.0, "purchase", email="bob", phone="2", cookie="bob")
    s.add("ann", 3.0, "view", cookie="ann")
    s.add("ann", 3.1, "gift_order", user_id="ann", email="bob", phone="2", cookie="ann")
    s.add("bob", 5.0, "open", source="mail", email="bob")
    return {
        "meaning": "A gift is ordered from the buyer's account with the receiver's address.",
        "right": "Two customers: a contact is not a consumer.",
        "policy": attrs.evolve(DEFAULT, not_evidence=("gift_order",)),
        "owners": s.owners(
            {("email", "bob"): "bob", ("phone", "2"): "bob", ("cookie", "ann"): "ann"}
        ),
    }


def same_key_two_tenants(s: Script) -> Mapping[str, Any]:
    """Two shops count their customers and their events from one."""
    for who, shop in (("ann", "shop_a"), ("bob", "shop_b")):
        s.add(who, 1.0, "purchase", id="1", source=shop, crm_id="1001", email=who)
        s.add(who, 2.0, "purchase", id="2", source=shop, crm_id="1001")
        s.add(who, 3.0, "open", id="3", source=shop, email=who)
    return {
        "meaning": "Two tenants of one database use the same customer numbers and event ids.",
        "right": "Two customers with three events each: a number counts within its source.",
        "policy": DEFAULT.with_types(attrs.evolve(DEFAULT.type("crm_id"), per_source=True)),
        "owners": s.owners({("crm_id", "1001"): None}),
    }
