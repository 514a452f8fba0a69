"""Explanations: what each level adds to an item's probability.

    m(i | u) = sum over levels of w_l p_l(i | u);      share of a level = w_l p_l / m
    p(i | u) = m(i | u) * factor;                      part of a level = share * p

The parts add up to the score exactly: they are the terms of the sum, not an approximation. The
factor is that of the refinement, 1 outside the head; it belongs to no single level.
"""

from typing import Any

import attrs
import numpy as np
import pandas as pd

from onefold._check import one_of
from onefold._display import html_table, number, percent, text_table
from onefold._types import Floats
from onefold.levels.due import Cells, FittedDue
from onefold.levels.ease import FittedEase
from onefold.levels.individual import Individual
from onefold.levels.neighbours import FittedNeighbours
from onefold.levels.protocol import Choices
from onefold.scoring.phrases import PRONOUNS, Story, sentence


@attrs.frozen(eq=False, repr=False)
class Explanation:
    """Why one item for one customer: a row a level, whose parts add up to the score."""

    customer: str
    item: str
    score: float
    table: pd.DataFrame
    factor: float = 1.0
    stories: tuple[Story, ...] = ()

    @property
    def reason(self) -> str:
        """The strongest reason in short: "bought twice, last 12 days ago"."""
        return self.stories[0].short if self.stories else ""

    def words(self, *, address: str = "you") -> str:
        """All reasons in one sentence, with their shares of the score, which add up to 100 %.

        Levels that tell the same story are joined; what is below 5 % is told as other reasons.
        It is plain text: escape it where it is put into HTML.

        Args:
            address: "you" to speak to the customer, "they" to speak of the customer.

        Raises:
            ArgumentError: If `address` is neither.

        Examples:
            >>> import onefold as of
            >>> days = {"ann": ["02", "09"], "bob": ["03"], "eva": ["08"]}
            >>> profiles = of.fold(of.EventLog.from_events(
            ...     of.Event(who, "purchase", f"2025-01-{day}", item="tea", value=3)
            ...     for who in days for day in days[who]), as_of="2025-01-21")
            >>> levels = [of.levels.Everyone(), of.levels.Individual("30D")]
            >>> scorer = of.Scorer(levels=levels, segments=None).fit(profiles)
            >>> scorer.explain(profiles["ann"], "tea").words()
            'because you bought tea twice, last 12 days ago (50 %); popular with everyone (50 %)'
        """
        one_of(address, tuple(PRONOUNS), "Explanation.words: address")
        return sentence(self.stories, address)

    def to_pandas(self) -> pd.DataFrame:
        """level, weight, probability by that level, part of the score, share, because."""
        return self.table.copy()

    def _shown(self) -> tuple[list[list[str]], list[str]]:
        rows = [
            [str(n), percent(w), _tiny(p), _tiny(part), percent(share), str(why)]
            for n, w, p, part, share, why in self.table.itertuples(index=False)
        ]
        return rows, ["level", "weight", "probability", "part", "share", "because"]

    def _said(self) -> str:
        if self.factor == 1.0:
            return number(self.score)
        return f"{number(self.score)} (refined: {number(self.factor)} times the levels')"

    def __repr__(self) -> str:
        head = f"{self.item!r} for {self.customer!r}: probability {self._said()}\n"
        return f"{head}{text_table(*self._shown(), width=120)}\n{self.words(address='they')}"

    def _repr_html_(self) -> str:
        caption = f"{self.item} for {self.customer}: probability {self._said()}"
        caption = f"{caption}: {self.words(address='they')}"
        return html_table(*self._shown(), caption=caption)


def explained(
    views: Any,
    choices: Choices,
    weights: Floats,
    item: int,
    *,
    customer: str,
    factor: float = 1.0,
    stories: tuple[Story, ...] = (),
) -> Explanation:
    """The terms of the mixture for one row and one item, times the factor of the refinement."""
    groups = views.groups_of(choices)[0]
    shared = {at: (held, g) for (at, held), g in zip(views.shared.items(), groups, strict=True)}
    own = views.each(choices)
    everyone = shared[views.everyone][0][2][-1][item]
    rows = []
    for at, name in enumerate(views.names):
        if at in shared:
            (by, names, table), group = shared[at]
            p = float(table[group, item])
            why = _because_group(by, names, group)
        elif own[at].nnz:
            p, why = float(own[at][0, item]), _because_own(views, at, choices, item)
        else:
            p, why = float(everyone), "nothing to say: passed down to everyone"
        rows.append((name, float(weights[at]), p, float(weights[at]) * p * factor, why))
    score = sum(part for _, _, _, part, _ in rows)
    table = pd.DataFrame(
        [(name, w, p, part, part / score if score else 0.0, why) for name, w, p, part, why in rows],
        columns=["level", "weight", "probability", "part", "share", "because"],
    )
    return Explanation(customer, choices.items[item], score, table, factor, stories)


def _because_group(by: str, names: tuple[str, ...], group: int) -> str:
    if by == "everyone":
        return "popular with everyone"
    if group >= len(names):
        return f"no {by}: as everyone"
    return f"card that fits best: {names[group]}" if by == "persona" else f"{by}: {names[group]}"


def _because_own(views: Any, at: int, choices: Choices, item: int) -> str:
    level = views.fitted[at]
    if isinstance(level, (FittedNeighbours, FittedEase)):
        query, table = level.asked(choices), level.table
        told = query.data * np.asarray(table[query.indices, item].todense()).ravel()
        if not told.size or told.max() <= 0:
            return "does not follow what was chosen"
        best = query.indices[np.argmax(told)]
        share = percent(told.max() / told.sum())
        if best == item:
            return f"goes on from visit to visit ({share} of it)"
        return f"goes with {choices.items[int(best)]!r} ({share} of it)"
    if callable(getattr(level, "because", None)):
        return str(level.because(choices, np.zeros(1, dtype=np.int64), np.array([item]))[0])
    if not isinstance(level, (Individual, FittedDue)):
        return "this customer's own"
    mine = np.flatnonzero(choices.item == item)
    if not len(mine):
        return "never chosen"
    ago, known = int(choices.age[mine[-1]]), int(choices.visits[0])
    if isinstance(level, FittedDue):
        cells = Cells.of(choices)
        here = int(np.flatnonzero(cells.item == item)[0])
        days, usual = number(cells.since[here]), number(level.usual(cells)[here])
        chance = percent(level.hazard(cells, choices)[here])
        return f"{days} days since, usually {usual}; chance {chance}"
    when = "in the last one" if ago == 0 else f"last {_visits(ago)} before the last"
    return f"chosen in {len(mine)} of {_visits(known)}, {when}"


def _tiny(p: float) -> str:
    return "<1e-06" if 0 < p < 1e-6 else number(p)


def _visits(n: int) -> str:
    return "1 visit" if n == 1 else f"{n:,} visits"
