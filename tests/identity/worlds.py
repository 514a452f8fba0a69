"""Small worlds in which every trap happens: few people, few identifiers, many ties."""

import attrs
import numpy as np
import pandas as pd
from hypothesis import strategies as st

from onefold import Event, EventLog
from onefold.identity import IdentifierType, IdentityPolicy, Links

HOUR = 3_600_000_000
START = 1_700_000_000_000_000
KINDS = ("view", "login", "logout", "gift", "purchase")


@attrs.frozen
class World:
    """Rows and a policy: (hours since the start, kind, source, {type: values})."""

    rows: tuple
    policy: IdentityPolicy
    links: tuple = ()

    def events(self):
        """An event for each row, with an id of its own."""
        return [event(row, number) for number, row in enumerate(self.rows)]

    def log(self):
        return EventLog.from_events(self.events())

    def told(self):
        """The links as the library takes them."""
        out = None
        for kind, a, b, p in self.links:
            if kind == 1:
                one = Links.must(a, b)
            elif kind == -1:
                one = Links.cannot(a, b)
            else:
                frame = pd.DataFrame({"x": [a[1]], "y": [b[1]], "p": [p]})
                one = Links.weak(
                    frame, a_type=a[0], a_value="x", b_type=b[0], b_value="y", probability="p"
                )
            out = one if out is None else out + one
        return out

    def plain(self):
        """Rows for the oracle."""
        return [
            (
                START + hours * HOUR,
                kind,
                source,
                [(k, v) for k, held in names.items() for v in held],
            )
            for hours, kind, source, names in self.rows
        ]


def event(row, number):
    hours, kind, source, names = row
    return Event(
        None,
        kind,
        np.datetime64(START + hours * HOUR, "us"),
        source=source,
        id=f"e{number}",
        identifiers=names,
    )


def policies():
    """Policies with tight guards."""
    some = st.sampled_from

    def make(draw):
        user = IdentifierType(
            "user", rank=1, limit=draw(some([1, 1, 2])), per_source=draw(some([False, False, True]))
        )
        mail = IdentifierType(
            "mail",
            rank=2,
            limit=draw(some([None, 1, 2])),
            max_owners=draw(some([None, 1, 2])),
            normalise="lower",
        )
        limit = draw(some([None, 1, 2, 3]))
        cookie = IdentifierType(
            "cookie",
            rank=3,
            limit=limit,
            period=None if limit is None else draw(some([None, "2h", "5h"])),
            max_owners=draw(some([None, 1, 2])),
        )
        return IdentityPolicy(
            [user, mail, cookie],
            logins=["login"],
            logouts=["logout"],
            not_evidence=draw(some([[], ["gift"]])),
            attribution=draw(some(["strict", "last_login", "session"])),
            session="2h",
            giant=draw(some([5000, 6])),
        )

    return st.composite(make)()


USERS = ("1", "2", "3")
MAILS = ("a@x", "A@x", "b@x", "none")
COOKIES = ("c1", "c2", "c3", "c4")


def rows():
    names = st.fixed_dictionaries(
        {},
        optional={
            "user": st.sampled_from(USERS).map(lambda v: (v,)),
            "mail": st.lists(st.sampled_from(MAILS), min_size=1, max_size=2, unique=True).map(
                tuple
            ),
            "cookie": st.sampled_from(COOKIES).map(lambda v: (v,)),
        },
    ).filter(bool)
    return st.tuples(
        st.integers(0, 12), st.sampled_from(KINDS), st.sampled_from([None, "s1", "s2"]), names
    )


def ends():
    return st.one_of(
        st.sampled_from([("mail", "a@x"), ("mail", "b@x")]),
        st.sampled_from([("cookie", c) for c in COOKIES]),
    )


def links():
    kind = st.sampled_from([1, -1, 0])
    chance = st.sampled_from([0.5, 0.9])
    return st.lists(
        st.tuples(kind, ends(), ends(), chance).filter(lambda x: x[1] != x[2]), max_size=3
    ).map(tuple)


def worlds(most=14):
    return st.builds(
        World,
        rows=st.lists(rows(), min_size=1, max_size=most).map(tuple),
        policy=policies(),
        links=st.one_of(st.just(()), links()),
    )
