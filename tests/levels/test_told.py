from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given

import onefold as of
from onefold.levels import Due
from onefold.levels.due import Cells
from onefold.levels.told import deeds
from tests.levels.plain import TARGET, choices_of, few, items_of, log_of, shops


def fitted(profiles: of.Profiles, choices: Any) -> Any:
    return Due().fit(choices, as_of=profiles.as_of, rng=np.random.default_rng(0))


def returning(customers: int = 300) -> of.Profiles:
    """All buy two things in a visit; the one they send back is not bought in the next visit."""
    rows, rng = [], np.random.default_rng(1)
    for k in range(customers):
        who, mine = f"c{k:03d}", list("abcdef")
        for week in range(8):
            hour = 24 * 7 * week + k % 24
            chosen = [mine[i] for i in rng.choice(len(mine), 2, replace=False)]
            rows += [(who, hour, TARGET, item, None) for item in chosen]
            if week % 2 == k % 2:
                rows.append((who, hour + 24, "return", chosen[0], None))
                mine.remove(chosen[0])
            mine += [i for i in "abcdef" if i not in mine and week % 3 == 2]
    return of.fold(log_of(rows))


def test_what_was_sent_back_is_less_likely() -> None:
    profiles = returning()
    choices = choices_of(profiles, items_of(profiles))
    level = fitted(profiles, choices)
    assert level.told.kinds == ("return",)
    cells = Cells.of(choices)
    with_it = level.hazard(cells, choices)
    without = level.hazard(cells, attrs.evolve(choices, target=None))
    done = deeds(choices, ("return",), row=cells.row, item=cells.item, chosen=cells.since)
    after = done[:, 2] > 0
    lately = after & (cells.since < 8)
    assert lately.sum() > 30
    assert (with_it[lately] < 0.5 * without[lately]).mean() > 0.95
    assert np.array_equal(with_it[done[:, 0] == 0], without[done[:, 0] == 0])


def test_with_one_kind_of_event_nothing_is_added() -> None:
    profiles = of.fold(of.datasets.simulate(120, days=120, items=20, rng=2).log)
    choices = choices_of(profiles, items_of(profiles))
    alone = fitted(profiles, attrs.evolve(choices, target=None))  # as if there were no others
    assert alone.told is None
    both = fitted(profiles, choices)
    assert both.told is not None
    assert len(both.weights) == len(alone.weights) == len(both.mean) + 1
    cells = Cells.of(choices)
    native = both.hazard(cells, attrs.evolve(choices, history=profiles.history.where(TARGET)))
    added = both.told.said(choices, row=cells.row, item=cells.item, chosen=cells.since)
    none = both.told.said(
        attrs.evolve(choices, target=None), row=cells.row, item=cells.item, chosen=cells.since
    )
    odds = np.log(native / (1 - native)) + added - none
    assert both.hazard(cells, choices) == pytest.approx(1 / (1 + np.exp(-odds)))


@few
@given(shops())
def test_deeds_since_the_last_choice(profiles: of.Profiles) -> None:
    items = items_of(profiles)
    choices = choices_of(profiles, items)
    cells = Cells.of(choices)
    found = deeds(choices, ("view",), row=cells.row, item=cells.item, chosen=cells.since)
    people = list(profiles)
    for at, (row, item) in enumerate(zip(cells.row, cells.item, strict=True)):
        views, last = [], None
        for event in people[row].events().itertuples(index=False):
            if event.item == items[int(item)]:
                if event.event == TARGET:
                    last = event.time
                else:
                    views.append(event.time)
        assert (found[at, 0] > 0) == (found[at, 1] > 0) == bool(views)
        if views and last is not None:
            start = cells.since[at]
            now = choices.moments[row]
            days = [(now - v.tz_localize(None).to_datetime64()).astype(int) / 864e8 for v in views]
            assert (found[at, 2] > 0) == (min(days) < start)
            assert found[at, 3] == pytest.approx(found[at, 2] * found[at, 1])
