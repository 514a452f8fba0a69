"""Recency, tenure, gap: days between instants, worked by hand."""

import numpy as np
import pytest

import onefold as of
from onefold import traits

END = "2024-03-11"


def read(trait: traits.Trait, *events: of.Event, as_of: str = END) -> list[float | None]:
    """What a trait says of each customer, sorted by id."""
    column = of.fold(of.EventLog.from_events(events), as_of=as_of).table.read(trait)
    return [None if np.isnan(x) else x for x in column.tolist()]


def buy(who: str, time: str, basket: str | None = None) -> of.Event:
    return of.Event(who, "purchase", time, basket=basket)


ANN = [buy("ann", "2024-03-08 12:00"), buy("ann", "2024-03-01"), buy("ann", "2024-03-02")]
BOB = [of.Event("bob", "view", "2024-03-10")]


def test_recency_and_tenure_in_days() -> None:
    assert read(traits.Recency(), *ANN, *BOB) == [2.5, None]
    assert read(traits.Tenure(), *ANN, *BOB) == [10, None]
    assert read(traits.Recency(None), *ANN, *BOB) == [2.5, 1]
    assert read(traits.Tenure("view"), *ANN, *BOB) == [None, 1]
    assert read(traits.Recency("never seen"), *ANN) == [None]


def test_days_are_of_86400_seconds_whatever_the_clock_says() -> None:
    """Berlin's 31 March 2024 has 23 hours."""
    night = [buy("ann", "2024-03-31T00:00+01:00")]
    assert read(traits.Recency(), *night, as_of="2024-04-01T00:00+02:00") == [23 / 24]


def test_a_microsecond_is_kept() -> None:
    assert read(traits.Recency(), buy("ann", "2024-03-10 23:59:59.999999")) == [1e-6 / 86_400]


@pytest.mark.parametrize(
    ("events", "gap"),
    [
        (ANN, 7.5 / 2),  # starts on the 1st, 2nd and 8.5th
        (ANN[:1], None),  # one visit
        ([buy("ann", "2024-03-01")] * 3, None),  # one instant
        ([buy("ann", "2024-03-01"), buy("ann", "2024-03-01 00:00:01")], 1 / 86_400),
        (  # a receipt that took two days: its start counts
            [
                buy("ann", "2024-03-01", "r"),
                buy("ann", "2024-03-03", "r"),
                buy("ann", "2024-03-05"),
            ],
            4,
        ),
        (  # an event within an open basket is a visit of its own
            [
                buy("ann", "2024-03-01", "r"),
                buy("ann", "2024-03-02"),
                buy("ann", "2024-03-05", "r"),
            ],
            1,
        ),
        (  # two baskets at one instant: no time lies between them
            [buy("ann", "2024-03-01", "r"), buy("ann", "2024-03-01", "s")],
            0,
        ),
    ],
    ids=["three", "one", "instant", "second", "receipt", "within", "both"],
)
def test_gap_between_the_starts_of_visits(events: list[of.Event], gap: float | None) -> None:
    bob = [buy("bob", "2024-02-01"), buy("bob", "2024-02-04")]  # and nobody disturbs another
    assert read(traits.Gap(), *events, *bob, *BOB) == [gap, 3]


def test_gap_is_of_the_kind_that_was_asked_for() -> None:
    assert read(traits.Gap("view"), *BOB, *ANN, of.Event("bob", "view", "2024-03-04")) == [None, 6]
    assert read(traits.Gap(None), *ANN[:1], of.Event("ann", "view", "2024-03-08")) == [0.5]
