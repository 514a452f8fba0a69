"""The simulator keeps its promises: what the log shows is what the truth says."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onefold.datasets import Simulation, Truth, simulate
from onefold.errors import ArgumentError, UnknownCustomer


@pytest.fixture(scope="module")
def sim() -> Simulation:
    return simulate(2000, visits=40.0, shared_devices=0.05, rng=3)


@pytest.fixture(scope="module")
def frame(sim: Simulation) -> pd.DataFrame:
    """The events, with what is true of their customers."""
    return sim.log.to_pandas().merge(sim.truth.customers, on="customer", suffixes=("", "_own"))


def test_same_seed_same_log():
    a, b, c = (simulate(200, days=60, rng=seed) for seed in (5, np.random.default_rng(5), 6))
    assert a == b
    for name, column in a.log.events.data.items():
        other = b.log.events.data[name]
        assert np.asarray(getattr(column, "codes", column)).tobytes() == (
            np.asarray(getattr(other, "codes", other)).tobytes()
        )
    assert a.log != c.log
    assert a.truth != c.truth


def test_without_a_seed_no_two_are_alike():
    assert simulate(50, days=30).log != simulate(50, days=30).log


def test_ids_are_unique_and_twice_is_once(sim):
    assert (sim.log + sim.log).deduplicate() == sim.log
    quality = sim.log.quality()
    for measure in ("duplicates", "missing customer", "missing item", "negative value"):
        assert quality[measure] == 0
    assert quality["without local clock"] == 0


def test_funnel(frame):
    kinds = frame["event"].value_counts()
    assert set(kinds.index) == {"open", "click", "view", "cart", "purchase"}
    keys = ["basket", "item"]
    rows = {kind: frame[frame["event"] == kind] for kind in kinds.index}
    online = rows["purchase"][rows["purchase"]["channel"] != "store"]
    for later, earlier in (
        (online, rows["cart"]),
        (rows["cart"], rows["view"]),
        (rows["click"], rows["open"]),
    ):
        both = later.merge(earlier.groupby(keys, as_index=False)["time"].min(), on=keys)
        assert len(both) == len(later)
        assert (both["time_x"] >= both["time_y"]).all()
    assert len(rows["cart"]) / len(rows["view"]) == pytest.approx(0.3, abs=0.01)
    assert len(online) / len(rows["cart"]) == pytest.approx(0.6, abs=0.02)
    assert len(rows["click"]) / len(rows["open"]) == pytest.approx(0.3, abs=0.02)
    assert set(rows["open"]["channel"]) == {"email"}
    assert (frame["value"].notna() == (frame["event"] == "purchase")).all()


def test_values_are_prices_times_quantities(sim, frame):
    bought = frame[frame["event"] == "purchase"]
    prices = sim.catalog.to_pandas().set_index("item")["price"]
    expected = bought["item"].map(prices) * bought["quantity"]
    np.testing.assert_allclose(bought["value"], expected, atol=1e-6)


def test_tastes_are_distributions(sim):
    some = sim.truth.customers["customer"][:50]
    tastes = sim.truth.tastes(some)
    np.testing.assert_allclose(tastes.sum(axis=1), 1.0)
    mixed = sum(w * sim.truth.level(level, some) for level, w in sim.truth.weights.items())
    np.testing.assert_allclose(tastes, mixed)


def test_choices_follow_tastes(sim, frame):
    """The chi-square statistic of all first steps against the customers' own tastes."""
    steps = first_steps(frame)
    expected = expected_counts(sim.truth, steps)
    seen = steps["item"].value_counts().reindex(sim.truth.items, fill_value=0).to_numpy()
    statistic = ((seen - expected) ** 2 / expected).sum()
    degrees = len(sim.truth.items) - 1
    assert abs(statistic - degrees) < 5 * np.sqrt(2 * degrees)


@pytest.mark.parametrize("kind", ["purchase", "click"])
def test_every_kind_shows_the_same_tastes(sim, frame, kind):
    rows = frame[frame["event"] == kind]
    expected = expected_counts(sim.truth, rows)
    seen = rows["item"].value_counts().reindex(sim.truth.items, fill_value=0).to_numpy()
    statistic = ((seen - expected) ** 2 / expected).sum()
    degrees = len(sim.truth.items) - 1
    assert abs(statistic - degrees) < 6 * np.sqrt(2 * degrees)


@pytest.mark.parametrize(
    "weights", [(0.3, 0.3, 0.4), (0.7, 0.2, 0.1), (0.1, 0.1, 0.8), (0.2, 0.8, 0.0)]
)
@pytest.mark.parametrize("seed", [1, 2])
def test_weights_are_recovered(weights, seed):
    sim = simulate(1000, weights=weights, rng=seed)
    frame = sim.log.to_pandas().merge(sim.truth.customers, on="customer")
    found = expectation_maximisation(level_odds(sim.truth, first_steps(frame)))
    np.testing.assert_allclose(found, weights, atol=0.02)


def test_pure_levels():
    own = simulate(100, weights=(0.0, 0.0, 1.0), change=0.0, rng=1)
    assert own.log.to_pandas().groupby("customer")["item"].nunique().max() <= 8
    shared = simulate(100, weights=(1.0, 0.0, 0.0), rng=1)
    np.testing.assert_allclose(shared.truth.tastes(), np.tile(shared.truth.everyone, (100, 1)))


def test_change_of_interests(sim, frame):
    truth = sim.truth
    customers = truth.customers
    changed = customers[customers["changed_at"].notna()]
    assert len(changed) == 200
    assert (changed["changed_at"] > changed["joined_at"]).all()
    for now, then, share in ((0, 1, "before"), (1, 0, "after")):
        rows = first_steps(frame[frame["changed_at"].notna()])
        started = rows.groupby("basket")["time"].transform("min")
        late = started >= rows["changed_at"]
        rows = rows[late if share == "after" else ~late]
        place = np.searchsorted(customers["customer"], rows["customer"])
        item = np.searchsorted(truth.items, rows["item"])
        hit = [(truth.own_items[place, when] == item[:, None]).any(axis=1) for when in (now, then)]
        assert hit[0].mean() > 0.4
        assert hit[1].mean() < 0.1
    one = changed.iloc[[0]]
    moment = one["changed_at"].iloc[0]
    earlier = truth.level("own", one["customer"], at=moment - pd.Timedelta("1us"))
    later = truth.level("own", one["customer"], at=moment)
    assert not (earlier * later).any()
    np.testing.assert_array_equal(later, truth.level("own", one["customer"]))


def test_who_does_not_change_keeps_their_repertoire(sim):
    stays = sim.truth.customers["changed_at"].isna().to_numpy()
    np.testing.assert_array_equal(sim.truth.own_items[stays, 0], sim.truth.own_items[stays, 1])


def test_devices(sim, frame):
    devices = sim.truth.devices
    users = devices.groupby("device")["customer"].nunique()
    assert set(devices.loc[devices["shared"], "device"]) == set(users[users > 1].index)
    assert (users > 1).sum() == 100
    assert users.max() == 3
    assert devices["owner"].sum() == 2000
    owners = devices[devices["owner"]].set_index("customer")["device"]
    named = sim.truth.customers.set_index("customer")["device"]
    pd.testing.assert_series_equal(owners.sort_index(), named, check_names=False)
    assert (frame["device"].isna() == (frame["channel"] == "store")).all()
    seen = frame.loc[frame["device"].notna(), ["device", "customer"]].drop_duplicates()
    known = devices[["device", "customer"]]
    assert len(seen.merge(known)) == len(seen)
    guests = frame[frame["customer"].isin(devices.loc[~devices["owner"], "customer"])]
    guests = guests[guests["device"].notna()].drop_duplicates("basket")
    assert (guests["device"] != guests["device_own"]).mean() == pytest.approx(0.5, abs=0.05)


def test_facts_are_tied_to_segments_as_the_truth_says(sim):
    truth = sim.truth
    customers = truth.customers
    for (fact, segment), rows in truth.facts.groupby(["fact", "segment"]):
        members = customers[customers["segment"] == segment]
        seen = members[fact].value_counts(normalize=True)
        gap = (rows.set_index("value")["share"] - seen).abs().max()
        assert gap < 4 * np.sqrt(0.25 / len(members))
    region = truth.facts[truth.facts["fact"] == "region"]
    assert (region.groupby("value")["share"].nunique() == 1).all()
    assert len(sim.log.facts) == 3 * customers["stated"].sum()


def test_hours_follow_the_rhythm_of_the_segment(sim, frame):
    visits = frame.drop_duplicates("basket")
    local = visits["time"].dt.tz_convert("Europe/Berlin")
    hour = local.dt.day_of_week * 24 + local.dt.hour
    for s, segment in enumerate(sim.truth.segments):
        mine = hour[visits["segment"] == segment]
        expected = sim.truth.rhythms[s] * len(mine)
        statistic = ((np.bincount(mine, minlength=168) - expected) ** 2 / expected).sum()
        assert abs(statistic - 167) < 5 * np.sqrt(2 * 167)
    clocks = sim.log.events.array("local")
    assert set(np.unique(clocks)) == {3600, 7200}


def test_nobody_acts_before_joining_or_after_leaving(frame):
    started = frame.groupby("basket")["time"].transform("min")
    assert (started >= frame["joined_at"]).all()
    assert not (started >= frame["left_at"]).any()
    assert frame["time"].is_monotonic_increasing


def test_visits_are_as_many_as_asked_for():
    sim = simulate(3000, visits=12.0, rng=2)
    customers = sim.truth.customers
    assert customers["visits"].mean() == pytest.approx(12, rel=0.05)
    end = pd.Timestamp("2026-01-01", tz="Europe/Berlin")
    stayed = customers["left_at"].fillna(end) - customers["joined_at"]
    expected = (customers["visits"] * stayed.dt.total_seconds() / (365 * 86400)).sum()
    assert sim.log.to_pandas()["basket"].nunique() == pytest.approx(expected, rel=0.02)


@settings(max_examples=25)
@given(
    customers=st.integers(1, 30),
    days=st.integers(7, 400),
    items=st.integers(2, 40),
    segments=st.integers(1, 7),
    channels=st.sampled_from([("web",), ("store",), ("email",), ("kiosk", "email", "store")]),
    change=st.sampled_from([0.0, 0.3, 1.0]),
    shared=st.sampled_from([0.0, 0.1, 0.5]),
    seed=st.integers(0, 99),
)
def test_any_settings_make_a_sound_log(
    customers, days, items, segments, channels, change, shared, seed
):
    sim = simulate(
        customers,
        days=days,
        items=items,
        categories=min(8, items),
        segments=segments,
        channels=channels,
        change=change,
        shared_devices=shared,
        rng=seed,
    )
    np.testing.assert_allclose(sim.truth.tastes().sum(axis=1), 1.0)
    assert len(sim.truth.customers) == customers
    assert sim.truth.customers["changed_at"].notna().sum() == round(change * customers)
    frame = sim.log.to_pandas()
    assert set(frame["channel"]) <= set(channels)
    assert set(frame["item"]) <= set(sim.catalog.items)
    assert set(frame["customer"]) <= set(sim.truth.customers["customer"])
    assert repr(sim).startswith("Simulation")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"customers": 0}, "customers"),
        ({"days": 3}, "days"),
        ({"items": 1}, "items"),
        ({"items": 5, "categories": 6}, "categories"),
        ({"segments": 0}, "segments"),
        ({"channels": "web"}, "channels"),
        ({"channels": ()}, "channels"),
        ({"channels": ("web", "web")}, "channels"),
        ({"weights": (0.5, 0.5)}, "weights"),
        ({"weights": (0.5, 0.6, -0.1)}, "weights"),
        ({"weights": (0.5, 0.5, 0.5)}, "weights"),
        ({"visits": 0}, "visits"),
        ({"visits": "many"}, "visits"),
        ({"change": 1.1}, "change"),
        ({"shared_devices": 0.6}, "shared_devices"),
        ({"fact_strength": -1}, "fact_strength"),
        ({"start": "soon"}, "start"),
        ({"zone": "Mars"}, "zone"),
        ({"rng": -1}, "rng"),
    ],
)
def test_refusals_name_the_argument(arguments, says):
    with pytest.raises(ArgumentError, match=says):
        simulate(**arguments)


def test_truth_is_a_value(sim):
    truth = sim.truth
    with pytest.raises(ValueError, match="read-only"):
        truth.everyone[0] = 1
    with pytest.raises(TypeError):
        truth.weights["own"] = 1.0
    mine = truth.customers
    mine["segment"] = "changed"
    assert "changed" not in set(truth.customers["segment"])
    with pytest.raises(UnknownCustomer, match="nobody"):
        truth.tastes(["nobody"])
    with pytest.raises(ArgumentError, match="everyone"):
        truth.level("mine")
    assert truth.tastes([]).shape == (0, len(truth.items))


def first_steps(frame: pd.DataFrame) -> pd.DataFrame:
    """The step with which each item considered comes in: an open, a view, a sale in the store."""
    mailed = frame["basket"].isin(frame.loc[frame["event"] == "open", "basket"])
    first = (
        (frame["event"] == "open")
        | ((frame["event"] == "view") & ~mailed)
        | ((frame["event"] == "purchase") & (frame["channel"] == "store"))
    )
    return frame[first]


def level_odds(truth: Truth, steps: pd.DataFrame) -> np.ndarray:
    """Probability (steps, 3) of each step's item in each level, as of its visit."""
    customers = truth.customers
    place = np.searchsorted(customers["customer"], steps["customer"])
    item = np.searchsorted(truth.items, steps["item"])
    segment = np.searchsorted(np.array(truth.segments), steps["segment"])
    started = steps.groupby("basket")["time"].transform("min")
    when = (started >= steps["changed_at"]).to_numpy().astype(int)
    mine = truth.own_items[place, when] == item[:, None]
    own = (mine * truth.own_shares[place, when]).sum(axis=1)
    return np.stack([truth.everyone[item], truth.segment[segment, item], own], axis=1)


def expectation_maximisation(odds: np.ndarray) -> np.ndarray:
    weights = np.full(3, 1 / 3)
    for _ in range(300):
        parts = odds * weights
        weights = (parts / parts.sum(axis=1, keepdims=True)).mean(axis=0)
    return weights


def expected_counts(truth: Truth, rows: pd.DataFrame) -> np.ndarray:
    """How often each item should occur, given who the rows are of, and when."""
    started = rows.groupby("basket")["time"].transform("min")
    late = started >= rows["changed_at"]
    total = np.zeros(len(truth.items))
    for after, at in ((False, "1990-01-01"), (True, None)):
        counts = rows.loc[late == after, "customer"].value_counts()
        total += counts.to_numpy() @ truth.tastes(counts.index, at=at)
    return total
