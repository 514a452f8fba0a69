"""Is the larger model better than chance? The likelihood-ratio test of nested models.

    statistic = 2 (log L of the larger - log L of the smaller)  ~  chi squared

with as many degrees of freedom as the larger has coefficients more, if the smaller model is true
and customers are many. Source: Wilks, "The large-sample distribution of the
likelihood ratio for testing composite hypotheses", Annals of Mathematical Statistics 9, 1938.
"""

import attrs
import numpy as np
from scipy.stats import chi2

from onefold._check import instance
from onefold._display import html_table, number
from onefold.errors import ArgumentError
from onefold.lifetime.fitted import FittedPurchases

SAME = 1e-6  # a larger model that is worse by more did not find its maximum


@attrs.frozen
class LikelihoodRatio:
    """A likelihood-ratio test.

    Attributes:
        statistic: Twice the gain in log likelihood.
        df: Coefficients that the larger model has more.
        p: The chance of at least this gain if the smaller model is true (chi squared).
    """

    statistic: float
    df: int
    p: float

    def _repr_html_(self) -> str:
        row = [number(self.statistic), self.df, number(self.p)]
        return html_table([row], ["statistic", "df", "p"], caption="Likelihood-ratio test")


def likelihood_ratio(smaller: FittedPurchases, larger: FittedPurchases) -> LikelihoodRatio:
    """Test whether covariates tell more of customers than chance would.

    Args:
        smaller: A fit with fewer covariates, or none.
        larger: The same model on the same customers, with the smaller one's covariates and more.

    Source: Wilks, "The large-sample distribution of the likelihood ratio for testing composite
    hypotheses", Annals of Mathematical Statistics 9, 1938.

    Raises:
        ArgumentError: If the models are not nested, not of the same customers, or have a penalty.

    Examples:
        >>> import numpy as np
        >>> import onefold as of
        >>> from onefold.lifetime import BGNBD, likelihood_ratio, rfm_summary
        >>> summary = rfm_summary(of.datasets.simulate(300, days=365, rng=7).log)
        >>> odd = {who: float(i % 2) for i, who in enumerate(summary.ids)}  # tells nothing
        >>> summary = summary.with_columns({"odd": odd})
        >>> test = likelihood_ratio(BGNBD().fit(summary), BGNBD(purchase=["odd"]).fit(summary))
        >>> test.df, test.p > 0.05
        (1, True)
    """
    call = "likelihood_ratio"
    instance(smaller, FittedPurchases, f"{call}: smaller", "Fit a model first.")
    instance(larger, FittedPurchases, f"{call}: larger", "Fit a model first.")
    few, many = smaller._design, larger._design
    if type(smaller.settings) is not type(larger.settings) or not set(few.names) < set(many.names):
        raise ArgumentError(
            f"{call}: smaller is {smaller.settings!r} and larger {larger.settings!r}; the larger "
            "one must be the same model with all covariates of the smaller, and more."
        )
    if few.l2 or many.l2:
        raise ArgumentError(f"{call}: a fit has a penalty; fit both with l2=0.")
    if not _same_customers(smaller, larger):
        raise ArgumentError(f"{call}: the two were fitted on different customers; use the same.")
    odd = _other_covariates(smaller, larger)
    if odd:
        raise ArgumentError(
            f"{call}: covariate {odd[0]!r} holds other numbers in the one fit than in the other; "
            "fit both on the same table."
        )
    gain = 2 * (larger.log_likelihood - smaller.log_likelihood)
    if gain < -SAME or not (smaller.converged and larger.converged):
        raise ArgumentError(
            f"{call}: a search did not find its maximum, so the test means nothing; look at "
            ".converged of both."
        )
    df = len(many.names) - len(few.names)
    return LikelihoodRatio(max(gain, 0.0), df, float(chi2.sf(max(gain, 0.0), df)))


def _same_customers(one: FittedPurchases, other: FittedPurchases) -> bool:
    def told(fit: FittedPurchases) -> list[float]:
        r = fit._rows
        return [float(r.weight @ c) for c in (r.x, r.t_x, r.T, r.x * r.T, r.t_x**2, r.T**2)]

    return one.n == other.n and bool(np.allclose(told(one), told(other), rtol=1e-9))


def _other_covariates(smaller: FittedPurchases, larger: FittedPurchases) -> list[str]:
    """Covariates of the smaller one that differ in the larger, as far as their sums tell."""
    design = smaller._design

    def told(fit: FittedPurchases, name: str) -> list[float]:
        r = fit._rows
        z = (r.z[name] - design.centre[name]) / design.scale[name]
        weight = r.weight / fit.n
        return [float(weight @ c) for c in (z, z * r.x, z * r.t_x, z * r.T, z * z)]

    near = 1e-9  # sums of standardised numbers, which may themselves be 0
    return [
        name
        for name in design.covariates
        if not np.allclose(told(smaller, name), told(larger, name), rtol=near, atol=near)
    ]
