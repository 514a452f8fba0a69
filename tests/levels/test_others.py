from collections import defaultdict
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import onefold as of
from onefold.levels.others import Deeds, Others, recency
from tests.levels.plain import HOURS, TARGET, choices_of, few, items_of, log_of, shops, stamp


def seen_by(profile: of.Profile, items: Any, until: Any) -> list[tuple[Any, str]]:
    """Time and item of each event of another kind, before a moment, oldest first."""
    rows = profile.events().itertuples(index=False)
    return [
        (row.time, row.item)
        for row in rows
        if row.event != TARGET and isinstance(row.item, str) and row.item in items
        if row.time < until
    ]


@few
@given(shops(), st.sampled_from(HOURS), st.data())
def test_other_events_by_hand(profiles: of.Profiles, hours: int, data: st.DataObject) -> None:
    items = items_of(profiles)
    start = profiles.as_of - np.timedelta64(1, "us") - np.timedelta64(hours, "h")  # at an event's
    rows = data.draw(st.lists(st.integers(0, len(profiles) - 1), max_size=4))
    choices = choices_of(profiles, items).before(start).take(np.array(rows, dtype=np.int64))
    found = Others.of(choices)
    told = zip(found.row.tolist(), found.time, found.item, strict=True)
    people = list(profiles)
    expected = [
        (i, time, item)
        for i, row in enumerate(rows)
        for time, item in seen_by(people[row], items, stamp(start))
    ]
    key = [(i, t, w) for i, t, w in sorted(expected)]
    assert sorted((i, stamp(t), items[int(c)]) for i, t, c in told) == key
    assert (np.diff(found.row) >= 0).all()


@few
@given(shops())
def test_deeds_by_hand(profiles: of.Profiles) -> None:
    items = items_of(profiles)
    choices = choices_of(profiles, items)
    found = Deeds.of(Others.of(choices, kinds=["view", "nothing"]), choices)
    now = stamp(profiles.as_of)
    expected: dict[Any, list[float]] = defaultdict(list)
    for i, profile in enumerate(profiles):
        for time, item in seen_by(profile, items, now):
            expected[i, items.code(item)].append((now - time).total_seconds() / 86400)
    assert list(zip(found.row.tolist(), found.item.tolist(), strict=True)) == sorted(expected)
    for at, key in enumerate(sorted(expected)):
        days = expected[key]
        assert found.count[at].tolist() == [len(days), 0]
        assert found.week[at, 0] == pytest.approx(sum(2 ** (-d / 7) for d in days))
        assert found.month[at, 0] == pytest.approx(sum(2 ** (-d / 30) for d in days))
        assert found.since[at].tolist() == pytest.approx([min(days), np.inf])
        assert found.at(np.array([key[0]]), np.array([key[1]]), width=len(items)) == [at]
    assert found.at(np.array([99]), np.array([0]), width=len(items)) == [-1]


def test_the_target_and_what_is_not_wanted_are_left_out() -> None:
    rows = [("a", h, kind, "tea", None) for h, kind in enumerate([TARGET, "view", "cart", "x"])]
    profiles = of.fold(log_of(rows))
    choices = choices_of(profiles, items_of(profiles))
    assert Others.of(choices).kinds == ("cart", "view", "x")
    some = Others.of(choices, kinds=["view", TARGET, "gone", "x"])
    assert some.kinds == ("view", "gone", "x")
    assert some.kind.tolist() == [0, 2]
    late = Others.of(choices).since(pd.Timestamp("2024-03-30 02:00").to_datetime64())
    assert [late.kinds[k] for k in late.kind] == ["cart", "x"]


def test_an_event_at_the_moment_has_not_happened_yet() -> None:
    rows = [("a", 0, TARGET, "tea", None), ("a", 5, "view", "tea", None)]
    profiles = of.fold(log_of(rows))
    choices = choices_of(profiles, items_of(profiles))
    moment = pd.Timestamp("2024-03-30 05:00").to_datetime64().astype("datetime64[us]")
    tick = np.timedelta64(1, "us")
    seen = [len(Others.of(choices.before(t)).row) for t in (moment, moment + tick)]
    assert seen == [0, 1]


def test_recency_falls_from_now_to_never() -> None:
    found = recency(np.array([0.0, 1.0, 7.0, 300.0, np.inf]))
    assert (np.diff(found) < 0).all()
    assert found[[0, -1]] == pytest.approx([np.log(8), 0])
