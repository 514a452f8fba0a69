"""Lists within limits: by brute force over all probabilities, customer after customer."""

import functools
import math
from unittest import mock

import attrs
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onefold as of
from onefold import did
from onefold.levels import LEVELS, Everyone, Individual, Neighbours
from onefold.scoring import Calibration
from onefold.scoring import fitted as fitted_module
from onefold.scoring import lists as module
from onefold.scoring import wanted as wanted_module
from onefold.scoring.choose import SMOOTH
from onefold.scoring.refine import Refinement
from tests.levels.plain import shops
from tests.scoring.shops import Even, Next, Parity, fitted, simulated
from tests.scoring.test_refine import refined
from tests.strategies import ITEMS

CATALOG = of.Catalog.from_frame(
    pd.DataFrame(
        {
            "item": ["tea", "jam", "oat", "rye"],  # one item is not in it
            "aisle": ["drinks", "spreads", "grain", "grain"],
            "brand": ["a", "a", "b", None],
            "until": pd.to_datetime([None, "2024-03-31", None, None]),
        }
    ),
    item="item",
    category="aisle",
    attributes=["brand"],
    valid_until="until",
    tz="UTC",
)
LOW = (Neighbours(buyers=1), *(level for level in LEVELS if level.name != "neighbours"))
SETTINGS = [
    of.Scorer(segments=Parity(), levels=LOW, minimum=2),
    of.Scorer(segments=None, levels=(Even(), Next())),
    of.Scorer(segments=None, levels=(Individual(decay=0), Everyone("1D"), Next())),
]
REFINED = Refinement(
    0, np.zeros(2), np.ones(2), np.array([0.3, 0.6]), np.array([0.2, 0.1, 0.7]), 0.1, 0.1
)
VIEWED, BOUGHT = did("view").any(), did("purchase").any()
CONDITIONS = {
    "viewed & ~bought": (
        VIEWED & ~BOUGHT,
        lambda kinds: kinds.get("view") and not kinds.get("purchase"),
    ),
    "bought": (BOUGHT, lambda kinds: kinds.get("purchase")),
    "twice": (did().count() >= 2, lambda kinds: sum(kinds.values()) >= 2),
}
ids = st.lists(st.sampled_from([*ITEMS, "unknown"]), max_size=4)
which = st.none() | ids | st.sampled_from(list(CONDITIONS))
limited = st.fixed_dictionaries(
    {
        "n": st.integers(1, 5),
        "among": which,
        "exclude": which,
        "repeats": st.booleans(),
        "at_most": st.none()
        | st.dictionaries(st.sampled_from(["category", "brand"]), st.integers(1, 2)),
        "new": st.integers(0, 2),
        "calibrate": st.none()
        | st.just("category")
        | st.builds(Calibration, st.just("brand"), weight=st.sampled_from([0.1, 0.9])),
        "stock": st.none() | st.dictionaries(st.sampled_from(ITEMS), st.integers(0, 3)),
    }
)


def asked(how):
    """The arguments of `rank`: conditions in place of their names."""
    held = {
        k: CONDITIONS[v][0] if isinstance(v, str) else v
        for k, v in how.items()
        if k in ("among", "exclude")
    }
    return how | held | {"new": min(how["new"], how["n"])}


class Shelf:
    """One customer's items with all that a limit may ask of them, in plain Python."""

    def __init__(self, scorer, profile, dense, how):
        self.how, self.p = how, dict(zip(scorer.items, dense.tolist(), strict=True))
        events = profile.events()
        self.kinds = {
            item: some["event"].value_counts().to_dict() for item, some in events.groupby("item")
        }
        there = scorer.catalog.available(scorer.items, profile.as_of)
        self.here = dict(zip(scorer.items, there.tolist(), strict=True))
        self.of = {
            by: dict(zip(CATALOG.items, CATALOG.column(column).decode(), strict=True))
            for by, column in (("category", "category"), ("brand", "brand"))
        }
        self.shares = self._shares(profile) if how["calibrate"] else None

    def had(self, item):
        return "purchase" in self.kinds.get(item, {})

    def match(self, named, item):
        if isinstance(named, str):
            return item in self.kinds and bool(CONDITIONS[named][1](self.kinds[item]))
        return item in named

    def candidates(self, left):
        how = self.how
        can = [
            i
            for i, p in self.p.items()
            if p > 0
            and self.here[i]
            and (how["among"] is None or self.match(how["among"], i))
            and (how["exclude"] is None or not self.match(how["exclude"], i))
            and (how["repeats"] or not self.had(i))
            and left.get(i, 1) > 0
        ]
        return sorted(can, key=lambda i: (-self.p[i], i))

    def open(self, listed, can):
        caps = [(self.of[by].get, most) for by, most in (self.how["at_most"] or {}).items()]

        def fits(i):
            for group, most in caps:
                if group(i) is not None and sum(group(j) == group(i) for j in listed) >= most:
                    return False
            old = sum(map(self.had, listed))
            return not self.had(i) or old < self.how["n"] - min(self.how["new"], self.how["n"])

        return [i for i in can if i not in listed and fits(i)]

    def _shares(self, profile):
        asked = self.how["calibrate"]
        self.asked = Calibration(asked) if isinstance(asked, str) else asked
        events = profile.events()
        bought = events[(events["event"] == "purchase") & events["item"].isin(list(self.p))]
        moment = pd.Timestamp(profile.as_of, tz="UTC")
        weights: dict = {}
        visits = events[events["event"] == "purchase"].copy()
        visits["visit"] = visits["basket"].where(
            visits["basket"].notna(), visits["time"].astype(str)
        )
        start = visits.groupby("visit")["time"].min()
        cells = {(visits.loc[k, "visit"], visits.loc[k, "item"]) for k in bought.index}
        for visit, item in cells:
            age = (moment - start[visit]) / pd.Timedelta("180D")
            group = self.of[self.asked.by].get(item)
            weights[group] = weights.get(group, 0) + 2**-age
        total = sum(weights.values())
        return {g: w / total for g, w in weights.items()}

    def worth(self, listed, item, can):
        if self.shares is None:
            return self.p[item]
        group, longer = self.of[self.asked.by].get, [*listed, item]
        apart = sum(
            p
            * math.log(
                p / ((1 - SMOOTH) * sum(group(i) == g for i in longer) / len(longer) + SMOOTH * p)
            )
            for g, p in self.shares.items()
        )
        best = sum(self.p[i] for i in can[: self.how["n"]])
        kept = sum(self.p[i] for i in longer) / best
        return (1 - self.asked.weight) * kept - self.asked.weight * apart


def check(scorer, profiles, how) -> of.Ranking:
    """Each list step by step, out of what those before have left."""
    ranked = scorer.rank(profiles, **asked(how))
    dense, left = scorer.dense(profiles), dict(how["stock"] or {})
    short = dict(zip(ranked.short["customer"], ranked.short["reason"], strict=True))
    scores = np.split(ranked.scores, ranked.offsets[1:-1])
    for i, profile in enumerate(profiles):
        shelf = Shelf(scorer, profile, dense[i], how)
        can = shelf.candidates(left)
        listed: list[str] = []
        for item, score in zip(ranked.of(profile.id), scores[i], strict=True):
            open_ = shelf.open(listed, can)
            assert item in open_
            worth = {j: shelf.worth(listed, j, can) for j in open_}
            if how["calibrate"]:
                assert worth[item] >= max(worth.values()) - 1e-9
            else:
                assert item == open_[0]
            assert score == shelf.p[item]
            listed.append(item)
        assert len(listed) == how["n"] or not shelf.open(listed, can)
        assert (profile.id in short) == (len(listed) < how["n"])
        for item in listed:
            if item in left:
                left[item] -= 1
    assert all(isinstance(said, str) and len(said) > 10 for said in short.values())
    return ranked


@settings(max_examples=25)
@given(shops(least=4), st.sampled_from(SETTINGS), st.booleans(), limited)
def test_lists_are_those_of_all_items(profiles, wanted, refined, how) -> None:
    profiles = of.Profiles(profiles.ledger, profiles.traits, CATALOG, profiles.as_of)
    scorer = wanted.fit(profiles, rng=1)
    if refined and len(scorer.views.names) == 2:
        scorer = attrs.evolve(scorer, refined=REFINED)
    ranked = check(scorer, profiles, how)
    first = mock.patch.object(wanted_module.Wanted, "first", 1)
    with first, mock.patch.object(module, "CELLS", 3):  # asked again and again, few at a time
        same(scorer.rank(profiles, **asked(how)), ranked)
    with mock.patch.object(fitted_module, "CHUNK", 2):
        same(scorer.rank(profiles, **asked(how)), ranked)
    if how["stock"] is None:
        lists = dict(ranked)
        short = dict(zip(ranked.short["customer"], ranked.short["reason"], strict=True))
        for profile in profiles:
            alone = scorer.rank(profile, **asked(how))
            assert alone.of() == lists[profile.id]
            assert alone.short["reason"].tolist() == [
                r for c, r in short.items() if c == profile.id
            ]


def same(a: of.Ranking, b: of.Ranking) -> None:
    """The same lists; probabilities within a rounding, which other company may change.

    How deep was looked may change what is said of a short one: not all that is beyond is known.
    """
    assert list(a) == list(b)
    assert a.scores == pytest.approx(b.scores, rel=1e-12)
    assert a.short["given"].tolist() == b.short["given"].tolist()


SHARED = {"n": 10, "at_most": {"category": 3}, "new": 2, "calibrate": "category"}


@functools.cache
def people() -> of.Profiles:
    return simulated().select(simulated().ids[:60].tolist())


def test_bought_before_is_a_condition_too() -> None:
    scorer, profiles = refined(), people()
    assert scorer.rank(profiles, exclude=BOUGHT) == scorer.rank(profiles, repeats=False)
    mine = scorer.rank(profiles, n=60, among=BOUGHT)
    dense = scorer.dense(profiles)
    for row, (customer, listed) in zip(dense, mine, strict=True):
        events = profiles[customer].events()
        had = set(events.loc[events["event"] == "purchase", "item"].dropna())
        codes = sorted(scorer.items.codes(sorted(had)).tolist(), key=lambda c: (-row[c], c))
        assert listed == scorer.items.decode(np.array(codes, dtype=np.int32)).tolist()
    scores = np.concatenate(
        [row[scorer.items.codes(held)] for row, (_, held) in zip(dense, mine, strict=True)]
    )
    assert mine.scores.tolist() == scores.tolist()


def test_a_click_later_what_was_looked_at_is_listed() -> None:
    """One profile, brought up to date, gets the row that everybody's batch gives it."""
    scorer, profiles = refined(), people()
    who = str(profiles.ids[0])
    before = scorer.rank(profiles[who], n=60, among=VIEWED & ~BOUGHT).of()
    fresh = next(i for i in scorer.items if i not in set(profiles[who].events()["item"]))
    look = of.Event(who, "view", profiles.as_of, item=fresh)
    later = profiles[who].after(look)
    after = scorer.rank(later, n=60, among=VIEWED & ~BOUGHT)
    assert set(after.of()) == {*before, fresh}
    batch = scorer.rank(
        profiles.update(of.EventLog.from_events([look])), n=60, among=VIEWED & ~BOUGHT
    )
    assert batch.of(who) == after.of()
    bought = later.after(of.Event(who, "purchase", later.as_of, item=fresh))
    assert scorer.rank(bought, n=60, among=VIEWED & ~BOUGHT).of() == before


def test_one_profile_is_its_row_in_the_batch_and_depth_does_not_matter() -> None:
    scorer, profiles = refined(), people()
    whole = scorer.rank(profiles, **SHARED)
    assert not len(whole.short)
    lists = dict(whole)
    for profile in list(profiles)[:20]:
        assert scorer.rank(profile, **SHARED).of() == lists[profile.id]
    with (
        mock.patch.object(wanted_module.Wanted, "first", 11),
        mock.patch.object(module, "CELLS", 99),
    ):
        same(scorer.rank(profiles, **SHARED), whole)
    assert whole != scorer.rank(profiles, n=10)


def test_units_go_to_who_comes_first() -> None:
    scorer, profiles = refined(), people()
    first = scorer.rank(profiles, n=1).of(0)[0]
    free = dict(scorer.rank(profiles, n=3))
    want = [who for who, listed in free.items() if first in listed]
    given = dict(scorer.rank(profiles, n=3, stock={first: 5, "no such item": 0}))
    assert [who for who, listed in given.items() if first in listed][:5] == want[:5]
    assert sum(first in listed for listed in given.values()) == 5
    alone = scorer.rank(profiles[profiles.ids[-1]], n=3, stock={first: 1})
    assert alone.of() == free[profiles.ids[-1]]
    assert first not in scorer.rank(profiles[profiles.ids[0]], n=60, stock={first: 0}).of()
    units = pd.Series(dict.fromkeys(scorer.items, 3))
    sold = scorer.rank(profiles, n=4, stock=units)
    assert np.bincount(sold.codes, minlength=60).max() == 3
    assert sold.short["reason"].unique().tolist() == ["stock= ran out"]
    assert units.to_dict() == dict.fromkeys(scorer.items, 3)
    with mock.patch.object(fitted_module, "CHUNK", 33):
        same(scorer.rank(profiles, n=4, stock=units), sold)


def test_a_short_list_says_what_limited_it() -> None:
    scorer, profiles = refined(), people()

    def said(n=10, **how):
        short = scorer.rank(profiles, n=n, **how).short
        return dict(zip(short["given"], short["reason"], strict=True))

    assert said(at_most={"category": 1}) == {8: "at_most= of 'category' left 8"}
    assert said(at_most={"category": 9, "kind": 4}) == {4: "at_most= of 'kind' left 4"}
    own = said(among=BOUGHT)
    assert own[3] == "only 3 items match among="
    assert all(f"only {given} items" in reason for given, reason in own.items())
    some = said(among=BOUGHT, exclude=["i00"], repeats=True)
    assert some[3] == "only 3 items match among= within exclude="
    both = scorer.rank(profiles, among=BOUGHT, at_most={"category": 1}).short["reason"]
    joint = [reason.split("; ") for reason in both if ";" in reason]
    assert joint
    assert all(a.endswith("match among=") and "at_most= of 'category'" in b for a, b in joint)
    assert said(n=60, new=60)[55] == "new=60 left 55"
    assert said(stock=dict.fromkeys(scorer.items, 0)) == {0: "stock= ran out"}
    seen = said(n=60, exclude=did("view").any())
    assert set(seen.values()) == {"no more items to choose from within exclude="}
    assert said() == {}


def test_a_ranking_with_reasons_is_saved(tmp_path) -> None:
    ranked = refined().rank(people(), n=10, among=BOUGHT)
    of.save(ranked, tmp_path / "ranking.onefold")
    back = of.load(tmp_path / "ranking.onefold")
    assert back == ranked
    assert back.short.equals(ranked.short)


def test_what_can_be_had_goes_by_each_row_s_own_moment(monkeypatch) -> None:
    """Rows of several moments are looked at apart."""
    scorer = fitted()
    dates = pd.DataFrame({"item": ["i00", "i01"], "until": pd.to_datetime(["2025-09-01", None])})
    dates["since"] = pd.to_datetime([None, "2025-11-01"])
    catalog = of.Catalog.from_frame(
        dates, item="item", valid_from="since", valid_until="until", tz="UTC"
    )
    scorer = attrs.evolve(scorer, catalog=catalog)
    profiles = people().select(people().ids[:12].tolist())
    days = [np.datetime64(d, "us") for d in ("2025-08-01", "2025-10-01", "2025-12-01")]
    moments = np.array([days[i % 3] for i in range(len(profiles))])
    table = attrs.evolve(profiles.table, as_of=moments)
    monkeypatch.setattr(fitted_module, "_table", lambda who, name: table)
    expected = [{"i00"}, set(), {"i01"}]
    for how in ({}, {"at_most": {"kind": 99}}, {"among": ~did("no such").any()}):
        for i, (_, listed) in enumerate(scorer.rank(profiles, n=60, **how)):
            had = (
                set(profiles[profiles.ids[i]].events()["item"])
                if "among" in how
                else {"i00", "i01"}
            )
            assert set(listed) & {"i00", "i01"} == expected[i % 3] & had


def test_a_cap_does_not_count_what_is_missing() -> None:
    """Two items have a category, and only one of them may be listed; the others have none."""
    one = pd.DataFrame({"item": ["i00", "i01", "i02"], "category": ["x", "x", None]})
    catalog = of.Catalog.from_frame(one, item="item", category="category")
    scorer = attrs.evolve(refined(), catalog=catalog)
    free = dict(scorer.rank(people(), n=60))
    for customer, listed in scorer.rank(people(), n=10, at_most={"category": 1}):
        second = sorted(("i00", "i01"), key=free[customer].index)[1]
        assert listed == [item for item in free[customer] if item != second][:10]
    for customer, listed in scorer.rank(people(), n=2, calibrate=of.Calibration(weight=1.0)):
        events = people()[customer].events()
        had = set(events.loc[events["event"] == "purchase", "item"].dropna())
        if had and not had & {"i00", "i01"}:  # all of it without a category
            assert not {"i00", "i01"} & set(listed)
