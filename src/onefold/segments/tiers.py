"""Value tiers: customers by what they are expected to bring, and how much of it each tier holds.

    top      the best 5 % of customers         high     the next 15 %
    middle   the next 30 %                     low      the other half

What somebody is expected to bring is lifetime value, fitted on the customers' own purchases, or any
trait. Tiers of customers by profitability: Zeithaml, Rust and Lemon, "The customer pyramid:
creating and serving profitable customers", California Management Review 43, 2001.
"""

import inspect
import itertools
from typing import Any

import attrs
import numpy as np

from onefold import _check, _time
from onefold._check import shown
from onefold._types import Duration, Floats
from onefold.errors import ArgumentError
from onefold.profiles import TraitTable
from onefold.segments.assignment import REST, UNKNOWN
from onefold.segments.column import Readable, column, name_of, readable
from onefold.segments.ranked import Ranked
from onefold.segments.tiered import FittedValueTiers, numbers
from onefold.segments.worth import fitted_value

NAMES = ("top", "high", "middle", "low")
SHARES = {"customers": (0.05, 0.20, 0.50), "value": (0.50, 0.80, 0.95)}
UNITS = ("h", "D", "W", "M")

MADE_FROM = ("lifetime_value", "frequency", "recency", "tenure", "monetary")


def _value(value: Any) -> Readable | None:
    return None if value is None else readable(value, "ValueTiers: value")


def _by(value: Any) -> str:
    return str(_check.one_of(value, tuple(SHARES), "ValueTiers: by"))


def _listed(value: Any, name: str) -> tuple[float, ...]:
    if not _check.is_several(value) or isinstance(value, dict):
        raise ArgumentError(f"{name} is {shown(value)}; it takes a list of numbers.")
    held = tuple(value)
    for one in held:
        if isinstance(one, bool) or not isinstance(one, (int, float, np.integer, np.floating)):
            raise ArgumentError(f"{name} holds {shown(one)}; numbers are allowed.")
    if not held:
        raise ArgumentError(f"{name} is empty; it takes at least one number.")
    return tuple(float(one) for one in held)


def _shares(value: Any) -> tuple[float, ...] | None:
    if value is None:
        return None
    name = "ValueTiers: shares"
    held = tuple(_check.fraction(one, name) for one in _listed(value, name))
    if not all(a < b for a, b in itertools.pairwise(held)):
        raise ArgumentError(
            f"{name} is {shown(value)}; they ascend, each with those before it in it: the best "
            "5 %, the best 20 %, the best half is (0.05, 0.20, 0.50)."
        )
    return held


def _cuts(value: Any) -> tuple[float, ...] | None:
    if value is None:
        return None
    held = _listed(value, "ValueTiers: cuts")
    if not np.isfinite(held).all() or not all(a > b for a, b in itertools.pairwise(held)):
        raise ArgumentError(
            f"ValueTiers: cuts is {shown(value)}; they are finite and descend, the one below the "
            "best tier first, such as (1000, 100)."
        )
    return held


def _names(value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    if isinstance(value, str) or not _check.is_several(value):
        raise ArgumentError(f"ValueTiers: names is {shown(value)}; it takes a list of texts.")
    held = tuple(_check.text(one, "ValueTiers: names") for one in value)
    if len(set(held)) < len(held) or {UNKNOWN, REST} & set(held):
        raise ArgumentError(
            f"ValueTiers: names is {shown(value)}; each tier has its own, and none is 'unknown' or "
            "'rest'."
        )
    return held


def _horizon(value: Any) -> Duration | None:
    if value is not None:
        _time.duration(value, "ValueTiers: horizon")
    held: Duration | None = value
    return held


def _unit(value: Any) -> str:
    return str(_check.one_of(value, UNITS, "ValueTiers: time_unit"))


def _event(value: Any) -> str:
    return _check.text(value, "ValueTiers: event")


def _model(value: Any) -> Any:
    example = "lifetime.MBGNBD()"
    held = _fits(value, "ValueTiers: model", example)
    if held is not None and not _takes_a_unit(held):
        raise ArgumentError(
            f"ValueTiers: model is {shown(held)}, whose fit takes no time_unit=; it takes a model "
            f"of purchases, such as {example}. A model of spend goes to spend=."
        )
    return held


def _spend(value: Any) -> Any:
    example = "lifetime.GammaGamma()"
    held = _fits(value, "ValueTiers: spend", example)
    if held is not None and _takes_a_unit(held):
        raise ArgumentError(
            f"ValueTiers: spend is {shown(held)}, whose fit takes time_unit=; it takes a model of "
            f"spend, such as {example}. A model of purchases goes to model=."
        )
    return held


def _takes_a_unit(value: Any) -> bool:
    """Whether a fit asks for the unit of time, as models of purchases do and those of spend not."""
    return "time_unit" in inspect.signature(value.fit).parameters


def _fits(value: Any, name: str, example: str) -> Any:
    if value is not None and (isinstance(value, type) or not callable(getattr(value, "fit", None))):
        raise ArgumentError(
            f"{name} is {shown(value)}; it takes settings with fit(summary), such as {example}."
        )
    return value


@attrs.frozen
class ValueTiers:
    """Tiers of customers by what they are expected to bring.

    Without a `value` it is lifetime value: BG/NBD for purchases and Gamma-Gamma for what is spent,
    fitted on the purchases of the table's own customers before its `as_of`, and on nothing else.
    Purchases of one `time_unit` are one; customers whose repeat purchases have no amount above 0
    are left out of the model of spend. A customer without a value, such as one who never bought, is
    unknown.

    A customer on a cut is below it, so that equal values share a tier, the lower one: a tier then
    holds fewer than its share of customers, and can be empty.

    Args:
        value: A trait, or its name: more is better. `Monetary()` makes tiers by what was spent so
            far, a `lifetime.LifetimeValue` those of models that were fitted elsewhere.
        shares: Ascending: how much each tier holds together with those above it. Left out: .05,
            .20, .50 of customers; .50, .80, .95 of value.
        by: What the shares are of. "customers": the best 5 %, at most. "value": the fewest
            customers who hold half of the value, and so on (ABC analysis); values below 0 are not
            counted there.
        cuts: Amounts between the tiers instead, descending.
        names: Of the tiers, the best first. Left out: top, high, middle, low; or "tier 1" and so
            on where there are not four.
        model: The model of purchases where there is no `value`; left out, `lifetime.BGNBD()`.
        spend: The model of spend; left out, `lifetime.GammaGamma()`.
        horizon: How far lifetime value looks ahead; None for ever.
        discount: Its rate a year, above 0 where the horizon is None.
        time_unit: The unit of the model and the periods of which purchases are merged: "h", "D",
            "W" or "M".
        event: The kind of event that is a purchase.

    Examples:
        >>> import onefold as of
        >>> from onefold.segments import ValueTiers, segment
        >>> log = of.EventLog.from_events([
        ...     of.Event(who, "purchase", "2024-03-01", value=value)
        ...     for who, value in [("ann", 100), ("bob", 30), ("cas", 20), ("dan", 10)]])
        >>> tiers = ValueTiers(of.traits.Monetary(), shares=[0.25, 0.5], names=["A", "B", "C"])
        >>> segment(of.fold(log), tiers).assignment.by_customer()
        {'ann': 'A', 'bob': 'B', 'cas': 'C', 'dan': 'C'}
    """

    value: Readable | None = attrs.field(default=None, converter=_value)
    shares: tuple[float, ...] | None = attrs.field(default=None, converter=_shares, kw_only=True)
    by: str = attrs.field(default="customers", converter=_by, kw_only=True)
    cuts: tuple[float, ...] | None = attrs.field(default=None, converter=_cuts, kw_only=True)
    names: tuple[str, ...] | None = attrs.field(default=None, converter=_names, kw_only=True)
    model: Any = attrs.field(default=None, converter=_model, kw_only=True)
    spend: Any = attrs.field(default=None, converter=_spend, kw_only=True)
    horizon: Duration | None = attrs.field(default="365D", converter=_horizon, kw_only=True)
    discount: float = attrs.field(default=0.10, kw_only=True)
    time_unit: str = attrs.field(default="D", converter=_unit, kw_only=True)
    event: str = attrs.field(default="purchase", converter=_event, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if self.cuts is not None and self.shares is not None:
            raise ArgumentError("ValueTiers: cuts and shares are both given; leave one out.")
        if self.value is not None and (self.model is not None or self.spend is not None):
            raise ArgumentError(
                f"ValueTiers: value is {name_of(self.value)!r}, so no model is fitted; leave out "
                "model= and spend=, or value."
            )
        usual = attrs.fields(ValueTiers)
        ours = ("horizon", "discount", "time_unit", "event")
        odd = [n for n in ours if getattr(self, n) != getattr(usual, n).default]
        if self.value is not None and odd:
            raise ArgumentError(
                f"ValueTiers: value is {name_of(self.value)!r}, so {odd[0]}= has nothing to act "
                "on; it is of lifetime value that is fitted here. Leave it out, or set it in the "
                "value."
            )
        real = isinstance(self.discount, (int, float, np.integer, np.floating))
        if not real or isinstance(self.discount, bool) or not 0 <= self.discount < np.inf:
            raise ArgumentError(
                f"ValueTiers: discount is {shown(self.discount)}; it takes a rate a year from 0 on."
            )
        if self.horizon is None and self.discount == 0:
            raise ArgumentError(
                "ValueTiers: discount is 0 and horizon is None; what comes for ever may have no "
                "end. Give a discount above 0, or a horizon."
            )
        if self.names is not None and len(self.names) != self._tiers:
            raise ArgumentError(
                f"ValueTiers: names holds {len(self.names)}, and there are {self._tiers} tiers, "
                "one more than there are shares or cuts."
            )

    def fit(self, table: TraitTable, *, rng: np.random.Generator) -> FittedValueTiers:
        """Fit lifetime value where there is no other value, and find the cuts.

        Raises:
            UnknownName: If there is no such trait.
            ArgumentError: If nobody has a value, it is no number or infinite, or lifetime value
                can't be fitted: nobody bought again, there are no amounts, or their mean is
                infinite (q of Gamma-Gamma at most 1).
        """
        value = fitted_value(self, table) if self.value is None else self.value
        held = numbers(column(table, value), value)
        known = held[~np.isnan(held)]
        if not len(known):
            raise ArgumentError(
                f"ValueTiers: nobody of {len(table):,} customers has {name_of(value)!r}. Give "
                "another value, such as ValueTiers(Monetary())."
            )
        cuts = self._found(Ranked.of(known)) if self.cuts is None else np.array(self.cuts)
        moments = np.unique(table.as_of)
        return FittedValueTiers(
            settings=self,
            value=value,
            cuts=tuple(cuts.tolist()),
            names=self._called,
            as_of=moments[0] if len(moments) == 1 else None,
        )

    def _found(self, ranked: Ranked) -> Floats:
        if self.by == "value" and not ranked.worth.max() > 0:
            raise ArgumentError(
                "ValueTiers: nobody is worth more than 0, so there is no value to share out; use "
                "by='customers'."
            )
        return ranked.cuts(self._shared, by=self.by)

    @property
    def traits(self) -> tuple[Readable, ...]:
        """What tiers are made from, so that a persona tells it as their definition."""
        return MADE_FROM if self.value is None else (self.value,)

    @property
    def _shared(self) -> tuple[float, ...]:
        return SHARES[self.by] if self.shares is None else self.shares

    @property
    def _tiers(self) -> int:
        return len(self._shared if self.cuts is None else self.cuts) + 1

    @property
    def _called(self) -> tuple[str, ...]:
        if self.names is not None:
            return self.names
        numbered = tuple(f"tier {i}" for i in range(1, self._tiers + 1))
        return NAMES if self._tiers == len(NAMES) else numbered
