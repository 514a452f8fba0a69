"""Every built-in trait beside brute force, and under the laws of union and of no look-ahead.

The cases lie in `tests/cases_*.py`. The suite takes few examples of each law; the long run takes
as many as are asked for: ``ONEFOLD_EXAMPLES=10000 pytest tests/test_cases.py tests/test_laws.py``.
"""

import datetime as dt
import importlib
import os
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import onefold as of
from tests import oracle
from tests.case import Case, same
from tests.strategies import CATALOG, END, Raw, event_of, events_of, instants, raws, rows

TOPICS = sorted(path.stem for path in Path(__file__).parent.glob("cases_*.py"))
CASES: dict[str, list[Case]] = {
    topic: importlib.import_module(f"tests.{topic}").CASES for topic in TOPICS
}
EXAMPLES = int(os.environ.get("ONEFOLD_EXAMPLES", "15"))
LAW = settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), deadline=None)
EACH = pytest.mark.parametrize("topic", TOPICS)


def fold(topic: str, raw: Raw, as_of: Any = END) -> of.Profiles:
    return of.fold(raw.log(), [c.trait for c in CASES[topic]], catalog=CATALOG, as_of=as_of)


def readings(profile: of.Profile, topic: str) -> dict[str, Any]:
    return {case.trait.name: profile[case.trait.name] for case in CASES[topic]}


def assert_same(a: of.Profiles, b: of.Profiles, topic: str) -> None:
    """Every trait of everybody says the same."""
    assert list(a.ids) == list(b.ids)
    for one, other in zip(a, b, strict=True):
        left, right = readings(one, topic), readings(other, topic)
        for name, held in left.items():
            assert same(held, right[name]), (one.id, name, held, right[name])


@EACH
@LAW
@given(raw=raws(clash=False), t=instants())
def test_brute_force_says_the_same(topic: str, raw: Raw, t: dt.datetime) -> None:
    for profile in fold(topic, raw, t):
        mine = oracle.events(raw, profile.id, t)
        for case in CASES[topic]:
            held, expected = profile[case.trait.name], case.rule(mine, t)
            assert same(held, expected), (profile.id, case.trait, held, expected)


@EACH
@LAW
@given(raw=raws(), t=instants())
def test_one_profile_is_its_row(topic: str, raw: Raw, t: dt.datetime) -> None:
    profiles = fold(topic, raw, t)
    table = profiles.table
    for i, profile in enumerate(profiles):
        alone = readings(profile, topic)
        for name, held in alone.items():
            reading = table.reading(name)
            if isinstance(reading, of.traits.Wide):
                row: Any = reading.row(i) if reading.known[i] else None
            elif reading.ndim == 2:
                row = dict(zip(table.labels(name), reading[i].tolist(), strict=True))
            else:
                row = reading[i]
                row = None if isinstance(row, float) and np.isnan(row) else row
            assert same(held, row), (profile.id, name, held, row)


@EACH
@LAW
@given(raw=raws(), data=st.data())
def test_order_chunks_and_merges(topic: str, raw: Raw, data: st.DataObject) -> None:
    """Shuffled, in overlapping chunks, merged in any tree, and doubled where there are ids."""
    whole = fold(topic, raw)
    mixed = Raw(tuple(data.draw(st.permutations(raw.rows))), raw.facts)
    assert_same(fold(topic, mixed), whole, topic)
    chunks = [Raw((), raw.facts)] * 3
    for row in mixed.rows:
        often = 1 if row["id"] is None else 3
        for k in data.draw(st.sets(st.integers(0, 2), min_size=1, max_size=often)):
            chunks[k] = attrs.evolve(chunks[k], rows=(*chunks[k].rows, row))
    forest = [fold(topic, chunk) for chunk in chunks]
    while len(forest) > 1:
        a = forest.pop(data.draw(st.integers(0, len(forest) - 1)))
        b = forest.pop(data.draw(st.integers(0, len(forest) - 1)))
        forest.append(a.merge(b))
    assert forest[0] == whole
    assert_same(forest[0], whole, topic)


@EACH
@LAW
@given(raw=raws(), more=st.lists(rows(customers=["a"], nobody=False), min_size=1, max_size=4))
def test_after_is_fold(topic: str, raw: Raw, more: list[Any]) -> None:
    last = max([END, *(row["time"] + dt.timedelta(microseconds=1) for row in more)])
    known = fold(topic, raw, last)
    profile = known["a"] if "a" in known else known.new("a")
    log = raw.log()
    for row in more:
        profile, log = profile.after(event_of(row)), log + events_of([row])
    expected = of.fold(log, known.traits, catalog=CATALOG, as_of=known.as_of)["a"]
    left, right = readings(profile, topic), readings(expected, topic)
    for name, held in left.items():
        assert same(held, right[name]), (name, held, right[name])


@EACH
@LAW
@given(raw=raws(), t=instants())
def test_at_is_fold_of_what_was_before(topic: str, raw: Raw, t: dt.datetime) -> None:
    """For everybody as of one moment, and for a table of moments."""
    before = of.fold(raw.log().before(t), [c.trait for c in CASES[topic]], catalog=CATALOG, as_of=t)
    assert_same(fold(topic, raw).at(t), before, topic)
    late = fold(topic, raw)
    people = late.ledger.people.codes(before.ids).astype(np.int64)
    moments = np.full(len(people), before.as_of)
    history = of.traits.History.before(late.ledger, people, moments=moments, catalog=CATALOG)
    table = attrs.evolve(before.table, history=history)
    for i, profile in enumerate(before):
        for name, held in readings(profile, topic).items():
            reading = table.reading(name)
            if isinstance(reading, of.traits.Wide):
                row: Any = reading.row(i) if reading.known[i] else None
            elif reading.ndim == 2:
                row = dict(zip(table.labels(name), reading[i].tolist(), strict=True))
            else:
                row = reading[i]
                row = None if isinstance(row, float) and np.isnan(row) else row
            assert same(held, row), (profile.id, name, held, row)
