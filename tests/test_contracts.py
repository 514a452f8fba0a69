"""Contracts: plug-ins that keep them work through the whole library; each law can be broken.

a law that no plug-in could break would be no law
"""

import itertools
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix

import onefold as of
from onefold import levels, traits
from onefold.errors import ArgumentError, ContractError
from onefold.testing import check_level, check_segmenter, check_trait
from tests import plugins
from tests.plugins import Alternating, Halves, Popular, Spree, Weekly

SIM = of.datasets.simulate(120, days=200, items=30, rng=2)

TRAITS = [
    *traits.TRAITS,
    traits.Age(),
    traits.Affinity("item", half_life="7D", name="decayed items"),
    traits.Consented("email"),
    traits.Count("view"),
    traits.Fact("region"),
    traits.Frequency(None, name="all visits"),
    traits.Latest("kind", event=None, name="latest kind"),
    traits.Monetary(mean=True, name="mean"),
    traits.Rhythm(by="day", name="hours"),
    traits.Share("device", name="devices"),
    traits.BasketSize("items"),
    traits.BasketSize("quantity", name="units a visit"),
    traits.Distinct("device", name="different devices"),
    traits.Distinct("item", exact=3, name="sketched items"),
    traits.First(name="first item"),
    traits.Last("value", None, name="last amount"),
    traits.Max(),
    traits.Mean("quantity"),
    traits.Min(),
    traits.MostFrequent("device", name="device"),
    traits.Regularity(),
    traits.Streak(period="30D"),
    traits.Streak(None, longest=True, name="longest streak"),
    traits.Sum(),
    traits.Conversion(within="1D"),
    traits.Conversion(by="visit", name="converted visits"),
    traits.DiscountShare(),
    traits.LastItems(3),
    traits.LastItems(2, "device", event=None, distinct=False, name="last devices"),
    traits.PremiumShare(),
    traits.PriceLevel(),
    traits.ReturnShare(by="value"),
    traits.ViewedNotBought(),
    traits.Over(traits.Monetary(), last="30D"),
    traits.Over(traits.Affinity("item"), last="90D", where=of.field("channel") == "web"),
    traits.Over(traits.Over(traits.Rhythm(), until="9D"), where=~(of.field("value") < 5)),
]
STRATEGIES = [
    of.RFM(),
    of.RFM(monetary=traits.Count("view"), bins=3),
    of.By("region"),
    of.By("monetary"),
    of.By("channels", "web", bins=3),
    of.By(traits.Count("view"), bins=[5.0]),
    of.Rules({"busy": of.trait("frequency") > 5, "north": of.trait("region") == "north"}),
    of.ValueTiers(),
    of.ValueTiers("monetary", by="value"),
    of.Rules({"keen": of.did("purchase").where(of.field("value") > 5).last("30D").count() >= 3}),
]

# ---------------------------------------------------------------- what keeps the contracts


@pytest.mark.parametrize("trait", TRAITS, ids=lambda t: t.name)
def test_every_trait_of_the_house_keeps_the_contract(trait: Any) -> None:
    check_trait(trait)


@pytest.mark.filterwarnings("ignore::onefold.errors.FitWarning")  # nobody leaves here for good
@pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda s: repr(s)[:40])
def test_every_strategy_of_the_house_keeps_the_contract(strategy: Any) -> None:
    check_segmenter(strategy)


OPTIONAL = (levels.Ease(ridge=5.0), levels.Noticed(), levels.Similar())


@pytest.mark.parametrize("level", [*levels.LEVELS, *OPTIONAL], ids=lambda v: v.name)
def test_every_level_of_the_house_keeps_the_contract(level: Any) -> None:
    check_level(level)


def test_every_class_of_the_house_is_checked() -> None:
    def made(module: Any, method: str) -> set[type]:
        held = (getattr(module, name) for name in module.__all__)
        kinds = {k for k in held if isinstance(k, type) and callable(getattr(k, method, None))}
        return {k for k in kinds if not getattr(k, "_is_protocol", False)}

    assert made(traits, "read") == {type(t) for t in TRAITS}
    assert made(of.segments, "fit") == {type(s) for s in STRATEGIES}
    assert made(levels, "fit") == {type(v) for v in (*levels.LEVELS, *OPTIONAL)}


def test_plugins_import_nothing_from_onefold() -> None:
    code = (
        "import runpy, sys; runpy.run_path(sys.argv[1]);"
        "sys.exit(any(m.split('.')[0] == 'onefold' for m in sys.modules))"
    )
    subprocess.run([sys.executable, "-c", code, plugins.__file__], check=True, timeout=120)


def test_plugins_keep_the_contracts() -> None:
    check_trait(Spree())
    check_segmenter(Halves("frequency"))
    check_level(Alternating())
    check_level(Weekly())


def test_plugins_work_through_the_whole_pipeline(tmp_path: Path) -> None:
    profiles = of.fold(SIM.log, (*traits.TRAITS, Spree()), catalog=SIM.catalog)
    one = profiles["c001"]
    assert one["spree"] == profiles.table["spree"][1]
    assert "spree" in profiles.to_pandas()
    assert len(profiles.select(of.trait("spree") >= 10))

    segments = of.segment(profiles, Halves("spree"))
    assert segments.assignment.names == ("upper half", "lower half")
    assert segments.of(one) in segments.assignment.names
    personas = of.portray(segments)
    assert personas.names == ("upper half", "lower half")
    assert any("spree" in str(c.condition) for c in personas["upper half"].claims)
    assert len(profiles.combine(segments.assignment)) == 2

    views = (*levels.LEVELS, Alternating(), Weekly())
    scorer = of.Scorer(levels=views, segments=Halves("spree")).fit(profiles, rng=1)
    assert set(scorer.backoff.levels) == {v.name for v in views}
    lists = scorer.rank(profiles, n=5)
    best = next(iter(scorer.rank(one, n=1)))[1][0]
    why = scorer.explain(one, best).to_pandas()
    assert {"alternating", "weekly"} <= set(why["level"])
    rungs = {"everyone": ["everyone"], "weekly": ["weekly"], "alternating": ["alternating"]}
    climbed = of.ladder(
        profiles,
        as_of="2025-06-01",
        levels=views,
        segments=Halves("spree"),
        rungs=rungs,
        draws=100,
        rng=1,
    )
    assert climbed.rungs == ("everyone", "weekly", "alternating")

    of.save((profiles, segments, scorer), tmp_path / "all")
    code = (
        "import sys, onefold as of; from tests.plugins import ALL;"
        "profiles, segments, scorer = of.load(sys.argv[1], plugins=ALL);"
        "assert segments.assign(profiles) == segments.assignment;"
        "lists = scorer.rank(profiles, n=5).to_pandas();"
        "sys.stdout.write(lists.to_csv(index=False, float_format='%.17g'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "all")],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[1],
        timeout=120,
    )
    assert done.stdout == lists.to_pandas().to_csv(index=False, float_format="%.17g")


def test_profiles_of_ones_own() -> None:
    profiles = of.fold(SIM.log, catalog=SIM.catalog)
    check_trait(Spree(), profiles=profiles)
    check_segmenter(Halves("frequency"), profiles=profiles)
    check_level(Alternating(), profiles=profiles, target="view")
    with pytest.raises(ArgumentError, match="10 customers or more"):
        check_trait(Spree(), profiles=profiles.select(["c001"]))
    with pytest.raises(ArgumentError, match="profiles is a EventLog"):
        check_segmenter(Halves("frequency"), profiles=SIM.log)
    with pytest.raises(ArgumentError, match="no event of kind 'dream'"):
        check_level(Weekly(), target="dream")


# ---------------------------------------------------------------- traits that break a law


class Reads:
    """A trait that reads what a function says."""

    def __init__(self, says: Any, name: Any = "broken") -> None:
        self.says, self.name = says, name

    def read(self, history: Any, *, as_of: Any) -> Any:
        return self.says(history, as_of)


def counts(history: Any) -> Any:
    return np.diff(history.offsets).astype(float)


def counting() -> Any:
    calls = itertools.count(1)
    return lambda h, at: [next(calls)] * len(h)


def _writes(h: Any, at: Any) -> Any:
    h.value.flags.writeable or at.__setitem__(0, np.datetime64("2000-01-01"))
    return counts(h)


def _writes_read_only(h: Any, at: Any) -> Any:
    h.time[:1] = np.datetime64("2000-01-01")
    return counts(h)


def _clock(h: Any, at: Any) -> Any:
    times = h.ledger.events.array("time")
    return ((times.max() if len(times) else at) - at) / np.timedelta64(1, "D")


def _last(h: Any, at: Any) -> Any:  # nobody without an event was thought of
    return (at - h.time[h.offsets[1:] - 1]) / np.timedelta64(1, "D")


def _absent(h: Any, at: Any) -> Any:
    return counts(h) / (1 if len(h.offsets) > 2 else 2)


TRAITS_THAT_BREAK = [
    ("name", Reads(lambda h, at: counts(h), name=None), "its name is None"),
    ("name", Reads, "it is a class, not an object"),
    ("name", Popular(1), "its name is None"),
    ("shape", Reads(lambda h, at: counts(h)[:-1]), "it returned the shape"),
    ("shape", Reads(lambda h, at: 1.0), r"it returned the shape \(\)"),
    ("shape", Reads(lambda h, at: 1 / 0), "ZeroDivisionError"),
    ("values", Reads(lambda h, at: np.full(len(h), np.inf)), "returned inf"),
    ("values", Reads(lambda h, at: at), "the dtype datetime64"),
    ("values", Reads(lambda h, at: np.array([{1}] * len(h), dtype=object)), r"returned \{1\}"),
    ("pure", Reads(counting()), "reads 1 the first time, and 2 the second time"),
    ("inputs stay as they are", Reads(_writes), "read-only"),
    ("inputs stay as they are", Reads(_writes_read_only), "wrote into an array"),
    ("no look-ahead", Reads(_clock), "while later events are in the ledger"),
    ("order", Reads(lambda h, at: np.arange(len(h))), "turned round"),
    ("own events", Reads(lambda h, at: counts(h) - counts(h).sum()), "among a few"),
    ("own events", Reads(lambda h, at: np.bincount(h.row, h.item, len(h))), "among a few"),
    ("one profile", Reads(_absent), "as one profile"),
    ("no events", Reads(_last), "IndexError"),
]


@pytest.mark.parametrize(("law", "trait", "text"), TRAITS_THAT_BREAK)
def test_a_trait_can_break_each_law(law: str, trait: Any, text: str) -> None:
    with pytest.raises(ContractError, match=f'breaks the law "{law}": .*{text}'):
        check_trait(trait)


# ---------------------------------------------------------------- strategies that break a law


class Fits:
    """A strategy whose fit, and whose assign, are functions."""

    def __init__(self, assign: Any, fit: Any = None, names: Any = ()) -> None:
        self.says, self.fits, self.names, self.kept = assign, fit, names, None

    def fit(self, table: Any, *, rng: Any) -> Any:
        found = self.fits(table, rng) if self.fits else None
        return Fitted(self.says, found, self.names)


class Fitted:
    def __init__(self, says: Any, found: Any, names: Any) -> None:
        self.says, self.found, self.names, self.asked = says, found, names, 0

    def assign(self, table: Any) -> Any:
        self.asked += 1
        return self.says(table, self)


class Keeps:
    """A strategy that keeps in its settings what it finds."""

    def fit(self, table: Any, *, rng: Any) -> Any:
        self.cut = np.median(table["frequency"])
        return self

    def assign(self, table: Any) -> Any:
        return halves(table["frequency"], self.cut)


def halves(values: Any, cut: float) -> Any:
    return ["above" if v > cut else "below" for v in values.tolist()]


def _writes_table(table: Any, rng: Any) -> Any:
    table.as_of[:] = np.datetime64("2000-01-01")


def _busiest(table: Any, made: Any) -> Any:
    return halves(table["frequency"], np.median(table["frequency"]) if len(table) else 0)


def _known(table: Any, made: Any) -> Any:
    last = table.history.time[table.history.offsets[1:] - 1]  # fails without an event
    return ["late" if t > np.datetime64("2025-05-01") else "early" for t in last]


def _end(table: Any, rng: Any) -> Any:
    return table.history.ledger.events.array("time").max()


def _all_the_same(table: Any, made: Any) -> Any:
    return [f"up to {made.found}"] * len(table)


STRATEGIES_THAT_BREAK = [
    ("fit", Fits, "it is <class"),
    ("fit", Alternating(), "a TypeError|raised TypeError"),
    ("fit", Fits(_busiest, lambda t, rng: t["dream"]), "raised UnknownName"),
    ("labels", Fits(lambda t, made: ["a"]), r"labels of shape \(1,\)"),
    ("labels", Fits(lambda t, made: [("a",)] * len(t)), "labels of shape"),
    ("labels", Fits(lambda t, made: [0.5] * len(t)), "the label 0.5"),
    ("inputs stay as they are", Fits(_busiest, _writes_table), "changed as_of|wrote into"),
    ("chance", Fits(_all_the_same, lambda t, rng: np.random.default_rng().random()), "same rng"),
    ("twice the same", Fits(lambda t, made: [made.asked] * len(t)), "'1' .*, and '[23]'"),
    ("settings stay", Keeps(), "fitted on others"),
    ("own row", Fits(_busiest), "among a quarter|turned round"),
    ("newcomers", Fits(_known), "[Ss]omebody without events"),
    ("no look-ahead", Fits(_all_the_same, _end), "later events are in the ledger"),
    ("partition", Fits(lambda t, made: ["a"] * len(t), names=("a", "a")), "a name twice"),
]


@pytest.mark.parametrize(("law", "strategy", "text"), STRATEGIES_THAT_BREAK)
def test_a_strategy_can_break_each_law(law: str, strategy: Any, text: str) -> None:
    with pytest.raises(ContractError, match=f'breaks the law "{law}": .*({text})'):
        check_segmenter(strategy)


# ---------------------------------------------------------------- levels that break a law


class Views:
    """A level whose fit is a function."""

    name = "broken"

    def __init__(self, fit: Any) -> None:
        self.says = fit

    def fit(self, history: Any, *, as_of: Any, rng: Any) -> Any:
        return self.says(history, rng)


class Owns:
    """A fitted level whose rows are a function of the choices."""

    def __init__(self, says: Any, found: Any = None) -> None:
        self.says, self.found, self.asked = says, found, 0

    def own(self, rows: Any) -> Any:
        self.asked += 1
        return csr_matrix(self.says(rows, self))


class Remembers:
    """A level that keeps in its settings what it finds."""

    name = "remembers"

    def fit(self, history: Any, *, as_of: Any, rng: Any) -> Any:
        self.shares = popular(history)
        return self

    def shared(self, group: Any) -> Any:
        return self.shares


class ByMoon(Popular):
    by = "moon"


def popular(choices: Any) -> Any:
    held = np.bincount(choices.item, minlength=choices.n_items).astype(float)
    return held / max(held.sum(), 1)


def _one_hot(choices: Any, item: Any) -> Any:
    out = np.zeros(choices.n_items)
    out[int(item) % choices.n_items] = 1.0
    return out


def _hot_rows(choices: Any, item: Any) -> Any:
    return np.tile(_one_hot(choices, item), (len(choices), 1))


def _first(choices: Any) -> int:
    return int(choices.item.min())


def _writes_choices(choices: Any, rng: Any) -> Any:
    choices.age[:] = 0
    return Popular(popular(choices))


def _majority(rows: Any, made: Any) -> Any:
    return np.tile(popular(rows), (len(rows), 1))


def _needs_events(rows: Any, made: Any) -> Any:
    out = np.zeros((len(rows), rows.n_items))
    out[np.arange(len(rows)), rows.item[rows.offsets[1:] - 1]] = 1.0
    return out


def _leaks(choices: Any, rng: Any) -> Any:
    ledger = choices.history.ledger.events
    items = ledger.coded("item")
    last = items.vocab[
        items.codes[np.argmax(np.where(items.codes >= 0, ledger.array("time").view(int), 0))]
    ]
    return Popular(_one_hot(choices, choices.items.code(last)))


def _uniform(choices: Any, rng: Any) -> Any:
    return Popular(np.full(choices.n_items, 1 / choices.n_items))


def _fails_when_few(choices: Any, rng: Any) -> Any:
    if "never chosen" not in choices.items:
        raise RuntimeError("only in a test")
    return Popular(popular(choices))


LEVELS_THAT_BREAK = [
    ("name", Halves("frequency"), "its name is None"),
    ("name", Reads(None), "it has no method fit"),
    ("fit", Views(lambda h, rng: None), "neither shared nor own"),
    ("fit", Views(lambda h, rng: ByMoon(popular(h))), "its `by` is 'moon'"),
    ("probabilities", Views(lambda h, rng: Popular(2 * popular(h))), "sum 2"),
    ("probabilities", Views(lambda h, rng: Popular(popular(h)[1:])), "of shape"),
    ("probabilities", Views(lambda h, rng: Owns(lambda r, m: -_hot_rows(r, 1))), "distributions"),
    ("inputs stay as they are", Views(_writes_choices), "changed age|wrote into"),
    (
        "chance",
        Views(lambda h, rng: Popular(np.random.default_rng().dirichlet(np.ones(h.n_items)))),
        "same rng",
    ),
    ("twice the same", Views(lambda h, rng: Owns(lambda r, m: _hot_rows(r, m.asked))), "second"),
    ("settings stay", Remembers(), "fitted on others"),
    ("own row", Views(lambda h, rng: Owns(_majority)), "p = .* among everybody"),
    ("own row", Views(lambda h, rng: Owns(_needs_events)), "people without events"),
    ("no look-ahead", Views(_leaks), "later events are in the ledger"),
    ("only what was chosen", Views(_uniform), "has the probability 0.0"),
    ("pipeline", Views(_fails_when_few), "only in a test"),
]


@pytest.mark.parametrize(("law", "level", "text"), LEVELS_THAT_BREAK)
def test_a_level_can_break_each_law(law: str, level: Any, text: str) -> None:
    with pytest.raises(ContractError, match=f'breaks the law "{law}": .*({text})'):
        check_level(level)


def test_every_law_that_is_promised_is_broken_once() -> None:
    for check, broken in (
        (check_trait, TRAITS_THAT_BREAK),
        (check_segmenter, STRATEGIES_THAT_BREAK),
        (check_level, LEVELS_THAT_BREAK),
    ):
        text = " ".join((check.__doc__ or "").split("Args:")[0].split("in order:")[1].split())
        promised = {part for i, part in enumerate(text.split('"')) if i % 2}
        assert promised == {law for law, *_ in broken}


def test_an_error_says_what_to_do() -> None:
    with pytest.raises(ContractError) as caught:
        check_trait(Reads(lambda h, at: counts(h) - counts(h).sum(), name="odd"))
    assert str(caught.value).startswith("trait 'odd' breaks the law \"own events\": customer ")
    assert "Compare with others in a segment, not in a trait." in str(caught.value)
