"""Lifetime value: what a customer's future purchases are worth today.

    lifetime value = margin * expected spend * discounted expected purchases

The purchases are those to come, each discounted to the end of what was seen: what was spent so far
is not in it, nor is the first purchase of a new customer. The product takes for granted that how
much somebody spends does not depend on how often or how long they buy. Source: Fader, Hardie and
Lee, "RFM and CLV: using iso-value curves for customer base analysis", Journal of Marketing
Research 42, 2005.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import attrs
import numpy as np
import pandas as pd

from onefold._check import instance, one_of, shown, text
from onefold._display import html_table
from onefold._types import Floats, Rng, Strings, Times
from onefold.errors import ArgumentError
from onefold.lifetime import units
from onefold.lifetime.fitted import FittedPurchases
from onefold.lifetime.gammagamma import FittedSpend
from onefold.lifetime.incoming import FAR, Table, parts, real
from onefold.lifetime.purchases import COLLAPSE, read_rfm
from onefold.lifetime.reading import read_covariates, read_customers
from onefold.lifetime.redraw import redraw
from onefold.lifetime.resampled import bootstrapped
from onefold.lifetime.units import Horizon
from onefold.traits.history import History

AT_ONCE = 1 << 16  # customers
ASKED = ("p_alive", "expected_purchases", "discounted_purchases")
COLUMNS = ("p_alive", "expected_purchases", "expected_spend", "lifetime_value")


def _purchases(value: Any) -> Any:
    if not all(callable(getattr(value, method, None)) for method in ASKED):
        advice = " Fit it first: .fit(summary)." if callable(getattr(value, "fit", None)) else ""
        raise ArgumentError(
            f"LifetimeValue: purchases is a {type(value).__name__}; it takes a fitted model of "
            f"purchases, such as BGNBD().fit(summary).{advice}"
        )
    units.a_year(value.time_unit, "LifetimeValue: purchases")
    return value


def _spend(value: Any) -> FittedSpend:
    if not isinstance(value, FittedSpend):
        advice = " Fit it first: .fit(summary)." if callable(getattr(value, "fit", None)) else ""
        raise ArgumentError(
            f"LifetimeValue: spend is a {type(value).__name__}; it takes a fitted model of spend, "
            f"GammaGamma().fit(summary).{advice}"
        )
    return value


def _number(value: Any, name: str, *, zero: bool) -> float:
    found = real(value)
    if not np.isfinite(found) or found < 0 or (found == 0 and not zero):
        allowed = "from 0 on" if zero else "above 0"
        raise ArgumentError(f"{name} is {shown(value)}; it takes a finite number {allowed}.")
    return found


def _discount(value: Any) -> float:
    return _number(value, "LifetimeValue: discount", zero=True)


def _margin(value: Any) -> float:
    margin = _number(value, "LifetimeValue: margin", zero=False)
    if margin > 1:
        raise ArgumentError(
            f"LifetimeValue: margin is {shown(value)}; it takes the share of what is spent that is "
            "kept, at most 1: 0.3 is thirty per cent."
        )
    return margin


def _named(instance: Any, attribute: Any, value: Any) -> None:
    text(value, f"LifetimeValue: {attribute.name}")


def _collapse(instance: Any, attribute: Any, value: Any) -> None:
    one_of(value, COLLAPSE, "LifetimeValue: collapse")


@attrs.frozen
class LifetimeValue:
    """What customers will bring: margin * expected spend * discounted expected purchases.

    For customers of whom there is a summary (`table`, `of`), for a new one (`newcomer`), and as a
    trait of profiles: `fold(log, [*TRAITS, LifetimeValue(purchases, spend)])`. As a trait it reads
    each customer's purchases before `as_of`, and the covariates of the model of purchases from
    facts of the same names. It is missing for those who have no purchase, whose repeat purchases
    have no amount, or none above 0 together, and of whom a fact is not known as a number, or as
    yes or no. It needs all purchases since the first: `Over(value, last=...)`, which hides some,
    means nothing. The models stay as they were fitted: fit them on a summary that ends by `as_of`
    where nothing later may be known.

    Source: Fader, Hardie and Lee, "RFM and CLV: using iso-value curves for customer base
    analysis", Journal of Marketing Research 42, 2005 (lifetime value as margin times revenue a
    transaction times discounted expected transactions).

    Args:
        purchases: A fitted model of purchases, such as `BGNBD().fit(summary)`, of which the unit of
            time is known.
        spend: A fitted model of spend, `GammaGamma().fit(summary)`.
        horizon: How far to look ahead: a number of the model's units of time, or a length of time
            such as "365D". None: for ever.
        discount: The rate a year, 0.1 for ten per cent: what comes after t years counts
            (1 + discount)^-t. Above 0 where the horizon is None.
        margin: The share of what is spent that is kept, 1 for revenue.
        name: The trait's name.
        event: Kind of event that is a purchase (as a trait). Left out: that of the summary on
            which `purchases` was fitted, "purchase" where it was a frame.
        collapse: The periods of which purchases are merged, as in `rfm_summary` (as a trait). Left
            out: those of the summary, days where it was a frame.

    Examples:
        >>> import onefold as of
        >>> from onefold.lifetime import GammaGamma, LifetimeValue, MBGNBD, rfm_summary
        >>> log = of.datasets.simulate(100, days=365, rng=1).log
        >>> summary = rfm_summary(log)
        >>> value = LifetimeValue(
        ...     MBGNBD().fit(summary), GammaGamma().fit(summary), horizon="365D", margin=0.3)
        >>> list(value.table(summary).columns)
        ['p_alive', 'expected_purchases', 'expected_spend', 'lifetime_value']
        >>> of.fold(log, [value]).to_pandas()["lifetime_value"].name
        'lifetime_value'
    """

    unit: ClassVar[str] = "money"

    purchases: Any = attrs.field(converter=_purchases)
    spend: FittedSpend = attrs.field(converter=_spend)
    horizon: Horizon | None = attrs.field(default=None, kw_only=True)
    discount: float = attrs.field(default=0.10, converter=_discount, kw_only=True)
    margin: float = attrs.field(default=1.0, converter=_margin, kw_only=True)
    name: str = attrs.field(default="lifetime_value", validator=_named, kw_only=True)
    event: str = attrs.field(validator=_named, kw_only=True)
    collapse: str | None = attrs.field(validator=_collapse, kw_only=True)

    __hash__ = None  # type: ignore[assignment]

    @event.default
    def _its_event(self) -> str:
        return str(getattr(self.purchases, "made", {}).get("event", "purchase"))

    @collapse.default
    def _its_collapse(self) -> str | None:
        periods: str | None = getattr(self.purchases, "made", {}).get("collapse", "D")
        return periods

    def __attrs_post_init__(self) -> None:
        if self.horizon is not None:
            units.periods(self.horizon, self.purchases.time_unit, "LifetimeValue: horizon")
        elif self.discount == 0:
            raise ArgumentError(
                "LifetimeValue: discount is 0 and horizon is None; what comes for ever may have no "
                "end without a discount. Give a discount above 0, or a horizon such as '365D'."
            )

    def table(self, customers: Any) -> pd.DataFrame:
        """Lifetime value, and what it is made of.

        Args:
            customers: A summary, a frame with the columns frequency, recency, T and monetary, or
                one customer as a mapping of them; with the covariates that the model of purchases
                has.

        Returns:
            One row a customer (the index), in their order:

            - p_alive: the chance to be still a customer;
            - expected_purchases: within the horizon, or within one year where it is None; not
              discounted;
            - expected_spend: money at a purchase, before the margin;
            - lifetime_value: money within the horizon (None: for ever), discounted, margin taken.

        Raises:
            ColumnError: If a column is not there, or holds what is not allowed.
            ArgumentError: If somebody's expected spend is infinite.
        """
        call = "LifetimeValue.table"
        units.same(customers, self.purchases.time_unit, call)
        who = read_customers(customers, call, monetary=True)
        found = np.empty((len(COLUMNS), len(who)))
        ahead = self._ahead
        start = 0
        for some in parts(customers, call, AT_ONCE):
            held = found[:, start : start + AT_ONCE]
            start += AT_ONCE
            held[0] = self.purchases.p_alive(some)
            held[1] = self.purchases.expected_purchases(some, horizon=ahead)
            held[2], held[3] = self._worth(some)
        index = who.index
        columns = dict(zip(COLUMNS, found, strict=True))
        return pd.DataFrame(columns, index=index, copy=False)

    def of(self, customer: Mapping[str, Any]) -> float:
        """The lifetime value of one customer, in units of money.

        Args:
            customer: A mapping of frequency, recency, T and monetary.

        Raises:
            ColumnError: If one is not there, or holds what is not allowed.
            ArgumentError: If it is not one customer, or the expected spend is infinite.
        """
        who = read_customers(customer, "LifetimeValue.of", monetary=True)
        if not who.single:
            raise ArgumentError(
                f"LifetimeValue.of: customer is a {type(customer).__name__}; it takes a mapping, "
                "such as {'frequency': 2, 'recency': 30.4, 'T': 38.9, 'monetary': 22.35}. Use "
                ".table for several."
            )
        return float(self._worth(customer)[1])

    def newcomer(self, covariates: Mapping[str, float] | None = None) -> float:
        """The lifetime value of a new customer right after the first purchase, which isn't counted.

        Args:
            covariates: Where the model of purchases has some.

        Raises:
            ArgumentError: If q is at most 1, for then the mean spend is infinite.
        """
        wanted = getattr(self.purchases, "covariates", ())
        model = "the model of purchases"
        given = read_covariates(covariates, wanted, "LifetimeValue.newcomer", model=model)
        new = {"frequency": 0.0, "recency": 0.0, "T": 0.0, "monetary": np.nan}
        return self.of({**given, **new})

    def bootstrap(
        self,
        customers: Any,
        statistic: "Callable[[LifetimeValue], Any] | None" = None,
        *,
        draws: int = 200,
        level: float = 0.95,
        rng: Rng = None,
    ) -> pd.DataFrame:
        """Percentile intervals from fitting both models again to customers drawn anew.

        A draw takes the same customers for purchases and for spend.

        Args:
            customers: Those on whom the models were fitted, as in `table`.
            statistic: From a lifetime value to a number, an array, or a mapping of names to
                numbers, such as `lambda value: value.of(customer)`. Left out: the mean of these
                customers, and that of a new one.
            draws: How often customers are drawn, at least 20.
            level: The chance that an interval covers the true value.
            rng: Chance: a seed, a Generator, or None.

        Returns:
            One row a number: name, estimate, low, high, draws.

        Raises:
            ColumnError: If a column is not there, or holds what is not allowed.
            ArgumentError: If an argument is not allowed, or a number is not finite.
        """
        call = "LifetimeValue.bootstrap"
        instance(self.purchases, FittedPurchases, f"{call}: purchases", "It can't be fitted again.")
        units.same(customers, self.purchases.time_unit, call)
        again = redraw(
            self,
            read_customers(customers, call, monetary=True, covariates=self.purchases.covariates),
        )

        def usual(value: LifetimeValue) -> dict[str, float]:
            mean = float(value.table(customers)["lifetime_value"].mean())
            return {"mean": mean, "newcomer": value.newcomer()}

        asked = usual if statistic is None else statistic
        return bootstrapped(self, asked, call, again, draws=draws, level=level, rng=rng)

    def read(self, history: History, *, as_of: Times) -> Floats:
        """Money (n,), NaN where nothing was bought, or what is needed isn't known."""
        x, t_x, T, z = read_rfm(
            history,
            ends=as_of,
            start=None,
            event=self.event,
            collapse=self.collapse,
            time_unit=self.purchases.time_unit,
        )
        covariates = getattr(self.purchases, "covariates", ())
        facts = {name: _told(*history.fact(name)) for name in covariates}
        told = np.isfinite(x)
        for held in facts.values():
            told &= np.abs(held) <= FAR
        known = np.flatnonzero(told & ((x == 0) | (z > 0)))
        out = np.full(len(x), np.nan)
        for start in range(0, len(known), AT_ONCE):
            some = known[start : start + AT_ONCE]
            spent = np.where(x[some] > 0, z[some], np.nan)
            frame = {"frequency": x[some], "recency": t_x[some], "T": T[some], "monetary": spent}
            frame |= {name: held[some] for name, held in facts.items()}
            out[some] = self._worth(self._asked_with(frame))[1]
        return out

    def _asked_with(self, columns: dict[str, Floats]) -> Any:
        """Columns in the shape in which the models are asked; a frame for one of another make."""
        if not isinstance(self.purchases, FittedPurchases):
            return pd.DataFrame(columns)
        index = pd.RangeIndex(len(columns["frequency"]))
        return Table(columns, index, False, "LifetimeValue.read")  # a frame takes milliseconds

    def __repr__(self) -> str:
        ahead, discount, margin = self._asked().values()
        return f"LifetimeValue({self._model()}; {ahead}, {discount}, margin {margin})"

    def _repr_html_(self) -> str:
        spend = f"GammaGamma of {self.spend.n:,} customers who bought again"
        rows = {"purchases": self._model(), "spend": spend, **self._asked()}
        return html_table(list(rows.items()), ["part", "is"], caption="Lifetime value")

    def _model(self) -> str:
        model = type(getattr(self.purchases, "settings", self.purchases)).__name__
        return f"{model} of {getattr(self.purchases, 'n', 0):,} customers"

    def _asked(self) -> dict[str, str]:
        return {
            "horizon": "for ever" if self.horizon is None else f"within {self.horizon}",
            "discount": f"{100 * self.discount:g} % a year",
            "margin": f"{self.margin:g}",
        }

    def _worth(self, customers: Any) -> tuple[Any, Any]:
        """Expected spend and lifetime value."""
        spent = self.spend.expected_spend(customers)
        many = self.purchases.discounted_purchases(
            customers, horizon=self.horizon, discount=self.discount
        )
        return spent, self.margin * spent * many

    @property
    def _ahead(self) -> Any:
        """The horizon of expected purchases: a year where there is none, in whole periods if so."""
        if self.horizon is not None:
            return self.horizon
        year = units.a_year(self.purchases.time_unit, "LifetimeValue: purchases")
        return max(float(round(year)), 1.0) if getattr(self.purchases, "discrete", False) else year


def _told(words: Strings, numbers: Floats) -> Floats:
    """A fact as a covariate (n,): its number, 1 and 0 for yes and no, NaN where unknown."""
    out = numbers.copy()
    out[words == "yes"] = 1.0
    out[words == "no"] = 0.0
    return out
