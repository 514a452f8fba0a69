"""Windows and filters: which events a trait is given, to the microsecond."""

import dataclasses
import datetime as dt
from collections.abc import Iterator
from typing import Any, cast

import attrs
import numpy as np
import pandas as pd
import pytest

import onefold as of
from onefold import field
from onefold.errors import ArgumentError, ContractError
from onefold.testing import check_trait
from onefold.traits import Affinity, Count, Fact, Monetary, Over, Recency, Share, horizons
from tests.case import same
from tests.plugins import Spree

NOW = dt.datetime(2024, 3, 31, 12, tzinfo=dt.UTC)
MICRO = dt.timedelta(microseconds=1)
DAY = dt.timedelta(days=1)


def count(*times: dt.datetime, as_of: dt.datetime = NOW, **window: Any) -> float:
    events = [of.Event("ann", "view", t) for t in times]
    log = of.EventLog.from_events([*events, of.Event("bob", "view", NOW - 99 * DAY)])
    profiles = of.fold(log, [Over(Count(), name="n", **window)], as_of=as_of)
    assert profiles.table["n"].tolist()[0] == profiles["ann"]["n"]
    held: float = profiles["ann"]["n"]
    return held


@pytest.mark.parametrize("moved", [0, 1, 86_400_000_000, 12_345_678])
def test_the_start_of_a_window_is_inside_and_its_end_is_not(moved: int) -> None:
    now = NOW + moved * MICRO
    start, end = now - 30 * DAY, now - 10 * DAY
    for window in ({"last": "30D"}, {"last": "30D", "until": "10D"}):
        assert count(start, as_of=now, **window) == 1
        assert count(start + MICRO, as_of=now, **window) == 1
        assert count(start - MICRO, start - DAY, as_of=now, **window) == 0
    assert count(end - MICRO, as_of=now, last="30D", until="10D") == 1
    assert count(end, end + MICRO, as_of=now, last="30D", until="10D") == 0
    assert count(end - MICRO, as_of=now, until="10D") == 1
    assert count(end, as_of=now, until="10D") == 0
    assert count(now - MICRO, as_of=now, last="1us") == 1
    assert count(now - 2 * MICRO, now, now + MICRO, as_of=now + 0 * MICRO, last="1us") == 0


def test_each_row_has_a_window_of_its_own() -> None:
    log = of.EventLog.from_events([of.Event("ann", "view", NOW + h * DAY) for h in range(5)])
    profiles = of.fold(log, [Over(Count(), last="2D", name="n")])
    moments = [NOW + h * DAY for h in (0, 1, 2, 5, 6, 9)]
    asked = pd.DataFrame({"customer": "ann", "time": moments})
    assert profiles.at(asked)["n"].tolist() == [0, 1, 2, 2, 1, 0]


def test_a_click_moves_the_window() -> None:
    log = of.EventLog.from_events([of.Event("ann", "view", NOW)])
    profile = of.fold(log, [Over(Count(), last="1D", name="n")])["ann"]
    assert profile["n"] == 1
    later = profile.after(of.Event("ann", "view", NOW + DAY - MICRO))
    assert later["n"] == 2
    assert profile.after(of.Event("ann", "view", NOW + DAY))["n"] == 1


def test_the_trait_is_told_the_same_as_of() -> None:
    log = of.EventLog.from_events([of.Event("ann", "purchase", NOW - d * DAY) for d in (2, 40)])
    ann = of.fold(log, [Over(Recency(), until="30D")], as_of=NOW)["ann"]
    assert ann["recency until 30D"] == 40


def test_facts_are_not_filtered() -> None:
    log = of.EventLog.from_facts(
        pd.DataFrame({"who": ["ann"], "region": ["north"]}),
        customer="who",
        time="2020-01-01",
        facts=["region"],
    )
    trait = Over(Fact("region"), last="1D", where=field("value") > 3, name="home")
    assert of.fold(log, [trait], as_of=NOW)["ann"]["home"] == "north"


def test_names_say_what_is_read() -> None:
    web = field("channel") == "web"
    assert Over(Monetary(), last="30D").name == "monetary 30D"
    assert Over(Monetary(), last=dt.timedelta(hours=36)).name == "monetary 36h"
    assert Over(Monetary(), where=web).name == "monetary where channel is 'web'"
    assert Over(Monetary(), last="60D", until="30D", where=web).name == (
        "monetary 60D until 30D where channel is 'web'"
    )
    assert Over(Over(Monetary(), last="30D"), where=web).name == (
        "monetary 30D where channel is 'web'"
    )
    assert Over(Monetary(), last="30D", name="lately").name == "lately"


def test_it_is_a_value_with_the_unit_and_labels_of_the_trait() -> None:
    a, b = Over(Monetary(), last="30D"), Over(Monetary(), last="720h")
    assert a == b
    assert hash(a) == hash(b)
    assert a != Over(Monetary(), last="31D")
    assert (a.unit, a.labels) == ("money", None)
    assert Over(Spree(), last="1D").unit == ""
    assert Over(Share(), last="1D").unit == "share"
    names = {"field": field, "Over": Over, "Monetary": Monetary}
    both = Over(Monetary(), last="30D", where=field("channel") == "web")
    assert eval(repr(both), names) == both
    with pytest.raises(AttributeError):
        cast("Any", a).last = None


class Two:
    """A plug-in with columns of its own."""

    name = "two"
    labels = ("events", "rows")

    def read(self, history: Any, *, as_of: Any) -> Any:
        return np.column_stack([history.counts, np.ones(len(history))])


def test_plug_ins_keep_their_contract_and_their_labels() -> None:
    for trait in (Spree(), Two()):
        check_trait(Over(trait, last="30D"))
        check_trait(Over(trait, where=field("channel") == "web"))
        check_trait(Over(Over(trait, where=~(field("value") < 9)), last="40D", until="3D"))
    log = of.EventLog.from_events([of.Event("ann", "view", NOW)])
    assert of.fold(log, [Over(Two(), last="1D")])["ann"]["two 1D"] == {"events": 1.0, "rows": 1.0}


def built_in() -> Iterator[Any]:
    """One of each trait, as far as it needs no argument."""
    for kind in (getattr(of.traits, name) for name in of.traits.__all__):
        if isinstance(kind, type) and attrs.has(kind) and hasattr(kind, "read"):
            fields = attrs.fields(kind)
            if all(field.default is not attrs.NOTHING for field in fields):
                yield kind()


DATA = of.datasets.simulate(60, days=120, rng=3)
EVENTS = DATA.log.to_pandas()


def folded(frame: pd.DataFrame, trait: Any) -> of.Profiles:
    names = {"customer", "time", "event", "item", "channel", "value", "quantity", "basket"}
    log = of.EventLog.from_frame(frame, **{n: n for n in names}, zone="Europe/Berlin")
    moment = EVENTS["time"].max() + pd.Timedelta("1us")
    return of.fold(log, [trait], catalog=DATA.catalog, as_of=moment)


@pytest.mark.parametrize(
    ("window", "inside"),
    [
        ({"last": "40D"}, lambda e, age: age <= pd.Timedelta("40D")),
        ({"last": "40D", "until": "9D"}, lambda e, age: age.between("9D", "40D", "right")),
        ({"where": field("channel") == "web"}, lambda e, age: e["channel"] == "web"),
        ({"where": ~(field("value") > 5)}, lambda e, age: e["value"] <= 5),
    ],
    ids=["last", "until", "where", "not"],
)
@pytest.mark.parametrize("trait", list(built_in()), ids=lambda t: type(t).__name__)
def test_every_trait_reads_as_if_there_were_nothing_else(
    trait: Any, window: dict[str, Any], inside: Any
) -> None:
    age = EVENTS["time"].max() + pd.Timedelta("1us") - EVENTS["time"]
    only = folded(EVENTS[inside(EVENTS, age)], attrs.evolve(trait, name="x"))
    nobody = only.new("nobody")["x"]
    for profile in folded(EVENTS, Over(trait, **window, name="x")):
        expected = only[profile.id]["x"] if profile.id in only else nobody
        assert same(profile["x"], expected), (profile.id, profile["x"], expected)


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: Over(cast("Any", 3)), ContractError, "Over: trait holds 3, which is not a trait"),
        (lambda: Over(cast("Any", Count)), ContractError, "not a trait"),
        (lambda: Over(Count(), last="soon"), ArgumentError, "Over: last is 'soon'"),
        (lambda: Over(Count(), last="0D"), ArgumentError, "Over: last is '0D'"),
        (lambda: Over(Count(), until=cast("Any", 3)), ArgumentError, "Over: until is 3"),
        (lambda: Over(Count(), last="1D", until="1D"), ArgumentError, "Over: until is '1D', not s"),
        (lambda: Over(Count(), where=cast("Any", "web")), ArgumentError, "Over: where takes cond"),
        (lambda: Over(Count(), where=cast("Any", field("value"))), ArgumentError, "brackets"),
        (lambda: Over(Count(), name=""), ArgumentError, "Over: name is ''"),
        (lambda: horizons(Count()), ArgumentError, "neither last nor a setting"),
        (lambda: horizons(Count(), last="7D"), ArgumentError, r"takes a list: \['7D'\]"),
        (lambda: horizons(Count(), last=["7"]), ArgumentError, "Over: last is '7'"),
        (lambda: horizons(Affinity(), half_life="7D"), ArgumentError, r"a list: \['7D'\]"),
        (lambda: horizons(Affinity(), half_lif=["7D"]), ArgumentError, "Did you mean 'half_life'"),
        (lambda: horizons(Two(), last=["7D"], x=[1]), ArgumentError, "'two' has no setting 'x'"),
        (lambda: horizons(cast("Any", "count"), last=["7D"]), ContractError, "horizons: trait"),
    ],
)
def test_refusals(make: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        make()


def test_fold_refuses_two_of_one_name_with_advice() -> None:
    log = of.EventLog.from_events([of.Event("ann", "view", NOW)])
    twice = [Over(Count("view"), last="7D"), Over(Count("click"), last="7D")]
    with pytest.raises(ArgumentError, match="'count 7D' twice; give one of them another name="):
        of.fold(log, twice)


def test_horizons_of_windows_and_settings() -> None:
    assert horizons(Monetary(), last=["7D", None]) == (Over(Monetary(), last="7D"), Monetary())
    taste = Affinity("item", name="taste")
    assert horizons(taste, half_life=["7D", "90D"]) == (
        Affinity("item", half_life="7D", name="taste half life 7D"),
        Affinity("item", half_life="90D", name="taste half life 90D"),
    )
    both = horizons(taste, half_life=["7D", "90D"], last=["1D", "2D"])
    assert [t.name for t in both] == [
        f"taste half life {h} {w}" for h in ("7D", "90D") for w in ("1D", "2D")
    ]
    assert horizons(Spree(), last=["7D"]) == (Over(Spree(), last="7D"),)


def test_horizons_go_through_a_filter_to_the_trait_inside() -> None:
    web = field("channel") == "web"
    (short,) = horizons(Over(Affinity(), where=web, name="web taste"), half_life=["7D"])
    assert isinstance(short, Over)
    assert short.trait == Affinity(half_life="7D", name="affinity half life 7D")
    assert (short.where, short.name) == (web, "web taste half life 7D")


@dataclasses.dataclass(frozen=True)
class Above:
    """Somebody's plug-in with a setting."""

    least: float = 0.0
    name: str = "above"

    def read(self, history: Any, *, as_of: Any) -> Any:
        return history.counts > self.least


def test_horizons_of_a_plug_ins_own_setting() -> None:
    made = horizons(Above(), least=[1.5, 3])
    assert made == (Above(1.5, "above least 1.5"), Above(3, "above least 3"))
