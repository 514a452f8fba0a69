import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import onefold as of
from onefold.levels import Everyone
from tests.levels.plain import as_shares, choices_of, everyone, few, items_of, near, shops


@few
@given(shops(), st.sampled_from([0.5, 14, 1000]), st.integers(0, 1))
def test_everyone_is_decayed_popularity(
    profiles: of.Profiles, half_life: float, unknown: int
) -> None:
    items = items_of(profiles, without=unknown)
    level = Everyone(f"{half_life}D").fit(
        choices_of(profiles, items), as_of=profiles.as_of, rng=None
    )
    assert near(as_shares(level.shared(None), items), everyone(profiles, items, half_life))
    assert level.shared("anybody").tolist() == level.shared(None).tolist()


def test_what_was_chosen_long_ago_is_rare_but_not_impossible() -> None:
    log = of.EventLog.from_events(
        [
            of.Event("ann", "purchase", "1990-01-01", item="old"),
            of.Event("ann", "purchase", "2024-01-01", item="new"),
        ]
    )
    profiles = of.fold(log, as_of="2024-01-02")
    items = items_of(profiles)
    level = Everyone("1h").fit(choices_of(profiles, items), as_of=profiles.as_of, rng=None)
    new, old = level.shared(None)
    assert new == 1
    assert 0 < old < 1e-250


def test_where_nobody_chose_anything_there_is_no_distribution() -> None:
    profiles = of.fold(of.EventLog.from_events([of.Event("ann", "view", "2024-01-01", item="tea")]))
    level = Everyone().fit(choices_of(profiles, items_of(profiles)), as_of=profiles.as_of, rng=None)
    assert level.shared(None).tolist() == np.zeros(0).tolist()
