"""Partitions say what one fold of everything says, and a folder is whole or not there.

Partitions.fold(logs, folder).profiles() == fold(logs)        each part == fold(logs of its people)
"""

import datetime as dt
import itertools
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onefold as of
from onefold import traits
from onefold.errors import ArgumentError, UnknownCustomer
from onefold.events import EventLog
from tests.profiles.parts.some import event, people
from tests.strategies import CATALOG, END, Raw, events_of, facts_of, instants, raws

LAW = settings(max_examples=15)
TRAITS = [
    *traits.TRAITS,
    traits.LastItems(2),
    traits.Latest("colour", name="colour"),
    traits.Sum("size", None, name="sizes"),
    traits.Fact("region", name="home"),
    traits.Age(),
]


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name) / "parts"


def pieces(raw: Raw, cuts: Sequence[int]) -> list[EventLog]:
    """The rows of a log as several logs."""
    edges = [0, *sorted(c % (len(raw.rows) + 1) for c in cuts), len(raw.rows)]
    events = [events_of(raw.rows[a:b]) for a, b in itertools.pairwise(edges)]
    return [*events[:1], facts_of(raw.facts), *events[1:]]


def in_parts(raw: Raw, where: Path, *, parts: int = 3, **how: Any) -> of.Partitions:
    return of.Partitions.fold(
        raw.log(), where, parts=parts, traits=TRAITS, catalog=CATALOG, as_of=END, **how
    )


def whole(raw: Raw, **how: Any) -> of.Profiles:
    return of.fold(raw.log(), TRAITS, catalog=CATALOG, **{"as_of": END, **how})


# ------------------------------------------------------------------------------------------- laws


@LAW
@given(raws(), st.lists(st.integers(0, 20), max_size=3), st.integers(1, 5), st.integers(1, 2))
def test_parts_say_what_the_whole_says(raw: Raw, cuts: list[int], parts: int, threads: int) -> None:
    everybody = whole(raw)
    with folder() as where:
        made = of.Partitions.fold(
            reversed(pieces(raw, cuts)),
            where,
            parts=parts,
            traits=TRAITS,
            catalog=CATALOG,
            as_of=END,
            threads=threads,
        )
        again = of.Partitions.open(where, traits=TRAITS, catalog=CATALOG)
        for partitions in (made, again):
            assert partitions.parts == parts and partitions.as_of == everybody.as_of
            assert partitions.profiles() == everybody
            assert len(partitions) == len(everybody)
        found = list(again)
        assert sorted(i for part in found for i in part.ids) == list(everybody.ids)
        for part in found:
            assert part == everybody.select(part.ids)
        for profile in everybody:
            assert profile.id in again
            assert again[profile.id] == profile
            assert again[profile.id].to_dict() == profile.to_dict()
            assert again[profile.id].table.names == profile.table.names
            for fact in everybody.history.facts:
                assert again[profile.id][fact] == profile[fact]


@LAW
@given(raws(), st.lists(st.integers(0, 20), max_size=3), st.randoms())
def test_files_do_not_depend_on_how_rows_came(raw: Raw, cuts: list[int], random: Any) -> None:
    logs = pieces(raw, cuts)
    random.shuffle(logs)
    with folder() as one, folder() as other:
        in_parts(raw, one)
        of.Partitions.fold(iter(logs), other, parts=3, as_of=END)
        for file in sorted(path.name for path in one.iterdir()):
            assert (one / file).read_bytes() == (other / file).read_bytes(), file


@LAW
@given(raws(clash=False), instants())
def test_a_view_is_the_past(raw: Raw, t: dt.datetime) -> None:
    with folder() as where:
        view = in_parts(raw, where).at(t)
        past = whole(raw).at(t)
        assert view.profiles() == past and len(view) == len(past) and view.as_of == past.as_of
        for profile in past:
            assert view[profile.id].to_dict() == profile.to_dict()
        assert [i for part in view for i in part.ids if i not in past] == []


@LAW
@given(
    raws(clash=False), st.lists(st.tuples(st.sampled_from(["a", "b", "zz", None, "é"]), instants()))
)
def test_a_table_of_moments_is_that_of_the_whole(raw: Raw, asked: list[Any]) -> None:
    frame = pd.DataFrame(
        {
            "customer": pd.Series([who for who, _ in asked], dtype="object"),
            "time": pd.Series([t for _, t in asked], dtype=pd.DatetimeTZDtype("us", "UTC")),
        }
    )
    labels = {"channels": ["web", "store"], "last_items": ["1"]}
    with folder() as where:
        partitions, everybody = in_parts(raw, where), whole(raw)
        for how in ({}, {"labels": labels, "wide": 0}):
            found = partitions.at(frame, **how)
            pd.testing.assert_frame_equal(found, everybody.at(frame, **how), rtol=1e-11)


@LAW
@given(raws(clash=False), raws(clash=False), st.booleans())
def test_an_update_is_that_of_the_whole(raw: Raw, more: Raw, given_as_of: bool) -> None:
    as_of = END + dt.timedelta(days=1) if given_as_of else None
    with folder() as where:
        old = in_parts(raw, where, parts=2)
        new = old.update([more.log()], as_of=as_of)
        wanted = whole(raw).update(more.log(), as_of=as_of)
        assert new.profiles() == wanted and new.as_of == wanted.as_of
        again = of.Partitions.open(where, traits=TRAITS, catalog=CATALOG)
        assert again.profiles() == wanted
        for profile in wanted:
            assert again[profile.id].to_dict() == profile.to_dict()


@LAW
@given(raws(clash=False))
def test_a_file_of_traits_is_the_frame_of_the_whole(raw: Raw) -> None:
    with folder() as where:
        partitions, everybody = in_parts(raw, where), whole(raw)
        path = where.parent / "traits.parquet"
        partitions.to_parquet(path, wide=99)
        found = pd.read_parquet(path).set_index("customer").sort_index()
        wanted = everybody.to_pandas(wide=99)
        assert list(found.columns) == list(wanted.columns)
        assert list(found.index) == list(wanted.index)
        for name in wanted:
            for a, b in zip(found[name], wanted[name], strict=True):
                assert (pd.isna(a) and pd.isna(b)) or a == b or abs(a - b) < 1e-9


@LAW
@given(raws(), st.booleans())
def test_as_of_left_out_is_just_after_the_last_row(raw: Raw, wrong_clock: bool) -> None:
    far = {"customer": "late", "time": END + dt.timedelta(days=9999)}
    late = Raw(tuple({**row, **far} for row in raw.rows[:1]))
    log = (raw + late if wrong_clock else raw).log()
    with folder() as where:
        found, wanted = (
            outcome(lambda: of.Partitions.fold(log, where, parts=2).as_of),
            outcome(lambda: of.fold(log).as_of),
        )
        assert found == wanted and where.exists() == (not isinstance(wanted, bool))


def outcome(work: Any) -> Any:
    """What it gives; if it refuses, whether because of a clock."""
    try:
        return work()
    except ArgumentError as error:
        return "wrong clock" in str(error)


def test_what_was_received_later_is_not_known(tmp_path: Path) -> None:
    rows = [event("ann", received="2024-05-01"), event("bob", 2, received=None), event("ann", 3)]
    told = pd.DataFrame(
        {"who": ["bob"], "at": ["2024-01-01"], "got": ["2024-04-01"], "plan": ["a"]}
    )
    told[["at", "got"]] = told[["at", "got"]].astype("datetime64[us, UTC]")
    facts = EventLog.from_facts(told, customer="who", time="at", facts=["plan"], received="got")
    logs = [EventLog.from_events(rows), facts]
    for known_at in (None, "2024-04-10", "2024-03-03", "2024-03-20"):
        where = tmp_path / str(known_at)
        made = of.Partitions.fold(logs, where, parts=2, known_at=known_at)
        wanted = of.fold(logs, known_at=known_at)
        assert made.profiles() == wanted
        for profile in wanted:
            assert made[profile.id].to_dict() == profile.to_dict()
            pd.testing.assert_frame_equal(made[profile.id].events(), profile.events())


# ---------------------------------------------------------------------------------- odd customers


def test_ids_of_every_kind(tmp_path: Path) -> None:
    odd = ["é", "🦊", " ", "a b", "x" * 3000, "10", "9", "a\0", "a", "a\nb", "../up", "null", "−0"]
    log = EventLog.from_events([event(who, value=i) for i, who in enumerate(odd)])
    made = of.Partitions.fold(log, tmp_path / "é 🦊", parts=4)
    again = of.Partitions.open(str(tmp_path / "é 🦊"))
    assert sorted(i for part in again for i in part.ids) == sorted(odd)
    for i, who in enumerate(odd):
        assert made[who]["monetary"] == again[who]["monetary"] == i
    assert again[10].id == "10" and 10 in again
    assert "nobody" not in again and "\ud800" not in again
    with pytest.raises(UnknownCustomer, match="no customer 'nobody' as of just after 2024-03-01"):
        again["nobody"]
    wrong: Any
    for wrong in (None, True, ["a"], 1.5):
        with pytest.raises(ArgumentError):
            again[wrong]


def test_nobody(tmp_path: Path) -> None:
    for name, logs in (("none", []), ("empty", [EventLog.from_events([])])):
        with pytest.raises(ArgumentError, match="give as_of="):
            of.Partitions.fold(logs, tmp_path / name)
        made = of.Partitions.fold(logs, tmp_path / name, as_of="2024-01-01", parts=2)
        assert len(made) == 0 and list(made) == [] and "ann" not in made
        assert made.profiles() == of.fold(EventLog.from_events([]), as_of="2024-01-01")
        frame = pd.DataFrame(
            {"customer": ["ann"], "time": pd.to_datetime(["2024-01-02"], utc=True)}
        )
        assert made.at(frame)["recency"].isna().all() and len(made.at(frame[:0])) == 0
        made.to_parquet(tmp_path / "traits.parquet")
        assert "recency" in pd.read_parquet(tmp_path / "traits.parquet").columns
        assert len(made.update(people(3))) == 3


def test_more_parts_than_customers(tmp_path: Path) -> None:
    made = of.Partitions.fold(people(3), tmp_path / "parts", parts=40)
    assert made.parts == 40 and len(list(made)) <= 3 and len(made) == 3
    assert made.profiles() == of.fold(people(3))
    assert len(list((tmp_path / "parts").iterdir())) == 81


# --------------------------------------------------------------------------------------- updates


def test_an_update_of_a_view_or_back_in_time_is_refused(tmp_path: Path) -> None:
    made = of.Partitions.fold(people(3), tmp_path / "parts", as_of="2024-06-01")
    with pytest.raises(ArgumentError, match="a view as of 2024-03-02"):
        made.at("2024-03-02").update(people(1))
    with pytest.raises(ArgumentError, match="already"):
        made.update(people(1), as_of="2024-05-01")
    assert made.update([], as_of="2024-07-01").as_of == np.datetime64("2024-07-01")


def test_arguments_are_checked(tmp_path: Path) -> None:
    wrong: list[dict[str, Any]] = [
        {"parts": 0}, {"parts": 4097}, {"parts": 2.5}, {"threads": 0}, {"progress": 1},
        {"as_of": "01/02/2024"}, {"known_at": 3}, {"catalog": 3}, {"traits": 3},
    ]  # fmt: skip
    for how in wrong:
        with pytest.raises(ArgumentError, match=rf"Partitions\.fold: {next(iter(how))}"):
            of.Partitions.fold(people(2), tmp_path / "parts", **how)
    for logs in (3, "events.parquet", [people(2), 3], pd.DataFrame()):
        with pytest.raises(ArgumentError, match=r"Partitions\.fold: log is a"):
            of.Partitions.fold(logs, tmp_path / "parts")
    assert list(tmp_path.iterdir()) == []
    made = of.Partitions.fold(people(2), tmp_path / "parts")
    with pytest.raises(ArgumentError, match="labels is for a frame"):
        made.at("2024-01-01", labels={})
    with pytest.raises(ArgumentError):
        made.at(None)
    with pytest.raises(ArgumentError, match=r"Partitions\.at"):
        made.at(pd.DataFrame({"customer": ["c1"]}))
