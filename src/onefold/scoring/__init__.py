"""Scoring: the mixture, its weights, exact ranking and explanations."""

from onefold.scoring.backoff import Backoff
from onefold.scoring.explain import Explanation
from onefold.scoring.fitted import FittedScorer
from onefold.scoring.limits import Calibration
from onefold.scoring.rank import Ranking
from onefold.scoring.scorer import Scorer

__all__ = ["Backoff", "Calibration", "Explanation", "FittedScorer", "Ranking", "Scorer"]
