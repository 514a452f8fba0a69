from typing import Any

import attrs
import numpy as np
import pandas as pd
import pytest
from hypothesis import given

import onefold as of
from onefold.errors import ArgumentError
from onefold.levels import Considered, considered
from onefold.levels.considered import Pairs
from onefold.levels.others import Others
from tests.levels.plain import TARGET, choices_of, few, items_of, log_of, shops


def fit(profiles: of.Profiles, items: Any = None) -> tuple[Any, Any]:
    choices = choices_of(profiles, items_of(profiles) if items is None else items)
    rng = np.random.default_rng(0)
    return Considered().fit(choices, as_of=profiles.as_of, rng=rng), choices


@few
@given(shops())
def test_pairs_are_what_was_not_chosen_since(profiles: of.Profiles) -> None:
    items = items_of(profiles)
    choices = choices_of(profiles, items)
    found = Pairs.of(choices, ("view",))
    expected = []
    for i, profile in enumerate(profiles):
        held = profile.events()
        for item in sorted(held["item"].dropna().unique().tolist()):
            if item not in items:
                continue
            events = held[held["item"] == item]
            bought = [start_of(held, e) for e in events[events["event"] == TARGET].itertuples()]
            last = max(bought, default=pd.Timestamp(0, tz="UTC"))
            views = events[(events["event"] == "view") & (events["time"] > last)]
            if len(views):
                days = (held["time"].max() - views["time"].max()).days
                expected.append((i, item, len(views), bool(bought), days >= 0))
    told = zip(found.row, found.item, found.deeds.count[:, 0], found.before, strict=True)
    assert [(r, items[int(c)], n, b) for r, c, n, b in told] == [e[:4] for e in expected]


@few
@given(shops())
def test_before_each_visit_is_what_was_known_at_its_start(profiles: of.Profiles) -> None:
    items = items_of(profiles)
    choices = choices_of(profiles, items)
    visits = np.unique(choices.visit)
    found = considered._before(choices, visits)
    assert len(found) == len(visits)
    other = Others.of(found)
    for i, visit in enumerate(visits):
        at = np.searchsorted(choices.visit, visit)
        same = (choices.row == choices.row[at]) & (choices.visit < visit)
        here = slice(found.offsets[i], found.offsets[i + 1])
        assert found.item[here].tolist() == choices.item[same].tolist()
        assert found.moments[i] == choices.time[at]
        assert (other.time[other.row == i] < choices.time[at]).all()


def start_of(held: pd.DataFrame, event: Any) -> Any:
    """When the visit of a purchase began."""
    same = held["event"] == TARGET
    if isinstance(event.basket, str):
        return held[same & (held["basket"] == event.basket)]["time"].min()
    return event.time


def test_active_days_since() -> None:
    rows = [("a", 24 * d, "view", item, None) for d, item in enumerate(["tea", "x", "x", "jam"])]
    rows += [("b", 100, TARGET, item, None) for item in ("tea", "x", "jam")]
    profiles = of.fold(log_of(rows))
    items = items_of(profiles)
    found = Pairs.of(choices_of(profiles, items), ("view",))
    days = {items[int(i)]: d for i, d in zip(found.item, found.days, strict=True)}
    assert days == {"jam": 0, "x": 1, "tea": 3}


def looking(customers: int = 200) -> of.Profiles:
    """Every week one views three things; the last one is carted, and bought some days after."""
    rows, rng = [], np.random.default_rng(4)
    for k in range(customers):
        for week in range(6):
            hour, seen = 24 * 7 * week + k % 20, rng.choice(20, 3, replace=False)
            rows += [(f"c{k}", hour + i, "view", f"i{x:02d}", None) for i, x in enumerate(seen)]
            rows.append((f"c{k}", hour + 3, "cart", f"i{seen[2]:02d}", None))
            late = 24 * int(rng.choice([1, 5]))
            rows.append((f"c{k}", hour + late, TARGET, f"i{seen[2]:02d}", None))
    return of.fold(log_of(rows))


def test_a_click_is_known_at_once() -> None:
    whole = looking()
    profiles = whole.at(whole.as_of - np.timedelta64(60, "h"))
    levels = (of.levels.Everyone(), Considered())
    scorer = of.Scorer(levels=levels, segments=None).fit(profiles, rng=0)
    who = profiles["c7"]
    item = next(i for i in scorer.items if i not in set(who.events()["item"]))
    now = pd.Timestamp(profiles.as_of, tz="UTC") + pd.Timedelta("5min")
    after = who.after(of.Event("c7", "cart", now, item=item))
    assert scorer.score(after, [item])[0] > 3 * scorer.score(who, [item])[0]
    assert scorer.rank(after, n=1).of(0) == [item]
    why = scorer.explain(after, item).to_pandas().set_index("level")["because"]
    assert why["considered"] == "it was put in the cart once, last less than a day ago"


def test_few_chosen_of_what_was_considered_say_nothing() -> None:
    profiles = looking()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(considered, "SHARE", 1.1)
        assert fit(profiles)[0].silent
    assert not fit(profiles)[0].silent


def test_the_cart_tells_more_than_the_view() -> None:
    whole = looking()
    profiles = whole.at(whole.as_of - np.timedelta64(48, "h"))  # carts of the last week are open
    level, choices = fit(profiles)
    pairs = Pairs.of(choices, level.kinds)
    hazard, cart = level.hazard(pairs), pairs.deeds.count[:, level.kinds.index("cart")] > 0
    assert cart.sum() > 10
    assert np.median(hazard[cart]) > 5 * np.median(hazard[~cart])
    own = level.own(choices).toarray()
    assert own.sum(axis=1)[pairs.row[cart]] == pytest.approx(1)
    best = own[pairs.row[cart]].argmax(axis=1)
    assert (best == pairs.item[cart]).mean() > 0.9
    said = level.because(choices, pairs.row[cart][:1], pairs.item[cart][:1])
    assert "put in the cart once" in said[0]


@few
@given(shops())
def test_rows_are_of_considered_items_or_empty(profiles: of.Profiles) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(considered, "LEAST", 1)
        patch.setattr(considered, "SHARE", 0.0)
        level, choices = fit(profiles)
    own = level.own(choices)
    total = np.asarray(own.sum(axis=1)).ravel()
    assert ((np.abs(total - 1) < 1e-9) | (total == 0)).all()
    assert (own.data > 0).all()
    pairs = Pairs.of(choices, level.kinds)
    held = set(zip(pairs.row.tolist(), pairs.item.tolist(), strict=True))
    assert set(zip(*(a.tolist() for a in own.nonzero()), strict=True)) <= held


def test_other_names_of_items_change_nothing() -> None:
    data = of.datasets.simulate(150, days=120, items=15, rng=6)
    frame = data.log.to_pandas().dropna(subset=["item"])
    said = []
    for names in (lambda i: i, lambda i: f"z{999 - int(i[1:])}"):
        log = of.EventLog.from_frame(
            frame.assign(item=frame["item"].map(names)),
            customer="customer",
            time="time",
            event="event",
            item="item",
        )
        profiles = of.fold(log)
        items = items_of(profiles)
        level, choices = fit(profiles, items)
        assert not level.silent
        own = pd.DataFrame(level.own(choices).toarray(), columns=list(items), index=profiles.ids)
        said.append(own)
    back = said[1].rename(columns=lambda i: f"i{999 - int(i[1:]):02d}")[said[0].columns]
    assert np.allclose(said[0], back, atol=1e-5)


def test_with_one_kind_of_event_there_is_nothing_to_say() -> None:
    data = of.datasets.simulate(250, days=150, items=20, rng=6)
    frame = data.log.to_pandas()
    frame = frame[frame["event"] == TARGET]
    log = of.EventLog.from_frame(
        frame, customer="customer", time="time", event="event", item="item", basket="basket"
    )
    profiles = of.fold(log)
    level, choices = fit(profiles)
    assert level.silent
    assert level.own(choices).nnz == 0
    levels = [v for v in of.levels.LEVELS if not isinstance(v, Considered)]
    settings = of.Scorer(segments=None, levels=[v for v in levels if v.name != "persona"])
    without = settings.fit(profiles, rng=0)
    more = attrs.evolve(settings, levels=(*settings.levels, Considered())).fit(profiles, rng=0)
    assert np.allclose(without.weights, more.weights[:, :-1], atol=1e-6)
    assert np.allclose(without.dense(profiles), more.dense(profiles), rtol=1e-3, atol=1e-9)


@pytest.mark.parametrize("name", ["prior", "ridge", "customers"])
def test_settings_are_checked(name: str) -> None:
    with pytest.raises(ArgumentError, match=f"Considered: {name}"):
        Considered(**{name: 0})
