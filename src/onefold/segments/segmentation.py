"""Segment: fit a strategy on everybody, and keep what it made of each.

    segment(profiles, strategy).assign(some) == the rows of .assignment for those customers

What is fitted (cuts, kept values, centres) comes from the profiles it was fitted on and stays;
one customer, or others, are assigned by it without looking at anybody else.
"""

from collections.abc import Sequence
from typing import Any

import attrs

from onefold._display import html_table
from onefold._random import generator
from onefold._types import Rng
from onefold.errors import ArgumentError, ContractError
from onefold.profiles import Profile, Profiles, TraitTable
from onefold.segments.assignment import Assignment, assigned
from onefold.segments.protocol import Assigner, Segmenter


@attrs.frozen(eq=False, repr=False)
class Segmentation:
    """A strategy that was fitted, and the segments of those on whom it was.

    Attributes:
        profiles: On whom it was fitted.
        strategy: The settings.
        fitted: What came of them; `fitted.assign(table)` gives labels.
        assignment: The segments of `profiles`.
    """

    profiles: Profiles
    strategy: Segmenter
    fitted: Any  # an Assigner; a strategy may give it more, as RFM gives scores and cuts
    assignment: Assignment

    def assign(self, profiles: Profiles | TraitTable) -> Assignment:
        """The segments of any profiles, by what was fitted; nothing is fitted anew."""
        table = profiles.table if isinstance(profiles, Profiles) else profiles
        if not isinstance(table, TraitTable):
            raise ArgumentError(
                f"Segmentation.assign: profiles is a {type(profiles).__name__}; it takes Profiles "
                "or a table of traits. For one profile use .of(profile)."
            )
        return _assign(self.fitted, table, self.strategy, self.assignment.names)

    def of(self, profile: Profile) -> str | None:
        """The segment of one profile, None where it is unknown.

        The same as its row in `assign`, also for `profile.after(event)`.
        """
        if not isinstance(profile, Profile):
            raise ArgumentError(
                f"Segmentation.of: profile is a {type(profile).__name__}; it takes one Profile, "
                "such as profiles[id]. For many use .assign(profiles)."
            )
        label: str | None = self.assign(profile.table).labels[0]
        return label

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Segmentation):
            return NotImplemented
        return (
            self.strategy == other.strategy
            and self.fitted == other.fitted
            and self.assignment == other.assignment
            and self.profiles == other.profiles
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Segmentation by {self.strategy!r}\n{self.assignment!r}"

    def _repr_html_(self) -> str:
        caption = f"{self.assignment._head()}, by {type(self.strategy).__name__}"
        return html_table(*self.assignment._table(), caption=caption)


def segment(profiles: Profiles, strategy: Segmenter, *, rng: Rng = None) -> Segmentation:
    """Put each customer into one segment, by a strategy that is fitted on all of them.

    Args:
        profiles: The customers, at least one.
        strategy: `RFM()`, `By(...)`, `Rules(...)`, or an object of your own with
            `fit(table, *, rng)`.
        rng: Chance for strategies that need it: a seed, a Generator, or None.

    Returns:
        The fitted strategy and the assignment.

    Raises:
        ArgumentError: If an argument is wrong, or the strategy can't be fitted on these profiles.
        ContractError: If a strategy of your own returns what is not allowed.

    Examples:
        >>> import onefold as of
        >>> from onefold.segments import By, segment
        >>> log = of.EventLog.from_events([
        ...     of.Event("ann", "purchase", "2024-03-01", channel="web"),
        ...     of.Event("bob", "purchase", "2024-03-02", channel="shop"),
        ...     of.Event("cas", "purchase", "2024-03-03", channel="web")])
        >>> made = segment(of.fold(log), By("channels", "web", bins=[0.5]))
        >>> made.assignment
        Assignment(3 customers, 2 segments)
        segment                  customers  share
        -----------------------  ---------  -----
        channels: web above 0.5          2  66.7%
        channels: web up to 0.5          1  33.3%
    """
    if not isinstance(profiles, Profiles):
        raise ArgumentError(
            f"segment: profiles is a {type(profiles).__name__}; make them with onefold.fold(log)."
        )
    if not len(profiles):
        raise ArgumentError("segment: profiles holds nobody; there is nothing to fit on.")
    if isinstance(strategy, type) or not callable(getattr(strategy, "fit", None)):
        raise ContractError(
            f"segment: strategy is {strategy!r}; it takes an object with fit(table, *, rng), such "
            "as RFM()."
        )
    fitted = strategy.fit(profiles.table, rng=generator(rng, "segment: rng"))
    if not callable(getattr(fitted, "assign", None)):
        raise ContractError(
            f"segment: {type(strategy).__name__}.fit returned a {type(fitted).__name__} without "
            "assign(table). Return an object that has it."
        )
    assignment = _assign(fitted, profiles.table, strategy, ())
    return Segmentation(profiles, strategy, fitted, assignment)


def _assign(
    fitted: Assigner, table: TraitTable, strategy: Segmenter, names: Sequence[str]
) -> Assignment:
    """The checked labels of a table; the fitted names give the order, else those seen before."""
    by = f"segments by {type(strategy).__name__}"
    return assigned(table.ids, fitted.assign(table), names=_names(fitted, by) or names, by=by)


def _names(fitted: Any, by: str) -> tuple[str, ...]:
    own = getattr(fitted, "names", ())
    if isinstance(own, str) or not all(isinstance(name, str) and name for name in own):
        raise ContractError(f"{by}: names is {own!r}; a sequence of texts is allowed.")
    if len(set(own)) < len(own):
        raise ContractError(f"{by}: names holds a name twice: {own!r}. Give each segment its own.")
    return tuple(own)
