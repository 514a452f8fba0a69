"""Models of buying and leaving: settings, whose `fit` returns a fitted value.

    fitted = BGNBD().fit(rfm_summary(log))        fitted.expected_purchases(customers, horizon=90)

BG/NBD is the usual first choice; MBG/NBD is the same without its oddity that all who bought once
are alive; in Pareto/NBD customers leave at any time; BG/BB is for chances to buy that come at
fixed times, such as a yearly appeal.
"""

from typing import Any

import attrs
import numpy as np

from onefold._check import is_several, shown, text
from onefold.errors import ArgumentError
from onefold.lifetime import units
from onefold.lifetime.faraway import faraway
from onefold.lifetime.fitted import FittedPurchases
from onefold.lifetime.fitting import Design, search, unpenalised
from onefold.lifetime.incoming import real
from onefold.lifetime.letters import warn_of
from onefold.lifetime.processes.bgbb import BetaBernoulli
from onefold.lifetime.processes.bgnbd import BetaGeometric
from onefold.lifetime.processes.paretonbd import Pareto
from onefold.lifetime.processes.process import Process
from onefold.lifetime.reading import read_customers, whole_periods
from onefold.lifetime.rfm import RFMSummary
from onefold.lifetime.rows import Rows
from onefold.lifetime.sureness import covariance, untold
from onefold.lifetime.warned import warn

NEEDED = ("frequency", "recency", "T", "monetary")


def _listed(value: Any) -> tuple[str, ...]:
    """A list as a tuple; anything else stays, for the check to refuse."""
    several = is_several(value) and not isinstance(value, str)
    return tuple(value) if several else value


def _covariates(model: Any, field: "attrs.Attribute[Any]", value: Any) -> None:
    name = f"{type(model).__name__}: {field.name}"
    if not isinstance(value, tuple):
        raise ArgumentError(f"{name} is {shown(value)}; it takes a list of columns: [{value!r}].")
    for one in value:
        text(one, name)
    odd = [one for one in value if one in NEEDED or ":" in one or value.count(one) > 1]
    if odd:
        raise ArgumentError(
            f"{name} holds {odd[0]!r}; each covariate once, by a name without ':' that is not one "
            "of a summary's own columns."
        )


def _penalty(model: Any, field: "attrs.Attribute[Any]", value: Any) -> None:
    if not (np.isfinite(real(value)) and value >= 0):
        raise ArgumentError(
            f"{type(model).__name__}: {field.name} is {shown(value)}; it takes a number from 0 on."
        )


@attrs.frozen(kw_only=True)
class BGNBD:
    """BG/NBD: customers buy at random at their own rate, and may leave after a repeat purchase.

    Buying is Poisson with a rate of its own for each customer, gamma (r, alpha) over customers;
    after each repeat purchase a customer leaves with a chance p of their own, beta (a, b). See
    `FittedPurchases` for what the fit says. Fitted by maximum likelihood: Newton steps with the
    analytic gradient and Hessian, on each different row once.

    Source: Fader, Hardie and Lee, "'Counting your customers' the easy way", Marketing Science 24,
    2005, equations 6 (likelihood), 9 (new customers) and 10 (expected purchases). Covariates:
    Fader and Hardie, "Incorporating time-invariant covariates into the Pareto/NBD and BG/NBD
    models", 2007: alpha_i = alpha exp(-c'z), a_i = a exp(d'z), b_i = b exp(e'z).

    Args:
        purchase: Covariates of buying: columns of numbers, constant in time. A coefficient above 0
            means that whoever has more of it buys more often.
        dropout: Covariates of leaving; each has a coefficient on a and one on b.
        l2: Penalty: what is maximised is log L - l2 * (sum of squared coefficients of covariates
            in units of their standard deviations). Not on the letters.

    Examples:
        >>> import onefold as of
        >>> from onefold.lifetime import BGNBD, rfm_summary
        >>> log = of.datasets.simulate(300, days=365, rng=7).log
        >>> fitted = BGNBD().fit(rfm_summary(log, time_unit="W"))
        >>> {letter: round(value, 1) for letter, value in fitted.params.items()}
        {'r': 1.6, 'alpha': 8.3, 'a': 0.7, 'b': 15.4}
        >>> silent = {"frequency": 9, "recency": 20, "T": 50}  # in weeks
        >>> round(fitted.p_alive(silent), 2), round(fitted.expected_purchases(silent, horizon=8), 2)
        (0.01, 0.02)
    """

    purchase: tuple[str, ...] = attrs.field(default=(), converter=_listed, validator=_covariates)
    dropout: tuple[str, ...] = attrs.field(default=(), converter=_listed, validator=_covariates)
    l2: float = attrs.field(default=0.0, validator=_penalty)

    def fit(self, summary: Any, *, time_unit: str | None = None) -> FittedPurchases:
        """Fit by maximum likelihood.

        Args:
            summary: What `rfm_summary` returns, or a frame with the columns frequency, recency, T
                and the covariates.
            time_unit: What one unit of T is, where a frame doesn't say: "h", "D", "W", "M", "Y".

        Raises:
            ColumnError: If a column is missing, or holds what is not allowed.
            ArgumentError: If nobody bought again.
        """
        return fit_purchases(self, BetaGeometric(False), summary, time_unit)


@attrs.frozen(kw_only=True)
class MBGNBD:
    """MBG/NBD: as BG/NBD, but a customer may also leave right after the first purchase.

    So one-time buyers are not all alive. Source: Batislam, Denizel and Filiztekin, "Empirical
    validation and comparison of models for customer base analysis", International Journal of
    Research in Marketing 24, 2007; Hoppe and Wagner, "Customer base analysis: the case for a
    central variant of the Betageometric/NBD model", Marketing JRM 3, 2007.

    Args:
        purchase: Covariates of buying, as in `BGNBD`.
        dropout: Covariates of leaving, as in `BGNBD`.
        l2: Penalty on the coefficients of covariates, as in `BGNBD`.

    Examples:
        >>> import onefold as of
        >>> from onefold.lifetime import BGNBD, MBGNBD, rfm_summary
        >>> summary = rfm_summary(of.datasets.simulate(300, days=365, rng=7).log)
        >>> once = {"frequency": 0, "recency": 0, "T": 300}  # in days
        >>> [round(model.fit(summary).p_alive(once), 2) for model in (BGNBD(), MBGNBD())]
        [1.0, 0.13]
    """

    purchase: tuple[str, ...] = attrs.field(default=(), converter=_listed, validator=_covariates)
    dropout: tuple[str, ...] = attrs.field(default=(), converter=_listed, validator=_covariates)
    l2: float = attrs.field(default=0.0, validator=_penalty)

    def fit(self, summary: Any, *, time_unit: str | None = None) -> FittedPurchases:
        """Fit by maximum likelihood; arguments and errors as in `BGNBD.fit`."""
        return fit_purchases(self, BetaGeometric(True), summary, time_unit)


@attrs.frozen(kw_only=True)
class ParetoNBD:
    """Pareto/NBD: customers buy at random at their own rate, and leave at any time.

    Buying is Poisson, with rates gamma (r, alpha) over customers; the time until a customer leaves
    is exponential, with rates gamma (s, beta).

    Source: Schmittlein, Morrison and Colombo, "Counting your customers: who are they and what will
    they do next?", Management Science 33, 1987; Fader and Hardie, "A note on deriving the
    Pareto/NBD model and related expressions", 2005. Covariates as in Fader and Hardie 2007:
    alpha_i = alpha exp(-c'z), beta_i = beta exp(-d'z).

    Args:
        purchase: Covariates of buying. A coefficient above 0 means more purchases.
        dropout: Covariates of leaving. A coefficient above 0 means leaving sooner.
        l2: Penalty on the coefficients of covariates, as in `BGNBD`.

    Examples:
        >>> import onefold as of
        >>> from onefold.lifetime import ParetoNBD, rfm_summary
        >>> log = of.datasets.simulate(300, days=365, rng=7).log
        >>> fitted = ParetoNBD().fit(rfm_summary(log, time_unit="W"))
        >>> loyal = {"frequency": 9, "recency": 49, "T": 50}
        >>> round(fitted.discounted_purchases(loyal, discount=0.15), 1)  # for ever: DERT
        17.2
    """

    purchase: tuple[str, ...] = attrs.field(default=(), converter=_listed, validator=_covariates)
    dropout: tuple[str, ...] = attrs.field(default=(), converter=_listed, validator=_covariates)
    l2: float = attrs.field(default=0.0, validator=_penalty)

    def fit(self, summary: Any, *, time_unit: str | None = None) -> FittedPurchases:
        """Fit by maximum likelihood; arguments and errors as in `BGNBD.fit`."""
        return fit_purchases(self, Pareto(), summary, time_unit)


@attrs.frozen
class BGBB:
    """BG/BB: at each of T opportunities a customer buys or not, and may leave before the next.

    Chances to buy are beta (alpha, beta) over customers, chances to leave beta (gamma, delta). T,
    recency and horizons are whole numbers of opportunities: a summary must merge purchases in its
    unit of time, and a length of time as a horizon is rounded to whole periods. `p_alive` is the
    chance to be there at the next opportunity, T + 1, as in the paper's tables.

    Source: Fader, Hardie and Shang, "Customer-base analysis in a discrete-time noncontractual
    setting", Marketing Science 29, 2010.

    Examples:
        >>> import onefold as of
        >>> from onefold.lifetime import BGBB, rfm_summary
        >>> log = of.datasets.simulate(500, days=365, rng=7).log
        >>> fitted = BGBB().fit(rfm_summary(log, collapse="M", time_unit="M"))
        >>> some = {"frequency": 5, "recency": 10, "T": 10}  # 5 of 10 months, the last among them
        >>> round(fitted.expected_purchases(some, horizon=12), 1)
        4.9
    """

    def fit(self, summary: Any, *, time_unit: str | None = None) -> FittedPurchases:
        """Fit by maximum likelihood; arguments and errors as in `BGNBD.fit`.

        A summary must merge purchases by its own unit: `rfm_summary(log, collapse="W",
        time_unit="W")`, so that a customer buys at most once at an opportunity.
        """
        return fit_purchases(self, BetaBernoulli(), summary, time_unit)


def fit_purchases(
    settings: Any, process: Process, summary: Any, time_unit: str | None
) -> FittedPurchases:
    """Fit a process to customers."""
    call = f"{type(settings).__name__}.fit"
    unit = _unit(summary, time_unit, call)
    wanted = {which: getattr(settings, which, ()) for which in ("purchase", "dropout")}
    names = tuple(dict.fromkeys([*wanted["purchase"], *wanted["dropout"]]))
    held = read_customers(summary, call, covariates=names)
    if held.single:
        raise ArgumentError(f"{call}: summary is one customer; a fit needs a table of many.")
    if process.discrete:
        whole_periods(held.x, held.t_x, held.T, call)
    if not (held.x > 0).any():
        raise ArgumentError(
            f"{call}: nobody of {len(held.x):,} customers bought again, so nothing tells rates of "
            "buying from leaving. Look back further, or collapse= by a shorter period."
        )
    age = float(held.T.mean())
    design = _design(process, wanted, held.z, getattr(settings, "l2", 0.0), age, call)
    rows = Rows.of(held.x, held.t_x, held.T, held.z).compressed()
    found = search(process, design, rows)
    fitted = FittedPurchases(
        settings=settings,
        log_likelihood=unpenalised(design, found),
        n=len(held.x),
        time_unit=unit,
        made=_made(summary),
        converged=found.converged,
        untold=untold(design, found),
        steps=found.steps,
        process=process,
        design=design,
        theta=found.point,
        covariance=covariance(found.hessian, found.edges),
        rows=rows,
    )
    _warn(fitted, call)
    return fitted


def _made(summary: Any) -> dict[str, str | None]:
    """How a summary was made, as far as it knows."""
    if not isinstance(summary, RFMSummary):
        return {}
    return {"collapse": summary.collapse, "event": summary.event}


def _unit(summary: Any, time_unit: Any, call: str) -> str | None:
    own = getattr(summary, "time_unit", None)
    own = own if isinstance(own, str) else None
    given = units.unit_or_none(time_unit, f"{call}: time_unit")
    if own is not None and given not in (None, own):
        raise ArgumentError(
            f"{call}: time_unit is {given!r}, but the summary is in {own!r}. Leave it out."
        )
    return own or given


def _design(
    process: Process, wanted: dict[str, tuple[str, ...]], z: Any, l2: float, age: float, call: str
) -> Design:
    acts = {
        letter: (wanted[which], sign)
        for letter, (which, sign) in process.links.items()
        if wanted[which]
    }
    centre: dict[str, float] = {}
    scale: dict[str, float] = {}
    for name, values in z.items():
        centre[name], scale[name] = float(np.mean(values)), float(np.std(values))
        if not scale[name] > 1e-12 * float(np.abs(values).max()):
            raise ArgumentError(
                f"{call}: covariate {name!r} is {centre[name]:g} for everybody, so it tells "
                "nothing; leave it out."
            )
    _apart(z, centre, scale, call)
    return Design(process.letters, acts, centre, scale, l2, process.timed, age)


def _apart(z: Any, centre: dict[str, float], scale: dict[str, float], call: str) -> None:
    """Refuse covariates of which one follows from the others."""
    names = list(z)
    if len(names) < 2:
        return
    held = np.stack([(z[n] - centre[n]) / scale[n] for n in names])
    values, vectors = np.linalg.eigh(held @ held.T / held.shape[1])
    if values[0] < 1e-9:
        among = [n for n, v in zip(names, vectors[:, 0], strict=True) if abs(v) > 1e-3]
        raise ArgumentError(
            f"{call}: of the covariates {', '.join(map(repr, among))} one follows from the others; "
            "leave one out."
        )


def _warn(fitted: FittedPurchases, call: str) -> None:
    stopped = (
        f"the search stopped after {fitted.steps} steps without a maximum; don't use these "
        "parameters. Fewer covariates, or an l2 penalty, may help."
    )
    warn_of(fitted, call, stopped)
    far = faraway(fitted._design, fitted.params)
    if far:
        warn(f"{call}: {far} What the model expects is sound.")
