"""Random evidence in which people meet: few names, few instants, spellings that differ.

Policies are tight, so that limits break, devices are demoted and lumps go into quarantine.
"""

import datetime as dt
from typing import Any

import pandas as pd
from hypothesis import strategies as st

import onefold as of
from onefold.identity import IdentifierType, Links

START = dt.datetime(2024, 3, 1, tzinfo=dt.UTC)
END = "2024-03-02"
VALUES = {
    "user_id": ["ann", "ben", "cy"],
    "card": ["1", "2", "3"],
    "email": ["a@x.org", "A@x.org", "b@x.org", "null"],
    "cookie": ["c1", "c2", "c3", "c4"],
}
USER = IdentifierType("user_id", rank=1, limit=1)
CARD = IdentifierType("card", rank=2, limit=2)
EMAIL = IdentifierType("email", rank=3, limit=2, max_owners=2, normalise="email")
COOKIE = IdentifierType("cookie", rank=4, limit=2, period="1h", max_owners=2)
TIGHT = of.IdentityPolicy([USER, CARD, EMAIL, COOKIE])
LOOSE = of.IdentityPolicy(
    [
        IdentifierType("user_id", rank=1, limit=2),
        CARD,
        IdentifierType("email", rank=3, normalise="exact"),
        IdentifierType("cookie", rank=4),
    ],
    attribution="session",
)
SMALL = of.IdentityPolicy([USER, CARD, EMAIL, COOKIE], giant=4, attribution="strict")
TURNED = of.IdentityPolicy(
    [
        IdentifierType("cookie", rank=1, limit=2),
        IdentifierType("card", rank=2, limit=1),
        IdentifierType("email", rank=3, limit=1, normalise="lower"),
        IdentifierType("user_id", rank=4, limit=1, max_owners=1),
    ]
)
POLICIES = (TIGHT, LOOSE, SMALL, TURNED)

Row = dict[str, Any]


@st.composite
def rows(draw: st.DrawFn, most: int = 14) -> list[Row]:
    """Events in plain Python: kind, minute, and up to three identifiers."""
    out: list[Row] = []
    for _ in range(draw(st.integers(1, most))):
        kinds = draw(st.lists(st.sampled_from(list(VALUES)), max_size=3, unique=True))
        out.append(
            {
                "kind": draw(st.sampled_from(["view", "login", "logout"])),
                "minute": draw(st.integers(0, 300)),
                "identifiers": {kind: draw(st.sampled_from(VALUES[kind])) for kind in kinds},
            }
        )
    return out


def log_of(several: list[Row]) -> of.EventLog:
    """The log of these events; every type has a column, whether it is used or not."""
    frame = pd.DataFrame(
        {
            "at": [START + dt.timedelta(minutes=row["minute"]) for row in several],
            "what": pd.Series([row["kind"] for row in several], dtype=object),
            **{
                kind: pd.Series([row["identifiers"].get(kind) for row in several], dtype=object)
                for kind in VALUES
            },
        }
    )
    frame["at"] = pd.to_datetime(frame["at"], utc=True)
    return of.EventLog.from_frame(frame, time="at", event="what", identifiers=list(VALUES))


IDENTIFIERS = [(kind, value) for kind, values in VALUES.items() for value in values]
PAIRS = st.lists(st.sampled_from(IDENTIFIERS), min_size=2, max_size=2, unique=True)


@st.composite
def links(draw: st.DrawFn, most: int = 3) -> Links | None:
    """Up to some must-, cannot- and weak links."""
    made = None
    for a, b in draw(st.lists(PAIRS, max_size=most)):
        kind = draw(st.sampled_from(["must", "cannot", "weak"]))
        if kind == "weak":
            frame = pd.DataFrame([[*a, *b, draw(st.sampled_from([0.5, 0.9]))]])
            frame.columns = ["a_type", "a_value", "b_type", "b_value", "probability"]
            one = Links.weak(frame)
        elif "null" in (a[1], b[1]):  # which `resolve` refuses
            continue
        else:
            one = getattr(Links, kind)(a, b, reason=draw(st.sampled_from([None, "so"])))
        made = one if made is None else made + one
    return made


def resolved(
    several: list[Row], policy: of.IdentityPolicy, links: Links | None = None, **more: Any
) -> of.Identities:
    """Who is who by these events, as of the end of the day."""
    return of.resolve(log_of(several), policy, as_of=END, links=links, **more)
