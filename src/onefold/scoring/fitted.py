"""A fitted scorer: it ranks, scores and explains, for one profile or for many.

    rank      the n most probable items, exactly          score     their probabilities
    explain   what each level adds, parts that sum up     backoff   how far each is trusted

Everything is read from the levels as they were fitted; nothing is learned here.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from onefold import _time
from onefold._check import quoted
from onefold._columns import frozen
from onefold._group import Marks, distinct
from onefold._types import Bools, Codes, Floats, Times
from onefold._vocab import Vocab
from onefold.catalog import ALWAYS, Catalog
from onefold.conditions import Condition
from onefold.errors import ArgumentError, UnknownName
from onefold.levels.protocol import Choices
from onefold.profiles import Profile, Profiles, TraitTable
from onefold.scoring.backoff import Backoff, used
from onefold.scoring.explain import Explanation, explained
from onefold.scoring.heads import heads_of, own_items
from onefold.scoring.lesson import Lesson
from onefold.scoring.limits import Calibration
from onefold.scoring.lists import lists_of
from onefold.scoring.rank import Base, Ranking, best, best_among, ranking
from onefold.scoring.refine import Refinement
from onefold.scoring.views import Groups, Views
from onefold.scoring.wanted import Wanted, named
from onefold.scoring.weights import Slice, bucket_name, buckets, mixture

if TYPE_CHECKING:
    from onefold.scoring.scorer import Scorer

CHUNK = 2000  # profiles that are ranked at a time: memory does not grow with their number
TIE = 1e-9  # weight of everyone where a scorer of other levels leaves items equal


@attrs.frozen(eq=False, repr=False)
class FittedScorer:
    """A scorer that can rank; made by `Scorer.fit`, saved by `onefold.save`."""

    settings: "Scorer"
    items: Vocab
    views: Views
    groups: Groups
    common: Floats = attrs.field(converter=frozen)
    weights: Floats = attrs.field(converter=frozen)
    part: Slice
    catalog: Catalog | None
    as_of: np.datetime64
    refined: Refinement | None = None
    _cache: dict[Any, Any] = attrs.field(init=False, factory=dict)

    def __repr__(self) -> str:
        return (
            f"FittedScorer({len(self.items):,} items, levels {quoted(self.views.names)}, "
            f"as of {_time.show(self.as_of)} UTC)"
        )

    def rank(
        self,
        who: Profile | Profiles,
        n: int = 10,
        *,
        among: Iterable[str] | Condition | None = None,
        exclude: Iterable[str] | Condition | None = None,
        repeats: bool = True,
        at_most: Mapping[str, int] | None = None,
        new: int = 0,
        calibrate: str | Calibration | None = None,
        stock: Mapping[str, int] | None = None,
    ) -> Ranking:
        """The n most probable next choices of each customer, best first.

        The list is exact: the same as if every item had been scored. Items that can't be had as
        of the profile's moment, by the catalogue, are left out, and so are items that nobody has
        chosen yet.

        A condition for `among` or `exclude` is asked of the customer's own items, each by the
        customer's events with that item alone: `did("view").any() & did("purchase").never()` is
        what was looked at and not bought. Where it is unknown, it does not match.

        With limits a list is put together from the top: each time the most probable item that is
        still allowed (with `calibrate` the one that is worth most), and no choice is taken back.
        The score stays the probability of the item; by `calibrate`, lists need not fall in it.

        Args:
            who: A profile, or profiles.
            n: Length of a list.
            among: Ids to choose from, unknown ones being passed over; or a condition on the
                customer's own items, and then only those that match are chosen from.
            exclude: Ids that may not be chosen, or a condition on own items that may not.
            repeats: Whether items that the customer has chosen before may be.
            at_most: How many items of a list may have one value of a column of the catalogue:
                {"category": 2}. Items without a value are not counted.
            new: Fewest items of a list that the customer has not chosen before.
            calibrate: A column of the catalogue, or a `Calibration`, whose values a list should
                have in the shares in which the customer chooses them.
            stock: Units left of items; those that are not named have no limit. A list sets one
                unit of each of its items aside, in the order of the profiles: who comes first
                has the first choice.

        Returns:
            A list for each customer; where fewer than n items can be chosen, `short` says why.

        Raises:
            ArgumentError: If an argument is wrong, or asks for a catalogue where there is none.
            UnknownName: If a condition asks for a trait or property that nobody has.
            BeyondKept: If a condition reads further back than `keep=` has kept.
        """
        table = _table(who, "FittedScorer.rank: who")
        wanted = Wanted.of(
            self,
            n,
            among=among,
            exclude=exclude,
            repeats=repeats,
            at_most=at_most,
            new=new,
            calibrate=calibrate,
            stock=stock,
        )
        lists: list[tuple[Codes, Floats]] = []
        reasons: list[str | None] = []
        for rows in _chunks(table):
            allowed = self._there(wanted.named, rows)
            if wanted.plain:
                choices = self.groups.choices(rows, self.items, self.settings.target)
                lists += self._lists(choices, wanted.n, allowed=allowed, repeats=repeats)
            else:
                made, why = lists_of(wanted, rows, allowed)
                lists += made
                reasons += why
        said = wanted.reason if wanted.plain else np.array(reasons, dtype=object)
        return ranking(table.ids, lists, self.items, wanted.n, said)

    def score(self, profile: Profile, items: Iterable[str]) -> Floats:
        """The probability of each item as the customer's next choice (n,), 0 for unknown ones.

        Args:
            profile: The customer.
            items: Ids of n items.

        Raises:
            ArgumentError: If an argument is wrong.
        """
        codes = self.items.codes(_ids(items, "FittedScorer.score: items"))
        dense = self.dense(_one(profile, "FittedScorer.score: profile"))[0]
        return np.append(dense, 0.0)[codes]

    def dense(self, who: Profile | Profiles, *, weights: Floats | None = None) -> Floats:
        """All probabilities (n, n_items), in the order of `items`: for few customers at a time."""
        table = _table(who, "FittedScorer.dense: who")
        choices = self.groups.choices(table, self.items, self.settings.target)
        held = self._weights_of(choices, self.weights if weights is None else weights)
        own = self.views.own(choices, held)
        bases = self._bases(choices, held, None, {})
        out: Floats = own.toarray()
        for i, base in enumerate(bases):
            out[i] += base.scores
        if weights is None and self.refined is not None:
            heads = heads_of(self.views, choices, own, bases)
            out[heads.row, heads.codes] = heads.mass * self.refined.factors(heads)
        return out

    def explain(self, profile: Profile, item: str) -> Explanation:
        """Why this item: what each level adds to its probability. The parts add up to the score.

        Args:
            profile: The customer.
            item: Id of an item that somebody has chosen before.

        Raises:
            ArgumentError: If `profile` is not a profile.
            UnknownName: If nobody ever chose the item.
        """
        table = _one(profile, "FittedScorer.explain: profile").table
        code = self.items.code(str(item))
        if code < 0:
            raise UnknownName(
                f"FittedScorer.explain: nobody has chosen item {item!r} before "
                f"{_time.show(self.as_of)}, so its probability is 0."
            )
        choices = self.groups.choices(table, self.items, self.settings.target)
        held = self._weights_of(choices, self.weights)
        factor = 1.0
        if self.refined is not None:
            own, bases = self.views.own(choices, held), self._bases(choices, held, None, {})
            heads = heads_of(self.views, choices, own, bases)
            found = self.refined.factors(heads)[heads.codes == code]
            factor = float(found[0]) if len(found) else 1.0
        customer = str(table.ids[0])
        return explained(self.views, choices, held[0], code, customer=customer, factor=factor)

    @property
    def backoff(self) -> Backoff:
        """How far each level is trusted, by how much is known of a customer.

        As it is used: what a level with nothing to say passes down is counted with everyone.
        """
        counts = np.bincount(self.part.bucket, minlength=len(self.weights))
        return Backoff(
            levels=self.views.names,
            evidence=tuple(bucket_name(b) for b in range(len(self.weights))),
            weights=used(self.part, self.weights, self.views.everyone, list(self.views.fitted)),
            choices=counts,
            start=self.part.start,
            end=self.part.end,
            customers=self.part.customers,
        )

    def only(self, *levels: str) -> "FittedScorer":
        """The mixture of some of the levels, their weights fitted anew on the same slice.

        The refinement is of all levels together, and is left out. What these levels leave equal,
        such as items that a customer has never chosen, is put in everyone's order: a mixture that
        can't tell is not made worse by an arbitrary order.
        """
        names = self.views.names
        lost = [name for name in levels if name not in names]
        if lost or not levels:
            raise UnknownName(
                f"FittedScorer.only: no level {quoted(lost or [''])}. Levels: {quoted(names)}."
            )
        among = [names.index(name) for name in levels]
        return self._of(*mixture(self.part, n_buckets=len(self.weights), among=among), None)

    def _rung(self, lesson: Lesson, levels: Sequence[str]) -> "FittedScorer":
        """A scorer of some of the levels, learned from the lesson as if there were no others."""
        names = self.views.names
        if set(levels) == set(names):
            return self
        return self._of(*lesson.learned([names.index(name) for name in levels]))

    def _of(self, common: Floats, weights: Floats, refined: Refinement | None) -> "FittedScorer":
        tie = np.zeros(len(self.views.names))
        tie[self.views.everyone] = TIE
        common, weights = ((1 - TIE) * held + tie for held in (common, weights))
        return attrs.evolve(self, common=common, weights=weights, refined=refined)

    def _lists(
        self,
        choices: Choices,
        n: int,
        *,
        allowed: Bools | None = None,
        repeats: bool = True,
        own_only: bool = False,
    ) -> list[tuple[Codes, Floats]]:
        """The n best items of each row and their scores."""
        held = self._weights_of(choices, self.weights)
        own = self.views.own(choices, held)
        # A mask of this call must not outlive it: what is kept is for the whole catalogue.
        bases = self._bases(choices, held, allowed, self._cache if allowed is None else {})
        marks = Marks(len(self.items))
        heads = None
        if self.refined is not None:
            whole = bases if allowed is None else self._bases(choices, held, None, self._cache)
            heads = heads_of(self.views, choices, own, whole)
            scores = heads.mass * self.refined.factors(heads)
        lists = []
        for i, base in enumerate(bases):  # supports differ by row; each step is a small partition
            here = slice(own.indptr[i], own.indptr[i + 1])
            items, part = own.indices[here], own.data[here]
            mine = own_items(choices, i)
            head = np.zeros(0, dtype=np.int32)
            if heads is not None:
                at = slice(heads.offsets[i], heads.offsets[i + 1])
                head = heads.codes[at]
            if own_only:
                few = mine[~marks.inside(mine, head)]
                found = best_among(base, items, part, few, n=n, marks=marks)
            else:
                left_out: Codes = head if repeats else distinct(np.concatenate([head, mine]))
                found = best(base, items, part, n=n, excluded=left_out, marks=marks)
            if heads is not None:
                kept = np.ones(len(head), dtype=bool) if allowed is None else allowed[head]
                kept = kept & (scores[at] > 0)
                if own_only or not repeats:
                    kept &= heads.had[at] == own_only
                codes = np.concatenate([head[kept], found[0]])
                both = np.concatenate([scores[at][kept], found[1]])
                order = np.lexsort((codes, -both))[:n]
                found = codes[order], both[order]
            lists.append(found)
        return lists

    def _weights_of(self, choices: Choices, weights: Floats) -> Floats:
        """The weight of each level for each row (n, levels)."""
        return weights[np.minimum(buckets(choices.visits), len(weights) - 1)]

    def _bases(
        self, choices: Choices, held: Floats, allowed: Bools | None, kept: dict[Any, Any]
    ) -> list[Base]:
        """The shared part of each row; rows of one kind share one."""
        return self.views.bases(choices, self.views.passed_down(choices, held), allowed, kept)

    def _allowed(
        self, table: TraitTable, among: Iterable[str] | None, exclude: Iterable[str] | None
    ) -> Bools | None:
        return self._there(named(self, among, exclude), table)

    def _there(self, some: Bools | None, table: TraitTable) -> Bools | None:
        """Which of some items can be had as of the rows' moment; None: all."""
        mask = some
        if self.catalog is not None and len(table):
            since, until = self._validity(self.catalog)
            moment = table.as_of.max()
            now = (since <= moment) & (moment < until)
            mask = now if some is None else some & now
        return None if mask is None or mask.all() else mask

    def _validity(self, catalog: Catalog) -> tuple[Times, Times]:
        """From when until when each item can be had; what the catalogue lacks, always."""
        if "validity" not in self._cache:
            at = catalog.items.codes(self.items.values)
            since = np.append(catalog.valid_from, ALWAYS[0])[at]
            self._cache["validity"] = since, np.append(catalog.valid_until, ALWAYS[1])[at]
        held: tuple[Times, Times] = self._cache["validity"]
        return held

    def _known(self, ids: Iterable[str], name: str) -> Codes:
        codes = self.items.codes(_ids(ids, f"FittedScorer.rank: {name}"))
        known: Codes = codes[codes >= 0]
        return known


def _table(who: Any, name: str) -> TraitTable:
    if isinstance(who, (Profile, Profiles)):
        return who.table
    raise ArgumentError(
        f"{name} is a {type(who).__name__}; it takes a profile (profiles[id]) or profiles."
    )


def _ids(ids: Any, name: str) -> list[str]:
    if isinstance(ids, str) or not isinstance(ids, Iterable):
        raise ArgumentError(f"{name} is {ids!r}; it takes ids of items: [{str(ids)!r}].")
    return [str(i) for i in ids]


def _one(profile: Any, name: str) -> Profile:
    if isinstance(profile, Profile):
        return profile
    raise ArgumentError(
        f"{name} is a {type(profile).__name__}; it takes one profile: profiles[id]."
    )


def _chunks(table: TraitTable) -> Iterable[TraitTable]:
    """The rows some at a time, all of them as of one moment."""
    if len(table) == 1:
        return [table]
    edges = np.flatnonzero(table.as_of[1:] != table.as_of[:-1]) + 1
    if len(table) <= CHUNK and not len(edges):
        return [table] if len(table) else []
    starts = [0, *edges.tolist(), len(table)]
    spans = [
        (a, min(a + CHUNK, stop))
        for start, stop in itertools.pairwise(starts)
        for a in range(start, stop, CHUNK)
    ]
    return (table.rows(a, b) for a, b in spans)
