"""A lesson: the slice that no level had seen, and what follows from it for any of the levels.

    learned()           weights of all levels, and their refinement
    learned([0, 4])     the same as if there were only these two

Only the fit and the ladder hold a lesson; it knows the levels as they were before the slice.
"""

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from onefold._columns import frozen
from onefold._types import Codes, Floats, Ints
from onefold.levels.protocol import Choices
from onefold.scoring.heads import Heads, heads_of
from onefold.scoring.refine import Refinement, refinement
from onefold.scoring.views import Views
from onefold.scoring.weights import Slice, buckets, mixture


def _some(array: Any) -> Any:
    return None if array is None else frozen(array)


@attrs.frozen(eq=False)
class Lesson:
    """What was chosen in the slice, beside what the levels before it say.

    Attributes:
        part: what each level foresaw of the choices.
        n_buckets: how many buckets of evidence there are.
        views: the levels, as fitted before the slice.
        choices: what customers of the slice had chosen before it.
        rows: (p,) which of them made each choice; `items` (p,) what, -1 for what nobody had
            chosen before; `counts` (p,) what it counts.
    """

    part: Slice
    n_buckets: int
    views: Views | None = None
    choices: Choices | None = None
    rows: Ints | None = attrs.field(default=None, converter=_some)
    items: Codes | None = attrs.field(default=None, converter=_some)
    counts: Floats | None = attrs.field(default=None, converter=_some)

    def learned(
        self, among: Sequence[int] | None = None
    ) -> tuple[Floats, Floats, Refinement | None]:
        """Weights in common and by bucket of evidence, and the refinement, of some levels."""
        among = self._telling(among)
        common, weights = mixture(self.part, n_buckets=self.n_buckets, among=among)
        if self.views is None or self.choices is None:
            return common, weights, None
        own = among is None or any(at in self.views.fitted for at in among)
        if not own and among is not None and len(among) == 1:
            return common, weights, None  # one shared level has one order
        heads, chosen = self._heads(self.views, self.choices, weights)
        found = refinement(heads, chosen, self.views.everyone, among=among, own=own)
        return common, weights, found

    def _telling(self, among: Sequence[int] | None) -> Sequence[int] | None:
        """Without levels that have nothing to say to anybody: as if they were not there."""
        fitted = {} if self.views is None else self.views.fitted
        silent = {at for at, level in fitted.items() if getattr(level, "silent", False)}
        if not silent:
            return among
        every = range(self.part.foreseen.shape[1]) if among is None else among
        telling = [at for at in every if at not in silent]
        return telling or among

    def _heads(self, views: Views, choices: Choices, weights: Floats) -> tuple[Heads, Floats]:
        """The heads by a mixture, and what choosing each of their items counts."""
        assert self.rows is not None
        assert self.items is not None
        assert self.counts is not None
        held = weights[np.minimum(buckets(choices.visits), len(weights) - 1)]
        bases = views.bases(choices, views.passed_down(choices, held), None, {})
        heads = heads_of(views, choices, views.own(choices, held), bases)
        width = np.int64(len(choices.items))
        place = heads.row * width + heads.codes
        order = np.argsort(place)
        sought = self.rows * width + self.items
        at = np.minimum(np.searchsorted(place[order], sought), len(place) - 1)
        hit = (self.items >= 0) & (place[order][at] == sought)
        chosen = np.bincount(order[at[hit]], weights=self.counts[hit], minlength=len(place))
        return heads, chosen.astype(np.float64)
