"""Customer lifetime value: who is still a customer, how much they will buy, what that is worth."""

from onefold.lifetime.compare import LikelihoodRatio, likelihood_ratio
from onefold.lifetime.fitted import FittedPurchases
from onefold.lifetime.gammagamma import FittedSpend, GammaGamma
from onefold.lifetime.models import BGBB, BGNBD, MBGNBD, ParetoNBD
from onefold.lifetime.rfm import RFMSummary
from onefold.lifetime.summary import rfm_holdout, rfm_summary
from onefold.lifetime.value import LifetimeValue

__all__ = [
    "BGBB",
    "BGNBD",
    "MBGNBD",
    "FittedPurchases",
    "FittedSpend",
    "GammaGamma",
    "LifetimeValue",
    "LikelihoodRatio",
    "ParetoNBD",
    "RFMSummary",
    "likelihood_ratio",
    "rfm_holdout",
    "rfm_summary",
]
