"""The classes that a file may name: onefold's own, by names that stay.

    "traits.Recency"  ->  onefold.traits.Recency

A class may move between modules; its name here may not, for it lies in files. What is not
listed is never made by reading a file.
"""

import itertools
from collections.abc import Callable
from typing import Any

import attrs
import numpy as np

from onefold import levels, lifetime, personas, scoring, segments, traits
from onefold._columns import Coded, Columns
from onefold._vocab import Vocab
from onefold.catalog import Catalog
from onefold.conditions.tree import And, Compare, CompareTrait, Not, Or
from onefold.consent import Consent
from onefold.errors import FileError
from onefold.events import EventLog
from onefold.identity import Forgotten, IdentifierType, Identities, IdentityPolicy, Links
from onefold.identity.difference import PolicyDiff, Side
from onefold.identity.evidence import Evidence
from onefold.ladders import Ladder, Recovery
from onefold.ledger import Ledger
from onefold.levels.considered import FittedConsidered, Odds
from onefold.levels.due import FittedDue, Rhythms
from onefold.levels.ease import FittedEase
from onefold.levels.neighbours import FittedNeighbours
from onefold.levels.protocol import SharedLevel
from onefold.levels.similar import FittedSimilar
from onefold.levels.told import Told
from onefold.lifetime.fitting import Design
from onefold.lifetime.independence import Correlation
from onefold.lifetime.processes.bgbb import BetaBernoulli
from onefold.lifetime.processes.bgnbd import BetaGeometric
from onefold.lifetime.processes.paretonbd import Pareto
from onefold.lifetime.rows import Rows
from onefold.lifetime.spend import Means
from onefold.personas.claims import Claim
from onefold.personas.persona import Persona
from onefold.profiles import Profile, Profiles
from onefold.scoring.backoff import Backoff
from onefold.scoring.rank import Ranking
from onefold.scoring.refine import Refinement
from onefold.scoring.sureness import Asked
from onefold.scoring.turning import Turning
from onefold.scoring.views import Groups, Views
from onefold.scoring.weights import Slice
from onefold.segments.assignment import Assignment
from onefold.segments.by import FittedRanges, FittedValues
from onefold.segments.rfm import FittedRFM
from onefold.segments.rules import FittedRules
from onefold.segments.segmentation import Segmentation
from onefold.segments.tiered import FittedValueTiers
from onefold.traits.match import EventAnd, EventCompare, EventNot, EventOr
from onefold.traits.measure import Chosen, Measure

CLASSES: dict[str, type] = {
    "Catalog": Catalog,
    "Coded": Coded,
    "Columns": Columns,
    "Consent": Consent,
    "EventLog": EventLog,
    "Ladder": Ladder,
    "Ledger": Ledger,
    "Profile": Profile,
    "Profiles": Profiles,
    "Recovery": Recovery,
    "Vocab": Vocab,
    "identity.Evidence": Evidence,
    "identity.IdentifierType": IdentifierType,
    "identity.Identities": Identities,
    "identity.IdentityPolicy": IdentityPolicy,
    "identity.Links": Links,
    "conditions.And": And,
    "conditions.Compare": Compare,
    "conditions.CompareTrait": CompareTrait,
    "conditions.Not": Not,
    "conditions.Or": Or,
    "identity.Forgotten": Forgotten,
    "identity.PolicyDiff": PolicyDiff,
    "identity.Side": Side,
    "levels.Considered": levels.Considered,
    "levels.Due": levels.Due,
    "levels.Ease": levels.Ease,
    "levels.Everyone": levels.Everyone,
    "levels.FittedConsidered": FittedConsidered,
    "levels.FittedDue": FittedDue,
    "levels.FittedEase": FittedEase,
    "levels.FittedNeighbours": FittedNeighbours,
    "levels.FittedSimilar": FittedSimilar,
    "levels.Individual": levels.Individual,
    "levels.Neighbours": levels.Neighbours,
    "levels.Noticed": levels.Noticed,
    "levels.Odds": Odds,
    "levels.Persona": levels.Persona,
    "levels.Rhythms": Rhythms,
    "levels.Segment": levels.Segment,
    "levels.SharedLevel": SharedLevel,
    "levels.Similar": levels.Similar,
    "levels.Told": Told,
    "lifetime.BGBB": lifetime.BGBB,
    "lifetime.BGNBD": lifetime.BGNBD,
    "lifetime.BetaBernoulli": BetaBernoulli,
    "lifetime.BetaGeometric": BetaGeometric,
    "lifetime.Correlation": Correlation,
    "lifetime.Design": Design,
    "lifetime.FittedPurchases": lifetime.FittedPurchases,
    "lifetime.FittedSpend": lifetime.FittedSpend,
    "lifetime.FrequencyCheck": lifetime.FrequencyCheck,
    "lifetime.GammaGamma": lifetime.GammaGamma,
    "lifetime.HoldoutCheck": lifetime.HoldoutCheck,
    "lifetime.LifetimeValue": lifetime.LifetimeValue,
    "lifetime.LikelihoodRatio": lifetime.LikelihoodRatio,
    "lifetime.MBGNBD": lifetime.MBGNBD,
    "lifetime.Pareto": Pareto,
    "lifetime.Means": Means,
    "lifetime.ParetoNBD": lifetime.ParetoNBD,
    "lifetime.RFMSummary": lifetime.RFMSummary,
    "lifetime.Rows": Rows,
    "lifetime.Tracking": lifetime.Tracking,
    "personas.Claim": Claim,
    "personas.Persona": Persona,
    "personas.Personas": personas.Personas,
    "scoring.Asked": Asked,
    "scoring.Backoff": Backoff,
    "scoring.Calibration": scoring.Calibration,
    "scoring.Decisions": scoring.Decisions,
    "scoring.FittedScorer": scoring.FittedScorer,
    "scoring.FittedThompson": scoring.FittedThompson,
    "scoring.Groups": Groups,
    "scoring.Ranking": Ranking,
    "scoring.Refinement": Refinement,
    "scoring.Scorer": scoring.Scorer,
    "scoring.Slice": Slice,
    "scoring.Thompson": scoring.Thompson,
    "scoring.Turning": Turning,
    "scoring.Views": Views,
    "segments.Assignment": Assignment,
    "segments.By": segments.By,
    "segments.FittedRFM": FittedRFM,
    "segments.FittedRanges": FittedRanges,
    "segments.FittedRules": FittedRules,
    "segments.FittedValueTiers": FittedValueTiers,
    "segments.FittedValues": FittedValues,
    "segments.RFM": segments.RFM,
    "segments.Rules": segments.Rules,
    "segments.Segmentation": Segmentation,
    "segments.ValueTiers": segments.ValueTiers,
    "traits.Affinity": traits.Affinity,
    "traits.Age": traits.Age,
    "traits.BasketSize": traits.BasketSize,
    "traits.Breadth": traits.Breadth,
    "traits.Chosen": Chosen,
    "traits.Consented": traits.Consented,
    "traits.Conversion": traits.Conversion,
    "traits.Count": traits.Count,
    "traits.DiscountShare": traits.DiscountShare,
    "traits.Distinct": traits.Distinct,
    "traits.EventAnd": EventAnd,
    "traits.EventCompare": EventCompare,
    "traits.EventNot": EventNot,
    "traits.EventOr": EventOr,
    "traits.Fact": traits.Fact,
    "traits.First": traits.First,
    "traits.Frequency": traits.Frequency,
    "traits.Gap": traits.Gap,
    "traits.Last": traits.Last,
    "traits.LastItems": traits.LastItems,
    "traits.Latest": traits.Latest,
    "traits.Max": traits.Max,
    "traits.Mean": traits.Mean,
    "traits.Measure": Measure,
    "traits.Min": traits.Min,
    "traits.Monetary": traits.Monetary,
    "traits.MostFrequent": traits.MostFrequent,
    "traits.Over": traits.Over,
    "traits.PremiumShare": traits.PremiumShare,
    "traits.PriceLevel": traits.PriceLevel,
    "traits.Recency": traits.Recency,
    "traits.Regularity": traits.Regularity,
    "traits.ReturnShare": traits.ReturnShare,
    "traits.Rhythm": traits.Rhythm,
    "traits.Share": traits.Share,
    "traits.Streak": traits.Streak,
    "traits.Sum": traits.Sum,
    "traits.Tenure": traits.Tenure,
    "traits.ViewedNotBought": traits.ViewedNotBought,
}
NAMES: dict[Any, str] = {cls: name for name, cls in CLASSES.items()}


def lighter(value: Any) -> Any:
    """The same value without what it need not, or must not carry.

    One profile goes without everybody else, and no key goes into a file.
    """
    if type(value) is Profile:
        own = value.ledger
        return attrs.evolve(value, base=own, tail=None, position=0 if len(own) else -1)
    if type(value) is IdentityPolicy:
        return value.sealed()
    if type(value) is Forgotten:
        return attrs.evolve(value, key=None)
    return value.plain if type(value) is Vocab else value


def sound(value: Any) -> Any:
    """Return a value whose parts fit together; what can't be trusted is the file."""
    check = _SOUND.get(type(value))
    if check is not None and not check(value):
        raise FileError(f"a {type(value).__name__} in it does not hold together.")
    return value


def _vocab(value: Vocab) -> bool:
    held = value.values.tolist()
    return all(type(s) is str for s in held) and all(a < b for a, b in itertools.pairwise(held))


def _coded(value: Coded) -> bool:
    codes = value.codes
    if codes.dtype != np.int32 or codes.ndim != 1:
        return False
    return bool(codes.min(initial=-1) >= -1 and codes.max(initial=-1) < len(value.vocab))


def _links(value: Links) -> bool:
    ends = (value.a_type, value.a_value, value.b_type, value.b_value)
    fields = (value.kinds, value.probability, value.time, value.reason, *ends)
    alike = all(a.vocab == b.vocab for a, b in (ends[::2], ends[1::2]))
    return len({len(field) for field in fields}) == 1 and alike


def _evidence(value: Evidence) -> bool:
    table = value.table
    return "kind" in table and "time" in table and table.array("time").dtype == "M8[us]"


def _columns(value: Columns) -> bool:
    return len({len(column) for column in value.data.values()}) == 1


def _ledger(value: Ledger) -> bool:
    return _bounds(value.offsets, value.people, value.events) and _bounds(
        value.fact_offsets, value.people, value.facts
    )


def _bounds(offsets: Any, people: Vocab, table: Columns) -> bool:
    ascending = bool((np.diff(offsets) >= 0).all())
    ends = len(offsets) == len(people) + 1 and (int(offsets[0]), int(offsets[-1]))
    return ascending and ends == (0, len(table))


_SOUND: dict[type, Callable[[Any], bool]] = {
    Vocab: _vocab,
    Coded: _coded,
    Columns: _columns,
    Evidence: _evidence,
    Ledger: _ledger,
    Links: _links,
}
