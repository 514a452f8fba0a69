"""What somebody did, measured: each measure is the trait of its name over the chosen events."""

from typing import Any

import numpy as np
import pytest

import onefold as of
from onefold import field, traits
from onefold.errors import ArgumentError
from onefold.testing import check_trait
from onefold.traits.measure import OF_A_COLUMN, OF_EVENTS, Chosen, Measure

DATA = of.datasets.simulate(40, days=120, rng=5)
PROFILES = of.fold(DATA.log, catalog=DATA.catalog)
WEB = field("channel") == "web"


@pytest.mark.parametrize(
    ("by", "column", "trait"),
    [
        ("count", None, traits.Count("purchase")),
        ("visits", None, traits.Frequency("purchase")),
        ("sum", "value", traits.Monetary("purchase")),
        ("mean", "value", traits.Mean("value", "purchase")),
        ("min", "value", traits.Min("value", "purchase")),
        ("max", "value", traits.Max("value", "purchase")),
        ("distinct", "item", traits.Breadth("purchase")),
    ],
)
@pytest.mark.parametrize("where", [None, WEB], ids=["all", "web"])
def test_a_measure_is_a_trait_over_events(by: str, column: Any, trait: Any, where: Any) -> None:
    measure = Measure(Chosen("purchase", last="40D", until="5D", where=where), by, column)
    over = traits.Over(trait, last="40D", until="5D", where=where)
    np.testing.assert_array_equal(PROFILES.table.read(measure), PROFILES.table.read(over))
    assert (PROFILES.table.read(measure) > 0).any()


@pytest.mark.parametrize("by", [*OF_EVENTS, *OF_A_COLUMN])
def test_measures_keep_the_contract_of_a_trait(by: str) -> None:
    column = {"distinct": "channel"}.get(by, "value") if by in OF_A_COLUMN else None
    check_trait(Measure(Chosen("purchase", last="60D", where=WEB), by, column))


def test_english_and_code() -> None:
    assert Measure(Chosen(None), "count").name == "count of any event"
    assert repr(Measure(Chosen(None), "count")) == "did().count()"
    chosen = Chosen("purchase", last="30D", where=WEB)
    assert Measure(chosen, "sum", "value").name == (
        "sum of value of 'purchase' (channel is 'web') in the last 30 days"
    )
    assert repr(Measure(chosen, "sum", "value")) == (
        "did('purchase').where(field('channel') == 'web').last('30D').sum('value')"
    )
    assert str(Chosen("x", until="1h")) == "'x' until 1 hour ago"
    assert repr(Chosen("x", until="1h")) == "did('x').last(None, until='1h')"


def test_refusals() -> None:
    with pytest.raises(ArgumentError, match="did: by is 'total'; allowed"):
        Measure(Chosen("x"), "total")
    with pytest.raises(ArgumentError, match=r"did\.sum: of is None"):
        Measure(Chosen("x"), "sum")
    with pytest.raises(ArgumentError, match=r"did\.last: until is '2D', not shorter"):
        Chosen("x", last="1D", until="2D")
