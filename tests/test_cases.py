"""Every built-in trait beside brute force, and under the laws of union and of no look-ahead.

The cases lie in `tests/cases_*.py`. The suite takes few examples of each law for each topic. The
long run takes as many as are asked for, each of them for the cases of all topics at once:

    ONEFOLD_EXAMPLES=10000 pytest -n 2 tests/test_cases.py
"""

import datetime as dt
import importlib
import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import onefold as of
from onefold import traits
from onefold.profiles.traits import TraitTable
from onefold.traits import History, Trait, Wide
from onefold.traits.protocol import label_names
from tests import oracle, packed
from tests.case import Case, same
from tests.packed import fold, log_of, some_of
from tests.strategies import CATALOG, CATEGORIES, END, ITEMS, Raw, Row, event_of

CASES: dict[str, list[Case]] = {
    path.stem: importlib.import_module(f"tests.{path.stem}").CASES
    for path in sorted(Path(__file__).parent.glob("cases_*.py"))
}
EXAMPLES = int(os.environ.get("ONEFOLD_EXAMPLES", "15"))
LONG, AT_ONCE = EXAMPLES >= 1000, 1250
PARTS = [f"all-{i}" for i in range(-(-EXAMPLES // AT_ONCE))] if LONG else list(CASES)
LAW = settings(
    max_examples=AT_ONCE if LONG else EXAMPLES,
    suppress_health_check=list(HealthCheck),
    deadline=None,
    derandomize=not LONG and bool(os.environ.get("CI")),  # or all parts would be the same
)
MOVED = of.Catalog.from_frame(
    pd.DataFrame({"sku": [f"x{i}" for i in CATEGORIES], "aisle": list(CATEGORIES.values())}),
    item="sku",
    category="aisle",
)
EACH = pytest.mark.parametrize("part", PARTS)


def cases(part: str) -> Iterator[Case]:
    """The cases of one topic, or of all."""
    for topic, held in CASES.items():
        if LONG or topic == part:
            yield from held


def said(table: TraitTable, trait: Trait) -> list[Any]:
    """What a trait says of each row of a table, as one profile would say it."""
    reading = table.read(trait)
    if isinstance(reading, Wide):
        return [reading.row(i) if reading.known[i] else None for i in range(len(table))]
    if reading.ndim == 2:
        labels = label_names(trait, reading.shape[1])
        return [dict(zip(labels, row, strict=True)) for row in reading.tolist()]
    return [None if isinstance(x, float) and math.isnan(x) else x for x in reading.tolist()]


def assert_said(table: TraitTable, expected: Sequence[Sequence[Any]], part: str) -> None:
    """Each case says of each row what is expected: first by case, then by row."""
    wrong = [
        (who, case.trait, held, right)
        for case, column in zip(cases(part), expected, strict=True)
        for who, held, right in zip(table.ids, said(table, case.trait), column, strict=True)
        if not same(held, right)
    ]
    assert not wrong, wrong[:5]


def assert_same(a: TraitTable, b: TraitTable, part: str) -> None:
    """Every trait of everybody says the same."""
    assert a.ids.tolist() == b.ids.tolist()
    assert_said(a, [said(b, case.trait) for case in cases(part)], part)


@EACH
@LAW
@given(raw=packed.raws(clash=False), t=packed.moments())
def test_brute_force_says_the_same(part: str, raw: Raw, t: dt.datetime) -> None:
    profiles = fold(log_of(raw), t)
    assert profiles.ids.tolist() == oracle.people(raw, t)
    mine = [oracle.events(raw, who, t) for who in profiles.ids]
    right = [[case.rule(some, t) for some in mine] for case in cases(part)]
    assert_said(profiles.table, right, part)


@EACH
@LAW
@given(raw=packed.raws(), t=packed.moments())
def test_one_profile_is_its_row(part: str, raw: Raw, t: dt.datetime) -> None:
    profiles = fold(log_of(raw), t)
    for held in CASES.values() if LONG else [CASES[part]]:
        traits = tuple(case.trait for case in held)
        some = attrs.evolve(profiles, traits=traits)
        rows = {trait.name: said(profiles.table, trait) for trait in traits}
        wrong = [
            (profile.id, trait, alone, rows[trait.name][i])
            for i, profile in enumerate(some)
            for trait in traits
            if not same(alone := profile[trait.name], rows[trait.name][i])
        ]
        assert not wrong, wrong[:5]


@EACH
@LAW
@given(raw=packed.raws(), data=st.data())
def test_order_chunks_and_merges(part: str, raw: Raw, data: st.DataObject) -> None:
    """Shuffled, in overlapping chunks, merged in any tree, and doubled where there are ids."""
    log = log_of(raw)
    whole = fold(log, END)
    events = data.draw(st.permutations(range(len(log))))
    facts = data.draw(st.permutations(range(len(log.facts))))
    assert fold(some_of(log, events, facts), END) == whole
    chunks: list[tuple[list[int], list[int]]] = [([], []), ([], []), ([], [])]
    often = [1 if raw.rows[row]["id"] is None else 3 for row in events] + [3] * len(facts)
    for i, row in enumerate([*events, *facts]):
        for k in data.draw(st.sets(st.integers(0, 2), min_size=1, max_size=often[i])):
            chunks[k][i >= len(events)].append(row)
    forest = [fold(some_of(log, *chunk), END) for chunk in chunks]
    while len(forest) > 1:
        a = forest.pop(data.draw(st.integers(0, len(forest) - 1)))
        b = forest.pop(data.draw(st.integers(0, len(forest) - 1)))
        forest.append(a.merge(b))
    assert forest[0] == whole
    assert_same(forest[0].table, whole.table, part)


@EACH
@LAW
@given(raw=packed.raws(), more=packed.rows(most=4))
def test_after_is_fold(part: str, raw: Raw, more: list[Any]) -> None:
    last = max([END, *(row["time"] + dt.timedelta(microseconds=1) for row in more)])
    log = log_of(raw + Raw(tuple(more)))
    early = some_of(log, range(len(raw.rows)), range(len(log.facts)))
    known = fold(early, last)
    profile = known["a"] if "a" in known else known.new("a")
    for row in more:
        profile = profile.after(event_of(row))
    right = fold(log, last)["a"]
    assert profile == right
    assert_same(profile.table, right.table, part)


@EACH
@LAW
@given(raw=packed.raws(), t=packed.moments())
def test_at_is_fold_of_what_was_before(part: str, raw: Raw, t: dt.datetime) -> None:
    """For everybody as of one moment, and for a table of moments."""
    log = log_of(raw)
    late, before = fold(log, END), fold(log.before(t), t)
    assert_same(late.at(t).table, before.table, part)
    people = late.ledger.people.codes(before.ids).astype(np.int64)
    moments = np.full(len(people), before.as_of)
    history = History.before(late.ledger, people, moments=moments, catalog=CATALOG)
    assert_same(TraitTable(before.ids, history, moments, ()), before.table, part)


WHO = {name: f"{90 - i}{name}" for i, name in enumerate(("9", "10", *"abcd", "é", "🦊"))}


def renamed(held: Any) -> Any:
    """A reading, or a row, with the new names of items: in the old order, so that ties stay."""
    if isinstance(held, str):
        return f"x{held}" if held in ITEMS else held
    if isinstance(held, dict):
        return {renamed(k): renamed(v) for k, v in held.items()}
    return tuple(map(renamed, held)) if isinstance(held, tuple | list) else held


def names_items(trait: Trait) -> bool:
    """Whether a trait asks for an item by name, or is an age: no clock moves a birth date."""
    return isinstance(trait, traits.Age) or any(f"'{item}'" in repr(trait) for item in ITEMS)


@EACH
@LAW
@given(raw=packed.raws(clash=False), weeks=st.sampled_from([-2000, -1, 1, 900]))
def test_other_times_and_names_change_nothing_else(part: str, raw: Raw, weeks: int) -> None:
    """Moved by whole weeks, which leave hours and weekdays; names of customers turn round."""
    by = dt.timedelta(weeks=weeks)
    fixed = {"Europe/Berlin": "UTC"}  # whose clocks change

    def moved(row: Row) -> Row:
        new = row | {"time": row["time"] + by, "customer": WHO.get(row["customer"])}
        return new | {"item": renamed(row["item"])} if "item" in row else new

    # Without ids what breaks ties is the contents, and they change.
    rows = [
        row | {"id": row["id"] or f"row{i}", "zone": fixed.get(row["zone"], row["zone"])}
        for i, row in enumerate(raw.rows)
    ]
    kept = [case.trait for case in cases(part) if not names_items(case.trait)]
    then = fold(log_of(Raw(tuple(rows), raw.facts)), END).table
    new = Raw(tuple(map(moved, rows)), tuple(map(moved, raw.facts)))
    now = of.fold(log_of(new), (), catalog=MOVED, as_of=END + by).table
    place = {who: i for i, who in enumerate(now.ids.tolist())}
    order = [place[WHO[who]] for who in then.ids.tolist()]
    assert sorted(order) == list(range(len(now)))
    for trait in kept:
        a, b = said(then, trait), said(now, trait)
        assert all(same(b[k], renamed(a[i])) for i, k in enumerate(order)), (trait, a, b)
