"""Customer lifetime value: who is still a customer, how much they will buy, what that is worth."""

from onefold.lifetime.checking.frequencies import FrequencyCheck, frequency_check
from onefold.lifetime.checking.holdout import HoldoutCheck, holdout_check
from onefold.lifetime.checking.tracked import Tracking
from onefold.lifetime.checking.tracking import tracking
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
    "FrequencyCheck",
    "GammaGamma",
    "HoldoutCheck",
    "LifetimeValue",
    "LikelihoodRatio",
    "ParetoNBD",
    "RFMSummary",
    "Tracking",
    "frequency_check",
    "holdout_check",
    "likelihood_ratio",
    "rfm_holdout",
    "rfm_summary",
    "tracking",
]
