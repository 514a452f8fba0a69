"""Lifetime value: its product, its parts, one customer, a newcomer, and the trait."""

import attrs
import numpy as np
import pandas as pd
import polars as pl
import pytest

import onefold as of
from onefold.datasets import simulate
from onefold.errors import ArgumentError, ColumnError
from onefold.lifetime import BGBB, MBGNBD, GammaGamma, ParetoNBD, rfm_summary
from onefold.lifetime import value as module
from onefold.lifetime.processes.bgbb import BetaBernoulli
from onefold.lifetime.processes.paretonbd import Pareto
from onefold.lifetime.reading import read_customers
from onefold.lifetime.redraw import redraw
from onefold.lifetime.value import LifetimeValue
from onefold.testing import check_trait
from tests.lifetime import cdnow

WHO = cdnow.drawn(Pareto(), cdnow.PARETO_PARAMS, 3000, seed=1)
SPENT = np.random.default_rng(3).gamma(5.0, 7.0, len(WHO))
WHO = WHO.assign(monetary=np.where(WHO.frequency > 0, SPENT, 0.0))
PURCHASES = ParetoNBD().fit(WHO, time_unit="W")
SPEND = GammaGamma().fit(WHO)
VALUE = LifetimeValue(PURCHASES, SPEND, discount=0.15)


@attrs.frozen
class Steady:
    """Whoever bought x times buys x / T a week, for ever."""

    time_unit: str | None = "W"

    def p_alive(self, customers):
        return np.ones(len(customers))

    def expected_purchases(self, customers, *, horizon):
        return np.asarray(customers["frequency"] / customers["T"]) * horizon

    def discounted_purchases(self, customers, *, horizon, discount):
        rate = np.log1p(discount) * 7 / 365.25
        return np.asarray(customers["frequency"] / customers["T"]) / rate


def test_it_is_shown():
    assert (
        repr(VALUE)
        == "LifetimeValue(ParetoNBD of 3,000 customers; for ever, 15 % a year, margin 1)"
    )
    shown = VALUE._repr_html_()
    assert "ParetoNBD of 3,000 customers" in shown and "15 % a year" in shown


def test_it_is_margin_times_spend_times_discounted_purchases():
    value = LifetimeValue(Steady(), SPEND, discount=0.2, margin=0.3)
    table = value.table(WHO)
    spend = SPEND.expected_spend(WHO)
    purchases = WHO.frequency / WHO["T"] / (np.log(1.2) / (365.25 / 7))
    assert np.allclose(table.lifetime_value, 0.3 * spend * purchases)
    assert np.allclose(table.expected_spend, spend)
    assert np.allclose(table.expected_purchases, WHO.frequency / WHO["T"] * 365.25 / 7)
    assert list(table.columns) == list(module.COLUMNS)


@pytest.mark.parametrize("horizon", [None, 26, "365D"])
def test_the_table_is_what_the_models_say(horizon):
    value = LifetimeValue(PURCHASES, SPEND, horizon=horizon, discount=0.15)
    table = value.table(WHO)
    many = PURCHASES.discounted_purchases(WHO, horizon=horizon, discount=0.15)
    assert np.allclose(table.lifetime_value, SPEND.expected_spend(WHO) * many, rtol=1e-12)
    ahead = 365.25 / 7 if horizon is None else horizon
    assert np.allclose(
        table.expected_purchases, PURCHASES.expected_purchases(WHO, horizon=ahead), rtol=1e-12
    )
    assert np.allclose(table.p_alive, PURCHASES.p_alive(WHO), rtol=1e-12)


def test_a_longer_horizon_a_smaller_discount_and_a_larger_margin_are_worth_more():
    short, long = (LifetimeValue(PURCHASES, SPEND, horizon=h).table(WHO) for h in (26, 52))
    ever = LifetimeValue(PURCHASES, SPEND).table(WHO)
    assert (short.lifetime_value < long.lifetime_value).all()
    assert (long.lifetime_value < ever.lifetime_value).all()
    dear = LifetimeValue(PURCHASES, SPEND, discount=0.05).table(WHO)
    assert (dear.lifetime_value > ever.lifetime_value).all()
    kept = LifetimeValue(PURCHASES, SPEND, margin=0.25).table(WHO)
    assert np.allclose(kept.lifetime_value, ever.lifetime_value / 4)
    free = LifetimeValue(PURCHASES, SPEND, horizon=52, discount=0).table(WHO)
    assert np.allclose(free.lifetime_value, free.expected_purchases * free.expected_spend)


def test_parts_of_customers_add_up_to_all(monkeypatch):
    whole = VALUE.table(WHO)
    monkeypatch.setattr(module, "AT_ONCE", 999)
    pd.testing.assert_frame_equal(VALUE.table(WHO), whole, rtol=1e-12)
    named = WHO.assign(customer=[f"c{i}" for i in range(len(WHO))])
    for frame in (named, named.set_index("customer"), pl.from_pandas(named)):
        table = VALUE.table(frame)
        assert list(table.index) == list(named.customer)
        assert np.allclose(table, whole, rtol=1e-12)


def test_one_customer_is_a_row_and_a_newcomer_one_who_just_came():
    row = WHO.iloc[3].to_dict()
    assert VALUE.of(row) == pytest.approx(VALUE.table(WHO).lifetime_value.iloc[3])
    assert VALUE.table(row).shape == (1, 4)
    rate = np.log(1.15) * 7 / 365.25
    r, alpha, s, beta = PURCHASES.params.values()
    # Repeat purchases for ever, each with the chance to be there still, (beta / (beta + t))^s.
    t = np.concatenate([[0], np.geomspace(1e-4, 60 / rate, 400_000)])
    expected = np.trapezoid(r / alpha * (beta / (beta + t)) ** s * np.exp(-rate * t), t)
    assert VALUE.newcomer() == pytest.approx(SPEND.mean_spend * expected, rel=1e-4)


def test_the_trait_reads_what_a_summary_does():
    data = simulate(80, days=150, items=10, categories=3, segments=2, rng=1)
    profiles = of.fold(data.log, [VALUE])
    summary = rfm_summary(data.log, time_unit="W")
    table = VALUE.table(summary.select(summary["monetary"] > 0))
    held = profiles.to_pandas()["lifetime_value"]
    assert np.allclose(held[table.index], table.lifetime_value)
    assert held.drop(index=summary.ids).isna().all()
    once = summary.ids[summary["frequency"] == 0]
    assert len(once) and held[once].notna().all()


def test_the_trait_keeps_the_contract():
    check_trait(VALUE)
    check_trait(LifetimeValue(PURCHASES, SPEND, horizon="90D", collapse="W", name="quarter"))


def test_purchases_without_an_amount_have_no_value():
    log = of.EventLog.from_events([
        *(of.Event("ann", "purchase", f"2024-03-0{day}", value=4) for day in (1, 3)),
        *(of.Event("bob", "purchase", f"2024-03-0{day}") for day in (1, 3)),
        *(of.Event("cas", "purchase", f"2024-03-0{day}", value=-4) for day in (1, 3)),
        of.Event("dan", "purchase", "2024-03-01"),
        of.Event("eva", "view", "2024-03-01"),
    ])  # fmt: skip
    held = of.fold(log, [VALUE], as_of="2024-04-01").to_pandas()["lifetime_value"]
    assert held.isna().to_dict() == {
        "ann": False, "bob": True, "cas": True, "dan": False, "eva": True
    }  # fmt: skip


def test_whole_periods_stay_whole():
    rng = np.random.default_rng(5)
    T = np.full(800, 10.0)
    x, t_x = BetaBernoulli().draw(np.array([[1.2], [0.75], [0.66], [2.8]]), T, rng)
    spent = np.where(x > 0, rng.gamma(3.0, 10.0, len(x)), 0)
    frame = pd.DataFrame({"frequency": x, "recency": t_x, "T": T, "monetary": spent})
    fitted, spend = BGBB().fit(frame, time_unit="W"), GammaGamma().fit(frame)
    ahead = fitted.expected_purchases(frame, horizon=52)
    table = LifetimeValue(fitted, spend).table(frame)
    assert np.allclose(table.expected_purchases, ahead)


def test_an_infinite_spend_is_said():
    rng = np.random.default_rng(4)
    x = np.maximum(WHO.frequency, 1)
    spent = rng.gamma(3 * x) / x / rng.gamma(0.5, 1, len(WHO))
    wild = WHO.assign(monetary=np.where(WHO.frequency > 0, spent, 0))
    spend = GammaGamma().fit(wild)
    assert spend.params["q"] < 1
    value = LifetimeValue(PURCHASES, spend)
    with pytest.raises(ArgumentError, match="customers is infinite"):
        value.table(wild)
    with pytest.raises(ArgumentError, match="customers is infinite"):
        value.newcomer()
    assert np.isfinite(value.table(wild[wild.frequency > 0])).all(axis=None)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"purchases": ParetoNBD()}, r"purchases is a ParetoNBD; .*Fit it first: \.fit\(summary\)"),
        ({"purchases": None}, "purchases is a NoneType; it takes a fitted model"),
        ({"purchases": Steady(None)}, "purchases: it isn't known what one unit of T is"),
        ({"spend": GammaGamma()}, r"spend is a GammaGamma; .*Fit it first"),
        ({"spend": 30.0}, "spend is a float; it takes a fitted model of spend"),
        ({"horizon": 0}, "horizon is 0; it takes a finite number above 0 of weeks"),
        ({"horizon": "soon"}, "LifetimeValue: horizon"),
        ({"discount": -0.1}, "discount is -0.1; it takes a finite number from 0 on"),
        ({"discount": 0}, "discount is 0 and horizon is None"),
        ({"discount": "10%"}, "discount is '10%'; it takes"),
        ({"margin": 0}, "margin is 0; it takes a finite number above 0"),
        ({"margin": np.nan}, "margin is nan; it takes"),
        ({"name": ""}, "name is ''"),
        ({"event": None}, "event is None"),
        ({"collapse": "Q"}, "collapse is 'Q'; allowed"),
    ],
)
def test_settings_are_checked(change, said):
    with pytest.raises(ArgumentError, match=said):
        LifetimeValue(**{"purchases": PURCHASES, "spend": SPEND, **change})


def test_customers_are_checked_as_a_whole(monkeypatch):
    monkeypatch.setattr(module, "AT_ONCE", 100)
    wrong = WHO.assign(T=WHO["T"].where(WHO.index != 1234, -1))
    with pytest.raises(
        ColumnError, match=r"LifetimeValue.table: .*row 1234, the only one of 3,000"
    ):
        VALUE.table(wrong)
    with pytest.raises(ArgumentError, match=r"LifetimeValue\.of: customer is a DataFrame"):
        VALUE.of(WHO)
    with pytest.raises(ColumnError, match="no column 'monetary'"):
        VALUE.table(WHO.drop(columns="monetary"))


def test_the_bootstrap_draws_customers_for_both_models():
    summary, spend = WHO, SPEND
    value = LifetimeValue(PURCHASES, SPEND, horizon=52)
    table = value.bootstrap(summary, draws=30, rng=1).set_index("name")
    assert (table["low"] < table["estimate"]).all() and (table["estimate"] < table["high"]).all()
    assert table.loc["mean", "estimate"] == value.table(summary)["lifetime_value"].mean()
    assert value.bootstrap(summary, draws=30, rng=1).equals(table.reset_index())
    one = value.bootstrap(summary, lambda v: v.spend.n, draws=20, rng=1)
    assert one["low"][0] < spend.n < one["high"][0]
    with pytest.raises(ArgumentError, match="the same numbers each time"):
        value.bootstrap(summary, lambda v: [1.0] * (1 + (v.spend.n != spend.n)), draws=20, rng=1)
    with pytest.raises(ArgumentError, match="statistic is 3; it takes a function"):
        value.bootstrap(summary, 3)


def test_no_customers_drawn_again_are_the_customers():
    who = read_customers(WHO, "test", monetary=True)

    class Once:
        def integers(self, low, high, size):
            return np.arange(size)

    again = redraw(VALUE, who)(Once())
    assert again.purchases.log_likelihood == pytest.approx(PURCHASES.log_likelihood, abs=1e-6)
    assert again.spend.log_likelihood == pytest.approx(SPEND.log_likelihood, abs=1e-6)
    assert (again.purchases.n, again.spend.n) == (PURCHASES.n, SPEND.n)


def test_summaries_in_other_units_are_refused():
    log = simulate(80, days=300, rng=1).log
    weeks, days = (rfm_summary(log, time_unit=unit) for unit in "WD")
    fit, spend = MBGNBD().fit(weeks), GammaGamma().fit(weeks)
    value = LifetimeValue(fit, spend)
    for ask in (
        fit.p_alive,
        lambda c: fit.expected_purchases(c, horizon=4),
        fit.discounted_purchases,
        value.table,
        lambda c: value.bootstrap(c, draws=20, rng=1),
    ):
        ask(weeks)
        with pytest.raises(ArgumentError, match="the summary is in days, and the model was fitted"):
            ask(days)


def test_the_trait_merges_purchases_as_the_summary_did():
    log = simulate(80, days=300, rng=1).log
    weekly = rfm_summary(log, collapse="W", time_unit="W")
    value = LifetimeValue(MBGNBD().fit(weekly), GammaGamma().fit(weekly))
    assert (value.collapse, value.event) == ("W", "purchase")
    held = of.fold(log, [value], as_of=weekly.end).to_pandas()["lifetime_value"]
    table = value.table(weekly)["lifetime_value"]
    assert np.allclose(held[table.index], table, rtol=1e-9)


def test_facts_are_covariates_yes_and_no_too():
    log = simulate(120, days=300, rng=1).log
    summary = rfm_summary(log, time_unit="W")
    club = np.arange(len(summary)) % 2 == 0
    told = summary.with_columns({"club": dict(zip(summary.ids, club, strict=True))})
    value = LifetimeValue(MBGNBD(purchase=["club"]).fit(told), GammaGamma().fit(told))
    facts = pd.DataFrame({"customer": summary.ids, "club": club})
    known = of.EventLog.from_facts(facts, customer="customer", time="2020-01-01", facts=["club"])
    held = of.fold(log + known, [value], as_of=summary.end).to_pandas()["lifetime_value"]
    table = value.table(told)["lifetime_value"]
    assert np.allclose(held[table.index], table, rtol=1e-9)
    with pytest.raises(ArgumentError, match="newcomer: covariates is None; the model of purchases"):
        value.newcomer()
    assert value.newcomer({"club": 1.0}) != value.newcomer({"club": 0.0})


def test_horizons_of_whole_periods_are_rounded_lengths():
    monthly = rfm_summary(simulate(200, days=365, rng=7).log, collapse="M", time_unit="M")
    value = LifetimeValue(BGBB().fit(monthly), GammaGamma().fit(monthly), horizon="365D")
    assert value.table(monthly).equals(attrs.evolve(value, horizon=12).table(monthly))
    with pytest.raises(ArgumentError, match=r"horizon is 11.5; this model counts whole periods"):
        value.purchases.expected_purchases(monthly, horizon=11.5)


@pytest.mark.parametrize("covariates", [5, "club", ["club"], {"club": 1}])
def test_covariates_of_a_newcomer_that_are_not_allowed(covariates):
    with pytest.raises(ArgumentError, match=r"LifetimeValue.newcomer: covariates is .*has none"):
        VALUE.newcomer(covariates)


def test_numbers_beyond_all_floats_are_refused():
    for name in ("discount", "margin"):
        with pytest.raises(ArgumentError, match=f"LifetimeValue: {name} is "):
            LifetimeValue(PURCHASES, SPEND, **{name: 10**400})


def test_as_a_trait_it_asks_the_models_without_a_frame(monkeypatch):
    log = simulate(60, days=365, rng=1).log
    summary = rfm_summary(log)
    value = LifetimeValue(MBGNBD().fit(summary), GammaGamma().fit(summary), horizon="90D")
    table = value.table(summary)["lifetime_value"]

    def frame(*args, **named):
        raise AssertionError("a frame was made")

    monkeypatch.setattr(pd, "DataFrame", frame)
    profiles = of.fold(log, [value])
    found = profiles.table.read(value)
    monkeypatch.undo()
    known = profiles.ledger.people.codes(np.array(table.index, dtype=object))
    assert found[known] == pytest.approx(table.to_numpy(), rel=1e-12)
