"""Random profiles of whom at least one has each fact, and random conditions on them."""

from hypothesis import strategies as st

from onefold.conditions import trait
from tests.strategies import EPOCH, facts_of, profiles

SURE = [
    {"customer": "sure0", "time": EPOCH, "name": "region", "value": "north"},
    {"customer": "sure0", "time": EPOCH, "name": "children", "value": 1.0},
]

ATOMS = [
    trait("recency") <= 40,
    trait("recency").between(0.01, 8),
    trait("frequency") >= 2,
    trait("monetary") > 2.5,
    trait("monetary").known(),
    trait("gap") < 5,
    trait("latest") == "tea",
    trait("latest") != "jam",
    trait("latest").isin(["tea", "rye"]),
    trait("region") == "north",
    trait("region") != "north",
    trait("region").known(),
    trait("children") == 1,
    trait("children").isin([0, 2]),
    trait("channels", "web") >= 0.5,
    trait("channels", "phone") == 0,
]


def told(**how):
    """Profiles in which the facts region (text) and children (numbers) occur."""
    return profiles(**how).map(lambda made: made.update(facts_of(SURE)))


def conditions():
    """Comparisons, joined at random."""
    return st.recursive(
        st.sampled_from(ATOMS),
        lambda inner: st.one_of(
            st.builds(lambda a, b: a & b, inner, inner),
            st.builds(lambda a, b: a | b, inner, inner),
            st.builds(lambda a: ~a, inner),
        ),
        max_leaves=6,
    )
