"""What another policy would change, before it does."""

from collections import defaultdict
from typing import Any

import attrs
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onefold as of
from onefold.errors import ArgumentError
from onefold.identity import IdentifierType, PolicyDiff
from tests.identity.crowds import POLICIES, TIGHT, links, log_of, resolved, rows
from tests.identity.test_tables import FAMILY, family

ONE = st.sampled_from(POLICIES)


def groups(table: pd.DataFrame, name: str) -> set[Any]:
    return {(row.customer, getattr(row, name)) for row in table.itertuples()}


def states(diff: PolicyDiff, was: str, now: str) -> set[Any]:
    """Changes of what both policies call by one name: those of e-mail addresses read otherwise."""
    table = diff.changes[diff.changes["type"] != "email"]
    return set(table[["type", "value", was, now]].itertuples(index=False, name=None))


@given(rows(), ONE, links())
@settings(max_examples=10, deadline=None)
def test_nothing_differs_from_itself(several: Any, policy: Any, told: Any) -> None:
    who = resolved(several, policy, told)
    for same in (who.diff(policy), who.diff(resolved([*several, *several], policy, told))):
        assert not same and len(same) == 0 and len(same.to_pandas()) == 0
        assert same.moved == same.events == same.renamed == 0
        assert same.unchanged == len(who)
        assert "nothing differs" in repr(same)


@given(rows(), ONE, ONE, links())
@settings(max_examples=10, deadline=None)
def test_merges_made_one_way_are_undone_the_other(
    several: Any, one: Any, other: Any, told: Any
) -> None:
    who = resolved(several, one, told)
    there, back = who.diff(other), who.under(other).diff(one)
    assert groups(there.made, "of") == groups(back.undone, "into")
    assert groups(there.undone, "into") == groups(back.made, "of")
    assert (there.moved, there.events, there.unchanged) == (back.moved, back.events, back.unchanged)
    assert (there.before, there.after) == (back.after, back.before)
    assert states(there, "before", "after") == states(back, "after", "before")
    assert there == who.diff(other)


@given(rows(), ONE, ONE)
@settings(max_examples=10, deadline=None)
def test_groups_are_those_of_a_plain_count(several: Any, one: Any, other: Any) -> None:
    before, after = resolved(several, one), resolved(several, other)
    into, of_ = defaultdict(set), defaultdict(set)
    for row in several:
        for pair in row["identifiers"].items():
            old, new = before.customer_of(pair), after.customer_of(pair)
            if old and new:
                into[old].add(new)
                of_[new].add(old)
    diff = before.diff(other)
    made = {(new, tuple(sorted(olds))) for new, olds in of_.items() if len(olds) > 1}
    undone = {(old, tuple(sorted(news))) for old, news in into.items() if len(news) > 1}
    assert groups(diff.made, "of") == made
    assert groups(diff.undone, "into") == undone
    log = log_of(several)
    left, right = before.customers(log), after.customers(log)
    assert diff.events == sum(x != y for x, y in zip(left, right, strict=True))
    table = diff.to_pandas()
    assert set(table["change"]) <= {"merged", "split", "both", "new", "gone"}
    merged = table["change"].isin(["merged", "both"])
    assert set(table.loc[merged, "after"]) == {new for new, _ in made}


def test_a_looser_limit_merges() -> None:
    cookie = attrs.evolve(FAMILY.policy.type("cookie"), vouches=True)
    loose = FAMILY.policy.with_types(IdentifierType("user_id", rank=2, limit=2), cookie)
    diff = FAMILY.diff(loose)
    [(_, olds)] = groups(diff.made, "of")
    assert set(olds) == {FAMILY.customer_of(("user_id", name)) for name in ("ann", "ben")}
    assert len(diff.undone) == 0 and len(diff) == 1
    assert diff.changes.to_numpy().tolist() == [["cookie", "c1", "shared", "own"]]
    assert diff.before.customers - diff.after.customers == 1
    assert diff.after.largest[0][1] == 3
    for said in (repr(diff), diff._repr_html_()):
        assert "1 merge made, 0 undone" in said and "Nothing is applied" in said


def test_a_changed_spelling_takes_customers_apart() -> None:
    several = [
        {"kind": "view", "minute": 1, "identifiers": {"email": "a@x.org", "card": "1"}},
        {"kind": "view", "minute": 2, "identifiers": {"email": "A@x.org", "card": "2"}},
        {"kind": "view", "minute": 2, "identifiers": {"email": "null"}},
    ]
    exact = TIGHT.with_types(IdentifierType("email", rank=3, blocked=["a@.*"]))
    diff = resolved(several, TIGHT).diff(exact)
    assert len(diff.undone) == 1 and len(diff.undone["into"][0]) == 2
    assert set(diff.changes["after"]) == {"not read"}
    exact = TIGHT.with_types(IdentifierType("email", rank=3))
    assert len(resolved(several, TIGHT).diff(exact).undone["into"][0]) == 2


def test_another_key_moves_everybody_and_merges_nobody() -> None:
    diff = FAMILY.diff(FAMILY.policy.with_key("secret"))
    assert len(diff) == 0 and diff and diff.unchanged == diff.renamed == len(FAMILY)
    assert diff.moved == len(FAMILY.nodes)
    assert "secret" not in repr(diff) + diff._repr_html_()


def test_identities_of_another_moment_can_be_compared() -> None:
    earlier = FAMILY.at("2024-03-03")
    diff = earlier.diff(FAMILY)
    assert diff.events is None
    assert set(diff.to_pandas()["change"]) == {"split", "new"} or "new" in set(
        diff.to_pandas()["change"]
    )
    assert groups(FAMILY.diff(earlier).made, "of") == groups(diff.undone, "into")


def test_a_policy_without_a_type_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"Identities.diff: the log has identifiers.*cookie"):
        FAMILY.diff(of.IdentityPolicy([IdentifierType("user_id", rank=1)]))
    with pytest.raises(ArgumentError, match=r"Identities\.diff: other is a str"):
        FAMILY.diff("policy")


def test_a_value_does_not_change() -> None:
    diff = FAMILY.diff(FAMILY.policy.with_types(IdentifierType("user_id", rank=2, limit=2)))
    with pytest.raises(ValueError, match="read-only"):
        diff.shares[:] = 0
    assert of.resolve(family(), FAMILY.policy) == FAMILY


def test_the_short_way_to_compare_is_the_long_one() -> None:
    several = [
        {"kind": "view", "minute": 1, "identifiers": {"user_id": "ann", "cookie": "c1"}},
        {"kind": "view", "minute": 2, "identifiers": {"user_id": "ben", "cookie": "c1"}},
        {"kind": "view", "minute": 2, "identifiers": {"email": "A@x.org", "card": "7"}},
    ]
    who = resolved(several, TIGHT)
    turned = of.IdentityPolicy(
        [attrs.evolve(kind, rank=9 - kind.rank) for kind in TIGHT.types], attribution="strict"
    )
    read_otherwise = attrs.evolve(turned, longest=1000)  # of which nothing comes but another way
    short, long = who.diff(turned), who.diff(read_otherwise)
    assert attrs.evolve(short, after=attrs.evolve(short.after, version="")) == attrs.evolve(
        long, after=attrs.evolve(long.after, version="")
    )
