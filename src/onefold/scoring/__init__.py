"""Scoring: the mixture, its weights, exact ranking and explanations."""

from onefold.scoring.backoff import Backoff
from onefold.scoring.decisions import DECISION_SCHEMA, Decisions
from onefold.scoring.explain import Explanation
from onefold.scoring.fitted import FittedScorer
from onefold.scoring.limits import Calibration
from onefold.scoring.rank import Ranking
from onefold.scoring.scorer import Scorer
from onefold.scoring.thompson import FittedThompson, Thompson

__all__ = [
    "DECISION_SCHEMA",
    "Backoff",
    "Calibration",
    "Decisions",
    "Explanation",
    "FittedScorer",
    "FittedThompson",
    "Ranking",
    "Scorer",
    "Thompson",
]
