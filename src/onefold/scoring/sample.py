"""Exploration: lists drawn by chance around the scorer's own order, with exact propensities.

    P(i at rank r | the items above it) = p_i^(1/tau) / (sum of p_j^(1/tau) over what is left)

The candidates are the `pool` best items of a customer; all others have the propensity 0. The
noise of an item is a function of seed, customer, moment and item, and of nothing else: so a
customer's list depends neither on who else is in the batch nor on how it is cut into pieces, and
a list of five is the head of the list of ten.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import attrs
import numpy as np

from onefold import _time
from onefold._random import generator, hash64, mix64
from onefold._types import Bools, Codes, Floats, Hashes, Ints, Rng, Times
from onefold._vocab import Vocab
from onefold.errors import ArgumentError
from onefold.levels.protocol import Choices
from onefold.profiles import TraitTable
from onefold.scoring.decisions import Decisions
from onefold.scoring.luce import NOBODY, NOTHING, Urn, gumbel, merged, places, propensities, uniform
from onefold.scoring.policy import Policy
from onefold.scoring.rank import Ranking
from onefold.scoring.thompson import FittedThompson

CELLS = 400_000  # customers times candidates that are worked on at a time
MOST = 2000  # customers at a time
UNKNOWN = -3  # the code of an item that a policy has never heard of
STEP = 1e6  # between the logarithms of neighbouring weights at temperature 0: far above any noise


def drawn(policy: Policy, table: TraitTable, n: int, *, rng: Rng, reason: str) -> Decisions:
    """A list of n items for each row of a table, drawn by chance."""
    seed = generator(rng, "FittedScorer.sample: rng").integers(0, 2**64, dtype=np.uint64)
    state = mix64(mix64(hash64(table.ids), table.as_of), seed)
    made = Drawing.of(policy, table)
    noise = made.items.hashes
    version = policy.version
    shape = (len(table), n)
    shown, cold = np.full(shape, NOTHING, dtype=np.int32), np.zeros(shape, dtype=bool)
    scores, log, first = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    pool = np.zeros(len(table), dtype=np.int64)
    for urns, here in made.pieces(table):
        shown[here], cold[here] = _lists(policy, urns, state[here], noise, n)
        log[here], first[here] = propensities(urns.first, urns.second, shown[here], policy.share)
        scores[here], pool[here] = urns.scores_of(shown[here]), urns.sizes
    some = shown != NOTHING
    offsets = np.append(0, np.cumsum(some.sum(axis=1))).astype(np.int64)
    return Decisions(
        ranking=Ranking(table.ids, offsets, shown[some], scores[some], made.items, n, reason),
        policy=version,
        temperature=policy.temperature,
        time=table.as_of,
        key=mix64(state, hash64([version])),
        pool=pool,
        log=log[some],
        first=first[some],
        cold=cold[some],
    )


def judged(policy: Policy, decisions: Decisions, table: TraitTable) -> Decisions:
    """The same lists with the propensities that another policy gives them.

    Args:
        policy: The other policy.
        decisions: The lists that were shown.
        table: Their customers, each once, in any order.
    """
    held = decisions.ranking
    given = np.diff(held.offsets)
    some = np.arange(int(given.max(initial=0))) < given[:, None]
    made = Drawing.of(policy, table)
    shown = np.full(some.shape, NOTHING, dtype=np.int32)
    codes = np.append(made.items.translation(held.items), np.int32(-1))[held.codes]
    shown[some] = np.where(codes < 0, UNKNOWN, codes)
    place = {customer: at for at, customer in enumerate(held.customers.tolist())}
    at = np.array([place[customer] for customer in table.ids.tolist()], dtype=np.int64)
    other = np.flatnonzero(decisions.time[at] != table.as_of)
    if len(other):
        who, then = str(table.ids[other[0]]), decisions.time[at[other[0]]]
        raise ArgumentError(
            f"FittedScorer.propensities: who has {who!r} as of "
            f"{_time.show(table.as_of[other[0]])}, but the list was decided on as of "
            f"{_time.show(then)}: what came after it would be known. Give the profiles as they "
            "were: profiles.at(moment)."
        )
    log, first, pool = np.zeros(some.shape), np.zeros(some.shape), np.zeros(len(at), dtype=np.int64)
    for urns, here in made.pieces(table):
        found = propensities(urns.first, urns.second, shown[at[here]], policy.share)
        log[at[here]], first[at[here]] = found
        pool[at[here]] = urns.sizes
    return attrs.evolve(
        decisions,
        policy=policy.version,
        temperature=policy.temperature,
        pool=pool,
        log=log[some],
        first=first[some],
    )


@attrs.frozen(eq=False)
class Drawing:
    """A policy at work: what is the same for all rows."""

    policy: Policy
    allowed: Bools | None
    items: Vocab
    to: Codes  # (n_items,) where each item of the scorer is among `items`

    @classmethod
    def of(cls, policy: Policy, table: TraitTable) -> "Drawing":
        allowed = policy.scorer._allowed(table, policy.among, policy.exclude)
        items = policy.items
        return cls(policy, allowed, items, items.translation(policy.scorer.items))

    def pieces(self, table: TraitTable) -> Iterator[tuple["Urns", slice]]:
        """The candidates of some rows at a time, and which rows these are."""
        scorer = self.policy.scorer
        step = int(np.clip(CELLS // max(self.policy.width, 1), 1, MOST))
        for start in range(0, len(table), step):
            here = slice(start, min(start + step, len(table)))
            rows = table if here.stop - start == len(table) else table.rows(start, here.stop)
            choices = scorer.groups.choices(rows, scorer.items, scorer.settings.target)
            yield self.urns(choices), here

    def urns(self, choices: Choices) -> "Urns":
        policy = self.policy
        lists = policy.scorer._lists(
            choices, policy.width, allowed=self.allowed, repeats=policy.repeats
        )
        codes, scores = _padded(lists, policy.width)
        codes = np.append(self.to, np.int32(NOBODY))[codes]
        first = Urn(codes, _heated(scores, policy.temperature))
        if policy.cold is None:
            return Urns(first, scores, None, None)
        second, worth = self.cold_of(policy.cold, choices)
        return Urns(first, scores, second, worth)

    def cold_of(self, cold: FittedThompson, choices: Choices) -> tuple[Urn, Floats]:
        """The urn of the cold items, and their scores (n, cold)."""
        scorer, repeats = self.policy.scorer, self.policy.repeats
        n, known = len(choices), scorer.items.codes(cold.items.values)
        may = self.may_be_cold(cold, known, choices.moments)
        log = np.tile(np.where(may, np.log(cold.chance), -np.inf), (n, 1))
        place = np.full(len(scorer.items), -1)
        place[known[known >= 0]] = np.flatnonzero(known >= 0)
        if not repeats:
            ever = choices.ever
            had = place[ever.item]
            log[ever.row[had >= 0], had[had >= 0]] = -np.inf
        worth = np.zeros(log.shape)
        mask = np.zeros(len(scorer.items), dtype=bool)
        mask[known[(known >= 0) & may]] = True
        if mask.any() and n:
            lists = scorer._lists(choices, int(mask.sum()), allowed=mask, repeats=repeats)
            row = np.repeat(np.arange(n), [len(codes) for codes, _ in lists])
            column = place[np.concatenate([codes for codes, _ in lists])]
            worth[row, column] = np.concatenate([scores for _, scores in lists])
        codes = self.items.codes(cold.items.values)
        return Urn(np.where(np.isfinite(log), codes, NOBODY).astype(np.int32), log), worth

    def may_be_cold(self, cold: FittedThompson, known: Codes, moments: Times) -> Bools:
        """Which cold items (m,) may be shown at all."""
        may = np.ones(len(known), dtype=bool)
        if self.allowed is not None:
            may = np.append(self.allowed, True)[known]
        if len(moments):
            may &= (cold.valid_from <= moments.max()) & (moments.max() < cold.valid_until)
        for names, inside in ((self.policy.among, True), (self.policy.exclude, False)):
            if names is not None:
                held = set(names)
                may &= np.array([(i in held) == inside for i in cold.items], dtype=bool)
        return may


@attrs.frozen(eq=False)
class Urns:
    """The candidates of some rows: by score, and cold ones; with their scores."""

    first: Urn
    scores: Floats
    second: Urn | None
    worth: Floats | None

    @property
    def sizes(self) -> Ints:
        """How many items (n,) a row may be shown: those of both urns."""
        sizes = self.first.sizes
        if self.second is not None:
            for column in self.second.codes.T:  # cold items are few
                here = column != NOBODY
                sizes += here & ~(self.first.codes == column[:, None]).any(axis=1)
        return sizes

    def scores_of(self, shown: Codes) -> Floats:
        """The score (n, k) of each shown item; 0 for what nobody has chosen yet."""
        out = np.zeros(shown.shape)
        for urn, scores in ((self.second, self.worth), (self.first, self.scores)):
            if urn is None or scores is None:
                continue
            at = places(urn.codes, shown)
            out = np.where(at >= 0, np.take_along_axis(scores, np.maximum(at, 0), 1), out)
        return out


def _lists(policy: Policy, urns: Urns, state: Hashes, noise: Hashes, n: int) -> tuple[Codes, Bools]:
    """Codes (n_rows, n) of what is shown, -2 after the end, and which ranks are of cold items."""
    coin = np.zeros((len(state), n), dtype=bool)
    first = urns.first.order(gumbel(mix64(state, 1), noise[urns.first.codes]), n)
    if urns.second is None:
        shown = np.full((len(state), n), NOTHING, dtype=np.int32)
        shown[:, : first.shape[1]] = first
        return shown, coin
    second = urns.second.order(gumbel(mix64(state, 2), noise[urns.second.codes]), n)
    coin = uniform(mix64(state, 3), np.arange(n, dtype=np.uint64)) < policy.share
    return merged(first, second, coin)


def _padded(lists: Sequence[tuple[Any, Any]], width: int) -> tuple[Codes, Floats]:
    """Lists as matrices (n, width): codes, -1 after the end, and scores, 0 there."""
    sizes = np.array([len(codes) for codes, _ in lists], dtype=np.int64)
    some = np.arange(width) < sizes[:, None]
    codes, scores = np.full(some.shape, NOBODY, dtype=np.int32), np.zeros(some.shape)
    codes[some] = np.concatenate([codes for codes, _ in lists])
    scores[some] = np.concatenate([scores for _, scores in lists])
    return codes, scores


def _heated(scores: Floats, temperature: float) -> Floats:
    """The logarithms of the weights, the largest of a row 0; -inf where there is no item."""
    if temperature == 0.0:
        place = -STEP * np.arange(scores.shape[1], dtype=np.float64)
        return np.where(scores > 0, place, -np.inf)
    with np.errstate(divide="ignore"):
        log = np.log(scores)
    most = log.max(axis=1, keepdims=True, initial=-np.inf)
    out: Floats = (log - np.where(np.isfinite(most), most, 0.0)) / temperature
    return out
