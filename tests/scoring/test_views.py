import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onefold as of
from onefold.levels import LEVELS
from onefold.scoring.views import foresight
from tests.levels.plain import shops
from tests.scoring.shops import Next, Parity, fitted, simulated


@settings(max_examples=20)
@given(shops(least=4), st.integers(0, 100))
def test_foresight_is_the_probability_by_each_level(profiles: of.Profiles, seed: int) -> None:
    """A row of the dense probabilities of each level alone, item by item."""
    wanted = of.Scorer(segments=Parity(), levels=(*LEVELS, Next()), minimum=2)
    scorer = wanted.fit(profiles, rng=1)
    choices = scorer.groups.choices(profiles.table, scorer.items, "purchase")
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, len(profiles), 20)
    items = rng.integers(0, len(scorer.items), 20).astype(np.int32)
    found = foresight(scorer.views, choices, rows, items)
    for at in range(len(scorer.views.names)):
        alone = np.zeros_like(scorer.weights)
        alone[:, at] = 1
        dense = scorer.dense(profiles, weights=alone)
        assert dense.sum(axis=1) == pytest.approx(1)
        assert found[:, at] == pytest.approx(dense[rows, items], abs=1e-12)


def test_what_own_levels_pass_down_goes_to_everyone() -> None:
    scorer, profiles = fitted(), simulated()
    new = profiles.new("nobody").table
    choices = scorer.groups.choices(new, scorer.items, "purchase")
    views = scorer.views
    passed = views.passed_down(choices, scorer.weights[:1])
    own = list(views.fitted)
    assert passed[0, own].tolist() == [0] * len(own)
    assert passed.sum() == pytest.approx(1)
    expected = scorer.weights[0, [views.everyone, *own]].sum()
    assert passed[0, views.everyone] == pytest.approx(expected)


def test_levels_see_no_event_at_or_after_the_moment() -> None:
    seen: list = []

    class Spy(Next):
        def fit(self, history, *, as_of, rng):
            seen.append((as_of, max(history.history.time.max(), history.time.max()) < as_of))
            return self

    scorer = of.Scorer(levels=(*LEVELS, Spy())).fit(simulated(), rng=1)
    assert seen == [(scorer.part.start, True), (scorer.as_of, True)]


def test_segments_see_no_event_at_or_after_the_moment() -> None:
    """Nor do personas, which are portraits of these segments."""
    seen: list = []

    class Spy(Parity):
        def fit(self, table, *, rng):
            seen.append((table.as_of.max(), table.history.time.max() < table.as_of.max()))
            return self

    scorer = of.Scorer(segments=Spy()).fit(simulated(), rng=1)
    assert seen == [(scorer.part.start, True), (scorer.as_of, True)]
