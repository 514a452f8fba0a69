"""Names at their edges: alike but not the same, of one hash, long, empty, in any type of Arrow.

Two strings are one only if their bytes are; the oracle is a dictionary of Python.
"""

import itertools
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onefold as of
from onefold import traits
from onefold._random import hash64, mix64
from onefold.errors import ColumnError
from onefold.events import EventLog
from tests.colliding import twins

DAY = np.timedelta64(1, "D")
START = np.datetime64("2024-01-01", "us")
LONG = "x" * 256
NAMES = {
    "accents": [unicodedata.normalize(form, "José") for form in ("NFC", "NFD")],
    "compatible": ["ﬁne", "fine", "ﬁne"],
    "trailing NULs": ["ann", "ann\x00", "ann\x00\x00", "\x00ann", "\x00", "\x00\x00"],
    "white space": ["ann", "ann ", " ann", "ann\n", "ann\u00a0", "ann\u200b", " "],
    "case": ["ann", "Ann", "ANN", "aNN", "straße", "strasse", "STRASSE"],
    "digits": ["1", "01", "1.0", "\uff11", "+1", "1 "],
    "long": [LONG, LONG + "x", LONG[1:], LONG + "y", LONG + "\x00", LONG[:-1] + "y"],
    "of a megabyte": ["y" * 2**20, "y" * 2**20 + "z", "y" * (2**20 - 1) + "z"],
    "of one hash": [*twins(16), *twins(24), *twins(256)],
    "words": ["None", "nan", "NaN", "null", "NULL", "NA", "<NA>", "-1", "0"],
    "planes": ["\ud7ff", "\ue000", "\uffff", "\U00010000", "\U0010ffff", "🦊"],
}
EACH = pytest.mark.parametrize("names", NAMES.values(), ids=NAMES.keys())


def frame_of(**columns: Sequence[Any]) -> pa.Table:
    """Rows a day apart, of customer "a" where no other is told."""
    n = len(next(iter(columns.values())))
    at = pa.array(START + np.arange(n) * DAY, type=pa.timestamp("us", tz="UTC"))
    return pa.table({"who": ["a"] * n, "at": at, **columns})


def log_of(frame: Any, **columns: str) -> EventLog:
    return EventLog.from_frame(frame, **{"customer": "who", "time": "at", "event": "x"} | columns)


# ------------------------------------------------------------------------- alike, not the same


@EACH
def test_customers_that_are_not_the_same(names: list[str]) -> None:
    times = range(1, len(names) + 1)
    who = [name for name, k in zip(names, times, strict=True) for _ in range(k)]
    expected = Counter(who)
    log = log_of(frame_of(who=who))
    profiles = of.fold(log, [traits.Count()])
    assert profiles.ids.tolist() == sorted(expected)
    assert dict(zip(profiles.ids, profiles.table["count"], strict=True)) == expected
    for name in expected:
        assert profiles[name]["count"] == expected[name]
        assert name in profiles
    single = [of.Event(w, "x", t) for w, t in zip(who, log.events.array("time"), strict=True)]
    assert of.fold(EventLog.from_events(single), [traits.Count()]) == profiles
    frame = frame_of(who=who)
    parts = [of.fold(log_of(frame.slice(k, 1)), [traits.Count()]) for k in range(len(who))]
    merged = parts[0]
    for part in reversed(parts[1:]):
        merged = merged.merge(part)
    assert merged == profiles
    assert profiles.select(names[:1]).ids.tolist() == names[:1]
    asked = pd.DataFrame({"customer": names, "time": pd.to_datetime(["2030-01-01"] * len(names))})
    asked["customer"] = asked["customer"].astype(object)
    assert profiles.at(asked, tz="UTC")["count"].tolist() == [expected[n] for n in names]


@EACH
@pytest.mark.parametrize("column", ["item", "channel", "basket", "event", "properties"])
def test_labels_that_are_not_the_same(names: list[str], column: str) -> None:
    said = [name for k, name in enumerate(names, start=1) for _ in range(k)]
    expected = {name: count / len(said) for name, count in Counter(said).items()}
    columns: dict[str, Any] = {column: {"p": "word"} if column == "properties" else "word"}
    label = {"event": "kind", "properties": "p"}.get(column, column)
    chosen = [traits.Share(label, None, name="share"), traits.Distinct(label, None)]
    profile = of.fold(log_of(frame_of(word=said), **columns), chosen)["a"]
    assert profile["share"] == pytest.approx(expected)
    assert profile["distinct"] == len(expected)
    if column == "basket":
        visits = of.fold(log_of(frame_of(word=said), basket="word"), [traits.Frequency(None)])
        assert visits["a"]["frequency"] == len(expected)
    if column == "event":
        counts = [traits.Count(n, name=f"n{k}") for k, n in enumerate(names)]
        counted = of.fold(log_of(frame_of(word=said), event="word"), counts)["a"]
        assert [counted[f"n{k}"] for k in range(len(names))] == [Counter(said)[n] for n in names]


@EACH
def test_ids_of_events_that_are_not_the_same(names: list[str]) -> None:
    """All but those of one hash: an event is known by the hash of its id, as its docs say."""
    log = log_of(frame_of(nr=[*names, *names]), id="nr")
    alike = len(set(hash64(names).tolist()))
    assert len(of.fold(log)["a"]) == alike
    assert len(log.deduplicate()) == alike
    if names is not NAMES["of one hash"]:
        assert alike == len(set(names))
    sources = log_of(frame_of(nr=["1"] * len(names), till=list(names)), id="nr", source="till")
    assert len(of.fold(sources)["a"]) == alike


def test_one_id_of_customers_of_one_hash() -> None:
    """An id is known within its customer, whatever its hash."""
    for size in (16, 40):
        one, other = twins(size)
        log = log_of(frame_of(who=[one, other, one, other], nr=["1", "1", "1", "2"]), id="nr")
        profiles = of.fold(log)
        assert {name: len(profiles[name]) for name in (one, other)} == {one: 1, other: 2}
        assert len(log.deduplicate()) == 3


@EACH
def test_facts_that_are_not_the_same(names: list[str]) -> None:
    who = [f"c{k}" for k in range(len(names))]
    frame = pa.table({"who": who, "region": names})
    log = EventLog.from_facts(frame, customer="who", time="2024-01-01", facts=["region"])
    profiles = of.fold(log)
    assert [profiles[w]["region"] for w in who] == names
    columns = pa.table({"who": ["a"], **{f"f{name}": [k] for k, name in enumerate(set(names))}})
    facts = [n for n in columns.column_names if n != "who"]
    many = of.fold(EventLog.from_facts(columns, customer="who", time="2024-01-01", facts=facts))
    assert [many["a"][name] for name in facts] == list(range(len(facts)))


def test_twins_in_the_same_instant_and_the_same_row_otherwise() -> None:
    """Rows without ids are ordered by a hash of their contents, which here says nothing."""
    one, other = twins(16)
    logs = [
        EventLog.from_events([of.Event("a", "x", "2024-01-01", item=item) for item in items])
        for items in itertools.permutations([one, other, one])
    ]
    profiles = [of.fold(log, [traits.Share("item", None)]) for log in logs]
    for some in profiles:
        assert some["a"]["share"] == pytest.approx({one: 2 / 3, other: 1 / 3})
    assert all(some == profiles[0] for some in profiles)


# ------------------------------------------------------------------------- long, empty, missing


@pytest.mark.parametrize("column", ["who", "item", "nr"])
def test_empty_strings_are_missing(column: str) -> None:
    words = ["", None, "b", ""]
    frame = frame_of(**{column: pa.array(words)})
    log = log_of(frame, **{{"who": "customer", "nr": "id"}.get(column, column): column})
    profiles = of.fold(log)
    if column == "who":
        assert profiles.ids.tolist() == ["b"]
    elif column == "item":
        held = profiles.ledger.events.coded("item")
        assert held.decode().tolist() == [None, None, "b", None]
    else:
        assert log.events.array("has_id").tolist() == [False, False, True, False]
        assert len(profiles["a"]) == 4


NOTHING: dict[str, Callable[[int], Any]] = {
    "null": pa.nulls,
    "string": lambda n: pa.nulls(n, pa.string()),
    "view": lambda n: pa.nulls(n, pa.string_view()),
    "dictionary": lambda n: pa.nulls(n, pa.dictionary(pa.int8(), pa.string())),
    "integer": lambda n: pa.nulls(n, pa.int64()),
    "empty": lambda n: pa.array([""] * n),
}


@pytest.mark.parametrize("nothing", NOTHING.values(), ids=NOTHING.keys())
@pytest.mark.parametrize("n", [0, 1, 5])
def test_columns_of_nothing(nothing: Callable[[int], Any], n: int) -> None:
    frame = frame_of(word=nothing(n))
    bare = log_of(frame)
    for column in ("item", "channel", "basket", "source", "zone"):
        assert log_of(frame, **{column: "word"}) == bare
    if nothing is not NOTHING["view"]:
        assert log_of(frame, id="word") == bare
    assert of.fold(log_of(frame, customer="word"), as_of="2030-01-01").ids.tolist() == []
    if n:
        with pytest.raises(ColumnError, match="is missing in"):
            log_of(frame, event="word")


@pytest.mark.parametrize("kind", [pa.null(), pa.float64(), pa.int64(), pa.decimal128(10, 2)])
def test_amounts_of_nothing(kind: Any) -> None:
    frame = frame_of(paid=pa.nulls(3, kind))
    log = log_of(frame, value="paid", quantity="paid", properties={"p": "paid"})
    profile = of.fold(log, [traits.Monetary(None), traits.Sum("p", None)])["a"]
    assert profile["monetary"] is None
    assert profile["sum"] is None
    assert log == log_of(frame)


# ------------------------------------------------------------------------- any type of Arrow

WORDS = st.lists(
    st.sampled_from(["tea", "jam", "é🦊", "", "tea\x00", None]) | st.text(max_size=20), max_size=30
)


def shapes(words: Sequence[str | None]) -> dict[str, pa.Array | pa.ChunkedArray]:
    """The same column in every type, in pieces, and from the middle of longer ones."""
    plain = pa.array(words, type=pa.string())
    around = pa.array(["before", None, *words, "after"], type=pa.string())
    half = len(words) // 2
    out: dict[str, Any] = {
        "string": plain,
        "large": plain.cast(pa.large_string()),
        "view": pa.array(plain.to_pylist(), type=pa.string_view()),
        "dictionary": plain.dictionary_encode(),
        "slice": around.slice(2, len(words)),
        "slice of a dictionary": around.dictionary_encode().slice(2, len(words)),
        "slice of views": pa.array(around.to_pylist(), type=pa.string_view()).slice(2, len(words)),
        "chunks": pa.chunked_array([plain[:half], plain[:0], plain[half:]]),
        "chunks of slices": pa.chunked_array(
            [around[2 : 2 + half], around[2 + half : 2 + len(words)]], type=pa.string()
        ),
        "dictionaries": pa.chunked_array(
            [plain[:half].dictionary_encode(), plain[half:].dictionary_encode()],
            type=pa.dictionary(pa.int32(), pa.string()),
        ),
    }
    doubled = ["unused", "", *dict.fromkeys(words), *dict.fromkeys(words)]
    last = len(doubled) - 1 - np.arange(len(doubled))
    at = {word: int(last[k]) for k, word in enumerate(reversed(doubled)) if word is not None}
    # A dictionary with words that lie unused, or twice, and with a null among them.
    codes = pa.array([None if w is None else at[w] for w in words], type=pa.int16())
    out["odd dictionary"] = pa.DictionaryArray.from_arrays(codes, pa.array(doubled))
    return out


@settings(max_examples=40)
@given(WORDS)
def test_columns_in_any_type(words: list[str | None]) -> None:
    told = [word or None for word in words]
    for name, column in shapes(words).items():
        log = log_of(frame_of(word=column), item="word", customer="word", properties={"p": "word"})
        for held in ("item", "customer", "property:p"):
            assert log.events.coded(held).decode().tolist() == told, (name, held)
            assert list(log.events.coded(held).vocab) == sorted({w for w in told if w}), (
                name,
                held,
            )
        if "view" in name:
            continue  # see below
        keyed = log_of(frame_of(word=column), id="word").events
        assert keyed.array("has_id").tolist() == [word is not None for word in told], name
        hashes = hash64([word or "" for word in words])
        expected = mix64(np.zeros(len(words), dtype=np.uint64), hashes)
        assert [k for k, word in zip(keyed.array("key").tolist(), told, strict=True) if word] == [
            k for k, word in zip(expected.tolist(), told, strict=True) if word
        ], name


def test_views_as_ids_of_events() -> None:
    views = frame_of(word=pa.array(["1", "1", None, ""], type=pa.string_view()))
    assert len(of.fold(log_of(views, id="word"))["a"]) == 3


@settings(max_examples=20)
@given(WORDS)
def test_frames_in_any_type(words: list[str | None]) -> None:
    told = [word or None for word in words]
    table = frame_of(word=pa.array(words, type=pa.string()))
    frame, polars = table.to_pandas(), pl.from_arrow(table)
    assert isinstance(polars, pl.DataFrame)
    frames: list[Any] = [
        frame,
        frame.assign(word=frame["word"].astype(object)),
        frame.assign(word=frame["word"].astype("category")),
        frame.assign(word=frame["word"].astype("string")),
        frame.assign(word=frame["word"].astype(pd.ArrowDtype(pa.large_string()))),
        polars,
        polars.with_columns(pl.col("word").cast(pl.Categorical)),
        polars.with_columns(
            pl.col("word").cast(pl.Enum(sorted({w for w in words if w is not None})))
        ),
        pl.concat([polars[:3], polars[3:]], rechunk=False),
        pd.concat([frame, frame]).iloc[: len(frame)],
        frame.iloc[::-1].iloc[::-1],
        polars.lazy(),
    ]
    for some in frames:
        log = log_of(some, item="word")
        assert log.events.coded("item").decode().tolist() == told


@pytest.mark.parametrize("kind", [pa.int8(), pa.uint8(), pa.int64(), pa.uint64()])
def test_whole_numbers_as_ids(kind: Any) -> None:
    numbers = [0, 1, 127, 1, None, 10, 9]
    if kind != pa.int8() and kind != pa.uint8():
        numbers += [2**53 + 1, 2**63 - 1]
    if kind == pa.uint64():
        numbers.append(2**64 - 1)
    column = pa.array(numbers, type=kind)
    for held in (column, column.dictionary_encode(), pa.chunked_array([column[:3], column[3:]])):
        log = log_of(frame_of(word=held), item="word", id="word")
        words = [None if n is None else str(n) for n in numbers]
        assert log.events.coded("item").decode().tolist() == words
        strings = log_of(frame_of(word=pa.array(words)), item="word", id="word")
        assert log == strings


def test_all_columns_of_slices_with_nulls() -> None:
    """Numbers, instants, decimals and strings, each from the middle of a longer array."""
    generator = np.random.default_rng(5)
    n = 50
    at = START + generator.integers(0, 10**12, n)
    paid = np.round(generator.random(n), 2)
    gone = generator.random(n) < 0.3
    columns: dict[str, Any] = {
        "who": [f"c{k}" for k in generator.integers(0, 5, n)],
        "at": pa.array(at, type=pa.timestamp("us", tz="UTC")),
        "paid": pa.array(
            [None if g else p for g, p in zip(gone.tolist(), paid.tolist(), strict=True)]
        ),
        "many": pa.array(generator.random(n), mask=gone),
        "nr": pa.array([str(k) for k in generator.integers(0, 30, n)], mask=gone),
        "got": pa.array(at + 1, type=pa.timestamp("us", tz="UTC"), mask=gone),
    }
    table = pa.table(columns)
    exact = table.set_column(2, "paid", table["paid"].cast(pa.decimal128(9, 2)))
    named = {"value": "paid", "quantity": "many", "id": "nr", "received": "got"}
    for some in (table, exact):
        whole = log_of(some, **named)
        cut = log_of(some.slice(13, 20), **named)
        rows = some.slice(13, 20).to_pylist()
        assert cut == log_of(pa.Table.from_pylist(rows, schema=some.schema), **named)
        assert cut.events.equals(whole.events.take(slice(13, 33)))
        pieces = pa.concat_tables([some.slice(k, 7) for k in range(0, n, 7)])
        assert log_of(pieces, **named) == whole
