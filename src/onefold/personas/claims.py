"""Claims: sentences about a segment, each backed by counted customers.

A claim asks one question of everybody (a condition), and compares how many members say yes
with how many others do:

    share = k / n        lift = share / share elsewhere        q = p corrected within its facet

n counts the members of whom the answer is known; where they are not all, the sentence says so.
Re-evaluating the condition gives k and n again.
A claim on what the segmentation was made from is its *definition*: it is corrected apart, so that
it neither is a finding nor makes findings out of others.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from onefold._stats import adjusted, fisher, wilson
from onefold._types import Array, Bools, Floats, Ints
from onefold.conditions import Compare

__all__ = ["FACETS", "Claim", "Tally", "claims_of", "holds", "predicate", "whole_percent"]

DEMOGRAPHICS = "demographics"
JOB = "job and career path"
GOALS = "goals and challenges"
VALUES = "values and fears"
BUYING = "buying behaviour"
PREFERENCES = "preferences"
DAY = "a day in their life"
FACETS = (DEMOGRAPHICS, JOB, GOALS, VALUES, BUYING, PREFERENCES, DAY)

OBSERVED, DECLARED = "observed", "declared"
MEASURED: tuple[str, ...] = ("n", "k", "share", "low", "high")
MEASURED += ("n_elsewhere", "k_elsewhere", "share_elsewhere", "lift", "p", "q")
LIMIT = 0.05  # false discoveries among what is supported


@attrs.frozen
class Tally:
    """How all segments answer one question.

    Attributes:
        condition: What was asked.
        facet: Where the answer belongs on the card.
        says: The predicate in words: "have household size “2”".
        k: (groups,) members for whom it is true.
        n: (groups,) members for whom the answer is known.
        covers: (column of the catalogue, or "item"; value) that it is about, or None.
        origin: "observed" in events, or "declared" as a fact.
        defining: Whether the segmentation was made from it.
    """

    condition: Compare
    facet: str
    says: str
    k: Ints
    n: Ints
    covers: tuple[str, str] | None = None
    origin: str = OBSERVED
    defining: bool = False


def _same(x: float) -> float | None:
    """What two measures are equal by: NaN equals NaN."""
    return None if np.isnan(x) else x


@attrs.frozen
class Claim:
    """One sentence of a portrait, with the customers behind it.

    Attributes:
        facet: Where it belongs on the card.
        text: The sentence: "62% have household size “2”, against 41% of others", or "62% of the 80
            of whom it is known have ...", where n is not everybody.
        condition: What reproduces the claim: true for k members, known of n.
        n: Members of whom the answer is known.
        k: Those of them for whom it is true.
        share: k / n, NaN where n is 0.
        low: Lower end of Wilson's 95 % interval of the share.
        high: Upper end.
        n_elsewhere: All other customers of whom the answer is known.
        k_elsewhere: Those of them for whom it is true.
        share_elsewhere: k_elsewhere / n_elsewhere.
        lift: share / share_elsewhere; infinite where nobody else does.
        p: Fisher's exact test, two-sided.
        q: p corrected within its facet, over all personas of the call (Benjamini and Hochberg).
        supported: q at most .05, n at least the minimum, and commoner than elsewhere. Among
            preferences also rarer: labels there do not exclude each other, so that what is rarer is
            not only the other side of what is commoner.
        covers: ("category", value), another column of the catalogue, or ("item", id): the items it
            is about; None if it is about none.
        origin: "observed" in events, or "declared" as a fact.
        defining: Whether the segmentation was made from it: a definition, no finding.
    """

    facet: str
    text: str
    condition: Compare
    n: int
    k: int
    share: float = attrs.field(eq=_same)
    low: float = attrs.field(eq=_same)
    high: float = attrs.field(eq=_same)
    n_elsewhere: int
    k_elsewhere: int
    share_elsewhere: float = attrs.field(eq=_same)
    lift: float = attrs.field(eq=_same)
    p: float = attrs.field(eq=_same)
    q: float = attrs.field(eq=_same)
    supported: bool
    covers: tuple[str, str] | None = None
    origin: str = OBSERVED
    defining: bool = False

    @property
    def finding(self) -> bool:
        """Supported, and not what the segmentation was made from."""
        return self.supported and not self.defining

    @property
    def strength(self) -> float:
        """How surely and how far from elsewhere: orders claims on a card.

        The weight of evidence per member: share * ln(lift) and its complement, with shares shrunk
        (Kullback and Leibler's information for telling a member from the others).
        """
        a = (self.k + 0.5) / (self.n + 1)
        b = (self.k_elsewhere + 0.5) / (self.n_elsewhere + 1)
        return float(a * np.log(a / b) + (1 - a) * np.log((1 - a) / (1 - b)))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON: None for what is not a finite number."""
        out = attrs.asdict(self, recurse=True)
        return {name: _plain(value) for name, value in out.items()}

    @classmethod
    def from_dict(cls, held: Mapping[str, Any]) -> "Claim":
        """The claim of which `to_dict` gave the values."""
        missing = {"lift": np.inf} if held["k_elsewhere"] == 0 < held["k"] else {}
        floats = ("share", "low", "high", "share_elsewhere", "lift", "p", "q")
        read = {f: missing.get(f, np.nan) if held[f] is None else held[f] for f in floats}
        covers = None if held["covers"] is None else tuple(held["covers"])
        return cls(**{**held, **read, "condition": Compare(**held["condition"]), "covers": covers})


def holds(condition: Compare, x: Array) -> Bools:
    """Whether a comparison holds for each value (n,); False where the value is missing."""
    value = condition.value
    if isinstance(value, tuple):
        return np.asarray((x >= value[0]) & (x <= value[1]))
    if condition.op == "<=":
        return np.asarray(x <= value)
    if condition.op == ">=":
        return np.asarray(x >= value)
    return np.asarray(x > value if condition.op == ">" else x == value)


def claims_of(tallies: Sequence[Tally], *, sizes: Sequence[int], minimum: int) -> list[list[Claim]]:
    """The claims of the first groups, of `sizes`; groups beyond them are only elsewhere.

    All claims of a facet, over all groups, are one family; what defines the groups is another.
    """
    groups = len(sizes)
    if not tallies:
        return [[] for _ in sizes]
    all_k, all_n = np.array([t.k for t in tallies]), np.array([t.n for t in tallies])
    k, n = all_k[:, :groups], all_n[:, :groups]
    k_else = all_k.sum(axis=1, keepdims=True) - k
    n_else = all_n.sum(axis=1, keepdims=True) - n
    p = np.where((n > 0) & (n_else > 0), fisher(k, n, k_other=k_else, n_other=n_else), np.nan)
    q = _families(p, [(t.facet, t.defining) for t in tallies])
    with np.errstate(divide="ignore", invalid="ignore"):
        share, other = k / n, k_else / n_else
        lift = np.where((k == 0) & (k_else == 0), 1.0, share / other)
    either = np.array([[t.facet == PREFERENCES] for t in tallies])
    supported = (q <= LIMIT) & (n >= minimum) & ((lift > 1) | (either & (lift < 1)))
    low, high = wilson(k, n)
    columns = [c.tolist() for c in (n, k, share, low, high, n_else, k_else, other, lift, p, q)]
    return [
        [
            _claim(t, [column[i][g] for column in columns], size, supported=bool(supported[i, g]))
            for i, t in enumerate(tallies)
        ]
        for g, size in enumerate(sizes)
    ]


def predicate(claim: Claim) -> str:
    """What a claim says of members, without counts: "have household size “2”"."""
    says = claim.text.removeprefix(whole_percent(claim.share)).removeprefix(_known(claim.n))
    return says.rpartition(", against ")[0].strip()


def _claim(tally: Tally, measured: list[Any], size: int, *, supported: bool) -> Claim:
    n, share, elsewhere = measured[0], whole_percent(measured[2]), whole_percent(measured[7])
    here = share + _known(n) if 0 < n < size else share
    return Claim(
        facet=tally.facet,
        text=f"{here} {tally.says}, against {elsewhere} of others",
        condition=tally.condition,
        supported=supported,
        covers=tally.covers,
        origin=tally.origin,
        defining=tally.defining,
        **dict(zip(MEASURED, measured, strict=True)),
    )


def _known(n: int) -> str:
    return f" of the {n:,} of whom it is known"


def whole_percent(share: float) -> str:
    """A share in prose: whole percents, and only nothing is 0%, only the whole 100%."""
    if np.isnan(share):
        return "no data"
    if 0 < share < 0.01:
        return "under 1%"
    return "over 99%" if 0.99 < share < 1 else f"{100 * share:.0f}%"


def _families(p: Floats, family: Sequence[tuple[str, bool]]) -> Floats:
    q = np.full(p.shape, np.nan)
    for one in set(family):
        rows = np.array([f == one for f in family])
        q[rows] = adjusted(p[rows])
    return q


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not np.isfinite(value) else value
