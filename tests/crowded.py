"""Crowded histories: one customer, two items and few instants, so that everything coincides.

The logs of `tests.strategies` spread over many customers and months; two events of one item an
hour apart are rare in them. Here they are the rule.
"""

import datetime as dt
from collections.abc import Sequence

from hypothesis import strategies as st

import onefold as of
from tests import oracle
from tests.case import Case, same
from tests.strategies import CATALOG, END, EPOCH, Raw, Row, maybe, rows

MINUTES = (0, 30, 60, 90, 120)


@st.composite
def crowded(draw: st.DrawFn, *, most: int = 10) -> Raw:
    """Events of customer "a", few of which are far from each other."""
    return Raw(tuple(draw(st.lists(_row(), max_size=most))))


@st.composite
def _row(draw: st.DrawFn) -> Row:
    after = dt.timedelta(
        minutes=draw(st.sampled_from(MINUTES)), microseconds=draw(st.sampled_from([0, 0, 1]))
    )
    return draw(rows(customers=["a"], nobody=False)) | {
        "time": EPOCH + after,
        "event": draw(st.sampled_from(["purchase", "view", "click"])),
        "item": draw(st.sampled_from(["tea", "tea", "jam", None])),
        "channel": draw(maybe(st.sampled_from(["web", "store"]))),
        "id": None,
    }


def agrees(cases: Sequence[Case], raw: Raw) -> None:
    """Every trait says of the one customer what brute force does."""
    profiles = of.fold(raw.log(), [case.trait for case in cases], catalog=CATALOG, as_of=END)
    profile = profiles["a"] if "a" in profiles else profiles.new("a")
    mine = oracle.events(raw, "a", END)
    for case in cases:
        held, expected = profile[case.trait.name], case.rule(mine, END)
        assert same(held, expected), (case.trait, held, expected)
