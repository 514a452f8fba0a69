"""Blocks: how many pairs each leaves is known beforehand, and the fewest are taken."""

from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from onefold._columns import Coded
from onefold._vocab import Vocab
from onefold.identity.blocking import Plan, pairs, planned
from onefold.identity.records import Field

WORDS = st.lists(st.sampled_from([None, "a", "b", "c"]), min_size=1, max_size=8)


def coded(words: list[str | None]) -> Coded:
    vocab = Vocab.of(word for word in words if word is not None)
    return Coded(vocab.codes(words), vocab)


def field(role: str, words: list[str | None], name: str = "") -> Field:
    return Field(role, name or role, role, coded(words))


@given(st.data())
def test_pairs_are_counted_as_by_looking_at_each(data: st.DataObject) -> None:
    one = data.draw(WORDS)
    two = data.draw(
        st.lists(st.sampled_from([None, "x", "y"]), min_size=len(one), max_size=len(one))
    )
    rows = list(zip(one, two, strict=True))
    agree = [a == b and None not in a for a, b in combinations(rows, 2)]
    assert pairs([coded(one), coded(two)]) == sum(agree)
    assert pairs([coded(one)]) == sum(a == b and a is not None for a, b in combinations(one, 2))


def test_the_most_telling_blocks_are_taken_within_the_effort() -> None:
    n = 40
    twins = [f"e{i // 2}" for i in range(n)]  # 20 pairs
    fours = [f"s{i // 4}" for i in range(n)]  # 60 pairs
    halves = [f"p{i % 2}" for i in range(n)]  # 380 pairs, 0 with twins, 20 with fours
    made = [field("email", twins), field("surname", fours), field("postcode", halves)]
    assert planned(made, None, effort=4).look == (("email",), ("surname",))
    assert planned(made, None, effort=2).look == (("email",), ("surname", "postcode"))
    assert planned(made, None, effort=100).look == (("email",), ("surname",), ("postcode",))
    assert planned(made, [("postcode",)], effort=1).look == (("postcode",),)


def test_the_model_is_learned_in_blocks_that_share_no_field() -> None:
    rng = np.random.default_rng(1)
    some = [
        field(role, [f"{x}" for x in rng.integers(k, size=300)])
        for role, k in (("email", 150), ("surname", 30), ("postcode", 20), ("address", 10))
    ]
    learn = planned(some, None, effort=50).learn
    assert len(learn) >= 2
    assert all(not set(a) & set(b) for a, b in combinations(learn, 2))
    assert all(len(rule) < len(some) for rule in learn)


def test_no_model_is_learned_where_too_many_agree() -> None:
    n = 300
    some = [
        field("email", [f"{i // 2}" for i in range(n)]),
        field("surname", [f"{i % 30}" for i in range(n)]),
        field("other", [f"{i % 2}" for i in range(n)]),  # 22,350 pairs
    ]
    assert ("other",) in planned(some, None, effort=100).learn
    assert ("other",) not in planned(some, None, effort=50).learn


def test_what_nearly_tells_a_person() -> None:
    def sure(*roles: str) -> set[frozenset[str]]:
        plan: Plan = planned([field(role, ["a", "a"]) for role in roles], None, effort=9)
        return {frozenset(rule) for rule in plan.sure}

    assert sure("given_name", "surname", "date_of_birth", "postcode") == {
        frozenset({"given_name", "surname", "date_of_birth"})
    }
    assert sure("email", "surname") == {frozenset({"email", "surname"})}
    assert sure("surname", "postcode") == {frozenset({"surname", "postcode"})}
