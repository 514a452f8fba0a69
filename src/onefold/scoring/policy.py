"""A policy: a scorer, and how lists are drawn with it.

    version = version of the scorer - hash of the settings of the draw

Chance is not among the settings, nor is how many items are asked for: what is shown at a rank does
not depend on how many ranks follow.
"""

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from onefold._check import instance, is_several, shown, whole
from onefold._vocab import Vocab
from onefold.errors import ArgumentError
from onefold.scoring.thompson import FittedThompson
from onefold.scoring.version import version_of
from onefold.scoring.wanted import refuse_conditions

if TYPE_CHECKING:
    from onefold.scoring.fitted import FittedScorer

POOL = 200  # candidates of a list
COLDEST, HOTTEST = 1e-3, 1e3


def policy_of(
    scorer: "FittedScorer",
    call: str,
    *,
    temperature: Any,
    among: Any,
    exclude: Any,
    repeats: Any,
    pool: Any,
    cold: Any,
    n: int = 1,
) -> "Policy":
    """The settings of a draw, checked once."""
    if pool is not None:
        pool = whole(pool, f"{call}: pool", least=n)
    if not isinstance(repeats, (bool, np.bool_)):
        raise ArgumentError(f"{call}: repeats is {repeats!r}; True or False.")
    if cold is not None:
        advice = "Make one with onefold.Thompson().fit(profiles)."
        cold = instance(cold, FittedThompson, f"{call}: cold", advice)
    return Policy(
        scorer=scorer,
        temperature=_temperature(temperature, f"{call}: temperature"),
        among=None if among is None else tuple(sorted(set(_ids(among, f"{call}: among")))),
        exclude=None if exclude is None else tuple(sorted(set(_ids(exclude, f"{call}: exclude")))),
        repeats=bool(repeats),
        pool=pool,
        cold=cold,
    )


@attrs.frozen(eq=False)
class Policy:
    """How lists are drawn with a scorer."""

    scorer: "FittedScorer"
    temperature: float
    among: tuple[str, ...] | None
    exclude: tuple[str, ...] | None
    repeats: bool
    pool: int | None
    cold: FittedThompson | None

    @property
    def version(self) -> str:
        """That of the scorer, and a hash of the settings of the draw.

        How many items are asked for is not among them: what is at a rank does not depend on it.
        """
        names = ("temperature", "among", "exclude", "repeats", "pool")
        held = {name: getattr(self, name) for name in names}
        held["cold"] = None if self.cold is None else self._of_cold[2]
        return f"{self.scorer.version}-{version_of(held, 'FittedScorer.sample')}"

    @property
    def share(self) -> float:
        """The chance that a rank is given to a cold item."""
        return 0.0 if self.cold is None else self.cold.settings.share

    @property
    def items(self) -> Vocab:
        """All items that may be drawn: those of the scorer, and cold ones."""
        return self.scorer.items if self.cold is None else self._of_cold[1]

    @property
    def _of_cold(self) -> tuple[FittedThompson, Vocab, str]:
        """The cold items, all items, and a hash of the cold ones: the last that were asked for."""
        assert self.cold is not None
        held: Any = self.scorer._cache.get("cold")
        if held is None or held[0] is not self.cold:
            items = self.scorer.items.union(self.cold.items)
            held = (self.cold, items, version_of(self.cold, "FittedScorer.sample: cold"))
            self.scorer._cache["cold"] = held
        made: tuple[FittedThompson, Vocab, str] = held
        return made

    @property
    def width(self) -> int:
        """How many candidates a row may have."""
        n_items = len(self.scorer.items)
        return n_items if self.pool is None else min(self.pool, n_items)


def _temperature(value: Any, name: str) -> float:
    fits = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    if not fits or not (value == 0 or COLDEST <= value <= HOTTEST):
        raise ArgumentError(
            f"{name} is {shown(value)}; it takes 0 (the best list, by no chance), or a number "
            f"from {COLDEST:g} to {HOTTEST:g}: 1 draws by the scores themselves."
        )
    return float(value)


def _ids(ids: Any, name: str) -> list[str]:
    call, argument = name.split(": ")
    refuse_conditions(call, **{argument: ids})
    if isinstance(ids, str) or not is_several(ids):
        raise ArgumentError(f"{name} is {shown(ids)}; it takes ids of items: ['{ids}'].")
    return [str(i) for i in ids]
