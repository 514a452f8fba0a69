import attrs
import numpy as np
import pytest

from onefold import Event, EventLog, ValueTiers, fold, load, save, segment
from onefold.errors import ArgumentError
from onefold.traits import Monetary
from tests.segments.shoppers import END, SPLIT, shoppers


@pytest.fixture(scope="module")
def log():
    return shoppers(250, 3)


@pytest.fixture(scope="module")
def made(log):
    return segment(fold(log).at(SPLIT), ValueTiers())


def test_shares(made):
    found = made.fitted.shares(made.profiles, rng=1)
    assert found["tier"].tolist() == list(made.fitted.names)
    values = made.profiles.table.read(made.fitted.value)
    assert found["value"].sum() == pytest.approx(np.nansum(values))
    assert found["customers"].sum() == (~np.isnan(values)).sum()
    assert found["share_of_value"].sum() == pytest.approx(1)
    sizes = made.assignment.sizes().set_index("name")["customers"]
    assert found.set_index("tier")["customers"].to_dict() == sizes.drop("unknown").to_dict()
    assert (found["low"] < found["share_of_value"]).all()
    by_value = segment(made.profiles, ValueTiers(by="value")).fitted.shares(made.profiles, rng=1)
    assert (by_value["customers_low"] < by_value["share_of_customers"]).all()
    assert (by_value["share_of_customers"] < by_value["customers_high"]).all()
    assert (by_value["high"] - by_value["low"] < 0.05).all()  # chosen so
    assert (found["share_of_value"] < found["high"]).all()
    assert set(found["method"]) == {"percentile bootstrap over customers, cuts found anew"}
    assert found.equals(made.fitted.shares(made.profiles.table, rng=1))
    wide = made.fitted.shares(made.profiles, level=0.99, rng=1)
    assert (wide["high"] - wide["low"] > found["high"] - found["low"]).all()


def test_shares_of_others_hold_the_cuts(made):
    others = fold(shoppers(120, 8)).at(SPLIT)
    found = made.fitted.shares(others, rng=1)
    assert set(found["method"]) == {"percentile bootstrap over customers, cuts held"}
    sizes = made.assign(others).sizes().set_index("name")["customers"]
    assert found.set_index("tier")["customers"].to_dict() == sizes.drop("unknown").to_dict()
    with pytest.raises(ArgumentError, match="fitted on these customers"):
        made.fitted.shares(others, refit=True)


def test_shares_with_models_refitted(made):
    held = made.fitted.shares(made.profiles, rng=1, draws=30)
    found = made.fitted.shares(made.profiles, rng=1, draws=30, refit=True)
    assert found["share_of_value"].tolist() == held["share_of_value"].tolist()
    assert found["low"].tolist() != held["low"].tolist()
    assert (found["draws"] >= 25).all()
    assert found["method"][0].endswith("cuts found anew, models refitted")
    other = segment(made.profiles, ValueTiers(Monetary()))
    with pytest.raises(ArgumentError, match="lifetime value that was fitted"):
        other.fitted.shares(made.profiles, refit=True)


def test_realised(log, made):
    later = fold(log, as_of=END)
    found = made.fitted.realised(later, rng=1)
    frame = log.to_pandas()
    after = frame[(frame["event"] == "purchase") & (frame["time"] >= SPLIT)]
    after = after[after["time"] < END]
    tiers = made.assignment.by_customer()
    expected = (
        after["value"].groupby(after["customer"].map(lambda who: tiers.get(who, "new"))).sum()
    )
    for tier, money in zip(found["tier"], found["money"], strict=True):
        assert money == pytest.approx(expected.get(tier, 0.0))
    assert found["customers"].sum() == len(made.profiles)
    assert found["tier"].tolist()[-1] == "unknown"
    assert found["share_of_money"].sum() == pytest.approx(1)
    some = found[found["money"] > 0]
    assert (some["low"] <= some["share_of_money"]).all()
    assert (some["share_of_money"] <= some["high"]).all()
    # The same from a log, and from what goes on after the end.
    assert found.equals(made.fitted.realised(log, until=END, rng=1))
    assert found.equals(made.fitted.realised(fold(log, as_of="2024-12-01"), until=END, rng=1))


def test_realised_counts_from_the_moment_of_the_fit():
    def bought(who, time, value):
        return Event(who, "purchase", time, value=value)

    log = EventLog.from_events(
        [
            bought("ann", "2024-01-01", 50),
            bought("bob", "2024-01-01", 5),
            bought("ann", "2024-02-01", 1),  # at as_of: afterwards
            bought("bob", "2024-03-01", 3),
            bought("bob", "2024-04-01", 90),  # at the end: no more
            bought("abe", "2024-02-02", 99),  # not known yet
        ]
    )
    made = segment(
        fold(log).at("2024-02-01"), ValueTiers(Monetary(), shares=[0.5], names=["best", "rest of"])
    )
    found = made.fitted.realised(log, until="2024-04-01", rng=1)
    assert found["money"].tolist() == [1, 3]
    assert found["customers"].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("time", "counts"),
    [
        ("2024-01-31T23:59:59.999999", False),
        ("2024-02-01T00:00:00", True),
        ("2024-03-31T23:59:59.999999", True),
        ("2024-04-01T00:00:00", False),
    ],
)
def test_what_tiers_brought_is_counted_in_a_half_open_window(time, counts):
    log = EventLog.from_events(
        [
            Event("ann", "purchase", "2024-01-01", value=50),
            Event("bob", "purchase", "2024-01-01", value=5),
            Event("ann", "purchase", time, value=7),
        ]
    )
    made = segment(fold(log).at("2024-02-01"), ValueTiers(Monetary(), shares=[0.5]))
    found = made.fitted.realised(log, until="2024-04-01", rng=1)
    assert found["money"].sum() == (7 if counts else 0)


def test_what_realised_refuses(log, made):
    with pytest.raises(ArgumentError, match="takes Profiles or an EventLog"):
        made.fitted.realised(3)
    with pytest.raises(ArgumentError, match="ends at 2024-07-01"):
        made.fitted.realised(made.profiles)
    with pytest.raises(ArgumentError, match="ends at 2030-01-01"):
        made.fitted.realised(fold(log), until="2030-01-01")
    with pytest.raises(ArgumentError, match="draws is 3"):
        made.fitted.realised(log, draws=3)
    named = segment(fold(log, [Monetary(name="paid")]).at(SPLIT), ValueTiers("paid"))
    with pytest.raises(ArgumentError, match="by 'paid', which `later` has not"):
        named.fitted.realised(log)


def test_rows_of_several_moments_have_no_realised(log):
    table = fold(log).table
    moments = np.where(np.arange(len(table)) % 2, np.datetime64(SPLIT), np.datetime64(END))
    history = type(table.history).before(
        table.history.ledger, np.arange(len(table)), moments=moments.astype("datetime64[us]")
    )
    mixed = type(table)(table.ids, history, moments.astype("datetime64[us]"), table.traits)
    fitted = ValueTiers().fit(mixed, rng=np.random.default_rng(1))
    assert fitted.as_of is None
    assert set(fitted.assign(mixed)) <= {*fitted.names, None}
    with pytest.raises(ArgumentError, match="several moments"):
        fitted.realised(log)


def test_nobody_with_a_value(made):
    zoe = made.profiles.select(["zoe"])
    with pytest.raises(ArgumentError, match="nobody of 1 customers has a value"):
        made.fitted.shares(zoe)
    with pytest.raises(ArgumentError, match="takes Profiles or a table"):
        made.fitted.shares("everybody")


def test_saving(tmp_path, made):
    for tiers in (made, segment(made.profiles, ValueTiers(Monetary(), by="value"))):
        save(tiers, tmp_path / "tiers.onefold")
        again = load(tmp_path / "tiers.onefold")
        assert again == tiers
        assert again.assign(made.profiles) == tiers.assignment
        assert again.fitted.shares(made.profiles, rng=1).equals(
            tiers.fitted.shares(made.profiles, rng=1)
        )


def test_tiers_are_equal_or_not(made):
    same = segment(made.profiles, ValueTiers()).fitted
    assert (made.fitted == same) is True
    assert (made.fitted == attrs.evolve(same, as_of=same.as_of + 1)) is False
    assert (made.fitted == attrs.evolve(same, cuts=(3.0, 2.0, 1.0))) is False
