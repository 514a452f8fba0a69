"""Who bought later must not be known from who is who: identity as of a time leaks nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onefold import fold, traits
from onefold.datasets.leak import T, area, auc, foretold, identity_leak
from onefold.identity import resolve

VIEWS = [traits.Count("view", name="views")]


@pytest.fixture(scope="module")
def areas():
    """Area under the curve with an interval: of today's map, and as of the time."""
    sim = identity_leak(3000, rng=1)
    today = resolve(sim.log)
    ways = {
        "today": (today, fold(today.applied(sim.log), VIEWS, as_of=T)),
        "then": (today.at(T), fold(sim.log, VIEWS, identities=today, as_of=T)),
    }
    out = {}
    for name, (then, profiles) in ways.items():
        rows = foretold(sim, then, today)
        views = profiles.to_pandas()["views"].reindex(rows.customer).to_numpy()
        assert not np.isnan(views).any()
        out[name] = auc(views, rows.buys, rows.person, rng=np.random.default_rng(1))
    return out


def test_todays_map_foretells_what_nothing_foretells(areas):
    estimate, low, high = areas["today"]
    assert 0.65 < low < estimate < high


def test_as_of_the_time_nothing_is_foretold(areas):
    estimate, low, high = areas["then"]
    assert abs(estimate - 0.5) < 0.02
    assert low < 0.5 < high


def test_the_truth_is_independent():
    # Of a person's own views, whoever buys: the coin knows nothing of them.
    sim = identity_leak(3000, rng=2)
    told = sim.frame.assign(person=sim.truth.events["person"])
    views = told[(told["event"] == "view")].groupby("person").size()
    bought = views.index.isin(told[told["event"] == "purchase"]["person"])
    _, low, high = auc(
        views.to_numpy(float), bought, np.arange(len(views)), rng=np.random.default_rng(1)
    )
    assert low < 0.5 < high
    assert (told.loc[told["event"] == "view", "time"].dt.tz_localize(None) < T).all()


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1))
def test_area_is_the_share_of_pairs_in_order(rows):
    score, label = map(np.array, zip(*rows, strict=True))
    yes, no = score[label], score[~label]
    if not len(yes) or not len(no):
        return
    pairs = (yes[:, None] > no).mean() + (yes[:, None] == no).mean() / 2
    assert area(score.astype(float), label) == pytest.approx(pairs)


def test_profiles_of_earlier_know_who_was_who():
    sim = identity_leak(200, rng=1)
    profiles = fold(sim.log, VIEWS, identities=resolve(sim.log))
    assert len(profiles.at(T)) == len(fold(sim.log, VIEWS, identities=resolve(sim.log), as_of=T))
