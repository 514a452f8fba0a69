"""The traits of recency, frequency and money, as cases."""

from onefold import traits
from tests import oracle
from tests.case import Case

CASES: list[Case] = [
    Case(traits.Count(name="count"), oracle.count),
    Case(traits.Recency(None, name="recency"), oracle.recency),
    Case(traits.Monetary(None, name="monetary"), oracle.monetary),
]
