import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import onefold as of
from onefold.levels import Neighbours, neighbours
from tests.levels.plain import (
    as_shares,
    choices_of,
    few,
    items_of,
    near,
    shops,
    visits_of,
)
from tests.levels.plain import (
    neighbours as by_definition,
)

settings = st.builds(
    Neighbours,
    window=st.sampled_from([1, 2, 5]),
    tau=st.sampled_from([0.7, 3.0]),
    reach=st.sampled_from([0.6, 2.0]),
    top=st.sampled_from([1, 2, 50]),
    most=st.sampled_from([2, 50]),
    buyers=st.sampled_from([1, 2]),
    shrink=st.sampled_from([0.5, 5.0]),
    backward=st.sampled_from([0.0, 0.5]),
    together=st.sampled_from([0.0, 0.3]),
    damping=st.sampled_from([0.0, 0.3]),
)


@few
@given(shops(least=6), settings, st.sampled_from([1, 10, 10**9]))
def test_neighbours_by_definition(profiles: of.Profiles, level: Neighbours, block: int) -> None:
    items = items_of(profiles)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(neighbours, "BLOCK", block)
        choices = choices_of(profiles, items)
        fitted = level.fit(choices, as_of=profiles.as_of, rng=None)
    own = fitted.own(choices).toarray()
    for row, profile in zip(own, profiles, strict=True):
        table, said = by_definition(profiles, items, asking=visits_of(profile, items), set_=level)
        if level.top >= 50:  # what is left out among equals hangs on the last digit
            assert near(as_shares(row, items), said, 1e-6)
            for j, item in enumerate(items):
                held = as_shares(fitted.table[j].toarray(), items)
                assert near(held, table.get(item, {}), 1e-6)
    assert (np.diff(fitted.table.indptr) <= level.top).all()
    assert (np.asarray(fitted.table.sum(axis=1)) < 1).all()


def bought(*visits: str) -> of.EventLog:
    """Customers a, b, c, ... with one visit a day: "tea jam" is two, "tea+jam" is one."""
    return of.EventLog.from_events(
        of.Event(who, "purchase", f"2024-01-{day:02d}", item=item, basket=f"{who}{day}")
        for who, listed in zip("abcdefgh", visits, strict=False)
        for day, visit in enumerate(listed.split(), 1)
        for item in visit.split("+")
    )


def test_what_follows_counts_more_than_what_came_before() -> None:
    profiles = of.fold(bought(*["tea jam"] * 4))
    items = items_of(profiles)
    level = Neighbours(damping=0, together=0).fit(
        choices_of(profiles, items), as_of=profiles.as_of, rng=None
    )
    jam, tea = items.code("jam"), items.code("tea")
    table = level.table.toarray()
    assert table[tea, jam] == pytest.approx(4 / (4 + 5))  # r / (r + shrink)
    assert table[jam, tea] == pytest.approx(2 / (2 + 5))  # backward: half


def test_the_largest_stay_and_of_equal_ones_the_first() -> None:
    profiles = of.fold(bought(*["hub+a+b+c+d hub+a"] * 3))
    items = items_of(profiles)
    level = Neighbours(top=3, damping=0).fit(
        choices_of(profiles, items), as_of=profiles.as_of, rng=None
    )
    kept = as_shares(level.table[items.code("hub")].toarray(), items)
    assert set(kept) == {"hub", "a", "b"}


def test_items_with_few_buyers_say_nothing() -> None:
    profiles = of.fold(bought("tea jam", "tea", "tea", "oat"))
    items = items_of(profiles)
    choices = choices_of(profiles, items)
    fitted = Neighbours(buyers=3).fit(choices, as_of=profiles.as_of, rng=None)
    assert fitted.table[items.code("jam")].nnz == 0
    assert np.diff(fitted.own(choices).indptr).tolist() == [1, 1, 1, 0]
    nobody = Neighbours(buyers=4).fit(choices, as_of=profiles.as_of, rng=None)
    assert nobody.own(choices).nnz == 0


def test_nobody_and_nothing() -> None:
    profiles = of.fold(of.EventLog.from_events([of.Event("a", "view", "2024-01-01", item="tea")]))
    choices = choices_of(profiles, items_of(profiles))
    assert Neighbours().fit(choices, as_of=None, rng=None).own(choices).shape == (1, 0)
