"""Partitions say what one fold of everything says, and a folder is whole or not there.

Partitions.fold(logs, folder).profiles() == fold(logs)        each part == fold(logs of its people)
"""

import datetime as dt
import decimal
import hashlib
import importlib
import itertools
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onefold as of
from onefold import traits
from onefold.errors import ArgumentError, ColumnError, ContractError, FileError, UnknownCustomer
from onefold.events import EventLog
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


def event(who: str, day: int = 1, **more: Any) -> of.Event:
    return of.Event(who, "purchase", f"2024-03-{day:02d}", **more)


def people(n: int, **more: Any) -> EventLog:
    return EventLog.from_events([event(f"c{i}", 1 + i % 28, value=i, **more) for i in range(n)])


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


def test_a_wrong_clock_is_found_over_all_parts(tmp_path: Path) -> None:
    times = pd.date_range("2024-01-01", periods=3000, freq="min", tz="UTC").tolist()
    frame = pd.DataFrame({"who": [f"c{i}" for i in range(3000)], "at": times})
    frame.loc[[7, 9], "at"] = pd.Timestamp("2099-01-01", tz="UTC")
    log = EventLog.from_frame(frame, customer="who", time="at", event="view")
    with pytest.raises(ArgumentError, match=r"and 2 of 3,000 events .* wrong clock"):
        of.Partitions.fold(log, tmp_path / "parts", parts=50)
    assert list(tmp_path.iterdir()) == []
    made = of.Partitions.fold(log, tmp_path / "parts", parts=50, as_of="2024-06-01")
    assert len(made) == 2998
    with pytest.raises(ArgumentError, match=r"and 2 of 3,000 events .* wrong clock"):
        made.update(log.between("2098-01-01", "2100-01-01"))
    assert len(of.Partitions.open(tmp_path / "parts")) == 2998


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
    with pytest.raises(UnknownCustomer, match="no customer 'nobody' among 13"):
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


def test_a_property_that_only_some_logs_have(tmp_path: Path) -> None:
    logs = [people(4), people(5, properties={"colour": "red"}), people(2, properties={"size": 1.0})]
    carried = [traits.Latest("colour", None, name="colour"), traits.Sum("size", None, name="size")]
    made = of.Partitions.fold(logs, tmp_path / "parts", parts=5, traits=carried)
    wanted = of.fold(logs, carried)
    assert made.profiles() == wanted
    for profile in wanted:  # also where nobody in a part has it
        assert made[profile.id].to_dict() == profile.to_dict()


def test_types_are_the_same_in_all_parts(tmp_path: Path) -> None:
    red, one = (EventLog.from_events([event(f"c{p}", properties={"p": p})]) for p in ("red", 1.0))
    with pytest.raises(ColumnError, match="'p' holds numbers on one side and text on the other"):
        of.Partitions.fold([red, one], tmp_path / "parts")
    told = pd.DataFrame({"who": ["a", "b"], "text": ["x", "y"], "number": [1, 2]})
    plans = [
        EventLog.from_facts(told, customer="who", time="2024-01-01", facts={"plan": column})
        for column in ("text", "number")
    ]
    with pytest.raises(ColumnError, match="fact 'plan' is text on one side"):
        of.Partitions.fold(plans, tmp_path / "parts")
    euro, dollar = (
        EventLog.from_frame(
            pd.DataFrame({"who": ["a"], "at": pd.to_datetime(["2024-01-01"]), "paid": [1]}),
            customer="who", time="at", event="buy", value="paid", currency=c, tz="UTC",
        )
        for c in ("EUR", "USD")
    )  # fmt: skip
    with pytest.raises(ArgumentError, match="'EUR'"):
        of.Partitions.fold([euro, dollar], tmp_path / "parts")
    assert list(tmp_path.iterdir()) == []
    made = of.Partitions.fold([red, euro, plans[0]], tmp_path / "parts")
    assert made["a"].currency == "EUR"
    for more, message in ((one, "'p' holds"), (plans[1], "'plan'"), (dollar, "'USD'")):
        with pytest.raises(ArgumentError, match=message):
            made.update(more)
        assert len(of.Partitions.open(tmp_path / "parts").profiles()) == 3


def test_a_property_that_nobody_has_takes_the_type_of_a_later_one(tmp_path: Path) -> None:
    frame = pd.DataFrame({"who": ["a", "b"], "at": pd.to_datetime(["2024-01-01"] * 2), "p": np.nan})
    how: Any = {"customer": "who", "time": "at", "event": "view", "tz": "UTC", "properties": ["p"]}
    empty = EventLog.from_frame(frame, **how)
    full = EventLog.from_frame(frame.assign(p=pd.Series(["x", None], dtype="object")), **how)
    made = of.Partitions.fold(empty, tmp_path / "parts", parts=3)
    wanted = of.fold(empty).update(full)
    assert made.update(full).profiles() == wanted
    for logs in ([empty, full], [full, empty]):  # whoever comes first, and whoever is where
        there = tmp_path / f"{len(list(tmp_path.iterdir()))}"
        assert of.Partitions.fold(logs, there, parts=2).profiles() == of.fold(logs)
    carried = [traits.Latest("p", None, name="p")]
    again = of.Partitions.open(tmp_path / "parts", traits=carried)
    assert [again[who]["p"] for who in "ab"] == ["x", None]


def test_amounts_are_exact(tmp_path: Path) -> None:
    most = (2**63 - 1) // 10**6
    log = EventLog.from_frame(
        pd.DataFrame(
            {
                "who": ["a", "b", "c", "d"],
                "at": pd.to_datetime(["2024-01-01"] * 4),
                "paid": [most, -most, 0, None],
            },
        ).astype({"paid": "Int64"}),
        customer="who", time="at", event="buy", value="paid", tz="UTC",
    )  # fmt: skip
    made = of.Partitions.fold(log, tmp_path / "parts", parts=2)
    assert made.profiles() == of.fold(log)
    duckdb = pytest.importorskip("duckdb")
    files = tmp_path / "parts" / "events-*.parquet"
    found = duckdb.sql(f"select customer, value from '{files}' order by customer").fetchall()
    assert [str(value) for _, value in found] == [
        f"{most}.000000", f"-{most}.000000", "0.000000", "None"
    ]  # fmt: skip


def test_a_property_may_be_called_as_a_column_of_the_file(tmp_path: Path) -> None:
    names = [
        "event_key",
        "utc_offset_seconds",
        "property:event_key",
        "a.b",
        "é",
        "property:",
        "Item",
    ]
    row = event("ann", properties={name: name for name in names}, id="1")
    log = EventLog.from_events([row, event("bob")])
    made = of.Partitions.fold(log, tmp_path / "parts", parts=2)
    assert made.profiles() == of.fold(log)
    assert set(names) <= set(made["ann"].events().columns)


def test_other_programs_read_the_files(tmp_path: Path) -> None:
    pl = pytest.importorskip("polars")
    log = of.datasets.simulate(30, days=40, rng=1).log
    of.Partitions.fold(log, tmp_path / "parts", parts=3)
    found = pl.read_parquet(tmp_path / "parts" / "events-*.parquet")
    assert len(found) == len(log)
    assert found.schema["value"] == pl.Decimal(19, 6)
    assert found.schema["time"] == pl.Datetime("us", "UTC")
    assert found.schema["customer"] == found.schema["event"] == pl.String
    frame = log.to_pandas()
    assert found["customer"].n_unique() == frame["customer"].nunique()
    assert float(found["value"].sum()) == pytest.approx(frame["value"].sum())


# ------------------------------------------------------------------------------ whole, or not there


class Stopped(BaseException):
    """Like Ctrl-C: nothing that an except clause for errors would catch."""


def before_the_end(logs: list[EventLog], what: BaseException) -> Iterator[EventLog]:
    yield from logs
    raise what


@pytest.mark.parametrize("what", [ValueError("broken"), KeyboardInterrupt(), Stopped()])
def test_a_source_that_fails_leaves_nothing(tmp_path: Path, what: BaseException) -> None:
    there = tmp_path / "there"
    there.mkdir()
    for where in (tmp_path / "parts", there):
        with pytest.raises(type(what)):
            of.Partitions.fold(before_the_end([people(9)], what), where, parts=2)
    assert list(tmp_path.iterdir()) == [there] and list(there.iterdir()) == []
    made = of.Partitions.fold(people(9), tmp_path / "parts", parts=2)
    with pytest.raises(type(what)):
        made.update(before_the_end([people(12)], what))
    assert unchanged(tmp_path / "parts", made)


def unchanged(where: Path, made: of.Partitions) -> bool:
    assert not [path for path in where.iterdir() if path.name.startswith(".")]
    return of.Partitions.open(where).profiles() == made.profiles()


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("what", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize(
    "place",
    [
        "onefold.profiles.parts.parquet.write",
        "onefold.profiles.parts.spill._write",
        "onefold.profiles.parts.spill._read",
        "onefold.profiles.parts.manifest.write",
        "pathlib.Path.rename",
    ],
)
def test_a_failure_anywhere_leaves_what_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, what: BaseException, threads: int
) -> None:
    made = of.Partitions.fold(people(9), tmp_path / "old", parts=3)
    module, _, name = place.rpartition(".")
    calls = 0

    def failing(*args: Any, **more: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls >= (2 if "write" in place and "manifest" not in place else 1):
            raise what
        return real(*args, **more)

    with monkeypatch.context() as patched:
        owner = Path if module == "pathlib.Path" else importlib.import_module(module)
        real = getattr(owner, name)
        patched.setattr(owner, name, failing)
        error = FileError if isinstance(what, OSError) else type(what)
        with pytest.raises(error, match="can't be written" if error is FileError else None):
            of.Partitions.fold(people(9), tmp_path / "new", parts=3, threads=threads)
        calls = 0
        with pytest.raises(error):
            made.update(people(20), threads=threads)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["old"]
    assert unchanged(tmp_path / "old", made)


def test_an_update_that_was_interrupted_when_complete_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, replace = tmp_path / "parts", Path.replace
    for stop_at in range(8):
        made = of.Partitions.fold(people(30), where, parts=3)
        left = iter(range(stop_at))

        def failing(self: Path, target: Any, left: Iterator[int] = left) -> Any:
            if self.parent.name == ".update" and next(left, None) is None:
                raise KeyboardInterrupt
            return replace(self, target)

        with monkeypatch.context() as patched:
            patched.setattr(Path, "replace", failing)
            if stop_at < 7:
                with pytest.raises(KeyboardInterrupt):
                    made.update(people(60))
            else:
                made.update(people(60))
        assert of.Partitions.open(where).profiles() == of.fold(people(30)).update(people(60))
        assert not (where / ".update").exists()
        shutil.rmtree(where)


def test_a_folder_that_is_not_empty_is_refused(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for name, message in (
        ("full", "not empty. Give a new folder"),
        ("file", "is a file"),
        ("no/such/parent", "there is no folder"),
    ):
        with pytest.raises(FileError, match=message):
            of.Partitions.fold(people(2), tmp_path / name)
    assert (tmp_path / "full" / "mine.txt").read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == 2
    for wrong in (3, None, "", "a\0b"):
        with pytest.raises(ArgumentError, match="takes a path"):
            of.Partitions.fold(people(2), wrong)


def test_an_empty_folder_is_used_and_stays_private(tmp_path: Path) -> None:
    where = tmp_path / "parts"
    where.mkdir(mode=0o700)
    of.Partitions.fold(people(2), where)
    assert where.stat().st_mode & 0o777 == 0o700
    (tmp_path / "link").symlink_to(where)
    assert len(of.Partitions.open(tmp_path / "link")) == 2


# --------------------------------------------------------------------------------------- updates


def test_only_the_parts_that_are_touched_are_written(tmp_path: Path) -> None:
    where = tmp_path / "parts"
    made = of.Partitions.fold(people(30), where, parts=10)
    before = {path.name: path.stat().st_ino for path in where.iterdir()}
    new = made.update(EventLog.from_events([event("c3", 29)]))
    changed = {path.name for path in where.iterdir() if path.stat().st_ino != before[path.name]}
    assert len(changed) == 3 and "manifest.json" in changed
    assert new["c3"]["frequency"] == 2 and len(new) == 30
    with pytest.raises(FileError, match="open it again"):
        made.profiles()
    with pytest.raises(FileError, match="was updated since it was opened"):
        made.update(people(2))
    assert new.update([]).profiles() == new.profiles()


def test_an_update_of_a_view_or_back_in_time_is_refused(tmp_path: Path) -> None:
    made = of.Partitions.fold(people(3), tmp_path / "parts", as_of="2024-06-01")
    with pytest.raises(ArgumentError, match="a view as of 2024-03-02"):
        made.at("2024-03-02").update(people(1))
    with pytest.raises(ArgumentError, match="already"):
        made.update(people(1), as_of="2024-05-01")
    assert made.update([], as_of="2024-07-01").as_of == np.datetime64("2024-07-01")


# --------------------------------------------------------------------------------- hostile folders


@pytest.fixture
def made(tmp_path: Path) -> Path:
    told = pd.DataFrame({"who": ["c1", "c2"], "plan": ["x", "y"], "kids": [1, 2]})
    facts = EventLog.from_facts(told, customer="who", time="2024-01-01", facts=["plan", "kids"])
    logs = [people(9, properties={"p": "q"}, id="1", received="2024-04-01"), facts]
    of.Partitions.fold(logs, tmp_path / "parts", parts=2)
    return tmp_path / "parts"


def test_what_is_no_folder_of_partitions(tmp_path: Path, made: Path) -> None:
    with pytest.raises(FileError, match=r"no manifest\.json in it"):
        of.Partitions.open(tmp_path)
    with pytest.raises(FileError, match=r"no manifest\.json in it"):
        of.Partitions.open(tmp_path / "nowhere")
    with pytest.raises(FileError):
        of.Partitions.open(made / "manifest.json")
    for text in ("", "{", "[]", "null", '{"format": "other"}', "[" * 100_000, "\udcff"):
        (made / "manifest.json").write_text(text, errors="surrogateescape")
        with pytest.raises(FileError, match=r"manifest\.json"):
            of.Partitions.open(made)


def test_a_newer_version_is_refused(made: Path) -> None:
    held = json.loads((made / "manifest.json").read_text())
    (made / "manifest.json").write_text(
        json.dumps({**held, "version": 2, "written_by": "onefold 9"})
    )
    with pytest.raises(FileError, match=r"version 2, by 'onefold 9'.*Install a newer onefold"):
        of.Partitions.open(made)


def nodes(held: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value."""
    yield path
    if isinstance(held, (dict, list)):
        for key in held if isinstance(held, dict) else range(len(held)):
            yield from nodes(held[key], (*path, key))


def test_a_manifest_with_anything_else_in_it_is_refused_or_harmless(made: Path) -> None:
    text = (made / "manifest.json").read_text()
    everybody = of.Partitions.open(made).profiles()
    for path in nodes(json.loads(text)):
        if path in ((), ("written_by",), ("customers",), ("events",), ("facts",)):
            continue
        junk: Any
        for junk in (None, -1, 1.5, 2**70, True, "junk", "../../etc", [], {}, [[]], {"a": {}}):
            held = json.loads(text)
            at = held
            for key in path[:-1]:
                at = at[key]
            if at[path[-1]] == junk and type(at[path[-1]]) is type(junk):
                continue
            at[path[-1]] = junk
            (made / "manifest.json").write_text(json.dumps(held))
            found = opened(made)
            # Harmless is another currency, or that nobody has a property.
            assert found is None or found.ledger.events.equals(everybody.ledger.events), path


def opened(where: Path) -> of.Profiles | None:
    """Everybody in a folder; None where it is refused by an error of ours that names a file."""
    try:
        return of.Partitions.open(where).profiles()
    except FileError as error:
        named = str(where) in str(error)
    return None if named else pytest.fail("which file?")


def test_files_that_are_not_those_of_the_manifest(made: Path, tmp_path: Path) -> None:
    of.Partitions.fold(people(9), tmp_path / "other", parts=2, as_of="2024-09-01")
    one, two = made / "events-00000.parquet", made / "events-00001.parquet"
    good = one.read_bytes()
    frame = pd.read_parquet(one)
    bad: list[bytes | None] = [b"", b"PAR1", good[:-9], good[: len(good) // 2], two.read_bytes()]
    bad += [(tmp_path / "other" / one.name).read_bytes(), b"x" * 1000, None]
    frame.to_parquet(tmp_path / "foreign.parquet")
    bad.append((tmp_path / "foreign.parquet").read_bytes())
    for content in bad:
        one.unlink(missing_ok=True)
        if content is not None:
            one.write_bytes(content)
        partitions = of.Partitions.open(made)
        with pytest.raises(FileError, match=r"events-00000\.parquet"):
            list(partitions)
        with pytest.raises(FileError, match=r"events-00000\.parquet"):
            partitions.update(people(9, properties={"new": 1.0}))
    one.write_bytes(good)
    assert len(of.Partitions.open(made).profiles()) == 9


def test_a_flipped_byte_is_found(made: Path) -> None:
    path = made / "events-00000.parquet"
    good = path.read_bytes()
    for position in range(0, len(good), 37):
        path.write_bytes(good[:position] + bytes([good[position] ^ 0x55]) + good[position + 1 :])
        assert opened(made) is None, position


def test_files_whose_checksum_was_made_to_fit(made: Path) -> None:
    """Each thing that a file is looked at for, where the manifest says that it is as written."""
    path, manifest = made / "events-00000.parquet", made / "manifest.json"
    good = pq.read_table(path)
    some = good.slice(1)
    ticks = pa.array(np.arange(len(good)) * 0 - 2**62, pa.timestamp("us", "UTC"))
    elsewhere = pq.read_table(made / "events-00001.parquet")["customer"][0].as_py()
    other, one = (pa.array([who] * len(good)) for who in (elsewhere, good["customer"][0].as_py()))
    huge = pa.array([decimal.Decimal(9_999_999_999_999)] * len(good), pa.decimal128(19, 6))
    no_one = pa.array([None] * len(good), pa.string())
    for bad, message in (
        (good.drop_columns(["p"]), "its columns are"),
        (good.rename_columns([c + "_" for c in good.column_names]), "its columns are"),
        (good.set_column(1, "time", good["time"].cast(pa.timestamp("ns", "UTC"))), "its columns"),
        (some, "rows, and not"),
        (good.take(list(range(len(good)))[::-1]), "not in the order"),
        (good.set_column(1, "time", ticks), "outside 1700 to 2200"),
        (good.set_column(0, "customer", other), "customers of another part"),
        (good.set_column(0, "customer", no_one), "rows without customer"),
        (good.set_column(2, "event", no_one), "rows without event"),
        (good.set_column(5, "value", huge), "an amount that is too large"),
        (good.set_column(0, "customer", one), "customers, and"),
    ):
        pq.write_table(bad, path, store_schema=False)
        held = json.loads(manifest.read_text())
        digest = hashlib.blake2b(path.read_bytes(), digest_size=16)
        held["parts"][0]["events_blake2b"] = digest.hexdigest()
        manifest.write_text(json.dumps(held))
        with pytest.raises(FileError, match=f"events-00000.*{message}"):
            list(of.Partitions.open(made))


# ------------------------------------------------------------------------------------- the table


def test_labels_of_the_file_of_traits(tmp_path: Path) -> None:
    rows = [event(f"c{i}", channel="web" if i % 3 else "app", item=f"i{i}") for i in range(40)]
    carried = [traits.Share("channel", name="channels"), traits.Share("item", name="items")]
    made = of.Partitions.fold(
        EventLog.from_events(rows), tmp_path / "parts", parts=7, traits=carried
    )
    path = tmp_path / "traits.parquet"
    made.to_parquet(path, wide=1)
    assert list(pd.read_parquet(path).columns) == ["customer", "channels: web", "items: i0"]
    made.to_parquet(path, labels={"channels": ["fax", "app"], "items": []})
    found = pd.read_parquet(path).set_index("customer")
    assert list(found.columns) == ["channels: fax", "channels: app"]
    assert found["channels: app"].sum() == 14 and (found["channels: fax"] == 0).all()
    with pytest.raises(ArgumentError):
        made.to_parquet(path, wide=-1)
    with pytest.raises(of.errors.UnknownName):
        made.to_parquet(path, labels={"nothing": []})
    with pytest.raises(FileError):
        made.to_parquet(tmp_path / "no" / "such.parquet")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["parts", "traits.parquet"]
    pd.testing.assert_frame_equal(pd.read_parquet(path).set_index("customer"), found)


class Odd:
    """Text for some, a number for others."""

    name = "odd"

    def read(self, history: Any, *, as_of: Any) -> Any:
        spent: Any = np.add.reduceat(history.value, history.offsets[:-1]) if len(history) else []
        return np.array([v if v > 4e6 else "few" for v in spent], dtype=object)


def test_a_trait_without_one_type_is_refused(tmp_path: Path) -> None:
    made = of.Partitions.fold(people(30), tmp_path / "parts", parts=20, traits=[Odd()])
    with pytest.raises(ContractError, match="trait 'odd' is not text for everybody"):
        made.to_parquet(tmp_path / "traits.parquet")
    assert not (tmp_path / "traits.parquet").exists()


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


def test_progress_is_shown_when_asked_for(tmp_path: Path, capsys: Any) -> None:
    of.Partitions.fold(people(5), tmp_path / "quiet")
    assert capsys.readouterr().err == ""
    made = of.Partitions.fold(people(5), tmp_path / "loud", parts=3, progress=True)
    shown = capsys.readouterr()
    assert "5.00 rows" in shown.err and "3/3" in shown.err and shown.out == ""
    assert repr(made).startswith(
        "Partitions(5 customers, 5 events in 3 parts, as of just after 2024"
    )


def test_small_logs_are_put_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from onefold.profiles.parts import spill

    written: list[int] = []
    real = spill.Spill.add

    def add(self: spill.Spill, log: EventLog) -> None:
        written.append(len(log))
        real(self, log)

    monkeypatch.setattr(spill.Spill, "add", add)
    logs = [EventLog.from_events([event(f"c{i}", value=i)]) for i in range(50)]
    made = of.Partitions.fold(iter(logs), tmp_path / "parts", parts=2)
    assert written == [50] and made.profiles() == of.fold(logs)
