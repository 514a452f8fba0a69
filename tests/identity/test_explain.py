"""Why two identifiers are one customer's, or why they are not."""

import heapq
import itertools
import random
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onefold as of
from onefold.errors import ArgumentError, UnknownCustomer, UnknownName
from onefold.identity import Explanation, Links
from tests.identity.crowds import POLICIES, TIGHT, links, resolved, rows
from tests.identity.test_tables import FAMILY, family

ANN, BEN, TABLET = ("user_id", "ann"), ("user_id", "ben"), ("cookie", "c1")


def nodes_of(who: of.Identities) -> list[tuple[str, str]]:
    table = who.to_pandas()
    return list(zip(table["type"], table["value"], strict=True))


def brute(who: of.Identities, a: Any, b: Any) -> tuple[int, int]:
    """Steps that don't vouch, and links, between two identifiers of one, by a plain search."""
    part, index = who.partition, {name: i for i, name in enumerate(nodes_of(who))}
    silent = part.demoted | part.giant
    pairs = set()
    for x, y in zip(part.edges.strong, part.edges.weak, strict=True):
        if not (silent[x] or silent[y]):
            pairs.add((int(x), int(y)))
    told = part.links
    pairs |= set(zip(told.must_strong.tolist(), told.must_weak.tolist(), strict=True))
    for x, y in zip(told.weak_strong.tolist(), told.weak_weak.tolist(), strict=True):
        if not (silent[x] or silent[y]):
            pairs.add((x, y))
    pairs = {(x, y) for x, y in pairs if part.person[x] == part.person[y]}
    mute = {i for (t, _), i in index.items() if not who.policy.type(t).vouches}
    ways: dict[int, list[int]] = {}
    for x, y in pairs:
        ways.setdefault(x, []).append(y)
        ways.setdefault(y, []).append(x)
    queue, done = [((0, 0), index[a])], set()
    while queue:
        (silent_steps, steps), x = heapq.heappop(queue)
        if x == index[b]:
            return silent_steps, steps
        if x not in done:
            done.add(x)
            more = silent_steps + (x in mute and x != index[a])
            for y in ways.get(x, ()):
                heapq.heappush(queue, ((more, steps + 1), y))
    raise AssertionError("one customer without a chain")


def cost(who: of.Identities, steps: Any) -> tuple[int, int]:
    """Steps of a chain that don't vouch, and its links."""
    return sum(not who.policy.type(step.b[0]).vouches for step in steps[:-1]), len(steps)


@given(rows(), st.sampled_from(POLICIES), links())
@settings(max_examples=15, deadline=None)
def test_chains_are_shortest_and_hold_within_customers(
    several: Any, policy: Any, told: Any
) -> None:
    who = resolved(several, policy, told)
    whose = who.to_pandas().set_index(["type", "value"])["customer"]
    for a, b in itertools.islice(itertools.combinations(nodes_of(who), 2), 12):
        made = who.explain(a, b)
        assert made.same == (whose[a] == whose[b])
        steps = made.steps
        if steps:
            assert (steps[0].a, steps[-1].b) == (a, b)
            assert all(one.b == two.a for one, two in itertools.pairwise(steps))
        if made.same:
            assert cost(who, steps) == brute(who, a, b)
            assert not any(step.broken for step in steps)
        elif steps:
            assert any(step.broken for step in steps)
            for step in steps:
                apart = whose[step.a] != whose[step.b]
                assert bool(step.broken) >= apart
        else:
            assert "nothing that is known connects them" in made.verdict or not len(who.cut)
        back = who.explain(b, a)
        assert back.same == made.same
        assert [(s.b, s.a, s.broken) for s in reversed(back.steps)] == [
            (s.a, s.b, s.broken) for s in steps
        ]


@given(rows(), st.sampled_from(POLICIES), st.randoms(use_true_random=False))
@settings(max_examples=6, deadline=None)
def test_the_order_of_events_explains_nothing(
    several: Any, policy: Any, rng: random.Random
) -> None:
    who = resolved(several, policy)
    shuffled = [*several, *several]
    rng.shuffle(shuffled)
    other = resolved(shuffled, policy)
    for a, b in itertools.islice(itertools.combinations(nodes_of(who), 2), 8):
        assert who.explain(a, b).words() == other.explain(a, b).words()


def test_one_customer_is_explained_by_what_was_seen() -> None:
    made = FAMILY.explain(TABLET, BEN)
    assert made.same
    assert "cookie c1 and user_id ben were seen together on 2024-03-03, at a login" in made.words()
    [row] = made.to_pandas().to_dict("records")
    assert row["kind"] == "event" and row["login"] and row["holds"] and row["reason"] is None


def test_a_cut_says_what_it_would_break() -> None:
    made = FAMILY.explain(ANN, BEN)
    assert not made.same
    assert "2 user_id (ann, ben); the limit is 1" in made.verdict
    assert made.to_pandas()["holds"].tolist() == [False, True]
    assert "does not join them" in repr(made) and repr(made).count("the limit is 1") == 1


def test_a_demoted_identifier_says_whom_it_serves() -> None:
    made = FAMILY.explain(("user_id", "u1"), ("user_id", "u2"))
    assert "device k was seen with 9 user_id" in made.verdict and "at most 3" in made.verdict
    assert [step.b for step in made.steps] == [("device", "k"), ("user_id", "u2")]


def test_links_say_their_reason() -> None:
    told = Links.must(ANN, BEN, reason="one person, by her passport")
    made = of.resolve(family(), links=told).explain(ANN, BEN)
    assert made.same and "must-link (one person, by her passport)" in made.words()
    apart = Links.cannot(("user_id", "u1"), ("user_id", "u2"), reason="father and son")
    made = of.resolve(family(), links=apart).explain(("user_id", "u1"), ("user_id", "u2"))
    assert "a cannot-link keeps user_id u1 and user_id u2 apart: father and son" in made.verdict
    assert "device k" in made.verdict


def test_of_equally_short_chains_the_most_credible() -> None:
    several = [
        {"kind": "view", "minute": 9, "identifiers": {"user_id": "ann", "cookie": "c1"}},
        {"kind": "view", "minute": 9, "identifiers": {"email": "a@x.org", "cookie": "c1"}},
        {"kind": "view", "minute": 1, "identifiers": {"user_id": "ann", "card": "1"}},
        {"kind": "view", "minute": 1, "identifiers": {"email": "a@x.org", "card": "1"}},
    ]
    made = resolved(several, TIGHT).explain(("user_id", "ann"), ("email", "a@x.org"))
    assert [step.b for step in made.steps] == [("card", "1"), ("email", "a@x.org")]


def test_quarantine_is_named() -> None:
    several = [
        {"kind": "view", "minute": i, "identifiers": {"card": f"k{i}", "cookie": f"c{j}"}}
        for i in range(3)
        for j in (i, i + 1)
    ]
    policy = of.IdentityPolicy(TIGHT.types, giant=4)
    made = resolved(several, policy).explain(("card", "k0"), ("card", "k1"))
    assert not made.same and "quarantine: more than 4 identifiers" in repr(made)


def test_a_weak_link_that_would_make_a_giant_says_so() -> None:
    several = [
        {"kind": "view", "minute": 99 * i, "identifiers": {"card": card, "cookie": f"c{i}"}}
        for i, card in enumerate(["x", "x", "y", "y"])
    ]
    pair = {"a_type": ["card"], "a_value": ["x"], "b_type": ["card"], "b_value": ["y"]}
    weak = Links.weak(pd.DataFrame({**pair, "probability": [0.9]}))
    policy = of.IdentityPolicy(TIGHT.types, giant=5)
    made = resolved(several, policy, weak).explain(("card", "x"), ("card", "y"))
    assert "together they would have 6 identifiers; weak links join 5" in made.verdict
    assert made.to_pandas()["probability"].tolist() == [0.9]
    chain = [
        {"kind": "view", "minute": i, "identifiers": {"card": f"k{i}", "cookie": f"c{j}"}}
        for i in range(3)
        for j in (i, i + 1)
    ]
    chain.append({"kind": "view", "minute": 9, "identifiers": {"card": "z"}})
    pair = {"a_type": ["card"], "a_value": ["k1"], "b_type": ["card"], "b_value": ["z"]}
    weak = Links.weak(pd.DataFrame({**pair, "probability": [0.9]}))
    made = resolved(chain, policy, weak).explain(("card", "k1"), ("card", "z"))
    assert "card k1 is in quarantine: more than 5 identifiers hang together" in made.verdict


def test_what_is_not_there_says_so() -> None:
    assert "cookie null is no identifier" in FAMILY.explain(ANN, ("cookie", "null")).verdict
    assert "blocked" in FAMILY.explain(ANN, ("cookie", "null")).verdict
    assert "cookie zz was never seen" in FAMILY.explain(("cookie", "zz"), ANN).verdict
    made = FAMILY.explain(ANN, ("user_id", "u1"))
    assert not made.same and not made.steps and "nothing that is known" in made.verdict
    assert len(made.to_pandas()) == 0
    assert FAMILY.explain(ANN, ANN).same


def test_customers_are_explained_by_their_ids_and_aliases() -> None:
    one, other = (FAMILY.customer_of(who) for who in (ANN, BEN))
    assert "limit is 1" in FAMILY.explain(one, other).verdict
    assert FAMILY.explain(one, ANN).same
    own = FAMILY.shared.set_index("value").loc["k", "own"]
    assert FAMILY.explain(own, ("user_id", "u1")).steps


@pytest.mark.parametrize(
    ("a", "error", "said"),
    [
        (7, ArgumentError, "Identities.explain: a is 7"),
        ("", ArgumentError, "a is ''"),
        (("mail", "x"), UnknownName, "Did you mean 'email'"),
        (("email", "x", "y"), ArgumentError, "a pair of its type and its value"),
        ("pffff", UnknownCustomer, "no customer's id here"),
    ],
)
def test_what_is_neither_is_refused(a: Any, error: type, said: str) -> None:
    with pytest.raises(error, match=said.replace("(", r"\(")):
        FAMILY.explain(a, ANN)


def test_pages_escape_what_anybody_may_have_typed() -> None:
    nasty = "<script>\x1b[31m\u202e"
    log = of.EventLog.from_events(
        [of.Event(None, "login", "2024-03-01", identifiers={"user_id": "<b>x</b>", "crm_id": "7"})]
    )
    made = of.resolve(log).explain(("crm_id", "7"), ("user_id", "<b>x</b>"))
    assert "<b>x" not in made._repr_html_() and "&lt;b&gt;x" in made._repr_html_()
    lost = FAMILY.explain(("user_id", nasty), ANN)
    assert "<script>" not in lost._repr_html_()
    long = FAMILY.explain(("user_id", "x" * 100_000), ANN)
    assert len(repr(long)) + len(long._repr_html_()) + len(long.words()) < 4_000
    assert "\x1b" not in repr(lost) + lost._repr_html_() and "\u202e" not in lost._repr_html_()


def test_explanations_are_values() -> None:
    assert FAMILY.explain(ANN, BEN) == FAMILY.explain(ANN, BEN)
    assert isinstance(FAMILY.explain(ANN, BEN), Explanation)


def test_a_chain_runs_through_what_vouches() -> None:
    """Two log in at one tablet, and later a card and a telephone make them one."""
    several = [
        of.Event(None, "login", f"2024-03-0{day}", identifiers=names)
        for day, names in enumerate(
            [
                {"email": "ann@x.org", "device": "tablet"},
                {"email": "ben@x.org", "device": "tablet"},
                {"email": "ann@x.org", "loyalty_card": "k1"},
                {"loyalty_card": "k1", "phone": "+491701234567"},
                {"phone": "+491701234567", "email": "ben@x.org"},
            ],
            start=1,
        )
    ]
    who = of.resolve(of.EventLog.from_events(several))
    ann, ben = ("email", "ann@x.org"), ("email", "ben@x.org")
    for a, b in ((ann, ben), (ben, ann)):
        made = who.explain(a, b)
        assert made.same
        assert {step.b[0] for step in made.steps[:-1]} == {"loyalty_card", "phone"}
    short = of.resolve(of.EventLog.from_events(several[:3]))
    assert not short.explain(ann, ben).same
    assert [step.b[0] for step in who.explain(ann, ("device", "tablet")).steps] == ["device"]
