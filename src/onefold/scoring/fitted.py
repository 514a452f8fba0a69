"""A fitted scorer: it ranks, scores and explains, for one profile or for many.

    rank      the n most probable items, exactly          score     their probabilities
    explain   what each level adds, parts that sum up     backoff   how far each is trusted

Everything is read from the levels as they were fitted; nothing is learned here.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import attrs
import numpy as np

from onefold import _time
from onefold._check import instance, is_several, quoted, shown, whole
from onefold._columns import frozen
from onefold._types import Bools, Codes, Floats, Ints, Rng
from onefold._vocab import Vocab
from onefold.catalog import Catalog
from onefold.conditions import Condition
from onefold.errors import ArgumentError, UnknownCustomer, UnknownName
from onefold.levels.protocol import Choices
from onefold.profiles import Profile, Profiles, TraitTable
from onefold.scoring.available import Availability
from onefold.scoring.backoff import Backoff, used
from onefold.scoring.decisions import Decisions
from onefold.scoring.explain import Explanation, explained
from onefold.scoring.heads import heads_of, own_items
from onefold.scoring.lesson import Lesson
from onefold.scoring.limits import Calibration
from onefold.scoring.listing import listed
from onefold.scoring.lists import lists_of
from onefold.scoring.live import Live
from onefold.scoring.moving import moved
from onefold.scoring.plan import Plan, compiled
from onefold.scoring.policy import POOL, policy_of
from onefold.scoring.rank import Base, Ranking, ranking, why_short
from onefold.scoring.reasons import reasons_of
from onefold.scoring.refine import Refinement
from onefold.scoring.sample import drawn, judged
from onefold.scoring.sources import pair_scores
from onefold.scoring.sureness import Asked
from onefold.scoring.thompson import FittedThompson
from onefold.scoring.version import version_of
from onefold.scoring.views import Groups, Views
from onefold.scoring.wanted import Wanted, named
from onefold.scoring.weights import Slice, bucket_name, buckets, mixture
from onefold.scoring.words import Teller

if TYPE_CHECKING:
    from onefold.scoring.scorer import Scorer

CHUNK = 5000  # profiles that are ranked at a time: memory does not grow with their number
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

    @property
    def version(self) -> str:
        """The version of this policy: a hash of its settings, levels, weights and moment.

        16 hexadecimal digits, the same in every process and after `save` and `load`; another where
        anything that decides a list is another. It does not cover the code: where the library was
        upgraded in between, write its release down too.

        Raises:
            ArgumentError: If a plug-in keeps something that has no contents to hash.
        """
        if "version" not in self._cache:
            names = ("settings", "items", "views", "groups", "common", "weights", "refined")
            held = {name: getattr(self, name) for name in (*names, "catalog", "as_of")}
            self._cache["version"] = version_of(held, "FittedScorer")
        version: str = self._cache["version"]
        return version

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
        chosen yet, unless a level can tell of them (`levels.Similar`).

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
        if wanted.plain:
            return self._plain(wanted, table)
        lists: list[tuple[Codes, Floats]] = []
        reasons: list[str | None] = []
        for rows, can in self._chunks(table, wanted.named):
            made, why = lists_of(wanted, rows, can)
            lists += made
            reasons += why
        said = np.array(reasons, dtype=object)
        return ranking(table.ids, lists, self.items, wanted.n, said)

    def _plain(self, wanted: Wanted, table: TraitTable) -> Ranking:
        """The n best of each row, without further limits."""
        counts: list[Ints] = []
        parts: list[tuple[Codes, Floats]] = []
        for rows, can in self._chunks(table, wanted.named):
            choices = self.groups.choices(rows, self.items, self.settings.target)
            if compiled() is None or (choices.whole is not None and not wanted.repeats):
                lists = self._lists(choices, wanted.n, allowed=can, repeats=wanted.repeats)
                counts.append(np.array([len(codes) for codes, _ in lists], dtype=np.int64))
                parts += lists
                continue
            n = min(wanted.n, len(self.items))
            found = self._plan.ranked(choices, n, allowed=can, repeats=wanted.repeats)
            there = np.arange(found[0].shape[1]) < found[2][:, None]
            counts.append(found[2])
            parts.append((found[0][there], found[1][there]))
        offsets = np.append(0, np.cumsum(np.concatenate([*counts, np.zeros(0, np.int64)])))
        codes = np.concatenate([*(codes for codes, _ in parts), np.zeros(0, np.int32)])
        scores = np.concatenate([*(scores for _, scores in parts), np.zeros(0)])
        return Ranking(
            table.ids, offsets, codes.astype(np.int32), scores, self.items, wanted.n, wanted.reason
        )

    def sample(
        self,
        who: Profile | Profiles,
        n: int = 10,
        *,
        temperature: float = 1.0,
        rng: Rng = None,
        among: Iterable[str] | None = None,
        exclude: Iterable[str] | None = None,
        repeats: bool = True,
        pool: int | None = POOL,
        cold: FittedThompson | None = None,
    ) -> Decisions:
        """A list for each customer drawn by chance, with the exact probability of each item in it.

        Items are drawn one after another without replacement, in proportion to p^(1/temperature)
        (Plackett-Luce), from the `pool` best items of the customer; what is outside the pool has
        the propensity 0. With `cold`, each rank is given with a chance of `cold.settings.share`
        to a cold item, with the probability that it is the best of them.

        The same seed gives a customer the same list, whoever else is in the batch; a list of five
        is the head of the list of ten. Another moment of the profile gives another draw.

        Args:
            who: A profile, or profiles.
            n: Length of a list.
            temperature: 1 draws by the scores; below 1 keeps closer to the best list; 0 is the
                list of `rank`, with the propensity 1; a high one draws evenly from the pool.
            rng: Source of chance; one number is taken from it.
            among: Ids to choose from.
            exclude: Ids that may not be chosen.
            repeats: Whether items that the customer has chosen before may be.
            pool: How many items a list is drawn from, at least n; None for all of them.
            cold: Cold items and what is known of them: `Thompson().fit(profiles)`.

        Returns:
            Lists, with propensities and the version of the policy.

        Raises:
            ArgumentError: If an argument is wrong.

        Examples:
            >>> import onefold as of
            >>> data = of.datasets.simulate(200, rng=7)
            >>> profiles = of.fold(data.log, catalog=data.catalog)
            >>> scorer = of.Scorer().fit(profiles, rng=7)
            >>> drawn = scorer.sample(profiles, n=3, temperature=0.5, rng=7)
            >>> drawn.of(0) == scorer.sample(profiles[drawn.ranking.customers[0]], 3,
            ...                              temperature=0.5, rng=7).of(0)
            True

        Source: Plackett, Applied Statistics 24 (1975); the draw by Gumbel noise is of Yellott,
        Journal of Mathematical Psychology 15 (1977).
        """
        call = "FittedScorer.sample"
        n = whole(n, f"{call}: n")
        policy = policy_of(
            self,
            call,
            temperature=temperature,
            among=among,
            exclude=exclude,
            repeats=repeats,
            pool=pool,
            cold=cold,
            n=n,
        )
        reason = why_short(among, exclude, bool(repeats))
        return drawn(policy, _table(who, f"{call}: who"), n, rng=rng, reason=reason)

    def propensities(
        self,
        decisions: Decisions,
        who: Profile | Profiles,
        *,
        temperature: float = 1.0,
        among: Iterable[str] | None = None,
        exclude: Iterable[str] | None = None,
        repeats: bool = True,
        pool: int | None = POOL,
        cold: FittedThompson | None = None,
    ) -> Decisions:
        """What `sample` with these settings would have shown: the same lists, other propensities.

        The ratio of these propensities to the logged ones is the weight by which an outcome under
        the logged policy tells of this one; 0 is a list that this policy never shows.

        Args:
            decisions: Lists that were shown.
            who: Profiles of their customers, as of the moment of the decision; others are let go.
            temperature: Of this policy, as in `sample`, like all that follow.
            among: Ids to choose from.
            exclude: Ids that may not be chosen.
            repeats: Whether items that the customer has chosen before may be.
            pool: How many items a list is drawn from.
            cold: Cold items.

        Returns:
            The decisions with `policy`, `temperature`, `pool` and all propensities of this policy.

        Raises:
            ArgumentError: If an argument is wrong.
            UnknownCustomer: If a customer of the decisions is not among `who`.
        """
        call = "FittedScorer.propensities"
        instance(decisions, Decisions, f"{call}: decisions", "Make them with FittedScorer.sample.")
        policy = policy_of(
            self,
            call,
            temperature=temperature,
            among=among,
            exclude=exclude,
            repeats=repeats,
            pool=pool,
            cold=cold,
        )
        table = _table(who, f"{call}: who")
        customers = decisions.ranking.customers
        if isinstance(who, Profiles):
            table = who.select(customers).table
        elif customers.tolist() != [who.id]:
            raise UnknownCustomer(f"{call}: the decisions are not of {who.id!r} alone; give all.")
        return judged(policy, decisions, table)

    def score(self, profile: Profile, items: Iterable[str]) -> Floats:
        """The probability of each item as the customer's next choice (n,), 0 for unknown ones.

        Args:
            profile: The customer.
            items: Ids of n items.

        Raises:
            ArgumentError: If an argument is wrong.
        """
        codes = self.items.codes(_ids(items, "FittedScorer.score: items"))
        table = _one(profile, "FittedScorer.score: profile").table
        choices = self.groups.choices(table, self.items, self.settings.target)
        out = np.zeros(len(codes))
        known = codes >= 0
        out[known] = pair_scores(
            self, choices, np.zeros(int(known.sum()), dtype=np.int64), codes[known]
        )
        return out

    def dense(self, who: Profile | Profiles, *, weights: Floats | None = None) -> Floats:
        """All probabilities (n, n_items), in the order of `items`: for few customers at a time."""
        table = _table(who, "FittedScorer.dense: who")
        choices = self.groups.choices(table, self.items, self.settings.target)
        if weights is None and compiled() is not None:
            return self._plan.dense(choices)
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
        if choices.whole is not None and not repeats and not own_only:
            return self._never_had(choices, n, allowed)
        n = min(n, len(self.items))
        if compiled() is not None:
            codes, scores, counts = self._plan.ranked(
                choices, n, allowed=allowed, repeats=repeats, own_only=own_only
            )
            return [(codes[i, :k], scores[i, :k]) for i, k in enumerate(counts.tolist())]
        return listed(self, choices, n, allowed=allowed, repeats=repeats, own_only=own_only)

    def _never_had(
        self, choices: Choices, n: int, allowed: Bools | None
    ) -> list[tuple[Codes, Floats]]:
        """The n best items that a row never chose, not even before its interests changed."""
        mine = [own_items(choices.ever, i) for i in range(len(choices))]
        more = n + max((len(held) for held in mine), default=0)
        latest = attrs.evolve(choices, whole=None)
        lists = []
        for had, (codes, scores) in zip(
            mine, self._lists(latest, more, allowed=allowed, repeats=False), strict=True
        ):
            kept = ~np.isin(codes, had)
            lists.append((codes[kept][:n], scores[kept][:n]))
        return lists

    def live(self, profile: Profile) -> Live:
        """One customer on a site, click by click: the next list in some tens of microseconds.

        Args:
            profile: The customer, as known now; segment and persona are those of this profile.

        Raises:
            ArgumentError: If `profile` is not a profile.

        Examples:
            >>> import onefold as of
            >>> data = of.datasets.simulate(200, rng=7)
            >>> profiles = of.fold(data.log)
            >>> scorer = of.Scorer().fit(profiles, rng=7)
            >>> live = scorer.live(profiles[profiles.ids[0]])
            >>> item = live.rank(1).of(0)[0]
            >>> later = live.after(of.Event(live.customer, "purchase", "2031-01-01", item=item))
            >>> len(later.rank(5).of(0))
            5
        """
        return Live.of(self, _one(profile, "FittedScorer.live: profile"))

    @property
    def _plan(self) -> Plan:
        """The scorer as the kernel reads it."""
        if "plan" not in self._cache:
            self._cache["plan"] = Plan.of(self.views, self.weights, self.refined)
        held: Plan = self._cache["plan"]
        return held

    def _weights_of(self, choices: Choices, weights: Floats) -> Floats:
        """The weight of each level for each row (n, levels)."""
        return weights[np.minimum(buckets(choices.visits), len(weights) - 1)]

    @property
    def _kept(self) -> dict[Any, Any]:
        """The bases of the numpy form, by kind of rows."""
        held: dict[Any, Any] = self._cache.setdefault("bases", {})
        return held

    def _bases(
        self, choices: Choices, held: Floats, allowed: Bools | None, kept: dict[Any, Any]
    ) -> list[Base]:
        """The shared part of each row; rows of one kind share one."""
        return self.views.bases(choices, self.views.passed_down(choices, held), allowed, kept)

    def _allowed(
        self, table: TraitTable, among: Iterable[str] | None, exclude: Iterable[str] | None
    ) -> Bools | None:
        moment = table.as_of.max() if len(table) else self.as_of
        return self._allowed_at(moment, among, exclude)

    def _allowed_at(
        self, moment: np.datetime64, among: Iterable[str] | None, exclude: Iterable[str] | None
    ) -> Bools | None:
        """Which items may be chosen at a moment; None for all of them."""
        return self._there(named(self, among, exclude), moment)

    def _there(self, some: Bools | None, moment: np.datetime64) -> Bools | None:
        """Those of some items that can be had at a moment; None: all."""
        held = self._availability
        now = None if held is None else held.at(moment)
        mask = now if some is None else some
        if some is not None and now is not None:
            mask = some & now
        return None if mask is None or mask.all() else mask

    def _chunks(
        self, table: TraitTable, named: Bools | None
    ) -> Iterable[tuple[TraitTable, Bools | None]]:
        """The rows some at a time, each with what can be had at their moments."""
        spell = np.zeros(len(table), dtype=np.int64)
        if self._availability is not None:
            spell = self._availability.spell(table.as_of)
        edges = [0, *(np.flatnonzero(np.diff(spell)) + 1).tolist(), len(table)]
        for start, stop in itertools.pairwise(edges):
            can = self._there(named, table.as_of[start]) if stop > start else None
            for a in range(start, stop, CHUNK):
                b = min(a + CHUNK, stop)
                yield (table if b - a == len(table) else table.rows(a, b)), can

    @property
    def _availability(self) -> Availability | None:
        """When each item can be had; None without a catalogue."""
        if self.catalog is None:
            return None
        if "availability" not in self._cache:
            self._cache["availability"] = Availability.of(self.catalog, self.items)
        held: Availability = self._cache["availability"]
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
    if isinstance(ids, (str, bytes, Profile, Profiles)) or not is_several(ids):
        raise ArgumentError(f"{name} is {shown(ids)}; it takes ids of items: ['tea', 'jam'].")
    listed = ids.tolist() if isinstance(ids, np.ndarray) else list(ids)
    for item in listed:
        if not isinstance(item, (str, int, np.integer)) or isinstance(item, bool):
            raise ArgumentError(f"{name} holds {shown(item)}; an id is a string or a whole number.")
    return [str(i) for i in listed]


def _one(profile: Any, name: str) -> Profile:
    if isinstance(profile, Profile):
        return profile
    raise ArgumentError(
        f"{name} is a {type(profile).__name__}; it takes one profile: profiles[id]."
    )
