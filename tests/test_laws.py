"""The laws of the design: union, no look-ahead, names and clocks, and inputs left alone.

state(a) | state(b) == state(a + b)        fold(log).at(t) == fold(log.before(t)).at(t)
"""

import datetime as dt
import math
import zoneinfo
from typing import Any, cast

import attrs
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

import onefold as of
from onefold import traits
from onefold.errors import OnefoldError
from onefold.events import EventLog
from tests import oracle
from tests.strategies import (
    CATALOG,
    END,
    EPOCH,
    Raw,
    event_of,
    events_of,
    instants,
    raws,
    rows,
)

HOUR = dt.timedelta(hours=1)
US = dt.timedelta(microseconds=1)

LAW = settings(max_examples=20)
Oracle = Any
KINDS = ("purchase", None)
PLAIN: list[tuple[traits.Trait, Oracle, str | None]] = [
    (make(kind, name=f"{make.__name__} {kind}"), rule, kind)
    for kind in KINDS
    for make, rule in (
        (traits.Recency, oracle.recency),
        (traits.Tenure, oracle.tenure),
        (traits.Frequency, oracle.frequency),
        (traits.Count, oracle.count),
        (traits.Monetary, oracle.monetary),
        (traits.Breadth, oracle.breadth),
        (traits.Gap, oracle.gap),
    )
]
PLAIN.append((traits.Monetary(mean=True, name="mean"), oracle.mean_monetary, "purchase"))
WIDE: list[tuple[traits.Trait, Oracle, str | None]] = [
    (
        traits.Share(label, kind, name=f"share {label} {kind}"),
        lambda mine, t, label=label: oracle.share(mine, label),
        kind,
    )
    for kind in KINDS
    for label in ("channel", "kind", "item", "basket", "category", "colour")
]
WIDE += [
    (
        traits.Affinity(label, kind, half_life=half_life, name=f"affinity {label} {half_life}"),
        lambda mine, t, label=label, h=half_life: oracle.affinity(mine, label, h, t),
        kind,
    )
    for label, kind, half_life in (
        ("category", "purchase", dt.timedelta(days=90)),
        ("item", None, dt.timedelta(hours=3)),
    )
]
WIDE += [
    (
        traits.Rhythm(kind, by=by, name=f"rhythm {by} {kind}"),
        lambda mine, t, by=by: oracle.rhythm(mine, by),
        kind,
    )
    for kind in KINDS
    for by in ("week", "day", "part", "weekday")
]
LATEST = [
    traits.Latest(label, kind, name=f"latest {label} {kind}")
    for kind in KINDS
    for label in ("item", "channel", "category", "colour")
]
ALL = [t for t, _, _ in (*PLAIN, *WIDE)] + LATEST + [traits.Age()]


def fold(log: EventLog, as_of: Any = END) -> of.Profiles:
    return of.fold(log, ALL, catalog=CATALOG, as_of=as_of)


def same(a: Any, b: Any) -> bool:
    """Whether two readings say the same, to the last digits of a float."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=1e-11, abs_tol=1e-12)
    return bool(a == b)


def assert_same_tables(a: of.Profiles, b: of.Profiles) -> None:
    """Every trait and fact of everybody is the same."""
    assert list(a.ids) == list(b.ids)
    pd.testing.assert_frame_equal(a.to_pandas(wide=999), b.to_pandas(wide=999), rtol=1e-11)


# ------------------------------------------------------------------------ traits are what they say


@LAW
@given(raws(clash=False), instants())
def test_traits_equal_brute_force(raw: Raw, t: dt.datetime) -> None:
    profiles = fold(raw.log(), t)
    assert list(profiles.ids) == oracle.people(raw, t)
    for profile in profiles:
        for trait, rule, kind in (*PLAIN, *WIDE):
            mine = oracle.events(raw, profile.id, t, kind)
            assert same(profile[trait.name], rule(mine, t)), (profile.id, trait)
        for trait in LATEST:
            mine = oracle.events(raw, profile.id, t, trait.event)
            assert profile[trait.name] in oracle.latest(mine, trait.of)
        for name in ("region", "children", "birth_date"):
            if name in {f["name"] for f in raw.facts}:
                known = profiles.table.read(traits.Fact(name))
                held = known[list(profiles.ids).index(profile.id)]
                held = None if isinstance(held, float) and math.isnan(held) else held
                assert held in oracle.fact(raw, profile.id, name, t)
        assert profile["age"] in oracle.age(raw, profile.id, t)


@LAW
@given(raws(clash=False), instants())
def test_one_profile_is_its_row(raw: Raw, t: dt.datetime) -> None:
    profiles = fold(raw.log(), t)
    for i, profile in enumerate(profiles):
        for trait in ALL:
            reading = profiles.table.reading(trait.name)
            row = reading.row(i) or None if isinstance(reading, traits.Wide) else reading[i]
            row = None if isinstance(row, float) and math.isnan(row) else row
            assert same(profile[trait.name], row), trait


# ------------------------------------------------------------------------ Law 1: union


@LAW
@given(raws(), st.data())
def test_any_order_is_the_same_state(raw: Raw, data: st.DataObject) -> None:
    mixed = Raw(
        tuple(data.draw(st.permutations(raw.rows))), tuple(data.draw(st.permutations(raw.facts)))
    )
    assert fold(mixed.log()) == fold(raw.log())
    assert_same_tables(fold(mixed.log()), fold(raw.log()))


@LAW
@given(raws(most=9), st.data())
def test_overlapping_chunks_and_any_tree_of_merges(raw: Raw, data: st.DataObject) -> None:
    """Rows with ids may lie in several chunks, rows without in one; chunks merge in any tree."""
    chunks: list[Raw] = [Raw()] * 4
    for name in ("rows", "facts"):
        for row in getattr(raw, name):
            often = 1 if name == "rows" and row["id"] is None else 3
            for k in data.draw(st.sets(st.integers(0, 3), min_size=1, max_size=often)):
                chunks[k] = attrs.evolve(chunks[k], **{name: (*getattr(chunks[k], name), row)})
    forest = [fold(chunk.log()) for chunk in data.draw(st.permutations(chunks))]
    while len(forest) > 1:
        a = forest.pop(data.draw(st.integers(0, len(forest) - 1)))
        b = forest.pop(data.draw(st.integers(0, len(forest) - 1)))
        forest.append(a.merge(b))
    assert forest[0] == fold(raw.log())
    assert_same_tables(forest[0], fold(raw.log()))


@LAW
@given(raws(nobody=True), st.integers(0, 12))
def test_stream_is_batch(raw: Raw, cut: int) -> None:
    """Also where `as_of` is left out, and with late events: it follows the last event or fact."""
    early, late = Raw(raw.rows[:cut], raw.facts[:1]), Raw(raw.rows[cut:], raw.facts[1:])
    assert fold(early.log()).update(late.log()) == fold(raw.log())
    assume(any(r["customer"] for r in (*early.rows, *early.facts)))
    batch = of.fold(raw.log(), ALL, catalog=CATALOG)
    stream = of.fold(early.log(), ALL, catalog=CATALOG)
    for row in late.rows:
        stream = stream.update(events_of([row]))
    stream = stream.update(Raw((), late.facts).log())
    assert stream == batch
    assert_same_tables(stream, batch)


@LAW
@given(raws())
def test_empty_is_the_identity(raw: Raw) -> None:
    nothing, state = fold(Raw().log()), fold(raw.log())
    assert nothing.merge(state) == state == state.merge(nothing)
    assert state.update(EventLog.from_events([])) == state
    assert len(nothing) == 0
    assert len(nothing.to_pandas()) == 0


@LAW
@given(raws(), st.permutations(range(3)))
def test_with_ids_twice_is_once(raw: Raw, order: list[int]) -> None:
    named = Raw(tuple(r for r in raw.rows if r["id"] is not None), raw.facts)
    once, rest = fold(named.log()), Raw(tuple(r for r in raw.rows if r["id"] is None))
    assert once.merge(once) == once
    assert fold(named.log() + named.log()) == once
    assert fold(raw.log()).update(named.log()) == fold(raw.log())
    three = [named.log(), rest.log(), named.log()]
    log = three[order[0]] + three[order[1]] + three[order[2]]
    assert fold(log) == fold(raw.log())
    assert fold(log.deduplicate()) == fold(log)


@LAW
@given(raws(ids=False))
def test_without_ids_twice_is_two(raw: Raw) -> None:
    twice = fold(raw.log() + events_of(raw.rows))
    assert len(twice.ledger.events) == 2 * len(fold(raw.log()).ledger.events)


@LAW
@given(raws(), st.lists(rows(customers=["a"], nobody=False), min_size=1, max_size=5))
def test_after_is_fold(raw: Raw, more: list[Any]) -> None:
    """New, late, repeated and conflicting events into one profile, read in between or not."""
    more += [row for row in raw.rows if row["customer"] == "a" and row["id"]][:2]
    known = fold(raw.log(), max([END, *(r["time"] + US for r in more)]))
    profile = known["a"] if "a" in known else known.new("a")
    log = raw.log()
    for step, row in enumerate(more):
        profile = profile.after(event_of(row))
        log = log + events_of([row])
        if step % 2:
            assert profile["Count None"] is not None
    expected = fold(log, known.as_of)["a"]
    assert profile == expected
    for trait in ALL:
        assert same(profile[trait.name], expected[trait.name]), trait


def test_after_moves_as_of_past_the_event() -> None:
    profiles = of.fold(EventLog.from_events([of.Event("a", "view", "2024-01-01")]))
    later = profiles["a"].after(of.Event("a", "purchase", "2024-01-05"))
    assert later["recency"] == pytest.approx(0, abs=1e-9)
    assert later["frequency"] == 1
    assert later.as_of == np.datetime64("2024-01-05T00:00:00.000001")
    assert later.after(of.Event("a", "view", "2024-01-02")).as_of == later.as_of


# ------------------------------------------------------------------------ Law 2: no look-ahead


@LAW
@given(raws(), instants(), instants())
@example(Raw(), EPOCH, EPOCH)
def test_at_sees_nothing_later(raw: Raw, t: dt.datetime, later: dt.datetime) -> None:
    log = raw.log()
    seen = fold(log).at(t)
    assert seen == fold(log.before(t)).at(t)
    assert seen == fold(log, t)
    assert_same_tables(seen, fold(log.before(t), t))
    assert fold(log).at(max(t, later)).at(t) == seen
    for a, b in ((seen.history, fold(log.before(t), t).history),):
        assert a.kinds == b.kinds  # also a plug-in that counts by kind sees nothing later
        assert a.items == b.items


@pytest.mark.parametrize("off", [-1, 0, 1])
def test_as_of_is_exclusive(off: int) -> None:
    """An event a microsecond before as_of is seen; at as_of, and after it, it is not."""
    when = EPOCH + off * US
    log = EventLog.from_events([of.Event("a", "view", "2024-01-01"), of.Event("a", "buy", when)])
    frame = pd.DataFrame({"customer": ["a"], "time": [EPOCH]})
    count = [traits.Count("buy", name="buys")]
    seen = 1.0 if off < 0 else 0.0
    assert of.fold(log, count, as_of=EPOCH)["a"]["buys"] == seen
    assert of.fold(log, count, as_of=EPOCH).table["buys"].tolist() == [seen]
    assert of.fold(log, count).at(EPOCH)["a"]["buys"] == seen
    assert of.fold(log, count).at(frame)["buys"].tolist() == [seen]
    assert len(log.before(EPOCH)) == 1 + seen
    assert len(log.between(EPOCH, END)) == 1 - seen
    assert len(log.between(EPOCH - HOUR, EPOCH)) == seen


@pytest.mark.parametrize("off", [-1, 0, 1])
def test_facts_at_as_of(off: int) -> None:
    frame = pd.DataFrame({"who": ["a"], "region": ["north"]})
    log = EventLog.from_facts(frame, customer="who", time=EPOCH + off * US, facts=["region"])
    profiles = of.fold(log + EventLog.from_events([of.Event("a", "view", "2024-01-01")]))
    table = profiles.at(pd.DataFrame({"customer": ["a"], "time": [EPOCH]}))
    assert ("region" in table.columns) == (off < 0)
    assert ("region" in profiles.at(EPOCH).table.names) == (off < 0)


@LAW
@given(raws(), st.lists(st.tuples(st.sampled_from("abcdx"), instants()), max_size=5))
def test_point_in_time_table_is_at(raw: Raw, asked: list[tuple[str, dt.datetime]]) -> None:
    profiles = fold(raw.log())
    times = pd.to_datetime(pd.Series([t for _, t in asked], dtype=object), utc=True)
    frame = pd.DataFrame({"customer": [who for who, _ in asked], "time": times})
    frame["customer"] = frame["customer"].astype("object")
    before = frame.copy(deep=True)
    table = profiles.at(frame)
    pd.testing.assert_frame_equal(frame, before)
    assert table["customer"].tolist() == [who for who, _ in asked]
    for at, (who, t) in enumerate(asked):
        then = profiles.at(t)
        for trait, _, _ in PLAIN:
            expected = then[who][trait.name] if who in then else then.new(who)[trait.name]
            held = table[trait.name][at]
            assert same(None if np.isnan(held) else float(held), expected), trait
        for trait in LATEST:
            expected = then[who][trait.name] if who in then else None
            held = table[trait.name][at]
            assert (None if pd.isna(held) else held) == expected
        for column in [c for c in table.columns if ": " in c]:
            name, label = column.split(": ")
            known = then[who][name] if who in then else None
            held = table[column][at]
            assert np.isnan(held) if known is None else same(float(held), known.get(label, 0.0))


@LAW
@given(raws(), st.lists(st.tuples(st.sampled_from("abx"), instants()), min_size=1, max_size=4))
def test_a_row_does_not_depend_on_other_rows(
    raw: Raw, asked: list[tuple[str, dt.datetime]]
) -> None:
    """Nor its columns, where the labels are named; and no label is hidden where they aren't."""
    fixed = [*(t for t, _, _ in PLAIN), *LATEST, traits.Share("item", None, name="items")]
    profiles = of.fold(Raw(raw.rows).log(), fixed, as_of=END)
    times = pd.to_datetime(pd.Series([t for _, t in asked], dtype=object), utc=True)
    frame = pd.DataFrame({"customer": [who for who, _ in asked], "time": times})
    named, free = profiles.at(frame, labels={"items": ["jam", "tea"]}), profiles.at(frame)
    for i in range(len(frame)):
        alone = profiles.at(frame[i : i + 1], labels={"items": ["jam", "tea"]})
        assert list(alone.columns) == list(named.columns)
        assert_same_row(alone, named[i : i + 1])
        own = profiles.at(frame[i : i + 1])
        assert_same_row(own, free.loc[i:i, list(own.columns)])


def assert_same_row(a: pd.DataFrame, b: pd.DataFrame) -> None:
    for name in a.columns:
        x, y = a[name].iloc[0], b[name].iloc[0]
        assert (pd.isna(x) and pd.isna(y)) or same(x, y), name


def test_point_in_time_in_chunks_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    from onefold.profiles import asof

    generator = np.random.default_rng(3)
    log = EventLog.from_events(
        of.Event(
            f"c{generator.integers(9)}",
            "purchase",
            EPOCH + int(generator.integers(500)) * HOUR,
            item=f"i{generator.integers(5)}",
            value=1.5,
        )
        for _ in range(200)
    )
    told = pd.DataFrame({"who": ["c1", "c2"], "region": ["north", None], "children": [1, 2]})
    log = log + EventLog.from_facts(told, customer="who", time=EPOCH, facts=["region", "children"])
    profiles = of.fold(log, [*traits.TRAITS, _Kinds()])
    frame = pd.DataFrame(
        {
            "customer": [f"c{generator.integers(10)}" for _ in range(50)],
            "time": [EPOCH + int(generator.integers(600)) * HOUR for _ in range(50)],
        }
    )
    whole = profiles.at(frame)
    monkeypatch.setattr(asof, "EVENTS", 20)
    pd.testing.assert_frame_equal(profiles.at(frame), whole)


class _Kinds:
    """A trait of shape (n, k) that imports nothing from the house."""

    name = "by_kind"
    labels = ("purchase", "view")

    def read(self, history: Any, *, as_of: Any) -> Any:
        out = np.zeros((len(history), 2))
        words = history.kinds.decode(history.kind)
        for i in range(len(history)):
            here = words[history.offsets[i] : history.offsets[i + 1]]
            out[i] = [sum(here == label) for label in self.labels]
        return out


# ------------------------------------------------------------------------ Law 3: names and clocks


@LAW
@given(raws(), st.sampled_from([-40000, -1, 7, 5000]))
def test_shift_of_time(raw: Raw, days: int) -> None:
    """Everything but local hours and ages moves along with time."""
    by = dt.timedelta(days=days)

    def moved(rows: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(row | {"time": row["time"] + by, "zone": None} for row in rows)

    kept = [t for t in ALL if not isinstance(t, traits.Age)]
    still = Raw(tuple(row | {"zone": None} for row in raw.rows), raw.facts)
    then = of.fold(still.log(), kept, catalog=CATALOG, as_of=END)
    now = Raw(moved(raw.rows), tuple(f | {"time": f["time"] + by} for f in raw.facts))
    assert_same_tables(then, of.fold(now.log(), kept, catalog=CATALOG, as_of=END + by))


@LAW
@given(raws(), st.sampled_from(["Asia/Tokyo", "America/New_York", "UTC"]))
def test_zone_of_the_input_changes_nothing(raw: Raw, name: str) -> None:
    """An instant is the same instant, written on the clock of any zone."""
    there = zoneinfo.ZoneInfo(name)
    moved = Raw(tuple(row | {"time": row["time"].astimezone(there)} for row in raw.rows), raw.facts)
    assert moved.log() == raw.log()


@LAW
@given(raws(clash=False))
def test_renaming_customers_and_items(raw: Raw) -> None:
    """Names that sort the other way round: the same readings under the new names."""
    who = {name: f"{90 - i}{name}" for i, name in enumerate("abcdé🦊")} | {"10": "z", "9": "x"}
    goods = {name: f"{9 - i}{name}" for i, name in enumerate(("tea", "jam", "oat", "rye", "🍎"))}
    for i, row in enumerate(raw.rows):  # without ids the contents break ties, and they change
        row["id"] = row["id"] or f"row{i}"

    def renamed(row: Any) -> Any:
        new = dict(row, customer=who.get(row["customer"], row["customer"]))
        return new | ({"item": goods.get(row["item"])} if "item" in row else {})

    kept = [t for t in ALL if "category" not in t.name]
    then = of.fold(raw.log(), kept, as_of=END)
    new = Raw(tuple(map(renamed, raw.rows)), tuple(map(renamed, raw.facts)))
    now = of.fold(new.log(), kept, as_of=END)
    assert sorted(who[i] for i in then.ids) == list(now.ids)
    for profile in then:
        other = now[who[profile.id]]
        for trait in kept:
            held = profile[trait.name]
            if "item" in trait.name:
                held = (
                    {goods[k]: v for k, v in held.items()}
                    if isinstance(held, dict)
                    else goods.get(held)
                )
            assert same(other[trait.name], held), trait


# ------------------------------------------------------------------------ selections and groups


@LAW
@given(raws(), st.sets(st.sampled_from("abcd")))
def test_a_selection_is_those_rows(raw: Raw, chosen: set[str]) -> None:
    profiles = fold(raw.log())
    here = sorted(chosen & set(profiles.ids))
    some = profiles.select(here)
    assert list(some.ids) == here
    assert all(some[i] == profiles[i] for i in here)
    rest = profiles.select([i for i in profiles.ids if i not in chosen])
    assert some.merge(rest) == profiles


@LAW
@given(raws())
def test_composites_hold_all_events_of_their_members(raw: Raw) -> None:
    """Also where two members have events with the same id."""
    profiles = fold(raw.log())
    groups = {i: "one" if i in "abc" else "two" for i in profiles.ids if i != "d"}
    composite = profiles.combine(groups)
    for name in set(groups.values()):
        members = [i for i in groups if groups[i] == name]
        total = sum(len(profiles[i]) for i in members)
        held = len(composite[name]) if name in composite else 0
        assert held == total
    halves = [profiles.select([i]).combine(groups) for i in groups]
    merged = fold(Raw().log())
    for half in halves:
        merged = merged.merge(half)
    assert merged == composite


# ------------------------------------------------------------------------ Law 10: inputs, refusals


@LAW
@given(raws())
def test_values_are_never_changed(raw: Raw) -> None:
    log = raw.log()
    before = raw.log()
    profiles = fold(log)
    copy = fold(raw.log())
    table = profiles.to_pandas()
    for column in table.columns:
        table[column] = None
    profiles.update(raw.log())
    profiles.merge(profiles)
    profiles.at(EPOCH)
    for profile in profiles:
        profile.after(of.Event(profile.id, "view", END))
    assert log == before
    assert profiles == copy
    assert_same_tables(profiles, copy)


def test_arrays_are_read_only() -> None:
    profiles = fold(EventLog.from_events([of.Event("a", "purchase", EPOCH, item="tea")]))
    history = profiles.history
    for array in (
        profiles.ids,
        history.time,
        history.item,
        history.value,
        history.offsets,
        profiles.table["Recency purchase"],
        profiles.table["latest item purchase"],
        history.where("purchase").time,
        history.row,
    ):
        with pytest.raises(ValueError, match="read-only"):
            array[:] = array[0]


class _Keeps:
    """A plug-in that gives away an array that it keeps."""

    name = "kept"

    def __init__(self) -> None:
        self.array = np.zeros(1)

    def read(self, history: Any, *, as_of: Any) -> Any:
        return self.array


def test_a_plug_ins_array_stays_its_own() -> None:
    plug_in = _Keeps()
    log = EventLog.from_events([of.Event("a", "view", EPOCH)])
    assert of.fold(log, [plug_in])["a"]["kept"] == 0
    plug_in.array[0] = 1


class _Wrong:
    name = "wrong"

    def __init__(self, reading: Any) -> None:
        self.reading = reading

    def read(self, history: Any, *, as_of: Any) -> Any:
        return self.reading


LOG = EventLog.from_events([of.Event("ann", "view", "2024-01-01", item="tea", value=1)])
REFUSED: list[tuple[Any, str]] = [
    (lambda: of.fold("log"), "log is a str"),
    (lambda: of.fold(LOG, as_of=5), "as_of is 5"),
    (lambda: of.fold(LOG, as_of="someday"), "as_of is 'someday'"),
    (lambda: of.fold(LOG, as_of="now"), "as_of is 'now'"),
    (lambda: of.fold(LOG, [traits.Recency(), traits.Recency()]), "'recency' twice"),
    (lambda: of.fold(LOG, cast("Any", ["recency"])), "'recency', which is not a trait"),
    (lambda: of.fold(LOG, catalog="x"), "catalog is a str"),
    (lambda: of.fold(EventLog.from_events([])), "as_of="),
    (lambda: of.fold(LOG)["amn"], "'amn'.*Did you mean 'ann'"),
    (lambda: of.fold(LOG)["ann"]["recencies"], "'recencies'.*Did you mean 'recency'"),
    (lambda: of.fold(LOG).at("never"), "when is 'never'"),
    (lambda: of.fold(LOG).at({"a": 1}), "frame is a dict"),
    (lambda: of.fold(LOG).at(pd.DataFrame({"customer": ["ann"]})), "no column 'time'"),
    (lambda: of.fold(LOG).update("log"), "log is a str"),
    (lambda: of.fold(LOG).update(LOG, as_of="2000-01-01"), "as_of is 2000-01-01"),
    (lambda: of.fold(LOG).merge(LOG), "other is a EventLog"),
    (lambda: of.fold(LOG).merge(of.fold(LOG, [])), "different traits"),
    (lambda: of.fold(LOG).select("ann"), r"several ids: \['ann'\]"),
    (lambda: of.fold(LOG).select(["bob"]), "no profile, such as 'bob'"),
    (lambda: of.fold(LOG).combine(3), "assignment is a int"),
    (lambda: of.fold(LOG).new("ann"), "'ann' has a profile already"),
    (lambda: of.fold(LOG)["ann"].after(3), "event is a int"),
    (lambda: of.fold(LOG)["ann"].after(of.Event("bob", "x", "2024-01-01")), "'bob'"),
    (lambda: of.fold(LOG, [_Wrong(np.zeros(7))]).table["wrong"], r"shape \(7,\) for 1"),
    (lambda: of.fold(LOG).table.wide("recency"), "no labels"),
    (lambda: of.fold(LOG).table.column("channels"), "has labels"),
    (lambda: of.fold(LOG).table.column("recency", "x"), "no labels"),
    (lambda: LOG.before(None), "t is"),
    (lambda: LOG.between("2024-02-01", "2024-01-01"), "Swap them"),
    (lambda: traits.Affinity(half_life="0D"), "half_life is '0D'"),
    (lambda: traits.Rhythm(by="month"), "by is 'month'"),
    (lambda: traits.Recency(7), "event is 7"),
    (lambda: traits.Recency(name=""), "name is ''"),
]


@pytest.mark.parametrize(("call", "says"), REFUSED, ids=[says for _, says in REFUSED])
def test_refusals_are_ours_and_name_the_argument(call: Any, says: str) -> None:
    with pytest.raises(OnefoldError, match=says):
        call()


def test_a_wrong_clock_is_refused_where_as_of_is_left_out() -> None:
    good = [of.Event("a", "view", f"2024-03-{day:02d}") for day in range(1, 31)]
    wrong = of.Event("a", "view", "2099-01-01")
    log = EventLog.from_events([*good, wrong])
    with pytest.raises(OnefoldError, match=r"as_of is left out.*2099-01-01.*wrong clock"):
        of.fold(log)
    with pytest.raises(OnefoldError, match=r"as_of is left out.*2099-01-01.*wrong clock"):
        of.fold(EventLog.from_events(good)).update(EventLog.from_events([wrong]))
    assert len(of.fold(log, as_of="2024-04-01")["a"]) == 30
    later = of.fold(EventLog.from_events(good)).update(log, as_of="2024-05-01")
    assert len(later["a"]) == 60
    nobody = EventLog.from_frame(
        pd.DataFrame({"who": ["a", None], "at": pd.to_datetime(["2024-01-01", "2090-01-01"])}),
        customer="who",
        time="at",
        event="view",
        tz="UTC",
    )
    assert of.fold(nobody).as_of == np.datetime64("2024-01-01T00:00:00.000001")
