"""What `rank` was asked for, checked: how many, of which items, within which limits.

Items are asked for by ids, a mask of the catalogue, or by a condition on the customer's own.
"""

from collections.abc import Iterable
from typing import Any

import attrs
import numpy as np

from onefold._check import whole
from onefold._types import Bools, Ints
from onefold.conditions import Condition, Did, Term
from onefold.errors import ArgumentError
from onefold.scoring.limits import Limits, limits
from onefold.traits.match import EventCondition

FIRST, DEEP = 64, 256  # candidates that are asked for at first, at least; deep with new, calibrate
CALL = "FittedScorer.rank: "


@attrs.frozen(eq=False)
class Wanted:
    """What lists are asked for: n items of each row, within limits.

    Attributes:
        scorer: a fitted one.
        n: length of a list.
        named: (n_items,) what may be chosen by its id; None: everything.
        among: a condition on the customer's own items, to which a list is then held, or None.
        exclude: a condition on those that are left out, or None.
        repeats: whether items that were chosen before may be.
        limits: of the call.
        within: the arguments that leave items out, in words; without a condition of `among`.
        left: (n_items,) units in stock that are left, changed as they are set aside.
    """

    scorer: Any
    n: int
    named: Bools | None
    among: Condition | None
    exclude: Condition | None
    repeats: bool
    limits: Limits
    within: str
    left: Ints | None

    @classmethod
    def of(
        cls, scorer: Any, n: Any, *, among: Any, exclude: Any, repeats: Any, **limited: Any
    ) -> "Wanted":
        """The arguments of `rank`, checked; `limited` are those of `limits`."""
        n = whole(n, f"{CALL}n")
        if not isinstance(repeats, (bool, np.bool_)):
            raise ArgumentError(f"{CALL}repeats is {repeats!r}; True or False.")
        made = limits(scorer.items, scorer.catalog, n=n, **limited, kept=scorer._cache)
        own, out = _condition(among, "among"), _condition(exclude, "exclude")
        ids = among if own is None else None, exclude if out is None else None
        given = {
            "among": ids[0] is not None,
            "exclude": exclude is not None,
            "repeats": not repeats,
        }
        words = [f"{name}=" for name, told in given.items() if told]
        return cls(
            scorer,
            n,
            named(scorer, *ids),
            own,
            out,
            bool(repeats),
            made,
            f" within {', '.join(words)}" if words else "",
            None if made.stock is None else made.stock.copy(),
        )

    @property
    def plain(self) -> bool:
        """Whether the n best items are the answer."""
        return self.among is None and self.exclude is None and not self.limits.any

    @property
    def reason(self) -> str:
        """Why there are too few, where no limit is the reason."""
        return f"no more items to choose from{self.within}"

    @property
    def first(self) -> int:
        """Candidates that are asked for at first."""
        deep = bool(self.limits.new) or self.limits.calibration is not None
        return max(DEEP if deep else FIRST, 4 * self.n)


def _condition(held: Any, name: str) -> Condition | None:
    """A condition on own items; None where it is none, but ids."""
    if isinstance(held, (Did, Term, EventCondition)):
        raise ArgumentError(
            f"{CALL}{name} is {held!r}, which is no condition on own items yet. End it with "
            '.any(), .never() or a comparison: did("view").any() & did("purchase").never().'
        )
    return held if isinstance(held, Condition) else None


def refuse_conditions(call: str, **given: Any) -> None:
    """Conditions on own items are for `FittedScorer.rank`."""
    for name, held in given.items():
        if isinstance(held, (Condition, Did, Term, EventCondition)):
            raise ArgumentError(
                f"{call}: {name} is a condition ({held}); it takes ids of items here. Conditions "
                "on own items are for FittedScorer.rank."
            )


def named(scorer: Any, among: Iterable[str] | None, exclude: Iterable[str] | None) -> Bools | None:
    """Which items may be chosen, by their ids; None: all."""
    if among is None and exclude is None:
        return None
    mask = np.ones(len(scorer.items), dtype=bool)
    if among is not None:
        mask[:] = False
        mask[scorer._known(among, "among")] = True
    if exclude is not None:
        mask[scorer._known(exclude, "exclude")] = False
    return mask
