from collections import defaultdict

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import onefold as of
from onefold.levels import Everyone, Segment
from tests.levels.plain import (
    aged,
    all_visits,
    as_shares,
    choices_of,
    everyone,
    few,
    items_of,
    near,
    shops,
    stamp,
)


@few
@given(shops(), st.lists(st.integers(-1, 1), min_size=12, max_size=12), st.sampled_from([1.0, 500]))
def test_segments_are_shrunk_to_everyone(
    profiles: of.Profiles, drawn: list[int], shrink: float
) -> None:
    items, group = items_of(profiles), dict(zip(profiles.ids, drawn, strict=False))
    level = Segment("3D", shrink=shrink, base=Everyone("5D")).fit(
        choices_of(
            profiles,
            items,
            groups={"segment": np.array(list(group.values()), dtype=np.int32)},
            names={"segment": ("a", "b")},
        ),
        as_of=profiles.as_of,
        rng=None,
    )
    base = everyone(profiles, items, 5)
    for code, name in enumerate(("a", "b")):
        counts = defaultdict(float, {item: shrink * p for item, p in base.items()})
        for who, visits in all_visits(profiles, items).items():
            for start, chosen in visits if group[who] == code else []:
                for item in chosen:
                    counts[item] += aged(stamp(profiles.as_of), start, 3)
        total = sum(counts.values())
        expected = {item: c / total for item, c in counts.items()}
        assert near(as_shares(level.shared(name), items), expected)
    assert near(as_shares(level.shared(None), items), base)


def test_without_segments_everybody_is_everyone() -> None:
    log = of.EventLog.from_events([of.Event("ann", "purchase", "2024-01-01", item="tea")])
    profiles = of.fold(log)
    level = Segment().fit(choices_of(profiles, items_of(profiles)), as_of=profiles.as_of, rng=None)
    assert level.shared(None).tolist() == [1]
