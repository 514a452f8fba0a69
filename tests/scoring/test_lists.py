"""Lists within limits: by brute force over all probabilities, customer after customer."""

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
from onefold.scoring.choose import SMOOTH
from onefold.scoring.refine import Refinement
from tests.levels.plain import shops
from tests.scoring.shops import Even, Next, Parity, fitted, simulated
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
        moment, weights = pd.Timestamp(profile.as_of, tz="UTC"), {}
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
        can, listed = shelf.candidates(left), []
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


@settings(max_examples=60)
@given(shops(least=4), st.sampled_from(SETTINGS), st.booleans(), limited)
def test_lists_are_those_of_all_items(profiles, wanted, refined, how) -> None:
    profiles = of.Profiles(profiles.ledger, profiles.traits, CATALOG, profiles.as_of)
    scorer = wanted.fit(profiles, rng=1)
    if refined and len(scorer.views.names) == 2:
        scorer = attrs.evolve(scorer, refined=REFINED)
    ranked = check(scorer, profiles, how)
    with mock.patch.object(module, "FIRST", 1), mock.patch.object(module, "CELLS", 3):
        few = attrs.evolve(scorer)  # asked again and again, a few rows at a time
        with mock.patch.object(module.Wanted, "first", 1):
            assert few.rank(profiles, **asked(how)) == ranked
    with mock.patch.object(fitted_module, "CHUNK", 2):
        assert scorer.rank(profiles, **asked(how)) == ranked
    if how["stock"] is None:
        lists = dict(ranked)
        short = dict(zip(ranked.short["customer"], ranked.short["reason"], strict=True))
        for profile in profiles:
            alone = scorer.rank(profile, **asked(how))
            assert alone.of() == lists[profile.id]
            assert alone.short["reason"].tolist() == [
                r for c, r in short.items() if c == profile.id
            ]
