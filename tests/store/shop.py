"""Events of a small shop by their number: people who log in, cookies, late ones, a shared tablet.

event(7) == event(7), whoever asks: a producer that starts again sends the same once more
"""

from collections import Counter
from typing import Any

import numpy as np

import onefold as of

START = np.datetime64("2024-01-01", "us")
MINUTE = np.timedelta64(60_000_000, "us")
KINDS = ("view", "view", "login", "purchase")


def event(number: int, *, people: int = 12) -> of.Event:
    """The event of a number: of its bits, and of nothing else."""
    mixed = (number * 0x9E3779B97F4A7C15) % 2**64
    who, bits = (mixed >> 20) % people, mixed >> 40
    names: dict[str, str] = {"cookie": f"c{who}-{bits % 3}"}
    if bits % 16 == 0:
        names = {"device": f"tablet{who // 12 or ''}"}  # by the till, and anybody's
    if bits % 5 < 2:
        names["user_id"] = f"u{who}"
    if bits % 7 == 0:
        names["email"] = f"m{who}@shop.org"
    late = 3000 if bits % 11 == 0 else 0  # minutes
    time = START + (number - late) * MINUTE
    kind = KINDS[bits % 4]
    return of.Event(
        None,
        kind,
        time,
        item=f"i{bits % 50}",
        channel=("web", "store")[bits % 2],
        value=float(bits % 9) if kind == "purchase" else None,
        basket=f"b{number}",
        id=f"e{number}",
        received=START + number * MINUTE,
        identifiers=names,
    )


def numbers(store: Any) -> Counter[int]:
    """How often each event is in the log of a store."""
    baskets = store.log().events.coded("basket").decode()
    return Counter(int(told[1:].partition("-")[0]) for told in baskets)


def once(several: Any) -> Counter[int]:
    """Each of some events once."""
    return Counter(set(several))


def consistent(store: Any) -> None:
    """What is derived is what the log makes: rebuilt it is the same, and profiles are its fold."""
    digest = store.digest()
    store.rebuild()
    assert store.digest() == digest
    log = store.log()
    folded = of.fold(log, identities=of.resolve(log, store.identities().policy))
    kept = store.profiles()
    assert kept == folded
    assert kept.to_pandas().equals(folded.to_pandas())
