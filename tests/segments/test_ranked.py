import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onefold.segments.ranked import Ranked, drawn_shares, drawn_sums, percentiles

VALUES = st.lists(st.integers(-3, 12).map(float), min_size=1, max_size=40)
SHARES = st.lists(st.integers(1, 19), min_size=1, max_size=3, unique=True).map(
    lambda k: [one / 20 for one in sorted(k)]
)


@given(VALUES, SHARES)
def test_the_best_share_of_customers_by_counting(values, shares):
    """Brute force: as many as fit into the share, whole ties only."""
    ranked = Ranked.of(np.array(values))
    cuts = ranked.cuts(shares, by="customers")
    for share, cut in zip(shares, cuts.tolist(), strict=True):
        allowed = math.floor(share * len(values) + 1e-9)
        whole = [sum(v > c for v in values) for c in values]  # above each value
        assert sum(v > cut for v in values) == max(k for k in whole if k <= allowed)
        assert cut in values
    assert (np.diff(cuts) <= 0).all()
    above = ranked.above(cuts)
    assert above.tolist() == [sum(v > cut for v in values) for cut in cuts]


@given(VALUES, SHARES)
def test_the_fewest_who_hold_a_share_of_the_value(values, shares):
    if max(values) <= 0:
        return
    ranked = Ranked.of(np.array(values))
    cuts = ranked.cuts(shares, by="value")
    total = sum(v for v in values if v > 0)
    for share, cut in zip(shares, cuts.tolist(), strict=True):
        held = [v for v in values if v > cut]
        assert sum(held) >= share * total - 1e-9
        fewer = [v for v in held if v > min(held)]  # without the least of them
        assert sum(fewer) < share * total


@given(VALUES, SHARES, st.integers(0, 99))
def test_a_draw_is_the_customers_drawn_written_out(values, shares, seed):
    ranked = Ranked.of(np.array(values))
    again = ranked.drawn(np.random.default_rng(seed))
    assert again.weight is not None
    written = Ranked.of(np.repeat(again.values, again.weight))
    cuts = again.cuts(shares, by="customers")
    assert cuts.tolist() == written.cuts(shares, by="customers").tolist()
    edges = again.above(cuts)
    at = written.above(cuts)
    assert again.counted(edges).tolist() == written.counted(at).tolist()
    assert np.allclose(again.held(edges), written.held(at))
    if max(values) > 0 and written.worth.max() > 0:
        by_value = again.cuts(shares, by="value")
        expected = written.above(written.cuts(shares, by="value"))
        assert again.many[again.above(by_value)].tolist() == expected.tolist()


def test_values_that_differ_by_a_rounding_are_equal():
    values = np.array([3.0, 1.0, 1.0 + 1e-13, 1.0 - 1e-13])
    assert Ranked.of(values).above(np.array([1.0, 1.0 + 1e-13])).tolist() == [1, 1]


@pytest.mark.parametrize(("share", "n", "whole"), [(0.29, 100, 29), (0.57, 100, 57)])
def test_a_share_that_is_a_rounding_short_of_whole_customers_is_whole(share, n, whole):
    assert share * n < whole
    ranked = Ranked.of(np.arange(float(n)))
    assert ranked.above(ranked.cuts([share], by="customers")).tolist() == [whole]


def test_nobody_is_below_who_hold_everything():
    for values in ([5.0], [2.0, 2.0], [0.0, 4.0]):
        ranked = Ranked.of(np.array(values))
        cut = ranked.cuts([0.999], by="value")
        assert ranked.above(cut)[0] == sum(v > 0 for v in values)


def test_shares_of_draws():
    rng = np.random.default_rng(1)
    values = rng.lognormal(0, 1, 500)
    ranked = Ranked.of(values)
    shares = (0.05, 0.2, 0.5)
    cuts = ranked.cuts(shares, by="customers")
    anew = drawn_shares(ranked, cuts, shares=shares, by="customers", draws=200, rng=rng)
    held = drawn_shares(ranked, cuts, shares=None, by="customers", draws=200, rng=rng)
    assert np.allclose(anew.sum(axis=2), 1)
    estimate = ranked.shares(cuts)
    assert estimate[0].tolist() == [0.05, 0.15, 0.3, 0.5]
    for drawn in (anew, held):
        low, high = percentiles(drawn, 0.95)
        assert (low[1] < estimate[1]).all()
        assert (estimate[1] < high[1]).all()
    assert np.allclose(anew[:, 0], estimate[0], atol=0.01)  # ties in a draw
    # Where cuts stay, how many are above them varies too.
    assert held[:, 1, 0].std() > 1.2 * anew[:, 1, 0].std()


def test_the_interval_covers_the_share_of_the_best():
    """90 % intervals for what the best 10 % hold of a gamma law."""
    shape = 2.0
    rng = np.random.default_rng(5)
    crowd = np.sort(rng.gamma(shape, 1, 1_000_000))[::-1]
    truth = crowd[:100_000].sum() / crowd.sum()
    hits = 0
    for _ in range(150):
        ranked = Ranked.of(rng.gamma(shape, 1, 300))
        cuts = ranked.cuts((0.1,), by="customers")
        drawn = drawn_shares(ranked, cuts, shares=(0.1,), by="customers", draws=100, rng=rng)
        low, high = percentiles(drawn, 0.9)
        hits += bool(low[1, 0] <= truth <= high[1, 0])
    assert 0.8 <= hits / 150 <= 0.97


def test_sums_of_groups_drawn():
    rng = np.random.default_rng(2)
    money = np.where(rng.random(400) < 0.3, rng.gamma(1, 20, 400), 0.0)
    codes = rng.integers(3, size=400)
    drawn = drawn_sums(money, codes, 3, draws=2000, rng=rng)
    assert np.allclose(drawn.sum(axis=1), 1)
    # The same by drawing all of them, those without money too.
    picked = rng.integers(400, size=(2000, 400))
    sums = np.stack([(money[picked] * (codes[picked] == k)).sum(axis=1) for k in range(3)], axis=1)
    plain = sums / sums.sum(axis=1, keepdims=True)
    assert np.allclose(drawn.mean(axis=0), plain.mean(axis=0), atol=0.01)
    assert np.allclose(drawn.std(axis=0), plain.std(axis=0), rtol=0.1)


@pytest.mark.parametrize("money", [[0.0, 0.0], [1.0, -1.0]])
def test_no_money_has_no_shares(money):
    drawn = drawn_sums(np.array(money), np.array([0, 1]), 2, draws=20, rng=np.random.default_rng(1))
    assert np.isnan(percentiles(drawn, 0.9)).all()
