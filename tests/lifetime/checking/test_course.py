"""The course of a base: edges, ages, and what is read off a spline."""

import numpy as np
import pytest

import onefold as of
from onefold.errors import ArgumentError
from onefold.lifetime.checking.course import NODES, STARTS, Course, Newcomers, _counted
from onefold.lifetime.processes.bgnbd import BetaGeometric
from onefold.lifetime.purchases import Purchases
from tests.lifetime import cdnow


def course(collapse: str | None) -> Course:
    """Of three customers; one of them buys twice on a day."""
    when = {"a": ["01-01T09:00", "01-08T10:00", "01-08T18:00"], "b": ["01-03T12:00"],
            "c": ["01-03T13:00", "02-01T00:00"]}  # fmt: skip
    log = of.EventLog.from_events(
        of.Event(who, "purchase", f"2024-{day}", id=f"{who}{day}") for who in when
        for day in when[who]
    )  # fmt: skip
    made = Purchases.of(of.fold(log, ()).history.where("purchase"), collapse)
    return Course.of(made, np.arange(3), "D")


def test_repeat_purchases_and_beginnings():
    days = course("D")
    assert days.weight.tolist() == [1, 2] and len(days.bought) == 2
    assert len(course(None).bought) == 3
    edges = np.array(["2024-01-01", "2024-01-08", "2024-01-15", "2024-02-01"], "datetime64[us]")
    assert days.actual(edges).tolist() == [0, 1, 0]
    # Up to the end of the 7th: 6 days after the 1st, 4 after the 3rd.
    assert days.ages(edges)[:, 1:].tolist() == [[6, 13, 30], [4, 11, 28]]
    assert course(None).ages(edges)[0, 1] == pytest.approx(7 - 9 / 24)


@pytest.mark.parametrize(("period", "first"), [("D", "01-01"), ("W", "12-27"), ("M", "12-31")])
def test_edges_begin_before_the_first_and_hold_the_split(period, first):
    anchor, end = np.datetime64("2024-01-31", "us"), np.datetime64("2024-03-31", "us")
    edges = course("D").edges(anchor, end, period, "x")
    assert str(edges[0])[5:10] == first and edges[0] <= course("D").earliest
    assert anchor in edges and edges[-1] <= end
    with pytest.raises(ArgumentError, match="more than 5,000"):
        course("D").edges(anchor, np.datetime64("2044-01-01", "us"), "D", "x")


def test_many_beginnings_are_put_on_some_without_moving_the_mean():
    rng = np.random.default_rng(0)
    first = rng.integers(0, 10**12, 10_000)
    moments, ahead, weight = _counted(first, np.zeros(len(first), dtype=np.int64))
    assert len(moments) == STARTS and not ahead.any()
    assert weight.sum() == pytest.approx(10_000)
    assert weight @ moments / 10_000 == pytest.approx(first.mean(), rel=1e-6)


def test_a_spline_says_the_same():
    process, params = BetaGeometric(False), np.array(cdnow.BGNBD_PARAMS)[:, None]
    ages = np.random.default_rng(1).random((200, 50)) * 400
    assert ages.size > NODES
    found = Newcomers.at(ages).expected(process, params)
    exact = process.newcomer(params, ages.ravel()).reshape(ages.shape)
    assert np.allclose(found, exact, rtol=1e-7, atol=1e-9)
    few = Newcomers.at(ages[:2]).expected(process, params)
    assert np.allclose(few, exact[:2], rtol=1e-12)
