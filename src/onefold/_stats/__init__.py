"""How sure: intervals, tests and corrections for what is counted and averaged over customers.

A share gets Wilson's interval, two shares are compared by Fisher's exact test, a family of
p-values is corrected for its size, and a mean over customers gets a percentile bootstrap, in
which whole customers are drawn, so that whatever belongs to one customer stays together.

Two things measured on the same customers are compared by their difference, customer by
customer. Where its interval covers zero the house says "not shown", never "the same":

    verdict(-0.01, 0.03) == "not shown"
"""

from onefold._stats.bootstrap import (
    Interval,
    Verdict,
    bootstrap_difference,
    bootstrap_mean,
    verdict,
)
from onefold._stats.fisher import fisher
from onefold._stats.ratio import bootstrap_ratio
from onefold._stats.shares import adjusted, wilson

__all__ = [
    "Interval",
    "Verdict",
    "adjusted",
    "bootstrap_difference",
    "bootstrap_mean",
    "bootstrap_ratio",
    "fisher",
    "verdict",
    "wilson",
]
