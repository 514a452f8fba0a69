"""Traits: pure functions of one person's events before a moment."""

from onefold.traits.amounts import First, Last, Max, Mean, Min, Sum
from onefold.traits.consented import Consented
from onefold.traits.conversion import Conversion, ViewedNotBought
from onefold.traits.distinct import Distinct
from onefold.traits.facts import Age, Fact
from onefold.traits.fields import field
from onefold.traits.frequent import MostFrequent
from onefold.traits.history import History
from onefold.traits.how_much import Breadth, Count, Frequency, Monetary
from onefold.traits.match import EventCondition
from onefold.traits.over import Over, horizons
from onefold.traits.price import DiscountShare, PremiumShare, PriceLevel
from onefold.traits.protocol import Trait
from onefold.traits.recent import LastItems
from onefold.traits.regularity import Regularity, Streak
from onefold.traits.returns import ReturnShare
from onefold.traits.rhythm import Rhythm
from onefold.traits.visits import BasketSize
from onefold.traits.what import Affinity, Latest, Share
from onefold.traits.when import Gap, Recency, Tenure
from onefold.traits.wide import Wide

__all__ = [
    "TRAITS",
    "Affinity",
    "Age",
    "BasketSize",
    "Breadth",
    "Consented",
    "Conversion",
    "Count",
    "DiscountShare",
    "Distinct",
    "EventCondition",
    "Fact",
    "First",
    "Frequency",
    "Gap",
    "History",
    "Last",
    "LastItems",
    "Latest",
    "Max",
    "Mean",
    "Min",
    "Monetary",
    "MostFrequent",
    "Over",
    "PremiumShare",
    "PriceLevel",
    "Recency",
    "Regularity",
    "ReturnShare",
    "Rhythm",
    "Share",
    "Streak",
    "Sum",
    "Tenure",
    "Trait",
    "ViewedNotBought",
    "Wide",
    "field",
    "horizons",
]

TRAITS: tuple[Trait, ...] = (
    Recency(),
    Frequency(),
    Monetary(),
    Tenure(),
    Gap(),
    Breadth(),
    Latest(),
    Share("channel", name="channels"),
    Affinity("category", name="categories"),
    Rhythm(),
    Rhythm(by="part", name="day_part", least=10),
    Rhythm(by="weekday", name="weekdays", least=10),
    Share("item", event="purchase", name="items"),
)
