"""A fitted model of buying and leaving: what it knows, and what it says of customers.

    P(alive)        the chance that somebody is still a customer
    E[Y(t)]         purchases expected in the time t from now; 0 for those who have left
    DERT            the same for ever, each purchase discounted to today

Everything is asked of (frequency, recency, T), in the unit of time that the model was fitted in.
"""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

import attrs
import numpy as np
import pandas as pd

from onefold._check import shown
from onefold._columns import frozen
from onefold._random import generator
from onefold._types import Bools, Floats, Rng
from onefold.errors import ArgumentError
from onefold.lifetime import units
from onefold.lifetime.faraway import faraway
from onefold.lifetime.fitting import Design
from onefold.lifetime.incoming import numbers
from onefold.lifetime.letters import as_html, as_text
from onefold.lifetime.processes.process import Process
from onefold.lifetime.reading import MOST, read_covariates, read_customers, whole_periods
from onefold.lifetime.resampled import bootstrapped, drawn_again
from onefold.lifetime.rows import Rows
from onefold.lifetime.sureness import intervals_of
from onefold.lifetime.units import Horizon

AT_ONCE = 1 << 16


def _owned(array: Any) -> Any:
    return frozen(np.array(array, dtype=np.float64))


def _view(mapping: Any) -> Any:
    return MappingProxyType(dict(mapping))


def _kept(rows: Rows) -> Rows:
    return rows.frozen()


def _still(design: Design) -> Design:
    held = {name: _view(getattr(design, name)) for name in ("acts", "centre", "scale")}
    return attrs.evolve(design, **held)


@attrs.frozen(eq=False, repr=False)
class FittedPurchases:
    """A fitted model of buying and leaving; made by `BGNBD().fit(summary)` and its like.

    Attributes:
        settings: The model's settings.
        log_likelihood: Natural logarithm of the likelihood, without a penalty.
        n: Customers on whom it was fitted.
        time_unit: What one unit of T is: "h", "D", "W", "M", "Y", or None where nobody said.
        made: How the summary that it was fitted on was made, collapse and event; empty for a
            frame.
        converged: Whether the search found the maximum.
        untold: Parameters that the data don't tell: the likelihood is flat, or goes on rising as
            they go towards 0 or infinity. Their standard error is infinite.
        steps: Newton steps taken.
    """

    settings: Any
    log_likelihood: float
    n: int
    time_unit: str | None
    made: Mapping[str, str | None] = attrs.field(converter=_view)
    converged: bool
    untold: tuple[str, ...]
    steps: int
    _process: Process
    _design: Design = attrs.field(converter=_still)
    _theta: Floats = attrs.field(converter=_owned)
    _covariance: Floats = attrs.field(converter=_owned)  # of theta; 0 at the edges
    _rows: Rows = attrs.field(converter=_kept)

    # ------------------------------------------------------------ what it knows

    @property
    def params(self) -> Mapping[str, float]:
        """The parameters by the paper's letters; coefficients as "letter:covariate".

        A letter with covariates is that of a customer whose covariates are all 0; where all lie
        far from 0, it may be too large or too small to be a number. Centre them then.
        """
        held = self._design.own_units @ self._theta
        letters = len(self._design.letters)
        with np.errstate(over="ignore"):  # at covariates of 0, which may lie far from everybody
            held[:letters] = np.exp(held[:letters])
        return MappingProxyType(dict(zip(self._design.names, held.tolist(), strict=True)))

    @property
    def covariance(self) -> pd.DataFrame:
        """Covariance of the logarithms of the letters, and of the coefficients as they are.

        The inverse of the observed information, from the analytic Hessian; infinite where the data
        don't tell a parameter.
        """
        turn = self._design.own_units
        held = turn @ self._covariance @ turn.T
        away = self._away
        held[away, :] = held[:, away] = 0.0
        held[away, away] = np.inf
        names = list(self._design.names)
        return pd.DataFrame(held, index=names, columns=names)

    @property
    def standard_errors(self) -> Mapping[str, float]:
        """The standard error of each parameter: of its logarithm, times it (delta method)."""
        errors = np.sqrt(np.diag(self.covariance.to_numpy()))
        held = {
            name: float(error) * (value if ":" not in name and np.isfinite(error) else 1.0)
            for (name, value), error in zip(self.params.items(), errors, strict=True)
        }
        return MappingProxyType(held)

    def intervals(self, level: float = 0.95, *, method: str = "profile") -> pd.DataFrame:
        """Intervals for the parameters.

        Args:
            level: The chance that an interval covers the true value.
            method: "profile": the values that a likelihood-ratio test does not reject, the others
                refitted for each of them (Venzon and Moolgavkar, Applied Statistics 37, 1988).
                "wald": of the logarithm of a letter, or of a coefficient, the estimate and so many
                standard errors; quicker, and poorer where the likelihood is lopsided.

        Returns:
            One row a parameter: param, estimate, standard_error, low, high, method.

        Raises:
            ArgumentError: If an argument is not allowed, or profiles are asked of a fit with a
                penalty, whose likelihood is not what was maximised.
        """
        with np.errstate(over="ignore"):  # what is beyond all numbers is infinite
            return intervals_of(self, level, method)

    def bootstrap(
        self,
        statistic: Callable[["FittedPurchases"], Any] | None = None,
        *,
        draws: int = 200,
        level: float = 0.95,
        rng: Rng = None,
    ) -> pd.DataFrame:
        """Percentile intervals from fitting again to customers drawn with replacement.

        Args:
            statistic: From a fitted model to a number, an array, or a mapping of names to numbers,
                such as `lambda fit: fit.expected_purchases(customer, horizon=90)`. Left out: the
                parameters.
            draws: How often customers are drawn, at least 20.
            level: The chance that an interval covers the true value.
            rng: Chance: a seed, a Generator, or None.

        Returns:
            One row a number: name, estimate, low, high, draws; `draws` are the fits that an
            interval rests on.

        Raises:
            ArgumentError: If an argument is not allowed.
        """
        call = f"{type(self.settings).__name__}.bootstrap"

        def letters(fit: FittedPurchases) -> Mapping[str, float]:
            far = faraway(fit._design, fit.params)
            if far:
                raise ArgumentError(f"{call}: {far} Or give a statistic of what is expected.")
            return fit.params

        asked = letters if statistic is None else statistic
        return bootstrapped(
            self, asked, call, partial(drawn_again, self), draws=draws, level=level, rng=rng
        )

    @property
    def covariates(self) -> tuple[str, ...]:
        """The covariates of the model, each once."""
        return self._design.covariates

    @property
    def discrete(self) -> bool:
        """Whether T and horizons are whole numbers of opportunities, as in BG/BB."""
        return self._process.discrete

    # ------------------------------------------------------------ what it says of customers

    def p_alive(self, customers: Any) -> Any:
        """The chance that somebody is still a customer at the end of what was seen of them.

        Args:
            customers: A summary, a frame with the columns frequency, recency and T, or one
                customer as a mapping such as `{"frequency": 2, "recency": 30.4, "T": 38.9}`; with
                the covariates that the model has.

        Returns:
            Chances (n,) in the order of the rows; a float for one customer.

        Raises:
            ColumnError: If a column is missing, or holds what is not allowed.
        """
        return self._ask(customers, "p_alive", self._process.alive)

    def expected_purchases(self, customers: Any, *, horizon: Horizon) -> Any:
        """Purchases expected within a horizon after what was seen of a customer.

        Args:
            customers: As in `p_alive`.
            horizon: A number of the model's units of time, or a length of time such as "90D"; of
                BG/BB a whole number, or a length that is rounded to one.

        Returns:
            Numbers of purchases (n,), each a day (or another period) with purchases if the summary
            merged them; a float for one customer.

        Raises:
            ColumnError: If a column is missing, or holds what is not allowed.
            ArgumentError: If the horizon is not allowed.
        """
        time = self._periods(horizon, "expected_purchases")
        return self._ask(
            customers, "expected_purchases", lambda p, rows: self._process.expected(p, rows, time)
        )

    def discounted_purchases(
        self, customers: Any, *, horizon: Horizon | None = None, discount: float = 0.1
    ) -> Any:
        """Purchases expected from now on, each discounted to now: DERT, for ever, by default.

        A purchase after the time t counts (1 + discount)^(-t in years).

        Args:
            customers: As in `p_alive`.
            horizon: As in `expected_purchases`; None: for ever.
            discount: The rate a year, above 0 where the horizon is None: 0.1 is ten per cent.

        Returns:
            Discounted purchases (n,); a float for one customer.

        Raises:
            ColumnError: If a column is missing, or holds what is not allowed.
            ArgumentError: If an argument is not allowed, or the unit of time is not known.
        """
        call = f"{type(self.settings).__name__}.discounted_purchases"
        rate = units.yearly(discount, horizon, call) / units.a_year(self.time_unit, call)
        time = None if horizon is None else self._periods(horizon, "discounted_purchases")
        return self._ask(
            customers,
            "discounted_purchases",
            lambda p, rows: self._process.discounted(p, rows, rate, time),
        )

    def expected_purchases_new_customer(
        self, horizon: Any, *, covariates: Mapping[str, float] | None = None
    ) -> Any:
        """Repeat purchases expected of a new customer within a horizon after the first purchase.

        Args:
            horizon: As in `expected_purchases`, or an array (t,) of numbers of units.
            covariates: The new customer's covariates, where the model has some.

        Returns:
            Repeat purchases: a float, or (t,).

        Raises:
            ArgumentError: If an argument is not allowed.
        """
        call = f"{type(self.settings).__name__}.expected_purchases_new_customer"
        several = isinstance(horizon, (list, tuple, np.ndarray))
        asked = list(horizon) if several else [horizon]
        times = np.array([self._periods(h, "expected_purchases_new_customer") for h in asked])
        found = self._process.newcomer(self._newcomer(covariates, call), times)
        return found if several else float(found[0])

    def simulate(self, T: Any, *, rng: Rng = None) -> pd.DataFrame:
        """Customers drawn from the model, without covariates.

        Args:
            T: How long each is seen after the first purchase (n,), in units of time.
            rng: Chance: a seed, a Generator, or None.

        Returns:
            One row a customer: frequency, recency, T.

        Raises:
            ArgumentError: If T is not allowed, or the model has covariates.
        """
        call = f"{type(self.settings).__name__}.simulate"
        held = numbers(T)
        times = np.full(1, np.nan) if held is None else held.reshape(-1)
        if not ((times >= 0) & (times <= MOST)).all():
            raise ArgumentError(
                f"{call}: T holds {shown(T)}; it takes finite numbers from 0 to {MOST:g}."
            )
        params = self._newcomer(None, call)
        if self.discrete:
            nothing = np.zeros(len(times))
            whole_periods(nothing, nothing, times, call)
        x, t_x = self._process.draw(params, times, generator(rng, f"{call}: rng"))
        return pd.DataFrame({"frequency": x, "recency": t_x, "T": times})

    # ------------------------------------------------------------ how it is shown

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FittedPurchases):
            return NotImplemented
        arrays = ("_theta", "_covariance")
        plain = [f.name for f in attrs.fields(FittedPurchases) if f.name not in (*arrays, "_rows")]
        return (
            all(bool(getattr(self, name) == getattr(other, name)) for name in plain)
            and all(np.array_equal(getattr(self, a), getattr(other, a)) for a in arrays)
            and self._rows.same_as(other._rows)
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return as_text(self, self._head())

    def _repr_html_(self) -> str:
        return as_html(self, self._head())

    def _head(self) -> str:
        unit = "" if self.time_unit is None else f", in {units.said(self.time_unit)}"
        return (
            f"{type(self.settings).__name__} of {self.n:,} customers{unit}: "
            f"log likelihood {self.log_likelihood:,.3f}"
        )

    # ------------------------------------------------------------ inside

    @property
    def _away(self) -> Bools:
        return np.array([name in self.untold for name in self._design.names])

    def _periods(self, horizon: Any, method: str) -> float:
        call = f"{type(self.settings).__name__}.{method}: horizon"
        time = units.periods(horizon, self.time_unit, call)
        return units.rounded(time, horizon, call) if self.discrete else time

    def _newcomer(self, covariates: Any, call: str) -> Floats:
        given = read_covariates(covariates, self._design.covariates, call)
        one = np.zeros(1)
        z = {name: np.array([value]) for name, value in given.items()}
        columns = self._design.columns(Rows.of(one, one, one, z))
        return self._design.params(self._theta, columns)

    def _ask(self, customers: Any, method: str, what: Callable[[Floats, Rows], Floats]) -> Any:
        call = f"{type(self.settings).__name__}.{method}"
        units.same(customers, self.time_unit, call)
        held = read_customers(customers, call, covariates=self._design.covariates)
        if self._process.discrete:
            whole_periods(held.x, held.t_x, held.T, call)
        rows, place = Rows.of(held.x, held.t_x, held.T, held.z).grouped()
        found = np.empty(len(rows))
        for start in range(0, len(rows), AT_ONCE):
            some = rows.take(slice(start, start + AT_ONCE))
            params = self._design.params(self._theta, self._design.columns(some))
            found[start : start + AT_ONCE] = what(params, some)
        out = found if place is None else found[place]
        return float(out[0]) if held.single else out
