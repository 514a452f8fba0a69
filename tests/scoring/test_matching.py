"""Conditions on own items: the same as on a customer who has only the events with that item."""

import numpy as np
import pytest
from hypothesis import given, settings

import onefold as of
from onefold import did, trait
from onefold._vocab import Vocab
from onefold.errors import BeyondKept, UnknownName
from onefold.scoring.matching import cells_of, matching
from tests import oracle
from tests.conditions import strategies as of_traits
from tests.conditions import test_doing as of_doing
from tests.strategies import CATALOG, END, EPOCH, ITEMS, Raw, instants, raws

VOCAB = Vocab.of([i for i in ITEMS if i != "rye"])  # one that the scorer does not know
WORDS = {1: True, 0: False, -1: None}


def pairs_of(condition, table):
    rows, codes = matching(condition, table, VOCAB)
    assert rows.tolist() == sorted(rows.tolist())
    return {(str(table.ids[r]), VOCAB[int(c)]) for r, c in zip(rows, codes, strict=True)}


def items_of(events):
    return sorted({row["item"] for row in events if row["item"] in VOCAB})


@settings(max_examples=25)
@given(raws(clash=False, nobody=False), instants(), of_doing.conditions())
def test_what_was_done_by_brute_force(raw, t, condition) -> None:
    people = of.fold(raw.log(), catalog=CATALOG, as_of=t)
    expected = set()
    for who in people.ids:
        events = oracle.events(raw, who, t)
        for item in items_of(events):
            mine = [row for row in events if row["item"] == item]
            if of_doing.truth(condition, mine, t) is True:  # unknown never matches
                expected.add((who, item))
    assert pairs_of(condition, people.table) == expected
    for profile in people:
        assert pairs_of(condition, profile.table) == {p for p in expected if p[0] == profile.id}


@settings(max_examples=12)
@given(raws(clash=False, nobody=False, most=8), of_traits.conditions())
def test_traits_and_facts_by_a_fold_of_each_cell(raw, condition) -> None:
    raw = Raw(raw.rows, (*raw.facts, *of_traits.SURE))
    people = of.fold(raw.log(), catalog=CATALOG, as_of=END)
    expected = set()
    for who in people.ids:
        events = oracle.events(raw, who, END)
        for item in items_of(events):
            alone = Raw(tuple(row for row in events if row["item"] == item), raw.facts)
            if condition.of(of.fold(alone.log(), catalog=CATALOG, as_of=END)[who]):
                expected.add((who, item))
    assert pairs_of(condition, people.table) == expected


@settings(max_examples=12)
@given(raws(clash=False, nobody=False), of_doing.conditions())
def test_a_click_later_it_is_the_same_as_folded_anew(raw, condition) -> None:
    click = of.Event("a", "view", END, item="tea", channel="web", value=3)
    first = of.Event("a", "purchase", EPOCH, item="jam", channel="web", value=3)
    log = raw.log() + of.EventLog.from_events([first])
    later = of.fold(log, catalog=CATALOG, as_of=END)["a"].after(click)
    anew = of.fold(log + of.EventLog.from_events([click]), catalog=CATALOG, as_of=later.as_of)
    assert pairs_of(condition, later.table) == pairs_of(condition, anew["a"].table)


def test_rows_of_a_piece_and_nobody() -> None:
    events = [of.Event(who, "view", "2024-03-01", item="tea") for who in "abc"]
    people = of.fold(of.EventLog.from_events(events))
    looked = did("view").any()
    assert pairs_of(looked, people.table.rows(1, 3)) == {("b", "tea"), ("c", "tea")}
    assert pairs_of(looked, people.new("somebody").table) == set()
    nothing = of.fold(of.EventLog.from_events([of.Event("a", "view", "2024-03-01")]))
    assert pairs_of(~looked, nothing.table) == set()
    cells, rows, items = cells_of(people.table)
    assert (len(cells), rows.tolist(), items.tolist()) == (3, [0, 1, 2], [0, 0, 0])


def test_a_misspelt_name_is_refused_of_many_and_what_was_let_go_is_not_guessed() -> None:
    events = [
        of.Event(who, "view", time, item="tea", id=f"{who}{time}")
        for who in "ab"
        for time in ("2024-01-01", "2024-03-01")
    ]
    log = of.EventLog.from_events(events)
    with pytest.raises(UnknownName, match="recencyy"):
        pairs_of(trait("recencyy") < 3, of.fold(log).table)
    kept = of.fold(log, keep="10D", as_of="2024-03-02")
    assert pairs_of(did("view").last("5D").any(), kept.table) == {("a", "tea"), ("b", "tea")}
    for wide in (did("view").any(), ~(did().last("5D").any() | (trait("recency") < 3))):
        with pytest.raises(BeyondKept, match="let go"):
            pairs_of(wide, kept.table)
    assert np.array_equal(kept.table.as_of, np.full(2, np.datetime64("2024-03-02", "us")))
