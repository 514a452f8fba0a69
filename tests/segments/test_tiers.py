import numpy as np
import pytest

import onefold as of
from onefold import Event, EventLog, ValueTiers, fold, segment
from onefold.errors import ArgumentError, UnknownName
from onefold.segments.tiers import NAMES
from onefold.traits import Count, Frequency, Monetary
from tests.segments.shoppers import SPLIT, shoppers


def spent(**amounts):
    """Profiles of customers who spent so much each."""
    return fold(
        EventLog.from_events(
            [Event(who, "purchase", "2024-03-01", value=value) for who, value in amounts.items()]
            + [Event("zoe", "view", "2024-03-02")]
        ),
        as_of="2024-04-01",
    )


def test_tiers_of_customers():
    people = spent(**{f"c{i:02}": 100 - i for i in range(40)})
    made = segment(people, ValueTiers(Monetary()))
    assert made.assignment.names == NAMES
    assert dict(made.assignment.sizes()[["name", "customers"]].itertuples(index=False)) == {
        "top": 2,  # 5 % of the 40 who have a value
        "high": 6,
        "middle": 12,
        "low": 20,
        "unknown": 1,
    }
    assert made.assignment.members("top").tolist() == ["c00", "c01"]
    assert made.fitted.cuts == (98.0, 92.0, 80.0)


def test_tiers_of_value():
    people = spent(a=60, b=20, c=10, d=6, e=4)
    made = segment(people, ValueTiers(Monetary(), by="value"))
    assert made.assignment.by_customer() == {
        "a": "top", "b": "high", "c": "middle", "d": "middle", "e": "low", "zoe": None,
    }  # fmt: skip
    made = segment(people, ValueTiers(Monetary(), by="value", shares=[0.6], names=["A", "B"]))
    assert made.assignment.members("A").tolist() == ["a"]


def test_tiers_by_amounts():
    people = spent(a=100, b=99, c=10, d=9)
    made = segment(people, ValueTiers(Monetary(), cuts=(99, 10)))
    assert made.assignment.by_customer() == {
        "a": "tier 1", "b": "tier 2", "c": "tier 3", "d": "tier 3", "zoe": None,
    }  # fmt: skip
    assert repr(made.fitted).splitlines()[0] == "Value tiers by monetary, as of 2024-04-01"
    assert "10 to 99" in repr(made.fitted)
    assert "above 99" in made.fitted._repr_html_()


def test_equal_values_share_the_lower_tier():
    people = spent(**{f"c{i}": 7 for i in range(9)}, best=8)
    made = segment(people, ValueTiers(Monetary(), shares=[0.1, 0.5], names=["a", "b", "c"]))
    sizes: dict[str, int] = dict(
        made.assignment.sizes()[["name", "customers"]].itertuples(index=False)
    )
    assert sizes == {"a": 1, "b": 0, "c": 9, "unknown": 1}


def test_lifetime_value_looks_at_nothing_later():
    log = shoppers(250, 3)
    whole = fold(log)
    made = segment(whole.at(SPLIT), ValueTiers())
    blind = segment(fold(log.before(SPLIT), as_of=SPLIT), ValueTiers())
    assert made.fitted.cuts == blind.fitted.cuts
    assert made.fitted.value.purchases.params == blind.fitted.value.purchases.params
    assert made.assignment == blind.assignment
    assert made.fitted.value.name == "lifetime_value"


def test_lifetime_value_is_what_the_models_say():
    from onefold.lifetime.gammagamma import GammaGamma
    from onefold.lifetime.models import MBGNBD
    from onefold.lifetime.summary import rfm_summary
    from onefold.lifetime.value import LifetimeValue

    people = fold(shoppers(250, 3)).at(SPLIT)
    tiers = ValueTiers(
        model=MBGNBD(), spend=GammaGamma(), horizon="90D", discount=0.2, time_unit="W"
    )
    found = segment(people, tiers)
    summary = rfm_summary(people, time_unit="W", collapse="W")
    frame = summary.to_pandas()
    value = LifetimeValue(
        MBGNBD().fit(frame, time_unit="W"),
        GammaGamma().fit(frame[frame.frequency > 0]),
        horizon="90D",
        discount=0.2,
        collapse="W",
    )
    assert found.fitted.value.purchases.params == pytest.approx(dict(value.purchases.params))
    expected = segment(people, ValueTiers(value))
    assert expected.fitted.cuts == pytest.approx(found.fitted.cuts)
    assert expected.assignment == found.assignment
    table = value.table(frame)["lifetime_value"].sort_values(ascending=False)
    top = set(table.index[: int(0.05 * len(table))])
    assert set(found.assignment.members("top").tolist()) == top


def test_newcomers_are_assigned_by_their_own_row():
    log = shoppers(250, 3)
    made = segment(fold(log).at(SPLIT), ValueTiers())
    other = fold(shoppers(60, 8)).at(SPLIT)
    both = made.assign(other).by_customer()
    assert {who: made.of(other[who]) for who in list(both)[:20]} == dict(list(both.items())[:20])
    assert made.of(other.new("nobody yet")) is None


@pytest.mark.parametrize(
    ("log", "said"),
    [
        (
            [("ann", 5, "2024-01-01"), ("bob", 9, "2024-01-02")],
            "nobody of 2 customers bought again",
        ),
        ([("ann", None, f"2024-01-0{d}") for d in (1, 4)], "no repeat purchase has an amount"),
        ([("ann", 0, f"2024-01-0{d}") for d in (1, 4)], "no repeat purchase has an amount"),
    ],
)
def test_no_lifetime_value(log, said):
    events = [Event(who, "purchase", time, value=value) for who, value, time in log]
    with pytest.raises(ArgumentError, match=said):
        segment(fold(EventLog.from_events(events), as_of="2024-03-01"), ValueTiers())


def test_no_purchases():
    people = fold(EventLog.from_events([Event("ann", "view", "2024-01-01")]))
    with pytest.raises(ArgumentError, match="has an event 'purchase'"):
        segment(people, ValueTiers())
    with pytest.raises(ArgumentError, match="nobody of 1 customers has 'monetary'"):
        segment(people, ValueTiers(Monetary()))


@pytest.mark.filterwarnings("ignore::onefold.errors.FitWarning")
def test_an_infinite_mean_is_refused():
    rng = np.random.default_rng(4)
    events = []
    for i in range(60):
        typical = 10 * rng.pareto(0.4) + 1e-3  # a tail without a mean
        for day in np.sort(rng.choice(300, 4, replace=False)):
            time = np.datetime64("2024-01-01", "us") + np.timedelta64(int(day), "D")
            amount = round(float(min(typical * rng.gamma(9) / 9, 1e9)), 4)
            events.append(Event(f"c{i}", "purchase", time, value=amount))
    people = fold(EventLog.from_events(events))
    with pytest.raises(ArgumentError, match=r"mean is infinite.*ValueTiers\(Monetary\(\)\)"):
        segment(people, ValueTiers())


def test_who_has_no_amount_is_unknown_and_does_not_stop_the_fit():
    free = [Event("free", "purchase", f"2024-0{m}-05", value=0) for m in (1, 2, 3)]
    log = shoppers(250, 3) + EventLog.from_events(free)
    made = segment(fold(log).at(SPLIT), ValueTiers())
    assert made.of(made.profiles["free"]) is None


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"shares": [0.5, 0.2]}, "they ascend"),
        ({"shares": []}, "at least one"),
        ({"shares": 0.5}, "a list of numbers"),
        ({"shares": [0.5, 1.0]}, "above 0 and below 1"),
        ({"shares": ["half"]}, "numbers are allowed"),
        ({"cuts": [1, 5]}, "descend"),
        ({"cuts": [np.inf]}, "finite"),
        ({"cuts": [5], "shares": [0.5]}, "both given"),
        ({"by": "money"}, "'customers', 'value'"),
        ({"names": ["a", "b"]}, "there are 4 tiers"),
        ({"names": ["a", "a", "b", "c"]}, "its own"),
        ({"names": ["a", "unknown", "b", "c"]}, "none is 'unknown'"),
        ({"names": "abcd"}, "list of texts"),
        ({"model": 3}, r"lifetime.MBGNBD\(\)"),
        ({"spend": "gamma"}, r"lifetime.GammaGamma\(\)"),
        ({"horizon": "soon"}, "horizon"),
        ({"discount": -0.1}, "a rate a year"),
        ({"discount": True}, "a rate a year"),
        ({"horizon": None, "discount": 0}, "no end"),
        ({"time_unit": "Y"}, "time_unit"),
        ({"event": ""}, "event"),
    ],
)
def test_settings_that_are_refused(settings, said):
    with pytest.raises(ArgumentError, match=said):
        ValueTiers(**settings)


def test_models_with_a_value_are_refused():
    from onefold.lifetime.models import BGNBD

    with pytest.raises(ArgumentError, match="no model is fitted"):
        ValueTiers(Monetary(), model=BGNBD())


def test_values_that_are_refused():
    people = spent(a=60, b=20)
    with pytest.raises(UnknownName):
        segment(people, ValueTiers("worth"))
    with pytest.raises(ArgumentError, match="not numbers"):
        segment(people, ValueTiers(of.traits.MostFrequent("kind")))
    with pytest.raises(ArgumentError, match="nobody is worth more than 0"):
        segment(people, ValueTiers(Count("dance"), by="value"))


@pytest.mark.filterwarnings("ignore::onefold.errors.FitWarning")  # few customers, and draws of them
def test_contract():
    """Of customers who do leave; those of the house's own simulation are in test_contracts."""
    of.testing.check_segmenter(ValueTiers(), profiles=fold(shoppers(120, 5)))
    of.testing.check_segmenter(ValueTiers(Frequency(), cuts=[9, 3]))


def test_a_model_of_purchases_is_none_of_spend():
    from onefold.lifetime import BGNBD, GammaGamma

    with pytest.raises(ArgumentError, match=r"model is GammaGamma.*goes to spend="):
        ValueTiers(model=GammaGamma())
    with pytest.raises(ArgumentError, match=r"spend is BGNBD.*goes to model="):
        ValueTiers(spend=BGNBD())
