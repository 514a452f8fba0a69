import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import onefold as of
from onefold.levels import Everyone, Noticed
from onefold.levels.noticed import _shares
from tests.levels.plain import TARGET, choices_of, few, items_of, log_of, shops

RNG = np.random.default_rng(0)


@few
@given(shops(), st.sampled_from(["1D", "30D"]))
def test_it_is_a_distribution_over_what_was_chosen(profiles: of.Profiles, half_life: str) -> None:
    choices = choices_of(profiles, items_of(profiles))
    said = Noticed(half_life).fit(choices, as_of=profiles.as_of, rng=RNG).shared(None)
    assert said.min() >= 0
    assert said.sum() == pytest.approx(1)


@few
@given(shops())
def test_with_one_kind_of_event_it_is_everyone(profiles: of.Profiles) -> None:
    rows = [
        (p.id, hour, TARGET, e.item, None)
        for p in profiles
        for hour, e in enumerate(p.events().itertuples(index=False))
        if isinstance(e.item, str)
    ]
    alone = of.fold(log_of(rows))
    choices = choices_of(alone, items_of(alone))
    mine = Noticed("7D").fit(choices, as_of=alone.as_of, rng=RNG).shared(None)
    assert mine == pytest.approx(
        Everyone("7D").fit(choices, as_of=alone.as_of, rng=RNG).shared(None)
    )


def test_a_kind_counts_as_far_as_it_foretells() -> None:
    """What is viewed today is bought tomorrow; what is opened is chance."""
    rows, rng = [], np.random.default_rng(2)
    for day in range(20):
        hot = rng.integers(0, 12)
        for k in range(40):
            rows.append((f"c{k}", 24 * day, "view", f"i{hot}", None))
            rows.append((f"c{k}", 24 * day, "open", f"i{rng.integers(0, 12)}", None))
            rows.append((f"c{k}", 24 * day + 20, TARGET, f"i{hot}", None))
    whole = of.fold(log_of(rows))
    profiles = whole.at(whole.as_of - np.timedelta64(10, "h"))  # what is bought today is not known
    items = items_of(profiles)
    level = Noticed("1D")
    said = level.fit(choices_of(profiles, items), as_of=profiles.as_of, rng=RNG).shared(None)
    assert items[int(said.argmax())] == f"i{hot}"


def test_shares_are_those_of_the_likeliest_mixture() -> None:
    p = np.array([[0.7, 0.2, 0.1], [0.1, 0.2, 0.7], [0.0, 0.0, 0.0]])
    chosen = 1000 * np.array([0.25, 0.75, 0.0]) @ p
    assert _shares(p, chosen) == pytest.approx([0.25, 0.75, 0], abs=1e-3)
    assert _shares(p, np.array([3.0, 0, 0])).tolist() == [1, 0, 0]  # too few to tell
