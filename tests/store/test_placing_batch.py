"""Placing by arrays says what placing by the graph of streams says, of the same slices."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import onefold as of
from onefold.store.placing import Came, Slice, by_graph
from onefold.store.placing_batch import by_batch
from onefold.store.schema import CALM, CONTESTED, MIXED, SHARED
from onefold.store.store import Store
from tests.examples import few
from tests.store.programs import cases, log_of
from tests.store.test_bulk import _distinct

LAW = settings(max_examples=few(25), deadline=None, suppress_health_check=list(HealthCheck))


@LAW
@given(cases(), st.integers(1, 4))
def test_both_ways_agree_on_every_slice_of_a_bulk(case, batch) -> None:

    def both(held, policy):
        placed, other = by_batch(held, policy), by_graph(held, policy)
        assert placed.places == other.places
        assert placed.whose == other.whose
        return placed

    with pytest.MonkeyPatch.context() as patch, Store(policy=case.policy) as store:
        patch.setattr("onefold.store.bulk.by_batch", both)
        store.observe_all(log_of(_distinct(case.rows)), batch=batch)


def test_what_is_shared_beside_counts_for_weaker_ones() -> None:
    mail = of.identity.IdentifierType("mail", rank=1, limit=1)
    policy = of.IdentityPolicy([mail, of.identity.IdentifierType("cookie", rank=2, max_owners=1)])
    held = Slice(
        names={1: (0, "a"), 2: (1, "c"), 3: (0, "b")},
        inside=frozenset({2}),
        bundles={10: Came((1, 2), "view", 5, 9), 11: Came((3, 2), "view", 6, 7)},
        places={1: (1, 1, SHARED | CONTESTED), 3: (3, 3, SHARED | CONTESTED)},
        whose={},
        calm={1: True, 3: True},
    )
    placed = by_batch(held, policy)
    assert placed.places == by_graph(held, policy).places
    assert placed.whose == by_graph(held, policy).whose
    # The mail is shared and beside: it links nobody, and is an owner of the cookie all the same.
    assert placed.places[2][2] == SHARED | CONTESTED
    assert placed.whose[10][1] is None
    assert placed.whose[10][2] & MIXED
    assert placed.whose[10][2] & CALM


def test_a_slice_without_bundles() -> None:
    held = Slice({1: (0, "a")}, frozenset({1}), {}, {}, {}, {})
    placed = by_batch(held, of.identity.DEFAULT)
    assert placed.places == by_graph(held, of.identity.DEFAULT).places == {1: (1, 1, 0)}
    assert not placed.whose
