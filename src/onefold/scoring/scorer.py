"""The scorer: a customer's next choice as a mixture of views of that customer.

    p(i | u) = sum over levels l of  w_l[evidence(u)] * p_l(i | u)

Each level is a proper probability over items; how far to trust each is learned on a later
slice of time that no level has seen. Then the levels are rebuilt on everything.
"""

from collections.abc import Iterable
from typing import Any

import attrs
import numpy as np

from onefold import _time
from onefold._check import quoted, text, whole
from onefold._columns import frozen
from onefold._group import Marks, distinct
from onefold._random import generator
from onefold._types import Bools, Codes, Floats, Rng, Times
from onefold._vocab import Vocab
from onefold.catalog import ALWAYS, Catalog
from onefold.errors import ArgumentError, ContractError, UnknownName
from onefold.levels import LEVELS
from onefold.levels.protocol import Choices, Level, checked_names
from onefold.profiles import Profile, Profiles, TraitTable
from onefold.scoring.backoff import Backoff, used
from onefold.scoring.explain import Explanation, explained
from onefold.scoring.rank import Base, Ranking, best, ranking
from onefold.scoring.views import Groups, Views, fit_groups, fit_levels, foresight
from onefold.scoring.weights import Slice, bucket_name, buckets, mixture, slice_start
from onefold.segments import RFM

CHUNK = 2000  # profiles that are ranked at a time: memory does not grow with their number
TIE = 1e-9  # weight of everyone where a scorer of other levels leaves items equal
POWER = 0.5  # a customer with m choices in the slice counts as m^(1 - POWER) of them
MOST = 8000  # customers whose choices the weights are fitted on


def _levels(levels: Iterable[Level]) -> tuple[Level, ...]:
    return checked_names(levels, "Scorer: levels")


@attrs.frozen
class Scorer:
    """Settings of the personalization scorer; `fit` returns a value that can rank.

    Args:
        target: Kind of event that is a choice.
        levels: The views to mix, among them one for everyone.
        segments: Strategy by which customers are grouped, for the segment and persona levels. It
            is fitted inside, on what was known at the time. None: no segments.
        minimum: Fewest members of a segment that gets a persona.

    Raises:
        ArgumentError: If `target` or `minimum` is not allowed.
        ContractError: If something is not a level, or two have one name, or `segments` has no
            `fit`. That one level must be for everyone shows when it is fitted.

    Examples:
        >>> import onefold as of
        >>> data = of.datasets.simulate(200, rng=7)
        >>> scorer = of.Scorer().fit(of.fold(data.log, catalog=data.catalog), rng=7)
        >>> len(scorer.rank(of.fold(data.log), n=5).to_pandas()) == 5 * len(of.fold(data.log))
        True
    """

    target: str = "purchase"
    levels: tuple[Level, ...] = attrs.field(default=LEVELS, kw_only=True, converter=_levels)
    segments: Any = attrs.field(factory=RFM, kw_only=True)
    minimum: int = attrs.field(default=20, kw_only=True)

    def __attrs_post_init__(self) -> None:
        text(self.target, "Scorer: target")
        whole(self.minimum, "Scorer: minimum", least=2)
        strategy = self.segments
        if strategy is not None and (
            isinstance(strategy, type) or not callable(getattr(strategy, "fit", None))
        ):
            raise ContractError(
                f"Scorer: segments is {strategy!r}; it takes an object with fit(table, *, rng), "
                "such as RFM(), or None for no segments."
            )

    def fit(self, profiles: Profiles, *, rng: Rng = None) -> "FittedScorer":
        """Fit the weights on a later slice, and the levels on everything before `as_of`.

        Args:
            profiles: Profiles of n customers.
            rng: Source of chance: which customers stand for all where they are many, and what a
                level or a segmentation draws.

        Returns:
            A scorer that can rank anybody.

        Raises:
            ArgumentError: If nobody ever made a choice of the kind `target`.
        """
        if not isinstance(profiles, Profiles):
            raise ArgumentError(
                f"Scorer.fit: profiles is {type(profiles).__name__}; make them with onefold.fold."
            )
        source = generator(rng, "Scorer.fit: rng")
        items = _chosen(profiles, self.target)
        if not len(items):
            raise ArgumentError(
                f"Scorer.fit: no event of kind {self.target!r} (target=) has an item. Kinds: "
                f"{quoted(profiles.history.kinds)}."
            )
        part, weights = self._weights(profiles, items, source)
        groups = fit_groups(profiles, self, source)
        views = fit_levels(profiles, items, self, groups, source)
        return FittedScorer(
            settings=self,
            items=items,
            views=views,
            groups=groups,
            common=weights[0],
            weights=weights[1],
            part=part,
            catalog=profiles.catalog,
            as_of=profiles.as_of,
        )

    def _weights(
        self, profiles: Profiles, items: Vocab, rng: np.random.Generator
    ) -> tuple[Slice, tuple[Floats, Floats]]:
        """The slice, what each level foresaw of it, and the weights that follow."""
        every = Choices.of(profiles.history, items, target=self.target)
        _, first = np.unique(every.visit, return_index=True)
        start = slice_start(every.row[first], every.time[first], profiles.as_of)
        past = profiles.at(start)
        before = _chosen(past, self.target)  # all that a level may know of: not the slice's items
        known = profiles.ledger.people.codes(past.ids)
        inside = np.flatnonzero((every.time >= start) & np.isin(every.row, known))
        if not len(before):
            inside = inside[:0]  # nobody had chosen anything: there is nothing to learn from
        who = np.unique(every.row[inside])
        if len(who) > MOST:
            who = np.sort(rng.choice(who, MOST, replace=False))
            inside = inside[np.isin(every.row[inside], who)]
        # Items chosen again in another visit count again: taken once, the weights are biased.
        rows = np.searchsorted(who, every.row[inside])
        target = before.codes(items.values)[every.item[inside]]
        if len(rows):
            seen = past.select(profiles.ids[who])
            groups = fit_groups(past, self, rng)
            views = fit_levels(past, before, self, groups, rng)
            choices = groups.choices(seen.table, before, self.target)
            foreseen = np.zeros((len(rows), len(self.levels)))
            old = np.flatnonzero(target >= 0)
            foreseen[old] = foresight(views, choices, rows[old], target[old])
            evidence = buckets(choices.visits)[rows]
        else:
            foreseen, evidence = np.zeros((0, len(self.levels))), np.zeros(0, dtype=np.int64)
        told = foreseen.sum(axis=1) > 0
        part = Slice(
            start,
            profiles.as_of,
            foreseen[told],
            evidence[told],
            (np.bincount(rows, minlength=len(who)) ** -POWER)[rows][told]
            if len(rows)
            else told * 1.0,
            customers=len(who),
            unforeseen=int((~told).sum()),
        )
        most = int(buckets(every.visits).max(initial=0)) + 1
        return part, mixture(part, n_buckets=most)


@attrs.frozen(eq=False, repr=False)
class FittedScorer:
    """A scorer that can rank; made by `Scorer.fit`, saved by `onefold.save`."""

    settings: Scorer
    items: Vocab
    views: Views
    groups: Groups
    common: Floats = attrs.field(converter=frozen)
    weights: Floats = attrs.field(converter=frozen)
    part: Slice
    catalog: Catalog | None
    as_of: np.datetime64
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
            lists += self._lists(choices, self.weights, n, allowed=allowed, repeats=repeats)
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
        out: Floats = self.views.own(choices, held).toarray()
        for i, base in enumerate(self._bases(choices, held, None, {})):
            out[i] += base.scores
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
        held = self._weights_of(choices, self.weights)[0]
        return explained(self.views, choices, held, code, customer=str(table.ids[0]))

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
        """A scorer of some of the levels, their weights fitted anew on the same slice.

        What these levels leave equal, such as items that a customer has never chosen, is put in
        everyone's order: a rung that can't tell is not made worse by an arbitrary order.
        """
        names = self.views.names
        lost = [name for name in levels if name not in names]
        if lost or not levels:
            raise UnknownName(
                f"FittedScorer.only: no level {quoted(lost or [''])}. Levels: {quoted(names)}."
            )
        among = [names.index(name) for name in levels]
        common, weights = mixture(self.part, n_buckets=len(self.weights), among=among)
        tie = np.zeros(len(names))
        tie[self.views.everyone] = TIE
        common, weights = ((1 - TIE) * held + tie for held in (common, weights))
        return attrs.evolve(self, common=common, weights=weights)

    def _lists(
        self,
        choices: Choices,
        weights: Floats,
        n: int,
        *,
        allowed: Bools | None = None,
        repeats: bool = True,
        own_only: bool = False,
    ) -> list[tuple[Codes, Floats]]:
        """The n best items of each row and their scores."""
        held = self._weights_of(choices, weights)
        own = self.views.own(choices, held)
        # A mask of this call must not outlive it: what is kept is for the whole catalogue.
        bases = self._bases(choices, held, allowed, self._cache if allowed is None else {})
        marks = Marks(len(self.items))
        lists = []
        for i, base in enumerate(bases):  # supports differ by row; each step is a small partition
            here = slice(own.indptr[i], own.indptr[i + 1])
            items, part = own.indices[here], own.data[here]
            mine = distinct(choices.item[choices.offsets[i] : choices.offsets[i + 1]])
            if own_only:
                lists.append(_among(base, items, part, mine, n, marks))
            else:
                excluded = None if repeats else mine
                lists.append(best(base, items, part, n=n, excluded=excluded, marks=marks))
        return lists

    def _weights_of(self, choices: Choices, weights: Floats) -> Floats:
        """The weight of each level for each row (n, levels)."""
        return weights[np.minimum(buckets(choices.visits), len(weights) - 1)]

    def _bases(
        self, choices: Choices, held: Floats, allowed: Bools | None, kept: dict[Any, Any]
    ) -> list[Base]:
        """The shared part of each row; rows of one kind share one."""
        weights = self.views.passed_down(choices, held)
        keys = [
            (*groups, row.tobytes())
            for groups, row in zip(self.views.groups_of(choices), weights, strict=True)
        ]
        if len(kept) > 256:
            kept.clear()
        for key, row in zip(keys, weights, strict=True):
            if key not in kept:
                kept[key] = Base(self.views.base(key[:-1], row), allowed)
        return [kept[key] for key in keys]

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


def _chosen(profiles: Profiles, target: str) -> Vocab:
    """The items that anybody chose before the profiles' moment."""
    h = profiles.history.where(target)
    return Vocab(h.items.values[np.unique(h.item[h.item >= 0])])


def _among(
    base: Base, items: Codes, part: Floats, few: Codes, n: int, marks: Marks
) -> tuple[Codes, Floats]:
    """The n best of a few items, ascending and distinct."""
    few = few if base.allowed is None else few[base.allowed[few]]
    scores = base.scores[few]
    kept = marks.inside(items, few)
    scores[np.searchsorted(few, items[kept])] += part[kept]
    order = np.lexsort((few, -scores))[:n]
    return few[order], scores[order]


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
