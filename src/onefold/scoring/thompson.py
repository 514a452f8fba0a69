"""Cold items: of those with few events, which may be the best, and how probable is that?

Choices of an item are Poisson with a rate for each exposure; the rate has a gamma prior, which is
that of all items. With c choices in e exposures

    rate ~ Gamma(a + c, b + e)        chance of j = P(rate_j is the highest of the cold items)

Thompson (1933) draws a rate for each and shows the best. Here the chance of being the best is
integrated once, and items are drawn by it: the same policy, whose propensities are known exactly.
After one was shown the next is drawn by the chances of those that are left.
"""

from typing import Any

import attrs
import numpy as np
import pandas as pd

from onefold._check import fraction, instance, shown, text, whole
from onefold._columns import frozen
from onefold._display import html_table, number, text_table
from onefold._types import Floats, Times
from onefold._vocab import Vocab
from onefold.catalog import ALWAYS
from onefold.errors import ArgumentError
from onefold.profiles import Profiles
from onefold.scoring.largest import chances

DAY = 86_400_000_000  # microseconds
LEAST = 1e-9  # chance below which an item is no candidate
STRENGTHS = (0.05, 100.0)  # bounds of the prior's shape a


def _share(_: object, __: Any, value: Any) -> None:
    fraction(value, "Thompson: share", ends=True)


def _counted(_: object, attribute: Any, value: Any) -> None:
    whole(value, f"Thompson: {attribute.name}")


def _kind(_: object, __: Any, value: Any) -> None:
    if value is not None:
        text(value, "Thompson: exposure")


def _pair(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _prior(_: object, __: Any, value: Any) -> None:
    fits = isinstance(value, tuple) and len(value) == 2
    if value is not None and not (fits and all(_positive(v) for v in value)):
        raise ArgumentError(
            f"Thompson: prior is {shown(value)}; it takes a pair (a, b) of numbers above 0, "
            "choices and exposures, or None to learn it from all items."
        )


def _positive(value: Any) -> bool:
    number = isinstance(value, (int, float, np.integer, np.floating))
    return number and not isinstance(value, bool) and bool(np.isfinite(value) and value > 0)


@attrs.frozen
class Thompson:
    """Thompson sampling for cold items, those with few choices; `fit` counts them.

    Args:
        share: The chance that a rank of a list is given to a cold item.
        few: An item with fewer choices than this is cold.
        exposure: Kind of event that shows an item ("impression", "view"). None: the days since
            the item could first be had, by the catalogue, or since its first event.
        most: How many cold items are candidates: those that are most probably the best.
        prior: The pair (a, b) of the gamma prior; None: learned from all items by moments.

    Raises:
        ArgumentError: If a setting is not allowed.

    Examples:
        >>> import onefold as of
        >>> data = of.datasets.simulate(200, rng=7)
        >>> profiles = of.fold(data.log, catalog=data.catalog)
        >>> cold = of.Thompson(share=0.2, few=30).fit(profiles)
        >>> bool(abs(cold.chance.sum() - 1) < 1e-9)
        True

    Source: Thompson, Biometrika 25 (1933).
    """

    share: float = attrs.field(default=0.1, validator=_share)
    few: int = attrs.field(default=10, kw_only=True, validator=_counted)
    exposure: str | None = attrs.field(default=None, kw_only=True, validator=_kind)
    most: int = attrs.field(default=200, kw_only=True, validator=_counted)
    prior: tuple[float, float] | None = attrs.field(
        default=None, kw_only=True, converter=_pair, validator=_prior
    )

    def fit(self, profiles: Profiles, *, target: str = "purchase") -> "FittedThompson":
        """Count choices and exposures before the profiles' moment.

        Args:
            profiles: Profiles of n customers, folded with the catalogue if there is one: its items
                that nobody has chosen yet are cold too.
            target: Kind of event that is a choice.

        Raises:
            ArgumentError: If no event is of the kind `exposure`.
        """
        instance(profiles, Profiles, "Thompson.fit: profiles", "Make them with onefold.fold.")
        text(target, "Thompson.fit: target")
        items, since, until = _offered(profiles)
        choices = _counts(profiles, items, target)
        if self.exposure is None:
            exposures = _days(profiles, items, since)
        else:
            exposures = _counts(profiles, items, self.exposure)
            if not exposures.any():
                raise ArgumentError(
                    f"Thompson.fit: no event of kind {self.exposure!r} (exposure=) has an item. "
                    f"Kinds: {', '.join(map(repr, profiles.history.kinds))}; or exposure=None for "
                    "days."
                )
        a, b = self.prior or _learned(choices, exposures)
        now = (since <= profiles.as_of) & (profiles.as_of < until)
        few = np.flatnonzero((choices < self.few) & now)
        chance = chances(a + choices[few], b + exposures[few])
        order = np.argsort(-chance, kind="stable")[: self.most]
        order = np.sort(order[chance[order] > LEAST])
        kept, chance = few[order], chance[order]
        return FittedThompson(
            settings=self,
            items=items.take(kept),
            choices=choices[kept],
            exposures=exposures[kept],
            chance=chance / chance.sum() if len(chance) else chance,
            prior=(float(a), float(b)),
            valid_from=since[kept],
            valid_until=until[kept],
            as_of=profiles.as_of,
        )


@attrs.frozen(eq=False, repr=False)
class FittedThompson:
    """The cold items as of a moment, and the chance that each is the best of them.

    Attributes:
        settings: How they were found.
        items: the candidates (m,), sorted.
        choices: (m,) how often each was chosen; `exposures` (m,) in events, or days.
        chance: (m,) probability that its rate is the highest; sums to 1.
        prior: (a, b) of the gamma prior of a rate.
        valid_from: (m,) since when each can be had; `valid_until` (m,) until when.
        as_of: the moment before which was counted.
    """

    settings: Thompson
    items: Vocab
    choices: Floats = attrs.field(converter=frozen)
    exposures: Floats = attrs.field(converter=frozen)
    chance: Floats = attrs.field(converter=frozen)
    prior: tuple[float, float]
    valid_from: Times = attrs.field(converter=frozen)
    valid_until: Times = attrs.field(converter=frozen)
    as_of: np.datetime64

    def __len__(self) -> int:
        return len(self.items)

    def to_pandas(self) -> pd.DataFrame:
        """One row an item, the most probably best first.

        item, choices, exposures, rate (mean of the posterior), low and high (its central 95 %
        credible interval), chance (of being the best of them).
        """
        from scipy.special import gammaincinv

        a, b = self.prior[0] + self.choices, self.prior[1] + self.exposures
        frame = pd.DataFrame(
            {
                "item": self.items.values,
                "choices": self.choices,
                "exposures": self.exposures,
                "rate": a / b,
                "low": gammaincinv(a, 0.025) / b,
                "high": gammaincinv(a, 0.975) / b,
                "chance": self.chance,
            }
        )
        frame = frame.sort_values("chance", ascending=False, kind="stable")
        return frame.reset_index(drop=True)

    def _shown(self) -> tuple[list[list[str]], list[str]]:
        frame = self.to_pandas().head(20)
        rows = [[str(r[0]), *(number(v) for v in r[1:])] for r in frame.itertuples(index=False)]
        return rows, list(frame.columns)

    def _caption(self) -> str:
        unit = "days" if self.settings.exposure is None else f"events {self.settings.exposure!r}"
        return (
            f"{len(self):,} cold items (fewer than {self.settings.few:,} choices), exposure in "
            f"{unit}, {100 * self.settings.share:g} % of ranks"
        )

    def __repr__(self) -> str:
        return self._caption() + "\n" + text_table(*self._shown())

    def _repr_html_(self) -> str:
        return html_table(*self._shown(), caption=self._caption())


def _offered(profiles: Profiles) -> tuple[Vocab, Times, Times]:
    """All items that were ever seen, or are in the catalogue, and since and until when."""
    h = profiles.history
    seen = h.items.take(np.unique(h.item[h.item >= 0]).astype(np.int64))
    catalog = profiles.catalog
    if catalog is None:
        return seen, np.full(len(seen), ALWAYS[0]), np.full(len(seen), ALWAYS[1])
    items = seen.union(catalog.items)
    at = catalog.items.codes(items.values)
    since = np.append(catalog.valid_from, ALWAYS[0])[at]
    return items, since, np.append(catalog.valid_until, ALWAYS[1])[at]


def _counts(profiles: Profiles, items: Vocab, kind: str) -> Floats:
    """Events (m,) of a kind by item."""
    h = profiles.history.where(kind)
    code = np.append(items.translation(h.items), np.int32(-1))[h.item]
    return np.bincount(code[code >= 0], minlength=len(items)).astype(np.float64)


def _days(profiles: Profiles, items: Vocab, since: Times) -> Floats:
    """Days (m,) for which each item could be had and the log was kept."""
    h = profiles.history
    if not len(h.time):
        return np.zeros(len(items))
    start, code = h.time.min(), np.append(items.translation(h.items), np.int32(-1))[h.item]
    first = np.full(len(items), profiles.as_of)
    np.minimum.at(first, code[code >= 0], h.time[code >= 0])
    if profiles.catalog is not None:  # it says since when; where it does not, always
        first[profiles.catalog.items.codes(items.values) >= 0] = start
    known = since > ALWAYS[0]
    first[known] = np.maximum(since[known], start)
    days: Floats = np.maximum((profiles.as_of - first).astype(np.int64), 0) / DAY
    return days


def _learned(choices: Floats, exposures: Floats) -> tuple[float, float]:
    """The prior (a, b) by moments, over all items that were exposed.

    With counts Poisson of rate times exposure, the rates have the mean m = sum c / sum e and the
    variance v = (sum (c - m e)^2 - sum c) / sum e^2; then a = m^2 / v and b = m / v.
    """
    seen = exposures > 0
    c, e = choices[seen], exposures[seen]
    if not c.sum():  # nothing was chosen: one choice in all that was shown
        return 1.0, max(float(e.sum()), 1.0)
    mean = c.sum() / e.sum()
    spread = (((c - mean * e) ** 2).sum() - c.sum()) / (e**2).sum()
    a = float(np.clip(mean**2 / spread if spread > 0 else STRENGTHS[1], *STRENGTHS))
    return a, a / float(mean)
