"""A fitted scorer: it ranks, scores and explains, for one profile or for many.

    rank      the n most probable items, exactly          score     their probabilities
    explain   what each level adds, parts that sum up     backoff   how far each is trusted

Everything is read from the levels as they were fitted; nothing is learned here.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast

import attrs
import numpy as np

from onefold import _time
from onefold._check import instance, quoted, whole
from onefold._columns import frozen
from onefold._group import Marks, distinct
from onefold._types import Bools, Codes, Floats, Rng, Times
from onefold._vocab import Vocab
from onefold.catalog import ALWAYS, Catalog
from onefold.errors import ArgumentError, UnknownName
from onefold.levels.protocol import Choices
from onefold.profiles import Profile, Profiles, TraitTable
from onefold.scoring.backoff import Backoff, used
from onefold.scoring.explain import Explanation, explained
from onefold.scoring.heads import heads_of, own_items
from onefold.scoring.lesson import Lesson
from onefold.scoring.moving import moved
from onefold.scoring.rank import Base, Ranking, best, best_among, ranking
from onefold.scoring.reasons import reasons_of
from onefold.scoring.refine import Refinement
from onefold.scoring.sureness import Asked
from onefold.scoring.views import Groups, Views
from onefold.scoring.weights import Slice, bucket_name, buckets, mixture
from onefold.scoring.words import Teller

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
        among: Iterable[str] | None = None,
        exclude: Iterable[str] | None = None,
        repeats: bool = True,
    ) -> Ranking:
        """The n most probable next choices of each customer, best first.

        The list is exact: the same as if every item had been scored. Items that can't be had as
        of the profile's moment, by the catalogue, are left out, and so are items that nobody has
        chosen yet.

        Args:
            who: A profile, or profiles.
            n: Length of a list.
            among: Ids to choose from; others are left out. Unknown ones are passed over.
            exclude: Ids that may not be chosen.
            repeats: Whether items that the customer has chosen before may be.

        Returns:
            A list for each customer; where fewer than n items can be chosen, `short` says why.

        Raises:
            ArgumentError: If an argument is wrong.
        """
        n = whole(n, "FittedScorer.rank: n")
        if not isinstance(repeats, (bool, np.bool_)):
            raise ArgumentError(f"FittedScorer.rank: repeats is {repeats!r}; True or False.")
        table = _table(who, "FittedScorer.rank: who")
        allowed = self._allowed(table, among, exclude)
        lists: list[tuple[Codes, Floats]] = []
        for rows in _chunks(table):
            choices = self.groups.choices(rows, self.items, self.settings.target)
            lists += self._lists(choices, n, allowed=allowed, repeats=repeats)
        return ranking(table.ids, lists, self.items, n, _reason(among, exclude, repeats))

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
        stories = self._teller.stories(choices, code, held)
        return explained(
            self.views,
            choices,
            held[0],
            code,
            customer=customer,
            factor=factor,
            stories=stories,
        )

    def reasons(self, who: Profile | Profiles, ranking: Ranking) -> list[str]:
        """Why each item of a ranking, in short: the strongest reason of each row of its table.

        Each is `explain(profile, item).reason`, for all rows at once: for whole campaigns. It is
        plain text: escape it where it is put into HTML.

        Args:
            who: The profiles that were ranked; others among them are left aside.
            ranking: Lists for some of them.

        Returns:
            One text for each of the rows of `ranking.to_pandas()`, such as "bought twice, last 12
            days ago"; empty where an item's probability is 0.

        Raises:
            ArgumentError: If `who` is not a profile or profiles, or `ranking` not a ranking.
            UnknownCustomer: If somebody in the ranking is not among `who`.
            UnknownName: If nobody ever chose one of its items.
        """
        table = _table(who, "FittedScorer.reasons: who")
        listed = instance(ranking, Ranking, "FittedScorer.reasons: ranking", "Make it with rank.")
        return reasons_of(self, table, listed, chunk=CHUNK)

    @property
    def _teller(self) -> Teller:
        made = self.settings
        kept = self._cache.setdefault("words", {})
        return Teller(self.views, made.levels, made.target, self.catalog, self.as_of, kept)

    @property
    def backoff(self) -> Backoff:
        """How far each level is trusted, by how much is known of a customer.

        As it is used: what a level with nothing to say passes down is counted with everyone. Each
        weight has an interval: see `Backoff.intervals`.
        """
        if "backoff" not in self._cache:
            self._cache["backoff"] = self._backoff()
        held: Backoff = self._cache["backoff"]
        return held

    def _backoff(self) -> Backoff:
        own = list(self.views.fitted)
        counts = np.bincount(self.part.bucket, minlength=len(self.weights))
        return Backoff(
            levels=self.views.names,
            evidence=tuple(bucket_name(b) for b in range(len(self.weights))),
            weights=used(self.part, self.weights, self.views.everyone, own),
            choices=counts,
            start=self.part.start,
            end=self.part.end,
            customers=self.part.customers,
            asked=Asked(
                self.part,
                np.vstack([self.weights, self.common]),
                np.flatnonzero((self.common > 0) & (self.common != TIE)).tolist(),
                self.views.everyone,
                own,
            ),
        )

    def update(
        self, profiles: Profiles, *, regroup: bool = False, rng: Rng = None
    ) -> "FittedScorer":
        """This scorer as of the moment of later profiles: its levels move on, its weights stay.

        Each level is the one that a new fit on these profiles has, new items included; the
        weights, the refinement and the back-off are those of the old fit. For every day or every
        hour; fit anew now and then, for what is worth how much changes too.

        Args:
            profiles: All that is known by now, not only what came since.
            regroup: Whether segments and personas are fitted anew. As a rule they keep their
                cuts and their cards, of which the weights were learned, and only who belongs to
                them is read anew.
            rng: Source of chance, for levels that draw: `Due`, where customers are many.

        Returns:
            Another scorer; this one stays as it is.

        Raises:
            ArgumentError: If an argument is wrong, or the profiles are as of an earlier moment.

        Examples:
            >>> import onefold as of
            >>> data = of.datasets.simulate(200, rng=7)
            >>> profiles = of.fold(data.log, catalog=data.catalog)
            >>> scorer = of.Scorer().fit(profiles.at("2025-06-01"), rng=7)
            >>> later = scorer.update(profiles, rng=7)
            >>> bool(later.as_of == profiles.as_of), later.weights is scorer.weights
            (True, True)
        """
        return cast("FittedScorer", moved(self, profiles, regroup=regroup, rng=rng))

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
        mask = np.ones(len(self.items), dtype=bool)
        if among is not None:
            mask[:] = False
            mask[self._known(among, "among")] = True
        if exclude is not None:
            mask[self._known(exclude, "exclude")] = False
        if self.catalog is not None and len(table):
            since, until = self._validity(self.catalog)
            moment = table.as_of.max()
            mask &= (since <= moment) & (moment < until)
        return None if mask.all() else mask

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
    if len(table) <= CHUNK:
        return [table]
    return (table.rows(a, min(a + CHUNK, len(table))) for a in range(0, len(table), CHUNK))


def _reason(among: object, exclude: object, repeats: bool) -> str:
    asked = {"among": among is not None, "exclude": exclude is not None, "repeats": not repeats}
    limits = [f"{name}=" for name, given in asked.items() if given]
    within = f" within {', '.join(limits)}" if limits else ""
    return f"no more items to choose from{within}"
