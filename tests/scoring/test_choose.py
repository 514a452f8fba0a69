"""A greedy choice within limits: by hand, and from a head the same as from everything."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from onefold.scoring.choose import SMOOTH, Candidates, Cap, Group, Taste, choose


@st.composite
def shelves(draw):
    """Scores in order, groups by two columns, caps and a taste of one row."""
    m, width = draw(st.integers(1, 30)), draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    scores = np.sort(rng.integers(1, draw(st.integers(2, 30)), m) / 64)[::-1]
    of = rng.integers(0, width, (2, m))
    can = rng.random(m) < draw(st.sampled_from([0.4, 0.9, 1]))
    most = draw(st.lists(st.integers(0, 4), min_size=width, max_size=width))
    shares = rng.integers(0, 3, width).astype(float)
    shares /= max(shares.sum(), 1)
    weight = draw(st.sampled_from([0.0, 0.3, 0.7, 1.0]))
    return scores, of, can, np.array(most), shares, weight


def candidates_of(scores, can, depth):
    d = min(depth, len(scores))
    codes = np.arange(d, dtype=np.int32)[None]
    return Candidates(codes, scores[None, :d], can[None, :d], np.array([d < len(scores)]))


def group_of(of, width, depth):
    beyond = np.bincount(of[depth:], minlength=width)[None]
    return Group(of[None, :depth], beyond)


def chosen_from(shelf, n, depth, capped, calibrated):
    scores, of, can, most, shares, weight = shelf
    width = len(most)
    groups = [group_of(column, width, depth) for column in of]
    caps = [Cap(groups[k], most) for k in range(capped)]
    taste = None
    if calibrated:  # of the column that has a cap, or of the other one
        same = most if capped else None
        taste = Taste(groups[0], shares[None], weight, same)
    return choose(candidates_of(scores, can, depth), n=n, caps=caps, taste=taste)


def divergence(shares, listed, width):
    """KL(p || q) of a list of groups, as in the paper."""
    total = 0.0
    for g in range(width):
        if shares[g] > 0:
            q = (1 - SMOOTH) * listed.count(g) / len(listed) + SMOOTH * shares[g]
            total += shares[g] * math.log(shares[g] / q)
    return total


def by_hand(shelf, n, capped, calibrated):
    """For each step the places that are worth most, within a rounding, and the first of them."""
    scores, of, can, most, shares, weight = shelf
    best_n = sum(scores[np.flatnonzero(can)[:n]])
    listed: list[int] = []

    def is_open(i):
        counts = [sum(of[k][j] == of[k][i] for j in listed) for k in range(capped)]
        return can[i] and i not in listed and all(c < most[of[k][i]] for k, c in enumerate(counts))

    def worth(i):
        if not calibrated:
            return scores[i]
        groups = [int(of[0][j]) for j in [*listed, i]]
        kept = (sum(scores[j] for j in listed) + scores[i]) / best_n
        return (1 - weight) * kept - weight * divergence(shares, groups, len(most))

    def step(found):
        """What is taken now must be the best; then the same of what follows."""
        for at in found:
            values = {i: worth(i) for i in range(len(scores)) if is_open(i)}
            assert at in values
            assert values[at] >= max(values.values()) - 1e-9
            if not calibrated:
                assert at == min(values)
            listed.append(at)
        return not any(is_open(i) for i in range(len(scores)))

    return step


@settings(max_examples=300)
@given(shelves(), st.integers(1, 8), st.integers(0, 2), st.booleans(), st.integers(1, 30))
def test_each_step_is_the_best_and_a_head_that_suffices_says_so(shelf, n, capped, taste, depth):
    whole = chosen_from(shelf, n, len(shelf[0]), capped, taste)
    assert whole.settled.all()
    found = [i for i in whole.at[0].tolist() if i >= 0]
    used_up = by_hand(shelf, n, capped, taste)(found)
    assert len(found) == n or used_up
    head = chosen_from(shelf, n, depth, capped, taste)
    if head.settled[0]:
        assert head.at.tolist() == whole.at.tolist()
    assert head.settled[0] or depth < len(shelf[0])


@settings(max_examples=50)
@given(st.lists(shelves(), min_size=2, max_size=4), st.integers(1, 5), st.booleans())
def test_rows_do_not_mind_each_other(shelves, n, calibrated):
    width = 5
    lists = [(np.arange(len(s[0]), dtype=np.int32), s[0]) for s in shelves]
    held = Candidates.of(lists, depth=31)
    of = np.zeros(held.codes.shape, dtype=np.int64)
    can, shares = np.zeros_like(held.can), np.zeros((len(shelves), width))
    for i, (scores, column, may, _, share, _) in enumerate(shelves):
        of[i, : len(scores)] = column[0]
        can[i, : len(scores)] = may
        shares[i, : len(share)] = share
    groups = Group(of, np.zeros((len(shelves), width), dtype=np.int64))
    cap, held = Cap(groups, np.full(width, 2)), Candidates(held.codes, held.scores, can, held.more)
    taste = Taste(groups, shares, 0.5, cap.most) if calibrated else None
    every = choose(held, n=n, caps=[cap], taste=taste)
    for i in range(len(shelves)):
        row = np.array([i])
        one = None if taste is None else taste.take(row)
        alone = choose(held.take(row), n=n, caps=[cap.take(row)], taste=one)
        assert alone.at[0].tolist() == every.at[i].tolist()
        assert every.given[i] == (every.at[i] >= 0).sum()


def test_where_all_that_is_beyond_is_full_there_is_nothing_to_ask_for() -> None:
    """Three of one group, two may be taken, a thousand more of it beyond: settled."""
    held = Candidates(
        np.arange(3, dtype=np.int32)[None],
        np.full((1, 3), 0.1),
        np.ones((1, 3), bool),
        np.ones(1, bool),
    )
    for other, settled in ((0, True), (1, False)):
        groups = Group(np.zeros((1, 3), dtype=np.int64), np.array([[1000, other]]))
        made = choose(held, n=5, caps=[Cap(groups, np.array([2, 9]))])
        assert (made.at.tolist(), made.settled.tolist()) == ([[0, 1, -1, -1, -1]], [settled])


def test_nobody() -> None:
    held = Candidates.of([], depth=4)
    assert choose(held, n=3).at.shape == (0, 3)


def test_with_a_taste_fewer_than_n_do_not_settle_a_list() -> None:
    """What the n best have in all is the measure, and some of them may lie beyond."""
    held = Candidates(
        np.arange(3, dtype=np.int32)[None],
        np.array([[0.4, 0.2, 0.1]]),
        np.ones((1, 3), bool),
        np.ones(1, bool),
    )
    groups = Group(np.array([[0, 0, 1]]), np.array([[1000, 0]]))
    cap = Cap(groups, np.array([1, 9]))
    taste = Taste(groups, np.array([[0.0, 1.0]]), 0.5, cap.most)
    for n, settled in ((4, False), (3, True)):
        made = choose(held, n=n, caps=[cap], taste=taste)
        assert (made.given.tolist(), made.settled.tolist()) == ([2], [settled])
    assert choose(held, n=4, caps=[cap]).settled.all()
