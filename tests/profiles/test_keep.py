"""Events that were let go: what is read of all time is the same, and what can't be raises."""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onefold as of
from onefold import traits
from onefold.errors import ArgumentError, BeyondKept
from tests.case import same
from tests.strategies import CATALOG, END, EPOCH, Raw, event_of, events_of, raws, rows

LAW = settings(max_examples=40)
KEPT = ["1h", "7D", "165D", "190D", "300D"]
CHOSEN: list[traits.Trait] = [
    trait
    for kind in (None, "purchase")
    for trait in (
        traits.Count(kind, name=f"count {kind}"),
        traits.Recency(kind, name=f"recency {kind}"),
        traits.Tenure(kind, name=f"tenure {kind}"),
        traits.Monetary(kind, name=f"monetary {kind}"),
        traits.Breadth(kind, name=f"breadth {kind}"),
        traits.Sum("value", kind, name=f"sum {kind}"),
        traits.Mean("value", kind, name=f"mean {kind}"),
        traits.Min("value", kind, name=f"min {kind}"),
        traits.Max("value", kind, name=f"max {kind}"),
        traits.Share("channel", kind, name=f"channels {kind}"),
        traits.Share("category", kind, name=f"categories {kind}"),
    )
]
CHOSEN += [traits.Over(traits.Gap(), last="1h"), traits.Age(), traits.Fact("region", name="home")]


def folded(raw: Raw, keep: Any = None, as_of: Any = END) -> of.Profiles:
    return of.fold(raw.log(), CHOSEN, catalog=CATALOG, as_of=as_of, keep=keep)


def assert_same(a: of.Profiles, b: of.Profiles) -> None:
    assert list(a.ids) == list(b.ids)
    pd.testing.assert_frame_equal(
        a.to_pandas(wide=99).sort_index(axis=1), b.to_pandas(wide=99).sort_index(axis=1), rtol=1e-12
    )
    for one, other in zip(a, b, strict=True):
        for trait in CHOSEN:
            left, right = one[trait.name], other[trait.name]
            assert same(left, right), (one.id, trait)


@LAW
@given(raws(), st.sampled_from(KEPT))
def test_what_adds_up_is_the_same(raw: Raw, keep: str) -> None:
    kept = folded(raw, keep)
    assert_same(kept, folded(raw))
    assert kept.ledger.horizon == kept.as_of - np.timedelta64(pd.Timedelta(keep))
    assert (kept.ledger.events.array("time") >= kept.ledger.horizon).all()


@LAW
@given(raws(), st.sampled_from(KEPT), st.permutations(range(3)))
def test_new_customers_and_new_events_are_the_batch(raw: Raw, keep: str, order: Any) -> None:
    """Customers apart in any order, and what is later than the horizon on top."""
    ends = [END, END + dt.timedelta(days=3)]
    late = Raw(tuple(row | {"time": ends[0], "id": None} for row in raw.rows[:3]))
    parts = [Raw(tuple(r for r in raw.rows if hash(r["customer"]) % 3 == k)) for k in order]
    whole = folded(Raw(raw.rows) + late, keep, ends[1])
    stream = folded(parts[0], keep)
    for part in parts[1:]:
        stream = stream.merge(folded(part, keep))
    if all(row["time"] >= ends[1] - pd.Timedelta(keep) for row in late.rows) or len(late.rows):
        stream = stream.update(late.log(), as_of=ends[1])
        assert stream == whole
        assert_same(stream, whole)


@LAW
@given(raws(), st.lists(rows(customers=["a"], nobody=False), min_size=1, max_size=3))
def test_after_is_fold(raw: Raw, more: list[Any]) -> None:
    kept = folded(raw, "300D")
    profile, log = kept["a"] if "a" in kept else kept.new("a"), raw.log()
    for row in more:
        row["time"] = END + dt.timedelta(minutes=row["time"].minute)
        profile, log = profile.after(event_of(row)), log + events_of([row])
    batch = of.fold(log, CHOSEN, catalog=CATALOG, as_of=profile.as_of, keep="300D")["a"]
    assert profile == batch


def test_what_needs_older_events_raises(tmp_path: Any) -> None:
    events = [
        of.Event("ann", "purchase", f"2024-0{month}-01", item="tea", value=5, id=str(month))
        for month in range(1, 7)
    ]
    log = of.EventLog.from_events(events)
    kept = of.fold(log, as_of="2024-07-01", keep="70D")
    for trait in (
        traits.Gap(),
        traits.Frequency(),
        traits.Affinity("item"),
        traits.Over(traits.Gap(), last="71D"),
        traits.Over(traits.Count(), where=of.field("channel") == "web"),
        traits.Sum("quantity"),
        traits.Share("basket"),
    ):
        with pytest.raises(BeyondKept, match="keep"):
            kept.table.read(trait)
    assert kept.table.read(traits.Over(traits.Gap(), last="70D")) == 31
    assert (of.did("purchase").last("70D").count() == 2).mask(kept).tolist() == [1]
    asked = pd.DataFrame({"customer": ["ann"], "time": pd.to_datetime(["2024-02-01"])})
    refused: list[Any] = [
        lambda: kept.at("2024-04-21"),
        lambda: kept.at(asked, tz="UTC"),
        lambda: kept.update(log.before("2024-02-01")),
        lambda: kept.update(log),
        lambda: kept.merge(kept),
        lambda: kept.merge(of.fold(log, as_of="2024-07-01")),
        lambda: kept["ann"].after(events[0]),
        lambda: kept.history,
        lambda: of.Scorer().fit(kept, rng=0),
    ]
    for call in refused:
        with pytest.raises(BeyondKept):
            call()
    with pytest.raises(ArgumentError, match="keeps 70 days, the other 80"):
        kept.merge(of.fold(log, as_of="2024-07-01", keep="80D"))
    with pytest.raises(ArgumentError, match="keep"):
        of.fold(log, keep="0D")
    again = kept.update(log.between("2024-05-01", "2024-07-01"), as_of="2024-07-01")
    assert again == kept  # repeats that lie within what is kept are told apart
    assert len(kept.recent().ledger.events) == 2
    assert kept.recent().history is not None
    assert kept.at("2024-05-15")["ann"]["count"] if "count" in kept.table.names else True
    of.save(kept, tmp_path / "kept")
    assert of.load(tmp_path / "kept") == kept
    assert "ann" in repr(kept["ann"])
    assert repr(kept)


def test_selections_and_groups_keep_their_cells() -> None:
    log = of.EventLog.from_events(
        [of.Event(who, "view", t, item="tea") for who in "abc" for t in (EPOCH, END)]
    )
    kept = of.fold(log, [traits.Count()], keep="10D")
    assert kept.select(["b"])["b"]["count"] == 2
    assert kept.combine({"a": "x", "b": "x"})["x"]["count"] == 4
    assert kept.at(END - dt.timedelta(days=9)).to_pandas()["count"].tolist() == [1, 1, 1]
