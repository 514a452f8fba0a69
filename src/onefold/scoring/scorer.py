"""The scorer: a customer's next choice as a mixture of views of that customer.

    p(i | u) = sum over levels l of  w_l[evidence(u)] * p_l(i | u)

Each level is a proper probability over items; how far to trust each is learned on a later
slice of time that no level has seen. Then the levels are rebuilt on everything.
"""

from collections.abc import Iterable
from typing import Any

import attrs
import numpy as np

from onefold._check import text, whole
from onefold._random import generator
from onefold._types import Rng
from onefold._vocab import Vocab
from onefold.errors import ArgumentError, ContractError
from onefold.levels import LEVELS
from onefold.levels.later import later_start
from onefold.levels.protocol import Choices, Level, checked_names
from onefold.profiles import Profiles
from onefold.scoring.fitted import FittedScorer
from onefold.scoring.lesson import Lesson
from onefold.scoring.moving import known_items, none_chosen, told_of_turns
from onefold.scoring.turning import expected
from onefold.scoring.views import fit_groups, fit_levels, foresight
from onefold.scoring.weights import Slice, buckets
from onefold.segments import RFM

POWER = 0.5  # a customer with m choices in the slice counts as m^(1 - POWER) of them
MOST = 8000  # customers whose choices the weights are fitted on
HEADS = 2000  # of them, those on whose heads the refinement is


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
        changes: Share of customers whose interests are expected to have changed of late, 0 to
            0.5. Above 0 the fit learns from customers with somebody else's past how a change
            looks, and of one who seems to have changed only the visits since are looked at. Lists
            then follow a change sooner, and are worse for those of whom it is wrongly said:
            `recovery` measures both. 0.1 is a good start where changes matter.

    Raises:
        ArgumentError: If `target`, `minimum` or `changes` is not allowed.
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
    changes: float = attrs.field(default=0.0, kw_only=True, converter=expected)

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
        return self._learn(profiles, rng)[0]

    def _learn(self, profiles: Profiles, rng: Rng) -> tuple[FittedScorer, Lesson]:
        """As `fit`, and the slice that the weights were learned on: for the ladder."""
        if not isinstance(profiles, Profiles):
            raise ArgumentError(
                f"Scorer.fit: profiles is {type(profiles).__name__}; make them with onefold.fold."
            )
        source = generator(rng, "Scorer.fit: rng")
        items = known_items(profiles, self)
        if not len(items):
            raise none_chosen(profiles, self.target, "Scorer.fit")
        lesson = self._lesson(profiles, items, source)
        common, weights, refined = lesson.learned()
        groups = fit_groups(profiles, self, source)
        views = fit_levels(profiles, items, self, groups, source)
        scorer = FittedScorer(
            settings=self,
            items=items,
            views=views,
            groups=told_of_turns(groups, profiles, items, self, source),
            common=common,
            weights=weights,
            part=lesson.part,
            refined=refined,
            catalog=profiles.catalog,
            as_of=profiles.as_of,
        )
        return scorer, lesson

    def _lesson(self, profiles: Profiles, items: Vocab, rng: np.random.Generator) -> Lesson:
        """The slice, and what each level foresaw of it."""
        moments = np.full(len(profiles), profiles.as_of)
        every = Choices.of(profiles.history, items, target=self.target, moments=moments)
        start = later_start(every, profiles.as_of)
        past = profiles.at(start)
        before = known_items(past, self)  # all that a level may know of: not the slice's items
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
            customer=rows[told],
        )
        most = int(buckets(every.visits).max(initial=0)) + 1
        if not told.any():
            return Lesson(part, most)
        counts = np.where(target >= 0, (np.bincount(rows) ** -POWER)[rows], 0.0)
        if len(who) > HEADS:
            some = np.sort(rng.choice(len(who), HEADS, replace=False))
            seen = past.select(profiles.ids[who[some]])
            choices = groups.choices(seen.table, before, self.target)
            kept = np.flatnonzero(np.isin(rows, some))
            rows, target, counts = np.searchsorted(some, rows[kept]), target[kept], counts[kept]
        return Lesson(part, most, views, choices, rows, target, counts)
