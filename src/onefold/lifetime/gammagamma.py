"""Gamma-Gamma as users meet it: settings, a fitted value, and what a purchase is expected to bring.

    E[M | x, z] = p (v + x z) / (p x + q - 1)
                = (q - 1) / (p x + q - 1) * pv / (q - 1)  +  p x / (p x + q - 1) * z

the mean of all customers and the customer's own, weighted by how much is known of her: with x = 0
it is the mean pv / (q - 1) of all. Letters: v is the paper's gamma. The model takes for granted
that how often somebody buys says nothing of how much; `FittedSpend.independence` looks at that.
"""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

import attrs
import numpy as np
import pandas as pd
from scipy.special import ndtri

from onefold._check import fraction, is_several, shown
from onefold._columns import frozen
from onefold._random import generator
from onefold._types import Floats, Rng
from onefold.errors import ArgumentError
from onefold.lifetime.incoming import numbers
from onefold.lifetime.independence import Correlation, correlations
from onefold.lifetime.letters import as_html, as_text, warn_of
from onefold.lifetime.reading import MOST, read_customers
from onefold.lifetime.resampled import bootstrapped
from onefold.lifetime.spend import Means, Spend, search

LETTERS = Spend.letters


@attrs.frozen
class GammaGamma:
    """The Gamma-Gamma model of what customers spend at a purchase.

    A customer's purchases are gamma (p, nu), and her nu is gamma (q, v), independent of how often
    she buys. Fitted by maximum likelihood on those who bought again.

    Source: Fader and Hardie, "The Gamma-Gamma model of monetary value", 2013, equation 1a; Colombo
    and Jiang, "A stochastic RFM model", Journal of Interactive Marketing 13, 1999.

    Examples:
        >>> import pandas as pd
        >>> from onefold.lifetime import GammaGamma
        >>> summary = pd.DataFrame({
        ...     "frequency": [2, 1, 0, 3, 1, 5, 2, 4],
        ...     "monetary": [22.4, 11.8, 0, 60.1, 8.9, 19.5, 140, 31]})
        >>> spend = GammaGamma().fit(summary)
        >>> spend.n
        7
        >>> round(spend.expected_spend({"frequency": 2, "monetary": 22.4}), 1)
        27.2
    """

    def fit(self, summary: Any) -> "FittedSpend":
        """Find the likeliest letters.

        Args:
            summary: What `lifetime.rfm_summary` returns, or a frame of any make with the columns
                frequency (repeat purchases) and monetary (their mean value, in units of money).
                Customers with frequency 0 are not used.

        Returns:
            The fitted model. Where the data don't tell the letters apart (fewer than three
            different rows, or customers who always spend the same), the likelihood is flat or rises
            without end: `untold` names them, and a FitWarning says so.

        Raises:
            ColumnError: If a column is not there, or holds what is not allowed.
            ArgumentError: If nobody bought again, or it is one customer.
        """
        who = read_customers(summary, "GammaGamma.fit", times=False, monetary=True)
        if who.single:
            raise ArgumentError("GammaGamma.fit: summary is one customer; it takes many.")
        again = who.x > 0
        if not again.any():
            raise ArgumentError(
                f"GammaGamma.fit: summary holds {len(who):,} customers, and none of them bought "
                "again (frequency above 0), so nothing is known of repeat purchases. Give a longer "
                "time, such as lifetime.rfm_summary(log) without end=."
            )
        x, z = who.x[again], who.monetary[again]
        fitted = _fitted(self, Means.of(x, z).compressed(), correlations(x, z))
        stopped = "the search stopped without a maximum; don't use these parameters."
        warn_of(fitted, "GammaGamma.fit", stopped)
        return fitted


def _fitted(
    settings: GammaGamma, rows: Means, correlated: tuple[Correlation, ...]
) -> "FittedSpend":
    n = float(rows.weight.sum())
    unit = float(np.exp(rows.weight @ np.log(rows.z) / n))  # so that the currency does not matter
    found = search(attrs.evolve(rows, z=rows.z / unit))
    theta = found.theta + np.array([0.0, 0.0, np.log(unit)])
    return FittedSpend(
        settings=settings,
        params=dict(zip(LETTERS, np.exp(theta).tolist(), strict=True)),
        covariance=found.covariance,
        log_likelihood=found.value - n * float(np.log(unit)),
        n=round(n),
        converged=found.converged,
        untold=tuple(letter for letter, at in zip(LETTERS, found.untold, strict=True) if at),
        correlations=correlated,
        rows=rows,
    )


def redrawn(fitted: "FittedSpend", rng: np.random.Generator) -> "FittedSpend":
    """The model fitted to its own customers drawn again."""
    rows = fitted._rows
    drawn = rng.multinomial(fitted.n, rows.weight / rows.weight.sum()).astype(np.float64)
    return refitted(fitted, rows, drawn)


def refitted(fitted: "FittedSpend", rows: Means, weight: Floats) -> "FittedSpend":
    """The model fitted to rows with other weights; its correlations stay those of the first fit."""
    some = attrs.evolve(rows.take(np.flatnonzero(weight)), weight=weight[weight > 0])
    return _fitted(fitted.settings, some, fitted.correlations)


def _letters(params: Mapping[str, float]) -> Mapping[str, float]:
    return MappingProxyType({letter: float(params[letter]) for letter in LETTERS})


def _owned(values: Any) -> Floats:
    return frozen(np.array(values, dtype=np.float64))


def _equal(a: Floats, b: Floats) -> bool:
    return np.array_equal(a, b, equal_nan=True)


@attrs.frozen(kw_only=True)
class FittedSpend:
    """A fitted Gamma-Gamma model.

    Attributes:
        settings: The settings.
        params: p, q and v (the paper's gamma; in units of money), read-only.
        log_likelihood: At the maximum.
        n: Customers it was fitted on: those who bought again.
        converged: Whether the search ended at a maximum.
        untold: Letters that the data don't tell: the likelihood is flat, or goes on rising as they
            go towards 0 or infinity. Their standard error is infinite; what customers are expected
            to spend may still be sound.
        correlations: What `independence` shows.
    """

    settings: GammaGamma
    params: Mapping[str, float] = attrs.field(converter=_letters)
    log_likelihood: float
    n: int
    converged: bool
    untold: tuple[str, ...]
    correlations: tuple[Correlation, ...]
    _covariance: Floats = attrs.field(converter=_owned, eq=attrs.cmp_using(eq=_equal))
    _rows: Means = attrs.field(eq=False)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return as_text(self, self._head())

    def _repr_html_(self) -> str:
        return as_html(self, self._head())

    def _head(self) -> str:
        return (
            f"GammaGamma of {self.n:,} customers who bought again: "
            f"log likelihood {self.log_likelihood:,.3f}"
        )

    @property
    def covariance(self) -> pd.DataFrame:
        """Covariance of the logarithms of p, q, v: the inverse of the observed information.

        Infinite for letters that the data don't tell.
        """
        return pd.DataFrame(self._covariance.copy(), index=list(LETTERS), columns=list(LETTERS))

    @property
    def standard_errors(self) -> Mapping[str, float]:
        """The standard error of each letter: of its logarithm, times it (delta method)."""
        errors = np.sqrt(np.diag(self._covariance))
        return MappingProxyType(
            {k: v * float(e) for (k, v), e in zip(self.params.items(), errors, strict=True)}
        )

    def intervals(self, level: float = 0.95) -> pd.DataFrame:
        """Intervals of the letters by Wald's method on their logarithms.

        exp(log estimate -+ z * standard error of the logarithm).

        Args:
            level: The chance that an interval covers the true letter.

        Returns:
            One row a letter: param, estimate, standard_error, low, high, method; from 0 to
            infinity for letters that the data don't tell.

        Raises:
            ArgumentError: If `level` is not between 0 and 1.
        """
        share = fraction(level, "FittedSpend.intervals: level")
        values = np.array(list(self.params.values()))
        with np.errstate(over="ignore"):  # what is beyond all numbers is infinite
            wide = np.exp(float(ndtri(0.5 + share / 2)) * np.sqrt(np.diag(self._covariance)))
        frame = pd.DataFrame({"param": list(LETTERS), "estimate": values})
        frame["standard_error"] = list(self.standard_errors.values())
        return frame.assign(low=values / wide, high=values * wide, method="wald")

    def bootstrap(
        self,
        statistic: "Callable[[FittedSpend], Any] | None" = None,
        *,
        draws: int = 200,
        level: float = 0.95,
        rng: Rng = None,
    ) -> pd.DataFrame:
        """Percentile intervals from fitting again to customers drawn with replacement.

        Args:
            statistic: From a fitted model to a number, an array, or a mapping of names to numbers,
                such as `lambda fit: fit.mean_spend`. Left out: the letters.
            draws: How often customers are drawn, at least 20.
            level: The chance that an interval covers the true value.
            rng: Chance: a seed, a Generator, or None.

        Returns:
            One row a number: name, estimate, low, high, draws.

        Raises:
            ArgumentError: If an argument is not allowed, or a number is not finite.
        """
        asked = (lambda fit: fit.params) if statistic is None else statistic
        call = "FittedSpend.bootstrap"
        return bootstrapped(
            self, asked, call, partial(redrawn, self), draws=draws, level=level, rng=rng
        )

    @property
    def independence(self) -> pd.DataFrame:
        """How frequency and monetary value go together among those who bought again.

        The model takes it for granted that they don't. A correlation clearly off 0 means that
        the expected spend of those who buy often is too low (where it is above 0) or too high.
        Of Pearson's the interval is by the delta method on Fisher's z, which asks for no normal
        distribution; of Spearman's by Bonett and Wright ("Sample size requirements for estimating
        Pearson, Kendall and Spearman correlations", Psychometrika 65, 2000).

        Returns:
            One row each, "pearson" and "spearman" (the index): correlation, low, high (95 %),
            method, n. NaN where all are alike in one of the two, or below four customers.
        """
        held = [(c.name, c.value, c.low, c.high, c.method, self.n) for c in self.correlations]
        columns = ["name", "correlation", "low", "high", "method", "n"]
        return pd.DataFrame(held, columns=columns).set_index("name")

    @property
    def mean_spend(self) -> float:
        """What a new customer is expected to spend at a purchase: pv / (q - 1).

        Raises:
            ArgumentError: If q is at most 1: then the mean of all customers is infinite.
        """
        p, q, v = self.params.values()
        if q <= 1:
            raise ArgumentError(f"FittedSpend.mean_spend: {self._no_mean}")
        return p * v / (q - 1)

    def expected_spend(self, customers: Any) -> Any:
        """What a customer is expected to spend at a further purchase, in units of money.

        E[M | x, z] = p (v + x z) / (p x + q - 1), for frequency 0 the mean of all, pv / (q - 1).

        Args:
            customers: A summary, a frame with frequency and monetary, or a mapping of one customer.

        Returns:
            Money (n,) in the order of the rows; a float for a mapping.

        Raises:
            ColumnError: If a column is not there, or holds what is not allowed.
            ArgumentError: If somebody's expectation is infinite (px + q is at most 1), such as
                that of customers with frequency 0 where q is at most 1.

        Source: Fader and Hardie 2013, equation 5.
        """
        call = "FittedSpend.expected_spend"
        who = read_customers(customers, call, times=False, monetary=True)
        p, q, v = self.params.values()
        below = p * who.x + (q - 1)
        if (below <= 0).any():
            wrong = below <= 0
            i, many = int(np.argmax(wrong)), int(wrong.sum())
            raise ArgumentError(
                f"{call}: the expectation of {many:,} of {len(who):,} customers is infinite, the "
                f"first of them {shown(who.index[i])} with frequency {who.x[i]:g}: {self._no_mean}"
            )
        spent = np.where(who.x > 0, who.x * who.monetary, 0.0)
        spent += v
        spent *= p
        spent /= below
        return float(spent[0]) if who.single else spent

    @property
    def _no_mean(self) -> str:
        p, q, _ = self.params.values()
        return (
            f"q is {q:.4g}, and money has a mean only where p * frequency + q is above 1 (p is "
            f"{p:.4g}): few customers spend so much that no mean stands for all. Ask only for "
            "customers who bought often enough, or look at the largest values for what is no "
            "purchase of a customer."
        )

    def simulate(self, frequency: Any, *, rng: Rng = None) -> Floats:
        """Simulated mean values of repeat purchases.

        Args:
            frequency: Repeat purchases (n,).
            rng: Chance: a seed, a Generator, or None.

        Returns:
            Money (n,), NaN where frequency is 0.

        Raises:
            ArgumentError: If frequency holds what is no number of purchases.
        """
        many = numbers(frequency) if is_several(frequency) else None
        if (
            many is None
            or many.ndim != 1
            or not ((many >= 0) & (many <= MOST) & (many == np.rint(many))).all()
        ):
            raise ArgumentError(
                f"FittedSpend.simulate: frequency is {shown(frequency)}; it takes an array of "
                f"whole numbers, from 0 to {MOST:g}."
            )
        p, q, v = self.params.values()
        chance = generator(rng, "FittedSpend.simulate: rng")
        nu = chance.gamma(q, 1 / v, len(many))
        total = chance.gamma(p * np.maximum(many, 1), 1 / nu)
        return np.where(many > 0, total / np.maximum(many, 1), np.nan)
